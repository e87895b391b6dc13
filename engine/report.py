"""What a session tells its worker about the job in hand: state, phase, point of no return."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine.errors import ClaimLostError, InternalError, JobTimeoutError, StopRequested
from engine.jobs import JobStatus, Success
from engine.lifecycle import JOB_RUNNING, Lifecycle
from engine.workloads.base import PHASE_DELAY, PHASE_START, PHASE_STOP

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from engine.evidence import EvidenceBundle
    from engine.jobs import Claim, Job, Outcome

CHAIN_MAX: Final = 5
"""Exceptions behind an exception that its evidence tells."""


class ClaimKeeper(Protocol):
    """The worker's side of a claim: verification and the durable mark."""

    def verify(self, claim: Claim) -> None:
        """Raises ClaimLostError with the reason."""
        ...

    def mark_submitted(self, claim: Claim) -> None: ...


class JobReport:
    """One attempt's report; its waits end at once when the job has to end (the seam's Report)."""

    def __init__(
        self,
        *,
        claim: Claim,
        keeper: ClaimKeeper,
        lifecycle: Lifecycle,
        bundle: EvidenceBundle,
        log: FilteringBoundLogger,
        time_limit: float,
        wake: threading.Event,
        must_stop: Callable[[], bool],
        publish: Callable[..., None],
        too_early: Callable[[], float] = lambda: 0.0,
        meanwhile: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``too_early``: seconds until the job may begin, of the pause after the one before.

        ``meanwhile`` is called once, at the first wait past the point of no return; never raises.
        """
        self._claim = claim
        self._keeper = keeper
        self._lifecycle = lifecycle
        self._bundle = bundle
        self._log = log
        self._time_limit = time_limit
        self._wake = wake
        self._must_stop = must_stop
        self._publish = publish
        self._too_early = too_early
        self._meanwhile: Callable[[], None] | None = meanwhile
        self._clock = clock
        self._deadline: float | None = None
        self._submitted = False
        self._claim_lost = ""
        self._raised: list[str] = []
        """What ended the attempt, and what caused that: class and message of each."""
        self._phases = {PHASE_START: 0.0}
        """Seconds in each phase so far, in the order they were first entered."""
        self._phase = self._working_phase = PHASE_START
        self._phase_since = self._clock()

    @property
    def log(self) -> FilteringBoundLogger:
        return self._log

    @property
    def submitted(self) -> bool:
        return self._submitted

    def lose_claim(self, reason: str) -> None:
        """The renewal found that the claim is gone: the job must end at the next look."""
        self._claim_lost = reason
        self._wake.set()

    def state(self, name: str) -> None:
        self.checkpoint()
        self._lifecycle.go(name)

    def phase(self, name: str) -> None:
        before, spent = self._phase, self._count()
        self._phase = name
        self._phases.setdefault(name, 0.0)
        if name != PHASE_STOP:
            self._working_phase = name
        self._publish("phase", phase=name, before=before, seconds=round(spent, 3))
        self._log.info("phase", phase=name, before=before, seconds=round(spent, 3))
        self._bundle.step({"step": "phase", "phase": name})
        self.checkpoint()

    def step(self, text: str, **fields: object) -> None:
        self._log.info("step", step=text, **fields)
        self._bundle.step({"step": text, **fields})
        self._publish("progress")

    def alarm(self, text: str) -> None:
        self._log.critical("alarm", text=text)
        self._bundle.step({"step": f"ALARM: {text}"})
        self._publish("alarm", text=text)

    def start_clock(self) -> None:
        self._deadline = self._clock() + self._time_limit

    def begin(self) -> None:
        self.checkpoint()
        left = self._too_early()
        if left > 0:
            self.phase(PHASE_DELAY)
            self.pause(left)
        self._keeper.verify(self._claim)
        self._lifecycle.go(JOB_RUNNING)

    def submit(self) -> None:
        if self._submitted:
            raise InternalError("The point of no return was reached twice in one attempt.")
        self.checkpoint()
        self._keeper.mark_submitted(self._claim)
        # From here on nothing may end the job early: it finishes, or it ends in doubt.
        self._submitted = True
        self._publish("submitted")
        self._log.info("submitted")
        self._bundle.step({"step": "submitted"})

    def remaining(self, bound: float) -> float:
        if self._submitted or self._deadline is None:
            return bound
        return max(0.0, min(bound, self._deadline - self._clock()))

    def checkpoint(self) -> None:
        must_stop = self._must_stop()
        if self._submitted:
            return
        if self._claim_lost:
            raise ClaimLostError(self._claim_lost)
        if must_stop:
            raise StopRequested("The worker was asked to stop.")
        if self._deadline is not None and self._clock() >= self._deadline:
            raise JobTimeoutError(
                f"The job's {self._time_limit:.0f} s were used up in phase {self._phase!r}."
            )

    def pause(self, seconds: float) -> None:
        self.checkpoint()
        if self._submitted:
            meanwhile, self._meanwhile = self._meanwhile, None
            if meanwhile is not None:
                meanwhile()
            time.sleep(seconds)
            return
        self._wake.wait(self.remaining(seconds))
        self.checkpoint()

    def evidence(self, name: str, content: bytes | str) -> None:
        self._bundle.add(name, content)

    def _count(self) -> float:
        """Add the time since the last look to the phase in hand; returns that time."""
        now = self._clock()
        spent, self._phase_since = now - self._phase_since, now
        self._phases[self._phase] += spent
        return spent

    # -- the attempt's end -------------------------------------------------------------------------

    def end(self) -> None:
        """The session is done with the job: its phases are measured up to this moment."""
        self._count()

    def failed(self, exc: BaseException) -> None:
        """Remember what ended the attempt, for its evidence."""
        self._raised = [f"{type(link).__name__}: {link}" for link in _chain(exc)]

    def record(self, outcome: Outcome | None) -> dict[str, object]:
        """The last words of the attempt's evidence; no outcome = given back or lost."""
        record: dict[str, object] = {
            "account": self._claim.job.account,
            "worker": self._claim.worker_id,
            "phase": self._working_phase,
            "submitted": self._submitted,
            "phases": {name: round(seconds, 3) for name, seconds in self._phases.items()},
        }
        if isinstance(outcome, Success):
            return record | {"outcome": "success", "evidence": outcome.evidence}
        if self._raised:
            record["exceptions"] = self._raised
        if outcome is None:
            return record | {"outcome": "given_back"}
        return record | {
            "outcome": "in_doubt" if self._submitted else "failure",
            "error": outcome.error,
            "category": str(outcome.category),
            "type": outcome.error_type,
        }

    def message(self, job: Job) -> dict[str, Any]:
        """What the supervisor hears of the attempt (``outcome``); ``job`` as the ledger has it now.

        ``failed_in`` is the phase in which an attempt ended without success; releasing what it
        held comes after that and is a phase of its own.
        """
        succeeded = job.status is JobStatus.SUCCESS
        return {
            "job": job.job_id,
            "key": job.account,
            "status": str(job.status),
            "category": str(job.error_category or ""),
            "error_type": job.error_type,
            "error": job.error,
            "submitted": self._submitted,
            "attempt": self._claim.attempt,
            "claimed_at": self._claim.claimed_at.isoformat(),
            "phases": {name: round(seconds, 3) for name, seconds in self._phases.items()},
            "failed_in": "" if succeeded else self._working_phase,
        }


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """The exception and what it was raised from, the outermost first; a circle ends."""
    seen: set[int] = set()
    link: BaseException | None = exc
    while link is not None and id(link) not in seen and len(seen) < CHAIN_MAX:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
