"""What the Phones screen takes from the cockpit, what its keys act on, and its ways elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.screens.phones_columns import Look, at_work
from console.screens.phones_facts import look
from console.selection import Selection
from engine.errors import EngineError
from engine.private_files import explain

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from console.screens.phones_table import PhoneTable
    from engine.insight.values import ResourceReport


def how(console: ConsoleApp, report: ResourceReport) -> Look:
    """How the operator wants phones to be shown at this moment."""
    overview = console.latest.overview
    return Look(
        now=console.now(),
        style=console.time_style,
        start=overview.started_at if overview is not None else None,
        price=overview.money.price_per_minute if overview is not None else 0.0,
        asked_at=report.asked_at,
        problem=report.problem,
        local=overview is not None and not overview.labels.provider,
    )


def selection(table: PhoneTable) -> Selection:
    """Marked phones, or the one at the cursor."""
    lines = table.chosen
    return Selection(
        resources=tuple(line.id for line in lines),
        jobs=tuple(line.job_id for line in lines if at_work(line)),
        keys=tuple(line.label for line in lines),
        marked=bool(table.marked),
    )


async def show_job(console: ConsoleApp, table: PhoneTable, *, or_last: bool) -> None:
    """The job of the phone at the cursor; ``or_last``: else the last one of its account."""
    line = table.current
    if line is None:
        console.tell(_nowhere(table))
        return
    try:
        facts = await console.feed.ask(lambda watch: look(watch, line))
    except EngineError as exc:
        console.tell(str(exc), tone="bad")
        return
    except OSError as exc:
        console.tell(explain(exc), tone="bad")
        return
    job = facts.job or (facts.last if or_last else None)
    if job is None:
        hint = "; enter shows the last one" if facts.last is not None else " in this ledger"
        console.tell(f"{line.label} is on for no job{hint}.")
        return
    among = [one.job_id for one in table.lines if at_work(one)]
    console.open_job(job.job.job_id, among if job.job.job_id in among else ())


def show_log(console: ConsoleApp, table: PhoneTable) -> None:
    """The log of the phone's job, or of the time when the phone was started."""
    line = table.current
    if line is None:
        console.tell(_nowhere(table))
        return
    since = line.since.isoformat() if line.since is not None else ""
    jobs = (line.job_id,) if line.job_id else ()
    console.show_log(Selection(jobs=jobs, slot=line.slot, time=since))


def _nowhere(table: PhoneTable) -> str:
    return f"There is no {table.label} at the cursor."
