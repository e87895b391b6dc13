"""Everything that a viewer needs of one work directory, from its files alone.

A ``Watch`` belongs to one thread, but for ``ask_resources``, which may wait for the provider on
another one. It changes nothing, and works without a run, without a ledger and beside a live run.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine import workloads
from engine.errors import EngineError
from engine.insight.attempts import AttemptFold
from engine.insight.evidence_files import evidence_files
from engine.insight.forecast_values import WithWorkers
from engine.insight.glance import glance
from engine.insight.happenings import Happenings
from engine.insight.job_book import JobBook
from engine.insight.looks import Looked, Looks, free_bytes
from engine.insight.outlook import Policy
from engine.insight.overview import overview
from engine.insight.paced import Paced
from engine.insight.passes import pass_report
from engine.insight.past_days import DAYS, PastDays, by_key
from engine.insight.reckoning import Reckoner
from engine.insight.resources import known_of, resource_report
from engine.insight.run_facts import last_told
from engine.insight.run_files import RunFiles, RunNow, policy_of
from engine.insight.situation import Situation
from engine.insight.standing import Standing
from engine.insight.status_file import RunStatus
from engine.insight.timings import Timings
from engine.insight.values import (
    Attempt,
    EvidenceFile,
    JobLine,
    Overview,
    PassReport,
    PhaseTimes,
    ResourceReport,
    UsualTimes,
)
from engine.insight.workers import CpuMeter, worker_lines
from engine.jobs import Job
from engine.ledger.claims import CAP_REACHED
from engine.progress import ProgressTracker
from engine.run_state import RunDirectory
from engine.workloads.base import WorldContext

if TYPE_CHECKING:
    from engine.config import Settings
    from engine.workloads.base import ResourceState, Workload

HELD: Final = "held by the operator"
MANY_JOBS: Final = 5_000
"""Of more waiting jobs the workload is not asked one by one: it would read all its records."""
RECHECK_SECONDS: Final = 60
"""What blocks a job may change without the ledger: another ledger, a new day."""
_REPORT_SECONDS: Final = 1.0


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What one look found; a look that finds nothing new gives the same object."""

    overview: Overview
    revision: object
    """Another one when any line of ``job_lines`` changed."""
    status: Mapping[str, Any] | None
    """The snapshot, as it is, of a live run that works on this ledger."""
    status_revision: object


class Watch:
    """Looks at one work directory as often as it is asked to."""

    def __init__(
        self,
        work_dir: Path,
        settings: Settings,
        *,
        workload: Workload | None = None,
        now: Callable[[], datetime] = utc_now,
        room: Callable[[Path], int | None] = free_bytes,
    ) -> None:
        """``room`` tells the free bytes of a disk. Raises InputError for a campaign that is not
        there, SettingsError for a workload that is not known."""
        self.settings = settings
        self.work_dir = work_dir
        self.run_dir = RunDirectory(work_dir / settings.paths.run)
        self.workload: Workload = workload or workloads.load(
            settings.run.workload, WorldContext(settings=settings, work_dir=work_dir)
        )
        self.ledger = ProgressTracker(
            self.workload.ledger_path,
            settings=settings,
            refuse=self._refuse,
            cap=self.workload.daily_cap,
            now=now,
        )
        self.workload.attach(self.ledger)
        self._now = now
        self._run_files = RunFiles(self.run_dir, settings, self.workload.ledger_path)
        self._happenings = Happenings(self.run_dir)
        self._timings = Timings(self.run_dir, now)
        self._fold = AttemptFold()
        self._book = JobBook(cap=self.workload.daily_cap, day_of=settings.day_of, now=now())
        self._looks = Looks(self.workload, work_dir, room)
        self._cpu = CpuMeter()
        self._reckoner = Reckoner(settings, self._timings.past)
        self._past = PastDays(self.workload.ledger_path, settings)
        self._past_lock = threading.Lock()
        self._past_seen = 0
        self._held: frozenset[str] = frozenset()
        self._capped: set[str] = set()
        """Keys whose cap was used up outside this ledger, as far as anybody asked."""
        self._blocked: Paced[Mapping[str, int]] = Paced({})
        self._report: Paced[PassReport] = Paced(PassReport(), at_least=_REPORT_SECONDS)
        self._attempts_seen = 0
        self._run = RunNow()
        self._situation: Situation | None = None
        self._resources = ResourceReport()
        self._sight: Sight | None = None

    # -- looking ---------------------------------------------------------------------------------

    def refresh(self) -> Sight:
        """Look at everything that changed since the last look; never raises EngineError.

        What cannot be read is told by ``overview.problem``; the rest stays as it was.
        """
        now = self._now()
        run = self._run_files.read()
        looked_anew = run.status is not None and run.revision != self._run.revision
        if looked_anew and run.status is not None:
            self._cpu.take(run.status)
        self._run, self._held = run, run.held_keys
        self._happenings.update()
        self._timings.update()
        problem = self._nearby(run.problem or self._read_ledger(run, now))
        looked = self._looks.look(self.settings.day_of(now), now=looked_anew)
        gathered = self._gather(run, looked, now, problem)
        situation = self._situation = replace(gathered, quarantined=self._quarantined())
        figures = self._reckoner.figures(
            situation,
            looked,
            self.policy,
            fold=self._fold,
            capped=self._capped,
            revision=(self._book.version, self._attempts_seen),
        )
        found = Sight(
            overview=overview(situation, figures),
            revision=self._book.version,
            status=self._told,
            status_revision=run.revision,
        )
        if found != self._sight:
            self._sight = found
        return self._sight

    def glance(self) -> Sight | None:
        """The counts alone of a long ledger that is not read yet; None where a look is as quick.

        For a first paint only: keys, attention and single jobs come with the first look.
        """
        if self._sight is not None:
            return None
        now = self._now()
        run = self._run_files.read()
        policy = policy_of(self.settings, run, self.workload.labels)
        standing = self._book.standing
        standing = Standing(
            cap=self.workload.daily_cap, today=standing.today, day_of=self.settings.day_of
        )
        if not glance(self.ledger.path, policy, standing, now=now, zone=self.settings.zone):
            return None
        self._run = run
        situation = replace(self._gather(run, Looked(), now, run.problem), standing=standing)
        figures = Reckoner(self.settings).figures(
            situation, Looked(), policy, fold=self._fold, capped=(), revision=None
        )
        known = overview(situation, figures)
        return Sight(
            overview=replace(known, attention=(), why_idle="", counting=True),
            revision=None,
            status=None,
            status_revision=None,
        )

    def job_lines(self) -> Sequence[JobLine]:
        """Every job in file order, as of the last look; the same list while nothing changed."""
        if self._sight is None:
            self.refresh()
        return self._book.lines

    def line(self, job_id: str) -> JobLine | None:
        """One job, as of the last look."""
        return self._book.line(job_id)

    @property
    def policy(self) -> Policy:
        """What decides over the jobs now."""
        return policy_of(self.settings, self._run, self.workload.labels)

    @property
    def run(self) -> RunNow:
        """What the run directory said at the last look."""
        return self._run

    @property
    def _told(self) -> Mapping[str, Any] | None:
        return self._run.raw if self._run.status is not None else None

    # -- one thing at a time -----------------------------------------------------------------------

    def attempts(self, job_id: str) -> Sequence[Attempt]:
        """The job's attempts, oldest first."""
        return self._fold.of_job(job_id)

    def times(self, job_id: str) -> Sequence[PhaseTimes]:
        """What its attempts spent in each phase, oldest first."""
        return self._timings.of_job(job_id)

    def usual(self) -> UsualTimes:
        return self._timings.usual()

    def with_workers(self, workers: int) -> WithWorkers:
        """The forecast of the last look, with another number of workers."""
        return self._reckoner.with_workers(workers)

    def evidence(self, job_id: str) -> Sequence[EvidenceFile]:
        """The files that its attempts left, oldest attempt first."""
        return evidence_files(self.work_dir / self.settings.paths.evidence, job_id)

    def pass_report(self) -> PassReport:
        """The passes of the live run, or of the last; the same object while nothing changed.

        Made at most once a second, and never more often than it costs little. Of past days a
        little more is read with each asking.
        """
        now = self._now()
        with self._past_lock:
            self._past_seen += self._past.update(now, budget=0.02)
            key = (self._attempts_seen, self._book.version, self._run.revision, self._past_seen)
            try:
                return self._report.get(key, lambda: self._pass_report(now))
            except EngineError:
                return self._report.value

    def ask_resources(self) -> ResourceReport:
        """Ask the provider what is on; may take its time, and may be called on another thread.
        It does not wait for the end of the provider's limit.

        Never raises EngineError: why it could not be asked says ``problem``, and the lines are then
        those of our own records.
        """
        if self._situation is None:
            self.refresh()
        problem, asked_at = "", self._resources.asked_at
        states: Sequence[ResourceState] = ()
        try:
            states = self.workload.resources(ask=True, patient=False)
            asked_at = self._now()
            self._looks.answered(states)
        except (EngineError, OSError) as exc:
            problem = str(exc)
            states = self._looks.recorded()
        self._resources = self._report_on(states, asked_at, problem=problem, budget=0.2)
        return self._resources

    def recorded_resources(self) -> ResourceReport:
        """What our own records say, at once: nobody is asked. Never raises EngineError."""
        if self._situation is None:
            self.refresh()
        assert self._situation is not None  # there was a look
        return self._report_on(self._situation.resources, None, budget=0.02)

    def _report_on(
        self,
        states: Sequence[ResourceState],
        asked_at: datetime | None,
        *,
        problem: str = "",
        budget: float,
    ) -> ResourceReport:
        """``budget``: seconds for reading more of the past days."""
        assert self._situation is not None  # there was a look
        situation = replace(self._situation, now=self._now(), resources=states)
        with self._past_lock:
            self._past_seen += self._past.update(situation.now, budget=budget)
            keys = {state.label for state in states}
            days = self._past.days(situation.now, DAYS, self._past.of(self._fold, keys))
            past = by_key(days, keys)
        known = known_of(
            states,
            self._book.standing,
            list(self._fold.attempts),
            past=past,
            cap=self.workload.daily_cap,
            price=self.workload.price_per_minute,
        )
        return resource_report(states, situation, known, asked_at=asked_at, problem=problem)

    # -- parts -----------------------------------------------------------------------------------

    def _refuse(self, job: Job) -> str | None:
        """The operator's word, then the workload's; what it cannot read is an objection too."""
        if job.account in self._held:
            return HELD
        if self._many:
            return None
        try:
            reason = self.workload.refuse(job)
        except EngineError as exc:
            return str(exc)
        if reason is not None and reason == self.workload.cap_refusal:
            self._capped.add(job.account)
        return reason

    @property
    def _many(self) -> bool:
        return len(self._book.standing.waiting) > MANY_JOBS

    def _read_ledger(self, run: RunNow, now: datetime) -> str:
        """Catch up with it; returns why that cannot be, or nothing."""
        try:
            if not self.ledger.exists():
                self._book.forget(now)
                self._attempts_seen += self._fold.update(self.ledger)
                return ""
            self.ledger.pass_number = run.status.present_stage if run.status is not None else 0
            today = self._book.standing.today
            self._book.update(self.ledger, self.policy, now)
            self._attempts_seen += self._fold.update(self.ledger)
            if self._book.standing.today != today:
                self._capped.clear()
            self._blocked.get(
                (
                    self._book.version,
                    run.held_keys,
                    self.ledger.pass_number,
                    int(now.timestamp() // RECHECK_SECONDS),
                ),
                self._book.standing.blocked if self._many else self.ledger.blocked,
            )
        except EngineError as exc:
            return str(exc)
        return ""

    def _nearby(self, problem: str) -> str:
        """Files of this work directory by their names in it: the remedy has to find room."""
        return problem.replace(f"{self.work_dir}{os.sep}", "")

    def _gather(self, run: RunNow, looked: Looked, now: datetime, problem: str) -> Situation:
        status = run.status
        return Situation(
            now=now,
            zone=self.settings.zone,
            work_dir=self.work_dir,
            ledger_path=self.ledger.path,
            standing=self._book.standing,
            labels=self.workload.labels,
            daily=self.workload.daily,
            keeps_resource=self.workload.keeps_resource,
            holder=run.holder,
            status=status,
            elsewhere=run.elsewhere,
            record=run.record,
            workers=() if status is None else self._workers(status, now),
            resources=looked.resources,
            held_keys=run.held_keys,
            blocked=self._why_blocked(status),
            later=self._later(problem),
            cap_reasons=(CAP_REACHED, self.workload.cap_refusal),
            alarms=self._happenings.alarms,
            failure=self._happenings.failure,
            exits=self._happenings.exits,
            limited_until=looked.limited_until,
            free_bytes=looked.free_bytes,
            problem=problem,
        )

    def _why_blocked(self, status: RunStatus | None) -> Mapping[str, int]:
        """As we found ourselves; of very many jobs, what the live run found."""
        if status is not None and self._many:
            return status.totals.blocked
        return self._blocked.value

    def _later(self, problem: str) -> int:
        """Waiting jobs of a later stage, where the ledger could be read."""
        try:
            return 0 if problem else self.ledger.later()
        except EngineError:
            return 0

    def _workers(self, status: RunStatus, now: datetime) -> Sequence[Any]:
        return worker_lines(
            status,
            cpu=self._cpu,
            usual=self._timings.usual(),
            exits=self._happenings.exits,
            now=now,
            zone=self.settings.zone,
        )

    def _quarantined(self) -> int:
        try:
            return self.ledger.quarantined()
        except EngineError:
            return 0

    def _pass_report(self, now: datetime) -> PassReport:
        return pass_report(
            ledger=self.ledger,
            fold=self._fold,
            status=self._told or last_told(self._run.record, self.ledger.path),
            config=self.policy.retry,
            price=self.workload.price_per_minute,
            now=now,
            history=self._past,
            labels=self.workload.labels,
            blocked=self._why_blocked(self._run.status),
            ahead=self._reckoner.passes_ahead(),
        )
