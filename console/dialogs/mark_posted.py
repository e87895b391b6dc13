"""Mark posted: the operator's word that a job in doubt was published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text

from console.amounts import counted
from console.dialogs.base import Dialog
from console.dialogs.job_rows import job_row
from console.feed import Need
from console.plain import plain
from console.times import clock
from engine.insight.values import EvidenceFile, JobLine
from engine.workloads.labels import Labels


class MarkPosted(Dialog[tuple[str, ...]]):
    """Hands back the ids that were published, by the word of whoever sits here."""

    NEEDS: ClassVar[frozenset[Need]] = frozenset({Need.JOBS})

    def __init__(
        self,
        lines: Sequence[JobLine],
        evidence: Mapping[str, Sequence[EvidenceFile]],
        *,
        who: str,
        labels: Labels,
        work_dir: Path,
    ) -> None:
        super().__init__(f"Mark {counted(len(lines), 'job')} as {labels.done}")
        self._lines = list(lines)
        self._evidence = evidence
        self._who = who
        self._words = labels
        self._work_dir = work_dir
        self._now = {line.job.job_id: line for line in lines}

    def facts(self, width: int) -> Iterable[Text | str]:
        yield f"failed, in doubt -> success: it was {self._words.doubtful}, nothing more is done."
        yield ""
        for line in self._lines:
            yield job_row(line, self._now.get(line.job.job_id), width, self._words)
            if line.job.submitted_at is not None:
                yield f"    submitted {clock(line.job.submitted_at, self.now, seconds=True)}"
            if line.job.error:
                yield f"    {plain(line.job.error)}"
            yield from self._files(line.job.job_id)
        yield ""
        yield f"Who says so: {self._who}. It is kept in the ledger and cannot be undone."
        keys = list(dict.fromkeys(line.job.account for line in self._lines))
        yield f"It counts against the daily cap of {self._words.key} {', '.join(keys)}."

    def _files(self, job_id: str) -> Iterable[str]:
        files = self._evidence.get(job_id, ())
        if not files:
            yield f"    no evidence was left: look at the {self._words.key} itself"
        for file in files:
            path = file.path
            if path.is_relative_to(self._work_dir):
                path = path.relative_to(self._work_dir)
            yield f"    {path}"

    def _ids(self) -> tuple[str, ...]:
        """In doubt still."""
        return tuple(job_id for job_id, line in self._now.items() if line.job.in_doubt)

    def yes_words(self) -> str:
        count = len(self._ids())
        return f"Mark {count} as {self._words.done}"

    def why_not(self) -> str:
        return "" if self._ids() else "None of them is in doubt any more."

    def result(self) -> tuple[str, ...]:
        return self._ids()

    def show_sight(self, sight: object) -> None:
        """The jobs come by themselves."""

    def show_jobs(self, lines: Sequence[JobLine]) -> None:
        known = {line.job.job_id for line in self._lines}
        self._now = {line.job.job_id: line for line in lines if line.job.job_id in known}
        self.redraw()
