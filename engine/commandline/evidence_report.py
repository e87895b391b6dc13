"""``evidence JOB``: what an attempt left, on one screen: error, remedy, steps, times, files.

What it prints was written on phones and by services: each text is one line without a character
that could act on a terminal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine import logs
from engine.config import Settings
from engine.errors import EngineError, ExitCode, InputError, remedy
from engine.insight.evidence_attempts import AttemptEvidence, Fields, evidence_of, word
from engine.output import plain, say, say_json, table
from engine.progress import ProgressTracker
from engine.workloads.labels import GENERIC

if TYPE_CHECKING:
    from engine.workloads.base import Workload

_TEXT_MAX: Final = 300
_COLUMNS: Final = ("after", "phase", "screen", "rule", "step")
_NOT_DETAILS: Final = frozenset({"time", "event", "step", "screen", "over", "rule"})
"""Fields of a step that have a column, or say nothing to a person."""
_UNREMARKABLE: Final = frozenset({"confidence", "account_state"})


def evidence_report(
    work_dir: Path,
    job_id: str,
    *,
    campaign: str | None = None,
    attempt: str | None = None,
    as_json: bool = False,
) -> int:
    """Print the evidence of the newest attempt, or of the one that is named.

    Raises InputError with one sentence for a job that nobody knows, that left nothing, or without
    such an attempt; SettingsError, LedgerError.
    """
    if not work_dir.is_dir():
        raise InputError(f"The work directory {work_dir} does not exist; make it, or name another.")
    overrides = {} if campaign is None else {"campaign": campaign}
    settings = Settings.load(work_dir, overrides=overrides)
    logs.configure(None, settings.logs, settings.secrets)
    root = work_dir / settings.paths.evidence
    found = evidence_of(root, job_id)
    if not found:
        raise InputError(_nothing(root, job_id, _ledger(work_dir, settings)))
    chosen = _chosen(found, job_id, attempt)
    if as_json:
        say_json({"event": "evidence", **_as_dict(job_id, chosen, found)})
    else:
        _show(job_id, chosen, found, key=_key_label(work_dir, settings))
    return ExitCode.DONE


def _workload(work_dir: Path, settings: Settings) -> Workload:
    from engine import workloads
    from engine.workloads.base import WorldContext

    context = WorldContext(settings=settings, work_dir=work_dir)
    return workloads.load(settings.run.workload, context)


def _key_label(work_dir: Path, settings: Settings) -> str:
    """What the trade calls its keys; evidence is shown also where that cannot be told."""
    try:
        return _workload(work_dir, settings).labels.key
    except EngineError:
        return GENERIC.key


def _ledger(work_dir: Path, settings: Settings) -> ProgressTracker:
    return ProgressTracker(_workload(work_dir, settings).ledger_path, settings=settings)


def _nothing(root: Path, job_id: str, ledger: ProgressTracker) -> str:
    name = _line(job_id)
    jobs = ledger.jobs() if ledger.exists() else {}
    if job_id not in jobs:
        where = f"the ledger {ledger.path}" if ledger.exists() else "any ledger here"
        return f"There is no job {name} in {where}, and no evidence of it in {root}."
    if not jobs[job_id].attempts:
        return f"The job {name} has left no evidence: it was not tried yet."
    return f"There is no evidence of {name} in {root}: it was removed, or never written."


def _chosen(found: Sequence[AttemptEvidence], job_id: str, attempt: str | None) -> AttemptEvidence:
    if attempt is None:
        return found[-1]
    of_it = [each for each in found if attempt in (each.attempt, each.attempt.partition("-")[0])]
    if not of_it:
        left = ", ".join(_line(each.attempt) for each in found)
        raise InputError(
            f"There is no evidence of attempt {_line(attempt)} at {_line(job_id)}; attempts that "
            f"left some: {left}."
        )
    return of_it[-1]


# -- for a person ---------------------------------------------------------------------------------


def _show(
    job_id: str, chosen: AttemptEvidence, found: Sequence[AttemptEvidence], *, key: str
) -> None:
    say(f"Evidence of {_line(job_id)}, attempt {_line(chosen.attempt)}: {chosen.folder}")
    for line in _head(chosen, key):
        say(line)
    rows = [
        (_seconds(chosen.after(step)), phase, _screen(step), _text(step, "rule"), _said(step))
        for phase, step in _with_phase(chosen.steps)
    ]
    table("Steps", _COLUMNS, rows)
    if chosen.unreadable:
        say(f"Lines of the record that cannot be read: {chosen.unreadable}")
    table("Files", ("file", "bytes"), [(_line(file.name), file.size) for file in chosen.files])
    others = [f"{_line(each.attempt)} ({_line(each.outcome)})" for each in found]
    if len(others) > 1:
        say(f"Attempts that left evidence: {', '.join(others)}; --attempt N shows one.")


def _head(chosen: AttemptEvidence, key_label: str) -> Iterator[str]:
    end = chosen.end
    who = ", ".join(
        f"{label} {_text(end, key)}"
        for label, key in ((key_label, "account"), ("worker", "worker"), ("in phase", "phase"))
        if _text(end, key)
    )
    shared = ", after Share" if end.get("submitted") is True else ""
    yield f"Outcome: {_line(chosen.outcome)}{shared}{f' ({who})' if who else ''}"
    if _text(end, "error"):
        kind = "/".join(filter(None, (_text(end, "category"), _text(end, "type"))))
        yield f"Error: {_text(end, 'error')}{f' ({kind})' if kind else ''}"
        yield f"Remedy: {remedy(word(end, 'type'))}"
    if _text(end, "evidence"):
        yield f"Proof: {_text(end, 'evidence')}"
    yield from (f"Raised: {line}" for line in _raised(end))
    phases = end.get("phases")
    if isinstance(phases, Mapping) and phases:
        yield "Phases: " + ", ".join(
            f"{_line(str(name))} {_line(str(seconds))} s" for name, seconds in phases.items()
        )


def _raised(end: Fields) -> list[str]:
    """The first is the error itself: only its class is news."""
    raised = end.get("exceptions")
    lines = [_line(str(each)) for each in raised] if isinstance(raised, list) else []
    return [line.partition(":")[0] if place == 0 else line for place, line in enumerate(lines)]


def _with_phase(steps: Sequence[Fields]) -> Iterator[tuple[str, Fields]]:
    """Each step with the phase that it was taken in; changes of phase are no rows."""
    phase = ""
    for step in steps:
        if step.get("step") == "phase":
            phase = _text(step, "phase")
        else:
            yield phase, step


def _screen(step: Fields) -> str:
    over = _text(step, "over")
    return f"{_text(step, 'screen')}{f' over {over}' if over else ''}"


def _said(step: Fields) -> str:
    """The step, with whatever else was recorded of it."""
    more = [
        f"{_line(str(key))}={_line(str(value))}"
        for key, value in step.items()
        if key not in _NOT_DETAILS and key not in _UNREMARKABLE and value not in ("", None)
    ]
    said = _text(step, "step")
    return f"{said} ({', '.join(more)})" if more else said


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


def _text(fields: Fields, key: str) -> str:
    return _line(word(fields, key))


def _line(text: str) -> str:
    """One line: white space folded, what steers a terminal or turns its text round made visible."""
    shown = "".join(
        f"\\u{ord(char):04x}" if unicodedata.category(char) in ("Cf", "Cs", "Zl", "Zp") else char
        for char in text[:_TEXT_MAX]
    )
    cut = "…" if len(text) > _TEXT_MAX else ""
    return plain(" ".join(shown.split()) + cut)


# -- for a program --------------------------------------------------------------------------------


def _as_dict(
    job_id: str, chosen: AttemptEvidence, found: Sequence[AttemptEvidence]
) -> dict[str, Any]:
    return {
        "job": job_id,
        "attempt": chosen.attempt,
        "folder": str(chosen.folder),
        "outcome": chosen.outcome,
        "end": chosen.end,
        "remedy": remedy(word(chosen.end, "type")) if chosen.end.get("error") else "",
        "steps": chosen.steps,
        "unreadable": chosen.unreadable,
        "files": [{"name": file.name, "bytes": file.size} for file in chosen.files],
        "attempts": {each.attempt: each.outcome for each in found},
    }
