"""The job after the one in hand: claimed, and begun with, while that one only waits for its proof.

It is a claim like any other, with its own fencing and its own signs of life. As soon as it is not
to be the next job after all, what was begun for it is released, and then it is given back without
an attempt being counted.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from engine.errors import EngineError, LedgerError
from engine.jobs import Claim

if TYPE_CHECKING:
    from engine.channel import WorkerChannel
    from engine.claim_holder import ClaimHolder
    from engine.config import Run
    from engine.progress import ProgressTracker
    from engine.workloads.base import Ahead, Session

_GLANCE: Final = 0.2
"""Seconds between two looks at whether it is still to be the next job."""
NOT_WANTED: Final = "it is not to be the next job after all"
TOO_LONG: Final = "what was begun for it would cost for too long without being used"
_BROKEN: Final = "keeping it failed"


@dataclass(kw_only=True)
class _Held:
    """One claim that is kept for later."""

    claim: Claim
    ahead: Ahead | None = None
    """None where nothing could be begun with: its own attempt begins with everything."""
    told: threading.Event = field(default_factory=threading.Event)
    """The worker has decided about it."""
    wanted: bool = False
    """It is to be performed now."""
    kept: bool = False
    """It was not given back."""
    lost: str = ""

    def lose(self, why: str) -> None:
        self.lost = why

    def release(self, log: Any) -> None:
        """End what was begun."""
        if self.ahead is None:
            return
        try:
            self.ahead.end()
        except Exception:  # a bug there must not lose the claim too
            log.exception("next_job_not_released", job=self.claim.job_id)


class NextJob:
    """One worker's look ahead: at most one job at a time.

    ``begin``, ``take`` and ``drop`` belong to the worker's own thread; a thread of its own keeps
    the job meanwhile.
    """

    def __init__(  # noqa: PLR0917 - the parts of one worker
        self,
        worker_id: str,
        ledger: ProgressTracker,
        claims: ClaimHolder,
        channel: WorkerChannel,
        run: Run,
        log: Any,
    ) -> None:
        self._worker_id = worker_id
        self._ledger = ledger
        self._claims = claims
        self._channel = channel
        self._log = log
        # The pause between two jobs may still lie before its use when the job in hand ends.
        self._longest_idle = run.ahead_idle_seconds - run.delay_between_jobs_seconds
        self._held: _Held | None = None
        self._thread: threading.Thread | None = None

    @property
    def held(self) -> bool:
        """A job is kept, or just being given back."""
        return self._held is not None

    def begin(self, session: Session) -> None:
        """Claim the next job and begin with it, where there is one and it is wanted.

        Never raises: a job in hand is past its point of no return.
        """
        if self.held or self._longest_idle <= 0 or not session.looks_ahead:
            return
        try:
            if not self._objection(None):
                self._claim_next(session)
        except Exception:  # noqa: BLE001 - it must not reach the job in hand; logged with its stack
            self._log.exception("next_job_not_claimed")

    def take(self) -> Claim | None:
        """The job that was kept, for being performed now; None where there is none any more."""
        held = self._decide(wanted=True)
        return held.claim if held is not None and held.kept else None

    def drop(self) -> None:
        """It is not to be the next one. Returns when it has been given back and all is released."""
        self._decide(wanted=False)

    # -- parts -----------------------------------------------------------------------------------

    def _decide(self, *, wanted: bool) -> _Held | None:
        held, thread = self._held, self._thread
        if held is None or thread is None:
            return None
        held.wanted = wanted
        held.told.set()
        thread.join()
        self._held = self._thread = None
        return held

    def _claim_next(self, session: Session) -> None:
        try:
            claim = self._ledger.claim(self._worker_id)
        except LedgerError as exc:
            self._log.warning("next_job_not_claimed", error=str(exc))
            return
        if not isinstance(claim, Claim):
            return
        self._log.info("next_job_claimed", job=claim.job_id, account=claim.job.account)
        self._channel.send("next", job=claim.job_id, key=claim.job.account)
        held = _Held(claim=claim)
        try:
            held.ahead = session.prepare_next(claim.job, self._alarm)
        except EngineError as exc:
            self._log.warning("next_job_not_begun", job=claim.job_id, error=str(exc))
        except Exception:  # noqa: BLE001 - the same
            self._log.exception("next_job_not_begun", job=claim.job_id)
        thread = threading.Thread(target=self._keep, args=(held,), name="next", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # this host has no thread left
            held.release(self._log)
            self._give_back(claim, _BROKEN)
            return
        self._held, self._thread = held, thread

    def _keep(self, held: _Held) -> None:
        """Renew the claim until the worker takes it, or until something speaks against it."""
        why = _BROKEN
        try:
            with self._claims.renewing(held.claim, held.lose):
                why = self._watch(held)
                if why:
                    held.release(self._log)
        except Exception:  # noqa: BLE001 - nothing may stay on or claimed; logged with its stack
            self._log.exception("next_job_not_kept", job=held.claim.job_id)
            why = why or _BROKEN
            held.release(self._log)
        if why:
            self._give_back(held.claim, why)
        held.kept = not why

    def _watch(self, held: _Held) -> str:
        """Why it is to be given back; empty where it was taken."""
        while not held.told.wait(_GLANCE):
            why = self._objection(held)
            if why:
                return why
        return self._objection(held) or ("" if held.wanted else NOT_WANTED)

    def _objection(self, held: _Held | None) -> str:
        """Why this worker must not have a next job now; empty where it may."""
        orders = self._channel.orders
        if orders.must_stop or orders.finish:
            return "the worker is told to end"
        if orders.paused or orders.stage != self._ledger.pass_number:
            return "claims are paused"
        if held is None:
            return ""
        if held.claim.job.account in orders.held_keys:
            return "held by the operator"
        idle = held.ahead.idle_seconds if held.ahead is not None else 0.0
        return held.lost or (TOO_LONG if idle > self._longest_idle else "")

    def _give_back(self, claim: Claim, why: str) -> None:
        self._log.info("next_job_given_back", job=claim.job_id, reason=why)
        try:
            self._claims.settle(claim, None)
        except EngineError as exc:
            # Lost, or the ledger cannot be written: without a holder the supervisor settles it.
            self._log.warning("next_job_not_given_back", job=claim.job_id, error=str(exc))
        self._channel.send("next", job="", key="")

    def _alarm(self, text: str) -> None:
        self._channel.send("alarm", text=text)
