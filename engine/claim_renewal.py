"""Signs of life of the claims in hand, from one thread for all claims of a worker.

A thread for each claim would cost a short job as much as writing its evidence does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.jobs import Claim


@dataclass(eq=False, slots=True)
class Held:
    """A claim that is renewed until it is ended."""

    claim: Claim
    lost: Callable[[str], None]
    due: float


class Renewal:
    """Renews claims (the job in hand, and the one kept for later); the thread ends when there was
    none for a whole period."""

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
        self._held: list[Held] = []
        self._busy: Held | None = None
        self._alive = False

    def begin(self, claim: Claim, lost: Callable[[str], None]) -> Held:
        """Renew this claim from now on; ``lost`` hears, from the thread, that it was taken back."""
        with self._turn:
            held = Held(claim, lost, self._clock() + self._seconds)
            self._held.append(held)
            if self._alive:
                self._turn.notify_all()
            else:
                self._alive = True
                threading.Thread(target=self._go_on, name="renewal", daemon=True).start()
        return held

    def end(self, held: Held, patience: float) -> None:
        """Renew it no more; a sign on its way is waited for, so many seconds at most."""
        with self._turn:
            self._forget(held)
            self._turn.wait_for(lambda: self._busy is not held, patience)

    def _go_on(self) -> None:
        while (held := self._next()) is not None:
            try:
                why = self._renew(held.claim)
            except BaseException:  # another thread is started with the next claim
                self._done(alive=False)
                raise
            self._done(alive=True)
            if why:
                with self._turn:
                    self._forget(held)
                held.lost(why)

    def _done(self, *, alive: bool) -> None:
        with self._turn:
            self._busy, self._alive = None, alive
            self._turn.notify_all()

    def _forget(self, held: Held) -> None:
        if held in self._held:
            self._held.remove(held)

    def _next(self) -> Held | None:
        """Wait until a sign of life is due; None where nothing was held for a period."""
        with self._turn:
            idle_since: float | None = None
            while True:
                now = self._clock()
                first = min(self._held, key=lambda held: held.due, default=None)
                if first is None:
                    idle_since = now if idle_since is None else idle_since
                    wait = idle_since + self._seconds - now
                    if wait <= 0:
                        self._alive = False
                        return None
                elif now >= first.due:
                    first.due = now + self._seconds
                    self._busy = first
                    return first
                else:
                    idle_since, wait = None, first.due - now
                self._turn.wait(wait)
