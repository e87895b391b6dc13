"""Where the workers' time went: from the run's own events, beside the farm's truth.

Every second of every worker, from the command until the run's exit, is in exactly one cause. Times
are simulated seconds. What cannot be told apart is not guessed: it stays in the cause of its phase.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.day.visits import Visit

PHONE: Final = "waiting for phone"
APART: Final = "not side by side"
"""What two things of one phone took one after the other that could have gone on together, and
sending the video, which could have been done while the phone boots."""
OFF: Final = "phone shutting down"
"""Nobody has to wait for it; the next phone could boot meanwhile."""
POLLING: Final = "polling slack"
"""What a wait took longer than the phone did: sleeps, the calls and looks between them."""
CHOSEN: Final = "delays we chose"
STAGGER: Final = "stagger"
START: Final = "processes starting"
LEDGER: Final = "ledger"
"""Claiming, checking, finding the phone, writing what became of it."""
SESSION: Final = "session"
RECOVERY: Final = "recovery"
"""Recovering, retry passes, and attempts that ended without success."""
END: Final = "end of the day"
"""Nothing was left for this worker while others still had a job; and the run's own end."""
CAUSES: Final = (
    PHONE, APART, OFF, POLLING, CHOSEN, STAGGER, START, LEDGER, SESSION, RECOVERY, END,
)  # fmt: skip
Event = Mapping[str, Any]
_FLOW: Final = ("open", "navigate", "caption", "share")


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    """Delays of the plan, in simulated seconds."""

    settle: float
    enable: float
    between: float


@dataclass
class Lost:
    """Seconds by cause, of all workers together; and of polling by the phase that waited."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    slack: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, cause: str, seconds: float) -> None:
        self.seconds[cause] += seconds

    def wait(self, phase: str, took: float, *needed: tuple[str, float]) -> None:
        """A phase that waited: its parts by cause as far as they fit, the rest is slack."""
        for cause, seconds in needed:
            part = min(took, max(0.0, seconds))
            self.add(cause, part)
            took -= part
        self.add(POLLING, took)
        self.slack[phase] += took

    @property
    def whole(self) -> float:
        return sum(self.seconds.values())


def read_events(work_dir: Path) -> list[Event]:
    """What the supervisor told of the run, oldest first."""
    text = (work_dir / "run" / "events.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def moment(event: Event) -> float:
    return datetime.fromisoformat(event["ts"]).timestamp()


def beginnings(events: Sequence[Event], supervisor: int) -> dict[int, float]:
    """When the worker of each pid claimed its first job, and ``supervisor`` could start workers."""
    pids: dict[int, int] = {}
    found = {supervisor: begun(events)}
    for event in events:
        if event["event"] == "worker_hello":
            pids[event["worker"]] = int(event["pid"])
        elif event["event"] == "worker_job" and event["worker"] in pids:
            found.setdefault(pids[event["worker"]], moment(event))
    return found


def lost_time(
    events: Sequence[Event],
    visits: Sequence[Visit],
    waits: Waits,
    *,
    workers: int,
    scale: float,
    span: tuple[float, float],
    uplink: float,
) -> Lost:
    """Every worker's time between the two moments of ``span`` (start and exit of the command).

    ``uplink``: simulated seconds that sending one video takes in the mean.
    """
    published = {visit.account: visit for visit in visits if visit.published}
    lost = Lost()
    for slot in range(workers):
        own = [event for event in events if event.get("worker") == slot]
        _Slot(lost, waits, published, scale, uplink).walk(own, begun(events), span)
    return lost


def begun(events: Sequence[Event]) -> float:
    """When workers could be started. Raises RuntimeError for a run that never came so far."""
    for event in events:
        if event["event"] == "stage_started":
            return moment(event)
    raise RuntimeError("The run ended before it started workers.")


class _Slot:
    """One worker's way through the day."""

    def __init__(
        self,
        lost: Lost,
        waits: Waits,
        published: Mapping[str, Visit],
        scale: float,
        uplink: float,
    ) -> None:
        self._lost = lost
        self._waits = waits
        self._published = published
        self._scale = scale
        self._uplink = uplink

    def walk(self, own: Sequence[Event], begun: float, span: tuple[float, float]) -> None:
        at, cause = span[0], START
        for now, kind, event in self._turns(own, begun):
            gap = (now - at) * self._scale
            if kind == "outcome":
                self._attempt(event, gap)
            elif kind == "worker_exit":
                self._lost.add(END, gap)
            elif cause == LEDGER:
                chosen = min(gap, self._waits.between)
                self._lost.add(CHOSEN, chosen)
                self._lost.add(LEDGER, gap - chosen)
            else:
                self._lost.add(cause, gap)
            at, cause = now, _AFTER.get(kind, cause)
            if kind == "worker_state":
                cause = RECOVERY if event["state"] == "ERROR_RECOVERY" else LEDGER
        # After the last job nobody waits for a delay.
        self._lost.add(END if cause == LEDGER else cause, (span[1] - at) * self._scale)

    def _turns(self, own: Sequence[Event], begun: float) -> Iterator[tuple[float, str, Event]]:
        yield begun, "stage_started", {}
        ended = False
        for event in own:
            kind = str(event["event"])
            if kind == "worker_state":
                # Only recoveries matter, and what comes after them.
                if not ended or "ERROR_RECOVERY" not in (event["state"], event["before"]):
                    continue
            elif kind not in _AFTER:
                continue
            ended = kind != "worker_job" and (ended or kind == "outcome")
            yield moment(event), kind, event

    def _attempt(self, event: Event, took: float) -> None:
        visit = self._published.get(str(event["key"]))
        if visit is None or event["status"] != "success":
            self._lost.add(RECOVERY, took)
            return
        phases = {name: seconds * self._scale for name, seconds in event["phases"].items()}
        self._lost.add(LEDGER, took - sum(phases.values()))
        for name, seconds in phases.items():
            if name not in _FLOW:
                self._phase(name, seconds, visit)
        flow = sum(phases.get(name, 0.0) for name in _FLOW)
        needed = visit.took("app_start", "app_step") + visit.looking
        self._lost.wait("screens", flow, (PHONE, needed))

    def _phase(self, name: str, seconds: float, visit: Visit) -> None:
        lost, waits = self._lost, self._waits
        match name:
            case "boot":
                lost.wait(name, seconds, (PHONE, visit.took("boot")), (CHOSEN, waits.settle))
            case "connect":
                enable, offline = visit.took("adb_enable"), visit.took("adb_offline")
                chosen = waits.enable - enable
                lost.wait(name, seconds, (PHONE, enable + offline), (CHOSEN, chosen))
            case "send":
                lost.wait(name, seconds, (APART, self._uplink))
            case "upload":
                fetched = visit.took("upload", "transfer")
                hidden = min(fetched, visit.overlap)
                lost.wait(name, seconds, (PHONE, fetched - hidden), (APART, hidden))
            case "session":
                opening = min(seconds, visit.took("session", "automation_start"))
                lost.add(PHONE, opening)
                lost.add(SESSION, seconds - opening)
            case "confirm":
                lost.wait(name, seconds, (PHONE, visit.took("publish")))
            case "stop":
                lost.wait(name, seconds, (OFF, visit.took("stop")))
            case _:
                lost.add(_OF_PHASE.get(name, LEDGER), seconds)


_AFTER: Final[Mapping[str, str]] = {
    "stage_started": STAGGER,
    "worker_started": START,
    "worker_hello": START,
    "worker_job": LEDGER,
    "outcome": LEDGER,
    "worker_exit": END,
}
"""What the time after an event goes to, until the next one."""
_OF_PHASE: Final[Mapping[str, str]] = {"appium": SESSION, "verify": RECOVERY, "delay": CHOSEN}
