"""What a worker must give of itself, by a clock of our own; the processes are real."""

from __future__ import annotations

import io
import itertools
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.channel import WorkerChannel
from engine.config import Settings
from engine.processes import ProcessRegistry
from engine.supervision import Message, Workers
from engine.watchdog import Watchdog, alarm_text
from engine.worker_process import WorkerProcess, WorkerState

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
"""A process that reads no orders and says nothing by itself."""

LIMITS = {
    "run": {
        "worker_silent_seconds": 60,
        "worker_stall_seconds": 600,
        "overtime_seconds": 300,
        "stagger_seconds": 0,
    }
}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """One worker process and the watchdog over it; ``pass_`` lets time go by in usual turns."""

    def __init__(self, workers: Workers, clock: Clock) -> None:
        settings = Settings.model_validate(LIMITS)
        self.clock = clock
        self.workers = workers
        self.dog = Watchdog(workers, settings, attempt_seconds=900, clock=clock)
        self.worker: WorkerProcess = workers.slots[0]
        self.says("hello")

    def says(self, event: str, **fields: object) -> None:
        message: dict[str, Any] = {"event": event, **fields}
        kind = self.worker.hear(message, datetime.now(UTC))
        self.dog.heard(self.worker, kind, message)

    def pass_(self, seconds: int, each: Callable[[], None] = lambda: None) -> list[WorkerProcess]:
        for _ in range(seconds):
            self.clock.now += 1
            each()
            if found := self.dog.look():
                return found
        return []

    def beats(self, **fields: object) -> None:
        self.says("beat", **fields)


@contextmanager
def watched(tmp_path: Path) -> Iterator[Watched]:
    clock = Clock()
    workers = Workers(
        1,
        run=Settings.model_validate(LIMITS).run,
        command=lambda _slot: SLEEPER,
        registry=ProcessRegistry(tmp_path / "processes"),
        logs=tmp_path,
        inbox=queue.Queue[Message](),
        clock=clock,
    )
    worker = workers.start_due(1)
    assert worker is not None
    try:
        yield Watched(workers, clock)
    finally:
        workers.kill(worker)
        assert worker.popen is not None
        worker.popen.wait(10)


def test_a_worker_that_beats_and_works_is_left_alone(tmp_path: Path) -> None:
    with watched(tmp_path) as scene:
        scene.says("job", job="j0", key="a")
        assert scene.pass_(800, scene.beats) == []
        scene.says("phase", phase="upload")
        assert scene.pass_(800, scene.beats) == []
        assert scene.worker.state is WorkerState.RUNNING


def test_a_worker_without_a_sign_of_life_is_given_up(tmp_path: Path) -> None:
    with watched(tmp_path) as scene:
        assert scene.pass_(60) == []
        assert scene.pass_(1) == [scene.worker]
        assert scene.worker.state is WorkerState.STOPPING
        text = alarm_text(scene.worker)
        assert text == "Worker 0 gave no sign of life for 61 s, without a job: it is ended."


def test_a_worker_whose_own_thread_is_stuck_is_given_up_although_it_beats(tmp_path: Path) -> None:
    with watched(tmp_path) as scene:
        scene.says("job", job="j0", key="a")
        scene.says("phase", phase="caption")
        scene.says("submitted")
        assert scene.pass_(1, lambda: scene.beats(still=600)) == []
        assert scene.pass_(1, lambda: scene.beats(still=601)) == [scene.worker]
        assert alarm_text(scene.worker) == (
            "Worker 0 was stuck for 601 s, with job j0 (a) in phase caption; past the point of no "
            "return: it may be in doubt: it is ended."
        )


def test_a_thread_that_came_by_again_is_not_stuck(tmp_path: Path) -> None:
    with watched(tmp_path) as scene:
        scene.beats(still=599)
        scene.says("phase", phase="upload")
        assert scene.pass_(50) == []


def test_a_worker_that_tells_nothing_of_its_job_for_longer_than_a_job_is_given_up(
    tmp_path: Path,
) -> None:
    with watched(tmp_path) as scene:
        assert scene.pass_(2000, scene.beats) == [], "without a job there is nothing to tell"
        scene.says("job", job="j0", key="a")
        assert scene.pass_(900 + 300, scene.beats) == []
        assert scene.pass_(1, scene.beats) == [scene.worker]
        assert "told nothing of its job for 1201 s" in alarm_text(scene.worker)


def test_the_time_that_this_host_slept_counts_against_nobody(tmp_path: Path) -> None:
    with watched(tmp_path) as scene:
        scene.says("job", job="j0", key="a")
        scene.clock.now += 7200
        assert scene.dog.look() == []
        assert scene.dog.excused == 7195
        assert scene.pass_(54) == []
        assert scene.pass_(2) == [scene.worker], "after it, its silence counts as before"


def test_a_worker_that_was_told_to_stop_keeps_its_time_over_a_sleep_of_the_host(
    tmp_path: Path,
) -> None:
    with watched(tmp_path) as scene:
        scene.says("submitted")
        scene.workers.stop(scene.worker)
        scene.clock.now += 7200
        assert scene.dog.look() == []
        assert scene.workers.end_overdue() == []
        scene.pass_(180)
        assert scene.workers.end_overdue() == [scene.worker]


def test_an_order_is_never_waited_for_whatever_the_worker_does(tmp_path: Path) -> None:
    with watched(tmp_path) as scene:
        names = [f"account-{number}" for number in range(1000)]

        def fill() -> None:
            for _ in range(50):
                scene.workers.order(held_keys=names)

        ordering = threading.Thread(target=fill, daemon=True)
        ordering.start()
        ordering.join(20)
        assert not ordering.is_alive(), "the supervisor waits for a worker that reads nothing"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes that do not block are POSIX here")
def test_a_worker_never_waits_for_a_supervisor_that_reads_nothing() -> None:
    reading, orders = os.pipe()
    heard, said = os.pipe()
    seconds = itertools.count()  # each look at the clock is a second later
    with os.fdopen(reading, "rb") as incoming, os.fdopen(heard, "rb") as supervisor:
        os.set_blocking(heard, False)
        outgoing = os.fdopen(said, "wb", buffering=0)
        assert isinstance(outgoing, io.FileIO)
        channel = WorkerChannel(incoming, outgoing, clock=lambda: float(next(seconds)))

        def fill() -> None:
            for number in range(200):
                channel.send("progress", text="x" * 1000, number=number)

        sending = threading.Thread(target=fill, daemon=True)
        sending.start()
        sending.join(20)
        assert not sending.is_alive()
        lines = (supervisor.read() or b"").splitlines()
        assert 10 < len(lines) < 200
        channel.send("outcome", job="j0")
        lines = (supervisor.read() or b"").splitlines()
        assert lines[-1] == b'{"event": "outcome", "job": "j0"}', "it is whole, whatever was cut"
        os.close(orders)
