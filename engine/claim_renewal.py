"""Signs of life of the claim in hand, from one thread for all claims of a worker.

A thread for each claim would cost a short job as much as writing its evidence does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from engine.jobs import Claim


class _Held(NamedTuple):
    claim: Claim
    lost: Callable[[str], None]


class Renewal:
    """Renews one claim at a time; the thread ends when there was none for a whole period."""

    def __init__(
        self,
        renew: Callable[[Claim], str],
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``renew`` gives one sign of life; it answers why the claim is lost, or nothing."""
        self._renew = renew
        self._seconds = seconds
        self._clock = clock
        self._turn = threading.Condition()
        self._held: _Held | None = None
        self._due = 0.0
        self._busy = False
        self._alive = False

    def begin(self, claim: Claim, lost: Callable[[str], None]) -> None:
        """Renew this claim from now on; ``lost`` hears, from the thread, that it was taken back."""
        with self._turn:
            self._held, self._due = _Held(claim, lost), self._clock() + self._seconds
            if not self._alive:
                self._alive = True
                threading.Thread(target=self._go_on, name="renewal", daemon=True).start()

    def end(self, patience: float) -> None:
        """Renew it no more; one that is on its way is waited for, so many seconds at most."""
        with self._turn:
            self._held = None
            self._turn.wait_for(lambda: not self._busy, patience)

    def _go_on(self) -> None:
        while (held := self._next()) is not None:
            try:
                why = self._renew(held.claim)
            except BaseException:  # another thread is started with the next claim
                self._done(alive=False)
                raise
            self._done(alive=True)
            if why:
                self._drop(held)
                held.lost(why)

    def _done(self, *, alive: bool) -> None:
        with self._turn:
            self._busy, self._alive = False, alive
            self._turn.notify_all()

    def _drop(self, held: _Held) -> None:
        with self._turn:
            if self._held is held:
                self._held = None

    def _next(self) -> _Held | None:
        """Wait until a sign of life is due; None where nothing was held for a period."""
        with self._turn:
            idle = False
            while True:
                now = self._clock()
                if self._held is None:
                    if idle:
                        self._alive = False
                        return None
                    idle, wait = True, self._seconds
                elif now >= self._due:
                    self._due = now + self._seconds
                    self._busy = True
                    return self._held
                else:
                    idle, wait = False, self._due - now
                self._turn.wait(wait)
