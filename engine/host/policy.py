"""When one worker more or one less is right: a pure function of what was seen (behaviour C7.2, 3).

It begins with one worker. One more comes when jobs wait and CPU and memory have room for it, seen
twice in a row; one leaves when CPU or memory are short, or when there is nothing for it to do. The
limits for more lie below those for less, both looks of a change are later than the change before,
and a number that was found too many is left alone for longer each time: so a constant load settles.
What is not known is no reason for a change: neither "plenty" nor "short".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from engine.host.samples import MEGABYTE, HostSample, gigabytes, percent

if TYPE_CHECKING:
    from engine.settings_host import Host

LOOKS: Final = 2
"""So often in a row CPU is seen high, or room for one more, before it counts."""
LONGEST_RETRY_SECONDS: Final = 3600.0


class Cause(StrEnum):
    """Why the number of workers changes, or does not."""

    ROOM = "room"
    """Jobs wait, and there is room: one more."""
    CPU = "cpu"
    MEMORY = "memory"
    IDLE = "idle"
    BOUNDS = "bounds"
    """There are fewer than the least, or more than the most."""
    STEADY = "steady"
    """No change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Between what the number of workers moves. Raises ValueError where they overlap."""

    most: int
    least: int = 1
    worker_bytes: float
    """What one worker needs."""
    cpu_up: float
    cpu_down: float
    memory_up: float
    memory_down: float
    critical_bytes: float
    up_free_bytes: float
    cool_down_seconds: float
    idle_seconds: float
    retry_seconds: float

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most:
            raise ValueError(f"workers from {self.least} to {self.most}: give 1 or more, in order")
        overlaps = {
            "cpu_up": self.cpu_up >= self.cpu_down,
            "memory_up": self.memory_up >= self.memory_down,
            "critical_bytes": self.critical_bytes >= self.up_free_bytes,
        }
        for name, overlap in overlaps.items():
            if overlap:
                raise ValueError(f"{name}: a limit for one more lies within that for one less")

    @classmethod
    def of(cls, host: Host, *, most: int) -> Self:
        """As the settings have them."""
        return cls(
            most=most,
            worker_bytes=host.worker_megabytes * MEGABYTE,
            cpu_up=host.cpu_up,
            cpu_down=host.cpu_down,
            memory_up=host.memory_up,
            memory_down=host.memory_down,
            critical_bytes=host.critical_megabytes * MEGABYTE,
            up_free_bytes=host.up_free_megabytes * MEGABYTE,
            cool_down_seconds=host.cool_down_seconds,
            idle_seconds=host.idle_seconds,
            retry_seconds=host.retry_seconds,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """What was seen at one look: the host, and the work."""

    host: HostSample
    workers: int
    """That there should be."""
    busy: int
    """Of them with a job in hand."""
    waiting: int
    """Jobs that could be begun now and that nobody has."""
    starting: int = 0
    """Of the workers not ready for a job yet."""
    leaving: int = 0
    """Beside the workers those that finish their job and then go."""
    worker_cores: float | None = None
    """What one busy worker uses of the CPU, on average; None = not known."""

    @property
    def at(self) -> float:
        return self.host.at

    @property
    def spare(self) -> int:
        """Workers that have no job and would find none."""
        return max(0, self.workers - self.busy - self.waiting)


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """How many workers there should be, and why, in one sentence."""

    at: float
    before: int
    after: int
    cause: Cause
    reason: str

    @property
    def change(self) -> int:
        """1, 0 or -1."""
        return self.after - self.before

    @property
    def pressed(self) -> bool:
        """It takes a worker away because the host has no room for it."""
        return self.change < 0 and self.cause in (Cause.CPU, Cause.MEMORY)


def decide(moments: Sequence[Moment], changes: Sequence[Decision], limits: Limits) -> Decision:
    """What follows from the looks so far (oldest first) and the changes made so far.

    At most one worker more or less. Raises ValueError where there is no look.
    """
    if not moments:
        raise ValueError("there is nothing to decide on before the first look")
    now = moments[-1]
    last = changes[-1].at if changes else None
    if last is not None and now.at - last < limits.cool_down_seconds:
        return _steady(now, "The last change is too new.")
    since = [moment for moment in moments if last is None or moment.at > last]
    if now.workers != max(limits.least, min(now.workers, limits.most)):
        return _into_bounds(now, limits)
    return _fewer(since, now, limits) or _more(since, now, changes, limits)


def _steady(now: Moment, reason: str) -> Decision:
    return Decision(
        at=now.at, before=now.workers, after=now.workers, cause=Cause.STEADY, reason=reason
    )


def _changed(now: Moment, by: int, cause: Cause, reason: str) -> Decision:
    after = now.workers + by
    return Decision(at=now.at, before=now.workers, after=after, cause=cause, reason=reason)


def _into_bounds(now: Moment, limits: Limits) -> Decision:
    if now.workers < limits.least:
        if now.workers >= 1 and (short := short_memory(now.host, limits)):
            return _steady(now, short)
        reason = f"There are to be at least {limits.least} workers: one more."
        return _changed(now, 1, Cause.BOUNDS, reason)
    reason = f"There are to be at most {limits.most} workers: one less."
    return _changed(now, -1, Cause.BOUNDS, reason)


# -- one less --------------------------------------------------------------------------------------


def short_memory(host: HostSample, limits: Limits) -> str:
    """Why the memory is short, as a sentence; empty when it is not, or not known."""
    if host.free is not None and host.free < limits.critical_bytes:
        least = gigabytes(limits.critical_bytes)
        return f"Only {gigabytes(host.free)} of memory are free, less than {least}."
    if host.used is not None and host.used >= limits.memory_down:
        most = percent(limits.memory_down)
        return f"{percent(host.used)} of the memory are in use, the limit is {most}."
    return ""


def _fewer(since: Sequence[Moment], now: Moment, limits: Limits) -> Decision | None:
    if now.workers <= limits.least:
        return None
    if short := short_memory(now.host, limits):
        return _changed(now, -1, Cause.MEMORY, f"{short} One worker less.")
    if now.leaving:  # what it brings is not seen yet
        return None
    if _twice(since, lambda seen: seen.host.cpu is not None and seen.host.cpu >= limits.cpu_down):
        reason = f"CPU {percent(now.host.cpu)}, the limit is {percent(limits.cpu_down)}"
        return _changed(now, -1, Cause.CPU, f"{reason}: one worker less.")
    if _idle_long(since, now, limits.idle_seconds):
        reason = (
            f"{_jobs(now.waiting)}, {now.workers - now.busy} of {now.workers} workers have none"
        )
        return _changed(now, -1, Cause.IDLE, f"{reason}: one worker less.")
    return None


def _idle_long(since: Sequence[Moment], now: Moment, seconds: float) -> bool:
    """Whether one worker or more was spare at every look for so long."""
    begun = now.at
    for moment in reversed(since):
        if not moment.spare:
            break
        begun = moment.at
    return bool(now.spare) and now.at - begun >= seconds


# -- one more --------------------------------------------------------------------------------------


def _more(
    since: Sequence[Moment], now: Moment, changes: Sequence[Decision], limits: Limits
) -> Decision:
    """One more, or no change with what stands against it."""
    against = obstacle(now, limits)
    if not against and (seconds := _retry_in(now, changes, limits)) > 0:
        against = f"{now.workers + 1} workers were too many; tried again in {seconds:.0f} s."
    if against:
        return _steady(now, against)
    if not _twice(since, lambda seen: not obstacle(seen, limits)):
        return _steady(now, "There is room for one more; it has to be seen twice.")
    reason = f"{_jobs(now.waiting)}, CPU {percent(now.host.cpu)}, {gigabytes(now.host.free)} free"
    return _changed(now, 1, Cause.ROOM, f"{reason}: one worker more.")


def obstacle(seen: Moment, limits: Limits) -> str:
    """What stood against one worker more at one look, as a sentence; empty = nothing."""
    if seen.workers >= limits.most:
        return f"All {limits.most} workers are there."
    if seen.starting:
        return "A worker is still starting."
    if seen.leaving:
        return "A worker that is to leave still finishes its job."
    if seen.waiting <= max(0, seen.workers - seen.busy):
        return "No job waits for a worker."
    return _no_memory(seen.host, limits) or _no_cpu(seen, limits)


def _no_memory(host: HostSample, limits: Limits) -> str:
    if host.free is None or host.used is None or not host.total:
        return "The free memory is not known."
    if short := short_memory(host, limits):
        return short
    need = limits.up_free_bytes + limits.worker_bytes
    if host.free < need:
        return f"{gigabytes(host.free)} of memory are free, one more needs {gigabytes(need)}."
    then = host.used + limits.worker_bytes / host.total
    if then > limits.memory_up:
        return f"One more would take the memory in use to {percent(then)}."
    return ""


def _no_cpu(seen: Moment, limits: Limits) -> str:
    host = seen.host
    if host.cpu is None:
        return "The use of the CPU is not known."
    if host.cpu > limits.cpu_up:
        most = percent(limits.cpu_up)
        return f"CPU {percent(host.cpu)}: for one more it may be at most {most}."
    if seen.worker_cores is not None and host.cores:
        then = host.cpu + seen.worker_cores / host.cores
        if then >= limits.cpu_down:
            return f"One more would take the CPU from {percent(host.cpu)} to {percent(then)}."
    return ""


def _retry_in(now: Moment, changes: Sequence[Decision], limits: Limits) -> float:
    """Seconds for which one more is not tried, since that number was too many before."""
    wait, reached, until = 0.0, now.at, now.at
    for change in changes:
        if change.after == now.workers + 1:
            reached = change.at
        if change.pressed and change.before == now.workers + 1:
            # One that held for long was not too many; the load was another one then.
            again = wait and change.at - reached <= wait
            longest = max(LONGEST_RETRY_SECONDS, limits.retry_seconds)
            wait = min(2 * wait, longest) if again else limits.retry_seconds
            until = change.at + wait
    return until - now.at


def _twice(since: Sequence[Moment], holds: Callable[[Moment], bool]) -> bool:
    return len(since) >= LOOKS and all(holds(moment) for moment in since[-LOOKS:])


def _jobs(count: int) -> str:
    return "1 job waits" if count == 1 else f"{count or 'No'} jobs wait"
