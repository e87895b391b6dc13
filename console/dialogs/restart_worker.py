"""Restart a worker that has a job: which one, where it is, what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from console.dialogs.base import Dialog
from console.times import age
from engine.insight.values import WorkerLine


class RestartWorker(Dialog[bool]):
    """Hands back True for *yes*."""

    NO = "Keep running"

    def __init__(self, worker: WorkerLine) -> None:
        super().__init__(f"Restart worker {worker.slot}")
        self._first = self._worker = worker

    def facts(self, width: int) -> Iterable[Text | str]:
        worker = self._worker
        if worker.job_id != self._first.job_id:
            yield f"! its job changed: it was {self._first.job_id}"
        if not worker.job_id:
            yield "It has no job now: nothing is interrupted."
            return
        yield f"Job      {worker.job_id}  {worker.key}"
        phase = worker.phase or worker.state
        yield f"Phase    {phase}, for {age(worker.phase_since, self.now)}"
        yield ""
        if worker.submitted:
            yield (
                "It is past its point of no return: the worker gets its time to see the outcome; "
                "else the job is in doubt."
            )
        else:
            yield "The job is given back and the attempt is not counted."
        yield "The worker finishes or gives back first, then it starts again."

    def yes_words(self) -> str:
        return f"Restart worker {self._worker.slot}"

    def result(self) -> bool:
        return True

    def show_sight(self, sight: object) -> None:
        overview = self.console.latest.overview
        for line in overview.workers if overview is not None else ():
            if line.slot == self._first.slot:
                self._worker = line
        self.redraw()
