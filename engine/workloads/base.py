"""The seam between the engine and a trade (architecture 6, behaviour E3).

The supervisor, the ledger and the cockpit know these protocols and nothing behind them. A workload
says where jobs come from, what a worker holds between jobs, how a job is performed and what proves
success, and in which stages a run proceeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from engine.jobs import Claim, Job, Trace
from engine.workloads.labels import Labels
from engine.workloads.session import Ahead, Session
from engine.workloads.stages import Herald, Stage, StagePlan

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import FilteringBoundLogger

    from engine.config import Settings
    from engine.progress import ProgressTracker
    from engine.workloads.paid_calls import PaidCalls

PHASE_START: Final = "start"
"""Of an attempt: from its claim to the first phase that the session names."""
PHASE_DELAY: Final = "delay"
"""Of an attempt: what is left of the pause between two jobs when all else is ready for it."""
PHASE_STOP: Final = "stop"
"""Of an attempt: releasing what was held for it (the phone), however it went."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceState:
    """Something that costs while it is held (a cloud phone), as shown to the operator."""

    kind: str
    """``phone``."""
    id: str
    label: str
    state: str
    """In the workload's words: ``started``, ``starting``, ``stopping``, ``off``, ``expired``,
    ``unknown``."""
    ours: bool
    """Our registry says that we started it."""
    slot: int | None = None
    job_id: str = ""
    since: datetime | None = None
    minutes: float = 0.0
    """Billed minutes so far, estimated from ``since``."""
    note: str = ""
    code: str = ""
    """The provider's own code of its state; empty where it was not asked."""
    stopping_since: datetime | None = None
    """When its stop was asked for; it has not been seen off since."""
    attended: bool | None = None
    """Whether the process that our records name as its keeper lives; None = it names none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What became of one resource that was to be released: seen gone, or why not."""

    id: str
    label: str
    released: bool
    detail: str
    minutes: float = 0.0


class Report(Protocol):
    """What a session tells its worker while it performs a job; every call is cheap.

    Each method raises ``StopRequested`` when the worker was asked to stop and the job has not
    passed its point of no return, and ``JobTimeoutError`` when the job's time is used up before it.
    """

    @property
    def log(self) -> FilteringBoundLogger:
        """Logger with worker, job and account bound."""
        ...

    @property
    def submitted(self) -> bool: ...

    def state(self, name: str) -> None:
        """Enter one of the session's readiness states, in their order."""
        ...

    def phase(self, name: str) -> None:
        """Name what is being done now (``boot``, ``upload``, ``caption``).

        What comes before the first one counts as ``PHASE_START``; what is held for the job is
        released in ``PHASE_STOP``, which never counts as the phase that failed.
        """
        ...

    def step(self, text: str, **fields: object) -> None:
        """Record one step of the flow; the last ones go into the evidence."""
        ...

    def alarm(self, text: str) -> None:
        """Tell the operator at once what only a person can put right; never raises."""
        ...

    def start_clock(self) -> None:
        """The resources are ready: the job's time limit runs from here (A10.9)."""
        ...

    def begin(self) -> None:
        """Verify the claim (A4.5) and enter JOB_RUNNING, once the pause after the job before is
        over. Raises ClaimLostError."""
        ...

    def submit(self) -> None:
        """Verify once more and write the point of no return durably, at most once an attempt.

        Must be called directly before the irreversible step. Raises ClaimLostError.
        """
        ...

    def remaining(self, bound: float) -> float:
        """Seconds that a wait may take: the smaller of ``bound`` and what the job has left."""
        ...

    def checkpoint(self) -> None:
        """Raise if the job must end here; call it in every waiting loop."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait, but end at once when asked to stop (then raises as above)."""
        ...

    def evidence(self, name: str, content: bytes | str) -> None:
        """Keep a file with the attempt's evidence."""
        ...


@dataclass(frozen=True, kw_only=True)
class WorkerSlot:
    """A worker's place in the world: its number and what it may use."""

    index: int
    """From 0; ports and ranges follow from it."""
    settings: Settings
    work_dir: Path
    run_id: str
    log: FilteringBoundLogger
    processes: ProcessKeeper
    should_stop: Callable[[], bool] = field(default=lambda: False)


class ProcessKeeper(Protocol):
    """Starts child processes that cannot be lost: recorded with start time and command."""

    def spawn(
        self,
        role: str,
        command: Sequence[str],
        *,
        log_path: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: Path | None = None,
    ) -> ChildProcess:
        """Start a program whose output is appended to ``log_path``; ``stdin`` is a file that it
        reads, without one it reads nothing. Raises OSError, no child is left then."""
        ...


class ChildProcess(Protocol):
    """A recorded child in its own process group."""

    @property
    def pid(self) -> int: ...

    def alive(self) -> bool: ...

    @property
    def exit_status(self) -> int | None:
        """What it ended with, negative for a signal (POSIX); None while it lives."""
        ...

    def stop(self, timeout: float) -> None:
        """Terminate, wait, kill the whole group, forget the record."""
        ...


@dataclass(frozen=True, kw_only=True)
class WorldContext:
    """What a workload needs outside a worker: settings and places."""

    settings: Settings
    work_dir: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class SeedReport:
    """What a seeding did (A5.2.14)."""

    seeded: int
    skipped: Mapping[str, int]
    """Count by reason."""
    messages: Sequence[str] = ()
    """One sentence for each thing the operator should look at."""
    keys_used: int = 0
    keys_idle: Sequence[str] = ()
    plan: Sequence[tuple[str, str, str]] = ()
    """(job, account, video) of each new job."""


class Workload(Protocol):
    """A trade that the engine can run."""

    name: str
    labels: Labels
    """What it calls its keys, its resources, its stages and its work."""
    daily: bool
    """A ledger belongs to one calendar day: that of an earlier day is archived before the next is
    begun, and a run does not count on going on after midnight."""
    own_stages: bool
    """Its stages are its own: retry passes, and what the settings say of them, mean nothing to it,
    and jobs are not seeded by their keys. A run tries again what failed in the one before, and ends
    the stages that are not ended yet, also where no job waits."""
    grows: bool
    """Its source is read at each run, and what is new there joins the ledger; else a ledger that
    has jobs is gone on with as it is."""
    keeps_resource: bool
    """What a worker holds is its own over all its jobs, and goes with it; else it belongs to one
    job, and is held too long after that."""
    ready_states: tuple[str, ...]
    """The session's states between STARTING and JOB_RUNNING, in order."""
    cap_refusal: str
    """What ``refuse`` says of a key whose daily cap was used up outside this ledger; else empty."""

    @property
    def ledger_path(self) -> Path:
        """Where the jobs of this source are kept."""
        ...

    @property
    def daily_cap(self) -> int:
        """Successes that one key may have on one calendar day; 0 = as many as there are jobs."""
        ...

    @property
    def rank(self) -> Callable[[Job], int] | None:
        """Which of the jobs that wait comes first: the lower rank, equal ones in file order. None =
        all in file order."""
        ...

    @property
    def attempt_seconds(self) -> float:
        """The most that one attempt may take from its claim to the release of what it held."""
        ...

    @property
    def job_seconds(self) -> float:
        """Time limit of a job, from ``Report.start_clock`` to its point of no return."""
        ...

    def slot_facts(self, index: int) -> Mapping[str, object]:
        """What a worker's place consists of, for people: ports, ``appium: RUNNING``."""
        ...

    def attach(self, ledger: ProgressTracker) -> None:
        """This process reads the ledger of ``ledger_path`` with this tracker: a workload that
        needs to know its jobs asks it, so that a long ledger is read and held once."""
        ...

    def check(self) -> None:
        """Refuse, before anything starts, what could not run (token, programs, files)."""
        ...

    def check_workers(self, count: int) -> None:
        """Refuse a number of workers that the trade has no places for. Raises SettingsError."""
        ...

    def notices(self) -> Sequence[str]:
        """What the operator should know and nothing is stopped by: one sentence each."""
        ...

    def seed(self, ledger: ProgressTracker, *, dry_run: bool = False) -> SeedReport:
        """Bring new jobs from the job source into the ledger, under its lock."""
        ...

    def stages(self, ledger: ProgressTracker, run_id: str, herald: Herald) -> StagePlan:
        """The plan of a run; returns at once, ``herald`` may be kept for as long as it runs."""
        ...

    def open(self, slot: WorkerSlot) -> Session: ...

    def refuse(self, job: Job) -> str | None:
        """Why this job must not be claimed now (cap elsewhere, done before), or None."""
        ...

    def confirmed(self, job: Job) -> None:
        """The job is known to be done: keep it in whatever record outlives the ledger."""
        ...

    def may_be_done(self, job: Job) -> None:
        """The job is in doubt: keep a sign of that in the same record, unless there is one."""
        ...

    def not_done(self, job: Job) -> None:
        """A job in doubt is to be tried again: settle the signs that it may be done."""
        ...

    def traces(self) -> Sequence[Trace]:
        """Signs in that record that jobs may be done, which nobody has settled."""
        ...

    def publish(self, ledger: ProgressTracker) -> None:
        """Write the trade's own files for people, from what the ledger says now.

        Called whenever a run writes its status: when something changed, at least every two
        seconds, and once at its end. Must not take long, and writes only what is new. An error is
        logged and ends no run.
        """
        ...

    def resources(self, *, ask: bool, patient: bool = True) -> Sequence[ResourceState]:
        """What is held now: from our records, and with ``ask`` from the provider too.

        Who is not ``patient`` does not wait for the end of a provider's limit: that is an error.
        """
        ...

    def reclaim(self, slots: Sequence[int] | None) -> Sequence[Receipt]:
        """Release what these slots (None: all of ours) still hold; each is seen gone."""
        ...

    def release(self, ids: Sequence[str]) -> Sequence[Receipt]:
        """Release these resources, ours or named by the operator."""
        ...

    def minutes_used(self, run_id: str) -> float:
        """Minutes for which resources were held by a run, as far as our records say."""
        ...

    def minutes_on(self, day: date) -> float:
        """The same for all resources that were released on this day (the operator's zone)."""
        ...

    @property
    def price_per_minute(self) -> float:
        """What one minute of a resource costs, for estimates; 0 where nothing is billed."""
        ...

    def calls_on(self, day: date) -> PaidCalls:
        """Calls of a paid service (a model) on this day."""
        ...

    def limited_until(self) -> datetime | None:
        """Until when the provider takes no calls from us; None = it does, as far as we know."""
        ...


__all__ = [
    "Ahead",
    "ChildProcess",
    "Claim",
    "Herald",
    "Labels",
    "ProcessKeeper",
    "Receipt",
    "Report",
    "ResourceState",
    "SeedReport",
    "Session",
    "Stage",
    "StagePlan",
    "WorkerSlot",
    "Workload",
    "WorldContext",
]
