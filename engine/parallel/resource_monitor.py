"""``ResourceMonitor``: CPU, memory and the right number of workers, under its contract's name
(behaviour C1.6, C7)."""

from __future__ import annotations

from enum import StrEnum

from engine.host.monitor import HostMonitor, Reads, look
from engine.host.policy import Decision, Limits, Moment
from engine.host.samples import HostSample
from engine.host.scaler import Scaler
from engine.host.sizing import Sizing, size
from engine.settings_host import Host

LOOK_SECONDS = 1.0
"""Longest wait for a look of its own where none is at hand."""


class MonitorState(StrEnum):
    """INACTIVE → MONITORING ⇄ SCALING_DOWN (behaviour C1.6)."""

    INACTIVE = "inactive"
    MONITORING = "monitoring"
    SCALING_DOWN = "scaling_down"
    """One worker less was decided, and it still finishes its job."""


class ResourceMonitor:
    """Looks at the host from a thread of its own and says how many workers there should be.

    No call waits for the host, but ``current`` up to a second where nothing was seen yet.
    """

    def __init__(
        self,
        settings: Host | None = None,
        *,
        max_workers: int = 4,
        reader: Reads | None = None,
    ) -> None:
        """Raises ValueError where ``max_workers`` is below 1."""
        self._settings = settings or Host()
        self._reader = reader
        self._scaler = Scaler(Limits.of(self._settings, most=max_workers))
        self._host = HostMonitor(interval=self._settings.sample_seconds, reader=reader)
        self._leaving = False

    @property
    def state(self) -> MonitorState:
        if not self._host.running:
            return MonitorState.INACTIVE
        return MonitorState.SCALING_DOWN if self._leaving else MonitorState.MONITORING

    def start(self) -> None:
        """Begin to look. Safe to repeat."""
        self._host.start()

    def stop(self) -> None:
        """End it, within two seconds. Safe to repeat."""
        self._host.stop()
        self._leaving = False

    @property
    def current(self) -> HostSample:
        """What the host uses now; what cannot be read in time is None in it."""
        return self._host.latest or look(LOOK_SECONDS, self._reader)

    @property
    def history(self) -> tuple[Decision, ...]:
        """The last changes with their reasons, oldest first; their number is bounded."""
        return self._scaler.changes

    def decide(
        self, *, workers: int, busy: int, waiting: int, starting: int = 0, leaving: int = 0
    ) -> Decision | None:
        """What follows for so many workers; None where there has been no new look.

        ``workers``: that there should be, of which ``busy`` have a job and ``starting`` are not
        ready; ``leaving``: those beside them that finish their job and go; ``waiting``: jobs that
        nobody has.
        """
        sample = self._host.latest
        self._leaving = leaving > 0
        if sample is None:
            return None
        moment = Moment(
            host=sample,
            workers=workers,
            busy=busy,
            waiting=waiting,
            starting=starting,
            leaving=leaving,
        )
        decision = self._scaler.see(moment)
        self._leaving |= decision is not None and decision.change < 0
        return decision

    def size(self, wanted: int) -> Sizing:
        """How many of the wanted workers fit on the host as it is now, before any is started."""
        return size(wanted, self.current, self._settings)
