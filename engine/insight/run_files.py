"""The run directory at one moment: who holds it, what the run says, how the last one ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.errors import EngineError
from engine.insight.outlook import Policy
from engine.insight.status_file import RunStatus, StatusFile, StatusHeld, StatusReading
from engine.instance import InstanceLock, InstanceRecord
from engine.run_state import Control, RunDirectory, RunRecord

if TYPE_CHECKING:
    from engine.config import Settings
    from engine.workloads.labels import Labels

_EARLIER: Final = timedelta(seconds=5)
"""A status so much older than its run's lock is that of the run before."""


_Revision = tuple[int, int, int] | None
"""Number, size and nanoseconds of a file's last change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunNow:
    """What the run directory says; values only."""

    holder: InstanceRecord | None = None
    status: RunStatus | None = None
    """Of the live run, if it works on the ledger that is looked at."""
    elsewhere: RunStatus | None = None
    """Of a live run that works on another one."""
    raw: Mapping[str, Any] | None = None
    """The object that the one or the other was read from."""
    record: RunRecord | None = None
    held_keys: frozenset[str] = field(default_factory=frozenset)
    problem: str = ""
    revision: object = None
    """Changes whenever the status file changed."""


class RunFiles:
    """Reads what changed, and only that."""

    def __init__(self, run_dir: RunDirectory, settings: Settings, ledger: Path) -> None:
        """``ledger``: the one that is looked at."""
        self._run_dir = run_dir
        self._ledger = ledger.resolve()
        self._status = StatusFile(run_dir.status_path)
        stale = settings.run.heartbeat_stale_seconds
        self._lock = InstanceLock(run_dir.lock_path, stale_after=stale)
        self._record: tuple[_Revision, RunRecord | None] = (None, None)
        self._control: tuple[_Revision, Control, str] = (None, Control(), "")

    def read(self) -> RunNow:
        """Never raises; what cannot be read is told by ``problem``."""
        try:
            holder = self._lock.holder()
            record = self._read_record()
            control, problem = self._read_control()
        except OSError as exc:
            return RunNow(problem=_foreign(self._run_dir.path, exc))
        if holder is None:
            return RunNow(record=record, held_keys=control.held_keys, problem=problem)
        reading = self._status.read()
        status = self._of(holder, reading)
        here = status is not None and self._is_here(status)
        if status is not None:
            status = self._with_later_orders(status, control)
        held = status.held.keys if status is not None and here else control.held_keys
        return RunNow(
            holder=holder,
            status=status if here else None,
            elsewhere=None if here else status,
            raw=reading.raw if status is not None else None,
            record=record,
            held_keys=held,
            problem=reading.problem or problem,
            revision=reading.revision,
        )

    def _of(self, holder: InstanceRecord, reading: StatusReading) -> RunStatus | None:
        """The status, unless it is still that of the run before."""
        status = reading.status
        if status is None:
            return None
        earlier = status.updated_at < holder.started_at - _EARLIER
        ended = status.state in ("ended", "failed") and status.updated_at < holder.started_at
        return None if status.pid != holder.pid and (earlier or ended) else status

    def _with_later_orders(self, status: RunStatus, control: Control) -> RunStatus:
        """What the operator just ordered is on disk at once, and in the status a little later."""
        written = self._control[0]
        if written is None or written[2] / 1e9 <= status.updated_at.timestamp():
            return status
        return status.model_copy(
            update={
                "paused": control.paused,
                "paused_by": control.paused_by,
                "paused_at": control.paused_at,
                "paused_why": control.paused_why,
                "held": StatusHeld(keys=control.held_keys, workers=control.held_workers),
            }
        )

    def _is_here(self, status: RunStatus) -> bool:
        if not status.ledger:
            return True
        try:
            return Path(status.ledger).resolve() == self._ledger
        except OSError:
            return False

    def _read_record(self) -> RunRecord | None:
        revision = _revision(self._run_dir.run_path)
        if revision != self._record[0]:
            self._record = (revision, self._run_dir.read_run())
        return self._record[1]

    def _read_control(self) -> tuple[Control, str]:
        revision = _revision(self._run_dir.control_path)
        if revision != self._control[0]:
            try:
                self._control = (revision, self._run_dir.read_control(), "")
            except EngineError as exc:
                self._control = (revision, Control(), str(exc))
        return self._control[1], self._control[2]


def policy_of(settings: Settings, run: RunNow, labels: Labels) -> Policy:
    """What decides over the jobs: the live run's own limits, else those of the settings."""
    status = run.status
    raw = run.raw if status is not None else None
    policy = Policy.of(settings, live=status is not None, status=raw, held_keys=run.held_keys)
    policy = replace(policy, stage_label=labels.stage)
    allowed = status.stages_allowed if status is not None else None
    if allowed is not None and allowed > policy.retry.max_passes:
        policy = replace(policy, retry=policy.retry.model_copy(update={"max_passes": allowed}))
    return policy


def _revision(path: Path) -> _Revision:
    """Changes when the file does; None where there is none. Raises OSError."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _foreign(path: Path, exc: OSError) -> str:
    return (
        f"The run directory {path} cannot be looked into ({exc.strerror or type(exc).__name__}): "
        "look as the user whose run it is, or name another work directory."
    )
