"""Another number of workers: what it changes, before it is done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text
from textual import work

from console.amounts import counted
from console.dialogs.base import Dialog
from console.screens.cockpit_forecast import UNKNOWN, basis_words, between, change_words
from console.times import expected

if TYPE_CHECKING:
    from engine.insight.forecast_values import WithWorkers
    from engine.insight.values import Overview


class ChangeWorkers(Dialog[bool]):
    """Hands back True for *yes*."""

    def __init__(self, overview: Overview, then: WithWorkers) -> None:
        super().__init__(f"Workers: {overview.forecast.workers} -> {then.workers}")
        self._overview = overview
        self._then = then

    def facts(self, width: int) -> Iterable[Text | str]:
        now, then = self._overview.forecast, self._then
        if then.done_at is None or now.done_at is None:
            yield f"What it changes nobody can tell: {UNKNOWN}."
        else:
            around = between(now, self.now)
            range_ = f" ({around})" if around else ""
            own = counted(now.workers, "worker")
            yield f"Now        {expected(now.done_at, self.now)}{range_} with {own}"
            change = change_words(then)
            yield f"Then       {expected(then.done_at, self.now)}, {change}; {basis_words(now)}"
            if now.cut or then.cut_jobs:
                yield f"           jobs that are not done today: {now.cut_jobs} -> {then.cut_jobs}"
            if self._overview.money.price_per_minute:
                yield f"Cost       {self._cost()}"
        yield ""
        yield self._what(then.workers - now.workers)

    def _cost(self) -> str:
        forecast, label = self._overview.forecast, self._overview.resource_label
        if forecast.minutes_to_come is None or forecast.cost_to_come is None:
            return "no estimate"
        return (
            f"the same: about {forecast.minutes_to_come:.0f} {label}-min to come, "
            f"est. ${forecast.cost_to_come:.2f}"
        )

    def _what(self, more: int) -> str:
        label = self._overview.resource_label
        if more > 0:
            return f"One {label} a worker: {counted(more, label)} more on at a time."
        if more < 0:
            return f"The last {counted(-more, 'worker')} finish or give back their job and leave."
        return "That many work now."

    def yes_words(self) -> str:
        return f"Have {counted(self._then.workers, 'worker')}"

    def result(self) -> bool:
        return True

    def show_sight(self, sight: object) -> None:
        self._overview = self.console.latest.overview or self._overview
        self._ask()

    @work(group="with-workers", exclusive=True)
    async def _ask(self) -> None:
        workers = self._then.workers
        self._then = await self.console.feed.ask(lambda watch: watch.with_workers(workers))
        self.redraw()
