"""All logs of a folder as one: their order, what comes late or in parts, and the bounds."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from engine.log_stream import Level, LogStream, folder
from engine.log_stream.record import Record
from engine.log_stream.ring import Ring
from tests.log_folder import NOON, LogDay, line, texts


@pytest.fixture
def day(tmp_path: Path) -> LogDay:
    return LogDay(tmp_path)


def test_records_of_all_logs_are_in_order_of_time(day: LogDay) -> None:
    day.says("worker_0.log", "second", at=-2)
    day.says("worker_1.log", "first", at=-3)
    day.says("orchestrator.log", "third", at=-1)
    found = day.look().records
    assert [(record.source, record.text, record.seq) for record in found] == [
        ("W1", "first", 1),
        ("W0", "second", 2),
        ("orch", "third", 3),
    ]
    assert found[0].ts == NOON - timedelta(seconds=3)


def test_a_look_at_nothing_new_is_an_empty_batch(day: LogDay) -> None:
    assert not day.look()
    day.says("worker_0.log", "once")
    assert day.look()
    assert not day.look()


def test_every_log_is_a_source_and_rotated_ones_are_not(day: LogDay) -> None:
    names = ("custom.log", "appium_10.log", "worker_2.log", "worker_10.log", "orchestrator.log")
    for name in (*names, "worker_2.stderr.log", "worker_2.log.1", "notes.txt"):
        day.says(name, "here")
    day.look()
    assert list(day.stream.sources()) == [
        "orch", "W2", "W10", "A10", "custom", "worker_2.stderr",
    ]  # fmt: skip


def test_a_log_that_appears_later_is_picked_up_whole(day: LogDay) -> None:
    day.says("worker_0.log", "old", at=-1)
    day.look()
    day.says("worker_1.log", "new", at=0.2)
    day.says("worker_1.log", "newer", at=0.3)
    assert texts(day.look(0.5)) == ["new", "newer"]


def test_a_folder_that_appears_later_is_picked_up(tmp_path: Path) -> None:
    day = LogDay(tmp_path / "logs")
    assert not day.look()
    day.folder.mkdir()
    day.says("worker_0.log", "at last", at=0.1)
    assert texts(day.look()) == ["at last"]


def test_an_expected_log_that_is_not_there_yet_is_a_line_and_no_error(tmp_path: Path) -> None:
    stream = LogStream(tmp_path, expected=("worker_0.log",), now=lambda: NOON)
    (notice,) = stream.poll().notices
    assert (notice.source, notice.kind, notice.line) == ("W0", "notice", None)
    assert notice.text.startswith("-- not there yet ")
    assert not stream.sources()["W0"].present
    (tmp_path / "worker_0.log").write_text(line("here") + "\n")
    assert [record.text for record in stream.poll().records] == ["here"]
    assert stream.sources()["W0"].present


def test_a_line_without_its_end_waits_for_it(day: LogDay) -> None:
    day.append("worker_0.log", line("whole"), line("torn")[:-2])
    day.path("worker_0.log").write_bytes(day.path("worker_0.log").read_bytes()[:-1])
    assert texts(day.look()) == ["whole"]
    day.append("worker_0.log", "rn")
    assert texts(day.look()) == ["torn"]


def test_lines_that_follow_belong_to_the_record(day: LogDay) -> None:
    day.append("worker_0.log", line("died", level="error"), "  in a frame", "", "Error: no", "")
    (record,) = day.look().records
    assert record.more == ("  in a frame", "Error: no")
    assert day.stream.sources()["W0"].lines == 5


def test_lines_that_follow_later_are_attached_and_told_of(day: LogDay) -> None:
    day.says("worker_0.log", "died", level="error")
    (record,) = day.look().records
    day.append("worker_0.log", "  frame 1")
    batch = day.look()
    assert (batch.records, batch.grown, bool(batch)) == ((), (record.seq,), True)
    day.append("worker_0.log", "  frame 2")
    day.says("worker_0.log", "next", at=0.1)
    batch = day.look()
    assert (texts(batch), batch.grown) == (["next"], (record.seq,))
    assert record.more == ("  frame 1", "  frame 2")


def test_a_stack_trace_on_stderr_is_one_record(day: LogDay) -> None:
    day.append(
        "worker_0.stderr.log",
        "starting", "Traceback (most recent call last):", '  File "x"', "ValueError: no", "",
        "During handling of the above exception, another exception occurred:", "",
        "Traceback (most recent call last):", '  File "y"', "KeyError: 1", "going on",
    )  # fmt: skip
    found = day.look().records
    assert [(record.text, len(record.more), record.level) for record in found] == [
        ("starting", 0, Level.INFO),
        ("Traceback (most recent call last):", 6, Level.ERROR),
        ("going on", 0, Level.INFO),
    ]
    assert found[1].more[-1] == "KeyError: 1"
    assert found[0].ts is None


def test_a_continuation_without_bound_is_counted_and_not_kept(day: LogDay) -> None:
    day.says("worker_0.log", "dump")
    day.append("worker_0.log", *("x" * 999 for _ in range(200)))
    (record,) = day.look().records
    assert len(record.more) == 66
    assert record.more[-1] == "… 135 lines more"


def test_what_was_stamped_during_the_look_waits_for_the_next(day: LogDay) -> None:
    day.look()
    day.says("worker_0.log", "before", at=0.15)
    day.says("worker_0.log", "during", at=0.201)
    assert texts(day.look()) == ["before"]
    day.says("worker_1.log", "between", at=0.2)
    day.says("worker_0.log", "after", at=0.25)
    batch = day.look()
    assert texts(batch) == ["between", "during", "after"]
    assert not batch.inserted


def test_a_log_whose_clock_is_ahead_is_delayed_by_one_look_only(day: LogDay) -> None:
    day.look()
    day.says("worker_0.log", "ahead", at=3600)
    assert not day.look()
    assert texts(day.look()) == ["ahead"]
    day.says("worker_1.log", "right", at=0.35)
    batch = day.look()
    assert texts(batch) == ["right"]
    assert not batch.inserted


def test_a_line_that_comes_late_is_put_where_it_belongs(day: LogDay) -> None:
    day.says("worker_0.log", "one", at=-3)
    day.says("worker_0.log", "three", at=-1)
    one, three = day.look().records
    day.says("worker_1.log", "two", at=-2)
    day.says("worker_1.log", "four", at=0.15)
    batch = day.look()
    two, four = batch.records
    assert batch.inserted == {two.seq: three.seq}
    assert day.stream.records() == [one, two, three, four]
    assert not two.late


def test_a_line_that_comes_too_late_is_appended_and_says_so(day: LogDay) -> None:
    day.says("worker_0.log", "new", at=0)
    day.look()
    day.says("worker_1.log", "old", at=-2.1)
    batch = day.look()
    assert [(record.text, record.late) for record in batch.records] == [("old", True)]
    assert not batch.inserted
    assert [record.text for record in day.stream.records()] == ["new", "old"]


def test_old_lines_are_not_late_where_nothing_newer_was_shown(day: LogDay) -> None:
    day.says("worker_0.log", "yesterday", at=-86_400)
    day.look()
    day.says("worker_1.log", "a moment later", at=-86_399)
    (record,) = day.look().records
    assert not record.late


def test_a_files_own_order_is_kept_whatever_its_times_say(day: LogDay) -> None:
    day.says("worker_0.log", "a", at=-1)
    day.says("worker_0.log", "b", at=-1.5)
    day.says("worker_1.log", "c", at=-1.2)
    assert texts(day.look()) == ["c", "a", "b"]


def test_the_start_reads_only_the_end_of_a_long_log(day: LogDay) -> None:
    count = 20_000
    day.append("worker_0.log", *(line("x", at=-30_000 + number) for number in range(count)))
    first = day.look().records[0]
    assert first.line is None
    assert 1000 < len(day.stream.records()) < 15_000
    day.look()
    day.look()
    assert first.line == count - len(day.stream.records()) + 1


def test_a_line_that_begins_at_the_bound_of_the_start_is_read(day: LogDay) -> None:
    length = 128
    count = 768 * 1024 // length
    day.append("worker_0.log", *(f"{number:0{length - 1}}" for number in range(count)))
    found = day.look().records
    assert int(found[0].text) == count - 256 * 1024 // length
    assert int(found[-1].text) == count - 1


def test_starting_on_twenty_full_logs_takes_no_time(tmp_path: Path) -> None:
    day = LogDay(tmp_path)
    full = [line("step", at=number - 6000, rest="job=D1 attempt=1") for number in range(4000)]
    for number in range(10):
        day.append(f"worker_{number}.log", *full)
        day.append(f"appium_{number}.log", *full)
    began = time.process_time()
    batch = day.look()
    assert time.process_time() - began < 0.25  # 0.04 s; generous for a busy machine
    assert len(batch.records) > 5000


def test_each_log_keeps_its_newest_records(tmp_path: Path) -> None:
    day = LogDay(tmp_path, ring=10)
    for number in range(30):
        day.says("worker_0.log", f"e{number}", at=number - 100)
    day.says("worker_1.log", "quiet", at=-100)
    day.look()
    assert [record.text for record in day.stream.records(["W0"])] == [
        f"e{number}" for number in range(20, 30)
    ]
    assert [record.text for record in day.stream.records(["W1"])] == ["quiet"]
    assert day.stream.sources()["W0"].lines == 30


def test_where_all_logs_are_too_much_the_fullest_gives(day: LogDay) -> None:
    for number in range(50):
        day.says("worker_0.log", "loud", at=number - 100)
    day.says("worker_1.log", "quiet", at=-200)
    found = day.look().records
    ring = Ring(1000, records=20)
    ring.add(found)
    assert [record.text for record in ring.merged()] == ["quiet"] + ["loud"] * 19
    tight = Ring(1000, memory=10 * found[0].cost)
    tight.add(found)
    assert tight.cost <= 10 * found[0].cost
    assert [record.text for record in tight.merged(["W1"])] == ["quiet"]


def test_memory_is_accounted_for_as_records_grow_and_go(tmp_path: Path) -> None:
    day = LogDay(tmp_path)
    day.says("worker_0.log", "first")
    (record,) = day.look().records
    ring = Ring(1)
    ring.add([record])
    before = record.cost
    record.attach(b"  a frame")
    ring.grew(record, record.cost - before)
    assert ring.cost == record.cost > before
    day.says("worker_0.log", "second", at=0.1)
    (second,) = day.look().records
    ring.add([second])
    ring.grew(record, 5)
    assert ring.cost == second.cost


def test_records_are_chosen_by_log_and_level(day: LogDay) -> None:
    day.says("worker_0.log", "fine", at=-3)
    day.says("worker_0.log", "slow", at=-2, level="warning")
    day.says("worker_1.log", "dead", at=-1, level="error")
    day.look()
    assert [r.text for r in day.stream.records(level="WARN")] == ["slow", "dead"]
    assert [r.text for r in day.stream.records({"W0"}, Level.WARN)] == ["slow"]
    states = day.stream.sources()
    assert (states["W0"].warnings, states["W1"].errors) == (1, 1)
    assert states["W0"].size == day.path("worker_0.log").stat().st_size


def test_a_time_is_found_exactly_or_next_to_it(day: LogDay) -> None:
    assert day.stream.find_time(NOON) is None
    for second in (-30, -20, -10):
        day.says("worker_0.log", f"at{-second}", at=second)
    day.says("worker_1.log", "other", at=-25)
    day.look()

    def found(second: float, sources: tuple[str, ...] | None = None) -> str:
        record = day.stream.find_time(NOON + timedelta(seconds=second), sources)
        return record.text if record else ""

    assert found(-20) == "at20"
    assert found(-29) == "other"
    assert found(-29, ("W0",)) == "at20"
    assert found(-99) == "at30"
    assert found(99) == "at10"


def test_the_lines_of_a_job_are_found(day: LogDay) -> None:
    day.says("worker_0.log", "claimed", at=-3, rest="job=D1 account=acct001")
    day.says("worker_0.log", "claimed", at=-2, rest="job=D12 account=acct002")
    day.says("orchestrator.log", "worker_job", at=-1, rest="worker=0 job=D1 key=acct001")
    day.look()
    assert [(r.source, r.job, r.key) for r in day.stream.of_job("D1")] == [
        ("W0", "D1", "acct001"),
        ("orch", "D1", "acct001"),
    ]


def test_a_line_of_a_file_is_found_by_its_number(day: LogDay) -> None:
    day.append("worker_0.log", line("one", at=-3), "  below", line("two", at=-2), line("three"))
    day.look()

    def at(number: int) -> Record | None:
        return day.stream.at("worker_0.log", number)

    found = [at(number) for number in range(6)]
    assert [r.text if r else None for r in found] == [None, "one", "one", "two", "three", None]
    assert day.stream.at(day.path("worker_0.log"), 3) == found[3]
    assert day.stream.at("worker_9.log", 1) is None


def test_a_number_beyond_the_new_file_is_looked_for_in_the_rotated_one(day: LogDay) -> None:
    day.append("worker_0.log", *(line(f"old{number}", at=number - 10) for number in range(5)))
    day.look()
    day.path("worker_0.log").rename(day.path("worker_0.log.1"))
    day.says("worker_0.log", "new", at=0.1)
    day.look()
    found = [day.stream.at("worker_0.log", number) for number in (1, 4)]
    assert [record.text if record else None for record in found] == ["new", "old3"]


def test_the_number_of_a_line_is_counted_when_it_is_asked_for(day: LogDay) -> None:
    day.append("worker_0.log", *(line(f"e{number}", at=number - 9999) for number in range(9000)))
    day.look()
    found = day.stream.at("worker_0.log", 8999)
    assert found is not None
    assert (found.text, found.line) == ("e8998", 8999)


def test_going_back_on_disk_gives_everything_once_newest_first(tmp_path: Path) -> None:
    day = LogDay(tmp_path, ring=50)
    day.append("worker_0.log.1", *(line(f"a{number}", at=number - 20_000) for number in range(99)))
    for number in range(9000):
        day.append("worker_0.log", line(f"b{number}", at=number - 15_000), "  below it")
    day.says("worker_1.log", "other", at=-17_000.5)
    day.look()
    day.look()
    kept = [record.text for record in day.stream.records(["W0"])]
    older = list(day.stream.older(["W0"]))
    expected = [f"a{number}" for number in range(99)] + [f"b{number}" for number in range(9000)]
    assert [record.text for record in reversed(older)] + kept == expected
    assert {record.more for record in older[:-99]} == {("  below it",)}
    assert [record.seq for record in older[:3]] == [-1, -2, -3]
    assert (older[0].line, older[8000].path.name) == (17_899, "worker_0.log")
    assert older[-1].path.name == "worker_0.log.1"
    everything = [record.place for record in day.stream.older()]
    assert everything == sorted(everything, reverse=True)


def test_going_back_where_the_file_has_gone_is_the_end(day: LogDay) -> None:
    day.append("worker_0.log", *(line("x", at=number - 9999) for number in range(9000)))
    day.look()
    day.path("worker_0.log").write_text("something else\n")
    assert list(day.stream.older()) == []


def test_a_pipe_or_a_folder_among_the_logs_is_left_alone(day: LogDay) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(day.path("pipe.log"))
    day.path("folder.log").mkdir()
    day.says("worker_0.log", "here")
    assert texts(day.look()) == ["here"]


def test_logs_of_sub_folders_are_followed_under_their_own_names(day: LogDay) -> None:
    day.path("agents").mkdir()
    day.says("agents/A1_1700.log", "begun")
    day.says("agents/worker_0.log", "of the same name as ours", at=1)
    day.says("worker_0.log", "ours", at=2)
    assert sorted(texts(day.look())) == ["begun", "of the same name as ours", "ours"]
    assert set(day.stream.sources()) == {"W0", "A1_1700", "agents/worker_0"}
    day.says("agents/A2_1701.log", "made later", at=3)
    assert [*texts(day.look(5)), *texts(day.look(5))] == ["made later"]


def test_of_very_many_logs_in_sub_folders_the_newest_are_followed(day: LogDay) -> None:
    day.path("agents").mkdir()
    for number in range(folder.NEWEST + 3):
        day.says(f"agents/t{number}.log", str(number))
        os.utime(day.path(f"agents/t{number}.log"), (1000 + number, 1000 + number))
    day.look()
    assert set(day.stream.sources()) == {f"t{number}" for number in range(3, folder.NEWEST + 3)}
