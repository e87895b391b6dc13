"""Worker processes that cannot be started: nothing is left of them, and they are tried again."""

from __future__ import annotations

import queue
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.config import Run
from engine.processes import ProcessRegistry, ProgramError
from engine.supervision import Message, Workers
from engine.worker_process import WorkerState
from tests.family import running_below

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def one_worker(tmp_path: Path, clock: Clock, command: Sequence[str] = SLEEPER) -> Workers:
    return Workers(
        1,
        run=Run(restart_backoff_max_seconds=60),
        command=lambda _slot: command,
        registry=ProcessRegistry(tmp_path / "processes"),
        logs=tmp_path,
        inbox=queue.Queue[Message](),
        clock=clock,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a file's size")
def test_a_worker_that_a_full_disk_keeps_from_starting_is_tried_again_and_not_given_up(
    tmp_path: Path,
) -> None:
    import resource

    clock, before = Clock(), running_below()
    workers = one_worker(tmp_path, clock)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        for _ in range(7):
            with pytest.raises(OSError, match="File too large"):
                workers.start_due(1)
            assert running_below() <= before, "what could not be written down was ended"
            assert workers.start_due(1) is None
            clock.now += 60
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert workers.slots[0].restarts == 0
    worker = workers.start_due(1)
    assert worker is not None
    assert (worker.state, worker.alive) == (WorkerState.STARTING, True)
    workers.kill(worker)
    assert worker.popen is not None
    worker.popen.wait(10)


def test_a_program_that_is_not_there_is_told_apart(tmp_path: Path) -> None:
    workers = one_worker(tmp_path, Clock(), (str(tmp_path / "no-python"),))
    with pytest.raises(ProgramError, match="No such file"):
        workers.start_due(1)
