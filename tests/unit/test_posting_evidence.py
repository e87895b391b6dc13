"""Evidence of an attempt: names that cannot leave the folder, one terminal event, limits."""

from __future__ import annotations

import json
import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import logs
from engine.evidence import EvidenceBundle, safe_name, settle_abandoned, sweep

NOON = datetime(2025, 12, 26, 12, tzinfo=UTC)


def records(bundle: EvidenceBundle) -> list[dict[str, object]]:
    lines = (bundle.folder / "steps.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@given(st.text())
def test_no_job_id_leads_out_of_the_folder(job_id: str) -> None:
    root = Path("/srv/evidence")
    folder = (root / safe_name(job_id)).resolve()
    assert folder.parent == root
    assert not folder.name.startswith(".")


@pytest.mark.parametrize(
    "job_id", ["../../etc", "..", ".", "", "CON", "nul.mp4", "a/b", "a\\b", "C:x"]
)
def test_awkward_job_ids_get_a_plain_name_of_their_own(job_id: str) -> None:
    name = safe_name(job_id)
    assert name not in {"", ".", "..", "CON", "nul.mp4"}
    assert not set(name) & set('/\\:*?"<>|')
    assert name != safe_name(job_id + "_")


def test_ordinary_job_ids_stay_readable() -> None:
    assert safe_name("reel_0042.mp4_podcast") == "reel_0042.mp4_podcast"


def test_nothing_is_created_before_something_is_kept(tmp_path: Path) -> None:
    EvidenceBundle(tmp_path / "evidence", "job", 1)
    assert not (tmp_path / "evidence").exists()


def test_a_failed_attempt_keeps_files_steps_and_error_with_one_end(tmp_path: Path) -> None:
    bundle = EvidenceBundle(tmp_path, "job", 2, now=lambda: NOON)
    bundle.step({"screen": "home_feed", "action": "tap"})
    bundle.add("page.xml", "<hierarchy/>")
    bundle.add("screen.png", b"\x89PNG")
    bundle.finish({"outcome": "failure", "error": "no phone", "category": "infrastructure"})
    bundle.finish({"outcome": "success"})
    bundle.step({"screen": "late"})
    assert [record["event"] for record in records(bundle)] == ["step", "end"]
    error = json.loads((bundle.folder / "error.json").read_text(encoding="utf-8"))
    assert error["error"] == "no phone"
    assert error["attempt"] == 2
    assert error["files"] == ["page.xml", "screen.png", "steps.jsonl"]
    assert (bundle.folder / "screen.png").read_bytes() == b"\x89PNG"


def test_a_success_writes_no_error_file(tmp_path: Path) -> None:
    bundle = EvidenceBundle(tmp_path, "job", 1)
    bundle.finish({"outcome": "success", "evidence": "Done posting"})
    assert [path.name for path in bundle.files()] == ["steps.jsonl"]


def test_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    bundle = EvidenceBundle(tmp_path, "job", 1)
    assert bundle.add("page.xml", "one") != bundle.add("page.xml", "two")
    assert sorted(path.read_text() for path in bundle.files()) == ["one", "two"]


def test_file_names_cannot_leave_the_attempts_folder(tmp_path: Path) -> None:
    bundle = EvidenceBundle(tmp_path, "job", 1)
    path = bundle.add("../../../outside.txt", "x")
    assert path is not None
    assert path.parent == bundle.folder


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps access rights otherwise")
def test_evidence_is_private_to_the_user(tmp_path: Path) -> None:
    bundle = EvidenceBundle(tmp_path / "evidence", "job", 1)
    path = bundle.add("page.xml", "x")
    bundle.finish({"outcome": "failure", "error": "x"})
    assert path is not None
    modes = {stat.S_IMODE(file.stat().st_mode) for file in bundle.files()}
    assert modes == {0o600}
    assert stat.S_IMODE(bundle.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "evidence").stat().st_mode) == 0o700


def test_a_repeated_attempt_number_gets_its_own_folder_and_ends_the_old_record(
    tmp_path: Path,
) -> None:
    killed = EvidenceBundle(tmp_path, "job", 1)
    killed.step({"screen": "home_feed"})
    with (killed.folder / "steps.jsonl").open("a", encoding="utf-8") as out:
        out.write('{"torn')
    again = EvidenceBundle(tmp_path, "job", 1)
    again.step({"screen": "profile"})
    assert again.folder != killed.folder
    lines = (killed.folder / "steps.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["outcome"] == "abandoned"
    assert len(lines) == 3


def test_settling_ends_each_open_record_exactly_once(tmp_path: Path) -> None:
    EvidenceBundle(tmp_path, "killed", 1).step({"screen": "home_feed"})
    done = EvidenceBundle(tmp_path, "done", 1)
    done.finish({"outcome": "success"})
    assert settle_abandoned(tmp_path) == 1
    assert settle_abandoned(tmp_path) == 0


def test_evidence_that_cannot_be_written_never_fails_the_job(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file where the folder should be")
    bundle = EvidenceBundle(tmp_path / "evidence", "job", 1)
    bundle.step({"screen": "home_feed"})
    bundle.finish({"outcome": "failure", "error": "x"})
    assert bundle.add("page.xml", "x") is None


def keep(root: Path, job: str, *, age_days: float, size: int = 1000) -> Path:
    bundle = EvidenceBundle(root, job, 1)
    path = bundle.add("page.xml", "x" * size)
    assert path is not None
    moment = (NOON - timedelta(days=age_days)).timestamp()
    os.utime(path, (moment, moment))
    return bundle.folder


def test_sweep_removes_what_is_too_old(tmp_path: Path) -> None:
    old, young = keep(tmp_path, "old", age_days=31), keep(tmp_path, "young", age_days=29)
    assert sweep(tmp_path, days=30, megabytes=100, now=lambda: NOON) == 1
    assert not old.parent.exists()
    assert young.exists()


def test_sweep_removes_the_oldest_until_the_size_holds(tmp_path: Path) -> None:
    ages = {job: keep(tmp_path, job, age_days=days, size=400_000) for days, job in enumerate("abc")}
    assert sweep(tmp_path, days=30, megabytes=0.8, now=lambda: NOON) == 1
    assert [job for job, folder in ages.items() if folder.exists()] == ["a", "b"]


def test_an_evidence_folder_that_cannot_be_used_is_no_reason_to_fail(tmp_path: Path) -> None:
    root = tmp_path / "evidence"
    root.write_text("a file where the folder should be")
    bundle = EvidenceBundle(root, "job", 1)
    assert bundle.add("page.xml", "<x/>") is None
    bundle.step({"step": "one"})
    bundle.finish({"outcome": "failure", "error": "e"})
    (tmp_path / "other" / "job" / "1" / "steps.jsonl").mkdir(parents=True)
    EvidenceBundle(tmp_path / "other", "job", 2).finish({"outcome": "success"})
    assert settle_abandoned(tmp_path / "other") == 0
    assert settle_abandoned(root) == sweep(root, days=1, megabytes=1) == 0


def test_no_protected_value_gets_into_evidence_at_any_depth(tmp_path: Path) -> None:
    logs.protect("marked-secret-4711")
    bundle = EvidenceBundle(tmp_path, "job", 1)
    bundle.step({"error": "token marked-secret-4711", "deep": {"list": ["marked-secret-4711"]}})
    bundle.add("page.xml", "<x text='marked-secret-4711'/>")
    bundle.finish({"error": "marked-secret-4711", "exceptions": ["E: marked-secret-4711"]})
    written = "".join(path.read_text(encoding="utf-8") for path in bundle.files())
    assert "marked-secret-4711" not in written
    assert written.count("***") >= 5


def test_half_a_character_in_a_step_is_written_as_its_escape(tmp_path: Path) -> None:
    bundle = EvidenceBundle(tmp_path, "job", 1)
    bundle.step({"error": "half \ud83d"})
    bundle.finish({"error": "half \ud83d"})
    assert records(bundle)[0]["error"] == "half \ud83d"
