"""Read-only values that the cockpit and ``--status`` show. Nothing here reads a file or a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from engine.insight.forecast_values import Forecast
from engine.insight.scaling import Scaling
from engine.jobs import ErrorCategory, Job, JobStatus
from engine.workloads.labels import GENERIC, Labels


class Actor(StrEnum):
    """Who acts next on a job."""

    NOBODY = "nobody"
    WORKER = "worker"
    ENGINE = "engine"
    """A later pass or a later moment tries it again."""
    PERSON = "person"
    """At the account, or with a new file."""
    OPERATOR = "operator"
    """In doubt: settle it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobLine:
    """One job as tables show it: its latest row, and what may follow."""

    job: Job
    glyph: str
    """``+`` success, ``>`` claimed, ``.`` pending, ``~`` will be tried again, ``x`` failed for
    good, ``?`` in doubt, ``-`` skipped."""
    actor: Actor
    next: str
    """``pass 3``, ``now``, ``12:40``, ``person``, ``new file``, ``operator``, or empty."""
    limit: int
    """Attempts that its class of error allows in all."""
    took: float | None
    """Seconds of the last attempt that ended, from its claim to its outcome."""
    held: bool = False
    """No new claims for its key, by the operator's word."""
    next_stage: int | None = None
    """The stage to come that takes it, where ``next`` names one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One claim of a job and what came of it, from the ledger's own rows."""

    job_id: str
    key: str
    """The job's exclusive key (account)."""
    worker: str
    run_id: str
    pass_number: int
    number: int
    """Failed attempts before it, plus one."""
    claimed_at: datetime
    ended_at: datetime | None
    """None while it is under way."""
    status: JobStatus
    """``claimed`` under way, ``success``, ``failed`` / ``retrying``, ``pending`` given back."""
    category: ErrorCategory | None = None
    error_type: str = ""
    error: str = ""
    submitted: bool = False

    @property
    def in_doubt(self) -> bool:
        return self.category is ErrorCategory.IN_DOUBT

    @property
    def seconds(self) -> float | None:
        return None if self.ended_at is None else (self.ended_at - self.claimed_at).total_seconds()


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseTimes:
    """Seconds that one attempt spent in each phase, in the order it went through them."""

    job_id: str
    attempt: int
    claimed_at: datetime | None
    outcome: str
    """``success``, a failure's type, or empty while it is under way."""
    phases: Mapping[str, float]
    failed_in: str = ""
    """Phase in which the attempt ended without success."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UsualTimes:
    """What phases of successful attempts took lately (30 days)."""

    median: Mapping[str, float] = field(default_factory=dict)
    p90: Mapping[str, float] = field(default_factory=dict)
    total_median: float | None = None
    total_p90: float | None = None
    attempts: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class PassLine:
    """One pass in the table of passes; figures that need five jobs are None below that."""

    number: int
    state: str
    """``ended``, ``running`` or ``planned``."""
    started: datetime | None
    ended: datetime | None
    """Expected, for a planned one."""
    seconds: float | None
    jobs: int
    success: int = 0
    infrastructure: int = 0
    account: int = 0
    content: int = 0
    unknown: int = 0
    """Internal ones included."""
    in_doubt: int = 0
    rate: float | None = None
    """Percent of its ended jobs."""
    per_minute: float | None = None
    median_seconds: float | None = None
    p90_seconds: float | None = None
    keys: int = 0
    """Different keys (phones) that it used."""
    minutes: float = 0.0
    """Billed minutes, estimated."""
    result: str = ""
    """``retryable_remaining`` … or ``running, 17 to go`` or ``planned``."""
    label: str = ""
    """What the trade calls it; empty where its number says all."""
    note: str = ""
    """What the trade says of it: why its exit gate did not open."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """Failures of one type."""

    why: str
    """Error type; ``unclassified`` for none."""
    category: ErrorCategory
    count: int
    retry: str
    """``yes``, ``once``, ``person``, ``content``, ``operator``, ``no``."""
    tried_again: int
    saved: int
    """Tried again and ended in success."""
    keys: int
    workers: Sequence[str]
    last: datetime | None
    sample: str
    job_ids: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Attempts of one key or one worker in this run."""

    name: str
    attempts: int
    success: int
    infrastructure: int
    failed: int
    last_why: str = ""
    rate_30_days: float | None = None
    """Percent of its jobs that ended in success; None with fewer than five."""
    restarts: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Projection:
    """Range of what the run may end with; the middle half of what was usual."""

    low: int
    high: int
    total: int
    text: str
    """One line for each pass to come, joined."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PassReport:
    """Everything that the Passes screen shows of one run."""

    run_id: str = ""
    limits: str = ""
    """``up to 3 passes, 30s apart, infrastructure 3 tries, unclassified 1 retry``."""
    passes: Sequence[PassLine] = ()
    failed_now: Sequence[Cluster] = ()
    """Jobs that are failed at this moment, by type."""
    attempts_failed: Sequence[Cluster] = ()
    """All failed attempts of the run, by type, with what another try saved."""
    keys: Sequence[Tally] = ()
    """Worst first."""
    workers: Sequence[Tally] = ()
    bins: Sequence[tuple[datetime, int, int]] = ()
    """(start of ten minutes, successes, failures), oldest first."""
    projection: Projection | None = None
    remarks: Sequence[str] = ()
    """Sentences: whether another pass pays, which worker or phone stands out."""
    next_text: str = ""
    """What comes next, and when the run ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerLine:
    """One worker as the Cockpit shows it."""

    slot: int
    state: str
    """In words: ``starting``, ``adb pending``, ``job``, ``idle``, ``recovery``, ``leaving``,
    ``backoff``, ``stopped``, ``fatal``, ``held``."""
    since: datetime | None
    job_id: str
    key: str
    phase: str
    phase_since: datetime | None
    submitted: bool
    beat: datetime | None
    """Last sign of life."""
    cpu_percent: float | None
    memory_mb: float | None
    port: int | None
    success: int
    failed: int
    restarts: int
    slow: bool
    """Longer in its phase than twice the usual time."""
    note: str = ""
    """Last exits and the next restart, or empty."""
    restart_at: datetime | None = None
    """When its process is started again."""


class Level(StrEnum):
    """How loud a line of attention is."""

    ALARM = "alarm"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attention:
    """One thing that a person should look at; its id stays the same until it is solved."""

    id: str
    """``orphan:PHONE``, ``flapping:3``, ``people``, …"""
    level: Level
    since: datetime | None
    text: str
    keys: Sequence[tuple[str, str]] = ()
    """Keys that help, with a word: ``(("S", "stop"), ("enter", "show"))``."""
    jobs: Sequence[str] = ()
    resource: str = ""
    slot: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Money:
    """Minutes and estimated cost of what is billed; everything here is an estimate."""

    price_per_minute: float
    on_now: int
    per_minute_now: float
    minutes_today: float
    today: float
    at_finish: float | None
    calls_today: float = 0.0
    """Of ``today``: calls of a paid service."""
    limit: float = 0.0
    """US dollars at which the day's claims pause; 0 = none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """The six questions of the Cockpit, answered."""

    word: str
    """``RUNNING``, ``WAITING``, ``PAUSED``, ``DRAINING``, ``STARTING``, ``STOPPED``, ``SILENT``,
    ``FAILED``, ``ENDED``, ``NO RUN``: always one."""
    detail: str
    """``by ana 11:58``, ``3 left``, ``0:42``; may be empty."""
    live: bool
    run_id: str
    campaign: str
    started_at: datetime | None
    updated_at: datetime | None
    pid: int | None
    stage: int
    stages: int
    """Passes allowed."""
    waiting_until: datetime | None
    paused: bool
    key_label: str
    resource_label: str
    total: int
    by_status: Mapping[str, int]
    in_doubt: int
    to_retry: int
    final: int
    """Failed for good, in doubt included."""
    retry_why: Sequence[tuple[str, int]]
    """Type and number, most first, of what will be tried again."""
    final_why: Sequence[tuple[str, str, int]]
    """Type, who must act (``person``, ``content``, ``operator``, ``nobody``), number."""
    blocked: Mapping[str, int]
    quarantined: int
    percent: float
    """Jobs that need nothing more of the run (success, final, skipped)."""
    keys_capped: int | None
    """None: keys have no daily cap in this trade."""
    keys_free: int
    keys_held: int
    """Keys that wait for a person, or are held."""
    bins: Sequence[tuple[datetime, int, int]]
    median_seconds: float | None
    p90_seconds: float | None
    forecast: Forecast
    money: Money
    why_idle: str
    """One sentence when nothing is running; empty when something is."""
    workers: Sequence[WorkerLine]
    held_keys: frozenset[str]
    held_workers: frozenset[int]
    attention: Sequence[Attention]
    labels: Labels = GENERIC
    """All that the trade has its own words for."""
    scaling: Scaling | None = None
    """Of a live run whose number of workers follows the host."""
    last_result: str = ""
    """How the last run ended, with its time; for the screen without a run."""
    problem: str = ""
    """Why the ledger or the status could not be read."""
    counting: bool = False
    """Only the counts of jobs are known yet: the ledger is still being read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceLine:
    """One resource (phone) as the Phones screen shows it."""

    id: str
    label: str
    state: str
    """``started``, ``starting``, ``stopping``, ``off``, ``expired``, ``unknown``."""
    ours: bool
    in_campaign: bool
    orphan: bool
    """On, ours, and neither a job nor a living worker behind it."""
    since: datetime | None
    job_id: str
    slot: int | None
    phase: str
    minutes: float
    cost: float
    posts_today: int
    cap: int
    last_result: str
    rate_30_days: float | None
    note: str
    code: str = ""
    """The provider's own code of its state."""
    stopping_since: datetime | None = None
    """When its stop was asked for; it has not been seen off since."""
    kept: bool = False
    """Its living worker's own, over all its jobs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceReport:
    """What is on, as of when, and what the provider said."""

    lines: Sequence[ResourceLine] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    others_on: int = 0
    """On, and neither ours nor of this campaign: never touched from here."""
    asked_at: datetime | None = None
    """When the provider last answered; None = never yet."""
    problem: str = ""
    """Why it could not be asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceFile:
    """A file that an attempt left."""

    path: Path
    attempt: str
    name: str
    size: int
