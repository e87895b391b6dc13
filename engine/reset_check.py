"""What resetting the day would do, and what speaks against it, before anybody types the word.

The daily cap outlives the reset: archives and the posted record still count (behaviour A7, A6.5;
console-features 6.11).
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.config import Settings
from engine.errors import EngineError
from engine.instance import InstanceLock, InstanceRecord, run_lock
from engine.jobs import JobStatus
from engine.ledger.figures import Figures
from engine.ledger.file import archive_name, free_name
from engine.progress import ProgressTracker
from engine.run_state import RunDirectory
from engine.workloads.base import Workload
from engine.workloads.labels import plural

SPARE_BYTES: Final = 16 * 1024 * 1024
"""Free space that a reset should leave beside the archive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that was looked at."""

    ok: bool
    text: str
    key: str = ""
    """Key of the cockpit that helps: ``Q`` stop the run, ``S`` stop phones, ``P`` mark posted."""
    confirmable: bool = False
    """The operator may go on although it is not ok."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResetPreview:
    """What would become of the day."""

    source: Path
    target: Path
    """Name that the archive will have."""
    taken: Path | None
    """The usual name, where an earlier archive has it."""
    size: int
    """Bytes of the ledger."""
    figures: Figures
    checks: Sequence[Check]
    cap: int
    """Posts that one account may have on one day; 0 = no limit."""
    capped: Sequence[str]
    """Accounts at that cap today; the reset does not change it."""
    word: str
    """What must be typed."""

    @property
    def blocked(self) -> bool:
        """Something speaks against it that no confirmation helps against."""
        return any(not check.ok and not check.confirmable for check in self.checks)

    @property
    def needs_confirmation(self) -> bool:
        return any(not check.ok and check.confirmable for check in self.checks)


def reset_preview(
    work_dir: Path, settings: Settings, workload: Workload, ledger: ProgressTracker
) -> ResetPreview:
    """Look at everything that a reset depends on; changes nothing, asks no provider.

    Raises LedgerUnreadableError where the ledger cannot be read.
    """
    day = settings.day_of(ledger.now())
    wanted = archive_name(ledger.path.resolve(), day)
    target = free_name(wanted)
    size = ledger.path.stat().st_size if ledger.path.exists() else 0
    figures = ledger.figures()
    checks = [
        _there(ledger),
        _no_run(work_dir, settings, ledger),
        _nothing_on(workload),
        _no_doubt(ledger, figures),
        _room(ledger.path, size),
    ]
    return ResetPreview(
        source=ledger.path,
        target=target,
        taken=wanted if target != wanted else None,
        size=size,
        figures=figures,
        checks=checks,
        cap=workload.daily_cap,
        capped=_capped(settings, workload, ledger),
        word=f"reset {day:%Y%m%d}",
    )


def _there(ledger: ProgressTracker) -> Check:
    if ledger.exists():
        return Check(ok=True, text=f"the ledger {ledger.path.name} is there")
    return Check(ok=False, text=f"there is no ledger {ledger.path}: nothing to reset")


def _no_run(work_dir: Path, settings: Settings, ledger: ProgressTracker) -> Check:
    stale = settings.run.heartbeat_stale_seconds
    own = InstanceLock(RunDirectory(work_dir / settings.paths.run).lock_path, stale_after=stale)
    holder = own.holder() or run_lock(ledger.path, stale_after=stale).holder()
    if holder is None:
        return Check(ok=True, text="no run is live")
    return Check(ok=False, text=f"a run is live: {_who(holder)}", key="Q")


def _who(holder: InstanceRecord) -> str:
    return f"pid {holder.pid} of {holder.user} on {holder.host}"


def _nothing_on(workload: Workload) -> Check:
    label = workload.labels.resource
    try:
        on = [state.label for state in workload.resources(ask=False) if state.ours]
    except EngineError as exc:
        return Check(ok=False, text=str(exc), key="S", confirmable=True)
    if not on:
        return Check(ok=True, text=f"no {label} of ours is on")
    verb = f"{label} of ours is" if len(on) == 1 else f"{plural(label)} of ours are"
    return Check(ok=False, text=f"{len(on)} {verb} on: {', '.join(on)}", key="S", confirmable=True)


def _no_doubt(ledger: ProgressTracker, figures: Figures) -> Check:
    submitted = sum(
        job.status is JobStatus.CLAIMED and job.submitted_at is not None
        for job in ledger.jobs().values()
    )
    count = figures.unsettled + submitted
    if not count:
        return Check(ok=True, text="no job is in doubt")
    text = (
        "1 job is in doubt: a reset counts it as posted"
        if count == 1
        else f"{count} jobs are in doubt: a reset counts them as posted"
    )
    return Check(ok=False, text=text, key="P", confirmable=True)


def _room(ledger: Path, size: int) -> Check:
    folder = ledger.resolve().parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError as exc:
        return Check(ok=False, text=f"the folder {folder} cannot be read: {exc.strerror}")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check(ok=False, text=f"the folder {folder} is not writable for this user")
    text = f"{_amount(free)} free"
    if free < size + SPARE_BYTES:
        return Check(ok=False, text=f"only {text} on the disk of {folder}: make room")
    return Check(ok=True, text=f"the folder is writable, {text}")


def _amount(size: float) -> str:
    """``12 GB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.0f} TB"


def _capped(settings: Settings, workload: Workload, ledger: ProgressTracker) -> list[str]:
    """Accounts that have, or may have, posted as often today as they may."""
    if not workload.daily_cap:
        return []
    today = settings.day_of(ledger.now())
    counts: Counter[str] = Counter()
    for job in ledger.jobs().values():
        when = job.completed_at or job.submitted_at or job.claimed_at
        posted = job.status is JobStatus.SUCCESS or job.in_doubt
        if posted and when is not None and settings.day_of(when) == today:
            counts[job.account] += 1
    return [key for key, count in counts.items() if count >= workload.daily_cap]
