"""The contract of ``WorkerPool`` (behaviour C2, C1.4, C1.6, and C-D5, C-D6, C-D12 to C-D15): real
supervisors and workers of the engine, at a trade without browsers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.config import Settings
from engine.downloads.profiles import ProfileManager
from engine.jobs import NewJob
from engine.parallel.errors import ProfileCreationError
from engine.parallel.place import WorkPlace
from engine.parallel.pool_status import PoolState, PoolStatus, WorkerState
from engine.parallel.worker_pool import WorkerPool
from engine.progress import ProgressTracker
from tests.base_profile import make_base
from tests.family import command_line, running_below

ROOT = Path(__file__).resolve().parents[2]
TOY = "tests.toy_workload:ToyWorkload"


def po(number: int, script: str = "do") -> dict[str, object]:
    return {"po_number": f"PO{number}", "supplier": script}


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.02)


def added_up(status: PoolStatus) -> int:
    return status.pending + status.active + status.completed + status.failed


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(2, workload=TOY)
    before = running_below()
    yield made
    assert made.stop()
    assert running_below() <= before


# -- a pool at work --------------------------------------------------------------------------------


def test_two_workers_share_the_orders_and_the_figures_always_add_up(pool: WorkerPool) -> None:
    scripts = ["until:both do", "until:both do", "do", "raise:content"]
    orders = [po(number, script) for number, script in enumerate(scripts)]

    assert pool.start_processing([*orders, orders[0]]), "a repetition is done once"
    work_dir = pool.work_dir
    assert work_dir is not None
    with pytest.raises(RuntimeError, match="running"):
        pool.start()
    until(lambda: pool.get_status().active == pool.get_status().active_workers == 2)
    status = pool.get_status()
    at_work = [one for one in status.workers if one.status is WorkerState.PROCESSING]
    assert {one.current_task for one in at_work} <= {"PO0", "PO1"}
    assert status.active_workers == 2
    assert added_up(status) == status.total == 4

    late = pool.add_task(po(9), priority=1)
    assert added_up(pool.get_status()) == 5
    (work_dir / "both").touch()
    until(lambda: pool.get_status().pending + pool.get_status().active == 0)

    assert pool.get_results()[:2] == (4, 1)
    assert pool.get_results()[2]["success_rate"] == 0.8
    done = {task.task_id: task.status.value for task in pool.tasks()}
    assert done == {"PO0": "completed", "PO1": "completed", "PO2": "completed"} | {
        "PO3": "failed",
        late: "completed",
    }
    assert pool.stop()
    assert pool.stop(), "safe to repeat"
    assert pool.get_status().status is PoolState.IDLE
    assert pool.get_results()[:2] == (4, 1), "also after the stop"
    assert not work_dir.exists()


@pytest.mark.parametrize(("script", "seconds"), [("hang", 20), ("stuck", 3)])
def test_a_stop_leaves_nothing_and_waits_for_no_pending_task(
    pool: WorkerPool, script: str, seconds: float
) -> None:
    others = running_below()  # such as what a fixture of another file keeps
    pool.start_processing([po(number, script) for number in range(6)])
    until(lambda: pool.get_status().active == 2)
    work_dir, ours = pool.work_dir, running_below() - others
    assert ours
    assert work_dir is not None

    began = time.monotonic()
    assert pool.stop(timeout=seconds)

    assert time.monotonic() - began < 20, "and a little for seeing all gone, where it is killed"
    assert not work_dir.exists()
    assert not ours & running_below()
    status = pool.get_status()
    assert (status.pending, status.active, status.total) == (6, 0, 6), "given back (C-D13)"


def test_status_never_waits_for_the_ledger(pool: WorkerPool) -> None:
    pool.start_processing([po(1, "hang")])
    work_dir = pool.work_dir
    assert work_dir is not None
    path = next(work_dir.glob("*progress.csv"))
    held, release = threading.Event(), threading.Event()

    def keep_lock(_known: object) -> list[NewJob]:
        held.set()
        release.wait(20)
        return []

    other = ProgressTracker(path, settings=Settings())
    holder = threading.Thread(target=lambda: other.seed(keep_lock))
    holder.start()
    try:
        assert held.wait(20)
        times = []
        for _ in range(200):
            began = time.monotonic()
            assert pool.get_status().total == 1
            times.append(time.monotonic() - began)
        assert sorted(times)[len(times) // 2] < 0.05, "half of them: the host may be busy"
        assert sum(times) < 5, "and none waited for the lock"
    finally:
        release.set()
        holder.join()
        other.close()


def test_a_pool_is_paused_resumed_scaled_and_survives_its_supervisor(pool: WorkerPool) -> None:
    pool.start()
    pool.pause()
    for number in range(3):
        pool.add_task(po(number, "until:go do"))
    until(lambda: pool.get_status().status is PoolState.PAUSED)
    assert pool.get_status().active == 0
    pool.resume()
    until(lambda: pool.get_status().active == 2)

    pool.scale_workers(3)
    until(lambda: pool.get_status().active == 3)
    assert pool.pool_size == 3

    (supervisor,) = _supervisors(pool)
    supervisor.kill()
    until(lambda: set(_supervisors(pool)) - {supervisor})
    work_dir = pool.work_dir
    assert work_dir is not None
    (work_dir / "go").touch()
    until(lambda: pool.get_status().completed == 3)
    assert pool.get_status().failed == 0


def test_a_pool_ends_with_the_program_that_has_it(tmp_path: Path) -> None:
    program = f"""
import sys, time
from pathlib import Path
from engine.parallel.worker_pool import WorkerPool
pool = WorkerPool(1, workload={TOY!r})
pool.start_processing([{{"po_number": "PO1", "supplier": "hang"}}])
while pool.get_status().active == 0:
    time.sleep(0.02)
print(pool.work_dir, flush=True)
time.sleep(600)
"""
    owner = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    work_dir = Path(owner.stdout.readline().strip())
    below = running_below(owner.pid)
    assert len(below) == 2, "supervisor and worker"
    owner.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    owner.wait()
    owner.stdout.close()

    _, alive = psutil.wait_procs(below, timeout=30)
    assert not alive
    until(lambda: not work_dir.exists())


# -- what cannot begin -----------------------------------------------------------------------------


def test_without_a_profile_nothing_is_started(tmp_path: Path) -> None:
    base = make_base(tmp_path / "base")
    manager = ProfileManager(base, root=tmp_path / "profiles")
    pool = WorkerPool(2, profile_manager=manager, workload=TOY)
    before = running_below()
    for path in base.iterdir():
        if path.name == "Local State":
            path.unlink()

    with pytest.raises(ProfileCreationError):
        pool.start_processing([po(1)])

    assert pool.get_status().status is PoolState.IDLE
    assert running_below() <= before
    assert manager.list_profiles() == []
    manager.close()


def test_a_pool_without_its_browser_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    pool = WorkerPool(
        2,
        {"browser_binary": tmp_path / "none", "url": "http://localhost/{po_number}"},
        out=tmp_path / "out",
    )

    assert not pool.start_processing([po(1)])

    status = pool.get_status()
    assert status.status is PoolState.IDLE
    assert "none" in status.error
    assert pool.work_dir is None


@pytest.mark.parametrize("size", [0, 9, -1])
def test_a_pool_has_1_to_8_workers(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        WorkerPool(size)


@pytest.mark.parametrize(
    "wrong",
    [
        {"pool_size": "4"},
        {"pool_size": 2.0},
        {"pool_size": True},
        {"browser_config": "chromium"},
        {"profile_manager": "/tmp/profile"},
        {"task_timeout": "300"},
    ],
)
def test_what_has_the_wrong_type_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        WorkerPool(**wrong)  # type: ignore[arg-type]  # as a program without types may call it


def test_an_unknown_browser_setting_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="colour"):
        WorkerPool(2, {"colour": "red"})
    with pytest.raises(ValueError, match="task_timeout"):
        WorkerPool(2, task_timeout=0)


@pytest.mark.parametrize(
    "orders",
    [[], [{}], [{"po_number": ""}], ["PO1"], [None], [{"po_number": "PO1", "url": "ftp://x"}]],
)
def test_a_list_that_is_empty_or_holds_no_order_is_refused(orders: list[object]) -> None:
    pool = WorkerPool(2, workload=TOY)
    with pytest.raises(ValueError, match=r"po_list|order"):
        pool.start_processing(orders)  # type: ignore[arg-type]  # as above
    assert pool.get_status().status is PoolState.IDLE


def test_a_pool_that_was_not_started_takes_no_tasks() -> None:
    pool = WorkerPool(2, workload=TOY)
    with pytest.raises(RuntimeError, match="start it first"):
        pool.add_task(po(1))
    assert pool.stop()
    assert pool.get_results()[:2] == (0, 0)


def _supervisors(pool: WorkerPool) -> list[psutil.Process]:
    work_dir = str(pool.work_dir)
    below = running_below()
    return [
        one for one in below if "pool_process" in (line := command_line(one)) and work_dir in line
    ]


def test_what_a_crash_left_is_swept_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    program = "import os; from engine.parallel.place import WorkPlace; print(WorkPlace().path)"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    left = Path(ended.stdout.strip())
    assert left.is_dir()
    assert left.stat().st_mode & 0o077 == 0, "it may hold cookies"

    first, second = WorkPlace(), WorkPlace()

    assert not left.exists()
    assert first.path.is_dir(), "its owner lives"
    assert first.path != second.path
    assert first.remove()
    assert second.remove()
