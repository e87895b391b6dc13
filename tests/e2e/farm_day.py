"""A day on a simulated farm: a work directory, its farm process, and the engine's command line."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import structlog

from engine.config import Settings
from engine.jobs import Job, JobStatus
from engine.phones.station import PhoneStation
from engine.progress import ProgressTracker
from simulator.farm_file import FARM_FILE
from simulator.truth import read_truth
from tests import prepared
from tests.e2e.toy_farm import begins_a_run
from tests.farm import served

ROOT = Path(__file__).resolve().parents[2]

QUICK = "boot = [10, 20]\nadb_enable = [1, 2]\nadb_offline = [1, 2]\nidle_shutdown = 1e7\n"
"""Delays of phones that boot at once and are not switched off while a slow host looks away."""

BRISK = {
    "GEELARK_PHONES__BOOT_POLL_SECONDS": "0.3",
    "GEELARK_PHONES__ADB_ENABLE_WAIT_SECONDS": "0.1",
    "GEELARK_PHONES__ADB_POLL_SECONDS": "0.1",
    "GEELARK_PHONES__UPLOAD_POLL_SECONDS": "0.1",
    "GEELARK_POSTING__POLL_SECONDS": "0.05",
    "GEELARK_RUN__RESTART_BACKOFF_SECONDS": "0.2",
}
"""Waits of the engine shorter than those that the farm's settings choose."""


class FarmDay:
    """One work directory on a farm; ``run`` and ``start`` are what an operator types."""

    def __init__(
        self, work_dir: Path, *options: object, delays: str = QUICK, farm: str = "", **env: str
    ) -> None:
        """``options`` of ``simulator new``; ``farm`` is TOML added to its farm file."""
        self.work_dir = work_dir
        self.env = {**os.environ, **BRISK, "COLUMNS": "200", **env}
        _succeed("simulator", "new", work_dir, *options)
        path = work_dir / FARM_FILE
        text = path.read_text(encoding="utf-8").replace("[delays]\n", f"[delays]\n{delays}")
        path.write_text(f"{text}\n{farm}", encoding="utf-8")

    @contextlib.contextmanager
    def served(self) -> Iterator[FarmDay]:
        """With its farm process; whatever of the engine is left over is ended with it."""
        with served(self.work_dir):
            try:
                yield self
            finally:
                for process in self.processes():
                    with contextlib.suppress(psutil.Error):
                        process.kill()

    # -- the engine ------------------------------------------------------------------------------

    def start(self, *flags: str) -> subprocess.Popen[str]:
        """The engine's command line, running; its output is in ``output``."""
        with (self.work_dir / "output.txt").open("a", encoding="utf-8") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "engine.orchestrator", "-C", str(self.work_dir), *flags],
                cwd=ROOT,
                env=self.env,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                umask=0o022,  # that of most hosts: what we make must be private all the same
            )

    def run(self, *flags: str, timeout: float = 90) -> int:
        if begins_a_run(flags) or sys.platform == "win32":
            return self.start(*flags).wait(timeout)
        with (self.work_dir / "output.txt").open("ab") as out:
            words = ("-C", self.work_dir, *flags)
            command = prepared.start("engine.orchestrator", *words, env=self.env, out=out, err=out)
            return command.wait(timeout)

    @property
    def output(self) -> str:
        """All that the operator was shown so far."""
        return (self.work_dir / "output.txt").read_text(encoding="utf-8")

    def processes(self, *words: str) -> list[psutil.Process]:
        """What runs for this directory, by its command line: supervisor, workers, Appium, adb."""
        url = self.settings.phones.api_url
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                line = process.cmdline()
                ours = str(self.work_dir) in line or url in line
                dead = process.status() == psutil.STATUS_ZOMBIE
                if ours and not dead and "serve" not in line and all(w in line for w in words):
                    found.append(process)
        return found

    def kill(self, *words: str) -> None:
        """SIGKILL at once, so that nobody sees the others die."""
        processes = self.processes(*words)
        assert processes, f"nothing of {words} runs: {self.output}"
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(processes, timeout=10)

    def attach(self, account: str) -> str:
        """Start a phone and connect it by hand, as nobody's of ours; its adb serial."""
        station = PhoneStation(
            self.settings, self.work_dir.parent / "hand", run_id="hand", log=structlog.get_logger()
        )
        phone = station.find(account)
        station.start(phone, job_id="by hand", slot=0, pause=time.sleep)
        station.wait_started(phone, time.sleep)
        return station.connect(phone, time.sleep)

    # -- what is true ----------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        return Settings.load(self.work_dir)

    def jobs(self) -> dict[str, Job]:
        path = self.work_dir / self.settings.paths.ledger
        return dict(ProgressTracker(path, settings=self.settings).jobs())

    def statuses(self) -> Counter[str]:
        return Counter(
            "in_doubt" if job.in_doubt else str(job.status) for job in self.jobs().values()
        )

    def rows_of(self, job_id: str) -> Sequence[Job]:
        path = self.work_dir / self.settings.paths.ledger
        return ProgressTracker(path, settings=self.settings).history(job_id)

    def events(self, name: str = "") -> list[dict[str, Any]]:
        path = self.work_dir / "run" / "events.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        events = [json.loads(line) for line in lines if line.endswith("}")]
        return [event for event in events if not name or event["event"] == name]

    def wait_for(self, condition: Callable[[], object], seconds: float = 75) -> None:
        """Until something is true; fails with the last words of the run."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"It never became true: {self.output[-3000:]}"
            time.sleep(0.02)

    def in_state(self, state: str) -> bool:
        """Whether a worker has been in a state."""
        return any(event.get("state") == state for event in self.events("worker_state"))

    def phones_on(self) -> list[str]:
        return [phone.account for phone in read_truth(self.work_dir).phones_on]

    def reels(self) -> list[str]:
        """Accounts of all that was really published."""
        return [reel.account for reel in read_truth(self.work_dir).reels]

    def strangers_stopped(self) -> Sequence[str]:
        return read_truth(self.work_dir).strangers_stopped

    def adb_serials(self) -> list[str]:
        """What is connected to the host's adb server."""
        command = self.settings.phones.adb_command
        out = subprocess.run([*command, "devices"], capture_output=True, text=True, check=True)
        return re.findall(r"^(\S+)\t", out.stdout, re.MULTILINE)

    def left_behind(self) -> dict[str, object]:
        """All that a run must not leave; empty when it left nothing."""
        run = self.work_dir / "run"
        found: dict[str, object] = {
            "processes": [" ".join(process.cmdline()) for process in self.processes()],
            "process records": [path.name for path in (run / "processes").glob("*.json")],
            "phones on": self.phones_on(),
            "phone records": [
                path.name for path in (self.work_dir / "books" / "phones").glob("*.json")
            ],
            "adb": self.adb_serials(),
            "claims": [
                job.job_id for job in self.jobs().values() if job.status is JobStatus.CLAIMED
            ],
        }
        return {what: which for what, which in found.items() if which}

    def compare(self) -> dict[str, int]:
        """The figures of ``simulator compare``; fails where it does not agree."""
        line = _succeed("simulator", "compare", self.work_dir).splitlines()[-1]
        return {name: int(figure) for name, figure in re.findall(r"(\w+)=(\d+)", line)}


def _succeed(module: str, *arguments: object) -> str:
    """Output of a module that must end with exit status 0."""
    done = prepared.run(module, *arguments)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
