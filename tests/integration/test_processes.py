from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from engine.processes import ProcessRegistry, end_tree
from engine.slot_processes import SlotProcesses

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


KILLED_MID_SPAWN = """
import os, signal, sys
from pathlib import Path
from engine.processes import ProcessRegistry
from engine.slot_processes import SlotProcesses

class KilledBeforeItIsWrittenDown(ProcessRegistry):
    def add(self, record):
        if record.pid:
            os.kill(os.getpid(), signal.SIGKILL)
        super().add(record)

folder, log = Path(sys.argv[1]), Path(sys.argv[2])
keeper = SlotProcesses(KilledBeforeItIsWrittenDown(folder), 3)
keeper.spawn("server", [sys.executable, *sys.argv[3:]], log_path=log)
"""
"""An owner killed between the start of its child and the record of the child's pid."""

DAEMON = """
import subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
)
print(child.pid, flush=True)
time.sleep(600)
"""


def wait_for_line(path: Path) -> str:
    """First line of a child's log; bounded by the test's own time limit."""
    while True:
        text = path.read_text() if path.exists() else ""
        if "\n" in text:
            return text.splitlines()[0]


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_stopping_a_child_ends_all_below_it_and_forgets_it(tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path / "processes")
    child = SlotProcesses(registry, 0).spawn(
        "server", [sys.executable, "-c", FAMILY], log_path=tmp_path / "server.log"
    )
    grandchild = psutil.Process(int(wait_for_line(tmp_path / "server.log")))
    assert [record.pid for record in registry.records()] == [child.pid]
    child.stop(5)
    assert not child.alive()
    assert has_ended(grandchild)
    assert registry.records() == []
    child.stop(5)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups there")
def test_what_a_killed_child_left_below_it_is_ended_when_it_is_stopped(tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path / "processes")
    keeper = SlotProcesses(registry, 0)
    for by_record in (False, True):
        log_path = tmp_path / f"server_{by_record}.log"
        child = keeper.spawn("server", [sys.executable, "-c", FAMILY], log_path=log_path)
        grandchild = psutil.Process(int(wait_for_line(log_path)))
        psutil.Process(child.pid).kill()
        psutil.Process(child.pid).wait(10)
        assert not child.alive()
        assert not has_ended(grandchild)
        if by_record:
            registry.end(registry.records(), timeout=1)
        else:
            child.stop(1)
        assert has_ended(grandchild)
        assert registry.records() == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups there")
def test_a_dead_child_that_nobody_buried_hides_nothing_that_it_left(tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path / "processes")
    log_path = tmp_path / "server.log"
    child = SlotProcesses(registry, 0).spawn(
        "server", [sys.executable, "-c", FAMILY], log_path=log_path
    )
    grandchild = psutil.Process(int(wait_for_line(log_path)))
    leader = psutil.Process(child.pid)
    leader.kill()
    while leader.status() != psutil.STATUS_ZOMBIE:
        pass
    record = registry.records()[0]
    assert registry.end([record], timeout=1) == [record]
    assert has_ended(grandchild)
    assert registry.end([record], timeout=1) == []  # who has only to be buried is nobody's work
    child.stop(1)


@pytest.mark.skipif(sys.platform == "win32", reason="TERM cannot be ignored there")
def test_a_child_that_ignores_term_is_killed(tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path / "processes")
    child = SlotProcesses(registry, 0).spawn(
        "server", [sys.executable, "-c", STUBBORN], log_path=tmp_path / "server.log"
    )
    wait_for_line(tmp_path / "server.log")
    child.stop(0.2)
    assert not child.alive()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no signals")
def test_a_child_that_was_stopped_tells_how_it_ended(tmp_path: Path) -> None:
    child = SlotProcesses(ProcessRegistry(tmp_path / "processes"), 0).spawn(
        "server", [sys.executable, "-c", FAMILY], log_path=tmp_path / "server.log"
    )
    wait_for_line(tmp_path / "server.log")
    child.stop(timeout=60)
    assert child.exit_status == -signal.SIGTERM


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no ended process")
def test_an_ended_process_that_nobody_buries_is_not_waited_for(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        child = psutil.Process(int(owner.stdout.readline()))
        assert end_tree(child, timeout=600)  # longer than the test may take
        assert child.status() == psutil.STATUS_ZOMBIE
    finally:
        owner.kill()
        owner.communicate()


def test_a_process_that_is_not_ours_is_never_ended(tmp_path: Path) -> None:
    """The pid is right but the start time is another's: a reused pid."""
    registry = ProcessRegistry(tmp_path / "processes")
    child = SlotProcesses(registry, 0).spawn(
        "server", [sys.executable, "-c", "input()"], log_path=tmp_path / "server.log"
    )
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    record = replace(registry.records()[0], pid=stranger.pid, started="another")
    registry.add(record)
    assert registry.end(registry.records(), timeout=1) == []
    assert stranger.poll() is None
    assert registry.records() == []
    stranger.kill()
    stranger.communicate()
    child.stop(1)


def test_what_a_crashed_owner_left_is_found_by_its_record(tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path / "processes")
    child = SlotProcesses(registry, 3).spawn(
        "server", [sys.executable, "-c", STUBBORN], log_path=tmp_path / "server.log"
    )
    wait_for_line(tmp_path / "server.log")
    later = ProcessRegistry(tmp_path / "processes")
    ended = later.end(later.records(slot=3), timeout=0.2)
    assert [record.pid for record in ended] == [child.pid]
    assert not child.alive()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux moves start times with its clock")
def test_a_clock_that_is_set_makes_no_stranger_of_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = ProcessRegistry(tmp_path / "processes")
    child = SlotProcesses(registry, 0).spawn(
        "server", [sys.executable, "-c", FAMILY], log_path=tmp_path / "server.log"
    )
    grandchild = psutil.Process(int(wait_for_line(tmp_path / "server.log")))
    boot = psutil.boot_time()
    # What the system says from the moment on at which its clock was put an hour ahead.
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot + 3600)
    later = ProcessRegistry(tmp_path / "processes")
    ended = later.end(later.records(), timeout=2)
    assert [record.pid for record in ended] == [child.pid]
    assert not child.alive()
    assert has_ended(grandchild)


def test_a_child_runs_where_it_is_told_reads_its_file_and_tells_how_it_ended(
    tmp_path: Path,
) -> None:
    """Also in a folder whose name has spaces, as the programs of other trades may."""
    place = tmp_path / "a place"
    place.mkdir()
    order = tmp_path / "order.txt"
    order.write_text("do it\n", encoding="utf-8")
    script = "import os, sys; print(os.getcwd(), sys.stdin.read().strip()); sys.exit(7)"
    child = SlotProcesses(ProcessRegistry(tmp_path / "processes"), 0).spawn(
        "agent",
        [sys.executable, "-c", script],
        log_path=tmp_path / "agent.log",
        cwd=place,
        stdin=order,
    )
    assert child.exit_status in (None, 7)
    while child.alive():
        continue
    assert child.exit_status == 7
    child.stop(1)
    assert (tmp_path / "agent.log").read_text().split("\n")[0] == f"{place} do it"


def test_a_child_whose_file_is_missing_is_not_started(tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path / "processes")
    with pytest.raises(FileNotFoundError):
        SlotProcesses(registry, 0).spawn(
            "agent",
            [sys.executable, "-c", "input()"],
            log_path=tmp_path / "agent.log",
            stdin=tmp_path / "missing.txt",
        )
    assert registry.records() == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_child_whose_owner_was_killed_while_starting_it_is_found(tmp_path: Path) -> None:
    folder, log_path = tmp_path / "processes", tmp_path / "server.log"
    owner = subprocess.run(
        [sys.executable, "-c", KILLED_MID_SPAWN, folder, log_path, "-c", DAEMON], check=False
    )
    assert owner.returncode < 0
    apart = psutil.Process(int(wait_for_line(log_path)))
    server = apart.parent()
    assert server is not None
    registry = ProcessRegistry(folder)
    assert [(record.pid, record.slot) for record in registry.records()] == [(server.pid, 3)]

    server.kill()  # what it left in a session of its own (an adb server) is not what we started
    server.wait(10)
    assert [record.process() for record in registry.records()] == [None]
    apart.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_child_whose_owner_was_killed_while_starting_it_is_ended(tmp_path: Path) -> None:
    folder, log_path = tmp_path / "processes", tmp_path / "server.log"
    subprocess.run(
        [sys.executable, "-c", KILLED_MID_SPAWN, folder, log_path, "-c", FAMILY], check=False
    )
    child = psutil.Process(int(wait_for_line(log_path)))
    registry = ProcessRegistry(folder)
    ended = registry.end(registry.records(), timeout=5)
    assert [record.role for record in ended] == ["server"]
    assert has_ended(child)
    assert registry.records() == []
