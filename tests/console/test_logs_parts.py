"""What the Logs screen is made of, without a screen: choices, moments, pages, rows."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.log_tallies import LogTallies
from console.screens import logs_page, logs_rows
from console.screens.logs_choice import Chosen, Sources, SourcesError, parse_sources
from console.screens.logs_lines import RecordLine, Writing
from console.screens.logs_moment import parse_moment
from console.screens.logs_record import in_pager, rows_of
from console.screens.logs_rows import Figures, Shown
from engine.errors import InputError
from engine.log_stream import Batch, Level, LogStream, Record

NOW = datetime(2025, 12, 26, 12, 4, 31, tzinfo=UTC)
KNOWN = ["orch", "W0", "W1", "W2", "A0", "A1"]


def line(event: str, ago: float = 1.0, *, level: str = "info", rest: str = "") -> str:
    at = (NOW - timedelta(seconds=ago)).isoformat(timespec="milliseconds")
    return f'ts={at} level={level} {rest} event="{event}"\n'


def stream_of(folder: Path, **logs: str) -> LogStream:
    for name, text in logs.items():
        (folder / f"{name}.log").write_text(text, encoding="utf-8")
    return LogStream(folder, now=lambda: NOW)


def texts(lines: list[RecordLine]) -> list[str]:
    return [one.record.text for one in lines]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ["orch", "W0", "W1", "W2"]),
        ("all", KNOWN),
        ("+appium", KNOWN),
        ("2", ["W2"]),
        ("w0, ORCH", ["orch", "W0"]),
        ("workers", ["W0", "W1", "W2"]),
        ("appium", ["A0", "A1"]),
        ("-w1", ["orch", "W0", "W2"]),
        ("+a1 -orch", ["W0", "W1", "W2", "A1"]),
    ],
)
def test_logs_are_named_alone_or_added_and_taken_away(text: str, shown: list[str]) -> None:
    chosen = parse_sources(text, KNOWN, Sources())
    assert [name for name in KNOWN if chosen.has(name)] == shown


def test_a_log_that_is_not_there_is_named_with_its_place() -> None:
    with pytest.raises(SourcesError, match=r"'w7'.*There are: orch, W0") as caught:
        parse_sources("w1 w7", KNOWN, Sources())
    assert caught.value.position == 3


def test_a_worker_that_comes_later_is_shown_unless_logs_were_named() -> None:
    assert Sources().has("W9")
    assert not Sources().has("A9")
    assert not Sources(frozenset({"W0"})).has("W9")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12:04", NOW.replace(second=0)),
        ("11:58:24", NOW.replace(hour=11, minute=58, second=24)),
        ("23:50", NOW.replace(day=25, hour=23, minute=50, second=0)),
        ("-10m", NOW - timedelta(minutes=10)),
        ("-90 s", NOW - timedelta(seconds=90)),
        ("-2h", NOW - timedelta(hours=2)),
        ("24 Dec 08:00", NOW.replace(day=24, hour=8, minute=0, second=0)),
        ("27 dec 08:00", NOW.replace(year=2024, day=27, hour=8, minute=0, second=0)),
    ],
)
def test_moments_are_written_as_clocks_or_as_how_long_ago(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["noon", "25:00", "12:61", "31 Feb 10:00", "3 Foo 10:00", "10m"])
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InputError, match=r"is no time\. Write one like this: 12:04"):
        parse_moment(text, NOW)


def built(records: list[Record], chosen: Chosen, *, only: bool = False) -> logs_page.Page:
    page = logs_page.build(records, chosen, Writing(), only=only, stop=lambda: False)
    assert page is not None
    return page


def test_only_matches_have_two_neighbours_each_and_batches_go_on_with_them(tmp_path: Path) -> None:
    stream = stream_of(tmp_path, worker_0="".join(line(f"step {n}", 60 - n) for n in range(20)))
    records = list(stream.poll().records)
    page = built(records[:11], Chosen(pattern="step 10"), only=True)
    assert texts(page.lines) == ["step 8", "step 9", "step 10"]
    assert texts(page.add(records[11:], Writing())) == ["step 11", "step 12"]
    assert len(page.hits) == 1


def test_a_build_ends_when_another_choice_was_made(tmp_path: Path) -> None:
    records = list(stream_of(tmp_path, worker_0=line("one")).poll().records)
    assert logs_page.build(records, Chosen(), Writing(), only=False, stop=lambda: True) is None


def test_a_batch_is_not_taken_twice_and_goes_where_it_belongs(tmp_path: Path) -> None:
    stream = stream_of(tmp_path, worker_0=line("a", 9) + line("c", 7), worker_1=line("b", 8))
    first = stream.poll()
    page = built([record for record in first.records if record.text != "b"], Chosen())
    late = [record for record in first.records if record.text == "b"]
    page.newest = 0
    lines = logs_page.amended(page, page.lines, Batch(records=late, inserted={2: 3}), Writing())
    assert texts(lines) == ["a", "b", "c"]
    assert texts(logs_page.amended(page, lines, Batch(records=late), Writing())) == ["a", "b", "c"]


def test_the_way_back_goes_through_memory_to_the_disk_without_a_gap(tmp_path: Path) -> None:
    text = "".join(line(f"step {n}", 9_000 - n) for n in range(6_000))
    stream = stream_of(tmp_path, worker_0=text)
    stream.poll()
    top = stream.records()[-3]
    older = logs_page.before(stream, Chosen(), top)
    found, more = logs_page.fetch(older, lambda record: True, most=5_500, seconds=60)
    assert more
    assert [record.text for record in found] == [f"step {n}" for n in range(497, 5_997)]
    rest, more = logs_page.fetch(older, lambda record: True, most=5_500, seconds=60)
    assert not more
    assert [record.text for record in rest] == [f"step {n}" for n in range(497)]


def shown_row(width: int, known: list[str], *, held: int = 0, pattern: str = "") -> str:
    figures = Figures(sources=dict.fromkeys(known), lines=42_118, errors=3, warnings=9)  # type: ignore[arg-type]
    shown = Shown(
        chosen=Chosen(pattern=pattern), only=False, hits=5, following=not held, held_back=held
    )
    return logs_rows.chips(shown, figures, width).plain


def test_the_row_above_the_log_fits_any_number_of_workers() -> None:
    assert shown_row(80, KNOWN) == " W0 W1 W2 orch   level>=INFO   FOLLOW   err 3  warn 9"
    many = [f"W{n}" for n in range(40)] + ["orch"]
    assert shown_row(80, many, held=42, pattern="died").startswith(
        " W0..39 orch   level>=INFO   /died 5   +42 new   err 3"
    )
    wide = shown_row(160, KNOWN, pattern="died|offline")
    assert wide.startswith(" [W0][W1][W2][orch]  appium_0..1 off   level>=INFO   search /died|off")
    assert wide.endswith("5 hits   FOLLOWING   errors 3   warnings 9   42,118 lines   6 files")
    assert all(len(shown_row(width, many, pattern="x" * 90)) <= width for width in (80, 120, 160))


def test_the_last_hour_is_of_the_logs_that_are_shown(tmp_path: Path) -> None:
    errors = line("device 7 died", 600, level="error") + line("device 9 died", 30, level="error")
    stream = stream_of(tmp_path, worker_0=errors, appium_0=line("noise", 20) * 50)
    tallies = LogTallies()
    records = stream.poll().records
    tallies.add(records)
    usual = tallies.last(NOW, Sources().has)
    assert (len(usual), sum(minute.lines for minute in usual)) == (60, 2)
    assert sum(minute.lines for minute in tallies.last(NOW, lambda source: True)) == 52
    figures = Figures(minutes=usual, cluster=tallies.like(None))
    rows = logs_rows.minutes_rows(figures, None, {}, NOW, 52)
    assert [row[:10] for row in rows[:3]] == ["lines/s  [", "errors   [", "warnings ["]
    assert rows[1].endswith("]  2")
    assert rows[4] == "same error twice: W0 11:54, W0 12:04"
    assert tallies.last(NOW, lambda source: False) == []


def test_a_place_names_file_job_attempt_and_age(tmp_path: Path) -> None:
    text = line("x", 10, rest="job=DL3 account=acct_052 attempt=2")
    [record] = stream_of(tmp_path, worker_3=text).poll().records
    row = logs_rows.place_row(record, {"DL3": 3}, NOW)
    assert row == " worker_3.log:1   job DL3   acct_052   attempt 2 of 3   10s before now"
    assert "attempt 2  " in logs_rows.place_row(record, {}, NOW)


def test_a_record_is_wrapped_and_bounded(tmp_path: Path) -> None:
    text = line("y" * 25) + "\tat \x1b[31m\n" + "z\n" * 3_000
    [record] = stream_of(tmp_path, worker_0=text).poll().records
    rows = rows_of(record, 20)
    assert rows[:3] == ["y" * 20, "y" * 5, r"      at \x1b[31m"]
    assert len(rows) == 2_001
    assert "y copies" in rows[-1]


def suspended(events: list[str]) -> Callable[[], contextlib.AbstractContextManager[None]]:
    @contextlib.contextmanager
    def suspend() -> Iterator[None]:
        events.append("away")
        yield
        events.append("back")

    return suspend


def test_the_pager_gets_the_record_without_control_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [record] = stream_of(tmp_path, worker_0=line("died") + "  \x1b]52;c;A\x07\n").poll().records
    out, events = tmp_path / "out", list[str]()
    script = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    monkeypatch.setenv("PAGER", f'"{sys.executable}" -c "{script}" "{out}"')
    assert in_pager(record, suspended(events)) == ""
    assert events == ["away", "back"]
    assert out.read_text(encoding="utf-8").splitlines() == [
        "2025-12-26T12:04:30.000+00:00 W0 INFO died",
        r"  \x1b]52;c;A\x07",
    ]


@pytest.mark.parametrize("command", ["no-such-pager-anywhere", '"open'])
def test_a_pager_that_does_not_start_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    [record] = stream_of(tmp_path, worker_0=line("died")).poll().records
    monkeypatch.setenv("PAGER", command)
    problem = in_pager(record, suspended([]))
    assert problem.endswith(".")
    assert "pager" in problem.lower()


def test_the_lowest_level_goes_round() -> None:
    chosen, seen = Chosen(), []
    for _ in range(4):
        seen.append(chosen.level)
        chosen = chosen.but(level=chosen.next_level)
    assert seen == [Level.INFO, Level.WARN, Level.ERROR, Level.DEBUG]
    assert chosen.level is Level.INFO
