"""The Ledger's details pane: the Job screen's summary of the row at the cursor. Pure.

Three lines on a narrow screen, a panel with attempts and phase times on a wide one
(console-features 6.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from console.plain import plain
from console.screens.ledger_attempts import attempt_lines
from console.screens.ledger_columns import Look, status
from console.screens.ledger_facts import Detail
from console.times import NOTHING, clock, span
from engine.insight.outlook import HELD, NEW_FILE, NEXT_RUN, NOW, OPERATOR, PERSON, remedy
from engine.insight.values import JobLine, PhaseTimes
from engine.jobs import JobStatus

_COMES: Final[Mapping[str, str]] = {
    "": "its tries are used up",
    NOW: "may be claimed now",
    NEXT_RUN: "again in the next run",
    HELD: "held by the operator",
    PERSON: "waits for a person",
    NEW_FILE: "waits for a new file",
    OPERATOR: "waits for you",
}
_MOST: Final = 4
"""Attempts that the history tells of, the latest ones."""


def headline(line: JobLine, look: Look, next_pass_at: datetime | None = None) -> str:
    """``~ failed, 2 of 3 tries used, again in pass 3 (~12:23)``."""
    job, said = line.job, status(line, look)
    if job.status is JobStatus.SUCCESS:
        took = "" if line.took is None else f" after {span(line.took)}"
        return f"{said} at {clock(job.completed_at or job.updated_at, look.now)}{took}"
    if job.status is JobStatus.CLAIMED:
        when = clock(job.claimed_at, look.now, seconds=True)
        return f"{said} by worker {job.worker_id or NOTHING} at {when}"
    if job.status is JobStatus.SKIPPED:
        return f"{said}: left out until it is taken back in"
    if job.in_doubt:
        return f"{said}, in doubt: it may be {look.labels.done}; waits for you"
    tries = f", {job.attempts} of {line.limit} tries used" if job.attempts else ""
    return f"{said}{tries}, {_comes(line, look, next_pass_at)}"


def _comes(line: JobLine, look: Look, next_pass_at: datetime | None) -> str:
    following = line.next
    if following in _COMES:
        return _COMES[following] if line.job.account else f"has no {look.labels.key}"
    if line.next_stage is None:
        return f"again at {following}"
    when = "" if next_pass_at is None else f" (~{clock(next_pass_at, look.now)})"
    return f"again in {following}{when}"


def title(line: JobLine) -> str:
    """``DK9p0aaLm2q   acct_025``."""
    return f"{line.job.job_id}   {line.job.account or NOTHING}"


def narrow(detail: Detail, look: Look, next_pass_at: datetime | None) -> list[str]:
    """Three lines, each safe for the terminal."""
    line, job = detail.line, detail.line.job
    first = f"{job.job_id}  {job.account or NOTHING}  {headline(line, look, next_pass_at)}"
    second = job.caption
    if job.error:
        second = job.error if job.status is JobStatus.FAILED else f"last failure: {job.error}"
    third = []
    if job.claimed_at is not None:
        third.append(f"claimed {clock(job.claimed_at, look.now, seconds=True)}")
    third += _phases(_last_times(detail))
    if detail.log is not None:
        third.append(f" log {_log(detail.log)}")
    if not third:
        third.append(f"{_cap(detail, look)}   {look.labels.content} {_video(detail)}")
    return [plain(text) for text in (first, second, "  ".join(third))]


def wide(
    detail: Detail, look: Look, next_pass_at: datetime | None, *, width: int, campaign: str = ""
) -> list[str]:
    """The panel's lines; the least important ones last."""
    job = detail.line.job
    labels = look.labels
    facts = [f"{labels.content:<9} {_video(detail)}", _cap(detail, look)]
    facts += [f"campaign {campaign}"] if campaign else []
    lines = [f"{labels.text:<9} {job.caption}", "        ".join(facts), ""]
    table = list(attempt_lines(detail, look, next_pass_at, width))
    if table:
        lines += [*table, ""]
    if job.error:
        lines.append(job.error if job.status is JobStatus.FAILED else f"last failure: {job.error}")
        lines += [f"  {where}" for where in _where(detail)]
        sentence = remedy(job, labels)
        lines += [f"  {sentence}", ""] if sentence else [""]
    history = _history(detail, look)
    if history:
        lines.append(history)
    return [plain(text) for text in lines]


def _video(detail: Detail) -> str:
    path = detail.line.job.video_path.replace("\\", "/")
    return path.rpartition("/")[2] or NOTHING


def _cap(detail: Detail, look: Look) -> str:
    if not detail.cap:
        return f"{detail.posts_today} {look.labels.done} today, no cap"
    return f"cap {detail.posts_today} of {detail.cap} today"


def _log(place: tuple[str, int]) -> str:
    return f"{place[0].removesuffix('.log')}:{place[1]}"


def _last_times(detail: Detail) -> PhaseTimes | None:
    """Of the attempt that the job's row tells of; the one before says nothing about it."""
    claimed = detail.line.job.claimed_at
    return next((times for times in detail.times if times.claimed_at == claimed), None)


def _phases(times: PhaseTimes | None) -> list[str]:
    """``adb 0:19``, ``appium 1:32 x``: the cross stands where the attempt ended."""
    if times is None:
        return []
    return [
        f"{name} {span(seconds)}{' x' if name == times.failed_in else ''}"
        for name, seconds in times.phases.items()
    ]


def _where(detail: Detail) -> Iterator[str]:
    times, attempt = _last_times(detail), detail.attempts[-1] if detail.attempts else None
    parts = []
    if times is not None and times.failed_in:
        parts.append(f"at {times.failed_in}, after {span(sum(times.phases.values()))}")
    if attempt is not None and attempt.worker:
        parts.append(f"worker {attempt.worker}")
    if detail.log is not None:
        parts.append(f"log {_log(detail.log)}")
    if parts:
        yield "   ".join(parts)
    if detail.evidence:
        last = detail.evidence[-1].attempt
        files = [file for file in detail.evidence if file.attempt == last]
        folder = files[0].path.parent
        shown = f"{folder.parent.parent.name}/{folder.parent.name}/{folder.name}/"
        yield "   ".join([shown, *(file.name for file in files)])


def _history(detail: Detail, look: Look) -> str:
    """``11:20 claimed W3 | 11:25 failed | 11:55 claimed W1 | 11:58 failed, pass 3``."""
    parts = []
    for attempt in detail.attempts[-_MOST:]:
        parts.append(f"{clock(attempt.claimed_at, look.now)} claimed W{attempt.worker}")
        if attempt.ended_at is not None:
            word = "given back" if attempt.status is JobStatus.PENDING else attempt.status
            parts.append(f"{clock(attempt.ended_at, look.now)} {word}")
    if parts and detail.line.next and detail.attempts[-1].ended_at is not None:
        parts[-1] += f", {detail.line.next}"
    return " | ".join(parts)
