"""Starts a run that outlives whoever started it (console-features 6.1: a window, not a parent).

The run gets a session of its own, so that neither a closed terminal nor the death of the cockpit
reaches it; what it prints goes to a private file. It takes all that is secret from the environment.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from engine import logs, processes
from engine.config import Settings
from engine.errors import EngineError
from engine.instance import InstanceLock
from engine.private_files import explain, open_append
from engine.run_state import RunDirectory

OUTPUT_NAME: Final = "orchestrator.out.log"
START_SECONDS: Final = 60.0
"""Checks before a run (token, ports, programs) may ask a provider that is slow."""
END_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.05
TOLD_BYTES: Final = 64 * 1024
"""Of a failed start's output, this much is looked at for its sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """What the operator chose for a run; None and empty leave it to the settings."""

    workers: int | None = None
    max_passes: int | None = None
    retry_delay: int | None = None
    campaign: str = ""
    accounts: tuple[str, ...] = ()
    """Restricts seeding."""
    continue_day: bool = False
    """Go on with a ledger of an earlier day."""

    def flags(self) -> list[str]:
        """As they are typed on the command line."""
        values = {
            "--workers": self.workers,
            "--max-passes": self.max_passes,
            "--retry-delay": self.retry_delay,
            "--campaign": self.campaign or None,
            "--accounts": ",".join(self.accounts) or None,
        }
        flags = [f"{name}={value}" for name, value in values.items() if value is not None]
        return [*flags, "--continue-day"] if self.continue_day else flags


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A run that is live and no child of whoever asks."""

    pid: int
    output: Path
    """Where its talk goes."""


def command_line(work_dir: Path, flags: Sequence[str]) -> list[str]:
    """The engine's command line as this interpreter runs it; no secret is ever in it."""
    return [sys.executable, "-m", "engine.orchestrator", "-C", str(work_dir), *flags]


def start_detached(
    work_dir: Path, options: RunOptions, *, timeout: float = START_SECONDS
) -> Started:
    """Start a run of its own; returns when it holds the work directory.

    Raises EngineError with the run's own last sentence where it ended before.
    """
    settings = Settings.load(work_dir)
    output = work_dir / settings.paths.logs / OUTPUT_NAME
    lock = InstanceLock(
        RunDirectory(work_dir / settings.paths.run).lock_path,
        stale_after=settings.run.heartbeat_stale_seconds,
    )
    # Asked by the run itself too; here nothing is started in vain.
    lock.refuse_if_held()
    logs.rotate(output, settings.logs)
    try:
        with open_append(output) as file:
            begin = file.tell()
            popen = processes.start(
                command_line(work_dir, [*options.flags(), "--run"]),
                stdout=file,
                stderr=subprocess.STDOUT,
            )
    except OSError as exc:
        raise EngineError(f"The run could not be started: {explain(exc)}") from exc
    deadline = time.monotonic() + timeout
    while not _holds(lock, popen.pid):
        if popen.poll() is not None:
            raise EngineError(last_sentence(output, begin, popen.returncode))
        if time.monotonic() >= deadline:
            with contextlib.suppress(psutil.Error):
                processes.end_tree(psutil.Process(popen.pid), timeout=END_SECONDS)
            with contextlib.suppress(subprocess.TimeoutExpired):
                popen.wait(END_SECONDS)
            raise EngineError(
                f"The run did not begin within {timeout:g} s and was ended; see {output}."
            )
        time.sleep(LOOK_SECONDS)
    return Started(pid=popen.pid, output=output)


def _holds(lock: InstanceLock, pid: int) -> bool:
    """The started process holds the lock; on Windows the interpreter may be a child of it."""
    holder = lock.holder()
    if holder is None:
        return False
    try:
        return holder.pid == pid or psutil.Process(holder.pid).ppid() == pid
    except psutil.Error:
        return False


def last_sentence(output: Path, begin: int, status: int) -> str:
    """What a run that ended at once said last."""
    try:
        with output.open("rb") as file:
            file.seek(begin)
            said = file.read(TOLD_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        said = []
    lines = [line.strip() for line in said if line.strip()]
    return lines[-1] if lines else f"The run ended with status {status}; see {output}."
