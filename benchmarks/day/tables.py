"""The figures of the days as tables, ratios first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.day.causes import CAUSES
from benchmarks.day.measured import Measured
from benchmarks.day.usage import ADB, APPIUM, ENGINE_ROLES, FARM, SUPERVISOR, WORKER

Row = Sequence[str]
BUDGET: Final = 150
"""Calls a minute of one path that all workers may make together (phones.calls_per_minute)."""


def day_table(days: Sequence[Measured]) -> str:
    """Time and money of each day; times in simulated minutes."""
    head = (
        "plan", "workers", "efficiency", "at scale 1", "billed", "in seconds",
        "jobs", "wall min", "limit min", "bound min", "minutes", "least",
        "touches", "looks", "calls/min",
    )  # fmt: skip
    return table([head, *(_day(day) for day in days)])


def _day(day: Measured) -> Row:
    path, most = max(day.calls.items(), key=lambda item: item[1], default=("", 0))
    return (
        _name(day),
        str(day.order.workers),
        f"{day.efficiency:.3f}",
        f"{day.efficiency_at_one:.3f}",
        f"{day.billed_ratio:.3f}",
        f"{day.on_ratio:.3f}",
        f"{len(day.good)}/{day.order.jobs}",
        f"{day.wall / 60:.1f}",
        f"{day.limit / 60:.1f}",
        f"{day.bound / 60:.1f}",
        str(day.billed_minutes),
        str(day.least_minutes),
        f"{day.steps:.1f}",
        f"{day.looks:.1f}",
        f"{most} {path}{'!' if most > BUDGET else ''}",
    )


def usage_table(days: Sequence[Measured]) -> str:
    """CPU seconds a job and most megabytes of one process, by role."""
    roles = (SUPERVISOR, WORKER, APPIUM, ADB, FARM)
    head = (
        *("plan", "workers", "engine CPU s/job", "of it starting"),
        *(f"{role} CPU" for role in roles),
        *(f"{role} MB" for role in roles if role != ADB),
    )
    return table([head, *(_usage(day, roles) for day in days)])


def _usage(day: Measured, roles: Sequence[str]) -> Row:
    jobs = max(1, len(day.good))
    start = sum(day.usage.start_cpu.values()) / jobs
    return (
        _name(day),
        str(day.order.workers),
        f"{day.engine_cpu:.2f}",
        f"{start:.2f}",
        *(f"{day.usage.cpu[role] / jobs:.2f}" for role in roles),
        *(f"{day.usage.most_mb[role]:.0f}" for role in roles if role != ADB),
    )


def cause_table(days: Sequence[Measured]) -> str:
    """Share of the workers' time in percent by cause, one column a day."""
    return _shares(days, CAUSES, lambda day, cause: day.lost.seconds[cause])


def slack_table(days: Sequence[Measured]) -> str:
    """Where the polling slack arose, in percent of the workers' time."""
    phases = dict.fromkeys(phase for day in days for phase in day.lost.slack)
    return _shares(days, list(phases), lambda day, phase: day.lost.slack[phase])


def _shares(
    days: Sequence[Measured], rows: Sequence[str], of: Callable[[Measured, str], float]
) -> str:
    head = ("percent of worker time", *(f"{_name(day)} {day.order.workers}" for day in days))
    return table(
        [
            head,
            *(
                (row, *(f"{100 * of(day, row) / max(1.0, day.lost.whole):.1f}" for day in days))
                for row in rows
            ),
        ]
    )


def job_seconds(day: Measured) -> str:
    """One sentence: what one job costs of this host, and what the scale makes of it."""
    seconds = day.host_seconds
    worker = day.usage.cpu[WORKER] / max(1, len(day.good))
    least = sum(visit.least for visit in day.good) / max(1, len(day.good))
    scale = day.order.scale
    lowers = 100 * seconds * (scale - 1) / (least + seconds * scale)
    return (
        f"Of this host a job takes {seconds:.2f} CPU s one after the other (worker {worker:.2f}, "
        f"the rest stand-ins). At scale {scale:g} that is {seconds * scale:.0f} simulated s beside "
        f"{least:.0f} s of its phone, which lowers the efficiency as measured by {lowers:.0f} %. "
        f"For each CPU second a worker waited {day.usage.waited:.1f} s for a free core: a busy "
        "machine lowers it further."
    )


def table(rows: Sequence[Row]) -> str:
    """Columns as wide as their widest cell; the first to the left, the rest to the right."""
    wide = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in rows
    )


def last_line(
    engine: Sequence[Measured], fixed: Sequence[Measured], faulty: Measured | None
) -> str:
    """For programs: the figures by name."""
    figures = [f"efficiency_{day.order.workers}={day.efficiency:.3f}" for day in engine]
    figures += [
        f"efficiency_{day.order.workers}_at_scale_1={day.efficiency_at_one:.3f}" for day in engine
    ]
    billed = sum(day.billed_minutes for day in engine)
    least = sum(day.least_minutes for day in engine)
    jobs = sum(len(day.good) for day in engine)
    cpu = sum(day.usage.cpu[role] for day in engine for role in ENGINE_ROLES)
    figures += [f"billed_ratio={billed / max(1, least):.3f}", f"cpu_s_per_job={cpu / jobs:.3f}"]
    figures += [
        f"billed_in_seconds={_mean(engine, lambda day: day.on_ratio):.3f}",
        f"calls_per_job={sum(day.asked for day in engine) / jobs:.2f}",
        f"syncs_per_job={sum(day.syncs for day in engine) / jobs:.2f}",
        f"pauses_over_phone={_pauses(engine):.3f}",
        f"waited_per_cpu_s={_mean(engine, lambda day: day.usage.waited):.2f}",
        f"looks_per_touch={_mean(engine, lambda day: day.looks / max(1.0, day.steps)):.3f}",
    ]
    if faulty is not None:
        figures.append(f"billed_ratio_faults={faulty.billed_ratio:.3f}")
    if fixed:
        figures.append(f"gain_over_fixed_waits={least_gain(engine, fixed):.3f}")
    return " ".join(figures)


def _mean(days: Sequence[Measured], of: Callable[[Measured], float]) -> float:
    """Of the days, each with the weight of its jobs."""
    jobs = sum(len(day.good) for day in days)
    return sum(of(day) * len(day.good) for day in days) / max(1, jobs)


def _pauses(days: Sequence[Measured]) -> float:
    """What the jobs asked to wait over what their phones needed, which goes on meanwhile."""
    needed = sum(visit.least for day in days for visit in day.good)
    return sum(day.paused for day in days) / max(1.0, needed)


def least_gain(engine: Sequence[Measured], fixed: Sequence[Measured]) -> float:
    """How often the engine's day fits into that with the fixed waits; the worst of the counts,
    so that the stagger of a short day with many workers does not flatter it."""
    walls = {day.order.workers: day.wall for day in engine}
    return min(day.wall / walls[day.order.workers] for day in fixed)


def _name(day: Measured) -> str:
    faults = f", {day.order.faults:.0%} faults" if day.order.faults else ""
    return f"{day.order.plan.name}{faults}"
