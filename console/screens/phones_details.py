"""What is known of the phone at the cursor, in lines. Pure (console-features 6.9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.plain import plain
from console.screens.phones_columns import (
    Look,
    at_work,
    dollars,
    estimate,
    is_on,
)
from console.screens.phones_facts import PhoneFacts
from console.times import clock
from engine.insight.values import Attempt, JobLine, ResourceLine
from engine.jobs import JobStatus

_NO_TIME: Final = "since a time that we do not know"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """The phone at the cursor with everything that is said about it."""

    line: ResourceLine
    facts: PhoneFacts
    readings: Sequence[tuple[datetime, str]]
    live: bool
    """A run lives."""
    energy_saving: bool
    """The provider was asked at its start to shut it down when it idles."""
    label: str = "phone"


def narrow(subject: Subject, look: Look) -> list[str]:
    """Three lines."""
    line = subject.line
    first = f"{line.label}   {_started(subject, look)}"
    second = stop_asked(line, look) or "   ".join((_read(line, look), *_figures(line)))
    return [f" {plain(text)}" for text in (first, second, f"-> {verdict(subject, look)}")]


def wide(subject: Subject, look: Look) -> list[str]:
    """The panel's lines."""
    return [plain(text) for text in _wide(subject, look)]


def _wide(subject: Subject, look: Look) -> Iterator[str]:
    line = subject.line
    yield f"state {_read(line, look)}"
    yield _started(subject, look)
    stop = stop_asked(line, look)
    if stop:
        yield stop
    if subject.readings:
        said = ", ".join(f"{_at(when, look)} {code}" for when, code in subject.readings)
        yield f"read back {said}"
    yield f"=> {verdict(subject, look)}"
    yield ""
    cost = estimate(line, look)
    if cost is not None:
        yield f"billed per minute, est. {dollars(cost)} so far"
    if subject.energy_saving and line.ours and is_on(line):
        yield "energy saving asked for: the provider stops it after 30 min idle"
    figures = "   ".join(_figures(line))
    if figures:
        yield figures
    evidence = subject.facts.evidence
    if evidence is not None:
        folder = evidence.path.parent
        shown = f"{folder.parent.parent.name}/{folder.parent.name}/{folder.name}/{evidence.name}"
        yield f"last evidence  {shown}"
    if subject.facts.attempts:
        tries = ", ".join(_attempt(attempt, look) for attempt in subject.facts.attempts)
        yield f"last tries     {tries}"
    if line.note:
        yield f"note           {line.note}"


def _started(subject: Subject, look: Look) -> str:
    """``started 11:44:51 by W2 for DB5nn7Uh2sd (success 11:48:30)``."""
    line = subject.line
    if not line.ours:
        return f"{line.state}, not started by us"
    if line.since is None:
        return f"{line.state}, started by us {_NO_TIME}"
    text = f"started {_at(line.since, look)}"
    if line.slot is not None:
        text += f" by W{line.slot}"
    if line.job_id:
        text += f" for {line.job_id} ({_outcome(subject.facts.job, line, look)})"
    return text


def _outcome(job: JobLine | None, line: ResourceLine, look: Look) -> str:
    if job is None:
        return "not in this ledger" if not at_work(line) else line.phase or "under way"
    when = job.job.completed_at
    if job.job.status is JobStatus.CLAIMED:
        return f"under way{f', {line.phase}' if line.phase else ''}"
    word = "in doubt" if job.job.in_doubt else str(job.job.status)
    why = f" {job.job.error_type}" if job.job.error_type else ""
    return f"{word}{why}{'' if when is None else f' {_at(when, look)}'}"


def stop_asked(line: ResourceLine, look: Look) -> str:
    """That a stop was asked for and what was read since; empty where none was."""
    if line.stopping_since is None or not is_on(line):
        return ""
    text = f"stop asked {_at(line.stopping_since, look)}"
    if look.problem or look.asked_at is None:
        who = "it was not read" if look.local else "the provider has not answered"
        return f"{text}, not verified: {who} since"
    if look.asked_at < line.stopping_since:
        return f"{text}, not read since"
    code = f"code {line.code}" if line.code else line.state
    return f"{text}, still {code} when read at {_at(look.asked_at, look)}"


def _read(line: ResourceLine, look: Look) -> str:
    """``started (code 0), read 12:04:28``."""
    if look.local and look.asked_at is None:
        return f"{line.state} in our records"
    if look.asking:
        return f"{line.state} in our records; asking the provider"
    code = f" (code {line.code})" if line.code else ""
    if look.asked_at is None:
        return f"{line.state}{code}, the provider never answered"
    if look.problem:
        return f"{line.state}{code}, last answer {_at(look.asked_at, look)}"
    return f"{line.state}{code}, read {_at(look.asked_at, look)}"


def _figures(line: ResourceLine) -> Iterator[str]:
    if line.in_campaign:
        yield f"today {line.posts_today}{f' of {line.cap}' if line.cap else ''}"
    if line.last_result:
        failed = "" if line.last_result.startswith("ok ") else "x "
        yield f"last {failed}{line.last_result}"
    if line.rate_30_days is not None:
        yield f"30 days {line.rate_30_days:.0f}%"


def verdict(subject: Subject, look: Look) -> str:
    """What that means, and who does something about it."""
    line = subject.line
    if not is_on(line):
        return "it has ended" if look.local else "costs nothing"
    if not line.ours:
        return "not ours: it is stopped only if you choose it for S, or ALL"
    if line.orphan:
        when = "when the run ends" if subject.live else "when a run starts"
        return f"no job, no worker: stopped {when}; S stops it at once."
    if line.stopping_since is None and line.kept:
        return f"W{line.slot} keeps it over all its jobs, and sees it off when it ends."
    if line.stopping_since is None and at_work(line) and line.slot is not None:
        return f"W{line.slot} stops it when the job ends, and sees it off."
    again = "asked, not verified. S asks again" if line.stopping_since else "S asks for its stop"
    doubt = f"may be on{'' if look.local else ' and cost'}. " if line.state == "unknown" else ""
    return f"{doubt}{again} and waits until it is read back as off."


def _attempt(attempt: Attempt, look: Look) -> str:
    """``ok 11:48``, ``x adb_timeout 11:20``."""
    if attempt.ended_at is None:
        return f"> since {clock(attempt.claimed_at, look.now)}"
    when = clock(attempt.ended_at, look.now)
    if attempt.status is JobStatus.SUCCESS:
        return f"ok {when}"
    if attempt.status is JobStatus.PENDING:
        return f". given back {when}"
    sign = "?" if attempt.in_doubt else "x"
    return f"{sign} {attempt.error_type or 'unclassified'} {when}"


def _at(moment: datetime, look: Look) -> str:
    return clock(moment, look.now, seconds=True)
