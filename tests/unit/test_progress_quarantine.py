"""Rows that nobody can understand: set aside whole, once, counted, never guessed at."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from tests.ledger_days import (
    CAPTION,
    COLUMNS,
    LEGACY_13,
    LEGACY_17,
    claimed,
    csv_text,
    quarantine,
    read_rows,
    row,
    seeded,
    tracker,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


STRANGE = {
    "unknown status": {"status": "verification_pending"},
    "empty status": {"status": ""},
    "status in capitals": {"status": "SUCCESS"},
    "a number as status": {"status": "1"},
    "a time as status": {"status": "2025-12-22T16:32:57.051485"},
    "no id": {"job_id": ""},
    "an id of two lines": {"job_id": "end of a caption\nand more"},
    "an id with a stray quote": {"job_id": '#tag #other"'},
    "prose as account": {"account": " and then, some more"},
    "a time as account": {"account": "2025-12-22T16:32:57"},
    "a word as attempts": {"attempts": "verification"},
    "a word as limit": {"max_attempts": "account"},
    "a negative number": {"attempts": "-1"},
    "a time as pass": {"pass_number": "2025-12-22T16:32:57"},
    "a number as time": {"claimed_at": "1"},
    "a status as time": {"completed_at": "failed"},
    "prose as time": {"retry_at": "Vision analysis: this screen shows a feed of posts"},
    "a time as worker": {"worker_id": "2025-12-22T16:32:57"},
    "prose as worker": {"worker_id": "id_verification: confirm " * 20},
    "unknown category": {"error_category": "verification"},
    "category in the place of the type": {"error_type": "infrastructure"},
    "the end of another caption": {"video_path": " b", "caption": ' and d"'},
}


@pytest.mark.parametrize("cells", STRANGE.values(), ids=STRANGE)
def test_a_strange_row_is_set_aside_and_the_others_are_worked(
    path: Path, cells: dict[str, str]
) -> None:
    content = csv_text(LEGACY_17, [row(job_id="a"), row(**cells), row(job_id="b", account="b")])
    path.write_bytes(content)
    ledger = tracker(path)

    figures = ledger.figures()
    assert (figures.total, figures.quarantined) == (2, 1)
    assert list(ledger.jobs()) == ["a", "b"]
    assert quarantine(path) == []  # a reader writes nothing

    ledger.succeed(claimed(ledger))

    (kept,) = quarantine(path)
    assert kept in content
    assert tracker(path).figures().quarantined == 1


CREDIBLE = {
    "unreadable retry_at": {"status": "retrying", "retry_at": "not a time"},
    "unreadable claimed_at": {"status": "claimed", "claimed_at": "yesterday, noon"},
    "numbers as spreadsheets write them": {"attempts": "2.0", "max_attempts": "3.0"},
    "a time with a blank": {"completed_at": "2025-12-13 12:06:31"},
    "a time in Zulu": {"completed_at": "2025-12-13T12:06:31Z"},
    "more attempts than allowed": {"attempts": "11", "max_attempts": "3"},
    "a type of its own": {"status": "failed", "error_type": "platform_not_supported"},
    "an error that quotes the ledger": {"error": "v1,acct,x,pending,,,failed\nv2,b"},
    "a caption that ends in a quote": {"caption": 'as she said, "no"'},
    "a caption with an odd quote": {"caption": 'a screen of 6"'},
    "a quote inside the id": {"job_id": 'the "best" of.mp4_camp'},
    "blanks in names": {"job_id": "my video 1.mp4_camp", "account": "Phone 12 (blue)"},
    "a worker's name": {"worker_id": "host-7/worker 3"},
    "no account": {"account": ""},
    "an emoji in the id": {"job_id": "🎬 clip – naïve.mp4_camp"},
}


@pytest.mark.parametrize("cells", CREDIBLE.values(), ids=CREDIBLE)
def test_an_unusual_row_is_still_a_row(path: Path, cells: dict[str, str]) -> None:
    path.write_bytes(csv_text(LEGACY_17, [row(**cells)]))

    figures = tracker(path).figures()

    assert (figures.total, figures.quarantined) == (1, 0)


def line_wise_split(rows: list[dict[str, str]]) -> bytes:
    """A file as a line-wise split of its quoted fields leaves it, written again as CSV."""
    broken = csv_text(LEGACY_17, rows).decode().splitlines()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for line in broken:
        cells = next(csv.reader([line]), [])
        writer.writerow((cells + [""] * 17)[:17])
    return text.getvalue().encode()


@pytest.mark.parametrize("comma", [", ", ",", " , #"])
@pytest.mark.parametrize("commas", range(7))
def test_fragments_of_a_caption_are_set_aside_however_far_they_are_shifted(
    path: Path, commas: int, comma: str
) -> None:
    last_line = comma.join("abcdefgh"[: commas + 1])
    outcome = {
        "status": "failed",
        "worker_id": "2",
        "claimed_at": "2025-12-22T16:31:15.121561",
        "completed_at": "2025-12-22T16:32:57.051485",
        "error": "Exception: no device",
        "attempts": "1",
        "error_type": "adb_timeout",
        "error_category": "infrastructure",
    }
    victim = row(job_id="victim", caption=f"first\n\nsecond, line\n{last_line}", **outcome)
    path.write_bytes(line_wise_split([row(job_id="a", caption="x"), victim]))
    lines = len(read_rows(path))

    figures = tracker(path).figures()

    assert figures.total == 1
    assert figures.quarantined == lines - 1


def test_fragments_of_an_error_are_set_aside(path: Path) -> None:
    victim = row(
        job_id="victim", caption="one line", status="failed", attempts="1", error_type="terminated",
        error_category="account", error='disabled: seen\nthe "app", asks, for, more\nend, of it',
    )  # fmt: skip
    path.write_bytes(line_wise_split([row(job_id="a", caption="x"), victim]))

    figures = tracker(path).figures()

    # the row's first line is whole up to the error's first line: it says failed, and so it was
    assert figures.total == 2
    assert figures.failed == 1
    assert figures.quarantined == len(read_rows(path)) - 2


def test_a_row_with_more_cells_than_columns_is_set_aside(path: Path) -> None:
    good = csv_text(LEGACY_13, [row()])
    path.write_bytes(good + b"b,acct,path,cap,pending,,,,,,,,,one too many\n")

    figures = tracker(path).figures()

    assert (figures.total, figures.quarantined) == (1, 1)


def test_empty_cells_beyond_the_columns_are_nothing(path: Path) -> None:
    good = csv_text(LEGACY_13, [row()])
    path.write_bytes(good + b"b,acct,path,cap,pending,,,,,,,,,,,\n")

    assert list(tracker(path).jobs()) == ["v1.mp4_camp", "b"]


def test_a_stray_quote_costs_its_own_row_and_not_the_rest_of_the_day(path: Path) -> None:
    rows = [row(job_id=f"j{n}", account=f"a{n}", caption=f"caption {n}") for n in range(50)]
    content = csv_text(LEGACY_17, rows).replace(b"caption 7,", b'"caption 7,')
    path.write_bytes(content)
    ledger = tracker(path)

    assert list(ledger.jobs()) == [f"j{n}" for n in range(50) if n != 7]
    claimed(ledger)

    (kept,) = quarantine(path)
    assert kept.startswith(b"j7,a7,")
    assert kept in content
    assert len(tracker(path).jobs()) == 49


def test_two_rows_torn_into_each_other_are_set_aside(path: Path) -> None:
    rows = [row(job_id=f"j{n}", account=f"a{n}", caption=f"long, caption {n}") for n in range(6)]
    content = csv_text(LEGACY_17, rows)
    cut = content.index(b"caption 2")
    join = content.index(b"j3,")
    path.write_bytes(content[:cut] + content[join:])

    ledger = tracker(path)

    assert list(ledger.jobs()) == ["j0", "j1", "j4", "j5"]
    assert ledger.quarantined() == 1


def test_a_strange_row_added_while_working_is_filed_by_the_next_writer(path: Path) -> None:
    ledger = seeded(path, 2)
    with path.open("ab") as file:
        file.write(b"what, is this?\n")
    assert ledger.quarantined() == 1

    claimed(ledger)

    assert quarantine(path) == [b"what, is this?\n"]
    assert ledger.quarantined() == tracker(path).quarantined() == 1


def test_opening_again_files_nothing_twice_and_equal_rows_count_each(path: Path) -> None:
    bad = row(status="gone")
    path.write_bytes(csv_text(COLUMNS, [row(), bad, bad]))
    for _ in range(3):
        ledger = tracker(path)
        assert ledger.quarantined() == 2
        ledger.seed(lambda _known: [])
        ledger.requeue(["v1.mp4_camp"])
        ledger.skip(["v1.mp4_camp"])
        ledger.unskip(["v1.mp4_camp"])

    assert len(quarantine(path)) == 2
    assert tracker(path).quarantined() == 2


def test_the_quarantine_says_where_and_why_and_keeps_the_bytes(path: Path) -> None:
    content = csv_text(LEGACY_13, [row(), row(job_id="bad", status="odd", caption="caf@\r\n\0,")])
    content = content.replace(b"caf@", b"caf\xe9")
    path.write_bytes(content)
    claimed(tracker(path))

    (entry,) = read_rows(path.with_name("day.quarantine.csv"))

    start = content.index(b"bad,")
    assert entry["row"].encode("utf-8", "surrogateescape") == content[start:]
    assert int(entry["offset"]) == start
    assert int(entry["line"]) == content[:start].count(b"\n") + 1
    assert "odd" in entry["reason"]
    assert entry["kind"] == "row"


def test_quarantined_rows_stay_so_when_the_header_is_upgraded(path: Path) -> None:
    content = csv_text(LEGACY_13, [row(), row(job_id="bad", status="odd")])
    path.write_bytes(content)

    claimed(tracker(path))

    assert path.with_name("day.csv.before-upgrade").read_bytes() == content
    assert [entry["job_id"] for entry in read_rows(path)] == ["v1.mp4_camp"] * 2
    assert len(quarantine(path)) == tracker(path).quarantined() == 1


def test_random_damage_never_crashes_and_loses_no_byte(path: Path) -> None:
    rng = random.Random(11)
    rows = [row(job_id=f"j{n}", account=f"a{n}", caption=CAPTION * 2) for n in range(12)]
    whole = csv_text(COLUMNS, rows)
    first = whole.index(b"\n") + 1
    for attempt in range(300):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(first, len(damaged))
            damaged[at : at + rng.choice((0, 1, 9))] = rng.choice((b'"', b"\n", b",", b"\r", b""))
        here = path.with_name(f"d{attempt}.csv")
        here.write_bytes(damaged)
        ledger = tracker(here)
        before = ledger.figures()
        ledger.seed(lambda known: [])
        ledger.skip(list(ledger.jobs()))

        rest = bytes(damaged)
        kept = quarantine(here)
        for raw in kept:
            assert raw in rest
        assert ledger.quarantined() == len(kept) >= before.quarantined
        understood = here.read_bytes()
        assert all(raw in understood or raw in rest for raw in kept)
        assert len(tracker(here).jobs()) == before.total
