"""A run's workers as people see them: in one word each, with what is unusual about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final

from engine.insight.happenings import Exit
from engine.insight.status_file import RunStatus, StatusWorker
from engine.insight.values import UsualTimes, WorkerLine
from engine.lifecycle import ERROR_RECOVERY, JOB_RUNNING, SHUTDOWN, STARTING

SLOW: Final = 2.0
"""A phase is slow after so many times its usual duration (console-features 6.5)."""
_RECENT: Final = timedelta(minutes=30)
"""Older exits are no news."""
_AT_LEAST: Final = 5.0
"""Seconds; a phase that usually takes a moment is not slow before."""

_PROCESS_WORDS: Final = {
    "starting": "starting",
    "cleaning": "cleaning",
    "backoff": "backoff",
    "stopping": "leaving",
    "stopped": "stopped",
    "fatal": "fatal",
    "waiting": "waiting",
}
_STATE_WORDS: Final = {JOB_RUNNING: "job", ERROR_RECOVERY: "recovery", SHUTDOWN: "leaving"}


class CpuMeter:
    """Processor share of each worker, from the seconds that two snapshots tell."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[int | None, float, datetime]] = {}
        self._percent: dict[int, float] = {}

    def take(self, status: RunStatus) -> None:
        """The next snapshot."""
        now = status.updated_at
        for worker in status.workers:
            pid, seconds, at = self._before.get(worker.slot, (None, 0.0, now))
            elapsed = (now - at).total_seconds()
            self._percent.pop(worker.slot, None)
            if pid is not None and pid == worker.pid and elapsed > 0:
                share = (worker.cpu_seconds - seconds) / elapsed
                self._percent[worker.slot] = round(max(0.0, 100 * share), 1)
            self._before[worker.slot] = (worker.pid, worker.cpu_seconds, now)

    def percent(self, slot: int) -> float | None:
        """Of one core; None before the second snapshot of the same process."""
        return self._percent.get(slot)


def worker_lines(
    status: RunStatus,
    *,
    cpu: CpuMeter,
    usual: UsualTimes,
    exits: Mapping[int, Sequence[Exit]],
    now: datetime,
    zone: tzinfo | None,
) -> Sequence[WorkerLine]:
    """One line a slot, in their order."""
    return tuple(
        WorkerLine(
            slot=worker.slot,
            state=_leaving(worker, status) or word(worker, held=worker.slot in status.held.workers),
            since=worker.process_since,
            job_id=worker.job,
            key=worker.key,
            phase=worker.phase,
            phase_since=(worker.phase_since if worker.phase else worker.state_since),
            submitted=worker.submitted,
            beat=worker.beat if worker.alive else None,
            cpu_percent=cpu.percent(worker.slot) if worker.alive else None,
            memory_mb=worker.memory_mb if worker.alive else None,
            port=_port(worker),
            success=worker.succeeded,
            failed=worker.failed,
            restarts=worker.restarts,
            slow=_slow(worker, usual, now),
            note=_note(worker, exits.get(worker.slot, ()), now, zone),
            restart_at=worker.restart_at,
        )
        for worker in sorted(status.workers, key=lambda worker: worker.slot)
    )


def _leaving(worker: StatusWorker, status: RunStatus) -> str:
    """``leaving`` of one that is up and claims nothing more since there is no room for it."""
    scaling = status.scaling
    leaves = scaling is not None and worker.slot in scaling.leaving and worker.process == "running"
    return "leaving" if leaves else ""


def word(worker: StatusWorker, *, held: bool = False) -> str:
    """The worker's own state in words, or the supervisor's where its process is not up.

    A workload's readiness states are its own words (``ADB_PENDING`` is ``adb pending``). A worker
    between two jobs is ``idle``; one that may claim nothing is ``held``.
    """
    if worker.process not in ("running", ""):
        return _PROCESS_WORDS.get(worker.process, worker.process)
    if held and not worker.job:
        return "held"
    if worker.state in _STATE_WORDS:
        return _STATE_WORDS[worker.state]
    if worker.state not in ("", STARTING):
        return worker.state.lower().replace("_", " ")
    begun = worker.idle or worker.succeeded + worker.failed > 0
    return "idle" if begun and not worker.job else "starting"


def _slow(worker: StatusWorker, usual: UsualTimes, now: datetime) -> bool:
    median = usual.median.get(worker.phase)
    if median is None or worker.phase_since is None or not worker.job:
        return False
    spent = (now - worker.phase_since).total_seconds()
    return spent > max(_AT_LEAST, SLOW * median)


def _port(worker: StatusWorker) -> int | None:
    port = worker.facts.get("port")
    return port if isinstance(port, int) else None


def _note(worker: StatusWorker, exits: Sequence[Exit], now: datetime, zone: tzinfo | None) -> str:
    """``exited 11:58, 12:01, 12:04: appium_crash; restart 3 at 12:04:55``."""
    parts = []
    recent = [one for one in exits if now - one.at <= _RECENT][-3:]
    if recent:
        times = ", ".join(f"{one.at.astimezone(zone):%H:%M}" for one in recent)
        reasons = ", ".join(dict.fromkeys(one.reason for one in recent))
        parts.append(f"exited {times}: {reasons}")
    elif worker.exit_reason:
        parts.append(f"exited: {worker.exit_reason}")
    if worker.restart_at is not None:
        when = f"{worker.restart_at.astimezone(zone):%H:%M:%S}"
        parts.append(f"restart {worker.restarts} at {when}")
    return "; ".join(parts)
