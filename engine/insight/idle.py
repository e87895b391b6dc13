"""Why nothing is running, in one sentence (console-features 4, point 15)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from engine.insight.situation import Situation
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from engine.insight.status_file import RunStatus

_BEGINNING = {
    "cleaning up": "The run is cleaning up what an earlier one left.",
    "seeding": "The run is bringing in the day's jobs.",
}
_ENDING = frozenset({"stopping", "finishing", "failed", "ended"})


def why_idle(now: Situation) -> str:
    """One sentence when no worker has a job; empty when one has."""
    if now.holder is None:
        return " ".join(part for part in ("No run is live.", last_result(now)) if part)
    if now.elsewhere is not None:
        named = f"campaign {now.elsewhere.campaign}" if now.elsewhere.campaign else "no campaign"
        return f"The run that is live works on another ledger ({named}), not on this one."
    if now.status is None:
        return now.problem or "The run is starting."
    if any(worker.job and worker.alive for worker in now.status.workers):
        return ""
    if now.silent:
        since = now.clock(now.last_word, seconds=True)
        return f"The supervisor has said nothing since {since}: what runs is not known."
    return _of_the_run(now.status, now) or _of_the_jobs(now) or _of_the_workers(now.status, now)


def _of_the_run(said: RunStatus, now: Situation) -> str:
    """What the run as a whole is at; empty when its workers could claim."""
    if said.state in _BEGINNING:
        return _BEGINNING[said.state]
    if said.state in ("", "starting"):
        return "The run is starting."
    if said.state in _ENDING:
        return "The run is ending."
    if said.paused or said.state == "paused":
        by = f" by {said.paused_by}" if said.paused_by else ""
        since = f" since {now.clock(said.paused_at)}" if said.paused_at is not None else ""
        why = f": {said.paused_why}" if said.paused_why else ""
        return f"Claims are paused{by}{since}{why}."
    if said.state == "waiting":
        label = now.labels.stage
        number = f"{label} {said.stage.number + 1}" if said.stage else f"the first {label}"
        left = countdown(said.waiting_until, now)
        return f"Waiting for {number}{f' in {left}' if left else ''}."
    return f"No job is under way: {said.doing}." if said.doing else ""


def _of_the_jobs(now: Situation) -> str:
    """Why no job can be claimed; empty when one can."""
    if now.limited_until is not None:
        return f"The provider's limit holds until {now.clock(now.limited_until)}."
    waiting = now.standing.waiting
    blocked = sum(now.blocked.values())
    if len(waiting) <= now.later:
        return f"No job is left for this {now.labels.stage}."
    if blocked >= len(waiting) - now.later:
        if set(now.blocked) <= set(now.cap_reasons):
            return f"All {plural(now.key_label)} with a job left are at today's cap."
        reasons = ", ".join(f"{number} {why}" for why, number in sorted(now.blocked.items()))
        return f"No waiting job may be claimed: {reasons}."
    due = [line.job.retry_at for line in waiting.values()]
    later = [moment for moment in due if moment is not None and moment > now.now]
    if later and len(later) == len(due):
        return f"The next try is due at {now.clock(min(later), seconds=True)}."
    return ""


def _of_the_workers(said: RunStatus, now: Situation) -> str:
    words = Counter(worker.state for worker in now.workers)
    if not words or set(words) <= {"stopped"}:
        return "No worker is wanted: all were stopped."
    if set(words) <= {"fatal", "stopped"}:
        return "Every worker has been given up; see the workers' logs."
    if set(words) <= {"held", "fatal", "stopped"}:
        return "Every worker is held."
    restarts = [one.restart_at for one in said.workers if one.restart_at is not None]
    if set(words) <= {"backoff", "cleaning", "fatal", "stopped"} and restarts:
        return f"Every worker is down; the next restart is due in {countdown(min(restarts), now)}."
    if set(words) <= {"starting", "waiting", "backoff"}:
        return "The workers are starting."
    return "Every worker is between two jobs."


def paused_by(said: RunStatus, now: Situation) -> str:
    """``by ana 11:58``, as far as it is known."""
    who = f"by {said.paused_by}" if said.paused_by else ""
    when = now.clock(said.paused_at) if said.paused_at is not None else ""
    return " ".join(part for part in (who, when) if part)


def countdown(until: datetime | None, now: Situation) -> str:
    """``0:42`` until a moment; empty where it is not known."""
    if until is None:
        return ""
    left = max(0, round((until - now.now).total_seconds()))
    return f"{left // 60}:{left % 60:02}"


def last_result(now: Situation) -> str:
    """How the last run ended, in one sentence; empty where there was none."""
    record = now.record
    if record is None:
        return ""
    text = f"The last run began {record.started_at.astimezone(now.zone):%Y-%m-%d %H:%M:%S}"
    if record.ended_at is None:
        return f"{text} and did not end by itself: the next goes on with it."
    ended = f"{record.ended_at.astimezone(now.zone):%H:%M:%S}"
    text = f"{text} and ended {record.result or 'with an error'} at {ended}."
    return f"{text} {record.why}".rstrip()
