"""The six questions of the Cockpit, answered from what is known at one moment.

The words of state, in the order in which they are tried:

``NO RUN`` nobody holds the work directory; ``SILENT`` somebody does, and its status is older than
ten seconds; ``FAILED`` and ``ENDED`` the last moments of a run; ``DRAINING`` it was told to stop,
or all is done, and workers finish; ``STARTING`` it has not begun its first pass; ``PAUSED`` no new
claims, by the operator's word; ``WAITING`` between two passes; ``RUNNING``. ``STOPPED`` is no word
of a live run: how a run that is gone has ended says ``last_result``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from engine.insight.attention import attention
from engine.insight.forecast_values import Forecast
from engine.insight.idle import countdown, last_result, paused_by, why_idle
from engine.insight.scaling import scaling_of
from engine.insight.situation import Situation
from engine.insight.values import Money, Overview
from engine.jobs import JobStatus
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from engine.insight.pace import Pace
    from engine.insight.standing import Keys
    from engine.insight.status_file import RunStatus

_BEGINNING: Final = frozenset({"", "starting", "cleaning up", "seeding"})
_ENDING: Final = frozenset({"stopping", "finishing"})
_LAST_WORDS: Final = {"failed": "FAILED", "ended": "ENDED"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What was worked out beside the situation."""

    pace: Pace
    keys: Keys
    forecast: Forecast
    money: Money
    stages: int
    """Passes allowed."""


def overview(now: Situation, figures: Figures) -> Overview:
    """Everything that the Cockpit and ``--status`` say of one moment."""
    said, standing = now.status or now.elsewhere, now.standing
    here = now.status
    word, detail = state_word(now)
    record = now.record
    run = said.run_id if said is not None else (record.run_id if record else "")
    return Overview(
        word=word,
        detail=detail,
        live=now.live,
        run_id=run,
        campaign=said.campaign if said is not None else (record.campaign if record else ""),
        started_at=_started(now),
        updated_at=said.updated_at if said is not None else None,
        pid=_pid(now),
        stage=here.stage.number if here is not None and here.stage is not None else 0,
        stages=figures.stages,
        waiting_until=here.waiting_until if here is not None else None,
        paused=here.paused if here is not None else False,
        key_label=now.key_label,
        resource_label=now.resource_label,
        labels=now.labels,
        total=standing.total,
        by_status={status.value: standing.by_status[status] for status in JobStatus},
        in_doubt=len(standing.doubts),
        to_retry=standing.to_retry,
        final=standing.final,
        retry_why=standing.retry_why,
        final_why=standing.final_why,
        blocked=dict(now.blocked),
        quarantined=now.quarantined,
        percent=round(standing.percent, 1),
        keys_capped=figures.keys.capped,
        keys_free=figures.keys.free,
        keys_held=figures.keys.held,
        bins=figures.pace.bins,
        median_seconds=figures.pace.median_seconds,
        p90_seconds=figures.pace.p90_seconds,
        forecast=figures.forecast,
        money=figures.money,
        why_idle=why_idle(now),
        workers=now.workers,
        held_keys=frozenset(now.held_keys),
        held_workers=here.held.workers if here is not None else frozenset(),
        attention=attention(now),
        scaling=scaling_of(here.scaling) if here is not None else None,
        last_result="" if now.live else last_result(now),
        problem=now.problem,
    )


def state_word(now: Situation) -> tuple[str, str]:
    """The word of state and what belongs to it: who paused, what is left, the countdown."""
    said = now.status or now.elsewhere
    if now.holder is None:
        return "NO RUN", ""
    if now.silent:
        return "SILENT", f"since {now.clock(now.last_word, seconds=True)}"
    if said is None:
        return ("RUNNING", "") if now.problem else ("STARTING", "")
    word, detail = _told_word(said, now)
    if now.elsewhere is not None:
        detail = f"on {said.campaign or said.ledger}"
    return word, detail


def _told_word(said: RunStatus, now: Situation) -> tuple[str, str]:
    if said.state in _LAST_WORDS:
        return _LAST_WORDS[said.state], said.result
    if said.state in _ENDING:
        return "DRAINING", _left(now)
    if said.state in _BEGINNING:
        return "STARTING", "" if said.state == "starting" else said.state
    if said.paused or said.state == "paused":
        return "PAUSED", paused_by(said, now)
    if said.state == "waiting":
        return "WAITING", countdown(said.waiting_until, now)
    return "RUNNING", said.doing


def _left(now: Situation) -> str:
    alive = sum(worker.alive for worker in now.status.workers) if now.status is not None else 0
    if alive:
        return f"{alive} left"
    on = sum(1 for state in now.resources if state.ours)
    return f"{on} {plural(now.resource_label)} on" if on else ""


def _started(now: Situation) -> datetime | None:
    said = now.status or now.elsewhere
    if said is not None and said.started_at is not None:
        return said.started_at
    if now.holder is not None:
        return now.holder.started_at
    return now.record.started_at if now.record is not None else None


def _pid(now: Situation) -> int | None:
    said = now.status or now.elsewhere
    if said is not None and said.pid:
        return said.pid
    return now.holder.pid if now.holder is not None and now.holder.pid else None
