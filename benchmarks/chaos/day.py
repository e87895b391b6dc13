"""A day on a farm that something befalls: its directory, its processes, and what is left."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from engine.config import Settings
from engine.errors import EngineError
from engine.jobs import Job, JobStatus
from engine.progress import ProgressTracker
from simulator.compare import compare
from simulator.demo import farm_process
from simulator.farm_file import FARM_FILE, FarmFile
from simulator.truth import read_truth
from simulator.work_directory import Wishes, farm_text, new_directory

ROOT: Final = Path(__file__).resolve().parents[2]
WORKERS: Final = 2
TIME_SCALE: Final = 200.0
REAL_TIME_SCALE: Final = 40.0
"""With the real adb and Appium, whom a session costs some seconds whatever the farm does."""
_LOOK_SECONDS: Final = 0.04
RUN_SECONDS: Final = 150.0
"""Longest that a run of a few jobs may take, whatever befalls it."""
_DAY: Final = "XDG_CHAOS_DAY"
"""In the environment of everything that the engine starts: by it the day knows its processes. The
beginning of the name is one that the engine hands on to adb and Appium too."""
QUICK: Final[Mapping[str, object]] = {
    "boot": (10, 20),
    "adb_enable": (1, 2),
    "adb_offline": (1, 2),
    "publish": (20, 60),
    "idle_shutdown": 1e7,
}
"""Phones boot at once, and are not switched off while a slow host looks away."""
BRISK: Final[Mapping[str, str]] = {
    "GEELARK_PHONES__BOOT_POLL_SECONDS": "0.3",
    "GEELARK_PHONES__BOOT_TIMEOUT_SECONDS": "4",
    "GEELARK_PHONES__ADB_ENABLE_WAIT_SECONDS": "0.1",
    "GEELARK_PHONES__ADB_POLL_SECONDS": "0.1",
    "GEELARK_PHONES__ADB_DEVICE_TIMEOUT_SECONDS": "4",
    "GEELARK_PHONES__UPLOAD_POLL_SECONDS": "0.1",
    "GEELARK_PHONES__UPLOAD_WAIT_SECONDS": "4",
    "GEELARK_POSTING__POLL_SECONDS": "0.05",
    "GEELARK_POSTING__CONFIRM_TIMEOUT_SECONDS": "5",
    "GEELARK_APPIUM__COMMAND_TIMEOUT_SECONDS": "6",
    "GEELARK_RUN__RESTART_BACKOFF_SECONDS": "0.2",
}
"""Waits of the engine for a world that is two hundred times as fast."""
REAL_BRISK: Final[Mapping[str, str]] = {
    **BRISK,
    "GEELARK_PHONES__ADB_DEVICE_TIMEOUT_SECONDS": "10",
    "GEELARK_POSTING__CONFIRM_TIMEOUT_SECONDS": "15",
    "GEELARK_APPIUM__COMMAND_TIMEOUT_SECONDS": "30",
}
"""The same with room for the real adb and Appium, which no time scale makes faster."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Toll:
    """What a day cost that ended; all but the minutes should be zero."""

    double_posts: int = 0
    lost_jobs: int = 0
    wrong_success: int = 0
    phones_on: int = 0
    orphans: int = 0
    unfinished: int = 0
    billed_minutes: int = 0
    in_doubt: int = 0
    told: Sequence[str] = ()
    """One line for each thing that should not be."""

    @property
    def clean(self) -> bool:
        return not self.told


@dataclass
class Day:
    """A work directory, its farm running, and the engine as an operator would start it."""

    work_dir: Path
    dice: random.Random
    size: int
    """Jobs, each of an account and a phone of its own."""
    real: bool = False
    """With the real adb and Appium of this host."""
    env: dict[str, str] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    """What the campaign itself saw go wrong: a run that did not end, a traceback."""
    over: threading.Event = field(default_factory=threading.Event)
    """Set when whatever goes on beside the runs is to end."""

    # -- the engine ------------------------------------------------------------------------------

    def start(self, *flags: str) -> subprocess.Popen[bytes]:
        with (self.work_dir / "output.txt").open("ab") as out:
            return subprocess.Popen(
                self.command(*flags),
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def command(self, *flags: str) -> list[str]:
        return [sys.executable, "-m", "engine.orchestrator", "-C", str(self.work_dir), *flags]

    @property
    def environment(self) -> dict[str, str]:
        brisk = REAL_BRISK if self.real else BRISK
        return {**os.environ, **brisk, "COLUMNS": "200", _DAY: str(self.work_dir), **self.env}

    @property
    def longest(self) -> float:
        """Seconds that a run may take."""
        return RUN_SECONDS * (3 if self.real else 1)

    def await_end(self, run: subprocess.Popen[bytes], what: str) -> None:
        """A run that does not end is killed, and is trouble."""
        try:
            run.wait(self.longest)
        except subprocess.TimeoutExpired:
            self.trouble.append(f"{what} did not end within {self.longest:.0f} s")
            self.kill()
            run.wait()

    @property
    def output(self) -> str:
        path = self.work_dir / "output.txt"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def processes(self, *words: str) -> list[psutil.Process]:
        """What the engine runs here, with these words on its command line."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                ours = process.environ().get(_DAY) == str(self.work_dir)
                line = process.cmdline() if ours else []
                dead = process.status() == psutil.STATUS_ZOMBIE
                if ours and not dead and all(word in line for word in words):
                    found.append(process)
        return found

    def kill(self, *words: str) -> int:
        """SIGKILL at once, so that nobody sees the others die; how many."""
        processes = self.processes(*words)
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(processes, timeout=10)
        return len(processes)

    def send(self, number: signal.Signals, *words: str) -> int:
        processes = self.processes(*words)
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)
        return len(processes)

    # -- what happens ----------------------------------------------------------------------------

    def happened(self, *words: str) -> int:
        """How many events of the run so far have all these words in them."""
        path = self.work_dir / "run" / "events.jsonl"
        try:
            lines = path.read_bytes().splitlines()
        except OSError:
            return 0
        wanted = [word.encode() for word in words]
        return sum(all(word in line for word in wanted) for line in lines)

    def wait_for(self, condition: Callable[[], object], run: subprocess.Popen[bytes]) -> bool:
        """Until something is true; False where the run ended before it was."""
        while not condition():
            if run.poll() is not None:
                return False
            time.sleep(_LOOK_SECONDS)
        return True

    # -- what is true ----------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        return Settings.load(self.work_dir)

    @property
    def ledger_path(self) -> Path:
        return self.work_dir / "parallel_progress.csv"

    def jobs(self) -> Mapping[str, Job]:
        return ProgressTracker(self.ledger_path, settings=self.settings).jobs()

    def toll(self) -> Toll:
        """Truth and ledger beside each other, and all that should be gone."""
        told = list(self.trouble)
        if "Traceback" in self.output:
            told.append("a traceback reached the operator")
        truth = read_truth(self.work_dir)
        try:
            figures = compare(self.work_dir)
            jobs = list(self.jobs().values())
        except EngineError as exc:
            told.append(f"the ledger cannot be read: {exc}")
            return Toll(lost_jobs=self.size, phones_on=len(truth.phones_on), told=told)
        told += [
            f"{item.kind}: {item.account} {item.what}"
            for item in figures.disagreements
            if item.kind != "caption"
        ]
        open_jobs = [
            job for job in jobs if job.status is not JobStatus.SUCCESS and not job.in_doubt
        ]
        told += [f"{job.job_id} is {job.status}: {job.error[:120]}" for job in open_jobs]
        never = max(0, self.size - len(jobs))
        if never:
            told.append(f"{never} jobs were never seeded")
        orphans = self._orphans()
        told += orphans
        return Toll(
            double_posts=figures.double_posts,
            lost_jobs=figures.lost - figures.wrong_success,
            wrong_success=figures.wrong_success,
            phones_on=figures.phones_on,
            orphans=len(orphans),
            unfinished=len(open_jobs) + never,
            billed_minutes=figures.billed_minutes,
            in_doubt=figures.in_doubt,
            told=told,
        )

    def _orphans(self) -> list[str]:
        """Processes, records of processes and phones, adb connections that outlived the run."""
        run = self.work_dir / "run"
        found = [f"process left: {' '.join(process.cmdline())[:160]}" for process in self._alive()]
        for folder in (run / "processes", self.work_dir / "books" / "phones"):
            found += [f"record left: {path.name}" for path in folder.glob("*.json")]
        return found if self.real else found + self._connections()

    def _connections(self) -> list[str]:
        """Of the light adb, whose servers are the farm's; real ones would be left processes."""
        command = self.settings.phones.adb_command
        listed = subprocess.run(
            [*command, "devices"], capture_output=True, text=True, check=False, timeout=20
        ).stdout
        serials = re.findall(r"^(\S+)\t", listed, re.MULTILINE)
        return [f"adb connection left: {serial}" for serial in serials]

    def _alive(self) -> Iterator[psutil.Process]:
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.cmdline()
                yield process


@contextlib.contextmanager
def day_on_farm(
    folder: Path, seed: int, change: Callable[[FarmFile], FarmFile], *, jobs: int, real: bool
) -> Iterator[Day]:
    """A day with its farm running; whatever of the engine is left at its end is ended."""
    work_dir = folder.resolve()
    scale = REAL_TIME_SCALE if real else TIME_SCALE
    wishes = Wishes(accounts=jobs, workers=WORKERS, seed=seed, time_scale=scale, appium=real)
    farm = new_directory(work_dir, wishes)
    quick = {**QUICK, "glogin_life": 20_000} if real else dict(QUICK)
    delays = farm.delays.model_copy(update=quick)
    farm = change(farm.model_copy(update={"delays": delays}))
    (work_dir / FARM_FILE).write_text(farm_text(farm), encoding="utf-8")
    with farm_process(work_dir):
        made = Day(work_dir, random.Random(f"{seed}|strikes"), jobs, real=real)
        try:
            yield made
        finally:
            made.over.set()
            made.kill()
