"""Names of the command line's commands, known to the parser and to what carries them out."""

from __future__ import annotations

COMMANDS = (
    "run",
    "status",
    "stop_all",
    "seed_only",
    "reset_day",
    "force_reseed",
    "retry_all_failed",
    "list_campaigns",
    "requeue",
    "skip",
    "unskip",
    "mark_posted",
    "export",
    "send",
    "stop_resources",
)
JOB_COMMANDS = ("requeue", "skip", "unskip", "mark_posted")
CONTROL_COMMANDS = (*JOB_COMMANDS, "retry_all_failed", "stop_resources", "send")
"""On jobs, claims and resources."""
READING = ("status", "list_campaigns", "dry_run", "watch")
"""Commands that change nothing, not even a log."""
ALLOWED_PAIRS = (
    {"run", "seed_only"},  # seeding wins (A1.8)
    {"run", "force_reseed"},
    {"seed_only", "force_reseed"},
    {"run", "seed_only", "force_reseed"},
)
