"""Requeue: asked only where a person should look first, or where it is a great many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.text import Text

from console.amounts import counted
from console.dialogs.base import Control, Dialog
from console.dialogs.controls import Choice
from console.dialogs.job_rows import RequeueChoice, by_class, job_row
from console.feed import Need
from engine.insight.values import JobLine
from engine.jobs import JobStatus

READY = "ready"
ALL = "all"


class Requeue(Dialog[tuple[str, ...]]):
    """Hands back the ids that shall be tried again."""

    NEEDS: ClassVar[frozenset[Need]] = frozenset({Need.JOBS})

    def __init__(self, wanted: RequeueChoice, title: str, left_alone: str = "") -> None:
        """``left_alone`` says what of the ledger is not among the targets."""
        super().__init__(title)
        self._wanted = wanted
        self._left_alone = left_alone
        self._now = {line.job.job_id: line for line in wanted.lines}
        ready, count, people = len(wanted.ready), len(wanted.lines), wanted.people
        options = [(ALL, f"requeue all {count}")]
        if ready and people:
            options.insert(0, (READY, f"requeue {ready}, leave the {people}"))
        self._choice = Choice("", options, options[0][0])

    def facts(self, width: int) -> Iterable[Text | str]:
        yield "failed -> retrying: claimable now, attempts start again at 0"
        if len(self._wanted.lines) > 1:
            yield f"By class: {by_class(self._wanted.lines)}."
        if self._left_alone:
            yield self._left_alone
        yield ""
        for line in self._wanted.lines:
            yield job_row(line, self._now.get(line.job.job_id), width, self.labels)
        yield ""
        yield from self._wanted.advice(self.labels)
        yield "Undo with u until a worker claims one."

    def bottom(self) -> Sequence[Control]:
        return (self._choice,) if self._wanted.people and self._wanted.ready else ()

    def _ids(self) -> tuple[str, ...]:
        """Chosen, and failed still."""
        ids = self._wanted.ready if self._choice.value == READY else self._wanted.all
        return tuple(
            job_id
            for job_id in ids
            if job_id in self._now and self._now[job_id].job.status is JobStatus.FAILED
        )

    def yes_words(self) -> str:
        return f"Requeue {counted(len(self._ids()), 'job')}"

    def why_not(self) -> str:
        return "" if self._ids() else "None of them is failed any more."

    def result(self) -> tuple[str, ...]:
        return self._ids()

    def show_sight(self, sight: object) -> None:
        """The jobs come by themselves."""

    def show_jobs(self, lines: Sequence[JobLine]) -> None:
        known = set(self._wanted.all)
        self._now = {line.job.job_id: line for line in lines if line.job.job_id in known}
        self.redraw()
