from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from engine.run_state import COMMAND_MAX_BYTES, Command, RunDirectory


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
)
def test_what_is_no_command_is_refused_by_name_and_removed(
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
    run_dir.append_event({"event": "command_answered", "id": "other", "ok": False})
    run_dir.append_event({"event": "command_answered", "id": "mine", "ok": True})
    answer = run_dir.wait_answer("mine", timeout=0)
    assert answer is not None
    assert answer["ok"] is True
    assert run_dir.wait_answer("unknown", timeout=0) is None


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_everything_in_the_run_directory_is_private(run_dir: RunDirectory) -> None:
    run_dir.send(Command(name="pause"))
    run_dir.write_status({"state": "running"})
    run_dir.append_event({"event": "one"})
    for path in [run_dir.path, *run_dir.path.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, f"{path} has mode {mode:o}"
