"""Counts of a ledger, for the command line and the cockpit (behaviour A2.8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.jobs import ErrorCategory, JobStatus
from engine.ledger.fold import Fold

UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerFigures:
    success: int = 0
    failed: int = 0
    claimed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Jobs of one ledger. The six statuses sum to ``total``, categories and types to ``failed``."""

    total: int = 0
    pending: int = 0
    claimed: int = 0
    success: int = 0
    failed: int = 0
    skipped: int = 0
    retrying: int = 0
    in_doubt: int = 0
    """Failed ones of which nobody knows whether they were done."""
    foreign_claims: int = 0
    """Claimed by a system that recorded no point of no return: in doubt once settled."""
    quarantined: int = 0
    """Rows that nobody could understand; they are no jobs and not part of ``total``."""
    by_category: Mapping[str, int] = field(default_factory=dict)
    """Failed jobs of each category, every category included."""
    by_type: Mapping[str, int] = field(default_factory=dict)
    """Failed jobs of each error type; ``unclassified`` for none."""
    by_worker: Mapping[str, WorkerFigures] = field(default_factory=dict)
    blocked: Mapping[str, int] = field(default_factory=dict)
    """Waiting jobs that cannot be claimed today, by reason; part of pending and retrying."""
    later: int = 0
    """Waiting jobs of a later stage; part of pending and retrying, and never blocked."""

    @property
    def by_status(self) -> dict[str, int]:
        return {status.value: int(getattr(self, status.value)) for status in JobStatus}

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "total": self.total,
            **self.by_status,
            "in_doubt": self.in_doubt,
            "foreign_claims": self.foreign_claims,
            "quarantined": self.quarantined,
            "by_category": dict(self.by_category),
            "by_type": dict(self.by_type),
            "by_worker": {worker: asdict(found) for worker, found in self.by_worker.items()},
            "blocked": dict(self.blocked),
            "later": self.later,
        }

    @property
    def unsettled(self) -> int:
        """Jobs that may have been done, for all we know."""
        return self.in_doubt + self.foreign_claims

    @property
    def blocked_total(self) -> int:
        return sum(self.blocked.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class RequeueReport:
    requeued: Sequence[str]
    left: Mapping[str, int]
    """Failed jobs that were left alone, by category."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResetReport:
    archive: Path
    figures: Figures
    """Of the archived day."""


def figures_of(
    fold: Fold, *, quarantined: int, blocked: Mapping[str, int], later: int = 0
) -> Figures:
    categories: Counter[str] = Counter({category.value: 0 for category in ErrorCategory})
    types: Counter[str] = Counter()
    for entry in fold.in_file_order(fold.failed):
        job = fold.job(entry)
        categories[job.error_category or ErrorCategory.UNKNOWN] += 1
        types[job.error_type or UNCLASSIFIED] += 1
    workers: dict[str, Counter[JobStatus]] = {}
    for (worker, status), number in fold.of_worker.items():
        if number:
            workers.setdefault(worker, Counter())[status] = number
    return Figures(
        total=len(fold.by_order),
        **{status.value: fold.counts[status] for status in JobStatus},
        in_doubt=sum(1 for entry in fold.failed.values() if entry.in_doubt),
        foreign_claims=sum(1 for entry in fold.claimed.values() if entry.foreign_claim),
        quarantined=quarantined,
        by_category=MappingProxyType({str(k): n for k, n in categories.items()}),
        by_type=MappingProxyType(dict(types)),
        by_worker=MappingProxyType(
            {
                worker: WorkerFigures(
                    success=found[JobStatus.SUCCESS],
                    failed=found[JobStatus.FAILED],
                    claimed=found[JobStatus.CLAIMED],
                )
                for worker, found in sorted(workers.items())
            }
        ),
        blocked=MappingProxyType(dict(blocked)),
        later=later,
    )
