"""Looking at this host, and at one that does not answer: nobody is made to wait for it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from engine.host.cgroups import Cgroups
from engine.host.monitor import HostMonitor, look
from engine.host.reader import HostReader
from engine.host.samples import HostSample, TreeUse, gigabytes, percent

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEPER)
    yield process
    process.kill()
    process.wait(10)


def without_groups(tmp_path: Path) -> Cgroups:
    return Cgroups(tmp_path, tmp_path / "none")


# -- this host -------------------------------------------------------------------------------------


def test_a_first_look_knows_memory_and_cores_and_no_share_of_the_cpu() -> None:
    sample = HostReader().read({})
    assert sample.cpu is None
    assert sample.cores is not None
    assert sample.cores > 0
    assert sample.total is not None
    assert sample.free is not None
    assert 0 < sample.free <= sample.total
    assert sample.used is not None
    assert 0 <= sample.used < 1


def spin_until_cpu_counts() -> None:
    """The system counts in ticks of a hundredth of a second."""
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass


def test_a_second_look_knows_what_was_used_since_the_first() -> None:
    reader, me = HostReader(), {"me": os.getpid()}
    first = reader.read(me)
    spin_until_cpu_counts()
    second = reader.read(me)
    assert second.at > first.at
    assert second.cpu is not None
    assert 0 < second.cpu <= 1


def test_a_tree_is_a_process_with_all_below_it(child: subprocess.Popen[bytes]) -> None:
    clock = Clock()
    reader, roots = HostReader(clock=clock), {"me": os.getpid(), "child": child.pid}
    first = reader.read(roots).trees
    assert first["child"].processes == 1
    assert first["me"].processes >= 2
    assert first["me"].cores is None, "a first look has no time to count from"
    resident, own = first["me"].resident, first["me"].own
    assert resident is not None
    assert own is not None
    assert 0 < own <= resident
    spin_until_cpu_counts()
    clock.now += 100
    cores = reader.read(roots).trees["me"].cores
    assert cores is not None
    assert cores > 0


def test_all_processes_are_looked_through_more_rarely_than_the_host(
    child: subprocess.Popen[bytes],
) -> None:
    clock = Clock()
    reader, roots = HostReader(clock=clock), {"child": child.pid}
    assert reader.read(roots).trees["child"].processes == 1
    child.kill()
    child.wait(10)
    assert reader.read(roots).trees["child"].processes == 1, "so soon it is what was seen before"
    clock.now += 100
    assert reader.read(roots).trees == {"child": TreeUse(processes=0)}, "gone: unknown, not 0"


def test_where_a_container_has_less_than_the_host_that_counts(tmp_path: Path) -> None:
    member = tmp_path / "self"
    member.write_text("0::/\n", encoding="ascii")
    for name, content in {
        "memory.max": "1000000",
        "memory.current": "400000",
        "cpu.max": "50000 100000",
        "cpu.stat": "usage_usec 1000000",
    }.items():
        (tmp_path / name).write_text(content, encoding="ascii")
    clock = Clock()
    reader = HostReader(Cgroups(tmp_path, member), clock)
    first = reader.read({})
    assert (first.total, first.free, first.cores) == (1_000_000, 600_000, 0.5)
    assert first.used == pytest.approx(0.4)
    clock.now += 10
    (tmp_path / "cpu.stat").write_text("usage_usec 6000000", encoding="ascii")
    assert reader.read({}).cpu == 1.0, "5 seconds in 10 are all that half a core gives"


def test_what_the_system_does_not_tell_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_args: object, **_more: object) -> None:
        raise psutil.AccessDenied

    for name in ("cpu_times", "virtual_memory", "cpu_count", "process_iter", "Process"):
        monkeypatch.setattr(psutil, name, refuses)
    reader = HostReader(without_groups(tmp_path))
    for _ in range(2):
        sample = reader.read({"me": 1})
        facts = (sample.cpu, sample.cores, sample.free, sample.total, sample.used)
        assert facts == (None, None, None, None, None)
        assert sample.trees == {"me": TreeUse(processes=0)}


# -- a watch that nobody waits for -----------------------------------------------------------------


class Host:
    """Answers as it is told: hangs, fails or tells; says when it is asked for the second time."""

    def __init__(self, clock: Clock, *, fails: int = 0) -> None:
        self.clock = clock
        self.fails = fails
        self.asked = 0
        self.again = threading.Event()
        self.answers = threading.Event()
        self.answers.set()
        self.hangs = threading.Event()

    def read(self, roots: Mapping[str, int]) -> HostSample:
        if not self.answers.is_set():
            self.hangs.set()
        self.answers.wait(60)
        self.asked += 1
        if self.asked <= self.fails:
            raise OSError("the system does not tell")
        if self.asked >= self.fails + 2:
            self.again.set()
        trees = {name: TreeUse(processes=pid) for name, pid in roots.items()}
        return HostSample(at=self.clock(), cpu=0.5, trees=trees)


@pytest.mark.parametrize("fails", [0, 3])
def test_the_last_look_is_had_at_once_and_a_failed_one_ends_nothing(fails: int) -> None:
    clock = Clock()
    host = Host(clock, fails=fails)
    monitor = HostMonitor(interval=0.001, reader=host, clock=clock)
    monitor.follow({"0": 7})
    monitor.start()
    monitor.start()
    assert host.again.wait(10)
    sample = monitor.latest
    assert sample is not None
    assert (sample.cpu, sample.trees["0"].processes) == (0.5, 7)
    monitor.stop()
    monitor.stop()
    after = monitor.latest
    assert (monitor.running, after) == (False, None)


def test_a_look_that_hangs_makes_nobody_wait_and_grows_old() -> None:
    clock = Clock()
    host = Host(clock)
    monitor = HostMonitor(interval=0.001, reader=host, clock=clock)
    monitor.start()
    assert host.again.wait(10)
    host.answers.clear()
    assert host.hangs.wait(10)
    clock.now += 1
    assert monitor.latest is None, "it says nothing of now"
    began = time.monotonic()
    monitor.stop(timeout=0.05)
    assert time.monotonic() - began < 5
    assert not monitor.running
    host.answers.set()


def test_one_look_is_bounded_too() -> None:
    host = Host(Clock())
    assert look(5, host).cpu == 0.5
    host.answers.clear()
    unknown = look(0.01, host)
    assert (unknown.cpu, unknown.free, unknown.used) == (None, None, None)
    host.answers.set()


def test_figures_for_people_say_when_they_are_not_known() -> None:
    assert [percent(share) for share in (0.834, None)] == ["83 %", "unknown"]
    sizes = [gigabytes(count) for count in (300 * 1024**2, 2 * 1024**3, None)]
    assert sizes == ["300 MB", "2.0 GB", "unknown"]
