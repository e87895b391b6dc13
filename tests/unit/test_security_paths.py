"""Whatever a job, an account or a day is called, what is kept of it stays in its own folder."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from engine.evidence import EvidenceBundle, safe_name, settle_abandoned, sweep
from engine.insight.evidence_files import evidence_files
from engine.ledger.file import archive_name, free_name

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
AWKWARD = [
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\Windows\\win.ini",
    "\\\\server\\share",
    "a\0b",
    "..",
    "...",
    "",
    " ",
    "x" * 300,
    "x." * 200,
    "CON",
    "nul.mp4",
    "com1.txt.png",
    "CONIN$",
    "LPT9",
    "trailing.",
    "trailing ",
    "Reel",
    "reel",
    "REEL",
    "-rf",
    "\ud800",
    "reel-0a1b2c3d",
    "reel?",
    "a:b",
    "\x1b[31m.log",
]
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\..*)?", re.IGNORECASE)
names = some.one_of(
    some.sampled_from(AWKWARD),
    some.text(max_size=300),
    some.text(alphabet="aA./\\-_ 0b:\0", max_size=12),
)


@given(names, some.booleans())
def test_any_text_becomes_one_plain_component_that_every_system_takes(
    text: str, caseless: bool
) -> None:
    name = safe_name(text, caseless=caseless)
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,110}", name)
    assert not RESERVED.fullmatch(name)
    assert not name.endswith(".")
    assert Path("/srv", name).resolve().parent == Path("/srv").resolve()


@given(names, names)
@example("Reel", "reel")
@example("reel?", safe_name("reel?"))
@example("x" * 300, "x" * 301)
def test_two_texts_never_share_a_name_even_where_case_does_not_count(one: str, two: str) -> None:
    if one != two:
        assert safe_name(one) != safe_name(two)
        same = {safe_name(text, caseless=True).casefold() for text in (one, two)}
        assert len(same) == 2


@settings(max_examples=60, deadline=None)
@given(names, names, some.integers(0, 10**9))
def test_what_is_kept_of_an_attempt_lies_below_its_own_folder_and_is_found_again(
    job_id: str, file_name: str, attempt: int
) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place, "evidence").resolve()
        bundle = EvidenceBundle(root, job_id, attempt)
        kept = bundle.add(file_name, b"\x89PNG")
        bundle.finish({"outcome": "failure", "error": "x"})
        assert kept is not None
        assert kept.resolve().parent.parent.parent == root
        assert [path.name for path in Path(place).iterdir()] == ["evidence"]
        assert kept in [found.path for found in evidence_files(root, job_id)]


@given(some.sampled_from(["day.csv", "..csv", "a b.CSV", "noend"]), some.dates())
def test_an_archive_lies_beside_its_ledger(name: str, day: date) -> None:
    ledger = Path("/srv/work") / name
    assert archive_name(ledger, day).parent == ledger.parent
    assert free_name(archive_name(ledger, day)).parent == ledger.parent


@POSIX_ONLY
def test_old_evidence_behind_a_link_is_not_removed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "precious"
    elsewhere.mkdir(parents=True)
    (elsewhere / "file").touch()
    os.utime(elsewhere / "file", (0, 0))
    root = tmp_path / "evidence"
    root.mkdir()
    (root / "link").symlink_to(elsewhere.parent)
    assert sweep(root, days=1, megabytes=1, now=lambda: datetime.now(UTC) + timedelta(days=9)) == 0
    assert (elsewhere / "file").exists()


@pytest.mark.parametrize("length", [10, 70_000, 200_000])
def test_an_end_of_any_length_is_known_for_one(tmp_path: Path, length: int) -> None:
    bundle = EvidenceBundle(tmp_path, "job", 1)
    bundle.step({"screen": "x" * length})
    assert settle_abandoned(tmp_path) == 1
    again = EvidenceBundle(tmp_path, "job", 2)
    again.finish({"outcome": "failure", "detail": "x" * length})
    assert settle_abandoned(tmp_path) == 0
    ends = (again.folder / "steps.jsonl").read_text().splitlines()
    assert [json.loads(line)["outcome"] for line in ends] == ["failure"]
