"""One record of a log, as the line that Logs and Cockpit show of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from console.log_text import segments
from console.times import TimeStyle
from engine.log_stream import LogStream, Record

NOW = datetime(2025, 12, 26, 12, 4, 31, tzinfo=UTC)
START = datetime(2025, 12, 26, 10, 27, 10, tzinfo=UTC)
TAPPED = (
    "ts=2025-12-26T12:04:29.066Z level=info worker=0 job=DM6m1Econ4x account=acct_017 "
    'event="tapped Share at (540, 1180)"\n'
)


def record(folder: Path, line: str, name: str = "worker_0.log") -> Record:
    (folder / name).write_text(line, encoding="utf-8")
    return LogStream(folder, now=lambda: NOW).poll().records[0]


def text(found: Record, *, wide: bool = False, style: TimeStyle = TimeStyle.CLOCK) -> str:
    parts = segments(found, wide=wide, style=style, now=NOW, start=START, count_more=True)
    return "".join(part for part, _ in parts)


def test_a_narrow_line_has_the_time_the_worker_the_level_and_the_words(tmp_path: Path) -> None:
    found = record(tmp_path, TAPPED)
    assert text(found) == "12:04:29.066 W0 INFO  tapped Share at (540, 1180)"
    short = segments(found, wide=False, style=TimeStyle.CLOCK, now=NOW, start=START, millis=False)
    assert "".join(part for part, _ in short).startswith("12:04:29 W0 INFO  tapped")


def test_a_wide_line_has_the_account_in_a_column(tmp_path: Path) -> None:
    line = text(record(tmp_path, TAPPED), wide=True)
    assert line == "12:04:29.066  W0  INFO   acct_017   tapped Share at (540, 1180)"


def test_the_supervisor_is_no_worker(tmp_path: Path) -> None:
    line = 'ts=2025-12-26T12:04:26.001Z level=info event="worker 3 in backoff"\n'
    assert text(record(tmp_path, line, "orchestrator.log")).startswith("12:04:26.001 -- INFO ")


def test_times_follow_the_operators_style(tmp_path: Path) -> None:
    found = record(tmp_path, TAPPED)
    assert text(found, style=TimeStyle.AGE).startswith("        0:01 W0")
    assert text(found, style=TimeStyle.RUN).startswith("    +1:37:19 W0")


def test_a_line_of_another_day_says_which(tmp_path: Path) -> None:
    found = record(tmp_path, TAPPED.replace("2025-12-26T12", "2025-12-24T12"))
    assert text(found).startswith("24 Dec 12:04 W0")


def test_lines_that_belong_to_a_record_are_counted(tmp_path: Path) -> None:
    found = record(tmp_path, TAPPED + "  at worker.run_job\n  at device.start\n")
    assert text(found).endswith("(540, 1180)   (+2 lines)")
