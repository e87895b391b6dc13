"""What may follow for a job, and who acts next; decided by the engine's own retry policy.

Nothing here has an opinion of its own: whether a failure is tried again says ``engine.retry``, what
a person can do says the taxonomy (console-features 6.1, 6.6, 6.10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from engine import filters
from engine.filters import job_fields, resource_fields
from engine.insight.values import Actor, JobLine
from engine.jobs import ErrorCategory, Job, JobStatus
from engine.retry import WAITING, RetryConfig, is_retryable
from engine.taxonomy import types as taxonomy
from engine.taxonomy.error_type import POLICIES, RetryPolicy
from engine.taxonomy.types import UNKNOWN_LIMIT

if TYPE_CHECKING:
    from engine.config import Settings
    from engine.workloads.base import ResourceState
    from engine.workloads.labels import Labels

NOW: Final = "now"
HELD: Final = "held"
NEXT_RUN: Final = "next run"
PERSON: Final = "person"
NEW_FILE: Final = "new file"
OPERATOR: Final = "operator"

_FINAL: Final[Mapping[ErrorCategory, tuple[str, Actor]]] = {
    ErrorCategory.ACCOUNT: (PERSON, Actor.PERSON),
    ErrorCategory.CONTENT: (NEW_FILE, Actor.PERSON),
    ErrorCategory.IN_DOUBT: (OPERATOR, Actor.OPERATOR),
    ErrorCategory.INTERNAL: (OPERATOR, Actor.OPERATOR),  # a setting to correct, or our own bug
}
"""Who acts on a failure that is not tried again; nobody where its tries are used up."""

_SETTLED: Final[Mapping[JobStatus, tuple[str, Actor, str]]] = {
    JobStatus.SUCCESS: ("+", Actor.NOBODY, ""),
    JobStatus.SKIPPED: ("-", Actor.NOBODY, ""),
    JobStatus.CLAIMED: (">", Actor.WORKER, ""),
}
"""Statuses after which nothing is to be decided."""

_ENDED: Final = frozenset({JobStatus.SUCCESS, JobStatus.FAILED, JobStatus.RETRYING})


@dataclass(frozen=True)
class Policy:
    """What decides over the jobs of one moment."""

    retry: RetryConfig
    """Its ``max_passes`` counts passes that the operator allowed on top."""
    current_pass: int
    """0 = none has begun."""
    live: bool
    """A run is at work."""
    held_keys: frozenset[str]
    zone: tzinfo | None = None
    """The operator's; None = the host's own."""
    stage_label: str = "pass"
    """What the trade calls a stage."""

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        live: bool,
        status: Mapping[str, Any] | None,
        held_keys: Iterable[str] = (),
    ) -> Policy:
        """From a live run's own words (``status.json``) as far as there are any, else from the
        settings."""
        said = status if live and status else {}
        number = (said.get("stage") or {}).get("number")
        current = number if isinstance(number, int) else 0
        retry = RetryConfig.from_settings(settings)
        # Another workload's stages may say nothing that we know: then the settings stand.
        with suppress(KeyError, ValidationError):
            retry = RetryConfig.model_validate((said.get("stages") or {})["config"])
        if current > retry.max_passes:
            retry = retry.model_copy(update={"max_passes": current})
        return cls(retry, current, live, frozenset(held_keys), settings.zone)

    def stage_text(self, number: int) -> str:
        """``pass 3``."""
        return f"{self.stage_label} {number}"

    def later_pass(self, after: int | None = None) -> int | None:
        """Pass that takes what failed in the pass ``after`` (the present one), if one is left."""
        present = self.current_pass if after is None else after
        return present + 1 if self.live and present < self.retry.max_passes else None


def outlook(job: Job, policy: Policy, *, now: datetime | None = None) -> JobLine:
    """The job as tables show it. ``now`` decides only whether a ``retry_at`` is still to come."""
    held = bool(job.account) and job.account in policy.held_keys
    stage = _later_stage(job, policy)
    glyph, actor, following = _following(job, policy, stage, now)
    if held and (job.status in WAITING or glyph == "~"):
        actor, following, stage = Actor.OPERATOR, HELD, None
    return JobLine(
        job=job,
        glyph=glyph,
        actor=actor,
        next=following,
        next_stage=stage,
        limit=_limit(job, policy.retry),
        took=_took(job),
        held=held,
    )


def _later_stage(job: Job, policy: Policy) -> int | None:
    """The stage to come that takes the job, where it has to wait for one."""
    if job.status in WAITING:
        soon = job.status is JobStatus.RETRYING and job.retry_at is not None
        waits = policy.live and not soon and 0 < policy.current_pass < job.pass_number
        return job.pass_number if waits and job.account else None
    return policy.later_pass() if is_retryable(job, policy.retry) else None


def _following(
    job: Job, policy: Policy, stage: int | None, now: datetime | None
) -> tuple[str, Actor, str]:
    """Glyph, who acts, and when or what; without the operator's holds."""
    status = job.status
    if status in _SETTLED:
        return _SETTLED[status]
    if status in WAITING:
        glyph = "." if status is JobStatus.PENDING else "~"
        if not job.account:
            return glyph, Actor.PERSON, PERSON  # somebody must say whose it is
        actor = Actor.WORKER if status is JobStatus.PENDING else Actor.ENGINE
        return glyph, actor, _when(job, policy, stage, now)
    if is_retryable(job, policy.retry):
        return "~", Actor.ENGINE, NEXT_RUN if stage is None else policy.stage_text(stage)
    category = job.error_category or ErrorCategory.UNKNOWN
    following, actor = _FINAL.get(category, ("", Actor.NOBODY))
    return "?" if job.in_doubt else "x", actor, following


def _when(job: Job, policy: Policy, stage: int | None, now: datetime | None) -> str:
    """When a waiting job may be claimed."""
    if not policy.live:
        return NEXT_RUN
    due = job.retry_at if job.status is JobStatus.RETRYING else None
    if due is not None and due > (now or datetime.now(UTC)):
        return f"{due.astimezone(policy.zone):%H:%M}"
    return NOW if stage is None else policy.stage_text(stage)


def _limit(job: Job, retry: RetryConfig) -> int:
    """Attempts in all that its class of failure allows; what has not failed yet may still use as
    many as the most patient class. ``max_attempts`` of the row is older tools' (docs/ledger.md)."""
    category = job.error_category
    if category is None and job.status is JobStatus.FAILED:
        category = ErrorCategory.UNKNOWN
    open_ = job.status is not JobStatus.FAILED
    match POLICIES[category] if category else RetryPolicy.LIMITED:
        case RetryPolicy.ONCE:
            limit = UNKNOWN_LIMIT if retry.retry_unknown else 1
        case RetryPolicy.LIMITED:
            limit = retry.infrastructure_limit
        case _:
            limit = retry.infrastructure_limit if open_ else 1
    trying = job.status in WAITING or job.status is JobStatus.CLAIMED
    return max(limit, job.attempts + trying)


def _took(job: Job) -> float | None:
    """Seconds of the last attempt that ended, where the row still tells."""
    ended = job.completed_at or (job.updated_at if job.status in _ENDED else None)
    if job.status is JobStatus.CLAIMED or job.claimed_at is None or ended is None:
        return None
    seconds = (ended - job.claimed_at).total_seconds()
    return seconds if seconds >= 0 else None


_UNCONFIRMED: Final = "unconfirmed"
_ACCOUNT: Final = "account"
"""What a key is called where the table of failures speaks of it in its own words."""


def remedy(job: Job, labels: Labels | None = None) -> str:
    """What the operator can do about its last failure, in one sentence; empty without one.

    ``labels``: of the trade; a job in doubt is spoken of in its words then.
    """
    if job.status is JobStatus.SUCCESS or not (
        job.error or job.error_type or job.error_category or job.status is JobStatus.FAILED
    ):
        return ""
    unlisted = job.in_doubt and taxonomy.category_of(job.error_type) is not ErrorCategory.IN_DOUBT
    kind = _UNCONFIRMED if unlisted else taxonomy.canonical_type(job.error_type)
    if kind == _UNCONFIRMED and labels is not None and labels.key != _ACCOUNT:
        return (
            f"Look at the {labels.key}: mark the job as {labels.done} if it is {labels.doubtful}, "
            "else requeue it."
        )
    return taxonomy.remedy(kind)


def choose(
    jobs: Iterable[Job],
    expression: str,
    policy: Policy,
    *,
    now: datetime,
    resources: Iterable[ResourceState] = (),
) -> list[str]:
    """Ids of the jobs that a ``--where`` matches, in their order. Raises FilterError."""
    states = {state.label: state.state for state in resources}
    wanted = filters.parse(expression, job_fields(now=now, marked=None, states=states))
    lines = (outlook(job, policy, now=now) for job in jobs)
    return [line.job.job_id for line in lines if wanted(line)]


__all__ = [
    "Policy",
    "choose",
    "job_fields",
    "outlook",
    "remedy",
    "resource_fields",
]
