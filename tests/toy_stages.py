"""Stages of the toy trade: rooms, entered one after the other, each aired before the next.

A job belongs to the room that its line names (``stage:2``). What airing a room takes is a line
``number word…`` of ``gates.txt``: ``until:FILE`` waits for it (a stop ends the wait), ``deaf:FILE``
does so whatever is asked of it, ``say:WORD`` tells the operator, ``alarm:WORD`` alarms him,
``fail:WHY`` keeps the room shut, ``bug`` is a program error.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.insight.attempts import PassHistory
from engine.jobs import JobStatus
from engine.progress import ProgressTracker
from engine.retry import STOPPED, PassStats, stats_of
from engine.run_history import RunHistory
from engine.workloads.base import Herald, Stage

_LOOK = 0.02
DONE = frozenset({JobStatus.SUCCESS, JobStatus.SKIPPED})


class ToyStages:
    """A plan of rooms: what is not done, or not aired, keeps everybody from the next."""

    def __init__(
        self, ledger: ProgressTracker, run_id: str, herald: Herald, work_dir: Path
    ) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._herald = herald
        self._work_dir = work_dir
        self._gates = _gates(work_dir)
        self._stopped = threading.Event()
        self._result = STOPPED
        self._why = ""
        self._entered: list[int] = []
        self._done: list[int] = []
        self.doing = ""

    def __iter__(self) -> Iterator[Stage]:
        for room in self._rooms():
            if left := self._left(room):
                self._entered.append(room)
                yield Stage(number=room, label=f"room {room}", total_jobs=left)
            if self._stopped.is_set():
                return
            if self._left(room, but=DONE):
                self._result, self._why = "stage_failed", f"Room {room} has jobs that failed."
                return
            if not self._aired(room):
                return
            self._done.append(room)
        self._result = "all_complete"

    def opening(self) -> Sequence[str]:
        return [f"Rooms with a gate: {len(self._gates)}."]

    @property
    def result(self) -> str:
        return STOPPED if self._stopped.is_set() else self._result

    @property
    def max_passes(self) -> int:
        return max((job.pass_number for job in self._ledger.jobs().values()), default=1)

    def summary(self) -> Mapping[str, Any]:
        # Asked while the plan is at work: a history of its own is nobody else's.
        history = RunHistory(self._ledger, self._run_id).passes()
        entered = list(self._entered)
        coming = [room for room in self._rooms() if not entered or room > entered[-1]]
        return {
            "result": self.result,
            "why": self._why,
            "limits": "one room after the other, each aired",
            "passes_allowed": self.max_passes,
            "passes": [
                stats_of(room, history.get(room, PassHistory())).to_dict()
                | {"label": f"room {room}", "note": self._why if room == entered[-1] else ""}
                | ({"result": "aired"} if room in self._done else {})
                for room in entered
            ]
            + [
                {**PassStats(pass_number=room, total_jobs=self._left(room)).to_dict()}
                | {"label": f"room {room}"}
                for room in coming
            ],
        }

    def stop(self) -> None:
        self._stopped.set()

    def add_stage(self) -> None:
        return

    def _rooms(self) -> Sequence[int]:
        return sorted({job.pass_number for job in self._ledger.jobs().values()})

    # -- parts -----------------------------------------------------------------------------------

    def _left(self, room: int, but: frozenset[JobStatus] | None = None) -> int:
        """Jobs of a room that wait or are under way; with ``but``, all but those."""
        open_ = (JobStatus.PENDING, JobStatus.CLAIMED, JobStatus.RETRYING)
        found = [job for job in self._ledger.jobs().values() if job.pass_number == room]
        if but is not None:
            return sum(job.status not in but for job in found)
        return sum(job.status in open_ for job in found)

    def _aired(self, room: int) -> bool:
        self.doing = f"airing room {room}"
        try:
            return all(self._does(word, room) for word in self._gates.get(room, ()))
        finally:
            self.doing = ""

    def _does(self, word: str, room: int) -> bool:
        name, _, value = word.partition(":")
        if name == "bug":
            raise AttributeError("'NoneType' object has no attribute 'window'")
        if name == "fail":
            self._result, self._why = "gate_failed", f"Room {room}: {value}."
            return False
        if name == "say":
            self._herald.line(value)
        elif name == "alarm":
            self._herald.alarm(value)
        while name in ("until", "deaf") and not (self._work_dir / value).exists():
            if self._stopped.wait(_LOOK) and name == "until":
                return False
        return True


def _gates(work_dir: Path) -> Mapping[int, Sequence[str]]:
    path = work_dir / "gates.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {int(line.split()[0]): line.split()[1:] for line in lines if line.strip()}
