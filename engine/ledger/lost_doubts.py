"""Doubts that the ledger has lost, brought back from the signs that were kept elsewhere.

A ledger that was truncated, or saved over by an older copy, may know a job as waiting that reached
its point of no return. Before anybody claims it, it is in doubt again: claimed and failed in two
rows, so that the table of statuses (behaviour A3.2) holds for these as for all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from engine.jobs import ErrorCategory, Failure, Job, JobStatus, Trace
from engine.ledger import outcomes
from engine.ledger.access import LedgerAccess
from engine.ledger.fold import Entry, Fold
from engine.ledger.rows import SUBMITTED_AT, moment, stamp

_MAY_BE: Final = (JobStatus.PENDING, JobStatus.RETRYING, JobStatus.FAILED)


def restore(ledger: LedgerAccess, traces: Callable[[], Sequence[Trace]]) -> list[Job]:
    """Put in doubt what the signs fit and the ledger takes for undone; the jobs as they are then.

    The signs are asked for again under the ledger's lock: who withdraws one does so before he
    gives his claim back. Raises LedgerError.
    """
    with ledger.threads:
        if not any(_found(ledger.reading(), traces())):
            return []
        with ledger.writing() as now:
            found = list(_found(ledger.book.fold, traces()))
            return [ledger.job(_in_doubt(ledger, entry, trace, now)) for entry, trace in found]


def _found(fold: Fold, traces: Sequence[Trace]) -> Iterator[tuple[Entry, Trace]]:
    if not traces:
        return
    keys = {trace.key for trace in traces}
    for entry in fold.by_order:
        if entry.account in keys and entry.status in _MAY_BE and not entry.in_doubt:
            job = fold.job(entry)
            fitting = (trace for trace in traces if trace.is_of(job))
            trace = next(fitting, None)
            if trace is not None:
                yield entry, trace


def _in_doubt(ledger: LedgerAccess, entry: Entry, trace: Trace, now: datetime) -> Entry:
    if entry.status is JobStatus.FAILED:
        entry = ledger.change(entry, outcomes.released(), now)
    last = moment(entry.last_claim, ledger.book.fold.zone)
    claimed_at = now if last is None else max(now, last + timedelta(microseconds=1))
    # The mark stands in the first row already: a crash between the two leaves a doubt as well.
    mark = {SUBMITTED_AT: stamp(trace.when or now)}
    entry = ledger.change(entry, outcomes.claimed("", claimed_at) | mark, now)
    failure = Failure(
        error=trace.text, category=ErrorCategory.IN_DOUBT, error_type=outcomes.UNCONFIRMED
    )
    return ledger.change(entry, outcomes.failed(ledger.job(entry), failure, now), now)
