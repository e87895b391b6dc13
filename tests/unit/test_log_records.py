"""A line of a log in words: ours, Appium's, and what is no text at all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from engine.log_stream import Level, Record
from tests.log_folder import NOON, LogDay, line


@pytest.fixture
def day(tmp_path: Path) -> LogDay:
    return LogDay(tmp_path)


def only(day: LogDay, text: str, name: str = "worker_0.log") -> Record:
    day.append(name, text)
    (record,) = day.look().records
    return record


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("event=job_claimed attempt=1", "job claimed, attempt 1"),
        ("event=job_claimed job=D1 attempt=2", "job claimed, attempt 2"),
        ("event=phase phase=boot job=D1 attempt=2", "phase boot"),
        ('event=said text="max passes: 3"', "max passes: 3"),
        ('event=pass_started text="Starting pass 1/3" jobs=8',
         "pass started: Starting pass 1/3, jobs 8"),
        ("state=ADB_READY event=state before=ADB_PENDING seconds=2.1",
         "state ADB_READY, before ADB_PENDING, seconds 2.1"),
        ("event=phase phase=boot before= seconds=0.005", "phase boot, seconds 0.005"),
        ('event=job_failed error="device \\"x\\" offline" error_type=adb_timeout',
         'job failed: device "x" offline, error type adb_timeout'),
        ('event=read path="C:\\\\new folder"', "read, path C:\\new folder"),
        ("event=odd stray words", "odd, stray words"),
        ('event=scaled worker=2 before=2 after=3 cause=room text="5 jobs wait: one worker more."',
         "workers 2 -> 3: 5 jobs wait: one worker more."),
        ("job=D1 account=a", ""),
    ],
)  # fmt: skip
def test_a_line_of_ours_is_told_in_words(day: LogDay, rest: str, words: str) -> None:
    record = only(day, f"ts={NOON.isoformat()} level=info worker=0 {rest}")
    assert (record.text, record.more, record.ts) == (words, (), NOON)


def test_a_warning_tells_which_try_went_wrong(day: LogDay) -> None:
    text = line("session refused", level="warning", rest="job=D1 attempt=2 why=busy")
    assert only(day, text).text == "session refused, attempt 2, why busy"


def test_the_supervisors_lines_name_the_worker(day: LogDay) -> None:
    record = only(day, line("worker_state", rest="worker=3 state=OPEN"), "orchestrator.log")
    assert (record.source, record.text) == ("orch", "worker 3 state OPEN")
    record = only(day, line("alarm", rest="worker=3 text=full"), "orchestrator.log")
    assert record.text == "worker 3 alarm: full"


def test_a_value_of_several_lines_is_shown_below(day: LogDay) -> None:
    trace = 'Traceback:\n  File "x", line 1\nValueError: a\\b = 1'
    renderer = structlog.processors.LogfmtRenderer(key_order=("ts", "level", "event"))
    rendered = renderer(
        None, "", {"ts": NOON.isoformat(), "level": "error", "event": "died", "exception": trace}
    )
    record = only(day, str(rendered))
    assert record.text == "died, exception ValueError: a\\b = 1"
    assert record.more == ("Traceback:", '  File "x", line 1', "ValueError: a\\b = 1")
    record = only(day, line("said", at=0.1, rest='text="one\\ntwo"'))
    assert (record.text, record.more) == ("one", ("two",))


@pytest.mark.parametrize(
    ("name", "level"),
    [("debug", "DEBUG"), ("info", "INFO"), ("warning", "WARN"), ("error", "ERROR"),
     ("critical", "ERROR"), ("strange", "INFO")],
)  # fmt: skip
def test_our_levels_become_four(day: LogDay, name: str, level: str) -> None:
    assert only(day, line("x", level=name)).level == level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("[HTTP] --> GET /status", Level.INFO),
        ("[debug] [ADB] Running adb", Level.DEBUG),
        ("[WARN] [ADB] slow", Level.WARN),
        ("[AndroidUiautomator2Driver] Error: socket hang up", Level.ERROR),
        ("[HTTP] Encountered internal error running command: InvalidSession", Level.INFO),
        ("[ADB] SessionNotCreatedException: gone", Level.ERROR),
        ("E/AndroidRuntime( 2210): FATAL EXCEPTION: main", Level.ERROR),
        ("W/System: odd", Level.WARN),
        ("[HTTP] " + "x" * 200 + " Error: in a page", Level.INFO),
    ],
)
def test_levels_of_appium_are_guessed_by_its_tags(day: LogDay, text: str, level: Level) -> None:
    record = only(day, f"2026-11-21 12:00:00:449 - {text}", "appium_0.log")
    assert (record.source, record.level, record.text) == ("A0", level, text)


def test_a_time_without_a_zone_is_this_hosts_and_another_is_kept(day: LogDay) -> None:
    local = NOON.astimezone().replace(tzinfo=None)
    record = only(day, f"{local:%Y-%m-%d %H:%M:%S}:449 - [Appium] hello", "appium_0.log")
    assert record.ts == NOON + timedelta(milliseconds=449)
    record = only(day, "2026-11-21T14:00:00.05+02:00 hello", "appium_0.log")
    assert record.ts == NOON + timedelta(milliseconds=50)
    assert record.ts.utcoffset() == timedelta(hours=2)


def test_what_only_looks_like_a_time_is_text(day: LogDay) -> None:
    record = only(day, "2026-19-41 12:00:00 hello", "custom.log")
    assert record.ts is None
    assert "hello" in record.text
    record = only(day, "ts=2026-19-41T12:00:00 level=info event=x", "worker_1.log")
    assert (record.ts, record.text) == (None, "x")


def test_bytes_that_are_no_text_are_shown_and_controls_stay(day: LogDay) -> None:
    day.path("custom.log").write_bytes(b"caf\xe9 \x1b]52;c;x\x07 \xe2\x98\x83\r\n")
    (record,) = day.look().records
    assert record.text == "caf\\xe9 \x1b]52;c;x\x07 ☃"


def test_a_line_of_a_megabyte_is_cut_with_a_mark(day: LogDay) -> None:
    record = only(day, "x" * 1_048_576, "custom.log")
    assert record.text == "x" * 16_384 + " … 1,032,192 characters more"
    assert record.cost < 20_000
    text = only(day, "ü" * 10_000, "custom.log").text
    assert text == "ü" * 8_192 + " … 1,808 characters more"
    quoted = only(day, line("said", rest=f'text="{"y" * 20_000}"'), "worker_1.log").text
    assert quoted.startswith("yyy")
    assert quoted.endswith(" characters more")


def test_a_cut_never_divides_a_character(day: LogDay) -> None:
    text = only(day, "a" + "☃" * 6_000, "custom.log").text
    kept = (16_384 - 1) // 3
    assert text == "a" + "☃" * kept + f" … {6_000 - kept} characters more"


REQUEST = (
    '{"context":{"isSensitive":false,"requestId":"f0"},"level":"debug",'
    '"message":"[HTTP] --> GET /session/1/source","timestamp":"2026-11-21 12:00:01:250"}'
)


def test_a_line_of_appiums_json_log_is_told_by_its_message(day: LogDay) -> None:
    record = only(day, REQUEST, "appium_0.log")
    assert (record.source, record.level) == ("A0", Level.DEBUG)
    assert record.text == "[HTTP] --> GET /session/1/source"
    assert record.more == ()
    assert record.raw == REQUEST
    assert record.ts is not None
    assert record.ts.isoformat().startswith("2026-11-21T12:00:01.250")


@pytest.mark.parametrize(
    ("name", "level"),
    [("debug", "DEBUG"), ("info", "INFO"), ("warn", "WARN"), ("error", "ERROR"), ("odd", "INFO")],
)
def test_appiums_own_level_counts_whatever_its_words_are(
    day: LogDay, name: str, level: str
) -> None:
    said = f'{{"level":"{name}","message":"Error: odd","timestamp":"2026-11-21 12:00:01:250"}}'
    assert only(day, said, "appium_0.log").level == level


def test_a_message_of_several_lines_shows_the_others_below(day: LogDay) -> None:
    said = (
        '{"level":"info","message":"{ port: 1,\\n  host: 2 }","timestamp":"2026-11-21 12:00:01:2"}'
    )
    record = only(day, said, "appium_0.log")
    assert (record.text, record.more) == ("{ port: 1,", ("  host: 2 }",))


@pytest.mark.parametrize(
    "said", ['{"level":"info","message":', '{"timestamp":"2026-11-21 12:00:01:250"}', '{"', '{"a"}']
)
def test_what_only_begins_like_json_stays_as_it_is(day: LogDay, said: str) -> None:
    assert only(day, said, "appium_0.log").text == said
