"""What the ledger reads: files of every age and hand, judged by their structure."""

from __future__ import annotations

import csv
import io
import os
import random
import shutil
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.errors import LedgerUnreadableError
from engine.jobs import ErrorCategory, JobStatus
from tests.ledger_days import (
    CAPTION,
    COLUMNS,
    LEGACY_13,
    LEGACY_15,
    LEGACY_17,
    Clock,
    claimed,
    csv_text,
    quarantine,
    read_rows,
    row,
    seeded,
    tracker,
)
from tests.shared_data import shared_data

REAL_DAYS = {
    "day_13col.csv": ({"pending": 854, "success": 70, "failed": 17, "retrying": 1}, 10),
    "day_15col.csv": ({"success": 67, "failed": 31, "claimed": 2}, 0),
    "day_17col.csv": ({"pending": 63, "failed": 17, "claimed": 8, "success": 3}, 0),
    "day_17col_corrupt.csv": ({"success": 91, "pending": 2, "claimed": 1}, 15),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


# -- real days ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REAL_DAYS)
def test_a_real_day_is_counted_right_and_read_without_a_trace(name: str, path: Path) -> None:
    shutil.copyfile(shared_data("ledgers") / name, path)
    before = path.read_bytes()
    by_status, quarantined = REAL_DAYS[name]

    figures = tracker(path).figures()

    assert {status: n for status, n in figures.by_status.items() if n} == by_status
    assert figures.total == sum(by_status.values())
    assert figures.quarantined == quarantined
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", REAL_DAYS)
def test_a_real_day_loses_nothing_when_it_is_written(name: str, path: Path) -> None:
    shutil.copyfile(shared_data("ledgers") / name, path)
    before = path.read_bytes()
    rows_before = read_rows(path)
    by_status, quarantined = REAL_DAYS[name]
    ledger = tracker(path)

    claims = [entry for entry in ledger.jobs().values() if entry.status is JobStatus.CLAIMED]
    settled = ledger.settle_dead(lambda _job: False)
    ledger.skip([next(iter(ledger.jobs()))])
    ledger.seed(lambda known: [])
    if not settled:
        claimed(ledger)

    assert len(settled) == len(claims) == by_status.get("claimed", 0)
    assert path.with_name("day.csv.before-upgrade").read_bytes() == before
    kept = quarantine(path)
    assert len(kept) == quarantined
    assert all(raw in before for raw in kept)
    old = {entry["job_id"]: entry for entry in rows_before if entry["status"] in COLUMNS_STATUSES}
    new: dict[str, dict[str, str]] = {}
    for entry in read_rows(path):
        new.setdefault(entry["job_id"], entry)
    assert list(new) == list(old)
    for job_id, entry in old.items():
        assert {column: new[job_id][column] for column in entry} == entry
    again = tracker(path).figures()
    assert again.quarantined == quarantined
    assert again.total == sum(by_status.values())


COLUMNS_STATUSES = frozenset(status.value for status in JobStatus)


@pytest.mark.parametrize("name", REAL_DAYS)
def test_every_byte_of_a_real_day_is_in_a_row_or_in_quarantine(name: str, path: Path) -> None:
    shutil.copyfile(shared_data("ledgers") / name, path)
    before = path.read_bytes()
    ledger = tracker(path)
    ledger.settle_dead(lambda _job: False)
    if path.read_bytes() == before:
        claimed(ledger)
    rest = before
    for raw in quarantine(path):
        assert rest.count(raw) >= 1
        rest = rest.replace(raw, b"", 1)
    # what was not set aside reads, by another reader, exactly as the upgraded file begins
    width = len(read_rows(path)[0])
    upgraded = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
    left = list(csv.reader(io.StringIO(rest.decode(), newline="")))
    assert [found + [""] * (width - len(found)) for found in left[1:]] == upgraded[1 : len(left)]


# -- layouts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [LEGACY_13, LEGACY_15, LEGACY_17, COLUMNS])
def test_columns_are_found_by_name_in_any_order(path: Path, columns: tuple[str, ...]) -> None:
    shuffled = list(columns)
    random.Random(3).shuffle(shuffled)
    path.write_bytes(csv_text(shuffled, [row(attempts="2", error_type="adb_timeout")]))

    found = tracker(path).jobs()["v1.mp4_camp"]

    assert (found.account, found.caption, found.attempts) == ("acct001", CAPTION, 2)
    assert found.error_type == "adb_timeout"
    assert found.pass_number == 1
    assert found.updated_at is None


def test_an_unknown_column_survives_upgrade_and_every_write(path: Path) -> None:
    columns = ("platform", *LEGACY_13, "note")
    path.write_bytes(csv_text(columns, [row(platform="insta, gram", note='say "hi"')]))
    ledger = tracker(path)

    ledger.succeed(claimed(ledger))

    assert ledger.jobs()["v1.mp4_camp"].extra == {"platform": "insta, gram", "note": 'say "hi"'}
    rows = read_rows(path)
    assert list(rows[0])[:19] == list(COLUMNS)
    assert [(entry["platform"], entry["note"]) for entry in rows] == [
        ("insta, gram", 'say "hi"')
    ] * 3


def test_a_later_row_may_leave_out_what_never_changes(path: Path) -> None:
    ledger = seeded(path, 1)
    ledger.succeed(claimed(ledger))

    rows = read_rows(path)

    assert [entry["caption"] for entry in rows] == [CAPTION, "", ""]
    assert tracker(path).jobs()["v0.mp4_camp"].caption == CAPTION
    assert [past.video_id for past in ledger.history("v0.mp4_camp")] == [f"sha256:{0:032x}"] * 3


def test_several_rows_with_one_id_are_one_job_and_the_last_wins(path: Path) -> None:
    path.write_bytes(
        csv_text(LEGACY_17, [row(), row(status="failed", attempts="1"), row(job_id="b")])
    )

    ledger = tracker(path)

    assert list(ledger.jobs()) == ["v1.mp4_camp", "b"]
    assert ledger.jobs()["v1.mp4_camp"].status is JobStatus.FAILED
    assert [past.status for past in ledger.history("v1.mp4_camp")] == ["pending", "failed"]
    assert [event.job_id for event in ledger.events()] == ["v1.mp4_camp", "v1.mp4_camp", "b"]


def test_times_without_zone_are_the_operators_local_times(path: Path) -> None:
    path.write_bytes(csv_text(LEGACY_13, [row(claimed_at="2025-12-13T23:30:00.084726")]))

    ledger = tracker(path)
    found = ledger.jobs()["v1.mp4_camp"].claimed_at

    assert found == datetime(2025, 12, 13, 23, 30, 0, 84726, tzinfo=ZoneInfo("Europe/Berlin"))
    assert ledger.ledger_day() == date(2025, 12, 13)


def test_the_ledgers_day_is_the_latest_in_the_operators_zone(path: Path) -> None:
    late = "2025-12-13T23:30:00+00:00"
    path.write_bytes(
        csv_text(LEGACY_13, [row(claimed_at="2025-12-12T08:00:00", completed_at=late)])
    )

    assert tracker(path).ledger_day() == date(2025, 12, 14)


def test_a_ledger_without_times_has_no_day(path: Path) -> None:
    path.write_bytes(csv_text(LEGACY_13, [row()]))

    assert tracker(path).ledger_day() is None


@pytest.mark.parametrize("kind", ["suspended", "captcha", "loggedout", "actionblocked", "banned"])
def test_a_legacy_type_without_category_reads_as_account(path: Path, kind: str) -> None:
    path.write_bytes(csv_text(LEGACY_13, [row(status="failed", error_type=kind)]))

    ledger = tracker(path)
    found = ledger.jobs()["v1.mp4_camp"]

    assert found.error_category is ErrorCategory.ACCOUNT
    assert not ledger.retryable(found)
    assert kind in ledger.NON_RETRYABLE_ERRORS


# -- texts of other programs ----------------------------------------------------------------------


NASTY = {
    "line breaks of all kinds": "a\nb\r\nc\rd",
    "doubled quotes": 'He said ""hi"" and "left"',
    "a lone quote at the end": 'five inches: 5"',
    "a null": "a\0b",
    "other separators": "a\u2028b\x0bc\x0cd\x85e",
    "a formula": "=HYPERLINK(1)",
    "blanks around it": "  padded  ",
    "a long text": "x" * 300_000,
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_any_caption_is_read_and_kept_exactly(path: Path, text: str, line_end: str) -> None:
    rows = [row(caption=text), row(job_id="b", account="acct002", caption=text)]
    path.write_bytes(csv_text(LEGACY_17, rows, line_end))
    ledger = tracker(path)

    assert [found.caption for found in ledger.jobs().values()] == [text, text]
    ledger.succeed(claimed(ledger))

    assert [found.caption for found in tracker(path).jobs().values()] == [text, text]
    assert tracker(path).quarantined() == 0


def test_bytes_that_are_no_utf8_are_kept(path: Path) -> None:
    good = csv_text(LEGACY_17, [row(caption="caf@")]).replace(b"caf@", b"caf\xe9")
    path.write_bytes(good)
    ledger = tracker(path)

    ledger.succeed(claimed(ledger))

    assert b"caf\xe9" in path.read_bytes()
    assert tracker(path).jobs()["v1.mp4_camp"].status is JobStatus.SUCCESS


def test_an_unquoted_lone_carriage_return_ends_no_row(path: Path) -> None:
    path.write_bytes(
        csv_text(LEGACY_17, [row(caption="a@b"), row(job_id="b")]).replace(b"@", b"\r")
    )

    jobs = tracker(path).jobs()

    assert [found.caption for found in jobs.values()] == ["a\rb", CAPTION]


def test_a_byte_order_mark_is_no_part_of_the_first_column(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + csv_text(COLUMNS, [row(), row(job_id="b")]))
    ledger = tracker(path)

    assert list(ledger.jobs()) == ["v1.mp4_camp", "b"]
    ledger.skip(["b"])
    assert tracker(path).jobs()["b"].status is JobStatus.SKIPPED


def test_blank_lines_are_no_rows(path: Path) -> None:
    path.write_bytes(csv_text(COLUMNS, [row()]) + b"\n\r\n\n")

    figures = tracker(path).figures()

    assert (figures.total, figures.quarantined) == (1, 0)


# -- missing, empty, foreign ----------------------------------------------------------------------


def test_missing_empty_and_jobless_ledgers_are_told_apart(path: Path) -> None:
    ledger = tracker(path)
    assert (ledger.exists(), len(ledger.jobs()), ledger.figures().total) == (False, 0, 0)

    path.write_bytes(b"")
    assert (ledger.exists(), len(ledger.jobs())) == (False, 0)

    path.write_bytes(csv_text(COLUMNS, []))
    assert (ledger.exists(), len(ledger.jobs())) == (True, 0)


@pytest.mark.parametrize("content", [None, b""])
def test_a_claim_on_a_ledger_that_is_gone_is_an_error_and_not_the_end(
    path: Path, content: bytes | None
) -> None:
    ledger = seeded(path, 1)
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(LedgerUnreadableError, match="is missing or empty: seed"):
        ledger.claim("0")


def test_a_header_without_line_end_is_a_ledger_without_jobs(path: Path) -> None:
    path.write_bytes(",".join(LEGACY_13).encode())
    ledger = tracker(path)
    assert ledger.exists()

    ledger.seed(lambda _known: [])
    seeded(path, 1)

    assert len(tracker(path).jobs()) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name,age\na,1\n", "found: name, age"),
        (b"\n\n\x00\x01\n", "is not a ledger"),
        (b"job_id,account,status,status\na,b,pending,pending\n", "status more than once"),
        (";".join(LEGACY_13).encode() + b"\n", "separated by semicolons"),
        ("\t".join(LEGACY_13).encode() + b"\n", "separated by tabs"),
        (csv_text(COLUMNS, [row()]).decode().encode("utf-16"), "is UTF-16"),
        (b'"job_id,account\nx', "is not a ledger|first line"),
        (b"Text,Shortcode\nhello,ABC\n", "found: Text, Shortcode"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused_in_one_sentence_and_unchanged(
    path: Path, content: bytes, said: str
) -> None:
    path.write_bytes(content)
    ledger = tracker(path)

    for _ in range(2):
        with pytest.raises(LedgerUnreadableError, match=said) as caught:
            ledger.jobs()
        assert str(path) in str(caught.value)
    with pytest.raises(LedgerUnreadableError, match=said):
        ledger.seed(lambda _known: [])
    assert path.read_bytes() == content


def test_a_refused_file_is_read_once_it_is_repaired(path: Path) -> None:
    path.write_bytes(b"name\nx\n")
    ledger = tracker(path)
    with pytest.raises(LedgerUnreadableError):
        ledger.jobs()

    path.write_bytes(csv_text(COLUMNS, [row()]))

    assert list(ledger.jobs()) == ["v1.mp4_camp"]


# -- edits by hand --------------------------------------------------------------------------------


def test_an_edit_of_the_same_size_is_noticed_at_once(path: Path) -> None:
    ledger = seeded(path, 3)
    assert ledger.jobs()["v1.mp4_camp"].account == "acct001"

    path.write_bytes(path.read_bytes().replace(b"acct001", b"acctXYZ"))

    assert ledger.jobs()["v1.mp4_camp"].account == "acctXYZ"


def test_an_edit_that_left_size_and_time_as_they_were_is_noticed(path: Path) -> None:
    seeded(path, 3).close()
    past = path.stat().st_mtime_ns - 10**9
    os.utime(path, ns=(past, past))
    ledger = tracker(path)
    assert ledger.jobs()["v1.mp4_camp"].account == "acct001"

    path.write_bytes(path.read_bytes().replace(b"acct001", b"acctXYZ"))
    os.utime(path, ns=(past, past))

    assert ledger.jobs()["v1.mp4_camp"].account == "acctXYZ"


def test_a_replaced_file_is_read_anew(path: Path) -> None:
    ledger = seeded(path, 3)
    assert len(ledger.jobs()) == 3
    other = path.with_name("saved.csv")
    other.write_bytes(csv_text(COLUMNS, [row()]))

    other.replace(path)

    assert list(ledger.jobs()) == ["v1.mp4_camp"]


def test_a_longer_file_with_another_beginning_is_read_anew(path: Path) -> None:
    ledger = seeded(path, 3)
    assert len(ledger.jobs()) == 3

    path.write_bytes(csv_text(COLUMNS, [row(job_id=f"other{n}") for n in range(20)]))

    assert list(ledger.jobs()) == [f"other{n}" for n in range(20)]


def test_a_shorter_file_is_read_anew(path: Path) -> None:
    ledger = seeded(path, 3)
    assert len(ledger.jobs()) == 3

    path.write_bytes(csv_text(COLUMNS, [row()]))

    assert list(ledger.jobs()) == ["v1.mp4_camp"]


def test_a_touched_file_is_still_the_same(path: Path) -> None:
    ledger = seeded(path, 2)
    before = ledger.revision()

    path.touch()

    assert ledger.revision() == before
    assert len(ledger.jobs()) == 2


def test_a_spreadsheets_save_is_worked_on(path: Path) -> None:
    ledger = seeded(path, 2)
    rows = read_rows(path)
    rows[0]["account"] = "acct999"
    path.write_bytes(b"\xef\xbb\xbf" + csv_text(COLUMNS, rows, "\r\n"))

    claim = claimed(ledger)
    ledger.succeed(claim)

    assert claim.job.account == "acct999"
    assert tracker(path).figures().success == 1


@pytest.mark.parametrize("columns", [LEGACY_17, COLUMNS])
def test_a_last_row_saved_without_line_end_is_kept(path: Path, columns: tuple[str, ...]) -> None:
    path.write_bytes(csv_text(columns, [row(), row(job_id="b", account="b")]).rstrip(b"\n"))
    ledger = tracker(path)

    assert list(ledger.jobs()) == ["v1.mp4_camp", "b"]
    ledger.skip(["v1.mp4_camp"])

    assert list(tracker(path).jobs()) == ["v1.mp4_camp", "b"]
    assert tracker(path).quarantined() == 0


def test_revision_changes_exactly_when_the_ledger_does(path: Path) -> None:
    ledger, other = seeded(path, 2), tracker(path)
    first = other.revision()
    assert other.revision() == first

    claimed(ledger)

    assert other.revision() != first


def test_jobs_is_what_it_was_when_it_was_asked_for(path: Path) -> None:
    ledger = seeded(path, 2)
    before = ledger.jobs()

    claimed(ledger)

    assert before["v0.mp4_camp"].status is JobStatus.PENDING
    assert ledger.jobs()["v0.mp4_camp"].status is JobStatus.CLAIMED


def test_figures_sum_to_the_total_with_every_category(path: Path) -> None:
    rows = [
        row(job_id="a", status="failed", error_category="content", error_type="corrupted_video"),
        row(job_id="b", status="failed", error_category="account", worker_id="1"),
        row(job_id="c", status="failed"),
        row(job_id="d", status="success", worker_id="1"),
        row(job_id="e", account=""),
        row(job_id="f", status="claimed", worker_id="2", claimed_at="2026-03-02T09:00:00"),
    ]
    path.write_bytes(csv_text(LEGACY_17, rows))

    figures = tracker(path, Clock()).figures()

    assert sum(figures.by_status.values()) == figures.total == 6
    assert sum(figures.by_category.values()) == sum(figures.by_type.values()) == figures.failed == 3
    assert set(figures.by_category) == {category.value for category in ErrorCategory}
    assert figures.by_type == {"corrupted_video": 1, "unclassified": 2}
    assert figures.by_worker["1"].success == figures.by_worker["1"].failed == 1
    assert figures.by_worker["2"].claimed == figures.foreign_claims == 1
    assert figures.blocked == {"no account": 1}


def test_a_row_as_long_as_the_torn_end_before_it_is_seen(path: Path) -> None:
    ledger = seeded(path, 1, Clock())
    before = path.read_bytes()
    ledger.skip(["v0.mp4_camp"])
    length = path.stat().st_size - len(before)
    path.write_bytes(before + b"x" * length)
    reader, writer = tracker(path, Clock()), tracker(path, Clock())
    assert reader.jobs()["v0.mp4_camp"].status is JobStatus.PENDING

    writer.skip(["v0.mp4_camp"])

    assert path.stat().st_size == len(before) + length
    assert reader.jobs()["v0.mp4_camp"].status is JobStatus.SKIPPED
