"""A work directory as its viewers find it: every file written through the engine's own doors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.config import Settings
from engine.insight.values import Attention, Overview
from engine.insight.watch import Watch
from engine.instance import InstanceLock
from engine.jobs import Claim, ErrorCategory, Failure, NewJob
from engine.phones.registry import PhoneRegistry
from engine.progress import ProgressTracker
from engine.run_state import RunDirectory, RunRecord

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RUN_ID = "20260302T100000-abc123"


@dataclass
class Place:
    """One work directory, and a clock that stands still until it is told otherwise."""

    work_dir: Path
    sections: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    time: datetime = NOON
    room: int = 10**12
    """Bytes free on its disk."""

    def __post_init__(self) -> None:
        run = {"timezone": "UTC"} | dict(self.sections.get("run", {}))
        self.settings = Settings.model_validate({**self.sections, "run": run})
        self.run_dir = RunDirectory(self.work_dir / "run")
        self.run_dir.create()
        self.books = self.work_dir / "books"
        self.books.mkdir(mode=0o700)
        self.ledger = ProgressTracker(
            self.work_dir / "parallel_progress.csv",
            settings=self.settings,
            run_id=RUN_ID,
            now=self.now,
        )
        self._watch: Watch | None = None

    def now(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)

    # -- what happened -----------------------------------------------------------------------------

    def seed(self, *keys: str) -> None:
        """A job ``j-KEY`` for each key."""
        self.ledger.seed(
            lambda _known: [
                NewJob(job_id=f"j-{key}", account=key, video_path=f"{key}.mp4", caption="")
                for key in keys
            ]
        )

    def claim(self, worker: int = 0) -> Claim:
        claim = self.ledger.claim(str(worker))
        assert isinstance(claim, Claim), claim
        return claim

    def post(self, *, seconds: float = 60) -> None:
        """The next job is claimed and succeeds after so many seconds."""
        claim = self.claim()
        self.forward(seconds=seconds)
        self.ledger.succeed(claim)

    def fail(
        self, category: ErrorCategory, why: str, *, seconds: float = 60, worker: int = 0
    ) -> None:
        claim = self.claim(worker)
        self.forward(seconds=seconds)
        self.ledger.fail(claim, Failure(error=f"{why}!", category=category, error_type=why))

    def event(self, name: str, **fields: Any) -> None:
        moment = self.time.isoformat()
        self.run_dir.append_event({"ts": moment, "run_id": RUN_ID, "event": name} | fields)

    def ended(self, result: str) -> None:
        """The last run, an hour ago."""
        began = self.time - timedelta(hours=1)
        self.run_dir.write_run(
            RunRecord(
                run_id=RUN_ID,
                started_at=began,
                workload="post_reel",
                ended_at=self.time - timedelta(minutes=1) if result else None,
                result=result,
            )
        )

    def registry(self) -> PhoneRegistry:
        return PhoneRegistry(self.books, run_id=RUN_ID, now=self.now)

    def phone(self, name: str, *, job: str = "", slot: int = 0, alive: bool = False) -> None:
        """A phone that was started just now; ``alive``: whoever did it still lives."""
        registry = self.registry()
        entry = registry.register(f"P-{name}", name, slot=slot, job_id=job)
        if not alive:
            path = registry.folder / f"{entry.id}.json"
            gone = entry.model_copy(update={"pid": 2**22 + 5, "pid_started": "1"})
            path.write_text(gone.model_dump_json(exclude_none=True), encoding="utf-8")

    # -- a live run --------------------------------------------------------------------------------

    @contextmanager
    def live(self, **status: Any) -> Iterator[None]:
        """Somebody holds the work directory and writes its status, if any is given."""
        lock = InstanceLock(self.run_dir.lock_path, stale_after=120, now=self.now)
        lock.acquire()
        try:
            if status:
                self.status(**status)
            yield
        finally:
            lock.release()

    def status(self, **changes: Any) -> None:
        """The run's snapshot at this moment."""
        self.run_dir.write_status(
            {
                "run_id": RUN_ID,
                "pid": 4711,
                "ledger": str(self.ledger.path),
                "started_at": (self.time - timedelta(hours=1)).isoformat(),
                "updated_at": self.time.isoformat(),
                "state": "running",
                "stage": {"number": 1, "label": "pass 1/3", "total_jobs": 5},
                "stages_allowed": 3,
                "workers": [],
            }
            | changes
        )

    def worker(self, slot: int = 0, **changes: Any) -> dict[str, Any]:
        """One worker of a snapshot, up and without a job."""
        return {
            "slot": slot,
            "process": "running",
            "process_since": NOON.isoformat(),
            "pid": 100 + slot,
            "state": "STARTING",
            "succeeded": 1,
            "beat": self.time.isoformat(),
        } | changes

    # -- what a viewer sees ------------------------------------------------------------------------

    def watch(self) -> Watch:
        """The same viewer each time."""
        if self._watch is None:
            self._watch = Watch(
                self.work_dir, self.settings, now=self.now, room=lambda _path: self.room
            )
        return self._watch

    def overview(self) -> Overview:
        """As somebody sees it who has just come."""
        self._watch = None
        return self.watch().refresh().overview

    def attention(self) -> dict[str, Attention]:
        """The lines of attention by their ids."""
        return {line.id: line for line in self.overview().attention}
