"""The record of the phones that we started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import PhoneError
from engine.phones.registry import PhoneEntry, PhoneRegistry, UnreadableEntry
from engine.processes import identity
from tests.scripted_provider import private_mode

BEGIN = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def registry(tmp_path: Path, run_id: str = "run-1", later: float = 0) -> PhoneRegistry:
    return PhoneRegistry(tmp_path, run_id=run_id, now=lambda: BEGIN + timedelta(seconds=later))


def test_entry_tells_phone_owner_job_and_since(tmp_path: Path) -> None:
    entry = registry(tmp_path).register("497550918229753860", "acc1", slot=2, job_id="j7")
    found = registry(tmp_path).find("497550918229753860")
    assert found == entry
    assert isinstance(found, PhoneEntry)
    assert (found.slot, found.job_id, found.run_id, found.since) == (2, "j7", "run-1", BEGIN)
    assert (found.pid, found.pid_started) == (os.getpid(), identity(os.getpid()))
    assert found.owner_alive
    assert found.minutes(BEGIN + timedelta(seconds=90)) == 1.5


def test_phone_cannot_be_registered_twice_and_the_holder_is_named(tmp_path: Path) -> None:
    registry(tmp_path).register("1", "acc1", slot=2, job_id="j7")
    with pytest.raises(PhoneError, match=r"acc1 is in use by worker 2 of run run-1, job j7") as no:
        registry(tmp_path, "run-2").register("1", "acc1", slot=0, job_id="j8")
    assert no.value.retry_soon


def test_of_many_processes_exactly_one_registers_a_phone(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from engine.errors import PhoneError\nfrom engine.phones.registry import PhoneRegistry\n"
        "print('ready', flush=True)\nsys.stdin.readline()\n"
        "registry = PhoneRegistry(Path(sys.argv[1]))\n"
        "won = 0\n"
        "for number in range(20):\n"
        "    try:\n        registry.register(str(number), 'acc', slot=0, job_id='j')\n"
        "        won += 1\n"
        "    except PhoneError:\n        pass\n"
        "print(won)\n"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    won = [int(racer.communicate("go\n", timeout=60)[0]) for racer in racers]
    assert sum(won) == 20
    assert len(registry(tmp_path).entries()) == 20


def test_files_are_private_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    phones = registry(tmp_path)
    phones.register("1", "acc1", slot=0, job_id="j")
    names = sorted(path.name for path in phones.folder.iterdir())
    assert names == [".lock", "1.json"]
    if os.name == "posix":
        assert {private_mode(path) for path in phones.folder.iterdir()} == {0o600}
        assert private_mode(phones.folder) == 0o700


def test_cleared_phone_can_be_registered_again(tmp_path: Path) -> None:
    phones = registry(tmp_path)
    phones.clear(phones.register("1", "acc1", slot=0, job_id="j"))
    assert phones.find("1") is None
    phones.register("1", "acc1", slot=1, job_id="j2")


def test_clearing_an_earlier_start_leaves_the_later_one(tmp_path: Path) -> None:
    phones = registry(tmp_path)
    first = phones.register("1", "acc1", slot=0, job_id="j")
    phones.clear(first)
    second = registry(tmp_path, later=5).register("1", "acc1", slot=0, job_id="j")
    phones.clear(first)
    assert phones.find("1") == second


def test_adopted_entry_keeps_its_start_and_changes_its_owner(tmp_path: Path) -> None:
    phones = registry(tmp_path)
    dead = write_entry(tmp_path, "1", pid=2**22 + 1)
    assert not dead.owner_alive
    mine = phones.adopt(dead, adb_serial="10.0.0.1:5555")
    assert phones.find("1") == mine
    assert phones.mine(mine)
    assert mine.same_start(dead)
    assert (mine.since, mine.slot, mine.job_id) == (dead.since, dead.slot, dead.job_id)
    phones.clear(dead)
    assert phones.find("1") is None


def test_reused_pid_is_not_the_owner(tmp_path: Path) -> None:
    assert not write_entry(tmp_path, "1", pid=os.getpid(), pid_started="12345").owner_alive


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id": "1"}', "\x00\x00", '{"id": "2"}'])
def test_unreadable_entry_is_reported_blocks_a_start_and_is_set_aside_whole(
    tmp_path: Path, content: str
) -> None:
    phones = registry(tmp_path)
    phones.folder.mkdir()
    path = phones.folder / "1.json"
    path.write_text(content, encoding="utf-8")
    (found,) = phones.entries()
    assert isinstance(found, UnreadableEntry)
    assert found.id == "1"
    assert found.reason
    with pytest.raises(PhoneError, match=r"1\.json cannot be read; run --stop-all"):
        phones.register("1", "acc1", slot=0, job_id="j")
    phones.clear(found)
    assert phones.entries() == []
    (kept,) = phones.folder.glob("1.unreadable-*")
    assert kept.read_text(encoding="utf-8") == content


def test_entry_of_another_phone_under_this_name_is_unreadable(tmp_path: Path) -> None:
    write_entry(tmp_path, "1")
    (tmp_path / "phones" / "1.json").rename(tmp_path / "phones" / "2.json")
    (found,) = registry(tmp_path).entries()
    assert isinstance(found, UnreadableEntry)
    assert (found.id, found.reason) == ("2", "it names phone 1")


def test_ids_with_any_character_have_a_file_of_their_own(tmp_path: Path) -> None:
    phones = registry(tmp_path)
    ids = ["192.168.1.2:5555", "../escape", "a/b", "ü", ".."]
    for phone_id in ids:
        phones.register(phone_id, phone_id, slot=0, job_id="j")
    assert sorted(entry.id for entry in phones.entries()) == sorted(ids)
    assert {path.parent for path in tmp_path.rglob("*.json")} == {phones.folder}


def test_start_that_cannot_be_recorded_is_refused(tmp_path: Path) -> None:
    (tmp_path / "phones").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(
        PhoneError, match="acc1 was not started, because that could not be recorded"
    ):
        registry(tmp_path).register("1", "acc1", slot=0, job_id="j")


def write_entry(
    tmp_path: Path, phone_id: str, *, pid: int = 1, pid_started: str = "1", slot: int = 3
) -> PhoneEntry:
    """An entry as another process left it."""
    entry = PhoneEntry(
        id=phone_id,
        serial_name="acc1",
        since=BEGIN,
        slot=slot,
        job_id="j",
        run_id="run-0",
        pid=pid,
        pid_started=pid_started,
    )
    folder = tmp_path / "phones"
    folder.mkdir(exist_ok=True)
    content = json.loads(entry.model_dump_json())
    (folder / f"{phone_id}.json").write_text(json.dumps(content), encoding="utf-8")
    return entry
