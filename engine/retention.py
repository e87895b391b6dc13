"""What a work directory keeps, and for how long (A14.8): put in order when a run starts.

Logs, evidence, events and, where the settings say so, archived days go by age and size. What tells
that something was posted never goes: the record of posted videos, and archived days with a job in
doubt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from engine import evidence, logs
from engine.config import Settings
from engine.errors import EngineError
from engine.logger import get_logger
from engine.private_files import patiently
from engine.progress import ProgressTracker
from engine.run_state import RunDirectory

log = get_logger(__name__)


def tidy(
    work_dir: Path,
    settings: Settings,
    ledger: Path,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> str:
    """Remove what has expired, and end the records of killed attempts; only while no worker runs.

    Returns a sentence of what was removed, empty for nothing. What cannot be removed is logged and
    left: nothing here keeps a run from starting.
    """
    limits, paths = settings.logs, settings.paths
    root = work_dir / paths.evidence
    removed = {
        "log": logs.sweep(work_dir / paths.logs, limits, now=now),
        "attempt's evidence": evidence.sweep(
            root, days=limits.evidence_days, megabytes=limits.evidence_megabytes, now=now
        ),
        "file of events": _sweep_events(RunDirectory(work_dir / paths.run), settings, now()),
        "archived day": _sweep_archives(ledger, settings, settings.day_of(now())),
    }
    evidence.settle_abandoned(root, now=now)
    parts = [f"{count} x {what}" for what, count in removed.items() if count]
    return f"Removed, as the settings say: {', '.join(parts)}." if parts else ""


def _sweep_events(run_dir: RunDirectory, settings: Settings, now: datetime) -> int:
    """The rotated events, when even the latest of them is too old."""
    oldest = (now - timedelta(days=settings.logs.keep_days)).timestamp()
    try:
        if run_dir.older_events_path.stat().st_mtime >= oldest:
            return 0
    except OSError:
        return 0
    return int(_remove(run_dir.older_events_path))


def _sweep_archives(ledger: Path, settings: Settings, today: date) -> int:
    """Days that were archived so long ago, each with its quarantine."""
    if not settings.logs.archive_days:
        return 0
    oldest = today - timedelta(days=settings.logs.archive_days)
    removed = 0
    for archive, day in list(_archives(ledger)):
        if day < oldest and not _in_doubt(archive, settings) and _remove(archive):
            beside = archive.with_name(f"{archive.stem}.quarantine{archive.suffix}")
            if beside.exists():
                _remove(beside)
            removed += 1
    return removed


def _archives(ledger: Path) -> Iterator[tuple[Path, date]]:
    """The archived days of a ledger, by their names (A7.3)."""
    name = re.compile(rf"{re.escape(ledger.stem)}_(\d{{8}})(?:_\d+)?{re.escape(ledger.suffix)}")
    try:
        paths = list(ledger.parent.iterdir())
    except OSError:
        return
    for path in paths:
        found = name.fullmatch(path.name)
        if found is None or not path.is_file() or path.is_symlink():
            continue
        try:
            day = date.fromisoformat(found[1])
        except ValueError:
            continue
        yield path, day


def _in_doubt(archive: Path, settings: Settings) -> bool:
    """Whether it holds the only word of a post that may have been made, or cannot be read."""
    tracker = ProgressTracker(archive, settings=settings)
    try:
        return any(job.in_doubt for job in tracker.jobs().values())
    except (EngineError, OSError, ValueError) as exc:
        log.warning("archive_not_read", path=str(archive), error=str(exc))
        return True
    finally:
        tracker.close()


def _remove(path: Path) -> bool:
    try:
        patiently(path.unlink)
    except OSError as exc:
        log.warning("not_removed", path=str(path), error=str(exc))
        return False
    return True
