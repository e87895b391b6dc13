"""Which records are shown, and the figures beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.log_stream import (
    Context,
    ErrorClusters,
    LogFilter,
    MinuteCounts,
    PatternError,
    Record,
)
from tests.log_folder import NOON, LogDay, line


@pytest.fixture
def day(tmp_path: Path) -> LogDay:
    return LogDay(tmp_path)


def shown(records: Sequence[Record], chosen: LogFilter) -> list[str]:
    return [record.text for record in records if chosen.matches(record)]


def test_level_log_job_and_words_must_all_fit(day: LogDay) -> None:
    day.says("worker_0.log", "started", at=-4, rest="job=D1 account=acct001")
    day.says("worker_0.log", "adb slow", at=-3, level="warning", rest="job=D1 account=acct001")
    day.says("worker_1.log", "device offline", at=-2, level="error", rest="job=D2")
    day.append("worker_1.log", "  uiautomator2 died")
    records = day.look().records
    assert shown(records, LogFilter()) == ["started", "adb slow", "device offline"]
    assert shown(records, LogFilter(level="WARN")) == ["adb slow", "device offline"]
    assert shown(records, LogFilter(sources=["W0"])) == ["started", "adb slow"]
    assert shown(records, LogFilter(job="D1", level="WARN")) == ["adb slow"]
    assert shown(records, LogFilter(pattern="died|slow")) == ["adb slow", "device offline"]
    assert shown(records, LogFilter(pattern="ACCT")) == []
    assert shown(records, LogFilter(pattern="acct001")) == ["started", "adb slow"]
    assert shown(records, LogFilter(pattern="d2$")) == ["device offline"]


def test_notices_pass_every_level_of_their_log(day: LogDay) -> None:
    day.says("worker_0.log", "x")
    day.look()
    day.path("worker_0.log").unlink()
    (notice,) = day.look().records
    assert LogFilter(level="ERROR", job="D1").passes(notice)
    assert not LogFilter(sources=["W1"]).passes(notice)
    assert not LogFilter(pattern="nothing like it").matches(notice)
    assert day.stream.records(level="ERROR") == [notice]


def test_a_bad_pattern_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(PatternError, match=r"/died\(/ .* at character 5") as caught:
        LogFilter(pattern="died(")
    assert caught.value.position == 4
    assert isinstance(caught.value, InputError)


@pytest.mark.parametrize("pattern", ["(a+)+b", "a*a*a*b", "(a|aa)+$", r"(x)\1", "a?" * 30 + "b"])
def test_a_pattern_that_might_hang_the_screen_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match=r"^/.*/ (has|repeats|refers)"):
        LogFilter(pattern=pattern)


def test_words_are_found_anywhere_in_a_long_line(day: LogDay) -> None:
    day.append("worker_0.log", "x" * 5_000 + " device offline")
    (record,) = day.look().records
    assert LogFilter(pattern="device|nothing").hits(record)
    assert LogFilter(pattern="^x+").hits(record)
    assert not LogFilter(pattern="e+ o").hits(record), "a repeat looks at the line's beginning"


def test_only_matches_come_with_two_lines_on_either_side(day: LogDay) -> None:
    events = [f"e{number}" for number in range(12)]
    for number in (4, 10):
        events[number] = "hit"
    day.append("worker_0.log", *(line(event, at=n - 20) for n, event in enumerate(events)))
    records = day.look().records
    whole = Context(LogFilter(pattern="hit")).feed(records)
    assert [(record.text, hit) for record, hit in whole] == [
        ("e2", False), ("e3", False), ("hit", True), ("e5", False), ("e6", False),
        ("e8", False), ("e9", False), ("hit", True), ("e11", False),
    ]  # fmt: skip
    context = Context(LogFilter(pattern="hit"))
    assert [pair for record in records for pair in context.feed([record])] == whole


def test_minutes_are_counted_by_level(day: LogDay) -> None:
    counts = MinuteCounts()
    day.says("worker_0.log", "long ago", at=-3600)
    day.says("worker_0.log", "a", at=-90, level="error")
    day.says("worker_0.log", "b", at=-80, level="warning")
    day.says("worker_0.log", "c", at=0)
    counts.add(day.look().records)
    day.path("worker_0.log").unlink()
    counts.add(day.look().records)
    last = counts.last(day.now)
    assert len(last) == 60
    assert [(minute.lines, minute.errors, minute.warnings) for minute in last[-3:]] == [
        (2, 1, 1), (0, 0, 0), (1, 0, 0),
    ]  # fmt: skip
    assert sum(minute.lines for minute in last) == 3
    assert sum(minute.lines for minute in counts.last(day.now + timedelta(hours=2))) == 0


def test_the_same_error_twice_is_told_with_its_places(day: LogDay) -> None:
    clusters = ErrorClusters()
    failed = "session not created on 10.8.0.5{}:5555"
    for number, at in ((1, -360), (3, 0)):
        rest = f'job=D{number} account=acct00{number} error="{failed.format(number)}"'
        day.says(f"worker_{number}.log", "job_failed", at=at, level="error", rest=rest)
    day.says("worker_1.log", "other", at=-5, level="error")
    records = day.look().records
    clusters.add(records)
    first = clusters.of(records[0])
    minutes = [(NOON + timedelta(seconds=at)).astimezone() for at in (-360, 0)]
    assert str(first) == f"same error twice: W1 {minutes[0]:%H:%M}, W3 {minutes[1]:%H:%M}"
    assert clusters.of(records[1]) is None
    assert clusters.repeated() == [first]
    clusters.add([records[0]] * 3)
    assert str(first).startswith("same error 5 times: … W3 ")


def test_the_errors_not_seen_for_longest_are_forgotten(day: LogDay) -> None:
    clusters = ErrorClusters()
    letters = [chr(ord("g") + number // 16) + chr(ord("g") + number % 16) for number in range(210)]
    day.append(
        "worker_0.log",
        *(line(f"e{two}", at=n - 300, level="error") for n, two in enumerate(letters)),
    )
    records = day.look().records
    clusters.add(records)
    clusters.add([records[0], records[-1]])
    assert clusters.of(records[0]) is None
    assert clusters.of(records[-1]) is not None
