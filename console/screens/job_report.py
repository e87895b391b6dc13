"""A job as a report that a colleague can read, as JSON, and as a table of its attempts. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from console.exports import Exported
from console.log_text import as_json, whole
from console.plain import plain
from console.screens.job_attempts import phase_words
from console.screens.job_error import error_text, kind, verdict
from console.screens.job_history import history
from console.screens.job_texts import cap, guard
from console.screens.job_view import JobView
from console.screens.ledger_details import headline
from console.screens.ledger_rows import record
from console.times import NOTHING, clock, span, zone_name
from engine.evidence import safe_name
from engine.insight.outlook import remedy
from engine.insight.values import Attempt

_HEADERS: Final = (
    "try",
    "pass",
    "worker",
    "claimed_at",
    "ended_at",
    "status",
    "class",
    "why",
    "error",
    "phases",
)


def text(view: JobView) -> str:
    """Job, account, attempts, error, what happens next, log lines around it, evidence paths."""
    return "\n".join(plain(line) for line in _lines(view)) + "\n"


def as_record(view: JobView) -> dict[str, Any]:
    """Everything that is known of it, for a program."""
    facts = view.facts
    return record(view.line) | {
        "attempts_made": [_attempt_record(view, one) for one in facts.detail.attempts],
        "remedy": remedy(view.line.job, view.labels),
        "next_sentences": list(facts.following),
        "posts_today": facts.detail.posts_today,
        "cap": facts.detail.cap,
        "guard": facts.guard,
        "evidence": [str(file.path) for file in facts.detail.evidence],
        "log": [json.loads(as_json(one)) for one in view.log],
    }


def as_json_text(view: JobView) -> str:
    """The same, written."""
    return json.dumps(as_record(view), ensure_ascii=False, default=str)


def exported(view: JobView) -> Exported:
    """Its attempts as a table; JSON has everything, and text where there is no attempt yet."""
    rows = [_attempt_row(view, one) for one in view.facts.detail.attempts]
    name = f"job-{safe_name(view.line.job.job_id)}"
    if not rows:
        return Exported(name=name, text=text(view))
    return Exported(name=name, headers=_HEADERS, rows=rows, records=[as_record(view)])


def _lines(view: JobView) -> Iterator[str]:
    job, look = view.line.job, view.look
    yield f"Job {job.job_id}: {headline(view.line, look, view.next_pass_at)}"
    yield f"{view.key_label}: {job.account or NOTHING}; {cap(view)}"
    yield f"{view.labels.content}: {job.video_path or NOTHING} {job.video_id}".rstrip()
    yield from _block(view.labels.text, job.caption.splitlines())
    if view.facts.guarded_at is not None:
        yield f"guard: {guard(view)}"
    yield f"run: {job.run_id or NOTHING}; times are {zone_name(look.now)}"
    yield from _block("attempts", [_attempt_line(view, one) for one in view.facts.detail.attempts])
    if error_text(view):
        yield f"error: {kind(view)}: {verdict(view)}"
        yield from (f"  {line}" for line in error_text(view).splitlines())
        sentence = remedy(job, view.labels)
        yield f"remedy: {sentence}" if sentence else ""
    yield from _block("what happens next", view.facts.following)
    yield from _block("history", history(view, wide=True))
    yield from _block("evidence", [str(file.path) for file in view.facts.evidence])
    lines = [line for one in view.log for line in whole(one).splitlines()]
    yield from _block(f"log ({view.log[0].path})" if view.log else "log", lines)


def _block(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _attempt_line(view: JobView, attempt: Attempt) -> str:
    when = clock(attempt.claimed_at, view.look.now, seconds=True)
    ended = f"{attempt.status} after {span(attempt.seconds)}"
    if attempt.ended_at is None:
        ended = "under way"
    why = f" {attempt.category or 'unknown'}/{attempt.error_type}" if attempt.error_type else ""
    phases = phase_words(view.facts.times_of(attempt))
    worker = f"worker {attempt.worker or NOTHING}"
    stage = f"{view.labels.stage} {attempt.pass_number}"
    line = f"{attempt.number}: {stage}, {worker}, {when}, {ended}{why}"
    return f"{line} ({phases})" if phases else line


def _attempt_record(view: JobView, attempt: Attempt) -> dict[str, Any]:
    times = view.facts.times_of(attempt)
    return asdict(attempt) | {
        "seconds": attempt.seconds,
        "phases": {} if times is None else dict(times.phases),
        "failed_in": "" if times is None else times.failed_in,
    }


def _attempt_row(view: JobView, attempt: Attempt) -> list[str]:
    return [
        str(attempt.number),
        str(attempt.pass_number),
        attempt.worker,
        attempt.claimed_at.isoformat(),
        "" if attempt.ended_at is None else attempt.ended_at.isoformat(),
        str(attempt.status),
        str(attempt.category or ""),
        attempt.error_type,
        attempt.error,
        phase_words(view.facts.times_of(attempt)),
    ]
