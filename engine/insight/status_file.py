"""``run/status.json`` as a reader sees it: typed, or one sentence why it cannot be used.

The snapshot of a run may come from another version of the engine. What an older minor version does
not write has a default; another schema is refused in words that say what to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from engine.run_state import STATUS_SCHEMA

STATES: Final = frozenset(
    {
        "",
        "starting",
        "cleaning up",
        "seeding",
        "running",
        "waiting",
        "paused",
        "stopping",
        "finishing",
        "failed",
        "ended",
    }
)
"""The supervisor's own words; every other one is the trade's, between two stages."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class StatusWorker(_Part):
    """One worker, as the supervisor last saw it."""

    slot: int
    process: str = ""
    """The supervisor's word: ``running``, ``backoff``, …"""
    process_since: AwareDatetime | None = None
    pid: int | None = None
    state: str = ""
    """The worker's own state: ``STARTING``, ``JOB_RUNNING``, …"""
    state_since: AwareDatetime | None = None
    phase: str = ""
    phase_since: AwareDatetime | None = None
    job: str = ""
    key: str = ""
    next_job: str = ""
    """Held beside it, to come next."""
    submitted: bool = False
    idle: bool = False
    restarts: int = 0
    exit_reason: str = ""
    succeeded: int = 0
    failed: int = 0
    cpu_seconds: float = 0.0
    memory_mb: float = 0.0
    beat: AwareDatetime | None = None
    restart_at: AwareDatetime | None = None
    facts: Mapping[str, Any] = Field(default_factory=dict)

    @property
    def alive(self) -> bool:
        """Its process is up."""
        return self.process in ("starting", "running", "stopping")


class StatusStage(_Part):
    number: int = 0
    label: str = ""
    total_jobs: int = 0


class StatusHeld(_Part):
    keys: frozenset[str] = frozenset()
    workers: frozenset[int] = frozenset()


class StatusMoney(_Part):
    """US dollars; zeros where an older version wrote none."""

    limit: float = 0.0
    spent: float = 0.0
    unlimited: bool = False
    """The operator resumed although the limit was reached."""


class StatusScaling(_Part):
    """Shares of 1, and bytes; None = could not be read."""

    cpu: float | None = None
    memory_used: float | None = None
    free_bytes: int | None = None
    workers: int = 0
    most: int = 0
    leaving: tuple[int, ...] = ()
    why: str = ""


class StatusTotals(_Part):
    blocked: Mapping[str, int] = Field(default_factory=dict)


class RunStatus(_Part):
    """What a live run last wrote of itself (architecture 7)."""

    run_id: str
    pid: int = 0
    campaign: str = ""
    ledger: str = ""
    started_at: AwareDatetime | None = None
    updated_at: AwareDatetime
    state: str = ""
    """The supervisor's phase (``STATES``), or what the trade does between two stages."""
    stage: StatusStage | None = None
    waiting_until: AwareDatetime | None = None
    paused: bool = False
    paused_by: str = ""
    paused_at: AwareDatetime | None = None
    paused_why: str = ""
    money: StatusMoney = StatusMoney()
    scaling: StatusScaling | None = None
    """None where the number of workers stays as it was asked for."""
    held: StatusHeld = StatusHeld()
    workers: tuple[StatusWorker, ...] = ()
    stages: Mapping[str, Any] = Field(default_factory=dict)
    """The plan's summary, with its retry configuration."""
    stages_allowed: int | None = None
    totals: StatusTotals = StatusTotals()
    result: str = ""

    @property
    def doing(self) -> str:
        """What the trade does between two stages, in its own words; else empty."""
        return "" if self.state in STATES else self.state

    @property
    def present_stage(self) -> int:
        """The stage whose jobs are being claimed, or that is just being ended in the trade's own
        way; 0 = none in particular."""
        at_it = self.state == "running" or bool(self.doing)
        return self.stage.number if self.stage is not None and at_it else 0

    def age(self, now: datetime) -> float:
        """Seconds since it was written."""
        return (now - self.updated_at).total_seconds()


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusReading:
    """What one look at the file found."""

    raw: Mapping[str, Any] | None = None
    """The object as it is, where it is one that we understand."""
    status: RunStatus | None = None
    problem: str = ""
    """Why there is none although there is a file; says what to do."""
    revision: object = None
    """Changes whenever the file changed."""


class StatusFile:
    """Reads the file again only when it changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = StatusReading()

    def read(self) -> StatusReading:
        """The same object as long as the file is the same; never raises."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            revision: object = None
        except OSError as exc:
            return self._unusable(str(exc.errno), _refused(self._path, exc))
        else:
            revision = (found.st_ino, found.st_size, found.st_mtime_ns)
        if revision != self._last.revision:
            self._last = self._read(revision) if revision else StatusReading()
        return self._last

    def _read(self, revision: object) -> StatusReading:
        try:
            raw = json.loads(self._path.read_text(encoding="utf-8"))
        except OSError as exc:
            return StatusReading(problem=_refused(self._path, exc), revision=revision)
        except ValueError:
            raw = None
        problem = _wrong_schema(self._path, raw)
        if problem:
            return StatusReading(problem=problem, revision=revision)
        try:
            status = RunStatus.model_validate(raw)
        except ValidationError as exc:
            where = ".".join(str(part) for part in exc.errors()[0]["loc"])
            text = f"{self._path} cannot be understood (at {where}): {_REWRITTEN}"
            return StatusReading(problem=text, revision=revision)
        return StatusReading(raw=raw, status=status, revision=revision)

    def _unusable(self, revision: object, problem: str) -> StatusReading:
        if self._last.revision != revision:
            self._last = StatusReading(problem=problem, revision=revision)
        return self._last


_REWRITTEN = "a live run writes it anew every 2 s; remove it if it stays so."


def _wrong_schema(path: Path, raw: object) -> str:
    """The sentence about a snapshot that is not of our schema; empty for one that is."""
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if not isinstance(schema, int):
        return f"{path} is no status of a run: {_REWRITTEN}"
    if schema > STATUS_SCHEMA:
        return (
            f"The run here is of a newer version (status schema {schema}, this one reads "
            f"{STATUS_SCHEMA}): upgrade this program, or look with the version that started it."
        )
    if schema < STATUS_SCHEMA:
        return (
            f"The run here is of an older version (status schema {schema}, this one reads "
            f"{STATUS_SCHEMA}): stop it and start it again with this version."
        )
    return ""


def _refused(path: Path, exc: OSError) -> str:
    return (
        f"{path} cannot be read ({exc.strerror or type(exc).__name__}): look as the user whose run "
        "it is, or name another work directory."
    )
