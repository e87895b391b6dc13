"""Who may tell a run what to do: its owner, with plain files of bounded size, and nobody else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.private_files import UntrustedFileError, read_own
from engine.processes import ProcessRecord, ProcessRegistry
from engine.run_state import COMMANDS_AT_ONCE, REFUSED_KEPT, Command, Control, RunDirectory

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="owners and links are POSIX")
STRANGER = 54321
"""A user id that nobody has."""


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDirectory:
    found = RunDirectory(tmp_path / "run")
    found.create()
    return found


def taken(run_dir: RunDirectory) -> tuple[list[str], dict[str, str]]:
    """Ids of what is obeyed, and what is refused with its reason."""
    refused: dict[str, str] = {}
    commands = run_dir.take_commands(lambda name, why: refused.update({name: why}))
    return [command.id for command in commands], refused


def give_away(path: Path) -> None:
    """Make a file another user's, as if he had written it there."""
    if sys.platform == "win32" or os.getuid() != 0:
        pytest.skip("only root can make a file of another user")
    os.chown(path, STRANGER, STRANGER)


def test_a_command_of_another_user_is_set_aside_and_never_obeyed(run_dir: RunDirectory) -> None:
    run_dir.send(Command(name="stop_run", id="his"))
    give_away(run_dir.commands_path / "his.json")
    obeyed, refused = taken(run_dir)
    assert obeyed == []
    assert "belongs to another user" in refused["his"]
    assert str(run_dir.refused_path / "his.json") in refused["his"]
    assert taken(run_dir) == ([], {})


@POSIX_ONLY
def test_a_link_to_a_good_command_is_set_aside_as_the_link_that_it_is(
    run_dir: RunDirectory, tmp_path: Path
) -> None:
    good = tmp_path / "good.json"
    good.write_text(Command(name="stop_run").model_dump_json())
    (run_dir.commands_path / "link.json").symlink_to(good)
    obeyed, refused = taken(run_dir)
    assert (obeyed, list(refused)) == ([], ["link"])
    assert (run_dir.refused_path / "link.json").is_symlink()
    assert good.exists()


def test_what_was_refused_is_kept_to_be_looked_at_but_not_without_end(
    run_dir: RunDirectory,
) -> None:
    for number in range(REFUSED_KEPT + 5):
        (run_dir.commands_path / f"bad{number:02}.json").write_text("{")
    (run_dir.commands_path / "folder.json").mkdir()
    (run_dir.commands_path / "folder.json" / "inside").touch()
    assert len(taken(run_dir)[1]) == REFUSED_KEPT + 6
    kept = sorted(path.name for path in run_dir.refused_path.iterdir())
    assert len(kept) == REFUSED_KEPT
    assert list(run_dir.commands_path.iterdir()) == []


def test_a_flood_of_commands_is_taken_in_turns(run_dir: RunDirectory) -> None:
    for number in range(COMMANDS_AT_ONCE + 1):
        run_dir.send(Command(name="pause", id=f"c{number}"))
    assert [len(taken(run_dir)[0]) for _ in range(3)] == [COMMANDS_AT_ONCE, 1, 0]


def test_what_is_paused_and_held_is_not_taken_from_another_user(run_dir: RunDirectory) -> None:
    run_dir.write_control(Control(paused=True))
    give_away(run_dir.control_path)
    with pytest.raises(InputError, match="belongs to another user"):
        run_dir.read_control()


@POSIX_ONLY
def test_what_is_paused_and_held_is_not_read_through_a_link(
    run_dir: RunDirectory, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(Control(paused=True).model_dump_json())
    run_dir.control_path.symlink_to(elsewhere)
    with pytest.raises(InputError, match="not a plain file"):
        run_dir.read_control()


def test_a_file_is_read_up_to_its_limit_and_not_a_byte_further(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_own(path, 5) == b"12345"
    with pytest.raises(UntrustedFileError, match="larger than 4 bytes"):
        read_own(path, 4)


def test_no_process_is_ended_because_another_user_recorded_it(tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path)
    record = ProcessRecord(pid=os.getpid(), started="1.0", command=("x",), role="worker", slot=0)
    registry.add(record)
    assert registry.records() == [record]
    give_away(tmp_path / "worker_0.json")
    assert registry.records() == []
