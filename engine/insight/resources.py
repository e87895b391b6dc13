"""What is on, as the provider and our records say, joined with the jobs (console-features 6.9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from engine.insight.attempts import OUTCOMES
from engine.insight.attention import is_orphan, keeper_of
from engine.insight.day_figures import KeyDay
from engine.insight.money import NOT_ON
from engine.insight.situation import Situation
from engine.insight.spread import percent
from engine.insight.values import Attempt, ResourceLine, ResourceReport
from engine.jobs import JobStatus

if TYPE_CHECKING:
    from engine.insight.standing import Standing
    from engine.workloads.base import ResourceState

COUNTED: tuple[str, ...] = ("started", "starting", "stopping", "off", "expired", "unknown")
"""States that are always counted, also when there are none of them."""
AHEAD = "ahead"
"""Shown as the phase of what comes up for a worker's next job."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFacts:
    """What the ledger knows of the key that a resource belongs to."""

    posts_today: int = 0
    last: Attempt | None = None
    """The last attempt that ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What the ledger knows of all keys; made by the ledger's reader, read by whoever asks."""

    keys: Mapping[str, KeyFacts] = field(default_factory=dict)
    """Of every key that has jobs in the ledger and a resource in the list."""
    past: Mapping[str, KeyDay] = field(default_factory=dict)
    """Thirty days of each key."""
    cap: int = 0
    price: float = 0.0


def known_of(
    states: Sequence[ResourceState],
    standing: Standing,
    attempts: Sequence[Attempt],
    *,
    past: Mapping[str, KeyDay],
    cap: int,
    price: float,
) -> Known:
    """What the ledger and the days before know of these resources' keys."""
    wanted = {state.label for state in states if standing.has_key(state.label)}
    last: dict[str, Attempt] = {}
    for attempt in reversed(attempts):
        if attempt.key in wanted and attempt.status in OUTCOMES:
            last.setdefault(attempt.key, attempt)
    keys = {
        key: KeyFacts(posts_today=standing.spent_today(key), last=last.get(key)) for key in wanted
    }
    return Known(keys=keys, past=past, cap=cap, price=price)


def resource_report(
    states: Sequence[ResourceState],
    now: Situation,
    known: Known,
    *,
    asked_at: datetime | None,
    problem: str = "",
) -> ResourceReport:
    """A line for everything that is on or ours, or of which nobody knows; the rest is counted."""
    shown = [state for state in states if state.state != "off" or state.ours]
    lines = [_line(state, now, known) for state in shown]
    counts = Counter(state.state for state in states)
    return ResourceReport(
        lines=tuple(sorted(lines, key=lambda line: (not line.orphan, not line.ours, line.label))),
        counts={name: counts[name] for name in (*COUNTED, *sorted(set(counts) - set(COUNTED)))},
        others_on=sum(
            1
            for line in lines
            if line.state not in (*NOT_ON, "unknown") and not line.ours and not line.in_campaign
        ),
        asked_at=asked_at,
        problem=problem,
    )


def _line(state: ResourceState, now: Situation, known: Known) -> ResourceLine:
    keeper = keeper_of(state, now)
    if keeper is not None:
        state = replace(state, job_id=keeper.job)
    facts = known.keys.get(state.label)
    past = known.past.get(state.label)
    worker = next((one for one in now.workers if state.job_id and one.job_id == state.job_id), None)
    minutes = 0.0
    if state.since is not None and state.state not in NOT_ON:
        minutes = max(0.0, (now.now - state.since).total_seconds() / 60)
    return ResourceLine(
        id=state.id,
        label=state.label,
        state=state.state,
        ours=state.ours,
        in_campaign=facts is not None,
        orphan=is_orphan(state, now),
        since=state.since,
        job_id=state.job_id,
        slot=worker.slot if worker is not None else state.slot,
        phase=worker.phase if worker is not None else _ahead(state, now),
        minutes=round(minutes, 1),
        cost=round(minutes * known.price, 4),
        posts_today=facts.posts_today if facts is not None else 0,
        cap=known.cap,
        last_result=_last_result(facts, now),
        rate_30_days=percent(past.success, past.success + past.failed) if past else None,
        note=_note(state, now),
        code=state.code,
        stopping_since=state.stopping_since,
        kept=keeper is not None,
    )


def _ahead(state: ResourceState, now: Situation) -> str:
    """That it comes up for the next job of a worker which has another one in hand."""
    workers = now.status.workers if now.status is not None else ()
    held = state.job_id and any(worker.next_job == state.job_id for worker in workers)
    return AHEAD if held else ""


def _last_result(facts: KeyFacts | None, now: Situation) -> str:
    """``ok 11:48``, or the type of its failure."""
    if facts is None or facts.last is None or facts.last.ended_at is None:
        return ""
    if facts.last.status is JobStatus.SUCCESS:
        return f"ok {now.clock(facts.last.ended_at)}"
    return facts.last.error_type or "unclassified"


def _note(state: ResourceState, now: Situation) -> str:
    asked = state.stopping_since
    if asked is None or state.state in NOT_ON:
        return state.note
    text = f"stop asked {now.clock(asked, seconds=True)}, not verified"
    return f"{text}; {state.note}" if state.note else text
