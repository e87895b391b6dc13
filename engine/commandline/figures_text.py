"""Prints the figures of passes and ledgers, at the end of a run and of a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.output import say, table
from engine.run_text import duration_text
from engine.workloads.labels import plural


def passes_table(summary: Mapping[str, Any], stage: str) -> None:
    """Print the stages of a run with their figures; ``stage`` is what the trade calls one."""
    headers = (stage, "jobs", "success", "account", "content", "infra", "unknown", "internal")
    rows = [
        (
            stats.get("label") or stats["pass_number"],
            stats["total_jobs"],
            stats["succeeded"],
            stats["failed_account"],
            stats["failed_content"],
            stats["failed_infrastructure"],
            stats["failed_unknown"],
            stats["failed_internal"],
            stats["in_doubt"],
            f"{stats['success_rate']:.0f} %",
            duration_text(stats["duration_seconds"]),
        )
        for stats in summary.get("passes", ())
    ]
    if rows:
        title = plural(stage).capitalize()
        table(title, (*headers, "in doubt", "rate", "duration"), rows)
    for stats in summary.get("passes", ()):
        if stats.get("note"):
            say(f"{stats.get('label') or stats['pass_number']}: {stats['note']}")


def show_totals(totals: Mapping[str, Any]) -> None:
    """Print the figures of a ledger."""
    say(
        f"Jobs {totals['total']}: success {totals['success']}, failed {totals['failed']}, "
        f"retrying {totals['retrying']}, pending {totals['pending']}, "
        f"in progress {totals['claimed']}, skipped {totals['skipped']}"
    )
    categories = {name: n for name, n in totals["by_category"].items() if n}
    if categories:
        say("Failures: " + ", ".join(f"{name} {n}" for name, n in categories.items()))
    for reason, count in totals["blocked"].items():
        say(f"Blocked: {count} jobs: {reason}")
    if totals["quarantined"]:
        say(f"Quarantined rows: {totals['quarantined']}")
