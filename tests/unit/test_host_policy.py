"""When one worker more or less is right: tables of looks and what follows from them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.host.policy import Cause, Decision, Limits, Moment, decide
from engine.host.samples import MEGABYTE, HostSample
from engine.host.scaler import DECISIONS, Scaler
from engine.settings_host import Host

GB = 1024 * MEGABYTE
TOTAL = 16 * GB
LIMITS = Limits.of(Host(worker_megabytes=850), most=4)


def seen(
    at: float,
    workers: int,
    *,
    cpu: float | None = 0.3,
    free: float | None = 8,
    busy: int | None = None,
    waiting: int = 10,
    starting: int = 0,
    leaving: int = 0,
    worker_cores: float | None = None,
) -> Moment:
    """``free`` in gigabytes of 16."""
    count = None if free is None else int(free * GB)
    return Moment(
        host=HostSample(at=at, cpu=cpu, cores=4, free=count, total=TOTAL),
        workers=workers,
        busy=workers if busy is None else busy,
        waiting=waiting,
        starting=starting,
        leaving=leaving,
        worker_cores=worker_cores,
    )


def changed(at: float, before: int, after: int, cause: Cause = Cause.ROOM) -> Decision:
    return Decision(at=at, before=before, after=after, cause=cause, reason="as told")


# -- single decisions ------------------------------------------------------------------------------

TWICE = (0.0, 5.0)


@pytest.mark.parametrize(
    ("moments", "after", "words"),
    [
        ([seen(t, 1) for t in TWICE], 2, "10 jobs wait, CPU 30 %, 8.0 GB free: one worker more."),
        ([seen(0, 1)], 1, "seen twice"),
        ([seen(0, 1, cpu=0.9), seen(5, 1)], 1, "seen twice"),
        ([seen(t, 1, waiting=0) for t in TWICE], 1, "No job waits"),
        ([seen(t, 2, busy=1, waiting=1) for t in TWICE], 2, "No job waits"),
        ([seen(t, 4) for t in TWICE], 4, "All 4 workers are there"),
        ([seen(t, 1, starting=1) for t in TWICE], 1, "still starting"),
        ([seen(t, 1, leaving=1) for t in TWICE], 1, "still finishes"),
        ([seen(t, 1, cpu=0.7) for t in TWICE], 2, "CPU 70 %"),
        ([seen(t, 1, cpu=0.71) for t in TWICE], 1, "at most 70 %"),
        ([seen(t, 1, cpu=0.85) for t in TWICE], 1, "at most 70 %"),
        ([seen(t, 2, cpu=0.6, worker_cores=0.7) for t in TWICE], 3, "one worker more"),
        ([seen(t, 2, cpu=0.6, worker_cores=0.8) for t in TWICE], 2, "from 60 % to 80 %"),
        ([seen(t, 1, free=2.4) for t in TWICE], 1, "One more would take the memory in use to 90 %"),
        ([seen(t, 1, free=2.0) for t in TWICE], 1, "one more needs 2.0 GB"),
        ([seen(t, 1, free=3.3) for t in TWICE], 2, "one worker more"),
        ([seen(t, 2, cpu=0.8) for t in TWICE], 1, "CPU 80 %, the limit is 80 %: one worker less."),
        ([seen(0, 2), seen(5, 2, cpu=0.99)], 2, "at most 70 %"),
        ([seen(t, 2, cpu=0.99, leaving=1) for t in TWICE], 2, "still finishes"),
        ([seen(0, 2, free=0.4)], 1, "Only 410 MB of memory are free, less than 500 MB."),
        ([seen(0, 2, free=1.5)], 1, "91 % of the memory are in use, the limit is 90 %."),
        ([seen(0, 2, free=0.4, leaving=1)], 1, "One worker less"),
        ([seen(t, 3, busy=2, waiting=0) for t in (0, 15, 30)], 2, "1 of 3 workers have none"),
        ([seen(t, 3, busy=2, waiting=0) for t in (0, 15, 29)], 3, "No job waits"),
        ([seen(t, 3, busy=2, waiting=t == 15) for t in (0, 15, 30)], 3, "No job waits"),
        ([seen(t, 1, busy=0, waiting=0) for t in (0, 30, 60)], 1, "No job waits"),
        ([seen(t, 1, free=0.1, cpu=1.0) for t in (0, 30, 60)], 1, "Only 102 MB"),
        ([seen(t, 0) for t in TWICE], 1, "at least 1"),
        ([seen(t, 6) for t in TWICE], 5, "at most 4"),
    ],
)
def test_what_follows(moments: Sequence[Moment], after: int, words: str) -> None:
    found = decide(moments, [], LIMITS)
    assert found.after == after, found.reason
    assert words in found.reason


@pytest.mark.parametrize(
    ("cpu", "free", "words"),
    [(None, 8, "CPU is not known"), (0.2, None, "free memory is not known")],
)
def test_what_is_not_known_is_no_reason_for_a_change(
    cpu: float | None, free: float | None, words: str
) -> None:
    for workers in (1, 3):
        found = decide([seen(t, workers, cpu=cpu, free=free) for t in TWICE], [], LIMITS)
        assert (found.change, found.cause) == (0, Cause.STEADY)
        assert words in found.reason


def test_nothing_changes_within_the_cool_down_however_short_the_memory_is() -> None:
    past = [changed(10, 1, 2)]
    assert decide([seen(14, 2, free=0.1)], past, LIMITS).change == 0
    assert decide([seen(15, 2, free=0.1)], past, LIMITS).change == -1


def test_looks_from_before_a_change_say_nothing_of_what_came_after_it() -> None:
    looks = [seen(t, 1) for t in (0, 5, 10)]
    past = [changed(10, 1, 2)]
    assert decide([*looks, seen(15, 2)], past, LIMITS).change == 0
    assert decide([*looks, seen(15, 2), seen(20, 2)], past, LIMITS).change == 1


def test_a_number_that_was_too_many_is_left_alone_for_longer_each_time() -> None:
    past = [changed(10, 1, 2), changed(20, 2, 1, Cause.CPU)]
    looks = [seen(t, 1) for t in (25, 30)]
    assert "2 workers were too many; tried again in 110 s." in decide(looks, past, LIMITS).reason
    assert decide([seen(t, 1) for t in (135, 140)], past, LIMITS).change == 1
    past += [changed(140, 1, 2), changed(150, 2, 1, Cause.MEMORY)]
    assert "tried again in 110 s" in decide([seen(280, 1)], past, LIMITS).reason, "twice 120 s"


def test_a_number_that_held_for_long_was_not_too_many() -> None:
    past = [changed(10, 1, 2), changed(20, 2, 1, Cause.CPU)]
    past += [changed(140, 1, 2), changed(4000, 2, 1, Cause.CPU)]
    assert "tried again in 110 s" in decide([seen(4010, 1)], past, LIMITS).reason


def test_one_that_left_for_idleness_comes_back_as_soon_as_there_is_work() -> None:
    past = [changed(10, 2, 1, Cause.IDLE)]
    assert decide([seen(t, 1) for t in (15, 20)], past, LIMITS).change == 1


@pytest.mark.parametrize(
    "overlap",
    [
        {"cpu_up": 0.82},
        {"memory_up": 0.9},
        {"up_free_bytes": 500.0 * MEGABYTE},
        {"most": 0},
        {"least": 0},
    ],
)
def test_limits_that_overlap_cannot_be_made(overlap: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"within that for one less|give 1 or more"):
        replace(LIMITS, **overlap)


def test_there_is_nothing_to_decide_without_a_look() -> None:
    with pytest.raises(ValueError, match="first look"):
        decide([], [], LIMITS)


# -- traces: a host that answers to what is decided ------------------------------------------------

Load = Callable[[float, int], tuple[float | None, float | None]]
"""(CPU, free gigabytes) of a host at a moment with so many workers."""


def course(
    load: Load,
    seconds: int,
    *,
    jobs: Callable[[float, int], int] = lambda _at, _workers: 10,
    worker_cores: float | None = None,
    limits: Limits = LIMITS,
) -> list[Decision]:
    """The changes of a run that begins with one worker and is looked at each five seconds."""
    scaler, workers, changes = Scaler(limits), 1, []
    for at in range(0, seconds, 5):
        cpu, free = load(at, workers)
        there = jobs(at, workers)
        moment = seen(
            at,
            workers,
            cpu=cpu,
            free=free,
            busy=min(workers, there),
            waiting=max(0, there - workers),
            worker_cores=worker_cores,
        )
        found = scaler.see(moment)
        assert found is not None
        workers = found.after
        if found.change:
            changes.append(found)
    return changes


def steps(changes: Sequence[Decision]) -> list[tuple[float, int]]:
    return [(change.at, change.after) for change in changes]


def test_a_quiet_host_gets_all_its_workers_one_after_the_other() -> None:
    assert steps(course(lambda _at, n: (0.1 * n, 12 - n), 600)) == [(5, 2), (15, 3), (25, 4)]


def test_a_short_peak_of_the_cpu_takes_nobody_away() -> None:
    changes = course(lambda at, n: (1.0 if at % 60 == 30 else 0.2, 8), 600)
    assert [change.after for change in changes] == [2, 3, 4]


def test_workers_leave_while_another_program_needs_the_host_and_come_back_after_it() -> None:
    def load(at: float, workers: int) -> tuple[float, float]:
        return (min(1.0, 0.1 * workers + (0.9 if 300 <= at < 400 else 0)), 8)

    changes = course(load, 1200)
    during = [change for change in changes if 300 <= change.at < 400]
    assert [change.after for change in during] == [3, 2, 1]
    assert {change.cause for change in during} == {Cause.CPU}
    assert [change.after for change in changes if change.at >= 400] == [2, 3, 4]


def test_memory_that_runs_short_takes_workers_away_down_to_one() -> None:
    changes = course(lambda at, n: (0.2, 8 if at < 100 else 0.3), 300)
    assert [change.after for change in changes] == [2, 3, 4, 3, 2, 1]
    assert {change.cause for change in changes if change.change < 0} == {Cause.MEMORY}


def test_at_the_end_of_the_work_the_idle_ones_leave() -> None:
    changes = course(lambda _at, n: (0.2, 8), 600, jobs=lambda at, _n: 10 if at < 300 else 1)
    assert [change.after for change in changes] == [2, 3, 4, 3, 2, 1]
    assert {change.cause for change in changes[3:]} == {Cause.IDLE}


def test_where_the_next_worker_would_be_too_many_and_that_is_known_it_is_never_tried() -> None:
    # 1.4 of 4 cores each: two take 70 % and three would take all.
    changes = course(lambda _at, n: (0.35 * n, 8), 4 * 3600, worker_cores=1.4)
    assert steps(changes) == [(5, 2)]


def test_where_it_is_not_known_it_is_tried_ever_more_rarely() -> None:
    changes = course(lambda _at, n: (min(1.0, 0.35 * n), 8), 12 * 3600)
    later = [change for change in changes if change.at > 2 * 3600]
    assert len(changes) - len(later) <= 2 * 6 + 1
    assert len(later) <= 2 * 10, "once an hour"
    assert {change.after for change in later} == {2, 3}


# -- whatever happens ------------------------------------------------------------------------------

loads = st.tuples(
    st.none() | st.floats(0, 1), st.none() | st.floats(0, 16), st.integers(0, 12), st.integers(0, 2)
)


@settings(max_examples=60, deadline=None)
@given(
    trace=st.lists(loads, min_size=1, max_size=60),
    pace=st.floats(1, 30),
    cool_down=st.floats(0, 120),
    most=st.integers(1, 8),
)
def test_no_trace_breaks_the_rules(
    trace: Sequence[tuple[float | None, float | None, int, int]],
    pace: float,
    cool_down: float,
    most: int,
) -> None:
    limits = replace(LIMITS, cool_down_seconds=cool_down, most=most)
    scaler, workers = Scaler(limits), 1
    for number, (cpu, free, jobs, starting) in enumerate(trace):
        moment = seen(
            number * pace,
            workers,
            cpu=cpu,
            free=free,
            busy=min(workers, jobs),
            waiting=max(0, jobs - workers),
            starting=min(starting, workers),
        )
        found = scaler.see(moment)
        assert found is not None
        assert found.before == workers
        assert abs(found.change) <= 1
        assert limits.least <= found.after <= limits.most
        assert found.reason.endswith(".")
        if found.change > 0:
            assert cpu is not None
            assert cpu <= limits.cpu_up
            assert free is not None
            assert free * GB >= limits.critical_bytes + limits.worker_bytes
            assert jobs > workers
        workers = found.after
    for earlier, later in itertools.pairwise(scaler.changes):
        assert later.at - earlier.at >= cool_down


@settings(max_examples=20, deadline=None)
@given(
    base=st.floats(0, 1),
    each=st.floats(0, 0.6),
    free=st.floats(0, 16),
    need=st.floats(0.05, 3),
    jobs=st.integers(0, 12),
)
def test_a_constant_load_settles(
    base: float, each: float, free: float, need: float, jobs: int
) -> None:
    """Every worker takes the same, and that is all that changes on the host."""

    def load(_at: float, workers: int) -> tuple[float, float]:
        return (min(1.0, base + each * workers), max(0.0, free - need * workers))

    changes = course(load, 4 * 3600, jobs=lambda _at, _workers: jobs)
    late = [change for change in changes if change.at > 2 * 3600]
    assert len(late) <= 2 * 3, "at most one trial an hour"
    known = course(load, 1800, jobs=lambda _at, _workers: jobs, worker_cores=4 * each)
    at_the_limit = any(abs(base + each * n - LIMITS.cpu_down) < 1e-9 for n in range(5))
    assert at_the_limit or Cause.CPU not in {change.cause for change in known}


# -- the memory of a run ---------------------------------------------------------------------------


def test_the_same_look_is_decided_on_once() -> None:
    scaler = Scaler(LIMITS)
    assert scaler.see(seen(5, 1)) is not None
    assert scaler.see(seen(5, 1)) is None


def alternating() -> Iterator[Moment]:
    for number in itertools.count():
        yield seen(number * 10, 1 if number % 2 else 2, free=0.1)


def test_the_changes_kept_are_bounded() -> None:
    scaler = Scaler(LIMITS)
    for moment in itertools.islice(alternating(), 3 * DECISIONS):
        scaler.see(moment)
    assert len(scaler.changes) == DECISIONS
    assert scaler.changes[-1].at > scaler.changes[0].at
