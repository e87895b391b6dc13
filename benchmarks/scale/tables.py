"""The figures of a measurement as tables (Markdown), ratios first, and as one line for programs."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.scale.by_days import DayCost
from benchmarks.scale.by_phones import PhoneCost
from benchmarks.scale.by_rows import RowCost
from benchmarks.scale.by_workers import WorkerRate


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns stand below each other."""
    lines = [heads, ["---:"] * len(heads), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "| "
        + " | ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )


def rows_table(found: Sequence[RowCost]) -> str:
    """CPU milliseconds, and how each grew against the shortest ledger."""
    heads = ["cost", *(f"{one.rows:,} rows" for one in found), "grew by"]
    lines = []
    for name, values in row_values(found).items():
        grown = values[-1] / values[0] if values[0] else 0.0
        lines.append([name, *(f"{value:,.1f}" for value in values), f"x {grown:,.1f}"])
    return table(heads, lines)


def row_values(found: Sequence[RowCost]) -> dict[str, list[float]]:
    """Each cost by its name, one value a length."""
    ms = 1000.0
    return {
        "claim and completion, CPU ms": [one.probed["pair"] * ms for one in found],
        "opening by a reader, CPU ms": [one.probed["open"] * ms for one in found],
        "start to first claim: supervisor, CPU ms": [
            one.started.supervisor_cpu * ms for one in found
        ],
        "start to first claim: worker, CPU ms": [one.started.worker_cpu * ms for one in found],
        "start to first claim, wall ms": [one.started.wall * ms for one in found],
        "worker's start to first claim, wall ms": [one.started.worker_wall * ms for one in found],
        "`--status`, CPU ms": [one.status_cpu * ms for one in found],
        "`--status`, wall ms": [one.status_wall * ms for one in found],
        "cockpit: counts of the first paint, CPU ms": [one.probed["glance"] * ms for one in found],
        "cockpit: first look, CPU ms": [one.probed["look"] * ms for one in found],
        "cockpit: look, one job changed, CPU ms": [one.probed["changed"] * ms for one in found],
        "cockpit: look, nothing changed, CPU ms": [one.probed["same"] * ms for one in found],
        "idle supervisor, % of a core": [one.started.idle_share * 100 for one in found],
        "idle supervisor, MB": [one.started.supervisor_mb for one in found],
        "worker, MB": [one.started.worker_mb for one in found],
        "cockpit's reader, MB": [one.probed["watch_mb"] for one in found],
    }


def workers_table(found: Sequence[WorkerRate]) -> str:
    """Jobs a second beside the three limits."""
    heads = [
        "workers",
        "of the lowest limit",
        "of the disk's",
        "jobs/s",
        "disk allows",
        "ledger alone",
        "cores allow",
        "supervisor, cores",
        "supervisor, CPU ms/job",
        "workers, CPU ms/job",
        "cores busy",
        "durable writes/job",
        "fsync/s",
    ]
    lines = [
        [
            str(one.workers),
            f"{one.jobs_a_second / one.lowest_limit:.2f}",
            f"{one.jobs_a_second / one.limit_by_disk:.2f}",
            f"{one.jobs_a_second:.0f}",
            f"{one.limit_by_disk:.0f}",
            f"{one.bare_pairs:.0f}",
            f"{one.limit_by_processor:.0f}",
            f"{one.supervisor_share:.2f}",
            f"{one.supervisor_cpu * 1000:.2f}",
            f"{one.worker_cpu * 1000:.2f}",
            f"{one.busy:.0%}",
            f"{one.writes_a_job:.2f}",
            f"{one.syncs_a_second:.0f}",
        ]
        for one in found
    ]
    return table(heads, lines)


def phones_table(found: Sequence[PhoneCost]) -> str:
    heads = ["phones", "list, CPU ms", "list, wall ms", "own record, CPU ms", "`--status`, CPU ms"]
    return table(
        heads,
        [
            [
                f"{one.phones:,}",
                f"{one.list_cpu * 1000:.1f}",
                f"{one.list_wall * 1000:.1f}",
                f"{one.record_cpu * 1000:.1f}",
                f"{one.status_cpu * 1000:.0f}",
            ]
            for one in found
        ],
    )


def days_table(found: Sequence[DayCost]) -> str:
    heads = [
        "days kept",
        "start: supervisor, CPU ms",
        "start to first claim, wall ms",
        "first seeding, CPU ms",
        "seeding, CPU ms",
        "`--status`, CPU ms",
    ]
    return table(
        heads,
        [
            [
                str(one.days),
                f"{one.started.supervisor_cpu * 1000:.0f}",
                f"{one.started.wall * 1000:.0f}",
                f"{one.first_seed_cpu * 1000:.0f}",
                f"{one.seed_cpu * 1000:.0f}",
                f"{one.status_cpu * 1000:.0f}",
            ]
            for one in found
        ],
    )


def last_line(
    rows: Sequence[RowCost],
    workers: Sequence[WorkerRate],
    phones: Sequence[PhoneCost],
    days: Sequence[DayCost],
) -> str:
    """``name=value`` of what is promised, and of how each cost grew."""
    figures: dict[str, float] = {}
    if rows:
        small, large = rows[0], rows[-1]
        figures |= {
            "claim_growth": large.probed["pair"] / small.probed["pair"],
            "look_changed_growth": large.probed["changed"] / small.probed["changed"],
            "status_s": small.status_wall,
            "status_cpu_s": small.status_cpu,
            "worker_to_claim_s": small.started.worker_wall,
            "worker_to_claim_large_s": large.started.worker_wall,
            "idle_supervisor_mb": small.started.supervisor_mb,
            "idle_supervisor_share": small.started.idle_share,
            "idle_supervisor_large_mb": large.started.supervisor_mb,
            "idle_supervisor_large_share": large.started.idle_share,
        }
    if phones:
        figures["phones_list_growth"] = phones[-1].list_cpu / phones[0].list_cpu
    if days:
        none, year = days[0], days[-1]
        figures["year_start_ratio"] = year.started.supervisor_cpu / none.started.supervisor_cpu
        figures["year_seed_ratio"] = year.seed_cpu / none.seed_cpu
    for one in workers:
        figures[f"jobs_per_s_{one.workers}"] = one.jobs_a_second
        figures[f"of_limit_{one.workers}"] = one.jobs_a_second / one.lowest_limit
        figures[f"supervisor_share_{one.workers}"] = one.supervisor_share
    wrong = {
        "double_claims": sum(one.double_claims for one in workers),
        "lost": sum(one.lost for one in workers),
    }
    return " ".join(
        [f"{name}={value:.3g}" for name, value in figures.items()]
        + [f"{name}={value}" for name, value in wrong.items()]
    )
