"""What attempts spent in each phase, from the events of the runs (console-features 6.10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from sys import intern
from typing import Any, Final

from engine.event_file import EventFile
from engine.insight.day_figures import UNCLASSIFIED
from engine.insight.measured import Ended, Measured, ended_told
from engine.insight.moments import moment_of
from engine.insight.spread import ENOUGH, quantile
from engine.insight.values import PhaseTimes, UsualTimes
from engine.jobs import JobStatus
from engine.run_state import RunDirectory

SUCCESS: Final = JobStatus.SUCCESS.value
GIVEN_BACK: Final = "given back"
USUAL_DAYS: Final = 30


class Timings:
    """The phases of every attempt that the events tell of; of the day and of those before.

    Each event is looked at once. Events of older engines, which tell of no phases, are passed over.
    """

    def __init__(self, run_dir: RunDirectory, now: Callable[[], datetime]) -> None:
        self._now = now
        self._older = EventFile(run_dir.events_path).older
        self._tail = run_dir.tail(whole=True).only("outcome")
        self._started = False
        self._jobs: dict[str, dict[tuple[int, datetime | None], PhaseTimes]] = {}
        self._successes: list[tuple[datetime, PhaseTimes]] = []
        self._usual: tuple[int, datetime, UsualTimes] | None = None
        self._ended: list[Ended] = []
        """Attempts that came to an outcome, of whatever run."""
        self._past: tuple[int, datetime, Measured] | None = None

    def update(self) -> bool:
        """Take what is new; True if anything changed. What cannot be read is no error."""
        events = self._tail.read()
        if not self._started:
            # After the present file, so that a rotation in between loses nothing.
            self._started = True
            events = EventFile(self._older).tail(whole=True).only("outcome").read() + events
        return sum(map(self._take, events)) > 0

    def of_job(self, job_id: str) -> Sequence[PhaseTimes]:
        """The job's attempts, oldest first."""
        return list(self._jobs.get(job_id, {}).values())

    def usual(self) -> UsualTimes:
        """What successes of the last thirty days took; empty with fewer than five of them."""
        now = self._now()
        known = self._usual
        if known is None or known[0] != len(self._successes) or now - known[1] > timedelta(hours=1):
            first = now - timedelta(days=USUAL_DAYS)
            recent = [times.phases for at, times in self._successes if at >= first]
            known = self._usual = (len(self._successes), now, _usual(recent))
        return known[2]

    def past(self) -> Measured:
        """What all attempts of the last thirty days took that came to an outcome."""
        now = self._now()
        known = self._past
        if known is None or known[0] != len(self._ended) or now - known[1] > timedelta(hours=1):
            first = now - timedelta(days=USUAL_DAYS)
            found = Measured()
            for ended in self._ended:
                if ended.ended_at >= first:
                    found.take(ended)
            known = self._past = (len(self._ended), now, found)
        return known[2]

    def _take(self, event: Mapping[str, Any]) -> bool:
        times = _times(event)
        if times is None:
            return False
        attempts = self._jobs.setdefault(times.job_id, {})
        which = (times.attempt, times.claimed_at)
        if which in attempts:
            return False
        attempts[which] = times
        at = moment_of(event.get("ts")) or times.claimed_at
        if times.outcome == SUCCESS and at is not None:
            self._successes.append((at, times))
        worker = intern(f"{event.get('run_id')}/{event.get('worker')}")
        if at is not None and (ended := ended_told(event, worker, 0, at)) is not None:
            self._ended.append(ended)
        return True


def _usual(recent: Sequence[Mapping[str, float]]) -> UsualTimes:
    if len(recent) < ENOUGH:
        return UsualTimes(attempts=len(recent))
    seconds: dict[str, list[float]] = {}
    for phases in recent:
        for name, spent in phases.items():
            seconds.setdefault(name, []).append(spent)
    totals = [sum(phases.values()) for phases in recent]
    return UsualTimes(
        median=_each(seconds, 0.5),
        p90=_each(seconds, 0.9),
        total_median=quantile(totals, 0.5),
        total_p90=quantile(totals, 0.9),
        attempts=len(recent),
    )


def _each(seconds: Mapping[str, Sequence[float]], share: float) -> dict[str, float]:
    """Of each phase that enough attempts went through."""
    found = {name: quantile(spent, share) for name, spent in seconds.items()}
    return {name: value for name, value in found.items() if value is not None}


def _times(event: Mapping[str, Any]) -> PhaseTimes | None:
    """What an outcome tells of its phases; None where it tells nothing of them."""
    job, phases = event.get("job"), event.get("phases")
    if event.get("event") != "outcome" or not isinstance(job, str) or not isinstance(phases, dict):
        return None
    spent = {
        intern(str(name)): float(seconds)
        for name, seconds in phases.items()
        if isinstance(seconds, (int, float))
    }
    attempt = event.get("attempt")
    return PhaseTimes(
        job_id=job,
        attempt=attempt if isinstance(attempt, int) else 1,
        claimed_at=moment_of(event.get("claimed_at")),
        outcome=_outcome(event),
        phases=spent,
        failed_in=intern(str(event.get("failed_in") or "")),
    )


def _outcome(event: Mapping[str, Any]) -> str:
    status = event.get("status")
    if status == JobStatus.PENDING:
        return GIVEN_BACK
    if status == SUCCESS:
        return SUCCESS
    return intern(str(event.get("error_type") or UNCLASSIFIED))
