"""What happened in each pass of a run, folded from the ledger's rows as they come (A8.11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from engine.jobs import Job, JobStatus

if TYPE_CHECKING:
    from engine.progress import ProgressTracker, RowMark

OUTCOMES: Final = frozenset({JobStatus.SUCCESS, JobStatus.FAILED, JobStatus.RETRYING})


@dataclass(slots=True)
class PassHistory:
    """What the ledger's rows say of one pass."""

    outcomes: dict[str, Job] = field(default_factory=dict)
    """Last outcome of each job in this pass."""
    start: datetime | None = None
    """When its first job was claimed."""


class RunHistory:
    """The passes of one run. Each row is looked at once, so asking costs only what is new.

    Only outcomes of claims that the run itself made count; what an earlier system left claimed and
    this run put in doubt happened in no pass. A later row of the same pass replaces an earlier one:
    an operator's *mark posted* turns the pass's in-doubt job into its success.
    """

    def __init__(self, ledger: ProgressTracker, run_id: str) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._mark: RowMark | None = None
        self._passes: dict[int, PassHistory] = {}
        self._claimed: set[str] = set()

    def passes(self) -> dict[int, PassHistory]:
        """Every pass so far, by number."""
        mark, rows = self._ledger.rows_since(self._mark)
        if self._mark is None or self._mark[0] != mark[0]:
            self._passes.clear()
            self._claimed.clear()
        self._mark = mark
        for row in rows:
            self._apply(row)
        return self._passes

    def _apply(self, row: Job) -> None:
        ours = row.run_id == self._run_id
        if row.status is JobStatus.CLAIMED:
            (self._claimed.add if ours else self._claimed.discard)(row.job_id)
            if ours:
                past = self._passes.setdefault(row.pass_number, PassHistory())
                past.start = past.start or row.claimed_at
        elif ours and row.status in OUTCOMES:
            outcomes = self._passes.setdefault(row.pass_number, PassHistory()).outcomes
            if row.job_id in self._claimed or row.job_id in outcomes:
                outcomes[row.job_id] = row
            self._claimed.discard(row.job_id)
