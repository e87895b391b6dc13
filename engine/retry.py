"""Retry passes: which failures are tried again, when a run ends, and what each pass achieved.

Decisions only; the ledger owns the rows. Figures of a pass are folded from the ledger's own
history, so they survive a restart of the supervisor (architecture 5, behaviour A8).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from engine.insight.attempts import PassHistory
from engine.jobs import ErrorCategory, Job, JobStatus
from engine.run_history import RunHistory
from engine.run_text import left_alone, retry_configuration
from engine.taxonomy.types import retry_decision
from engine.workloads.base import Stage

if TYPE_CHECKING:
    from engine.config import Settings
    from engine.progress import ProgressTracker

WAITING = frozenset({JobStatus.PENDING, JobStatus.RETRYING})


class RetryConfig(BaseModel):
    """Limits of a run's passes (A8.2)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_passes: int = Field(default=3, ge=1)
    retry_delay_seconds: float = Field(default=30, ge=0)
    infrastructure_retry_limit: int = Field(default=3, ge=1)
    """Failed attempts in all after which an infrastructure failure is final."""
    unknown_error_is_retryable: bool = Field(
        default=True,
        validation_alias=AliasChoices("unknown_error_is_retryable", "retry_unknown_errors"),
    )
    """Unknown failures get one more attempt; also accepted as ``retry_unknown_errors``."""

    @property
    def infrastructure_limit(self) -> int:
        return self.infrastructure_retry_limit

    @property
    def retry_unknown(self) -> bool:
        return self.unknown_error_is_retryable

    @classmethod
    def from_settings(cls, settings: Settings) -> RetryConfig:
        return cls(
            max_passes=settings.retry.max_passes,
            retry_delay_seconds=settings.retry.delay_seconds,
            infrastructure_retry_limit=settings.retry.infrastructure_limit,
            unknown_error_is_retryable=settings.retry.retry_unknown,
        )


class PassResult(StrEnum):
    """How a pass ended (A8.3)."""

    ALL_COMPLETE = "all_complete"
    ONLY_NON_RETRYABLE = "only_non_retryable"
    MAX_PASSES_REACHED = "max_passes_reached"
    RETRYABLE_REMAINING = "retryable_remaining"


STOPPED = "stopped"
"""Not one of the four: the operator ended the run (A8.8, rule 1)."""


@dataclass(kw_only=True, slots=True)
class PassStats:
    """What happened in one pass, and only in that pass (A8.4, A8.11)."""

    pass_number: int
    total_jobs: int = 0
    succeeded: int = 0
    failed_account: int = 0
    failed_content: int = 0
    failed_infrastructure: int = 0
    failed_internal: int = 0
    failed_unknown: int = 0
    in_doubt: int = 0
    blocked: int = 0
    """Jobs that nobody may claim (no account, cap reached), at the end of the pass."""
    unprocessed: int = 0
    """Claimable jobs that no worker got to."""
    start_time: datetime | None = None
    end_time: datetime | None = None

    @property
    def failed(self) -> int:
        return (
            self.failed_account
            + self.failed_content
            + self.failed_infrastructure
            + self.failed_internal
            + self.failed_unknown
            + self.in_doubt
        )

    @property
    def success_rate(self) -> float:
        """Percent of the pass's jobs; 0 when there were none."""
        return 100.0 * self.succeeded / self.total_jobs if self.total_jobs else 0.0

    @property
    def duration_seconds(self) -> float | None:
        """``None`` while the pass is running."""
        if self.start_time is None or self.end_time is None:
            return None
        return (self.end_time - self.start_time).total_seconds()

    def to_dict(self) -> dict[str, Any]:
        duration = self.duration_seconds
        return {
            "pass_number": self.pass_number,
            "total_jobs": self.total_jobs,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "failed_account": self.failed_account,
            "failed_content": self.failed_content,
            "failed_infrastructure": self.failed_infrastructure,
            "failed_internal": self.failed_internal,
            "failed_unknown": self.failed_unknown,
            "in_doubt": self.in_doubt,
            "blocked": self.blocked,
            "unprocessed": self.unprocessed,
            "success_rate": round(self.success_rate, 1),
            "start_time": self.start_time.isoformat() if self.start_time else None,
            "end_time": self.end_time.isoformat() if self.end_time else None,
            "duration_seconds": "in_progress" if duration is None else round(duration, 3),
        }


_FAILED_FIELD: Mapping[ErrorCategory, str] = {
    ErrorCategory.ACCOUNT: "failed_account",
    ErrorCategory.CONTENT: "failed_content",
    ErrorCategory.INFRASTRUCTURE: "failed_infrastructure",
    ErrorCategory.INTERNAL: "failed_internal",
    ErrorCategory.IN_DOUBT: "in_doubt",
    ErrorCategory.UNKNOWN: "failed_unknown",
}


def is_retryable(job: Job, config: RetryConfig) -> bool:
    """Whether a failed job may be tried in a further pass (A8.6); empty category is unknown."""
    return job.status is JobStatus.FAILED and retry_decision(
        job.error_category, job.attempts, config
    )


@dataclass(slots=True)
class _Clock:
    """When a pass of this process began and ended, and how many jobs it was given."""

    start: datetime
    given: int
    """With those that were done in it before a restart of the supervisor (A8.12)."""
    end: datetime | None = None


class RetryPassManager:
    """Runs through the passes of a day: the posting workload's plan of stages.

    ``start_new_pass`` and ``end_pass`` may be driven by hand; iterating drives them for the
    supervisor and yields one ``Stage`` a pass, on another thread than the one that asks for its
    figures meanwhile.
    """

    doing = ""
    """Between two passes it only looks at the ledger."""

    def __init__(
        self,
        ledger: ProgressTracker,
        config: RetryConfig | None = None,
        *,
        run_id: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.ledger = ledger
        self.config = config or RetryConfig()
        self.run_id = run_id
        self.current_pass = 0
        self._now = now
        self._clocks: dict[int, _Clock] = {}
        self._history = RunHistory(ledger, run_id)
        self._folding = threading.Lock()
        """Held while the history is read; the ledger, which has its own, may be used meanwhile."""
        self._stopped = False
        self._extra = 0
        self._result: str = STOPPED

    # -- the plan of stages ----------------------------------------------------------------------

    def __iter__(self) -> Iterator[Stage]:
        if self._nothing_claimable() and not self._begin_with_retries():
            self._result = self._without_a_pass()
            return
        delay = 0.0
        while not self._stopped:
            number = self.start_new_pass()
            yield Stage(
                number=number,
                label=f"pass {number}/{max(number, self.max_passes)}",
                total_jobs=self._clocks[number].given,
                delay_seconds=delay,
            )
            result = self.end_pass()
            self._result = STOPPED if self._stopped else result
            if result is not PassResult.RETRYABLE_REMAINING or self._stopped:
                return
            delay = self.config.retry_delay_seconds

    def opening(self) -> Sequence[str]:
        """The limits of the passes, and the failures that none of them will touch."""
        lines = retry_configuration(self.config)
        left = left_alone(self.ledger)
        return (*lines, left) if left else lines

    @property
    def result(self) -> str:
        return STOPPED if self._stopped else self._result

    @property
    def max_passes(self) -> int:
        return self.config.max_passes + self._extra

    def stop(self) -> None:
        self._stopped = True

    def add_stage(self) -> None:
        self._extra += 1

    # -- the seeds' interface --------------------------------------------------------------------

    def start_new_pass(self) -> int:
        """Begin the next pass and return its number; after a restart the one found in the rows."""
        number = self.current_pass + 1 if self.current_pass else self._first_pass()
        self.current_pass = number
        with self._folding:
            past = self._history.passes().get(number, PassHistory())
            start, outcomes = past.start, list(past.outcomes)
        jobs = map(self.ledger.get, outcomes)
        done = sum(job is not None and job.status not in WAITING for job in jobs)
        self._clocks[number] = _Clock(
            start=start or self._now(), given=self.ledger.claimable() + done
        )
        self.ledger.pass_number = number
        return number

    def end_pass(self) -> PassResult:
        """Close the pass and decide; resets what a further pass may try (A8.8)."""
        self.ledger.pass_number = 0  # what waits for the next one counts too
        self._clocks[self.current_pass].end = self._now()
        result = self._decide(claimable=self.ledger.claimable(), retryable=self._retryable())
        if result is PassResult.RETRYABLE_REMAINING and not self._stopped:
            self.ledger.reset_for_pass(self.current_pass + 1, self._may_retry)
            if self._nothing_claimable():
                # What was reset is blocked (its account had its post): no empty pass (A8.9).
                result = PassResult.ONLY_NON_RETRYABLE
        self._result = result
        return result

    def get_summary(self) -> dict[str, Any]:
        """Passes with their figures and the configuration, JSON-ready (A8.16)."""
        passes = [stats.to_dict() for _, stats in sorted(self.stats().items())]
        return {
            "result": self.result,
            "total_passes": len(passes),
            "passes_allowed": self.max_passes,
            "passes": passes,
            "config": self.config.model_dump(),
        }

    summary = get_summary

    def stats(self) -> dict[int, PassStats]:
        """Figures of every pass of this run, running and past."""
        with self._folding:
            passes = self._history.passes()
            figures = {
                number: self._fold(number, passes.get(number, PassHistory()))
                for number in sorted({*passes, *self._clocks})
            }
        last = figures.get(self.current_pass)
        if last is not None:
            last.blocked = sum(self.ledger.blocked().values())
            last.unprocessed = self.ledger.claimable() if last.end_time else 0
        return figures

    # -- decisions -------------------------------------------------------------------------------

    def _decide(self, *, claimable: int, retryable: list[Job]) -> PassResult:
        if claimable or retryable:
            if self.current_pass >= self.max_passes:
                return PassResult.MAX_PASSES_REACHED
            return PassResult.RETRYABLE_REMAINING
        if self.ledger.statuses() <= {JobStatus.SUCCESS, JobStatus.SKIPPED}:
            return PassResult.ALL_COMPLETE
        return PassResult.ONLY_NON_RETRYABLE

    def _first_pass(self) -> int:
        """The pass that a crashed supervisor was in, read from the rows (A8.18)."""
        return max(self._last_pass(default=1), self.ledger.highest_open_pass())

    def _last_pass(self, *, default: int) -> int:
        with self._folding:
            return max(self._history.passes(), default=default)

    def _begin_with_retries(self) -> bool:
        """Nothing is pending, but earlier failures may be tried: make them the first pass."""
        if not self._retryable():
            return False
        self.current_pass = self._last_pass(default=0)
        if self.current_pass >= self.max_passes:
            return False
        self.ledger.reset_for_pass(self.current_pass + 1, self._may_retry)
        return not self._nothing_claimable()

    def _without_a_pass(self) -> PassResult:
        """How a run ends that may not begin a pass: all done, blocked, or passes used up."""
        if self.current_pass >= self.max_passes:
            return self._decide(claimable=0, retryable=self._retryable())
        return self._decide(claimable=0, retryable=[])

    def _retryable(self) -> list[Job]:
        return [job for job in self.ledger.failed() if self._may_retry(job)]

    def _may_retry(self, job: Job) -> bool:
        return is_retryable(job, self.config)

    def _nothing_claimable(self) -> bool:
        return self.ledger.claimable() == 0

    def _fold(self, number: int, past: PassHistory) -> PassStats:
        stats = stats_of(number, past)
        clock = self._clocks.get(number)
        if clock is not None:
            stats.start_time, stats.end_time = clock.start, clock.end
            stats.total_jobs = max(clock.given, stats.total_jobs)
        return stats


def stats_of(number: int, past: PassHistory) -> PassStats:
    """Figures of a pass from the ledger's history alone; it ended with its last outcome."""
    stats = PassStats(pass_number=number)
    for outcome in past.outcomes.values():
        if outcome.status is JobStatus.SUCCESS:
            stats.succeeded += 1
        else:
            name = _FAILED_FIELD[outcome.category or ErrorCategory.UNKNOWN]
            setattr(stats, name, getattr(stats, name) + 1)
    ends = [outcome.ended_at for outcome in past.outcomes.values() if outcome.ended_at]
    stats.start_time, stats.end_time = past.start, max(ends, default=None)
    stats.total_jobs = len(past.outcomes)
    return stats
