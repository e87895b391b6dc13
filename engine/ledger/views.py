"""The jobs of a ledger as a read-only mapping that makes a ``Job`` only when it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from engine.jobs import Job
from engine.ledger.fold import Fold


class JobView(Mapping[str, Job]):
    """Jobs by id, in file order, as they stood when the view was made."""

    def __init__(self, fold: Fold, threads: threading.RLock) -> None:
        self._fold = fold
        self._threads = threads
        self._rows = {job_id: len(entry.rows) for job_id, entry in fold.entries.items()}

    def __getitem__(self, job_id: str) -> Job:
        entry, rows = self._fold.entries[job_id], self._rows[job_id]
        with self._threads:
            if len(entry.rows) == rows:
                return self._fold.job(entry)
            return self._fold.history(entry)[rows - 1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._rows
