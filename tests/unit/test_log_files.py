"""Logs that are rotated, cut short, removed and made again while they are followed."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.log_stream import Batch, LogStream
from tests.log_folder import NOON, LogDay, line, texts

LOG = "worker_0.log"


@pytest.fixture
def day(tmp_path: Path) -> LogDay:
    return LogDay(tmp_path)


def told(batch: Batch) -> list[str]:
    """The texts, notices without their time."""
    return [
        record.text.split()[1] if record.kind == "notice" else record.text
        for record in batch.records
    ]


def rotate(day: LogDay, keep: int = 3) -> None:
    for number in range(keep, 0, -1):
        newer = day.path(f"{LOG}.{number - 1}") if number > 1 else day.path(LOG)
        if newer.exists():
            newer.replace(day.path(f"{LOG}.{number}"))


def test_no_line_is_lost_when_a_log_is_rotated(day: LogDay) -> None:
    day.says(LOG, "one")
    day.look()
    day.says(LOG, "two", at=0.11)
    rotate(day)
    day.says(LOG, "three", at=0.12)
    batch = day.look()
    assert told(batch) == ["two", "rotated", "three"]
    assert [record.line for record in batch.records] == [2, None, 1]
    local = day.now.astimezone()
    assert batch.notices[0].text == f"-- rotated {local:%H:%M} --"
    assert not day.look()


def test_a_rotation_is_told_once_when_the_new_file_comes_later(day: LogDay) -> None:
    day.says(LOG, "one")
    day.look()
    day.says(LOG, "two", at=0.11)
    rotate(day)
    assert told(day.look()) == ["two", "rotated"]
    assert not day.stream.sources()["W0"].present
    assert not day.look()
    day.says(LOG, "three", at=0.35)
    assert told(day.look()) == ["three"]


def test_no_line_is_lost_over_several_rotations_between_two_looks(day: LogDay) -> None:
    day.says(LOG, "one")
    day.look()
    for number, event in enumerate(("two", "three", "four")):
        day.says(LOG, event, at=0.11 + number / 100)
        rotate(day)
    day.says(LOG, "five", at=0.15)
    assert told(day.look()) == ["two", "three", "four", "rotated", "five"]


def test_a_torn_last_line_of_a_rotated_log_is_delivered(day: LogDay) -> None:
    day.says(LOG, "one")
    day.look()
    day.append(LOG, line("torn", at=0.11), end="")
    day.look()
    rotate(day)
    day.says(LOG, "two", at=0.15)
    assert told(day.look()) == ["torn", "rotated", "two"]


def test_a_log_that_is_copied_and_cut_short_loses_no_line(day: LogDay) -> None:
    day.says(LOG, "one")
    day.look()
    day.says(LOG, "two", at=0.11)
    shutil.copyfile(day.path(LOG), day.path(f"{LOG}.1"))
    os.truncate(day.path(LOG), 0)
    day.says(LOG, "three", at=0.12)
    assert told(day.look()) == ["two", "rotated", "three"]


def test_a_log_that_is_cut_short_is_read_from_its_beginning(day: LogDay) -> None:
    day.append(LOG, line("one"), line("torn"), end="\n")
    day.look()
    os.truncate(day.path(LOG), 0)
    day.says(LOG, "two", at=0.12)
    batch = day.look()
    assert told(batch) == ["truncated", "two"]
    assert batch.records[1].line == 1


def test_a_log_that_is_cut_short_and_longer_again_is_noticed(day: LogDay) -> None:
    day.says(LOG, "one")
    day.look()
    day.path(LOG).write_bytes(b"")
    day.append(LOG, *(line(f"e{number}", at=0.101) for number in range(3)))
    assert told(day.look()) == ["truncated", "e0", "e1", "e2"]


def test_a_hole_left_by_a_writer_that_keeps_its_place_is_no_line(day: LogDay) -> None:
    day.says(LOG, "one")
    day.look()
    os.truncate(day.path(LOG), 0)
    os.truncate(day.path(LOG), 100_000)
    day.says(LOG, "two", at=0.12)
    assert told(day.look()) == ["truncated", "two"]


def test_a_log_that_is_removed_says_so_once_and_is_taken_up_again(day: LogDay) -> None:
    day.says(LOG, "one")
    day.look()
    day.path(LOG).unlink()
    (notice,) = day.look().records
    assert notice.text.startswith("-- file gone ")
    assert not day.look()
    assert (day.stream.sources()["W0"].present, day.stream.sources()["W0"].size) == (False, 0)
    day.says(LOG, "two", at=0.35)
    assert told(day.look()) == ["two"]


def test_a_log_that_is_removed_and_made_again_between_two_looks_is_noticed(day: LogDay) -> None:
    day.says(LOG, "one")
    day.says(LOG, "two")
    day.look()
    day.path(LOG).rename(day.folder.parent / "elsewhere")
    day.append(LOG, *(line(f"e{number}", at=0.101) for number in range(5)))
    batch = day.look()
    assert texts(batch)[0].startswith("-- file gone, a new one ")
    assert texts(batch)[1:] == ["e0", "e1", "e2", "e3", "e4"]


def test_notices_stay_between_what_they_divide(day: LogDay) -> None:
    day.says(LOG, "one")
    day.look()
    day.says(LOG, "two", at=0.15)
    rotate(day)
    day.says(LOG, "three", at=0.16)
    day.look()
    assert [record.text.split()[0] for record in day.stream.records()] == [
        "one", "two", "--", "three",
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege there")
def test_a_log_behind_a_broken_path_says_so_once(day: LogDay) -> None:
    day.path(LOG).symlink_to(day.path(LOG))
    (notice,) = day.look().notices
    assert notice.text.startswith("-- cannot be read: ")
    assert not day.look()
    day.path(LOG).unlink()
    day.says(LOG, "mended", at=0.25)
    assert told(day.look()) == ["mended"]


def test_more_than_one_look_reads_comes_with_the_next_and_is_not_late(day: LogDay) -> None:
    day.says(LOG, "one", at=0.0)
    day.look()
    padding = "x" * 1000
    count = 5000
    day.append(LOG, *(line(f"e{number}", at=0.101, rest=f"p={padding}") for number in range(count)))
    first = day.look(10)
    assert first.behind
    second = day.look(10)
    found = [*first.records, *second.records]
    assert not second.behind
    assert [record.text.split(",")[0] for record in found] == [f"e{n}" for n in range(count)]
    assert not any(record.late for record in found)


ANY_LINE = st.one_of(
    st.sampled_from(
        [
            line("claimed", at=1), line("died", at=2, level="error", rest='error="a b"'),
            "2026-11-21 12:00:03:449 - [Appium] hello", "  File x", "ValueError: no", "",
            "Traceback (most recent call last):", "ts=rubbish level=info", "\ufeffWörter ☃ 😀",
            "x" * 20_000, "ü" * 9_000, "\x1b[31mred\x1b[0m\r",
        ]
    ).map(str.encode),
    st.binary(max_size=20).map(lambda data: data.replace(b"\n", b"")),
)  # fmt: skip
KNOWN = tuple[str, str, tuple[str, ...], int | None, object, str]


def delivered(folder: Path, portions: list[bytes]) -> list[KNOWN]:
    log = folder / LOG
    log.write_bytes(b"")
    now = NOON
    stream = LogStream(folder, now=lambda: now)
    stream.poll()
    for portion in (*portions, b"", b""):
        with log.open("ab") as file:
            file.write(portion)
        now += timedelta(seconds=1)
        stream.poll()
    return [
        (record.raw, record.text, record.more, record.line, record.ts, record.level)
        for record in stream.records()
    ]


@settings(max_examples=60, deadline=None)
@example(lines=[b"red\r"], cuts=[0.8])
@given(lines=st.lists(ANY_LINE, max_size=12), cuts=st.lists(st.floats(0, 1), max_size=6))
def test_the_records_do_not_depend_on_the_portions_in_which_they_are_written(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cuts: list[float]
) -> None:
    whole = b"".join(part + b"\n" for part in lines)
    places = sorted({0, len(whole), *(int(cut * len(whole)) for cut in cuts)})
    portions = [whole[a:b] for a, b in pairwise(places)]
    at_once = delivered(tmp_path_factory.mktemp("once"), [whole])
    assert delivered(tmp_path_factory.mktemp("parts"), portions) == at_once
    shown = sum(1 + len(record[2]) for record in at_once)
    assert shown >= sum(1 for part in lines if part.strip(b"\0\r\t\v\f \x1c\x1d\x1e\x1f"))


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.sampled_from(["write", "tear", "rotate", "copy", "look"]), max_size=25))
def test_no_line_is_lost_whatever_happens_to_the_file(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    day = LogDay(tmp_path_factory.mktemp("logs"))
    written: list[str] = []
    found: list[str] = []
    torn = False
    day.says(LOG, "e0")
    day.look()

    known = True  # an empty file that is filled, copied and emptied unseen leaves no trace

    def look() -> None:
        nonlocal known
        known = day.path(LOG).exists() and day.path(LOG).stat().st_size > 0
        found.extend(text for text in texts(day.look()) if not text.startswith("--"))

    for number, step in enumerate(steps, start=1):
        if step in ("write", "tear"):
            if not torn:
                written.append(f"e{number}")
            whole = "" if torn else line(f"e{number}", at=number / 1000)
            torn = step == "tear"
            day.append(LOG, whole, end="" if torn else "\n")
        elif step == "look":
            look()
        elif not torn and day.path(LOG).exists():
            if step == "rotate":
                rotate(day, keep=30)
            elif known:
                for older in range(30, 1, -1):
                    if day.path(f"{LOG}.{older - 1}").exists():
                        day.path(f"{LOG}.{older - 1}").replace(day.path(f"{LOG}.{older}"))
                shutil.copyfile(day.path(LOG), day.path(f"{LOG}.1"))
                os.truncate(day.path(LOG), 0)
                look()
    if torn:
        day.append(LOG, "")
    look()
    assert found == written
