"""A whole day in two minutes: new directory, farm, engine or cockpit, comparison."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.instance import InstanceLock
from engine.run_state import RunDirectory
from simulator.compare import compare, report
from simulator.errors import FarmError
from simulator.serve import RunningFarm
from simulator.work_directory import Wishes, new_directory

CAMPAIGN = "demo"
IDLE_MINUTES = 15
"""The farm of a cockpit that was closed ends this long after the last question to it."""
LISTEN_SECONDS = 20.0
END_SECONDS = 10.0


def demo(wishes: Wishes, *, keep: Path | None) -> int:
    """Run the day and say how it went; the worst exit status of its parts. Raises FarmError."""
    with _work_dir(keep) as work_dir:
        farm = new_directory(work_dir, wishes)
        _tell(
            f"A day of {wishes.accounts} accounts on a simulated farm, published by "
            f"{wishes.workers} workers in {work_dir}.\n"
            f"Real delays (a phone boots in 20 to 90 s) are shortened by the factor "
            f"{farm.time_scale:g}; {farm.faults.infrastructure:.0%} of the boots meet an "
            "infrastructure fault (seed "
            f"{farm.seed})."
        )
        with farm_process(work_dir):
            status = _engine(work_dir, wishes.workers)
            comparison = compare(work_dir)
        _tell(report(comparison))
        return max(status, 0 if comparison.agrees else 1)


def demo_with_cockpit(wishes: Wishes, *, keep: Path | None) -> int:
    """The same day in the cockpit; its exit status, or that of the comparison. Raises FarmError.

    The run outlives the cockpit, so the farm and the directory are left while one is live.
    """
    work_dir = Path(tempfile.mkdtemp(prefix="geelark-demo-")) if keep is None else keep.resolve()
    new_directory(work_dir, wishes)
    farm = _start_farm(work_dir)
    if hangup := getattr(signal, "SIGHUP", None):
        # The terminal may go: the cockpit ends by it, and what is left is put in order below.
        signal.signal(hangup, lambda *_: None)
    cockpit = [sys.executable, "-m", "console", str(work_dir), "--campaign", CAMPAIGN]
    status = subprocess.call([*cockpit, "--workers", str(wishes.workers)])
    if InstanceLock(RunDirectory(work_dir / "run").lock_path).holder() is not None:
        _tell(
            f"The farm goes on with the run and ends {IDLE_MINUTES} minutes after it, or with: "
            f"{sys.executable} -m simulator stop {work_dir}"
        )
        return status
    comparison = compare(work_dir)
    _tell(report(comparison))
    _end(farm)
    if keep is None:
        shutil.rmtree(work_dir, ignore_errors=True)
    return max(status, 0 if comparison.agrees else 1)


@contextmanager
def _work_dir(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="geelark-demo-") as folder:
        yield Path(folder)


@contextmanager
def farm_process(work_dir: Path) -> Iterator[None]:
    """The farm in a process of its own; it is ended whatever happens."""
    process = _start_farm(work_dir)
    try:
        yield
    finally:
        _end(process)


def _start_farm(work_dir: Path) -> subprocess.Popen[bytes]:
    """Raises FarmError when it does not come up."""
    serve = [sys.executable, "-m", "simulator", "serve", str(work_dir)]
    process = subprocess.Popen(
        [*serve, "--idle-minutes", str(IDLE_MINUTES)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # Ctrl-C is for the engine, which then needs the farm to see its phones off.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    running = RunningFarm(work_dir)
    deadline = time.monotonic() + LISTEN_SECONDS
    while running.status() is None:
        if process.poll() is not None or time.monotonic() > deadline:
            _end(process)
            raise FarmError("The farm process did not start; its message is above.")
        time.sleep(0.05)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _engine(work_dir: Path, workers: int) -> int:
    """The engine's own command line, its output shown.

    A Ctrl-C reaches it by itself, a SIGTERM is handed on; its clean stop is waited for.
    """
    command = [sys.executable, "-m", "engine.orchestrator", "-C", str(work_dir)]
    command += ["--workers", str(workers), "--run", "--campaign", CAMPAIGN]
    with subprocess.Popen(command) as process:
        before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        try:
            while True:
                with suppress(KeyboardInterrupt):
                    return abs(process.wait())
        finally:
            signal.signal(signal.SIGTERM, before)


def _tell(text: str) -> None:
    print(text, flush=True)
