"""The sentences of *What happens next* (console-features 6.10), by the engine's retry policy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engine.insight.outlook import HELD, NEXT_RUN, NOW, PERSON, Policy, remedy
from engine.insight.values import JobLine
from engine.jobs import ErrorCategory, JobStatus
from engine.retry import WAITING
from engine.taxonomy.types import retry_decision
from engine.workloads.labels import Labels


def what_next(
    line: JobLine,
    policy: Policy,
    *,
    starts: datetime | None = None,
    delay: float | None = None,
    claimed: int = 0,
    waiting: int = 0,
    labels: Labels,
) -> tuple[str, ...]:
    """Sentences of *What happens next* (console-features 6.10): what happens when, what a further
    failure would mean, what the keys would do.

    ``starts`` is the expected begin of the next pass, ``delay`` the pause before it in seconds
    (None: the policy's), ``claimed`` and ``waiting`` what the present pass still has to do.
    """
    pause = policy.retry.retry_delay_seconds if delay is None else delay
    first = [_event(line, policy, starts, labels)]
    if line.next_stage is not None and policy.current_pass and (claimed or waiting):
        present = policy.stage_text(policy.current_pass)
        first.append(
            f"{present[:1].upper()}{present[1:]} ends first: {claimed} claimed, {waiting} pending; "
            f"then a pause of {int(pause) // 60}:{int(pause) % 60:02}."
        )
    return (*first, *_failures(line, policy), *_keys(line, policy, labels))


def _event(line: JobLine, policy: Policy, starts: datetime | None, labels: Labels) -> str:
    """What happens next, and when."""
    job, following = line.job, line.next
    attempt = f"attempt {job.attempts + 1}"
    known = {
        NOW: f"Any free worker may claim {attempt} now.",
        NEXT_RUN: "The next run tries it: "
        + (f"no {labels.stage} is left." if policy.live else "no run is live."),
        HELD: f"Nothing until {labels.key} {job.account} is released.",
    }
    if following in known:
        return known[following]
    if line.next_stage is not None:
        when = "" if starts is None else f"~{starts.astimezone(policy.zone):%H:%M} "
        return f"{when}{following} starts and {attempt} becomes claimable by any free worker."
    if job.status is JobStatus.RETRYING and following != PERSON:
        return f"{following} {attempt} becomes claimable by any free worker."
    return _nothing(line, labels)


def _nothing(line: JobLine, labels: Labels) -> str:
    """Why the engine does nothing more with it."""
    job = line.job
    by_status = {
        JobStatus.CLAIMED: f"Worker {job.worker_id} is at attempt {job.attempts + 1}.",
        JobStatus.SUCCESS: "Nothing: it is done.",
        JobStatus.SKIPPED: "Nothing: it is left out until it is taken back.",
        JobStatus.PENDING: f"Nothing: it has no {labels.key}; name one in the job source.",
        JobStatus.RETRYING: f"Nothing: it has no {labels.key}; name one in the job source.",
    }
    if job.status in by_status:
        return by_status[job.status]
    if not line.next:
        return f"Nothing by itself: {job.attempts} of {line.limit} tries are used up."
    return f"Nothing by itself. {remedy(job, labels)}"


def _failures(line: JobLine, policy: Policy) -> Iterable[str]:
    """What the coming failure, or that of the attempt under way, would mean."""
    job = line.job
    coming = job.status is JobStatus.CLAIMED or (job.status in WAITING and bool(job.account))
    if not coming and line.glyph != "~":
        return
    used = job.attempts + 1
    if retry_decision(ErrorCategory.INFRASTRUCTURE, used, policy.retry):
        number = policy.later_pass(_pass_of_attempt(line, policy))
        when = "by a later run"
        if number is not None:
            when = f"in {policy.stage_text(number)} at the latest"
        yield f"If it fails as infrastructure: tried again {when}."
    else:
        yield "If it fails as infrastructure: its tries are used up, it stays failed."
    if not retry_decision(ErrorCategory.ACCOUNT, used, policy.retry):
        yield (
            f"If it fails as {ErrorCategory.ACCOUNT}: it waits for a person, never tried again by "
            "itself."
        )


def _pass_of_attempt(line: JobLine, policy: Policy) -> int:
    """Pass in which the coming attempt is made, or the present one is."""
    if line.job.status is JobStatus.FAILED:
        return policy.later_pass() or policy.retry.max_passes
    return max(policy.current_pass, line.job.pass_number if line.next != NOW else 0)


def _keys(line: JobLine, policy: Policy, labels: Labels) -> Iterable[str]:
    """What r, P, - and h would do; the ledger refuses the rest."""
    job, key_label = line.job, labels.key
    if job.status is JobStatus.FAILED:
        when = f"when the {key_label} is released" if line.held else "now"
        if not policy.live:
            when = "by the next run"
        doubt = f", only if it was not {labels.doubtful}" if job.in_doubt else ""
        yield f"r  requeue{doubt}: claimable {when}, attempts start again at 0"
    if job.in_doubt:
        yield f"P  mark as {labels.done}: it was {labels.doubtful}, nothing more to do"
    elif job.status in WAITING or job.status is JobStatus.FAILED:
        yield "-  skip: left out until it is taken back"
    if job.account and line.glyph not in "+-":
        yield (
            f"h  release the {key_label}: its jobs may be claimed again"
            if line.held
            else f"h  hold the {key_label}: no new claims until it is released"
        )
