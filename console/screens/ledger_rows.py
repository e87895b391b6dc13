"""The jobs that the Ledger knows, and what leaves it of them: copies and exports. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, overload

from console.exports import Exported
from console.screens.ledger_columns import Look, cell
from engine.filters.rows import changed_at, why
from engine.insight.values import JobLine
from engine.spreadsheet import inert

_COPIED: Final = ("job", "account", "status", "try", "next", "when", "why", "error")


class JobRows:
    """Every job by its id, as of the latest news."""

    def __init__(self) -> None:
        self.lines: Sequence[JobLine] = ()
        """In file order."""
        self.replaced = False
        """The latest news were of another file: jobs may have gone."""
        self._by_id: dict[str, JobLine] = {}

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._by_id

    def get(self, job_id: str | None) -> JobLine | None:
        return None if job_id is None else self._by_id.get(job_id)

    def of(self, ids: Iterable[str]) -> list[JobLine]:
        """Those of these jobs that there are."""
        return [line for job_id in ids if (line := self._by_id.get(job_id)) is not None]

    def take(self, lines: Sequence[JobLine]) -> set[str]:
        """Take the news; ids of the jobs that are new or another object than before."""
        before, self.lines = self.lines, lines
        if lines is before:
            return set()
        pairs = [pair for pair in zip(before, lines, strict=False) if pair[0] is not pair[1]]
        changed = [new for _, new in pairs] + list(lines[len(before) :])
        self.replaced = len(lines) < len(before) or any(
            old.job.job_id != new.job.job_id for old, new in pairs
        )
        if self.replaced:
            self._by_id = {line.job.job_id: line for line in lines}
        else:
            self._by_id.update((line.job.job_id, line) for line in changed)
        return {line.job.job_id for line in changed}


def record(line: JobLine) -> dict[str, Any]:
    """A job for JSON."""
    job = line.job
    return {
        "job": job.job_id,
        "account": job.account,
        "status": str(job.status),
        "attempts": job.attempts,
        "limit": line.limit,
        "next": line.next,
        "pass": job.pass_number,
        "worker": job.worker_id,
        "claimed_at": job.claimed_at,
        "changed_at": changed_at(job),
        "took_seconds": line.took,
        "category": None if job.error_category is None else str(job.error_category),
        "why": why(job),
        "error": job.error,
        "video": job.video_path,
        "caption": job.caption,
        "run": job.run_id,
    }


def copied(lines: Sequence[JobLine], kind: str, look: Look) -> str:
    """These jobs as text, a line each, or as JSON; empty without any."""
    if not lines:
        return ""
    if kind == "json":
        return json.dumps([record(line) for line in lines], ensure_ascii=False, default=str)
    return "\n".join("\t".join(map(inert, _texts(line, _COPIED, look))) for line in lines)


def exported(lines: Sequence[JobLine], columns: Sequence[str], look: Look) -> Exported:
    """These jobs with these columns; JSON has everything. Written only when it is asked for."""
    return Exported(
        name="ledger",
        headers=list(columns),
        rows=_Rows(lines, columns, look),
        records=_Records(lines),
    )


def _texts(line: JobLine, columns: Collection[str], look: Look) -> list[str]:
    found = (cell(line, column, look) for column in columns)
    return [value[0] if isinstance(value, tuple) else str(value) for value in found]


class _Rows(Sequence[Sequence[str]]):
    """Made one by one while they are written: fifty thousand at once would stop the cockpit."""

    def __init__(self, lines: Sequence[JobLine], columns: Sequence[str], look: Look) -> None:
        self._lines = lines
        self._columns = columns
        self._look = look

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> Sequence[str]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sequence[str]]: ...
    def __getitem__(self, index: int | slice) -> Sequence[str] | Sequence[Sequence[str]]:
        if isinstance(index, slice):
            return _Rows(self._lines[index], self._columns, self._look)
        return _texts(self._lines[index], self._columns, self._look)


class _Records(Sequence[Mapping[str, Any]]):
    """The same for JSON."""

    def __init__(self, lines: Sequence[JobLine]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Mapping[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> Mapping[str, Any] | Sequence[Mapping[str, Any]]:
        if isinstance(index, slice):
            return _Records(self._lines[index])
        return record(self._lines[index])
