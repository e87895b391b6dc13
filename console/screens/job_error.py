"""Why the last attempt failed, where, and what it left. Values in, lines out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.text import Text

from console.log_text import segments
from console.plain import plain
from console.screens.job_texts import alike_parts, flowing, wrapped
from console.screens.job_view import JobView
from console.times import span
from console.widgets.tones import Drawn, Tone
from engine.filters.rows import why
from engine.insight.outlook import NEW_FILE, PERSON, remedy
from engine.insight.values import Actor, Attempt
from engine.jobs import Job, JobStatus
from engine.log_stream import Level, Record

_NONE: Final = "No attempt of this job has failed."
_MOST: Final = 4
"""Lines of an error."""
_LABEL: Final = 11
_AFTERWARDS: Final = {
    JobStatus.SUCCESS: "a later attempt ended well",
    JobStatus.CLAIMED: "the next attempt is under way",
    JobStatus.SKIPPED: "left out",
}
"""What stands against a failure of a job that went on."""
_WAITS: Final = {
    "": "its tries are used up",
    PERSON: "waits for a person",
    NEW_FILE: "waits for a new file",
}
_TONES: Final[dict[Level, Tone]] = {Level.ERROR: "bad", Level.WARN: "warn"}


def narrow(view: JobView, width: int) -> list[Drawn]:
    """``ATTEMPT 2  infrastructure/appium_crash: retryable, 1 try left, pass 3`` and below."""
    job, failure = view.line.job, view.facts.failure
    text = error_text(view)
    if not text and failure is None:
        return [(_NONE, "dim")]
    lines: list[Drawn] = []
    number = f"ATTEMPT {failure.number}  " if failure is not None else ""
    lines.append(plain(f"{number}{kind(view)}: {verdict(view)}"))
    lines += wrapped(text, width, most=_MOST)
    if view.line.actor in (Actor.PERSON, Actor.OPERATOR) and not view.line.held:
        lines += wrapped(remedy(job, view.labels), width)
    lines += flowing([*_where(view), *_log_place(view)], width, "     ")
    return [*lines, *flowing(evidence(view), width, "   ")]


def box(view: JobView, width: int) -> list[Drawn]:
    """The panel: text, class, remedy, place, evidence, the same elsewhere."""
    text, failure = error_text(view), view.facts.failure
    if not text and failure is None:
        return [(_NONE, "dim")]
    lines: list[Drawn] = [*wrapped(text, width, most=_MOST), ""]
    lines += _rows("class", [kind(view, " / "), verdict(view)], width)
    lines += _rows("remedy", wrapped(remedy(view.line.job, view.labels), width - _LABEL), width)
    lines += _rows("where", [*_where(view), *_ports(view, failure)], width)
    lines += _rows("log", [part.removeprefix("log ") for part in _log_place(view)], width)
    lines += _rows("evidence", evidence(view), width, gap="   ")
    alike = flowing(alike_parts(view), width, "      ")
    return [*lines, "", *alike] if alike else lines


def title(view: JobView | None) -> str:
    """``Attempt 2: error``."""
    failure = None if view is None else view.facts.failure
    return "Error" if failure is None else f"Attempt {failure.number}: error"


def error_text(view: JobView) -> str:
    """The last failure in its own words; the ledger's row where no attempt is known."""
    failure = view.facts.failure
    return (failure.error if failure is not None else "") or view.line.job.error


def kind(view: JobView, between: str = "/") -> str:
    """``infrastructure/appium_crash``."""
    failure, job = view.facts.failure, view.line.job
    category = failure.category if failure is not None else job.error_category
    why = failure.error_type if failure is not None else job.error_type
    return f"{category or 'unknown'}{between}{why or 'unclassified'}"


def verdict(view: JobView) -> str:
    """Whether it is tried again, and when or by whom; of the job as it is now."""
    line = view.line
    if line.job.status in _AFTERWARDS:
        return _AFTERWARDS[line.job.status]
    if line.job.in_doubt:
        return f"it may be {view.labels.done}; settle it with P or r"
    if line.held:
        return "held by the operator"
    if line.glyph in "~.":
        left = max(0, line.limit - line.job.attempts)
        return f"retryable, {left} {'try' if left == 1 else 'tries'} left, {line.next}"
    return f"not retried, {_WAITS.get(line.next, 'waits for you')}"


def same_error(job: Job) -> str:
    """The filter for jobs with the same error as this one."""
    said = why(job)
    if said.isidentifier():
        return f"why:={said}"
    quoted = said.replace("\\", "\\\\").replace('"', '\\"')
    return f'why:="{quoted}"'


def _rows(label: str, parts: Sequence[str], width: int, gap: str = "      ") -> list[str]:
    """A label, and the parts beside it on as many rows as they need."""
    rows = flowing(parts, width - _LABEL, gap)
    return [f"{'' if at else label:<{_LABEL}}{row}" for at, row in enumerate(rows)]


def _where(view: JobView) -> Iterator[str]:
    """``in appium for 1:32, after adb``."""
    failure = view.facts.failure
    times = None if failure is None else view.facts.times_of(failure)
    if times is not None and times.failed_in:
        names = list(times.phases)
        spent = times.phases.get(times.failed_in)
        words = f"in {times.failed_in}"
        words += "" if spent is None else f" for {span(spent)}"
        place = names.index(times.failed_in) if times.failed_in in names else 0
        yield f"{words}, after {names[place - 1]}" if place else words
    if failure is not None and failure.worker:
        yield f"worker {failure.worker}"


def _ports(view: JobView, failure: Attempt | None) -> Iterator[str]:
    """Its worker's port, where that worker is still at work."""
    workers = () if view.overview is None else view.overview.workers
    for worker in workers:
        if failure is not None and str(worker.slot) == failure.worker and worker.port is not None:
            yield f"port {worker.port}"


def _log_place(view: JobView) -> Iterator[str]:
    place = view.facts.detail.log
    if place is not None and view.facts.failure is view.facts.latest:
        yield f"log {place[0]}:{place[1]}"


def evidence(view: JobView) -> Sequence[str]:
    """``evidence/DK9p0aaLm2q/2/``, ``screen.png``, ``source.xml``; a sentence without any."""
    files = view.facts.evidence
    if not files:
        return ("no evidence was kept",) if view.facts.failure is not None else ()
    folder = files[0].path.parent
    shown = f"{folder.parent.parent.name}/{folder.parent.name}/{folder.name}/"
    return (shown, *(file.name for file in files))


# -- the log around it -----------------------------------------------------------------------------


def log_title(view: JobView | None) -> str:
    """``worker_1.log around the failure``."""
    if view is None or not view.log:
        return "Log"
    latest = view.facts.latest
    words = "around the end" if latest is None or not latest.error_type else "around the failure"
    if latest is not None and latest.ended_at is None:
        words = "now"
    return f"{view.log[0].path.name} {words}"


def log_rows(view: JobView, width: int) -> list[Drawn]:
    """Lines of the log as everywhere; a sentence where it does not reach back so far."""
    if not view.log:
        known = "No attempt, so no log lines." if view.facts.latest is None else ""
        return [(known or "The log does not reach back to the last attempt.", "dim")]
    start = None if view.overview is None else view.overview.started_at
    return [_log_row(record, view, start is not None, width) for record in view.log]


def _log_row(record: Record, view: JobView, started: bool, width: int) -> Drawn:
    look, overview = view.look, view.overview
    parts = segments(
        record,
        wide=width >= 100,
        style=look.style,
        now=look.now,
        start=overview.started_at if started and overview is not None else None,
        count_more=True,
    )
    line = Text(no_wrap=True)
    tone = _TONES.get(record.level, "")
    for text, style in parts:
        line.append(plain(text), style="dim" if style in ("dim", "notice") else tone)
    return line
