"""What a run would do, worked out without starting or writing anything: the dry run.

Behind ``--run --dry-run`` and the cockpit's start dialog. Times and money are estimates from what
the ledger and its archives show; the ceiling is what the settings' time limits and retries allow.
"""

from __future__ import annotations

import math
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from engine import workloads
from engine.config import Settings
from engine.errors import EngineError
from engine.insight.as_json import as_json
from engine.insight.attempts import AttemptFold
from engine.insight.forecast import Ahead, Day, Hand, forecast, seconds_to_go
from engine.insight.forecast_values import PAST_DAYS, THIS_RUN, Forecast
from engine.insight.measured import AttemptCost, measured_of
from engine.insight.operators_day import midnight_in
from engine.insight.prospect import in_pass_delay, most_tries, start_seconds
from engine.insight.values import Attempt
from engine.instance import InstanceLock, run_lock
from engine.jobs import Job, JobStatus
from engine.private_files import explain
from engine.progress import ProgressTracker
from engine.run_state import RunDirectory
from engine.spending import spending
from engine.start_checks import (
    OPEN,
    refuse_earlier_day,
    refuse_other_keys,
    refuse_too_many_workers,
    refuse_where_no_room,
)
from engine.workloads.base import ResourceState, Workload, WorldContext
from engine.workloads.labels import GENERIC, Labels

ARCHIVES: Final = 3
"""Days before that are looked at where the ledger itself has too few."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedJob:
    """A job that the run would try."""

    job_id: str
    key: str
    again: bool = False
    """Failed before; a later pass tries it again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPlan:
    """What a run would do."""

    ledger: Path
    seeds: bool
    """The jobs are not in the ledger yet: the run would seed them."""
    key_label: str
    resource_label: str
    labels: Labels = GENERIC
    """All that the trade has its own words for."""
    jobs: Sequence[PlannedJob] = ()
    blocked: Mapping[str, int] = field(default_factory=dict)
    """Jobs that could not be claimed today, by reason; among ``jobs``."""
    workers: int
    slots: Sequence[Mapping[str, object]] = ()
    """What each worker would use: its ports."""
    on_now: Sequence[ResourceState] = ()
    """Resources of ours that are on and would be stopped first."""
    passes: int
    """At most; 0 = the trade has stages of its own."""
    forecast: Forecast | None = None
    """What a run that begins now would forecast; None of a plan that was not worked out."""
    expected_seconds: float | None = None
    """None where nothing tells how long a job takes."""
    longest_seconds: float = 0.0
    """At the latest: every attempt that the settings allow uses all of its time. A bound, as
    ``cost_ceiling`` is; only waiting for a provider without capacity comes on top."""
    cost_estimate: float | None = None
    """US dollars; None as above."""
    cost_ceiling: float
    billed: bool = True
    """The trade's resources have a price; else nothing is said of money."""
    problems: Sequence[str] = ()
    """Why the run would not start; empty where it would."""
    messages: Sequence[str] = ()
    """What the operator should know."""

    @property
    def keys(self) -> list[str]:
        """Accounts in the order of their jobs; each needs its own resource (phone)."""
        return list(dict.fromkeys(job.key for job in self.jobs if job.key))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; what is estimated says so."""
        return {
            "ledger": str(self.ledger),
            "seeds": self.seeds,
            "jobs": [asdict(job) for job in self.jobs],
            "blocked": dict(self.blocked),
            "keys": self.keys,
            "workers": self.workers,
            "slots": [dict(slot) for slot in self.slots],
            "on_now": [state.label for state in self.on_now],
            "passes": self.passes,
            "est_seconds": self.expected_seconds,
            "est_seconds_ceiling": self.longest_seconds,
            "est_cost": self.cost_estimate,
            "forecast": None if self.forecast is None else as_json(self.forecast),
            "est_cost_ceiling": self.cost_ceiling,
            "problems": list(self.problems),
            "messages": list(self.messages),
        }


def plan(work_dir: Path, settings: Settings, *, continue_day: bool = False) -> RunPlan:
    """Work out a run with these settings. Asks the provider for access; blocking.

    Raises InputError where the trade or the campaign cannot be opened at all; everything else that
    is wrong is in ``problems``.
    """
    context = WorldContext(settings=settings, work_dir=work_dir)
    workload = workloads.load(settings.run.workload, context)
    ledger = ProgressTracker(
        workload.ledger_path, settings=settings, refuse=_objection(workload), cap=workload.daily_cap
    )
    try:
        return _Planner(work_dir, settings, workload, ledger).plan(continue_day=continue_day)
    finally:
        ledger.close()


def _objection(workload: Workload) -> Any:
    def objection(job: Job) -> str | None:
        try:
            return workload.refuse(job)
        except EngineError as exc:
            return str(exc)

    return objection


class _Planner:
    def __init__(
        self, work_dir: Path, settings: Settings, workload: Workload, ledger: ProgressTracker
    ) -> None:
        self._work_dir = work_dir
        self._settings = settings
        self._workload = workload
        self._ledger = ledger
        self._run_dir = RunDirectory(work_dir / settings.paths.run)
        self._problems: list[str] = []
        self._messages: list[str] = []

    def plan(self, *, continue_day: bool) -> RunPlan:
        self._check(continue_day=continue_day)
        seeds, jobs, blocked = self._jobs()
        settings, workload = self._settings, self._workload
        coming, expected = self._forecast(jobs, blocked)
        if not jobs and not self._problems:
            self._say_nothing_waits()
        return RunPlan(
            ledger=workload.ledger_path,
            seeds=seeds,
            key_label=workload.labels.key,
            resource_label=workload.labels.resource,
            labels=workload.labels,
            jobs=jobs,
            blocked=blocked,
            workers=settings.run.workers,
            slots=[workload.slot_facts(index) for index in range(settings.run.workers)],
            on_now=[state for state in workload.resources(ask=False) if state.ours],
            passes=0 if workload.own_stages else settings.retry.max_passes,
            longest_seconds=self._at_the_latest(jobs),
            forecast=coming,
            expected_seconds=expected,
            cost_estimate=coming.cost_to_come,
            cost_ceiling=len(jobs)
            * _most_tries(settings)
            * self._workload.attempt_seconds
            / 60
            * workload.price_per_minute,
            billed=bool(workload.price_per_minute or workload.labels.provider),
            problems=self._problems,
            messages=self._messages,
        )

    # -- what is in the way ------------------------------------------------------------------------

    def _check(self, *, continue_day: bool) -> None:
        settings = self._settings
        stale = settings.run.heartbeat_stale_seconds
        own = InstanceLock(self._run_dir.lock_path, stale_after=stale)
        shared = run_lock(self._workload.ledger_path, stale_after=stale)
        with self._noting():
            own.refuse_if_held()
            shared.refuse_if_held()
            # A live run holds its own memory: beside one this would only be said a second time.
            self._messages += refuse_where_no_room(settings)
        with self._noting():
            refuse_too_many_workers(settings)
        if self._workload.daily and not continue_day:
            with self._noting():
                refuse_earlier_day(self._ledger, settings)
        with self._noting():
            refuse_other_keys(self._ledger, settings)
        with self._noting():
            self._workload.check_workers(settings.run.workers)
        with self._noting():
            self._rehearse()
        with self._noting():
            if self._run_dir.read_control().paused:
                self._messages.append("Claims are paused: the run would wait until resume.")

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except EngineError as exc:
            self._problems.append(str(exc))
        except OSError as exc:
            self._problems.append(explain(exc))

    def _rehearse(self) -> None:
        """The trade's own checks, with a run directory of their own: what they note down about
        calls to the provider belongs to no run."""
        with tempfile.TemporaryDirectory(prefix="dry-run-") as folder:
            children = self._run_dir.processes_path
            if children.is_dir():
                shutil.copytree(children, Path(folder) / children.name)
            paths = self._settings.paths.model_copy(update={"run": Path(folder)})
            settings = self._settings.model_copy(update={"paths": paths})
            context = WorldContext(settings=settings, work_dir=self._work_dir)
            workloads.load(settings.run.workload, context).check()

    # -- jobs --------------------------------------------------------------------------------------

    def _jobs(self) -> tuple[bool, list[PlannedJob], Mapping[str, int]]:
        """(to be seeded, what would be tried, why some of it could not)."""
        try:
            known = self._ledger.jobs() if self._ledger.exists() else {}
            if known:
                waiting = self._waiting(known.values())
                return False, waiting + self._new(known), self._ledger.figures().blocked
            report = self._workload.seed(self._ledger, dry_run=True)
        except EngineError as exc:
            self._note(str(exc))
            return False, [], {}
        except OSError as exc:
            self._note(explain(exc))
            return False, [], {}
        self._messages += report.messages
        self._messages += [f"Left out, {why}: {count}." for why, count in report.skipped.items()]
        jobs = [PlannedJob(job_id=job_id, key=key) for job_id, key, _ in report.plan]
        return True, jobs, {}

    def _new(self, known: Mapping[str, Job]) -> list[PlannedJob]:
        """What a source that grows has beside the jobs that are known. Raises EngineError."""
        if not self._workload.grows:
            return []
        report = self._workload.seed(self._ledger, dry_run=True)
        return [
            PlannedJob(job_id=job_id, key=key)
            for job_id, key, _ in report.plan
            if job_id not in known
        ]

    def _note(self, problem: str) -> None:
        if problem not in self._problems:
            self._problems.append(problem)

    def _waiting(self, jobs: Any) -> list[PlannedJob]:
        found = []
        for job in jobs:
            again = self._tried_again(job)
            if job.status in OPEN or again:
                found.append(PlannedJob(job_id=job.job_id, key=job.account, again=again))
        return found

    def _tried_again(self, job: Job) -> bool:
        """Whether a run that begins now tries a job again that failed before."""
        if self._workload.own_stages:
            return job.status is JobStatus.FAILED and not job.in_doubt
        return self._ledger.retryable(job)

    def _say_nothing_waits(self) -> None:
        """A stage whose jobs are all done may still have to be ended: its gate, what follows it."""
        if self._workload.own_stages:
            stage = self._workload.labels.stage
            self._messages.append(f"No job waits; the run ends what {stage} is not ended yet.")
            return
        self._problems.append("There is nothing to do: no job waits or may be tried again.")

    # -- how long, how much ------------------------------------------------------------------------

    def _forecast(
        self, jobs: Sequence[PlannedJob], blocked: Mapping[str, int]
    ) -> tuple[Forecast, float | None]:
        """As a live run with these jobs would say of itself at its start, and its seconds."""
        run, retry, workload = self._settings.run, self._settings.retry, self._workload
        now = self._ledger.now()
        keys = Counter(job.key for job in jobs if job.key)
        cap = workload.daily_cap
        beyond = sum(max(0, number - cap) for number in keys.values()) if cap else 0
        start = start_seconds(run)
        ahead = Ahead(
            waiting=max(0, len(jobs) - max(beyond, sum(blocked.values()))),
            hands=[Hand(ready_in=start * place) for place in range(run.workers)],
            keys=len(keys),
            longest=min(cap or len(jobs), max(keys.values(), default=1)),
            to_retry=0,
            stage=1,
            stages=retry.max_passes,
            tries=most_tries(retry.infrastructure_limit),
            delay_seconds=retry.delay_seconds,
            tries_in_pass=retry.attempts_per_pass,
            in_pass_delay_seconds=in_pass_delay(retry),
            most_workers=run.max_workers,
            start_seconds=start,
            day=self._day(now),
        )
        cost = _usual(workload.ledger_path, self._settings)
        return forecast(ahead, cost, now), seconds_to_go(ahead, cost, now)

    def _day(self, now: datetime) -> Day:
        price = self._workload.price_per_minute
        midnight = midnight_in(now, self._settings.zone) if self._workload.daily else None
        try:
            spent = spending(self._workload, self._settings, now)
        except (EngineError, OSError):
            return Day(price=price, midnight_in=midnight)
        return Day(
            price=price,
            minutes=spent.minutes,
            spent=spent.total,
            limit=self._settings.run.usd_per_day,
            calls=spent.paid_calls,
            midnight_in=midnight,
        )

    def _at_the_latest(self, jobs: Sequence[PlannedJob]) -> float:
        if not jobs:
            return 0.0
        run, retry = self._settings.run, self._settings.retry
        # Jobs of one key wait for each other, whoever is idle meanwhile.
        in_a_row = max(Counter(job.key for job in jobs).values())
        turns = math.ceil(len(jobs) / run.workers) + in_a_row - 1
        tries = _most_tries(self._settings)
        seconds = turns * tries * (self._workload.attempt_seconds + run.delay_between_jobs_seconds)
        waits = (tries - 1) * max(retry.delay_seconds, retry.in_pass_delay_minutes * 60)
        return seconds + waits + run.stagger_seconds * (min(run.workers, len(jobs)) - 1)


def _most_tries(settings: Settings) -> int:
    retry = settings.retry
    return max(1, min(retry.max_passes * retry.attempts_per_pass, retry.infrastructure_limit))


def _usual(ledger: Path, settings: Settings) -> AttemptCost | None:
    """From the ledger itself, else from its latest archives."""
    for path in (ledger, *_archives(ledger)):
        source = THIS_RUN if path == ledger else PAST_DAYS
        pause = settings.run.delay_between_jobs_seconds
        found = measured_of(_attempts(path, settings)).cost(source, pause=pause)
        if found is not None:
            return found
    return None


def _attempts(path: Path, settings: Settings) -> Sequence[Attempt]:
    tracker, fold = ProgressTracker(path, settings=settings), AttemptFold()
    try:
        fold.update(tracker)
        return fold.attempts
    except (EngineError, OSError, ValueError):
        return ()
    finally:
        tracker.close()


def _archives(ledger: Path) -> list[Path]:
    """The latest days that were archived beside the ledger, newest first."""
    name = re.compile(re.escape(ledger.stem) + r"_\d{8}(_\d+)?" + re.escape(ledger.suffix))
    try:
        found = [path for path in ledger.parent.iterdir() if name.fullmatch(path.name)]
    except OSError:
        return []
    return sorted(found, reverse=True)[:ARCHIVES]
