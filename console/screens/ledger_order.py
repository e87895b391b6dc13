"""Which jobs the Ledger shows and in what order, worked out away from the message loop.

Fifty thousand jobs take a tenth of a second to choose and to sort. So that happens on a thread, and
what came of it is shown on a key or when the operator's hands rest, never under his finger
(console-features 6.6).
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from textual.timer import Timer
from textual.widget import Widget

from console.screens.ledger_columns import Extent, Order
from engine.filters import Filter, everything, job_fields, parse
from engine.insight.values import JobLine

IDLE_SECONDS: Final = 3.0
"""Without a key for so long, rows may move by themselves."""
LEAST_PAUSE_SECONDS: Final = 0.5
PAUSE_FACTOR: Final = 20
"""A pause of so many times what it cost: at most a twentieth of a core."""
_TICK: Final = 0.01
"""A timer of no time at all fails in Textual."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is to be shown, and what is shown now."""

    lines: Sequence[JobLine]
    expression: str
    order: Order
    now: datetime
    shown: Sequence[str] = ()
    marked: Collection[str] = ()
    states: Mapping[str, str] = field(default_factory=dict)
    """States of the phones, by account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arranged:
    """The answer: ids in their order."""

    order: Order
    keys: Sequence[str]
    moved: int
    """Rows that came, went, or stand elsewhere than in what was shown."""
    extent: Extent
    seconds: float


def filter_of(expression: str, question: Question) -> Filter[JobLine]:
    """Raises FilterError."""
    if not expression.strip():
        return everything()
    fields = job_fields(now=question.now, marked=question.marked, states=question.states)
    return parse(expression, fields)


def arrange(question: Question, *, compare: bool = True) -> Arranged:
    """Choose and sort, and ``compare`` with what is shown. Raises FilterError."""
    began = time.perf_counter()
    lines = question.lines
    if question.expression.strip():
        holds = filter_of(question.expression, question)
        chosen = [line for line in lines if holds(line)]
    else:
        chosen = list(lines)
    keys = [line.job.job_id for line in question.order.sort(chosen)]
    return Arranged(
        order=question.order,
        keys=keys,
        moved=moved(question.shown, keys) if compare else 0,
        extent=Extent(
            max(map(len, [line.job.job_id for line in lines]), default=0),
            max(map(len, [line.job.account for line in lines]), default=0),
        ),
        seconds=time.perf_counter() - began,
    )


def moved(before: Sequence[str], after: Sequence[str]) -> int:
    """How few rows must have come, gone or moved to make the one list of the other."""
    if before == after:
        return 0
    places = {key: place for place, key in enumerate(after)}
    kept = [places[key] for key in before if key in places]
    rising: list[int] = []
    for place in kept:  # the longest rising run of places stands still
        at = bisect_left(rising, place)
        if at < len(rising):
            rising[at] = place
        else:
            rising.append(place)
    return len(before) + len(after) - len(kept) - len(rising)


class Sorting:
    """Keeps an arrangement at hand, and says when it is to be shown."""

    def __init__(
        self,
        home: Widget,
        *,
        question: Callable[[], Question],
        show: Callable[[Arranged], None],
        offer: Callable[[], None],
    ) -> None:
        """``home`` keeps the clocks; ``show`` puts the rows in order; ``offer`` says that ``moved``
        is another number."""
        self.idle_seconds = IDLE_SECONDS
        self._home = home
        self._question = question
        self._show = show
        self._offer = offer
        self._waiting: Arranged | None = None
        self._touched = float("-inf")
        self._not_before = float("-inf")
        self._again = False
        self._running = 0
        self._due: Timer | None = None
        self._rest: Timer | None = None

    @property
    def moved(self) -> int:
        """Rows that would move; 0 where everything is in its place."""
        return 0 if self._waiting is None else self._waiting.moved

    def touched(self) -> None:
        """The operator's hand is on the keys."""
        self._touched = time.monotonic()

    def resumed(self) -> None:
        """He just came: nothing that moves now moves under his finger."""
        self._touched = float("-inf")

    def at_once(self) -> None:
        """The operator wants it: work it out and show it."""
        _stop(self._due)
        self._due = None
        self._start(show=True)

    def soon(self) -> None:
        """There is news: work it out, not too often, and show it when his hands rest."""
        if self._running:
            self._again = True
        elif self._due is None:
            wait = max(_TICK, self._not_before - time.monotonic())
            self._due = self._home.set_timer(wait, self._when_due)

    def _when_due(self) -> None:
        self._due = None
        self._start(show=False)

    def _start(self, *, show: bool) -> None:
        work: Callable[[], Awaitable[None]] = partial(self._work, show=show)
        self._home.run_worker(work, group="arrange", exclusive=True)

    async def _work(self, *, show: bool) -> None:
        self._running += 1
        try:
            found = await asyncio.to_thread(arrange, self._question(), compare=not show)
        finally:
            self._running -= 1
        pause = max(LEAST_PAUSE_SECONDS, PAUSE_FACTOR * found.seconds)
        self._not_before = time.monotonic() + pause
        if show:
            self._apply(found)
        else:
            self._waiting = found if found.moved else None
            self._when_idle()
            self._offer()
        if self._again:
            self._again = False
            self.soon()

    def _when_idle(self) -> None:
        _stop(self._rest)
        self._rest = None
        if self._waiting is None:
            return
        rest = self._touched + self.idle_seconds - time.monotonic()
        if rest > 0:
            self._rest = self._home.set_timer(max(_TICK, rest), self._when_idle)
        else:
            self._apply(self._waiting)

    def _apply(self, found: Arranged) -> None:
        _stop(self._rest)
        self._rest = None
        self._waiting = None
        self._show(found)


def _stop(timer: Timer | None) -> None:
    if timer is not None:
        timer.stop()
