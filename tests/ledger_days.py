"""Days for the ledger's tests: files of every age as they really look, and a clock of our own."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.config import Settings
from engine.jobs import Claim, ErrorCategory, Failure, Job, NewJob
from engine.progress import ProgressTracker

COLUMNS = ProgressTracker.COLUMNS
LEGACY_13 = COLUMNS[:13]
LEGACY_15 = COLUMNS[:15]
LEGACY_17 = COLUMNS[:17]

CAPTION = 'First line, with a comma 🎬\n\nsecond "quoted" line\r\nthird: naïve – déjà vu'


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


def settings(**sections: Mapping[str, object]) -> Settings:
    """Settings in a fixed zone; ``retry={"attempts_per_pass": 2}``."""
    run = {"timezone": "Europe/Berlin"} | dict(sections.pop("run", {}))
    return Settings.model_validate({"run": run, **sections})


def tracker(
    path: Path,
    clock: Clock | None = None,
    *,
    cap: int | None = None,
    refuse: Callable[[Job], str | None] | None = None,
    **sections: Mapping[str, object],
) -> ProgressTracker:
    return ProgressTracker(
        path,
        settings=settings(**sections),
        run_id="run-1",
        now=clock or Clock(),
        cap=cap,
        refuse=refuse or (lambda _job: None),
    )


def job(number: int, account: str | None = None, **more: object) -> NewJob:
    values: dict[str, object] = {
        "job_id": f"v{number}.mp4_camp",
        "account": f"acct{number:03d}" if account is None else account,
        "video_path": f"videos/v{number}.mp4",
        "caption": CAPTION,
        "video_id": f"sha256:{number:032x}",
    }
    return NewJob(**(values | more))  # type: ignore[arg-type]  # one dict for fields of two types


def seeded(
    path: Path,
    jobs: int | Sequence[NewJob],
    clock: Clock | None = None,
    *,
    cap: int | None = None,
    refuse: Callable[[Job], str | None] | None = None,
    **sections: Mapping[str, object],
) -> ProgressTracker:
    """A tracker on a fresh ledger with these jobs."""
    ledger = tracker(path, clock, cap=cap, refuse=refuse, **sections)
    wanted = [job(number) for number in range(jobs)] if isinstance(jobs, int) else list(jobs)
    ledger.seed(lambda _known: wanted)
    return ledger


def claimed(ledger: ProgressTracker, worker: str = "0") -> Claim:
    """A claim, where there must be one."""
    claim = ledger.claim(worker)
    assert isinstance(claim, Claim), claim
    return claim


def row(**cells: str) -> dict[str, str]:
    """A legacy row; what is not named is empty."""
    values = {
        "job_id": "v1.mp4_camp",
        "account": "acct001",
        "video_path": "campaigns\\camp\\videos\\v1.mp4",
        "caption": CAPTION,
        "status": "pending",
        "attempts": "0",
        "max_attempts": "3",
    }
    return values | cells


def csv_text(
    columns: Sequence[str], rows: Iterable[Mapping[str, str]], line_end: str = "\n"
) -> bytes:
    """A ledger as another program writes it."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(
        text, columns, restval="", extrasaction="ignore", lineterminator=line_end
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "surrogateescape")


def read_rows(path: Path) -> list[dict[str, str]]:
    """All rows of a file, read without the engine."""
    text = path.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def quarantine(path: Path) -> list[bytes]:
    """The rows kept beside a ledger, as they were."""
    beside = path.with_name(f"{path.stem}.quarantine.csv")
    if not beside.exists():
        return []
    return [found["row"].encode("utf-8", "surrogateescape") for found in read_rows(beside)]


V0 = "v0.mp4_camp"
"""Id of the first job of a seeded day."""


def failure(
    category: ErrorCategory = ErrorCategory.INFRASTRUCTURE,
    error: str = "adb gone",
    *,
    retry_soon: bool = False,
    retry_after_seconds: float | None = None,
) -> Failure:
    return Failure(
        error=error,
        category=category,
        error_type="some_type",
        retry_soon=retry_soon,
        retry_after_seconds=retry_after_seconds,
    )


def failed_once(ledger: ProgressTracker, what: Failure | None = None) -> Job:
    """Claim the next job and fail it."""
    return ledger.fail(claimed(ledger), what or failure())
