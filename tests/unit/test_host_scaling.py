"""Decisions carried out on the supervisor's slots; the worker processes are real, the host is a
table."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.config import Settings
from engine.display import sentence
from engine.host.samples import MEGABYTE, HostSample
from engine.processes import ProcessRegistry
from engine.scaling import SETTLED_SECONDS, WorkerScaling
from engine.supervision import Message, Workers
from engine.worker_process import WorkerProcess, WorkerState

GB = 1024 * MEGABYTE
OBEYS = """
import sys
for line in sys.stdin:
    print(line, end="", flush=True)
    if "stop" in line:
        break
"""
"""A process that says its orders back and ends when it is told to stop."""
SETTINGS = Settings.model_validate({"run": {"workers": 3, "stagger_seconds": 0}})


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Host:
    """What the monitor would have seen last."""

    def __init__(self) -> None:
        self.latest: HostSample | None = None
        self.followed: Mapping[str, int] = {}
        self.running = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def follow(self, roots: Mapping[str, int]) -> None:
        self.followed = roots


class Scaled:
    """A run of up to three workers, of which each that is there is started at once."""

    def __init__(self, tmp_path: Path) -> None:
        self.clock, self.host = Clock(), Host()
        self.jobs = 10
        self.events: list[dict[str, Any]] = []
        self.inbox = queue.Queue[Message]()
        self.workers = Workers(
            SETTINGS.run.workers,
            run=SETTINGS.run,
            command=lambda _slot: [sys.executable, "-c", OBEYS],
            registry=ProcessRegistry(tmp_path / "processes"),
            logs=tmp_path,
            inbox=self.inbox,
            clock=self.clock,
        )
        self.scaling = WorkerScaling(
            self.workers,
            SETTINGS.host,
            open_jobs=lambda most: min(most, self.jobs),
            news=self,
            monitor=self.host,
            clock=self.clock,
        )

    def emit(self, event: str, **fields: Any) -> None:
        self.events.append({"event": event, **fields})

    def look(self, *, cpu: float | None = 0.2, free: float = 8) -> None:
        """Five seconds later, with whoever is wanted at work on a job unless there is none."""
        self.clock.now += 5
        while (worker := self.workers.start_due(99)) is not None:
            says(worker, "hello")
            says(worker, "idle")
        for worker in self.workers.alive:
            if worker.wanted and not worker.view.jobs and worker.slot < self.jobs:
                says(worker, "job", job=f"job {worker.slot}", key="anna")
        self.host.latest = HostSample(
            at=self.clock.now, cpu=cpu, cores=4, free=int(free * GB), total=16 * GB
        )
        self.scaling.turn()

    def turn(self) -> None:
        self.clock.now += SETTLED_SECONDS
        self.scaling.turn()

    @property
    def wanted(self) -> list[int]:
        return [worker.slot for worker in self.workers.wanted]

    def all_up(self) -> None:
        while len(self.wanted) < 3:
            self.look()
        self.look()

    def heard_orders(self, slot: int) -> dict[str, Any]:
        """The next orders that this worker was given."""
        while True:
            found, _, orders = self.inbox.get(timeout=10)
            if found == slot and orders is not None:
                return orders

    def ended(self, slot: int) -> None:
        """See it end cleanly, as a run would."""
        worker = self.workers.slots[slot]
        assert worker.popen is not None
        assert worker.popen.wait(10) == 0
        assert self.workers.reap() == [(worker, True)]
        worker.enter(WorkerState.STOPPED)


def says(worker: WorkerProcess, event: str, **fields: object) -> None:
    worker.hear({"event": event, **fields}, datetime.now(UTC))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Scaled]:
    run = Scaled(tmp_path)
    yield run
    run.scaling.close()
    for worker in run.workers.alive:
        run.workers.kill(worker)
        assert worker.popen is not None
        worker.popen.wait(10)


def test_it_begins_with_one_and_grows_to_what_was_asked_for(run: Scaled) -> None:
    assert (run.wanted, run.host.running) == ([0], True)
    run.all_up()
    assert run.wanted == [0, 1, 2]
    assert [(e["event"], e["before"], e["after"], e["worker"]) for e in run.events] == [
        ("scaled", 1, 2, 1),
        ("scaled", 2, 3, 2),
    ]
    assert sentence(run.events[0]) == (
        "Workers 1 -> 2: 9 jobs wait, CPU 20 %, 8.0 GB free: one worker more."
    )
    assert set(run.host.followed) == {"0", "1", "2"}
    for _ in range(5):
        run.look()
    assert run.wanted == [0, 1, 2]


def test_one_that_has_to_go_finishes_its_job_and_claims_no_other(run: Scaled) -> None:
    run.all_up()
    assert run.heard_orders(2) == {"paused": False}
    run.look(free=0.4)
    assert run.heard_orders(2) == {"paused": True}
    worker = run.workers.slots[2]
    assert (run.workers.leaving, worker.wanted) == ({2}, True)
    assert run.scaling.facts()["leaving"] == [2]
    for _ in range(10):
        run.turn()
    assert worker.wanted, "as long as it has a job"
    says(worker, "outcome", status="success")
    run.turn()
    assert (run.wanted, run.workers.leaving) == ([0, 1], set())
    run.ended(2)
    assert run.events[-1] | {"text": ""} == {
        "event": "scaled",
        "worker": 2,
        "before": 3,
        "after": 2,
        "cause": "memory",
        "text": "",
    }


def test_rather_one_without_a_job_goes(run: Scaled) -> None:
    run.all_up()
    says(run.workers.slots[1], "outcome", status="success")
    run.host.latest = None
    run.scaling.turn()
    assert run.workers.leaving == set(), "nothing is known, so nothing is done"
    run.jobs = 0
    run.look(free=0.4)
    assert run.workers.leaving == {1}


def test_it_never_goes_below_one(run: Scaled) -> None:
    run.all_up()
    for _ in range(10):
        run.look(free=0.1, cpu=1.0)
        for worker in run.workers.alive:
            if worker.slot in run.workers.leaving:
                says(worker, "outcome", status="success")
        run.turn()
    assert run.wanted == [0]


def test_the_operators_number_is_the_most(run: Scaled) -> None:
    run.all_up()
    run.workers.resize(2)
    for _ in range(5):
        run.look()
    assert run.wanted == [0, 1]
    run.ended(2)
    run.workers.resize(3)
    assert run.wanted == [0, 1, 2], "and it is had at once"


def test_who_is_about_to_go_stays_when_the_operator_asks_for_as_many(run: Scaled) -> None:
    run.all_up()
    run.look(free=0.4)
    assert run.workers.leaving == {2}
    run.workers.resize(3)
    assert run.workers.leaving == set()
    assert [run.heard_orders(2)["paused"] for _ in range(3)] == [False, True, False]


def test_what_the_operator_stopped_is_not_brought_back(run: Scaled) -> None:
    run.all_up()
    run.workers.dismiss(run.workers.slots[1])
    for _ in range(5):
        run.look()
    assert run.wanted == [0, 2]
    for slot in (0, 2):
        run.workers.dismiss(run.workers.slots[slot])
    run.look()
    assert run.wanted == []


def test_while_claims_are_paused_nobody_is_added(run: Scaled) -> None:
    run.workers.order(paused=True)
    for _ in range(5):
        run.look()
    assert run.wanted == [0]
    assert run.scaling.facts()["why"] == "No job waits for a worker."
    run.workers.order(paused=False)
    run.look()
    run.look()
    assert run.wanted == [0, 1]
