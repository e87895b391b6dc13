"""Watches the host from a thread of its own: whoever asks gets the last sample at once.

A look that hangs (a system that answers no more) makes no caller hang (behaviour C7.1): the last
sample grows old, and an old one counts as unknown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from engine.host.reader import HostReader
from engine.host.samples import HostSample
from engine.logger import get_logger

log = get_logger(__name__)

STALE_LOOKS: Final = 3
"""A sample that is older than so many intervals says nothing of now."""
STOP_SECONDS: Final = 2.0
"""Longest wait for the thread at the end; one that hangs in the system is left to it."""


class Reads(Protocol):
    """Takes one sample of the host and of named processes."""

    def read(self, roots: Mapping[str, int]) -> HostSample: ...


class HostMonitor:
    """The watch over one host; started and stopped by whoever holds it, both safe to repeat."""

    def __init__(
        self,
        *,
        interval: float,
        reader: Reads | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``interval``: seconds between two looks."""
        self._interval = interval
        self._reader = reader or HostReader()
        self._clock = clock
        self._roots: dict[str, int] = {}
        self._latest: HostSample | None = None
        self._ended: threading.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None

    def start(self) -> None:
        """Begin to look; returns at once."""
        if self._thread is not None:
            return
        ended = self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._watch, args=(ended,), name="host-monitor", daemon=True
        )
        self._thread.start()

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """End it; returns within ``timeout`` seconds, whatever the system does."""
        if self._ended is not None:
            self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout)
        self._thread = self._ended = self._latest = None

    def follow(self, roots: Mapping[str, int]) -> None:
        """The processes to look at from now on: pids by the name that they are shown under."""
        self._roots = dict(roots)

    @property
    def latest(self) -> HostSample | None:
        """The last sample; None before the first, and when that is too old to be true."""
        sample = self._latest
        if sample is None or self._clock() - sample.at > STALE_LOOKS * self._interval:
            return None
        return sample

    def _watch(self, ended: threading.Event) -> None:
        while not ended.is_set():
            try:
                sample = self._reader.read(self._roots)
            except Exception:
                # Without figures a run goes on as it is; without this thread it would not know.
                log.exception("host_not_read")
            else:
                if not ended.is_set():
                    self._latest = sample
            ended.wait(self._interval)


def look(seconds: float = 1.0, reader: Reads | None = None) -> HostSample:
    """One sample now, after at most ``seconds``; one in which all is unknown if it takes longer.

    A single look knows no CPU share: that is the difference of two.
    """
    found: list[HostSample] = []
    source = reader or HostReader()
    thread = threading.Thread(
        target=lambda: found.append(source.read({})), name="host-look", daemon=True
    )
    thread.start()
    thread.join(seconds)
    return found[0] if found else HostSample(at=time.monotonic())
