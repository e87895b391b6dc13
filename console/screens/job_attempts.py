"""The attempts of a job, a line each, with the time of their phases beside the usual times. Pure.

The cross stands in the phase that failed; a phase longer than the usual 90th percentile is bold and
carries ``^`` (console-features 6.10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from console.plain import fit, plain
from console.screens.job_view import JobView
from console.times import NOTHING, age, clock, span
from console.widgets.tones import Drawn, Tone
from engine.insight.outlook import NOW
from engine.insight.values import Attempt, PhaseTimes, UsualTimes
from engine.jobs import JobStatus
from engine.workloads.base import PHASE_START, PHASE_STOP

Column = tuple[str, tuple[str, ...], int, int]
"""Title, phases that it sums up, cells in the narrow and in the wide table (0: not there)."""

COLUMNS: Final[Sequence[Column]] = (
    ("PHONE ON", ("start", "check", "find", "boot"), 7, 11),
    ("ADB", ("connect", "adb"), 6, 7),
    ("APPIUM", ("appium", "session"), 8, 10),
    ("UPLOAD", ("send", "upload"), 8, 9),
    ("CAPTION", ("open", "navigate", "caption"), 0, 10),
    ("POST", ("share", "post"), 6, 8),
    ("VERIFY", ("confirm", "verify"), 8, 9),
    ("STOP", ("stop",), 0, 7),
)
_SHORT: Final = {"PHONE ON": "PHONE"}
_KNOWN: Final = frozenset(phase for column in COLUMNS for phase in column[1])
_OF_ANY: Final = frozenset({PHASE_START, PHASE_STOP})
"""Phases that attempts of every trade have."""
_OTHER: Final = 10
"""Least cells of a phase that another workload has."""
_WIDE: Final = 140
"""Cells from which on every column has room."""


@dataclass(frozen=True, slots=True)
class Form:
    """Columns for one width."""

    wide: bool
    columns: Sequence[tuple[str, tuple[str, ...], int]]

    @classmethod
    def of(cls, width: int, times: Iterable[PhaseTimes]) -> Form:
        """What there is room for; phases that no column sums up get one of their own."""
        wide = width >= _WIDE
        found = [
            (title if wide else _SHORT.get(title, title), phases, at_wide if wide else narrow)
            for title, phases, narrow, at_wide in COLUMNS
        ]
        spent = [phase for known in times for phase in known.phases]
        others = dict.fromkeys(phase for phase in spent if phase not in _KNOWN)
        if others and _KNOWN.isdisjoint(phase for phase in spent if phase not in _OF_ANY):
            found, others = [], dict.fromkeys(spent)
        found += [(plain(one).upper(), (one,), max(_OTHER, len(one) + 2)) for one in others]
        return cls(wide, [column for column in found if column[2]])


def attempt_lines(view: JobView, width: int, most: int) -> list[Drawn]:
    """The head, a line for each of the last ``most`` attempts, the one to come, the usual times."""
    facts, form = view.facts, Form.of(width, view.facts.detail.times)
    lines: list[Drawn] = [_head(form, view.labels.stage)]
    attempts = facts.detail.attempts
    hidden = len(attempts) - most
    if hidden > 0:
        lines.append(
            (f"    ... {hidden} earlier attempt{'s' * (hidden != 1)} (y copies all)", "dim")
        )
    lines += [_attempt(view, form, one) for one in attempts[-most:]]
    lines += _planned(view, form)
    if len(lines) == 1:
        return [("No attempt yet.", "dim")]
    usual = facts.usual
    if form.wide and usual.attempts and usual.median:
        lines += ["", _usual(form, usual)]
    return lines


def _head(form: Form, stage: str) -> Drawn:
    title = fit(stage.upper(), 4)
    cells = "".join(fit(title, width, "right") for title, _, width in form.columns)
    if form.wide:
        return f"   TRY  {title}  W  CLAIMED {cells}   TOTAL   RESULT"
    return f" TRY {title}  W  CLAIMED {cells}  RESULT"


def _start(form: Form, mark: str, values: tuple[str, str, str, str]) -> str:
    number, pass_number, worker, when = values
    if form.wide:
        begin = f" {mark} {number:>3}  {pass_number:>4} {fit(worker, 2, 'right')}"
        return f"{begin}  {fit(when, 8)}"
    return f"{mark}{number:>3} {pass_number:>4} {fit(worker, 2, 'right')}  {fit(when, 8)}"


def _attempt(view: JobView, form: Form, attempt: Attempt) -> Text:
    times, latest = view.facts.times_of(attempt), attempt is view.facts.latest
    values = (
        str(attempt.number),
        str(attempt.pass_number),
        attempt.worker or NOTHING,
        view.look.moment(attempt.claimed_at, seconds=True),
    )
    line = Text(_start(form, ">" if latest else " ", values), no_wrap=True)
    for _, phases, width in form.columns:
        shown, slow = _spent(times, phases, view.facts.usual)
        line.append(fit(shown, width, "right"), style="bold" if slow else "")
    if form.wide:
        line.append(fit(span(attempt.seconds), 8, "right"))
    words, tone = _result(view, attempt, wide=form.wide)
    line.append(f"{'   ' if form.wide else '  '}{plain(words)}", style=tone)
    return line


def _spent(times: PhaseTimes | None, phases: Sequence[str], usual: UsualTimes) -> tuple[str, bool]:
    """What is written for some phases together, and whether one of them took unusually long."""
    known = (
        {}
        if times is None
        else {name: times.phases[name] for name in phases if name in times.phases}
    )
    failed = times is not None and times.failed_in in phases
    if not known:
        return ("x" if failed else NOTHING), False
    slow = any(name in usual.p90 and spent > usual.p90[name] for name, spent in known.items())
    return f"{span(sum(known.values()))}{'x' if failed else '^' if slow else ''}", slow


def _result(view: JobView, attempt: Attempt, *, wide: bool) -> tuple[str, Tone]:
    """``x infrastructure/adb_timeout   device offline``; narrow: the type alone."""
    if attempt.ended_at is None:
        return (under_way(view) if wide else _at(view)), "busy"
    if attempt.status is JobStatus.SUCCESS:
        return "+ success", "good"
    if attempt.status is JobStatus.PENDING:
        return ". given back", "dim"
    why = attempt.error_type or "unclassified"
    sign = "?" if attempt.in_doubt else "x"
    tone: Tone = "warn" if attempt.in_doubt else "bad"
    kind = f"{sign} {attempt.category or 'unknown'}/{why}   {attempt.error}"
    return (kind if wide else why), tone


def under_way(view: JobView) -> str:
    """``> upload, 0:42``: what its worker is at, and for how long."""
    shared = ", Share pressed" if view.worker is not None and view.worker.submitted else ""
    return f"> {_at(view)}{shared}"


def _at(view: JobView) -> str:
    """``upload, 0:42``; as much as has room in a narrow window."""
    worker, now = view.worker, view.look.now
    if worker is None:
        return f"claimed, {age(view.line.job.claimed_at, now)}"
    return f"{worker.phase or worker.state}, {age(worker.phase_since or worker.since, now)}"


def _planned(view: JobView, form: Form) -> Iterator[Drawn]:
    """The attempt to come, where something will try it."""
    line, following = view.line, view.line.next
    in_pass = line.next_stage is not None
    if line.job.status is JobStatus.CLAIMED or not (in_pass or following == NOW):
        return
    when, words = "now", ". may be claimed now"
    if in_pass:
        when = "" if view.next_pass_at is None else f"~{clock(view.next_pass_at, view.look.now)}"
        words = f". planned, when {following} starts" if form.wide else ". planned"
    number = str(line.next_stage if in_pass else line.job.pass_number)
    values = (str(line.job.attempts + 1), number, NOTHING, when or NOTHING)
    cells = "".join(fit(NOTHING, width, "right") for _, _, width in form.columns)
    total = fit(NOTHING, 8, "right") if form.wide else ""
    yield f"{_start(form, ' ', values)}{cells}{total}{'   ' if form.wide else '  '}{words}"


def _usual(form: Form, usual: UsualTimes) -> Drawn:
    cells = []
    for _, phases, width in form.columns:
        known = [usual.median[name] for name in phases if name in usual.median]
        cells.append(fit(span(sum(known)) if known else NOTHING, width, "right"))
    total = fit(span(usual.total_median), 8, "right")
    return f"{fit('   usual (30 days)', 25)}{''.join(cells)}{total}"


def phase_words(times: PhaseTimes | None) -> str:
    """``boot 0:41, adb 0:19, appium 1:32 x``: all phases of an attempt in words."""
    if times is None:
        return ""
    return ", ".join(
        f"{name} {span(seconds)}{' x' if name == times.failed_in else ''}"
        for name, seconds in times.phases.items()
    )
