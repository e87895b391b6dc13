from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import InputError
from engine.job_control import change, take_back
from engine.jobs import Claim, ErrorCategory, Failure, NewJob, Nothing
from engine.progress import ProgressTracker
from engine.run_state import RunDirectory
from engine.undo import KEPT, Undoable, UndoBook
from engine.workloads.base import WorldContext
from tests.toy_workload import ToyWorkload

SETTINGS = Settings()


def seeded(tmp_path: Path, *names: str) -> tuple[ProgressTracker, ToyWorkload]:
    ledger = ProgressTracker(tmp_path / "l.csv", settings=SETTINGS)
    ledger.seed(
        lambda _known: [
            NewJob(job_id=name, account=name, video_path=f"{name}.mp4", caption="")
            for name in names
        ]
    )
    return ledger, ToyWorkload(WorldContext(settings=SETTINGS, work_dir=tmp_path))


def fail_next(ledger: ProgressTracker) -> None:
    claim = ledger.claim("0")
    assert isinstance(claim, Claim)
    ledger.fail(
        claim, Failure(error="gone", category=ErrorCategory.ACCOUNT, error_type="suspended")
    )


def statuses(ledger: ProgressTracker) -> dict[str, str]:
    return {name: job.status.value for name, job in ledger.jobs().items()}


def test_undoing_a_skip_makes_no_final_failure_claimable(tmp_path: Path) -> None:
    ledger, workload = seeded(tmp_path, "suspended", "waiting")
    fail_next(ledger)
    skipped = change("skip", ["suspended", "waiting"], ledger, workload)
    assert skipped.ok
    entry = Undoable(id="1", name="skip", jobs=tuple(skipped.changed), fixed=tuple(skipped.fixed))
    answer = take_back(entry, ledger)
    assert statuses(ledger) == {"suspended": "skipped", "waiting": "pending"}
    assert "was failed" in answer.results["suspended"]
    assert (answer.undone, answer.left) == (1, 1)


def test_an_undo_leaves_what_a_worker_has_claimed_and_says_so(tmp_path: Path) -> None:
    ledger, workload = seeded(tmp_path, "a", "b", "c")
    for _ in range(3):
        fail_next(ledger)
    requeued = change("requeue", ["a", "b", "c"], ledger, workload)
    assert requeued.undoable
    claim = ledger.claim("1")
    assert not isinstance(claim, Nothing)
    answer = take_back(Undoable(id="1", name="requeue", jobs=tuple(requeued.changed)), ledger)
    assert statuses(ledger) == {"a": "claimed", "b": "failed", "c": "failed"}
    assert (answer.undone, answer.left) == (2, 1)
    assert answer.detail == "requeue taken back: 2 of 3 jobs; 1 left (1 claimed)."


def test_jobs_of_another_ledger_are_not_taken_back(tmp_path: Path) -> None:
    ledger, _ = seeded(tmp_path, "a")
    entry = Undoable(id="1", name="unskip", jobs=("a",), ledger="/elsewhere/progress.csv")
    with pytest.raises(InputError, match="/elsewhere"):
        take_back(entry, ledger)
    assert statuses(ledger) == {"a": "pending"}


def test_mark_posted_cannot_be_taken_back(tmp_path: Path) -> None:
    ledger, workload = seeded(tmp_path, "a")
    claim = ledger.claim("0")
    assert isinstance(claim, Claim)
    ledger.mark_submitted(claim)
    ledger.release(claim)
    posted = change("mark_posted", ["a"], ledger, workload)
    assert posted.ok
    assert not posted.undoable


def test_the_latest_commands_are_kept_for_an_undo(tmp_path: Path) -> None:
    book = UndoBook(RunDirectory(tmp_path))
    for number in range(KEPT + 3):
        book.note(Undoable(id=f"c{number}", name="pause"))
    assert len(book.all()) == KEPT
    last = book.last()
    assert last is not None
    assert last.id == f"c{KEPT + 2}"
    assert book.find("") == last
    assert book.find("c0") is None
    book.forget(last.id)
    assert book.last() != last


def test_a_damaged_or_foreign_file_hinders_no_undo(tmp_path: Path) -> None:
    book = UndoBook(RunDirectory(tmp_path))
    book.note(Undoable(id="good", name="hold", target="key:a"))
    (tmp_path / "undo" / "half.json").write_text('{"id": "ha')
    (tmp_path / "undo" / "other.json").write_text(Undoable(id="x", name="pause").model_dump_json())
    assert [entry.id for entry in book.all()] == ["good"]
    assert book.find("../good") is None


def test_an_old_undo_leaves_what_became_final_after_it(tmp_path: Path) -> None:
    ledger, workload = seeded(tmp_path, "a")
    first = change("skip", ["a"], ledger, workload)
    entry = Undoable(id="1", name="skip", jobs=tuple(first.changed))
    change("unskip", ["a"], ledger, workload)
    fail_next(ledger)
    change("skip", ["a"], ledger, workload)
    answer = take_back(entry, ledger)
    assert statuses(ledger) == {"a": "skipped"}, "a suspended account is no job to do"
    assert answer.results == {"a": "went on since (it is skipped)"}
    assert (answer.undone, answer.left) == (0, 1)


def test_an_undo_of_an_earlier_day_leaves_the_jobs_of_this_one(tmp_path: Path) -> None:
    ledger, workload = seeded(tmp_path, "a")
    change("skip", ["a"], ledger, workload)
    back = change("unskip", ["a"], ledger, workload)
    entry = Undoable(id="1", name="unskip", jobs=tuple(back.changed))
    ledger.reset_day()
    seeded(tmp_path, "a")
    assert take_back(entry, ledger).undone == 0
    assert statuses(ledger) == {"a": "pending"}


def doubtful(ledger: ProgressTracker) -> None:
    claim = ledger.claim("0")
    assert isinstance(claim, Claim)
    ledger.mark_submitted(claim)
    ledger.release(claim)


def test_a_filter_requeues_no_job_in_doubt_and_its_name_does(tmp_path: Path) -> None:
    ledger, workload = seeded(tmp_path, "a", "b")
    doubtful(ledger)
    fail_next(ledger)
    chosen = change("requeue", [], ledger, workload, matched=["a", "b"])
    assert statuses(ledger) == {"a": "failed", "b": "retrying"}
    assert "may be published" in chosen.results["a"]
    assert (list(chosen.changed), chosen.ok) == (["b"], False)
    assert change("requeue", ["a"], ledger, workload, matched=["a"]).ok
    assert statuses(ledger) == {"a": "retrying", "b": "retrying"}
