"""What the report of a run's passes is made of, gathered once: ledger, attempts and status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.insight.attempts import OUTCOMES, AttemptFold, FailedJob, PassHistory
from engine.insight.moments import moment_of
from engine.insight.values import Attempt
from engine.taxonomy.types import UNKNOWN_LIMIT, retry_decision
from engine.workloads.labels import GENERIC, Labels

if TYPE_CHECKING:
    from engine.ledger.figures import Figures
    from engine.progress import ProgressTracker
    from engine.retry import RetryConfig
    from engine.run_state import RunRecord

_OVER: Final = frozenset({"ended", "failed"})
"""States of a status that no run stands behind any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the supervisor said of one pass; it knows what no row tells."""

    jobs: int = 0
    """Given to the pass when it began."""
    start: datetime | None = None
    end: datetime | None = None
    label: str = ""
    """What the trade calls it."""
    note: str = ""
    """What the trade says of it."""
    result: str = ""
    """How it ended, where the trade says more than its rows tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFacts:
    """One run at one moment."""

    run_id: str
    live: bool
    now: datetime
    config: RetryConfig
    passes_allowed: int
    """With those that the operator added."""
    figures: Figures
    attempts: Sequence[Attempt]
    """Of this run, oldest first."""
    histories: Mapping[int, PassHistory]
    failed: Sequence[FailedJob]
    """Jobs that are failed now, whoever tried them last."""
    current: int
    """The pass that runs, or the last one; 0 = none yet."""
    told: Mapping[int, Told] = field(default_factory=dict)
    waiting_until: datetime | None = None
    result: str = ""
    """How the run ended, where the supervisor said so."""
    ports: Mapping[str, object] = field(default_factory=dict)
    """Port of each worker, where the workload tells one."""
    restarts: Mapping[str, int] = field(default_factory=dict)
    labels: Labels = GENERIC
    limits: str = ""
    """The trade's own words for the limits of its stages; empty where those of retries hold."""

    @property
    def running(self) -> bool:
        """A pass is under way, not only the pause between two."""
        told = self.told.get(self.current)
        return self.live and self.current > 0 and (told is None or told.end is None)

    @property
    def named(self) -> bool:
        """The trade has its own names for its stages, and says itself which are to come."""
        return any(one.label for one in self.told.values())

    @property
    def waiting(self) -> int:
        """Jobs of the present stage that a worker may claim, now or at their time."""
        figures = self.figures
        none = figures.blocked_total + figures.later
        return max(0, figures.pending + figures.retrying - none)

    @property
    def left(self) -> int:
        """Jobs that the present pass has still to end."""
        return self.waiting + self.figures.claimed

    @property
    def retryable(self) -> Sequence[FailedJob]:
        """Failed jobs that a further pass would try again."""
        return [job for job in self.failed if self.may_retry(job)]

    @property
    def last_useful_pass(self) -> int:
        """Beyond it the jobs of today have no try left, however many passes are allowed."""
        tries = max(self.config.infrastructure_limit, UNKNOWN_LIMIT)
        return min(self.passes_allowed, self.current + tries - 1)

    def may_retry(self, job: FailedJob) -> bool:
        return retry_decision(job.category, job.attempts, self.config)


def gather(
    *,
    ledger: ProgressTracker,
    fold: AttemptFold,
    status: Mapping[str, Any] | None,
    config: RetryConfig,
    now: datetime,
    blocked: Mapping[str, int] | None = None,
    labels: Labels = GENERIC,
) -> RunFacts:
    """The facts of the live run, without one of the last run in the ledger.

    Raises LedgerUnreadableError.
    """
    status = status or {}
    fold.update(ledger)
    run_id = str(status.get("run_id") or fold.last_run_id)
    live = bool(status) and status.get("state") not in _OVER
    histories = fold.passes(run_id)
    summary = _mapping(status.get("stages"))
    told = dict(_told(summary.get("passes")))
    stage = _mapping(status.get("stage")).get("number")
    begun = [number for number, one in told.items() if one.start is not None]
    last = max([*histories, *begun], default=0)
    allowed = summary.get("passes_allowed")
    return RunFacts(
        run_id=run_id,
        live=live,
        now=now,
        config=config,
        passes_allowed=max(last, allowed if isinstance(allowed, int) else config.max_passes),
        figures=ledger.figures(blocked),
        attempts=[attempt for attempt in fold.attempts if attempt.run_id == run_id],
        histories=histories,
        failed=list(fold.failed.values()),
        current=max(last, stage) if isinstance(stage, int) else last,
        told=told,
        waiting_until=moment_of(status.get("waiting_until")),
        result=str(status.get("result") or ""),
        ports={slot: _mapping(one.get("facts")).get("port") for slot, one in _workers(status)},
        restarts={slot: int(one.get("restarts") or 0) for slot, one in _workers(status)},
        labels=labels,
        limits=str(summary.get("limits") or ""),
    )


def last_told(record: RunRecord | None, ledger: Path) -> Mapping[str, Any] | None:
    """What the last run on this ledger said of its stages, where they have names that no row
    tells; else None."""
    if record is None or record.ledger != str(ledger):
        return None
    told = _told(record.summary.get("passes"))
    if not any(one.label for _, one in told):
        return None
    words = {"run_id": record.run_id, "state": "ended", "result": record.result}
    return {**words, "stages": record.summary}


def ended(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Those that came to a result; given back ones did not."""
    return [attempt for attempt in attempts if attempt.status in OUTCOMES]


def _told(passes: object) -> Sequence[tuple[int, Told]]:
    found = []
    for figures in passes if isinstance(passes, list) else ():
        one = _mapping(figures)
        number, jobs = one.get("pass_number"), one.get("total_jobs")
        if isinstance(number, int):
            start, end = moment_of(one.get("start_time")), moment_of(one.get("end_time"))
            told = Told(
                jobs=jobs if isinstance(jobs, int) else 0,
                start=start,
                end=end,
                **{name: str(one.get(name) or "") for name in ("label", "note", "result")},
            )
            found.append((number, told))
    return found


def _workers(status: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
    workers = status.get("workers")
    found = map(_mapping, workers if isinstance(workers, list) else ())
    return [(str(worker["slot"]), worker) for worker in found if "slot" in worker]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
