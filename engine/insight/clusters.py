"""Why attempts fail, and where: clusters by type, tallies by key and by worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from engine.insight.attempts import FailedJob
from engine.insight.day_figures import UNCLASSIFIED, KeyDay, why_of
from engine.insight.run_facts import RunFacts, ended
from engine.insight.spread import percent
from engine.insight.values import Attempt, Cluster, Tally
from engine.jobs import ErrorCategory, JobStatus
from engine.taxonomy.error_type import POLICIES, RetryPolicy

YES: Final = "yes"
ONCE: Final = "once"
NO: Final = "no"
_WORDS: Final[Mapping[ErrorCategory, str]] = {
    ErrorCategory.ACCOUNT: "person",
    ErrorCategory.CONTENT: "content",
    ErrorCategory.IN_DOUBT: "operator",
    ErrorCategory.INTERNAL: NO,
}


def failed_now(run: RunFacts) -> list[Cluster]:
    """Jobs that are failed at this moment, by type: those that are tried again first."""
    groups: dict[tuple[str, ErrorCategory], list[FailedJob]] = {}
    for job in run.failed:
        kind = (job.error_type or UNCLASSIFIED, job.category or ErrorCategory.UNKNOWN)
        groups.setdefault(kind, []).append(job)
    clusters = []
    for (why, category), jobs in groups.items():
        latest = max(jobs, key=_when)
        may = any(run.may_retry(job) for job in jobs)
        clusters.append(
            Cluster(
                why=why,
                category=category,
                count=len(jobs),
                retry=_follows(category, may=may),
                tried_again=sum(job.attempts > 1 for job in jobs),
                saved=0,
                keys=len({job.key for job in jobs}),
                workers=_sorted({job.worker for job in jobs if job.worker}),
                last=latest.at,
                sample=latest.error,
                job_ids=tuple(job.job_id for job in jobs),
            )
        )
    return sorted(clusters, key=lambda one: (one.retry not in (YES, ONCE), -one.count, one.why))


def attempts_failed(run: RunFacts) -> list[Cluster]:
    """All failed attempts of the run by type, and how many of them a later try saved."""
    tries = ended(run.attempts)
    later: dict[str, tuple[bool, bool]] = {}
    groups: dict[tuple[str, ErrorCategory], list[tuple[Attempt, bool, bool]]] = {}
    for attempt in reversed(tries):
        again, saved = later.get(attempt.job_id, (False, False))
        success = attempt.status is JobStatus.SUCCESS
        if not success:
            kind = (why_of(attempt), attempt.category or ErrorCategory.UNKNOWN)
            groups.setdefault(kind, []).append((attempt, again, saved))
        later[attempt.job_id] = (True, saved or success)
    clusters = [_of_attempts(run, kind, found) for kind, found in groups.items()]
    return sorted(clusters, key=lambda one: (-one.count, one.retry not in (YES, ONCE), one.why))


def _of_attempts(
    run: RunFacts,
    kind: tuple[str, ErrorCategory],
    found: Sequence[tuple[Attempt, bool, bool]],
) -> Cluster:
    """``found``, latest first: the attempt, whether it was tried again, whether that saved it."""
    why, category = kind
    attempts = [attempt for attempt, _, _ in found]
    latest = attempts[0]
    may = category is not ErrorCategory.UNKNOWN or run.config.retry_unknown
    return Cluster(
        why=why,
        category=category,
        count=len(attempts),
        retry=_follows(category, may=may),
        tried_again=sum(again for _, again, _ in found),
        saved=sum(saved for _, _, saved in found),
        keys=len({attempt.key for attempt in attempts}),
        workers=_sorted({attempt.worker for attempt in attempts if attempt.worker}),
        last=latest.ended_at,
        sample=latest.error,
        job_ids=tuple(dict.fromkeys(attempt.job_id for attempt in reversed(attempts))),
    )


def _follows(category: ErrorCategory, *, may: bool) -> str:
    policy = POLICIES[category]
    if policy in (RetryPolicy.LIMITED, RetryPolicy.ONCE):
        return (YES if policy is RetryPolicy.LIMITED else ONCE) if may else NO
    return _WORDS[category]


def _when(job: FailedJob) -> float:
    return job.at.timestamp() if job.at else 0.0


# -- tallies ---------------------------------------------------------------------------------------


def key_tallies(run: RunFacts, history: Mapping[str, KeyDay]) -> list[Tally]:
    """By key, worst first; ``history`` are the jobs of thirty days."""
    tallies = _tallies(run, lambda attempt: attempt.key, rates=_rates(history))
    return sorted(tallies, key=_badness)


def worker_tallies(run: RunFacts) -> list[Tally]:
    """By worker, in their order."""
    tallies = _tallies(run, lambda attempt: attempt.worker)
    return sorted(tallies, key=lambda tally: _natural(tally.name))


def _tallies(
    run: RunFacts,
    name_of: Callable[[Attempt], str],
    *,
    rates: Mapping[str, float | None] | None = None,
) -> list[Tally]:
    groups: dict[str, list[Attempt]] = {}
    for attempt in ended(run.attempts):
        groups.setdefault(name_of(attempt), []).append(attempt)
    tallies = []
    for name, tries in groups.items():
        bad = [attempt for attempt in tries if attempt.status is not JobStatus.SUCCESS]
        infrastructure = sum(one.category is ErrorCategory.INFRASTRUCTURE for one in bad)
        tallies.append(
            Tally(
                name=name,
                attempts=len(tries),
                success=len(tries) - len(bad),
                infrastructure=infrastructure,
                failed=len(bad),
                last_why=why_of(bad[-1]) if bad else "",
                rate_30_days=(rates or {}).get(name),
                restarts=0 if rates is not None else run.restarts.get(name, 0),
            )
        )
    return tallies


def _rates(history: Mapping[str, KeyDay]) -> dict[str, float | None]:
    return {key: percent(day.success, day.success + day.failed) for key, day in history.items()}


def _badness(tally: Tally) -> tuple[float, float, int, str]:
    rate = 101.0 if tally.rate_30_days is None else tally.rate_30_days
    return (tally.success / tally.attempts, rate, -tally.failed, tally.name)


def _sorted(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=_natural))


def _natural(name: str) -> tuple[int, int, str]:
    """Numbers by their value, before names."""
    return (0, int(name), "") if name.isdecimal() and len(name) < 10 else (1, 0, name)
