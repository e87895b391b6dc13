from __future__ import annotations

import json
import os
import queue
import stat
import sys
from pathlib import Path

import pytest

from engine import event_file
from engine.config import Settings
from engine.control import StandingOrders
from engine.errors import InputError
from engine.processes import ProcessRegistry
from engine.run_state import COMMAND_MAX_BYTES, Command, Control, RunDirectory
from engine.supervision import Workers


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path / "run")
    directory.create()
    return directory


def refusals(run_dir: RunDirectory) -> tuple[list[Command], list[tuple[str, str]]]:
    refused: list[tuple[str, str]] = []
    commands = run_dir.take_commands(lambda name, why: refused.append((name, why)))
    return commands, refused


def test_a_command_is_taken_once_and_in_the_order_it_was_sent(run_dir: RunDirectory) -> None:
    first = Command(name="pause")
    second = Command(name="requeue", ids=("a", "b"))
    run_dir.send(first)
    run_dir.send(second)
    commands, refused = refusals(run_dir)
    assert [command.id for command in commands] == [first.id, second.id]
    assert commands[1].ids == ("a", "b")
    assert refused == []
    assert refusals(run_dir) == ([], [])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "Not a command"),
        (b'{"name": "self_destruct", "id": "x"}', "name"),
        (b'{"name": "pause", "id": "../../etc"}', "id"),
        (b'{"name": "pause", "id": "x", "extra": 1}', "extra"),
        (b"[" + b" " * COMMAND_MAX_BYTES + b"]", "larger than"),
    ],
    ids=["torn", "unknown name", "path as id", "unknown field", "too large"],
)
def test_what_is_no_command_is_refused_by_name_and_taken_away(
    run_dir: RunDirectory, content: bytes, why: str
) -> None:
    (run_dir.commands_path / "bad.json").write_bytes(content)
    commands, refused = refusals(run_dir)
    assert commands == []
    assert [name for name, _ in refused] == ["bad"]
    assert why in refused[0][1]
    assert list(run_dir.commands_path.iterdir()) == []


def test_a_half_written_command_is_not_seen(run_dir: RunDirectory) -> None:
    (run_dir.commands_path / ".abc.json.123.new").write_text('{"name": "pa')
    assert refusals(run_dir) == ([], [])


def test_a_status_of_another_schema_is_no_status(run_dir: RunDirectory) -> None:
    run_dir.status_path.write_text(json.dumps({"schema": 0, "state": "running"}))
    assert run_dir.read_status() is None
    run_dir.write_status({"state": "running"})
    assert run_dir.read_status() == {"schema": 1, "state": "running"}


def test_damaged_event_lines_are_passed_over(run_dir: RunDirectory) -> None:
    run_dir.append_event({"event": "one"})
    with run_dir.events_path.open("ab") as file:
        file.write(b"\xff\xfe not json\n")
    run_dir.append_event({"event": "two", "text": "caption \U0001f600\ud800"})
    assert [event["event"] for event in run_dir.events()] == ["one", "two"]


def test_the_answer_to_a_command_is_found_by_its_id(run_dir: RunDirectory) -> None:
    run_dir.append_event({"event": "command_answered", "id": "mine", "ok": False})
    tail = run_dir.tail()
    run_dir.append_event({"event": "command_answered", "id": "other", "ok": False})
    run_dir.append_event({"event": "command_answered", "id": "mine", "ok": True})
    answer = run_dir.wait_answer("mine", timeout=0, tail=tail)
    assert answer is not None
    assert answer["ok"] is True, "an answer from before the command was sent is none"
    assert run_dir.wait_answer("unknown", timeout=0, tail=tail) is None


def test_nobody_waits_for_the_answer_of_a_run_that_has_ended(run_dir: RunDirectory) -> None:
    tail = run_dir.tail()
    assert run_dir.wait_answer("mine", timeout=60, tail=tail, alive=lambda: False) is None


def test_a_follower_keeps_its_place_over_a_rotation(
    run_dir: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir.append_event({"event": "zero"})
    tail = run_dir.tail()
    run_dir.append_event({"event": "one"})
    monkeypatch.setattr(event_file, "EVENTS_MAX_BYTES", 1)
    run_dir.append_event({"event": "two"})
    monkeypatch.undo()
    run_dir.append_event({"event": "three"})
    assert [event["event"] for event in tail.read()] == ["one", "two", "three"]
    assert tail.read() == []


def test_a_follower_may_begin_with_what_is_there_and_pass_over_other_events(
    run_dir: RunDirectory,
) -> None:
    run_dir.append_event({"event": "alarm", "text": "old"})
    run_dir.append_event({"event": "outcome", "text": 'says "event": "alarm" only in passing'})
    alarms, new = run_dir.tail(whole=True).only("alarm"), run_dir.tail()
    run_dir.append_event({"event": "alarm", "text": "new"})
    assert [event["text"] for event in alarms.read()] == ["old", "new"]
    assert [event["text"] for event in new.read()] == ["new"]
    assert alarms.read() == []


def test_a_line_torn_by_a_crash_costs_itself_only(run_dir: RunDirectory) -> None:
    run_dir.append_event({"event": "one"})
    with run_dir.events_path.open("ab") as file:
        file.write(b'{"event": "to')
    after_the_crash = RunDirectory(run_dir.path)
    after_the_crash.append_event({"event": "two"})
    assert [event["event"] for event in after_the_crash.events()] == ["one", "two"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links in a folder are POSIX")
def test_what_is_no_plain_file_is_refused_without_being_opened(run_dir: RunDirectory) -> None:
    os.mkfifo(run_dir.commands_path / "pipe.json")
    (run_dir.commands_path / "link.json").symlink_to("/dev/zero")
    (run_dir.commands_path / "folder.json").mkdir()
    commands, refused = refusals(run_dir)
    assert commands == []
    assert sorted(name for name, _ in refused) == ["folder", "link", "pipe"]
    assert refusals(run_dir) == ([], []), "each is refused once"


def test_holds_that_cannot_be_read_are_not_forgotten_in_silence(run_dir: RunDirectory) -> None:
    assert run_dir.read_control() == Control()
    run_dir.write_control(Control(held_keys=frozenset({"a"})))
    assert run_dir.read_control().held_keys == {"a"}
    run_dir.control_path.write_text('{"held_keys": 7}')
    with pytest.raises(InputError, match=r"control\.json"):
        run_dir.read_control()


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_who_paused_and_when_is_kept_and_older_files_are_read(run_dir: RunDirectory) -> None:
    workers = Workers(
        0,
        run=Settings().run,
        command=lambda slot: [],
        registry=ProcessRegistry(run_dir.processes_path),
        logs=run_dir.path,
        inbox=queue.Queue(),
    )
    run_dir.control_path.write_text('{"paused": true, "held_keys": ["a"]}', encoding="utf-8")
    older = StandingOrders(run_dir, workers)
    assert (older.paused, older.paused_by, older.paused_at) == (True, "", None)
    older.pause(paused=False)
    older.pause(paused=True, by="ana")
    older.pause(paused=True, by="ben")
    later = StandingOrders(run_dir, workers)
    assert (later.paused, later.paused_by, later.held_keys) == (True, "ana", frozenset({"a"}))
    assert later.paused_at is not None
    later.pause(paused=False, by="ben")
    assert StandingOrders(run_dir, workers).paused_at is None
    assert (later.paused, later.paused_by) == (False, "")


def test_everything_in_the_run_directory_is_private(run_dir: RunDirectory) -> None:
    run_dir.send(Command(name="pause"))
    run_dir.write_status({"state": "running"})
    run_dir.append_event({"event": "one"})
    for path in [run_dir.path, *run_dir.path.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, f"{path} has mode {mode:o}"
