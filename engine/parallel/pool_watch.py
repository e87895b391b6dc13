"""What goes on in a pool between two calls: its run is looked at, and begun again where there is
work without one.

Everything slow is done here, on a thread of its own, so that ``get_status`` only hands out what was
seen last (behaviour C2.4).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from engine.errors import EngineError
from engine.logger import get_logger
from engine.parallel.engine_run import EngineRun
from engine.parallel.pool_status import PoolState, PoolStatus, workers_of
from engine.parallel.task_figures import Performance
from engine.parallel.task_queue import TaskQueue

log = get_logger(__name__)

LOOK_SECONDS: Final = 0.2
PROFILES: Final = "profiles"
"""In the run directory (``engine.downloads.place``)."""
BARREN_RUNS: Final = 2
"""Runs in a row that ended without ending a single task, while there were some."""
_SHARE: Final = 20
"""At most this fraction (1/n) of the time goes into the performance of very many tasks."""


class PoolWatch:
    """One start of a pool, until it is stopped."""

    def __init__(self, queue: TaskQueue, begin: Callable[[], EngineRun]) -> None:
        """``begin`` starts a run for what waits in the queue; raises EngineError."""
        self.queue = queue
        self._begin = begin
        self._run: EngineRun | None = None
        self._ending = threading.Event()
        self._wake = threading.Event()
        self._looking = threading.Lock()
        self._seen = PoolStatus(status=PoolState.STARTING)
        self._performance = (0.0, Performance())
        """Monotonic time until which it stands, and itself."""
        self._ended_before = 0
        """Tasks that had ended when the present run began."""
        self._barren = 0
        self._paused = False
        self._thread = threading.Thread(target=self._watch, name="pool", daemon=True)

    @property
    def seen(self) -> PoolStatus:
        """What was seen last; never waits."""
        return self._seen

    @property
    def run(self) -> EngineRun | None:
        """The run that is live, or was last."""
        return self._run

    def start(self) -> None:
        """Begin to watch; the first run begins with the first task."""
        self._seen = replace(self._seen, status=PoolState.RUNNING)
        self._thread.start()

    def look(self) -> None:
        """See now what is true, where the caller has changed something."""
        with self._looking:
            self._seen = self._status()
        self._wake.set()

    def pause(self, *, paused: bool) -> None:
        """What the pool was told; the run is told by who asks."""
        self._paused = paused
        self.look()

    def ensure_run(self) -> None:
        """Have a run that does what waits. Raises EngineError where there cannot be one."""
        with self._looking:
            if self._run is None or not self._run.alive:
                self._new_run()

    def stop(self, seconds: float) -> bool:
        """End the run and the watching, within about so many seconds; whether all is gone."""
        self._ending.set()
        self._wake.set()
        with self._looking:
            run = self._run
        gone = run is None or run.stop(seconds)
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(max(1.0, seconds / 2))
        return gone

    # -- within ------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._ending.is_set():
            try:
                with self._looking:
                    if not self._ending.is_set():
                        self._look_after()
                        self._seen = self._status()
            except EngineError as exc:
                self._give_up(str(exc))
                return
            except Exception:
                log.exception("pool_watch_failed")
                self._give_up("The pool met an error of our own; the log has it.")
                return
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()

    def _give_up(self, why: str) -> None:
        """In error until it is stopped; no run is left."""
        run = self._run
        if run is not None and run.alive:
            run.stop(1.0)
        with self._looking:
            self._seen = replace(self._status(), status=PoolState.ERROR, error=why)

    def _look_after(self) -> None:
        """Raises EngineError where the work cannot go on."""
        waits = self.queue.get_status()
        if self._run is not None and self._run.alive:
            return
        if self._run is not None and (waits.pending or waits.active):
            self._bury(self._run)
        if waits.pending or waits.active:
            self._new_run()

    def _bury(self, run: EngineRun) -> None:
        """A run ended and left tasks. Raises EngineError where another one would not help."""
        found = self.queue.get_status()
        ended = found.completed + found.failed
        self._barren = self._barren + 1 if ended == self._ended_before else 0
        if self._barren >= BARREN_RUNS:
            raise EngineError(f"The workers ended without their work: {run.said}")
        log.warning("run_ended_early", left=found.pending + found.active, why=run.said)

    def _new_run(self) -> None:
        found = self.queue.get_status()
        self._ended_before = found.completed + found.failed
        self._run = self._begin()

    def _status(self) -> PoolStatus:
        run = self._run
        live = run is not None and run.alive
        told = run.status() if live and run is not None else None
        state, why = PoolState.RUNNING, ""
        if self._paused:
            state = PoolState.PAUSED
        elif told is not None and told.get("paused"):
            state, why = PoolState.PAUSED, str(told.get("paused_why") or "")
        return PoolStatus(
            status=state,
            tasks=self.queue.get_status(),
            workers=workers_of(told, run.directory.path / PROFILES if run is not None else None),
            performance=self._work(),
            error=why,
        )

    def _work(self) -> Performance:
        until, found = self._performance
        began = time.monotonic()
        if began < until:
            return found
        found = self.queue.get_performance()
        now = time.monotonic()
        self._performance = (now + max(0.5, (now - began) * _SHARE), found)
        return found
