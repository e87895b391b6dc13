"""Acts on jobs: try again, leave out, settle; and the undo of all that can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from console.amounts import counted
from console.desk import words
from console.desk.wire import Wire
from console.dialogs.job_rows import (
    RETRYABLE,
    RequeueChoice,
    by_class,
    category_of,
    failed,
)
from console.dialogs.mark_posted import MarkPosted
from console.dialogs.requeue import Requeue
from engine.filters import job_fields, parse
from engine.jobs import JobStatus
from engine.undo import Undoable, UndoBook
from engine.workloads.labels import GENERIC, Labels

if TYPE_CHECKING:
    from console.selection import Selection
    from engine.insight.values import JobLine

NO_JOB: Final = "No job is selected."
UNDONE: Final = frozenset({"requeue", "skip", "unskip", "hold", "release"})
"""What ``u`` takes back; a pause has its own key (console-features 6.3)."""


class JobActs:
    """What the operator does to jobs."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def requeue(self, selection: Selection) -> None:
        """At once, unless a person should look first or it is a great many."""
        lines = await self._wire.job_lines(selection.jobs)
        choice = RequeueChoice(failed(lines))
        if not choice.lines:
            self._wire.tell(_nothing(lines, "failed", "requeue"), bad=True)
            return
        ids: Sequence[str] | None = choice.all
        if choice.asks:
            which = "marked job" if selection.marked else "job"
            title = f"Requeue {counted(len(choice.lines), which)}"
            ids = await self._wire.ask(Requeue(choice, title))
        if ids:
            await self._change("requeue", ids)

    async def requeue_all(self) -> None:
        """Everything of a class that another try may help; asks with the number by class."""
        every = failed(await self._wire.job_lines(None))
        wanted = [line for line in every if category_of(line.job) in RETRYABLE]
        left = [line for line in every if category_of(line.job) not in RETRYABLE]
        alone = f"Left alone: {by_class(left)}." if left else ""
        if not wanted:
            self._wire.tell(f"Nothing failed that may be retried. {alone}".rstrip())
            return
        title = f"Requeue all {len(wanted)} that may be retried"
        ids = await self._wire.ask(Requeue(RequeueChoice(wanted), title, alone))
        if ids:
            await self._change("requeue", ids)

    async def requeue_where(self, expression: str) -> None:
        """What a filter matches; always asks, because a filter may match more than was meant."""
        app = self._wire.app
        wanted = parse(expression, job_fields(now=app.now()))
        lines = failed([line for line in await self._wire.job_lines(None) if wanted(line)])
        if not lines:
            self._wire.tell(f"No failed job matches {expression}.")
            return
        title = f"Requeue {counted(len(lines), 'job')} by filter"
        ids = await self._wire.ask(Requeue(RequeueChoice(lines), title, f"Filter: {expression}"))
        if ids:
            await self._change("requeue", ids)

    async def skip(self, selection: Selection) -> None:
        """Leave out; where all of them are left out already, take them back in."""
        lines = await self._wire.job_lines(selection.jobs)
        skipped = [line for line in lines if line.job.status is JobStatus.SKIPPED]
        if not lines:
            self._wire.tell(NO_JOB, bad=True)
        elif len(skipped) == len(lines):
            await self._change("unskip", [line.job.job_id for line in skipped])
        else:
            others = [line for line in lines if line.job.status is not JobStatus.SKIPPED]
            await self._change("skip", [line.job.job_id for line in others])

    async def mark_posted(self, selection: Selection) -> None:
        """Settle jobs in doubt, after a look at their evidence."""
        lines = await self._wire.job_lines(selection.jobs)
        doubtful = [line for line in lines if line.job.in_doubt]
        if not doubtful:
            what = f"mark as {self._labels.done}"
            self._wire.tell(_nothing(lines, "in doubt", what), bad=True)
            return
        app = self._wire.app
        ids = [line.job.job_id for line in doubtful]
        evidence = await app.feed.ask(lambda watch: {job: watch.evidence(job) for job in ids})
        dialog = MarkPosted(
            doubtful,
            evidence,
            who=app.who,
            labels=self._labels,
            work_dir=self._wire.watch.work_dir,
        )
        chosen = await self._wire.ask(dialog)
        if chosen:
            await self._change("mark_posted", chosen)

    @property
    def _labels(self) -> Labels:
        overview = self._wire.overview
        return GENERIC if overview is None else overview.labels

    async def _change(self, name: str, ids: Sequence[str]) -> None:
        answer = await self._wire.send(self._wire.command(name, ids=tuple(ids)))
        told = words.of_jobs(name, answer, self._labels)
        self._wire.tell(told.text, bad=told.bad)

    # -- undo ------------------------------------------------------------------------------------

    async def undo(self) -> None:
        """Take the last one back, as far as nobody claimed its jobs meanwhile."""
        last = await self.last()
        if last is None:
            self._wire.tell("There is nothing to take back.")
            return
        answer = await self._wire.send(self._wire.command("undo", undo_of=last.id))
        told = words.of_answer(answer)
        self._wire.tell(told.text, bad=told.bad)

    async def last(self) -> Undoable | None:
        """What ``u`` would take back now, whoever did it."""
        run_dir = self._wire.watch.run_dir

        def look() -> Undoable | None:
            return next((entry for entry in UndoBook(run_dir).all() if entry.name in UNDONE), None)

        return await self._wire.app.feed.in_background(look)


def _nothing(lines: Sequence[JobLine], state: str, act: str) -> str:
    """Why there is nothing to do with these."""
    if not lines:
        return NO_JOB
    job = lines[0].job
    if len(lines) == 1:
        return f"{job.job_id} is {job.status}, not {state}: there is nothing to {act}."
    return f"None of the {len(lines)} jobs is {state}: there is nothing to {act}."
