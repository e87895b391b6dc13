"""What a crash leaves, by who finds it: the next start, ``--stop-all``, a running supervisor.

Each is put right, and told in one line to whoever looks. The toy trade's lamp stands for a phone.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from engine.processes import ProcessRegistry
from engine.slot_processes import SlotProcesses
from tests.e2e.toy_farm import ToyFarm, kill_at_once

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")

JOBS = ("waits a unless:go:hang", "shared b unless:go:submit unless:go:hang", "lost c")
ALONE = ("waits a hang", "other b unless:go:hang")


@dataclass
class Crash:
    """A work directory after a crash was found by somebody, and what he said."""

    farm: ToyFarm
    said: list[str] = field(default_factory=list)
    bench: int = 0
    """A process of the trade that the crash left."""
    half: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    """A file that a living process is writing."""
    lamps: list[str] = field(default_factory=list)

    def told(self, *words: str) -> list[str]:
        return [line for line in self.said if all(word in line for word in words)]

    def leave(self, dead: int, slot: int = -1) -> None:
        """What the dead process had in hand beside its job."""
        work_dir = self.farm.work_dir
        names = [f"{slot}.json"] if slot >= 0 else self.farm.lamps()
        self.lamps = [f"lamp {Path(name).stem}" for name in names]
        child = SlotProcesses(ProcessRegistry(work_dir / "run" / "processes"), max(slot, 0)).spawn(
            "bench",
            [sys.executable, "-c", "import time; time.sleep(600)"],
            log_path=work_dir / "logs" / "bench.log",
        )
        self.bench = child.pid
        for number, keep in ((dead, self.half), (os.getpid(), self.kept)):
            for folder in ("run", "books", "."):
                (work_dir / folder).mkdir(exist_ok=True)
                path = work_dir / folder / f".thing.json.{number}-abc.new"
                path.write_text('{"half', encoding="utf-8")
                keep.append(path)


def killed(work_dir: Path) -> Crash:
    """Supervisor and workers killed at once in mid-job, one past the point of no return."""
    farm = ToyFarm(work_dir, *JOBS)
    run = farm.start("--workers", "2", "--run")
    farm.wait_for(lambda: farm.events("worker_submitted") and len(farm.events("worker_job")) == 2)
    pids = [event["pid"] for event in farm.events("worker_hello")]
    kill_at_once(run.pid, *pids)
    run.communicate()
    crash = Crash(farm)
    crash.leave(run.pid)
    with farm.ledger_path.open("ab") as ledger:
        ledger.write(b"waits,a,,never end")
    (work_dir / "traces.txt").write_text("c\n", encoding="utf-8")
    (work_dir / "go").touch()
    return crash


def by_the_next_start(work_dir: Path) -> Crash:
    crash = killed(work_dir)
    crash.said = crash.farm.run("--workers", "2", "--run").stdout.splitlines()
    return crash


def by_stop_all(work_dir: Path) -> Crash:
    crash = killed(work_dir)
    crash.said = crash.farm.run("--stop-all").stdout.splitlines()
    return crash


def by_a_running_supervisor(work_dir: Path) -> Crash:
    """One worker of two is killed; the other works on meanwhile."""
    farm = ToyFarm(work_dir, *ALONE)
    run = farm.start("--workers", "2", "--run")
    crash = Crash(farm)
    try:
        farm.wait_for(lambda: len(farm.events("worker_job")) == 2)
        slot = next(e["worker"] for e in farm.events("worker_job") if e["job"] == "waits")
        pid = next(e["pid"] for e in farm.events("worker_hello") if e["worker"] == slot)
        farm.wait_for(lambda: f"{slot}.json" in farm.lamps())
        crash.leave(pid, slot)
        os.kill(pid, signal.SIGKILL)
        farm.wait_for(lambda: farm.events("claim_settled"))
    finally:
        run.send_signal(signal.SIGTERM)
        crash.said = run.communicate(timeout=60)[0].splitlines()
    return crash


FINDERS = (by_the_next_start, by_stop_all, by_a_running_supervisor)
AFTER_A_CRASH = pytest.mark.parametrize(
    "crash", FINDERS[:2], indirect=True, ids=lambda finder: str(finder.__name__)
)


@pytest.fixture(scope="module", params=FINDERS, ids=lambda finder: str(finder.__name__))
def crash(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Crash]:
    find: Callable[[Path], Crash] = request.param
    found = find(tmp_path_factory.mktemp("farm"))
    try:
        yield found
    finally:
        if psutil.pid_exists(found.bench):
            os.kill(found.bench, signal.SIGKILL)


def test_a_claim_is_given_back_and_told_once(crash: Crash) -> None:
    assert len(crash.told("waits of a", "left claimed by a dead worker", "now pending")) == 1
    assert crash.farm.statuses()["waits"] in ("pending", "success")


def test_what_costs_is_off_and_told_once(crash: Crash) -> None:
    assert crash.farm.lamps() == []
    for lamp in crash.lamps:
        told = [*crash.told(f"{lamp} released (left by"), *crash.told(f"{lamp}: stopped out")]
        assert len(told) == 1, crash.said


def test_a_process_that_was_left_is_ended_and_told_once(crash: Crash) -> None:
    assert len(crash.told("Ended bench", f"(process {crash.bench})")) == 1
    assert not _lives(crash.bench)
    assert crash.farm.processes() == []


def test_half_written_files_are_removed_and_told_once(crash: Crash) -> None:
    assert [path for path in crash.half if path.exists()] == []
    assert len(crash.told("half written")) == 1


def test_what_a_living_process_writes_is_left_alone(crash: Crash) -> None:
    assert [path for path in crash.kept if not path.exists()] == []


def test_no_lock_is_held_by_the_dead(crash: Crash) -> None:
    assert list((crash.farm.work_dir / "run").glob("instance.json")) == []
    again = crash.farm.run("--stop-all")
    assert again.returncode == 0, again.stderr
    assert "run" not in again.stdout, "nobody is live, and no dead one is told again"


@AFTER_A_CRASH
def test_a_dead_supervisor_is_told_once(crash: Crash) -> None:
    words = (": it had not come to its end", "died without its end; its lock is free again")
    assert sum(len(crash.told(word)) for word in words) == 1


@AFTER_A_CRASH
def test_a_job_past_the_point_of_no_return_is_in_doubt_and_told_once(crash: Crash) -> None:
    assert crash.farm.jobs()["shared"].in_doubt
    assert len(crash.told("shared of b", "left claimed by a dead worker", "now failed")) == 1


@AFTER_A_CRASH
def test_a_doubt_that_the_ledger_lost_is_back_and_told_once(crash: Crash) -> None:
    assert crash.farm.jobs()["lost"].in_doubt
    assert len(crash.told("lost of c is in doubt again")) == 1


@AFTER_A_CRASH
def test_what_outlives_the_ledger_knows_of_every_doubt(crash: Crash) -> None:
    kept = (crash.farm.work_dir / "may_be_done.log").read_text(encoding="utf-8").split()
    assert kept == ["lost", "shared"]


@AFTER_A_CRASH
def test_the_status_names_each_job_in_doubt_with_what_is_known_of_it(crash: Crash) -> None:
    shown = crash.farm.run("--status").stdout.splitlines()
    assert [line for line in shown if line.startswith("    shared of b, ")] != []
    (told,) = [line for line in shown if line.startswith("    lost of c, ")]
    assert told.endswith("The lamp of c may have been lit. (evidence lost)")


@AFTER_A_CRASH
def test_a_torn_row_is_kept_aside_and_the_ledger_is_whole(crash: Crash) -> None:
    aside = crash.farm.ledger_path.with_name("parallel_progress.quarantine.csv")
    assert "waits,a,,never end" in aside.read_text(encoding="utf-8")
    assert "never end" not in crash.farm.ledger_path.read_text(encoding="utf-8")


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
