"""One reading of the ledger for claims and for what accounts posted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from engine.config import Settings
from engine.jobs import Claim, Job, NewJob
from engine.progress import ProgressTracker
from engine.sources.post_history import CAP_REACHED, POSTED_BEFORE, PostHistory

LONG = 20.0
"""Seconds that nothing here takes."""


class Place:
    """A ledger with jobs of one account, its tracker, and the history that is attached to it."""

    def __init__(self, work_dir: Path, *names: str) -> None:
        self.path = work_dir / "parallel_progress.csv"
        self.on_look: Callable[[], None] = lambda: None
        self.history = PostHistory(Settings(), work_dir, self.path, now=self.now)
        self.objection: Callable[[Job], str | None] = lambda job: self.history.objection(job, cap=1)
        self.tracker = ProgressTracker(self.path, settings=Settings(), refuse=self.refuse, cap=0)
        self.history.attach(self.tracker)
        jobs = [
            NewJob(job_id=name, account=name[0], video_path=f"{name}.mp4", caption="")
            for name in names
        ]
        self.other().seed(lambda _known: jobs)

    def refuse(self, job: Job) -> str | None:
        return self.objection(job)

    def now(self) -> datetime:
        self.on_look()
        return datetime.now(UTC)

    def other(self) -> ProgressTracker:
        """Another process's view of the ledger."""
        return ProgressTracker(self.path, settings=Settings(), cap=0)


def test_what_was_done_in_this_ledger_counts_for_its_other_jobs(tmp_path: Path) -> None:
    place = Place(tmp_path, "a1", "a2", "b1")
    claim = place.tracker.claim("0")
    assert isinstance(claim, Claim)
    assert claim.job_id == "a1"
    assert place.history.count_today("a") == 0
    place.tracker.succeed(claim)
    assert place.history.count_today("a") == 1
    assert place.tracker.blocked() == {CAP_REACHED: 1}
    same = replace(claim.job, job_id="again", video_path="else/A1.mp4")
    assert place.history.objection(same, cap=5) == POSTED_BEFORE


def test_a_tracker_of_another_ledger_is_not_asked(tmp_path: Path) -> None:
    place = Place(tmp_path, "a1")
    claim = place.tracker.claim("0")
    assert isinstance(claim, Claim)
    place.tracker.succeed(claim)
    place.history.attach(ProgressTracker(tmp_path / "other.csv", settings=Settings()))
    assert place.history.count_today("a", fresh=True) == 1


def test_a_row_that_comes_while_jobs_are_looked_at_waits_for_the_next_look(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, "a1", "b1", "c1", "c2")
    asked: list[str] = []

    def refuse(job: Job) -> str | None:
        if not asked:
            claim = place.other().claim("1")
            assert isinstance(claim, Claim)
            place.other().succeed(claim)
        asked.append(job.job_id)
        return place.history.objection(job, cap=1)

    place.tracker = ProgressTracker(place.path, settings=Settings(), refuse=refuse, cap=0)
    place.history.attach(place.tracker)
    assert place.tracker.blocked() == {}
    assert asked == ["a1", "b1", "c1", "c2"]
    assert place.tracker.figures({}).success == 1


def test_asking_from_another_thread_during_a_claim_stops_nobody(tmp_path: Path) -> None:
    place = Place(tmp_path, "a1")
    looking, claiming = threading.Event(), threading.Event()
    answers: list[object] = []

    def look() -> None:
        looking.set()
        assert claiming.wait(LONG)

    def refuse(job: Job) -> str | None:
        place.on_look = lambda: None
        claiming.set()
        return place.history.objection(job, cap=1)

    def ask() -> None:
        answers.append(place.history.posted_before("a", "x.mp4", fresh=True))

    def claim() -> None:
        answers.append(place.tracker.claim("0"))

    place.on_look = look
    place.objection = refuse
    threads = [threading.Thread(target=one, daemon=True) for one in (ask, claim)]
    threads[0].start()
    assert looking.wait(LONG)
    threads[1].start()
    for thread in threads:
        thread.join(LONG)
    assert not any(thread.is_alive() for thread in threads)
    assert False in answers
    assert any(isinstance(answer, Claim) for answer in answers)
