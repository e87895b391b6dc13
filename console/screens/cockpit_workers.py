"""Who does what: the workers as rows, and what is to be known of the one under the cursor.

Values in, text out (console-features 6.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from console.plain import plain
from console.times import NOTHING, TimeStyle, age, beat, span, written
from console.widgets.columns import Column
from console.widgets.tones import Drawn, Tone
from engine.workloads.labels import Labels

if TYPE_CHECKING:
    from engine.insight.values import PhaseTimes, UsualTimes, WorkerLine

BEAT_SECONDS: Final = 10.0
"""A sign of life older than this is shown as attention (console-features 6.5)."""
AGES: Final = ("phase", "for", "beat", "since")
"""Columns that may change by the second."""

_W: Final = Column("w", "W", 2, priority=0)
_STATE: Final = Column("state", "STATE", 8, priority=0)
_SINCE: Final = Column("since", "SINCE", 7, priority=9)
_JOB: Final = Column("job", "JOB", 11, priority=8)
_ACCOUNT: Final = Column("account", "ACCOUNT", 9, flex=True, priority=1)
_PHASE: Final = Column("phase", "PHASE", 11, flex=True, priority=1)
_FOR: Final = Column("for", "FOR", 7, align="right", priority=1)
_BEAT: Final = Column("beat", "BEAT", 4, align="right", priority=2)
_CPU: Final = Column("cpu", "CPU", 4, align="right", priority=6)
_MEM: Final = Column("mem", "MEM", 4, align="right", priority=6)
_PORT: Final = Column("port", "PORT", 5, align="right", priority=7)
_OK: Final = Column("ok", "OK", 3, align="right", priority=3)
_FAIL: Final = Column("fail", "FAIL", 4, align="right", priority=3)
_RST: Final = Column("rst", "RST", 3, align="right", priority=4)

GAP: Final = 1
"""Blank between the columns of workers; figures have more where there is room."""
NARROW: Final = (
    *(_W, _STATE, _ACCOUNT, _PHASE, _FOR),
    *(replace(one, width=one.width + 1) for one in (_BEAT, _CPU, _MEM, _OK, _FAIL, _RST)),
)
JOBS: Final = (_W, _STATE, _JOB, _ACCOUNT, _PHASE, _FOR, _PORT, _SINCE)
ALL: Final = (
    *(_W, _STATE, _SINCE, _JOB, _ACCOUNT, _PHASE, _FOR, _BEAT, _CPU, _MEM, _PORT),
    *(_OK, _FAIL, _RST),
)
MORE: Final = Column("more", "", 6)
"""Room in the header for which of many workers are in sight."""


def named(columns: Sequence[Column], labels: Labels) -> tuple[Column, ...]:
    """The columns under the trade's own titles."""
    title = labels.key.upper()
    return tuple(replace(one, title=title) if one.key == "account" else one for one in columns)


SORTS: Final = ("w", "state", "for", "beat", "ok", "fail", "rst")
"""Columns that the workers may be in order of."""

_STATES: Final[Mapping[str, str]] = {
    "adb pending": "adb wait",
    "adb ready": "adb ok",
    "appium ready": "ready",
}
"""Readiness states in words that fit the column (console-features 6.5)."""
_TONES: Final[Mapping[str, Tone]] = {
    "backoff": "warn",
    "recovery": "warn",
    "fatal": "bad",
    "stopped": "dim",
    "held": "dim",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Clockwork:
    """How moments are written now."""

    now: datetime
    style: TimeStyle
    start: datetime | None


def cell(worker: WorkerLine, column: str, clockwork: Clockwork, *, held: bool = False) -> Drawn:
    """One cell of a worker's row."""
    now = clockwork.now
    match column:
        case "state":
            return _state(worker, held=held)
        case "since":
            return written(worker.since, clockwork.style, now, clockwork.start)
        case "phase":
            return _phase(worker, now)
        case "for":
            return _for(worker, now)
        case "beat":
            return _beat(worker, now)
    return _FIGURES[column](worker)


def _state(worker: WorkerLine, *, held: bool) -> Drawn:
    word = _STATES.get(worker.state, worker.state)
    if held and worker.state != "held":
        return (f"{word} held", "warn")
    return (word, _TONES.get(worker.state, ""))


def _phase(worker: WorkerLine, now: datetime) -> str:
    if worker.restart_at is not None and not worker.phase:
        return f"retry in {span((worker.restart_at - now).total_seconds())}"
    return worker.phase or NOTHING


def _for(worker: WorkerLine, now: datetime) -> Drawn:
    """Time in the phase; with a sign where it is twice the usual."""
    if not (worker.phase or worker.job_id):
        return NOTHING
    text = age(worker.phase_since, now)
    return (f"!{text}", "warn") if worker.slow else text


def _beat(worker: WorkerLine, now: datetime) -> Drawn:
    text = beat(worker.beat, now)
    old = worker.beat is not None and (now - worker.beat).total_seconds() >= BEAT_SECONDS
    return (f"!{text}", "warn") if old else text


_FIGURES: Final[Mapping[str, Callable[[WorkerLine], str]]] = {
    "w": lambda worker: str(worker.slot),
    "job": lambda worker: worker.job_id or NOTHING,
    "account": lambda worker: worker.key or NOTHING,
    "cpu": lambda worker: NOTHING if worker.cpu_percent is None else f"{worker.cpu_percent:.0f}%",
    "mem": lambda worker: NOTHING if worker.memory_mb is None else f"{worker.memory_mb:.0f}M",
    "port": lambda worker: NOTHING if worker.port is None else str(worker.port),
    "ok": lambda worker: str(worker.success),
    "fail": lambda worker: str(worker.failed),
    "rst": lambda worker: str(worker.restarts),
    "more": lambda _worker: "",
}
"""Cells that do not change by the second."""


def ordered(
    workers: Sequence[WorkerLine], column: str, now: datetime, *, reverse: bool
) -> list[WorkerLine]:
    """The workers in order of a column; by slot where they are equal."""
    if column == "state":
        return sorted(workers, key=lambda worker: worker.state, reverse=reverse)
    ranks: Mapping[str, Callable[[WorkerLine], float]] = {
        "for": lambda worker: _seconds(worker.phase_since, now),
        "beat": lambda worker: _seconds(worker.beat, now),
        "ok": lambda worker: worker.success,
        "fail": lambda worker: worker.failed,
        "rst": lambda worker: worker.restarts,
    }
    return sorted(workers, key=ranks.get(column, lambda worker: worker.slot), reverse=reverse)


def _seconds(moment: datetime | None, now: datetime) -> float:
    return -1.0 if moment is None else (now - moment).total_seconds()


# -- the worker under the cursor ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Times:
    """What is known of the phases of a worker's job."""

    job_id: str = ""
    attempts: Sequence[PhaseTimes] = ()
    usual: UsualTimes | None = None


def notes(worker: WorkerLine | None, times: Times, width: int) -> list[str]:
    """Last exits, and the phases of its job beside what is usual: two lines."""
    if worker is None:
        return ["", ""]
    name = f"W{worker.slot}"
    exits = worker.note or ("no exits lately" if not worker.restarts else "")
    count = f"; {worker.restarts} restarts in the window" if worker.restarts else ""
    port = f" on port {worker.port}" if worker.port is not None and worker.note else ""
    return [f"{name}  {plain(exits)}{port}{count}", _phases(name, worker, times, width)]


def _phases(name: str, worker: WorkerLine, times: Times, width: int) -> str:
    """The phases of the last attempt of its job, each beside the usual; else the usual alone."""
    usual = times.usual
    median: Mapping[str, float] = {} if usual is None else usual.median
    total = "" if usual is None or usual.total_median is None else span(usual.total_median)
    last = times.attempts[-1] if times.attempts and times.job_id == worker.job_id else None
    if last is not None:
        parts = [
            f"{plain(phase)} {span(seconds)}"
            + (f" ({span(median[phase])})" if phase in median else "")
            for phase, seconds in last.phases.items()
        ]
        head = f"{name}  attempt {last.attempt}: "
    else:
        parts = [f"{plain(phase)} {span(seconds)}" for phase, seconds in median.items()]
        head = f"{name}  usual: "
    if not parts:
        return f"{name}  how long each phase usually takes is not known yet"
    tail = f"   usual total {total}" if total else ""
    text = head + "  ".join(parts)
    return text if len(text) + len(tail) > width else text + tail
