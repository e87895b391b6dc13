"""Stop phones and see them stopped (behaviour A16.2 to A16.4).

The provider's *yes* to a stop proves nothing: only the status does. Nor does *off* prove anything
before a stop was asked for: a start that was accepted a moment ago may not show yet. Refused and
failed stops are tried again with growing pauses; one phone that fails never keeps the others on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.errors import JobError
from engine.phones.cloud import BATCH, CloudClient
from engine.phones.codes import UNKNOWN_PHONE, PhoneMissingError, RequestRefusedError, api_error
from engine.phones.phone import PhoneStatus
from engine.polling import growing

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from engine.config import Phones

_WHOLE_CALL: Final = (RequestRefusedError, PhoneMissingError)
"""Refusals of a call as a whole: one bad id in it must not shield the other phones."""
_ASKED_AGAIN: Final = 3
"""A stop that was accepted is asked for again after this part of the stop time-out (a third)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stopped:
    """What became of one phone."""

    off: bool
    """Seen off: shut down, expired, or unknown to the provider."""
    detail: str


@dataclass(slots=True)
class _Target:
    label: str
    tries: int = 0
    due: float = 0.0
    """Monotonic time of the next stop request."""
    gives_up_at: float | None = None
    """Set when the provider first said yes, or when the tries are used up."""
    off_since: float | None = None
    """First of the last looks in a row that saw it off."""
    refusal: str = ""
    """Why the last stop was not accepted."""
    seen: str = ""
    """What the last look told."""


class StopRound:
    """One attempt to bring a set of phones off; bounded, never raises, never interrupted."""

    def __init__(
        self,
        cloud: CloudClient,
        phones: Phones,
        log: FilteringBoundLogger,
        *,
        still_wanted: Callable[[str], bool] = lambda _phone_id: True,
    ) -> None:
        """``still_wanted`` is asked before each stop: somebody else may have finished the work."""
        self._cloud = cloud
        self._limits = phones
        self._log = log
        self._still_wanted = still_wanted
        self._left: dict[str, _Target] = {}
        self._just_started: frozenset[str] = frozenset()
        self._done: dict[str, Stopped] = {}

    def run(
        self, labels: Mapping[str, str], *, just_started: Collection[str] = ()
    ) -> dict[str, Stopped]:
        """Stop the phones of ``labels`` (id to name); one result each.

        Those whose start was asked for a moment ago must be seen off for ``stop_settle_seconds``.
        """
        self._left = {phone_id: _Target(label=label) for phone_id, label in labels.items()}
        self._just_started = frozenset(just_started)
        pauses = growing(self._limits.first_poll_seconds, self._limits.stop_poll_seconds)
        while self._left:
            now = time.monotonic()
            self._ask([phone_id for phone_id, target in self._left.items() if target.due <= now])
            self._give_up()
            if self._left:
                time.sleep(next(pauses))
                self._look()
        return self._done

    def _look(self) -> None:
        """Read the status of all that are left; those seen off are done."""
        ids = list(self._left)
        for start in range(0, len(ids), BATCH):
            self._look_at(ids[start : start + BATCH])

    def _look_at(self, part: Sequence[str]) -> None:
        try:
            report = self._cloud.statuses(part, retries=0)
        except JobError as exc:
            if len(part) > 1 and isinstance(exc, _WHOLE_CALL):
                for phone_id in part:
                    self._look_at([phone_id])
            else:
                for phone_id in part:
                    self._left[phone_id].seen = str(exc)
            return
        for phone_id in part:
            target = self._left[phone_id]
            status, code = report.statuses.get(phone_id), report.failed.get(phone_id)
            if status is not None and status.billed:
                self._seen_on(target, status)
            elif status is not None:
                self._seen_off(phone_id, f"seen {status.words}")
            elif code == UNKNOWN_PHONE:
                self._seen_off(phone_id, "the provider has no such phone any more")
            else:
                target.seen = (
                    "the provider did not answer about it"
                    if code is None
                    else str(api_error(code, f"look at phone {target.label}"))
                )

    def _seen_off(self, phone_id: str, detail: str) -> None:
        target, now = self._left[phone_id], time.monotonic()
        if target.off_since is None:
            target.off_since = now
        settled = now - target.off_since >= self._limits.stop_settle_seconds
        if settled or phone_id not in self._just_started:
            self._finish(phone_id, off=True, detail=detail)

    def _seen_on(self, target: _Target, status: PhoneStatus) -> None:
        target.seen = f"it is {status.words}"
        soon = time.monotonic() + self._limits.stop_backoff_seconds
        if target.off_since is not None or status is PhoneStatus.STARTING:
            # It came on after it was off, or a stop during the boot was lost: ask again soon.
            target.due = min(target.due, soon)
        target.off_since = None

    def _ask(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), BATCH):
            part = [phone_id for phone_id in ids[start : start + BATCH] if self._wanted(phone_id)]
            if part:
                self._ask_batch(part)

    def _wanted(self, phone_id: str) -> bool:
        if self._left[phone_id].tries >= self._limits.stop_tries:
            return False
        if self._still_wanted(phone_id):
            return True
        self._finish(phone_id, off=True, detail="somebody else stopped it in the meantime")
        return False

    def _ask_batch(self, part: Sequence[str]) -> None:
        try:
            batch = self._cloud.stop(part)
        except JobError as exc:
            if len(part) > 1 and isinstance(exc, _WHOLE_CALL):
                for phone_id in part:
                    self._ask_batch([phone_id])
                return
            for phone_id in part:
                self._refused(phone_id, str(exc))
            return
        for phone_id in part:
            code = batch.failed.get(phone_id)
            if code is None:
                self._accepted(phone_id)
            else:
                self._refused(
                    phone_id, str(api_error(code, f"stop phone {self._left[phone_id].label}"))
                )

    def _accepted(self, phone_id: str) -> None:
        target, now = self._left[phone_id], time.monotonic()
        target.tries += 1
        target.refusal = ""
        if target.gives_up_at is None:
            target.gives_up_at = now + self._limits.stop_timeout_seconds
        target.due = now + self._limits.stop_timeout_seconds / _ASKED_AGAIN

    def _refused(self, phone_id: str, problem: str) -> None:
        target, now = self._left[phone_id], time.monotonic()
        target.tries += 1
        target.refusal = problem
        target.due = now + self._limits.stop_backoff_seconds * 2 ** (target.tries - 1)
        if target.tries >= self._limits.stop_tries and target.gives_up_at is None:
            target.gives_up_at = now + self._limits.stop_backoff_seconds
        self._log.warning("phone not stopped", phone=target.label, tries=target.tries, why=problem)

    def _give_up(self) -> None:
        now = time.monotonic()
        for phone_id, target in list(self._left.items()):
            if target.gives_up_at is not None and now >= target.gives_up_at:
                told = [text for text in (target.seen, target.refusal) if text]
                self._finish(phone_id, off=False, detail="; ".join(told) or "not seen off")

    def _finish(self, phone_id: str, *, off: bool, detail: str) -> None:
        del self._left[phone_id]
        self._done[phone_id] = Stopped(off=off, detail=detail)
