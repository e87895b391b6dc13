"""What is marked in the Ledger, what a requeue of it would do, and what can be undone. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from console.amounts import counted
from console.plain import fit, plain
from console.screens.ledger_columns import Look
from console.screens.ledger_facts import LastAct, Marked
from console.times import NOTHING, clock
from engine.filters.rows import why
from engine.insight.values import Actor, JobLine, Overview
from engine.jobs import JobStatus
from engine.workloads.labels import Labels, plural

_PAST: Final = {
    "requeue": "requeued",
    "skip": "skipped",
    "unskip": "took back in",
    "hold": "held",
    "release": "released",
}
_STATUSES: Final = frozenset(str(status) for status in JobStatus)
"""Words for jobs that need nobody, told last."""
HINT: Final = "nothing is marked: space marks and steps down, A marks all that is shown"


def _sort_of(line: JobLine) -> str:
    """What would become of it."""
    job = line.job
    if job.in_doubt:
        return "in doubt"
    if line.actor is Actor.PERSON and job.status is JobStatus.FAILED:
        return "need a new file" if line.next == "new file" else "need a person"
    if job.status is JobStatus.FAILED:
        return f"would run in {line.next}" if line.glyph == "~" else "used up their tries"
    return str(job.status)


def summary(marked: Marked, labels: Labels) -> list[str]:
    """``1 would run in pass 3, 2 need a person`` and ``3 accounts under today's cap``."""
    counts = Counter(_sort_of(line) for line in marked.lines)
    ordered = sorted(counts.items(), key=lambda item: (item[0] in _STATUSES, -item[1]))
    parts = [f"{number} {_agree(word, number)}" for word, number in ordered]
    if not marked.accounts:
        return [", ".join(parts)]
    if marked.under_cap == marked.accounts > 1:
        cap = f"{marked.accounts} {plural(labels.key)}, all under today's cap"
    else:
        cap = f"{marked.under_cap} {plural(labels.key, marked.under_cap)} under today's cap"
    return [", ".join(parts), cap]


def _agree(word: str, number: int) -> str:
    """``1 needs a person``, ``2 need a person``."""
    return f"needs{word.removeprefix('need')}" if number == 1 and word.startswith("need ") else word


def narrow(marked: Marked, last: LastAct | None, look: Look) -> list[str]:
    """Two lines."""
    told = "; ".join(summary(marked, look.labels))
    first = f"{len(marked.lines)} marked: {told}" if marked.lines else HINT
    return [plain(first), f"undo: {undo(last, look)}" if last is not None else ""]


def short(marked: Marked, last: LastAct | None, look: Look) -> list[str]:
    """Three short lines."""
    if not marked.lines:
        return ["space marks and steps down", "A marks all that is shown", undo(last, look)]
    return [*summary(marked, look.labels), undo(last, look)]


def wide(
    marked: Marked, last: LastAct | None, look: Look, overview: Overview | None, rows: int
) -> list[str]:
    """The panel's lines; as many marked jobs as leave room for the rest."""
    tail = [] if last is None else ["", "UNDO", undo(last, look)]
    if not marked.lines:
        return ["space marks and steps down", "A marks all that is shown", *tail]
    consequence = list(_requeue(marked, overview))
    head = [*summary(marked, look.labels), ""]
    room = max(1, rows - len(head) - len(consequence) - len(tail))
    shown = marked.lines if len(marked.lines) <= room else marked.lines[: max(1, room - 1)]
    lines = [*head, *map(_row, shown)]
    if len(shown) < len(marked.lines):
        lines.append(f"and {len(marked.lines) - len(shown)} more: / is:marked")
    return [plain(text) for text in (*lines, *consequence, *tail)]


def _row(line: JobLine) -> str:
    job = line.job
    person = "  ! a person" if _sort_of(line) == "need a person" else ""
    return (
        f"{fit(job.job_id, 12)} {fit(job.account or NOTHING, 9)} {why(job) or job.status}{person}"
    )


def _requeue(marked: Marked, overview: Overview | None) -> Iterator[str]:
    if not any(line.job.status is JobStatus.FAILED for line in marked.lines):
        return
    live = overview is not None and overview.live
    number = overview.stage if overview is not None else 0
    stage = overview.labels.stage if overview is not None else ""
    when = f"now, in {stage} {number}" if live and number else "now" if live else "by the next run"
    yield ""
    yield f"requeue: claimable {when};"
    yield "attempts start again at 0"


def undo(last: LastAct | None, look: Look) -> str:
    """``ana requeued 4 jobs at 11:31 (u, 1 left: 3 are claimed)``."""
    if last is None:
        return ""
    entry = last.entry
    jobs = len(entry.jobs)
    what = counted(jobs, "job") if jobs else entry.target.partition(":")[2]
    text = f"{entry.by or 'somebody'} {_PAST[entry.name]} {what} at {clock(entry.at, look.now)}"
    if not last.claimed:
        rest = "u takes it back"
    elif not last.left:
        rest = "too late to take back"
    else:
        gone = "1 is" if last.claimed == 1 else f"{last.claimed} are"
        rest = f"u, {last.left} left: {gone} claimed"
    return plain(f"{text} ({rest})")
