"""A job's rows in the ledger, told in words. Values in, lines out."""

from __future__ import annotations

from typing import Final

from console.plain import plain
from console.screens.job_texts import flowing
from console.screens.job_view import JobView
from console.times import NOTHING
from engine.jobs import Job, JobStatus

_HEAD: Final = "HISTORY  "
_SEEDED: Final = "seeded"


def history(view: JobView, *, wide: bool) -> list[str]:
    """``11:20:14  claimed by W3, pass 1``; with what follows as the last one."""
    gap = "  " if wide else " "
    events: list[str] = []
    before: Job | None = None
    for row in view.facts.history:
        words = _event(row, before, view, wide=wide)
        before = row
        if words:
            when = view.look.moment(row.updated_at or row.claimed_at, seconds=wide)
            events.append(f"{when}{gap}{words}")
    line = view.line
    if before is not None and before.status is JobStatus.FAILED and line.glyph == "~":
        when = view.look.moment(before.updated_at, seconds=wide)
        events.append(f"{when}{gap}{'held' if line.held else f'again in {line.next}'}")
    return [plain(event) for event in events]


def history_rows(view: JobView, width: int) -> list[str]:
    """The same one after the other, for a narrow screen: ``HISTORY  11:20 claimed W3   ...``."""
    events = [one for one in history(view, wide=False) if not one.endswith(f" {_SEEDED}")]
    rows = flowing(events, width - len(_HEAD), "   ")
    return [f"{'' if at else _HEAD:<{len(_HEAD)}}{row}" for at, row in enumerate(rows)]


def _event(row: Job, before: Job | None, view: JobView, *, wide: bool) -> str:
    """What a row tells; empty where it only confirms the one before."""
    match row.status:
        case JobStatus.CLAIMED:
            return _claim(row, before, view.labels.stage, wide=wide)
        case JobStatus.FAILED:
            said = "in doubt" if row.in_doubt else "failed"
            return (
                f"{said} {row.attempts}/{view.line.limit} {row.error_category or ''}"
                if wide
                else said
            )
        case JobStatus.SUCCESS:
            marked = before is not None and before.status is JobStatus.FAILED
            return f"marked as {view.labels.done}" if marked else "success"
        case JobStatus.SKIPPED:
            return "skipped"
        case _:
            return _waiting(row, before, view.labels.stage)


def _claim(row: Job, before: Job | None, stage: str, *, wide: bool) -> str:
    held = before is not None and before.status is JobStatus.CLAIMED
    if before is not None and held and before.claimed_at == row.claimed_at:
        pressed = row.submitted_at is not None and before.submitted_at is None
        return "Share pressed" if pressed else ""
    worker = f"W{row.worker_id}" if row.worker_id.isdigit() else row.worker_id or NOTHING
    return f"claimed by {worker}, {stage} {row.pass_number}" if wide else f"claimed {worker}"


def _waiting(row: Job, before: Job | None, stage: str) -> str:
    """Why it waits: seeded, given back, requeued, reset for a pass, taken back in."""
    if before is None:
        return _SEEDED
    if before.status is JobStatus.SKIPPED:
        return "taken back in"
    if before.status is JobStatus.CLAIMED:
        return "given back" if row.status is JobStatus.PENDING else "to be tried again"
    if row.pass_number > before.pass_number:
        return f"reset for {stage} {row.pass_number}"
    return "requeued" if before.status is JobStatus.FAILED else ""
