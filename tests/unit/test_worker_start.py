"""Worker processes that cannot be started, that wait for their turn, and that are gone."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.config import Run
from engine.processes import ProcessRegistry, ProgramError
from engine.supervision import WAKE, Message, Workers
from engine.worker_process import WorkerState
from engine.workloads import DEFAULTS
from tests.family import running_below

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def one_worker(
    tmp_path: Path,
    clock: Clock,
    command: Sequence[str] = SLEEPER,
    inbox: queue.Queue[Message] | None = None,
) -> Workers:
    return Workers(
        1,
        run=Run(restart_backoff_max_seconds=60),
        command=lambda _slot: command,
        registry=ProcessRegistry(tmp_path / "processes"),
        logs=tmp_path,
        inbox=queue.Queue[Message]() if inbox is None else inbox,
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


# -- the end ---------------------------------------------------------------------------------------


def test_whose_end_is_noticed_has_told_all_that_it_had_to_tell(tmp_path: Path) -> None:
    talks = """for n in range(3000): print('{"event": "x"}')"""
    inbox = queue.Queue[Message]()
    workers = one_worker(tmp_path, Clock(), (sys.executable, "-c", talks), inbox)
    workers.start_due(1)
    while not (ended := workers.reap()):
        pass
    assert [clean for _, clean in ended] == [True]
    told = [inbox.get_nowait() for _ in range(inbox.qsize())]
    assert len(told) == 3001
    assert told[-1] == (0, 1, None)


# -- one after the other ---------------------------------------------------------------------------


@dataclass
class Starting:
    """Workers that are started one after the other, on a host of a made-up load."""

    workers: Workers
    clock: Clock
    host: Host

    def start(self) -> int | None:
        """The slot that was started now."""
        worker = self.workers.start_due(99)
        return None if worker is None else worker.slot

    def says(self, slot: int, event: str) -> None:
        self.workers.slots[slot].hear({"event": event}, datetime.now(UTC))


@dataclass
class Host:
    load: float = 0.5


@pytest.fixture
def starting(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Starting]:
    clock, host = Clock(), Host()
    workers = Workers(
        3,
        run=Run.model_validate(getattr(request, "param", {})),
        command=lambda _slot: SLEEPER,
        registry=ProcessRegistry(tmp_path / "processes"),
        logs=tmp_path,
        inbox=queue.Queue[Message](),
        clock=clock,
        load=lambda: host.load,
    )
    yield Starting(workers, clock, host)
    for worker in workers.alive:
        workers.kill(worker)
        assert worker.popen is not None
        worker.popen.wait(10)


@pytest.mark.parametrize("word", ["job", "idle"])
def test_the_next_worker_is_started_as_soon_as_the_one_before_is_ready(
    starting: Starting, word: str
) -> None:
    assert starting.start() == 0
    assert starting.start() is None
    starting.says(0, "hello")
    assert starting.start() is None
    starting.says(0, word)
    assert starting.start() == 1
    assert starting.start() is None


def test_a_worker_that_is_never_ready_holds_up_the_others_no_longer_than_the_stagger(
    starting: Starting,
) -> None:
    assert starting.start() == 0
    starting.clock.now += 59
    assert starting.start() is None
    starting.clock.now += 1
    assert starting.start() == 1


def test_a_worker_that_died_holds_up_nobody(starting: Starting) -> None:
    assert starting.start() == 0
    first = starting.workers.slots[0]
    starting.workers.kill(first)
    assert first.popen is not None
    first.popen.wait(10)
    first.enter(WorkerState.CLEANING)
    assert starting.start() == 1


@pytest.mark.parametrize(
    "starting", [{"stagger_seconds": DEFAULTS["roadmap"]["run.stagger_seconds"]}], indirect=True
)
def test_a_free_place_of_a_roadmap_is_filled_within_a_second_however_busy_the_host(
    starting: Starting,
) -> None:
    starting.host.load = 50
    assert starting.start() == 0
    starting.clock.now += 1
    assert starting.start() == 1


def test_a_busy_host_lets_the_next_worker_wait_but_not_for_ever(starting: Starting) -> None:
    starting.host.load = 3.5
    assert starting.start() == 0
    starting.says(0, "job")
    assert starting.start() is None
    starting.host.load = 2.5
    assert starting.start() == 1
    starting.host.load = 3.5
    starting.says(1, "job")
    starting.clock.now += 60
    assert starting.start() == 2


@pytest.mark.parametrize("starting", [{"stagger": "clock"}], indirect=True)
def test_by_the_clock_readiness_changes_nothing(starting: Starting) -> None:
    assert starting.start() == 0
    starting.says(0, "job")
    starting.clock.now += 59
    assert starting.start() is None
    starting.clock.now += 1
    assert starting.start() == 1


def test_who_waits_for_messages_can_be_woken_without_one_of_a_worker(tmp_path: Path) -> None:
    inbox = queue.Queue[Message]()
    workers = Workers(
        1,
        run=Run(),
        command=lambda _slot: SLEEPER,
        registry=ProcessRegistry(tmp_path / "processes"),
        logs=tmp_path,
        inbox=inbox,
    )

    workers.wake()

    assert inbox.get_nowait() == WAKE
    assert WAKE[0] not in workers.slots


def test_a_worker_that_ended_is_waited_for_until_its_end_was_looked_at(tmp_path: Path) -> None:
    """Else a run that ends at this moment tells nobody of it, and releases nothing of its."""
    workers = one_worker(tmp_path, Clock(), (sys.executable, "-c", "pass"))
    worker = workers.start_due(1)
    assert worker is not None
    assert worker.popen is not None
    worker.popen.wait(20)
    assert (workers.alive, workers.unreaped) == ([], [worker])
    assert workers.reap() == [(worker, True)]
    assert workers.unreaped == []
