"""The types of failure: their category, what follows, and what the operator can do about them.

New rows carry only the names of this table; older names are read through ``canonical_type``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from engine.jobs import ErrorCategory


class RetryPolicy(StrEnum):
    """What may follow a failure; a category has exactly one (behaviour A9.2)."""

    NEVER = "never"
    LIMITED = "up to its limit"
    ONCE = "once more, unless switched off"
    OPERATOR = "never by itself; the operator settles it"


POLICIES: Final[Mapping[ErrorCategory, RetryPolicy]] = MappingProxyType(
    {
        ErrorCategory.ACCOUNT: RetryPolicy.NEVER,
        ErrorCategory.CONTENT: RetryPolicy.NEVER,
        ErrorCategory.INTERNAL: RetryPolicy.NEVER,
        ErrorCategory.INFRASTRUCTURE: RetryPolicy.LIMITED,
        ErrorCategory.UNKNOWN: RetryPolicy.ONCE,
        ErrorCategory.IN_DOUBT: RetryPolicy.OPERATOR,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorType:
    """One kind of failure."""

    name: str
    category: ErrorCategory
    remedy: str
    """What the operator can do: one sentence."""
    aliases: tuple[str, ...] = ()
    """Other names in old ledgers and verdicts; read, never written."""
    older_name: str = ""
    """What older systems call it where they have no name of their own for it."""

    @property
    def retry(self) -> RetryPolicy:
        return POLICIES[self.category]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a failure is; ``error_type`` is empty where nothing is known (behaviour A9.1)."""

    category: ErrorCategory
    error_type: str


UNKNOWN: Final = Verdict(ErrorCategory.UNKNOWN, "")

_ACCOUNT = ErrorCategory.ACCOUNT
_CONTENT = ErrorCategory.CONTENT
_INFRA = ErrorCategory.INFRASTRUCTURE

_TABLE: Final = (
    ErrorType(
        name="suspended",
        category=_ACCOUNT,
        remedy="Open the account by hand and appeal; take it out of the accounts file until then.",
    ),
    ErrorType(
        name="disabled",
        category=_ACCOUNT,
        remedy="The account was closed by the platform: take it out of the accounts file.",
        aliases=("terminated",),
    ),
    ErrorType(
        name="banned",
        category=_ACCOUNT,
        remedy="The account is banned for good: take it out of the accounts file.",
    ),
    ErrorType(
        name="verification",
        category=_ACCOUNT,
        remedy="Open the account's phone by hand and pass the check that the app asks for.",
        aliases=("captcha", "id_verification", "challenge"),
    ),
    ErrorType(
        name="logged_out",
        category=_ACCOUNT,
        remedy="Log the account in by hand on its phone, then requeue the job.",
        aliases=("loggedout",),
    ),
    ErrorType(
        name="action_blocked",
        category=_ACCOUNT,
        remedy="Let the account rest for a day or more before it posts again.",
        aliases=("actionblocked",),
    ),
    ErrorType(
        name="not_in_geelark",
        category=_ACCOUNT,
        remedy="No cloud phone has this account's name: correct the accounts file or the phone's "
        "name, then requeue the job.",
    ),
    ErrorType(
        name="corrupted_video",
        category=_CONTENT,
        remedy="The video cannot be used as it is: export it again and seed it as a new job.",
    ),
    ErrorType(
        name="missing_video",
        category=_CONTENT,
        remedy="The video is not where the job says: put it back, or set paths.video_root, then "
        "requeue the job.",
    ),
    ErrorType(
        name="duplicate_video",
        category=_CONTENT,
        remedy="The account has posted this very video before, under another name: skip the job.",
    ),
    ErrorType(
        name="bad_caption",
        category=_CONTENT,
        remedy="The caption is empty or too long: correct the captions file and seed the job anew.",
    ),
    ErrorType(
        name="content_warning",
        category=_CONTENT,
        remedy="The app warned before Share that the reel may break its rules: look at the video; "
        "nothing was posted.",
    ),
    ErrorType(
        name="adb_timeout",
        category=_INFRA,
        remedy="adb did not reach the phone: retried by itself; if it goes on, look at the phone's "
        "adb setting and the host's network.",
    ),
    ErrorType(
        name="appium_crash",
        category=_INFRA,
        remedy="The Appium server or its driver on the phone failed: retried by itself; if it goes "
        "on, read the worker's Appium log.",
    ),
    ErrorType(
        name="connection_dropped",
        category=_INFRA,
        remedy="A connection broke in the middle: retried by itself; if it goes on, look at the "
        "host's network.",
    ),
    ErrorType(
        name="navigation_stuck",
        category=_INFRA,
        remedy="The posting flow did not get on: retried by itself; look at the last screen in the "
        "evidence.",
        aliases=("claude_stuck", "max_steps", "loop_stuck", "ai_error"),
        older_name="claude_stuck",
    ),
    ErrorType(
        name="app_update",
        category=_INFRA,
        remedy="The app on the phone demands an update: update it there, then requeue the job.",
        older_name="claude_stuck",
    ),
    ErrorType(
        name="model_error",
        category=_INFRA,
        remedy="The model's service was slow or overloaded, or gave no usable answer: retried by "
        "itself; if it goes on, look at the service's status page, or run with --no-ai-fallback.",
        older_name="claude_stuck",
    ),
    ErrorType(
        name="model_budget",
        category=_INFRA,
        remedy="The model's budget is used up: raise the limits in [model] of the settings, wait "
        "for the next day, or run without --ai-only.",
        older_name="claude_stuck",
    ),
    ErrorType(
        name="glogin_expired",
        category=_INFRA,
        remedy="The phone refused the device login: retried with a fresh code; if it goes on, "
        "switch the phone's adb off and on.",
    ),
    ErrorType(
        name="network_error",
        category=_INFRA,
        remedy="A service could not be reached or was overloaded: retried by itself; if it goes "
        "on, look at the network and the provider's status page.",
    ),
    ErrorType(
        name="phone_error",
        category=_INFRA,
        remedy="The cloud phone did not start, is busy or full: retried by itself; if it goes on, "
        "look at the phone and the plan in the provider's panel.",
    ),
    ErrorType(
        name="worker_died",
        category=_INFRA,
        remedy="Several workers died over this job: retried by itself; read logs/worker_*.log and "
        "the free memory of the host.",
    ),
    ErrorType(
        name="record_unwritable",
        category=_INFRA,
        remedy="The record of posted videos could not be written, so nothing was shared: make room "
        "on the disk or allow writing; retried by itself.",
    ),
    ErrorType(
        name="job_timeout",
        category=_INFRA,
        remedy="The job's time was used up before Share: retried by itself; if it goes on, raise "
        "posting.job_timeout_seconds.",
        older_name="claude_stuck",
    ),
    ErrorType(
        name="verification_failed",
        category=_INFRA,
        remedy="Only in old ledgers: a worker found its claim gone before posting; requeue the "
        "job if it was not posted.",
    ),
    ErrorType(
        name="task_timeout",
        category=_INFRA,
        remedy="The task's time was used up and its agent was ended: retried once by itself; if it "
        "goes on, read the named log, split the task or raise roadmap.task_timeout_seconds.",
    ),
    ErrorType(
        name="agent_unavailable",
        category=_INFRA,
        remedy="The agent's service is down, overloaded or limits calls: retried once by itself; "
        "if it goes on, look at the service's status page and start again later.",
    ),
    ErrorType(
        name="preparation_failed",
        category=_INFRA,
        remedy="A command of roadmap.prepare failed in the task's new worktree: retried once by "
        "itself; if it goes on, read the named log and correct the command.",
    ),
    ErrorType(
        name="agent_refused",
        category=_ACCOUNT,
        remedy="The agent's service takes no work from this login (logged out, credit or plan used "
        "up): log in or top up by hand, then start again.",
    ),
    ErrorType(
        name="agent_failed",
        category=_ACCOUNT,
        remedy="The agent gave up or wrote without end: read the named log, correct the task or "
        "its specification, then start again.",
    ),
    ErrorType(
        name="nothing_done",
        category=_ACCOUNT,
        remedy="The agent changed nothing and said nothing: read the named log; skip the job if "
        "the task is done already, else correct the task, then start again.",
    ),
    ErrorType(
        name="merge_conflict",
        category=_ACCOUNT,
        remedy="The task's branch does not fit to its neighbours': merge it by hand in the named "
        "worktree, commit there, then start again.",
    ),
    ErrorType(
        name="program_error",
        category=ErrorCategory.INTERNAL,
        remedy="A wrong setting or key, or our own bug: correct what the message names, else "
        "report it with the evidence.",
        aliases=("platform_not_supported",),
    ),
    ErrorType(
        name="unconfirmed",
        category=ErrorCategory.IN_DOUBT,
        remedy="Look at the account's profile: mark the job as posted if the video is there, else "
        "requeue it.",
    ),
)

ERROR_TYPES: Final[Mapping[str, ErrorType]] = MappingProxyType({kind.name: kind for kind in _TABLE})
"""Every type by name."""

READ_ONLY_TYPES: Final = frozenset({"verification_failed"})
"""Types that are understood in old ledgers and never written (behaviour A4.7, A9.4)."""

LEGACY_NON_RETRYABLE: Final = frozenset(
    {"suspended", "captcha", "loggedout", "actionblocked", "banned"}
)
"""Type names that older ledgers never retried; they read as account (behaviour A9.9)."""

_ALIASES: Final = MappingProxyType({old: kind.name for kind in _TABLE for old in kind.aliases})

_NOT_LISTED: Final = "Nothing is known about this failure: look at its evidence."


def canonical_type(name: str) -> str:
    """Today's name of a type; a name that nobody knows stays as it is."""
    return _ALIASES.get(name.strip().lower(), name.strip().lower())


def category_of(name: str) -> ErrorCategory | None:
    """Category of a type by any of its names; None where the table does not know it."""
    kind = ERROR_TYPES.get(canonical_type(name))
    return kind.category if kind else None


def remedy(error_type: str) -> str:
    """What the operator can do, in one sentence; also for names that nobody knows."""
    kind = ERROR_TYPES.get(canonical_type(error_type))
    return kind.remedy if kind else _NOT_LISTED


def verdict(name: str) -> Verdict:
    """Verdict of a type of the table. Raises KeyError for any other name."""
    kind = ERROR_TYPES[canonical_type(name)]
    return Verdict(kind.category, kind.name)


class OwnPattern(Protocol):
    """A pattern of the operator; ``settings.errors.patterns`` fit."""

    @property
    def phrase(self) -> str: ...

    @property
    def category(self) -> str: ...

    @property
    def type(self) -> str: ...


class RetryLimits(Protocol):
    """The part of the settings that bounds retries; ``settings.retry`` fits."""

    @property
    def infrastructure_limit(self) -> int: ...

    @property
    def retry_unknown(self) -> bool: ...


UNKNOWN_LIMIT: Final = 2
"""An unknown failure is tried at most once more (behaviour A8.6)."""


def retry_decision(category: ErrorCategory | None, attempts: int, limits: RetryLimits) -> bool:
    """Whether a job that failed ``attempts`` times may be tried again (behaviour A8.6, A9.2).

    No category reads as unknown, as in old ledgers.
    """
    policy = POLICIES[category or ErrorCategory.UNKNOWN]
    if policy is RetryPolicy.LIMITED:
        return attempts < limits.infrastructure_limit
    if policy is RetryPolicy.ONCE:
        return limits.retry_unknown and attempts < UNKNOWN_LIMIT
    return False


_PREFACE: Final = """\
# Errors

Every failure has a category, which alone decides whether it is tried again, and a type, which says
what to do. A failure about which nothing is known is `unknown`, with an empty type.

Own patterns for foreign messages stand in `[[errors.patterns]]` of the settings file and are asked
before the built-in ones. Older names are read in old ledgers and never written;
`verification_failed` is read only. This page is generated by `make docs`.
"""


def taxonomy_markdown(kinds: Iterable[ErrorType] = _TABLE) -> str:
    """The document of all types as Markdown, for docs/errors.md."""
    lines = [
        _PREFACE,
        "| Category | Type | Tried again | What to do | Older names |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {kind.category} | `{kind.name}` | {kind.retry} | {kind.remedy} | "
        f"{', '.join(f'`{old}`' for old in kind.aliases)} |"
        for kind in kinds
    ]
    lines.append(f"| unknown | (empty) | {RetryPolicy.ONCE} | {_NOT_LISTED} | |")
    return "\n".join(lines) + "\n"
