"""The attempts of a job as a table of text: one line each, with the time of its phases. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from console.plain import fit
from console.screens.ledger_columns import Look
from console.screens.ledger_facts import Detail
from console.times import NOTHING, clock, span
from engine.insight.values import Attempt, PhaseTimes
from engine.jobs import JobStatus

_MOST: Final = 4
"""Attempts that are shown, the latest ones."""
_RESULT: Final = 26
"""Least cells for the result of an attempt."""
_PHASE: Final = 7
"""Least cells of a phase: ``1:32x``."""


def attempt_lines(
    detail: Detail, look: Look, next_pass_at: datetime | None, width: int
) -> Iterator[str]:
    """The head, a line for each attempt, and one for the next where a pass will take it."""
    if not detail.attempts:
        return
    fixed = f"TRY {fit(look.labels.stage.upper(), 4)}  W  {'CLAIMED':<9}"
    widths = _phase_widths(detail.times, width - len(fixed) - _RESULT)
    yield f"{fixed}{_cells({name: name.upper() for name in widths}, widths)}  RESULT"
    times = {(known.attempt, known.claimed_at): known for known in detail.times}
    for attempt in detail.attempts[-_MOST:]:
        known = times.get((attempt.number, attempt.claimed_at))
        spent = {name: _spent(known, name) for name in widths}
        when = look.moment(attempt.claimed_at, seconds=True)
        start = _start(attempt.number, str(attempt.pass_number), attempt.worker, when)
        yield f"{start}{_cells(spent, widths)}  {_result(attempt)}"
    following, stage = detail.line.next, detail.line.next_stage
    if stage is not None:
        when = NOTHING if next_pass_at is None else f"~{clock(next_pass_at, look.now)}"
        start = _start(detail.line.job.attempts + 1, str(stage), NOTHING, when)
        yield f"{start}{_cells({}, widths)}  . planned, when {following} starts"


def _start(number: int, pass_number: str, worker: str, when: str) -> str:
    return f"{number:>3} {pass_number:>4}  {fit(worker or NOTHING, 2)} {fit(when, 9)}"


def _cells(texts: Mapping[str, str], widths: Mapping[str, int]) -> str:
    return "".join(fit(texts.get(name, NOTHING), width, "right") for name, width in widths.items())


def _phase_widths(times: Sequence[PhaseTimes], room: int) -> dict[str, int]:
    """Phases in the order they are gone through; where room is short, the quickest are left out."""
    spent: Counter[str] = Counter()
    for known in times:
        spent.update({name: int(seconds) for name, seconds in known.phases.items()})
    widths = {name: max(_PHASE, len(name)) + 1 for name in spent}
    while widths and sum(widths.values()) > room:
        del widths[min(widths, key=lambda name: spent[name])]
    return widths


def _spent(times: PhaseTimes | None, phase: str) -> str:
    seconds = None if times is None else times.phases.get(phase)
    if times is None or seconds is None:
        return NOTHING
    return f"{span(seconds)}{'x' if phase == times.failed_in else ''}"


def _result(attempt: Attempt) -> str:
    """``x infrastructure/adb_timeout``, ``+ success``, ``> under way``, ``. given back``."""
    if attempt.ended_at is None:
        return "> under way"
    if attempt.status is JobStatus.SUCCESS:
        return "+ success"
    if attempt.status is JobStatus.PENDING:
        return ". given back"
    category = attempt.category or "unknown"
    sign = "?" if attempt.in_doubt else "x"
    return f"{sign} {category}/{attempt.error_type or 'unclassified'}"
