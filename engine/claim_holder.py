"""A worker's side of its claims: verify, mark the point of no return, renew, write the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import tenacity

from engine.claim_renewal import Renewal
from engine.errors import (
    ClaimLostError,
    LedgerError,
    LedgerLockedError,
    LedgerUnreadableError,
    LedgerWriteError,
)
from engine.jobs import Claim, Job, Outcome, Success
from engine.progress import ProgressTracker, Verification

if TYPE_CHECKING:
    from engine.config import LedgerSettings

_BUSY = (LedgerLockedError, LedgerWriteError)
_MAY_PASS = (*_BUSY, LedgerUnreadableError)


class ClaimHolder:
    """Keeps one worker's claims in the ledger."""

    def __init__(
        self,
        ledger: ProgressTracker,
        settings: LedgerSettings,
        log: Any,
        alarm: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """``alarm``: tells the operator at once what only a person can put right."""
        self._alarm = alarm
        self._ledger = ledger
        self._settings = settings
        self._log = log
        self._renewal = Renewal(self._renew, settings.renew_seconds)

    def verify(self, claim: Claim) -> None:
        """Raises ClaimLostError unless the job is still ours and not done elsewhere (A4.5)."""
        found = self._ledger.verify(claim)
        if found is not Verification.OK:
            raise ClaimLostError(f"{claim.job_id}: {found.value}")

    def mark_submitted(self, claim: Claim) -> None:
        """Write the point of no return durably. Raises ClaimLostError."""
        self._ledger.mark_submitted(claim)

    @contextmanager
    def renewing(self, claim: Claim, lost: Callable[[str], None]) -> Iterator[None]:
        """Give the claim signs of life from another thread, so that no slow call loses it.

        ``lost`` hears, from that thread, that the claim was taken back.
        """
        held = self._renewal.begin(claim, lost)
        try:
            yield
        finally:
            # A renewal on its way waits for the ledger's lock, which has its own bound; one that
            # is later still finds the claim settled.
            self._renewal.end(held, 2 * self._settings.lock_timeout_seconds)

    def _renew(self, claim: Claim) -> str:
        """Give one sign of life; why the claim is lost, or nothing."""
        try:
            self._ledger.renew(claim)
        except ClaimLostError as exc:
            return str(exc)
        except LedgerError as exc:
            self._log.warning("claim_not_renewed", job=claim.job_id, error=str(exc))
        return ""

    def settle(self, claim: Claim, outcome: Outcome | None) -> Job:
        """Write the outcome (None: give the job back); patient with a busy ledger or a full disk,
        and, where something would be lost, with a ledger that another program is saving just now.

        Raises ClaimLostError, and LedgerError when half the lease has passed in vain.
        """
        patience = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_BUSY if outcome is None else _MAY_PASS),
            stop=tenacity.stop_after_delay(self._settings.stale_claim_seconds / 2),
            wait=tenacity.wait_exponential(multiplier=0.2, max=10),
            before_sleep=self._say_waiting,
            reraise=True,
        )
        return patience(self._settle_once, claim, outcome)

    def _settle_once(self, claim: Claim, outcome: Outcome | None) -> Job:
        if isinstance(outcome, Success):
            return self._ledger.succeed(claim)
        if outcome is None:
            return self._ledger.release(claim)
        return self._ledger.fail(claim, outcome)

    def _say_waiting(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self._log.error("outcome_waits", attempt=state.attempt_number, error=str(error))
        if isinstance(error, LedgerWriteError) and state.attempt_number == 1:
            self._alarm(str(error))
