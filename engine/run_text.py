"""What a run says in words: its passes, its seeding, its limits. Values in, sentences out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.workloads.labels import plural

if TYPE_CHECKING:
    from engine.progress import ProgressTracker
    from engine.retry import RetryConfig
    from engine.workloads.base import SeedReport


def duration_text(seconds: object) -> str:
    """Whole seconds; a pass that was stopped has no duration of its own."""
    return f"{seconds:.0f} s" if isinstance(seconds, int | float) else "cut off"


def pass_figures(stats: Mapping[str, Any]) -> str:
    """The figures of one pass in one line."""
    failed = [
        f"{name.removeprefix('failed_').replace('_', ' ')} {stats[name]}"
        for name in (*(key for key in stats if key.startswith("failed_")), "in_doubt")
        if stats[name]
    ]
    text = f"succeeded {stats['succeeded']} of {stats['total_jobs']}, failed {stats['failed']}"
    text += f" ({', '.join(failed)})" if failed else ""
    for name in ("blocked", "unprocessed"):
        text += f", {name} {stats[name]}" if stats[name] else ""
    return f"{text}, in {duration_text(stats['duration_seconds'])}"


def seeding_lines(report: SeedReport, key_label: str) -> list[str]:
    """What a seeding did (A5.2.14): seeded, left out and why, keys used, keys idle."""
    lines = [f"Seeded {report.seeded} jobs for {report.keys_used} {plural(key_label)}."]
    lines += [f"Left out, {reason}: {count}." for reason, count in report.skipped.items()]
    if report.keys_idle:
        lines.append(f"Idle {plural(key_label)}: {', '.join(report.keys_idle)}.")
    return lines


def why_nothing(report: SeedReport) -> str:
    """The sentence about a seeding that found no job."""
    reasons = ", ".join(f"{reason}: {count}" for reason, count in report.skipped.items())
    return f"There is nothing to do: no job was seeded ({reasons or 'the job source has none'})."


def retry_configuration(retry: RetryConfig) -> tuple[str, ...]:
    """What a run's passes are limited to (A8.14)."""
    return (
        "Retry Configuration:",
        f"  max passes: {retry.max_passes}",
        f"  retry delay: {retry.retry_delay_seconds:g}s",
        f"  infra retry limit: {retry.infrastructure_limit}",
        f"  retry unknown errors: {'yes' if retry.retry_unknown else 'no'}",
    )


def left_alone(ledger: ProgressTracker) -> str:
    """Failures that a run will not touch, and which flag would change that (A3.9)."""
    left = [job for job in ledger.failed() if not ledger.retryable(job) and not job.in_doubt]
    if not left:
        return ""
    return (
        f"{len(left)} failed jobs are left alone: their attempts are used up or their errors are "
        "final; --retry-all-failed requeues what may be tried again."
    )
