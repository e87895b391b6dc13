"""What a work directory keeps does not grow without end, and what must stay stays."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine import logs, retention
from engine.config import Settings
from engine.evidence import EvidenceBundle
from engine.jobs import ErrorCategory
from engine.run_state import RunDirectory
from engine.workloads import phone_minutes
from engine.workloads.base import Receipt
from engine.workloads.phone_minutes import PhoneMinutes
from tests.ledger_days import claimed, failure, seeded

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def touched(path: Path, days_ago: float) -> Path:
    """A file that nobody wrote to for so long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    moment = (NOW - timedelta(days=days_ago)).timestamp()
    os.utime(path, (moment, moment))
    return path


def tidied(work_dir: Path, **limits: object) -> str:
    settings = Settings.model_validate({"logs": limits, "run": {"timezone": "UTC"}})
    return retention.tidy(work_dir, settings, work_dir / "day.csv", now=lambda: NOW)


def test_logs_nobody_wrote_to_for_long_go_and_live_ones_stay(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    old = ["worker_0.log.3", "worker_9.log", "appium_9.log", "adb_9.log", "worker_9.stderr.log"]
    kept = ["orchestrator.log", "console.log", "orchestrator.out.log", "notes.txt"]
    for name in old + kept:
        touched(folder / name, 31)
    touched(folder / "worker_0.log.1", 29)
    assert "5 x log" in tidied(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*kept, "worker_0.log.1"])


def test_what_workers_leave_on_their_standard_error_is_rotated(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "worker_0.stderr.log"
    path.parent.mkdir()
    path.write_bytes(b"x" * 2000)
    logs.sweep(path.parent, Settings.model_validate({"logs": {"max_megabytes": 0.001}}).logs)
    assert [found.name for found in path.parent.iterdir()] == ["worker_0.stderr.log.1"]


def test_events_are_rotated_at_their_size_and_expire_by_age(tmp_path: Path) -> None:
    run_dir = RunDirectory(tmp_path / "run")
    run_dir.limit_events(1000)
    for number in range(100):
        run_dir.append_event({"event": "news", "number": number})
    sizes = [path.stat().st_size for path in (run_dir.events_path, run_dir.older_events_path)]
    assert max(sizes) < 1100
    assert [event["number"] for event in run_dir.events()][-1] == 99
    touched(run_dir.older_events_path, 29)
    assert tidied(tmp_path) == ""
    touched(run_dir.older_events_path, 31)
    assert "1 x file of events" in tidied(tmp_path)
    assert not run_dir.older_events_path.exists()
    assert run_dir.events_path.exists()


def test_no_secret_gets_into_the_events(tmp_path: Path) -> None:
    logs.protect("marked-0123456789")
    run_dir = RunDirectory(tmp_path / "run")
    run_dir.append_event({"event": "alarm", "text": "refused: marked-0123456789", "more": ["x"]})
    assert "marked" not in run_dir.events_path.read_text()
    assert [event["text"] for event in run_dir.events()] == ["refused: ***"]


def archived(path: Path, *, in_doubt: bool = False) -> Path:
    """A day that was archived, with a job that is done or in doubt."""
    ledger = seeded(path.with_name("made.csv"), 1)
    if in_doubt:
        ledger.fail(claimed(ledger), failure(ErrorCategory.IN_DOUBT))
    else:
        ledger.succeed(claimed(ledger))
    ledger.close()
    path.with_name("made.csv").rename(path)
    return path


def test_archived_days_stay_for_ever_unless_the_settings_say_otherwise(tmp_path: Path) -> None:
    archive = archived(tmp_path / "day_20200101.csv")
    assert tidied(tmp_path) == ""
    assert archive.exists()


def test_old_archived_days_go_but_none_with_a_job_in_doubt(tmp_path: Path) -> None:
    done = archived(tmp_path / "day_20260329_1.csv")
    quarantine = touched(tmp_path / "day_20260329_1.quarantine.csv", 0)
    doubt = archived(tmp_path / "day_20260328.csv", in_doubt=True)
    spoilt = tmp_path / "day_20260327.csv"
    spoilt.write_bytes(b"\xff\xfe not a ledger")
    young = archived(tmp_path / "day_20260401.csv")
    others = [touched(tmp_path / name, 900) for name in ("day_20260329.txt", "day_2026.csv")]
    assert tidied(tmp_path, archive_days=90) == "Removed, as the settings say: 1 x archived day."
    assert not done.exists()
    assert not quarantine.exists()
    assert all(path.exists() for path in (doubt, spoilt, young, *others))


def test_evidence_goes_before_its_open_records_are_ended(tmp_path: Path) -> None:
    root = tmp_path / "evidence"
    old, new = EvidenceBundle(root, "old", 1), EvidenceBundle(root, "new", 1)
    for bundle, days in ((old, 31), (new, 1)):
        bundle.step({"screen": "home"})
        touched(bundle.folder / "steps.jsonl", days)
    assert "1 x attempt's evidence" in tidied(tmp_path)
    assert not old.folder.exists()
    end = json.loads((new.folder / "steps.jsonl").read_text().splitlines()[-1])
    assert end["outcome"] == "abandoned"


def test_minutes_of_phones_are_rotated_without_losing_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_minutes, "MOST_BYTES", 2000)
    books = [PhoneMinutes(tmp_path, now=lambda: NOW) for _ in range(2)]
    phone = Receipt(id="1", label="phone", released=True, detail="", minutes=1.0)
    for number in range(30):
        books[number % 2].note(phone, "run")
        assert {book.of_run("run") for book in books} == {number + 1.0}
    assert books[0].of_day(date(2026, 6, 30), datetime.date) == 30
    for _ in range(500):
        books[0].note(phone, "later")
    files = list(tmp_path.glob("*.jsonl"))
    assert len(files) == 2
    assert sum(path.stat().st_size for path in files) < 2 * 2200
    assert PhoneMinutes(tmp_path).of_run("run") == 0


def test_a_line_of_minutes_that_a_crash_tore_costs_itself_only(tmp_path: Path) -> None:
    minutes = PhoneMinutes(tmp_path)
    phone = Receipt(id="1", label="phone", released=True, detail="", minutes=2.0)
    (tmp_path / "phone_minutes.jsonl").write_text('{"run_id": "run", "minu')
    assert minutes.of_run("run") == 0
    minutes.note(phone, "run")
    minutes.note(phone, "run")
    assert minutes.of_run("run") == 4
