"""What a person should look at now: a fixed list of rules (console-features 6.5).

Each line keeps its id until it is solved, names since when, and the keys that help. No text holds
an age: who shows it counts that from ``since``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from engine.insight.money import MONEY_LIMIT, NEAR_LIMIT, NOT_ON
from engine.insight.situation import SILENT_SECONDS, Situation
from engine.insight.status_file import StatusMoney, StatusWorker
from engine.insight.values import Attention, JobLine, Level
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from engine.workloads.base import ResourceState

ORPHAN_SECONDS: Final = 15.0
"""A phone that was started a moment ago may be ahead of what the status says of its worker."""
UNVERIFIED_SECONDS: Final = 60.0
STARTING_SECONDS: Final = 240.0
FLAPS: Final = 3
FLAP_WINDOW: Final = timedelta(minutes=10)
LOW_DISK_BYTES: Final = 500 * 1024 * 1024
_NAMED: Final = 8
"""So many are named; the rest is counted."""

_STOP: Final = (("S", "stop"), ("enter", "show"))
_LIST: Final = (("enter", "list"),)
_LOG: Final = (("l", "log"),)

Rule = Callable[[Situation], Iterator[Attention]]


def attention(now: Situation) -> Sequence[Attention]:
    """Every line that a rule has for this moment, alarms first."""
    found = [line for rule in _RULES for line in rule(now)]
    return tuple(sorted(found, key=lambda line: line.level is not Level.ALARM))


# -- what costs -----------------------------------------------------------------------------------


def is_orphan(state: ResourceState, now: Situation) -> bool:
    """On, ours, and neither a job nor a living worker behind it (console-features 4, 6.5).

    In a live run it is the status that tells who has a job; without one it is the registry's
    keeper, who may be a worker that outlived its supervisor.
    """
    if not state.ours or state.state in NOT_ON or state.stopping_since is not None:
        return False
    age = None if state.since is None else (now.now - state.since).total_seconds()
    if age is not None and age < ORPHAN_SECONDS:
        return False
    if now.status is not None:
        return keeper_of(state, now) is None and not any(
            state.job_id and state.job_id in (worker.job, worker.next_job) and worker.alive
            for worker in now.status.workers
        )
    return now.elsewhere is None and not state.attended


def keeper_of(state: ResourceState, now: Situation) -> StatusWorker | None:
    """The living worker of its slot, where workers keep what they hold over all their jobs."""
    if not now.keeps_resource or now.status is None or state.slot is None:
        return None
    workers = now.status.workers
    return next((one for one in workers if one.slot == state.slot and one.alive), None)


def _orphans(now: Situation) -> Iterator[Attention]:
    for state in now.resources:
        if is_orphan(state, now):
            yield Attention(
                id=f"orphan:{state.id}",
                level=Level.ALARM,
                since=state.since,
                text=f"{now.resource_label} {state.label} is on with no job and no worker",
                keys=_STOP,
                resource=state.id,
            )


def _unverified(now: Situation) -> Iterator[Attention]:
    for state in now.resources:
        asked = state.stopping_since
        if asked is None or state.state in NOT_ON or _seconds(now, asked) <= UNVERIFIED_SECONDS:
            continue
        yield Attention(
            id=f"stopping:{state.id}",
            level=Level.ALARM,
            since=asked,
            text=f"{now.resource_label} {state.label}: stop was asked for at "
            f"{now.clock(asked, seconds=True)} and is not verified",
            keys=_STOP,
            resource=state.id,
        )


def _starting(now: Situation) -> Iterator[Attention]:
    for state in now.resources:
        since = state.since
        if state.state == "starting" and since and _seconds(now, since) > STARTING_SECONDS:
            yield Attention(
                id=f"starting:{state.id}",
                level=Level.WARNING,
                since=since,
                text=f"{now.resource_label} {state.label} has been starting for too long",
                keys=_STOP,
                resource=state.id,
            )


# -- who works ------------------------------------------------------------------------------------


def _silent(now: Situation) -> Iterator[Attention]:
    if now.silent and not now.problem:
        yield Attention(
            id="silent",
            level=Level.ALARM,
            since=now.last_word,
            text="the supervisor has said nothing since "
            f"{now.clock(now.last_word, seconds=True)}; what is shown is of then",
            keys=_LOG,
        )


def _no_beat(now: Situation) -> Iterator[Attention]:
    """Measured by the supervisor's own last word: its silence is none of the worker's."""
    if now.status is None:
        return
    for worker in now.status.workers:
        if worker.process != "running" or worker.beat is None:
            continue
        if (now.status.updated_at - worker.beat).total_seconds() > SILENT_SECONDS:
            yield Attention(
                id=f"beat:{worker.slot}",
                level=Level.ALARM,
                since=worker.beat,
                text=f"worker {worker.slot} gives no sign of life",
                keys=(("l", "log"), ("B", "restart")),
                slot=worker.slot,
            )


def _flapping(now: Situation) -> Iterator[Attention]:
    if now.status is None:
        return
    for slot, exits in sorted(now.exits.items()):
        recent = [one for one in exits if now.now - one.at <= FLAP_WINDOW]
        if len(recent) < FLAPS:
            continue
        reasons = list(dict.fromkeys(one.reason for one in recent))
        text = f"worker {slot} restarted {len(recent)} times in 10 min: {reasons[-1]}"
        if len(reasons) > 1:
            text += f", before that {reasons[-2]}"
        yield Attention(
            id=f"flapping:{slot}",
            level=Level.WARNING,
            since=recent[0].at,
            text=text,
            keys=(("l", "log"), ("h", "hold")),
            slot=slot,
        )


# -- what waits for a person -----------------------------------------------------------------------


def _people(now: Situation) -> Iterator[Attention]:
    lines = list(now.standing.people.values())
    if lines:
        keys = len({line.job.account for line in lines})
        verb = "needs" if keys == 1 else "need"
        label = plural(now.key_label, keys)
        yield _queue("people", f"{keys} {label} {verb} a person", lines, _key_of, _LIST)


def _doubts(now: Situation) -> Iterator[Attention]:
    lines = list(now.standing.doubts.values())
    if lines:
        verb = "is" if len(lines) == 1 else "are"
        doubt = f"in doubt: {now.labels.doubtful} or not"
        head = f"{len(lines)} {plural('job', len(lines))} {verb} {doubt}"
        keys = (("P", now.labels.done), ("r", "requeue"), ("enter", "list"))
        yield _queue("doubt", head, lines, _key_of, keys)


def _files(now: Situation) -> Iterator[Attention]:
    lines = list(now.standing.files.values())
    if lines:
        verb = "needs" if len(lines) == 1 else "need"
        head = f"{len(lines)} {plural('job', len(lines))} {verb} a new file"
        yield _queue("files", head, lines, lambda line: line.job.job_id, _LIST)


def _queue(
    name: str,
    head: str,
    lines: Sequence[JobLine],
    named: Callable[[JobLine], str],
    keys: Sequence[tuple[str, str]],
) -> Attention:
    """``5 accounts need a person: a, b logged_out; c verification``."""
    times = [when for line in lines if (when := line.job.completed_at or line.job.updated_at)]
    return Attention(
        id=name,
        level=Level.WARNING,
        since=min(times, default=None),
        text=f"{head}: {_by_type(lines, named)}",
        keys=keys,
        jobs=tuple(line.job.job_id for line in lines),
    )


def _by_type(lines: Sequence[JobLine], named: Callable[[JobLine], str]) -> str:
    groups: dict[str, list[str]] = {}
    for line in lines[:_NAMED]:
        names = groups.setdefault(line.job.error_type, [])
        if named(line) not in names:
            names.append(named(line))
    text = "; ".join(f"{', '.join(names)} {why}".rstrip() for why, names in groups.items())
    more = len(lines) - _NAMED
    return f"{text}; {more} more" if more > 0 else text


def _key_of(line: JobLine) -> str:
    return line.job.account


def _quarantine(now: Situation) -> Iterator[Attention]:
    if now.quarantined:
        rows = plural("row", now.quarantined)
        beside = f"{now.ledger_path.stem}.quarantine.csv"
        yield Attention(
            id="quarantine",
            level=Level.WARNING,
            since=None,
            text=f"{now.quarantined} {rows} of the ledger could not be understood: see {beside}",
        )


# -- the run and its host --------------------------------------------------------------------------


def _limit(now: Situation) -> Iterator[Attention]:
    if now.limited_until is not None:
        yield Attention(
            id="limit",
            level=Level.WARNING,
            since=None,
            text=f"the provider takes no calls before {now.clock(now.limited_until)}: its limit",
        )


def _money(now: Situation) -> Iterator[Attention]:
    """The day's limit: near, reached, or lifted for today; the run's own alarm says no more."""
    money = now.status.money if now.status is not None else StatusMoney()
    if not money.limit or money.spent < NEAR_LIMIT * money.limit:
        return
    reached = money.spent >= money.limit
    text = f"about ${money.spent:.2f} of ${money.limit:.2f}, the day's money limit, is spent"
    if reached:
        after = "; resumed without a limit until tomorrow" if money.unlimited else ""
        text += after or ": no new claims until tomorrow, a higher limit or resume"
    stopped = reached and not money.unlimited
    yield Attention(
        id="money", level=Level.ALARM if stopped else Level.WARNING, since=None, text=text
    )


def _disk(now: Situation) -> Iterator[Attention]:
    if now.free_bytes is not None and now.free_bytes < LOW_DISK_BYTES:
        yield Attention(
            id="disk",
            level=Level.ALARM,
            since=None,
            text=f"the disk of {now.work_dir} has less than "
            f"{LOW_DISK_BYTES // 1_048_576} MB free: outcomes may not be written",
        )


def _failure(now: Situation) -> Iterator[Attention]:
    if now.failure is not None:
        yield Attention(
            id="run_failed",
            level=Level.ALARM,
            since=now.failure.at,
            text=f"the run failed: {now.failure.text}",
            keys=_LOG,
        )


def _alarms(now: Situation) -> Iterator[Attention]:
    """What the run called out itself; a resource that has a line of its own has only that."""
    told = {state.id for state in now.resources if is_orphan(state, now) or state.stopping_since}
    for alarm in now.alarms:
        if alarm.resource and alarm.resource in told | {MONEY_LIMIT}:
            continue
        yield Attention(
            id=f"alarm:{zlib.crc32(alarm.text.encode('utf-8', 'replace')):08x}",
            level=Level.ALARM,
            since=alarm.at,
            text=alarm.text,
            keys=_STOP if alarm.resource else _LOG,
            resource=alarm.resource,
            slot=alarm.slot,
        )


def _seconds(now: Situation, since: datetime) -> float:
    return (now.now - since).total_seconds()


_RULES: Final[Sequence[Rule]] = (
    _silent,
    _failure,
    _orphans,
    _unverified,
    _starting,
    _no_beat,
    _flapping,
    _doubts,
    _people,
    _files,
    _alarms,
    _limit,
    _money,
    _disk,
    _quarantine,
)
