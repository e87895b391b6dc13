"""Jobs brought into the ledger before the first stage of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.run_text import seeding_lines, why_nothing

if TYPE_CHECKING:
    from engine.orchestrator import Orchestrator


def seed(run: Orchestrator) -> None:
    """Fill an empty ledger; one that has jobs gets what is new, where the trade's source grows.

    Raises EngineError: InputError where a new ledger would have no job.
    """
    begun = run.ledger.has_jobs()
    if begun and not run.workload.grows:
        return
    run.phase = "seeding"
    report = run.meanwhile(lambda: run.workload.seed(run.ledger))
    if begun and not report.seeded:
        return
    for text in (*report.messages, *seeding_lines(report, run.workload.labels.key)):
        run.news.line(text)
    run.news.emit("seeded", jobs=report.seeded, skipped=dict(report.skipped))
    if not report.seeded:
        raise InputError(why_nothing(report))
