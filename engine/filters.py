"""The filter grammar that chooses jobs: ``status:failed,retrying -why:account acct00``.

All words must hold. ``field:value[,value]`` matches the start of the field, ``field:=value`` the
whole of it, ``-field:value`` none of them; a bare word is looked for anywhere in the row.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping

from engine.errors import InputError
from engine.jobs import ErrorCategory, Job

FIELDS: Mapping[str, Callable[[Job], str]] = {
    "job": lambda job: job.job_id,
    "status": lambda job: str(job.status),
    "class": lambda job: str(job.error_category or (ErrorCategory.UNKNOWN if job.error else "")),
    "why": lambda job: job.error_type,
    "account": lambda job: job.account,
    "worker": lambda job: job.worker_id,
    "pass": lambda job: str(job.pass_number),
    "error": lambda job: job.error,
}

Test = Callable[[Job], bool]


def parse(expression: str) -> Test:
    """A test of a job. Raises InputError naming the word that is not understood."""
    try:
        words = shlex.split(expression)
    except ValueError as exc:
        raise InputError(f"The filter {expression!r} has an unclosed quote.") from exc
    if not words:
        raise InputError("The filter is empty; write for example status:failed.")
    tests = [_word(word) for word in words]
    return lambda job: all(test(job) for test in tests)


def choose(jobs: Iterable[Job], expression: str) -> list[str]:
    """Ids of the jobs that the filter matches, in their order."""
    test = parse(expression)
    return [job.job_id for job in jobs if test(job)]


def _word(word: str) -> Test:
    negated = word.startswith("-") and ":" in word
    name, colon, value = word.removeprefix("-").partition(":")
    if not colon:
        return _anywhere(word)
    if name not in FIELDS:
        raise InputError(f"Unknown field {name!r} in the filter; known are {', '.join(FIELDS)}.")
    wanted = [part for part in value.lower().split(",") if part]
    if not wanted:
        raise InputError(f"The filter word {word!r} names no value.")
    test = _field(FIELDS[name], wanted)
    return (lambda job: not test(job)) if negated else test


def _field(read: Callable[[Job], str], wanted: list[str]) -> Test:
    exact = {part[1:] for part in wanted if part.startswith("=")}
    starts = tuple(part for part in wanted if not part.startswith("="))

    def test(job: Job) -> bool:
        value = read(job).lower()
        return value in exact or (bool(starts) and value.startswith(starts))

    return test


def _anywhere(word: str) -> Test:
    needle = word.lower()
    return lambda job: any(needle in read(job).lower() for read in FIELDS.values())
