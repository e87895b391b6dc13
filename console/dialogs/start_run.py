"""Start a run: what it would do and cost, before the key is pressed (console-features 6.5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from rich.text import Text
from textual import work
from textual.widgets import Input

from console.amounts import counted
from console.dialogs.base import Control, Dialog, heading, row
from console.dialogs.controls import Choice, Field
from console.plain import fit, plain
from console.screens.cockpit_forecast import basis_words, between, change_words
from console.times import clock, span
from engine.insight.forecast_values import MONEY
from engine.launch import RunOptions
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from engine.plan import RunPlan

CONTINUE = "continue"
RESET = "reset"
SETTLE_SECONDS = 0.3
"""After the last key in a field, before the plan is made anew."""


@dataclass(frozen=True, slots=True)
class StartWish:
    """What the operator wants: a run, or the day reset before."""

    options: RunOptions
    reset: bool


class StartRun(Dialog[StartWish]):
    """Hands back the options of the run; starts nothing itself."""

    KEYS = "y / n    tab fields    up/down list    esc = n"

    def __init__(
        self,
        options: RunOptions,
        plan: Callable[[RunOptions], Awaitable[RunPlan]],
        *,
        key_label: str,
        earlier_day: date | None,
        own_stages: bool = False,
    ) -> None:
        """``earlier_day`` is the ledger's, where it is not today's. ``own_stages``: of the trade,
        which then seeds what it has."""
        super().__init__("Start a run")
        self._options = options
        self._make_plan = plan
        self._key_label = key_label
        self._earlier_day = earlier_day
        self._own_stages = own_stages
        self._plan: RunPlan | None = None
        self._planned: RunOptions | None = None
        self._trouble = ""
        self._which = Choice(
            "Ledger",
            [(CONTINUE, f"continue {earlier_day}"), (RESET, "reset the day first")],
            CONTINUE,
        )

    def on_mount(self) -> None:
        super().on_mount()
        self._which.display = self._earlier_day is not None
        self._replan(self.options)

    # -- what the operator chose -------------------------------------------------------------------

    def top(self) -> Sequence[Control]:
        chosen, stages = self._options, plural(self.labels.stage).capitalize()
        workers = Field("Workers", str(chosen.workers or ""), id="workers", digits=True)
        if self._own_stages:
            return (self._which, workers)
        return (
            self._which,
            workers,
            Field(stages, str(chosen.max_passes or ""), "at most", id="passes", digits=True),
            Field(
                "Seed only",
                ",".join(chosen.accounts),
                f"{plural(self._key_label)}; empty: all",
                id="accounts",
                digits=False,
            ),
        )

    @property
    def options(self) -> RunOptions:
        """As the fields say now; an empty field leaves it to the settings."""
        chosen = replace(self._options, workers=_whole(self._value("workers")))
        if not self._own_stages:
            names = self._value("accounts").replace(",", " ").split()
            passes = _whole(self._value("passes"))
            chosen = replace(chosen, max_passes=passes, accounts=tuple(names))
        return replace(
            chosen,
            continue_day=self._earlier_day is not None or self._options.continue_day,
        )

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value

    @property
    def _resets(self) -> bool:
        return self._earlier_day is not None and self._which.value == RESET

    # -- the plan ----------------------------------------------------------------------------------

    def on_input_changed(self) -> None:
        if self.options != self._planned:
            self._plan = None
            self._replan(self.options)
        super().on_input_changed()

    @work(exclusive=True, group="plan", exit_on_error=True)
    async def _replan(self, options: RunOptions) -> None:
        from asyncio import sleep

        from engine.errors import EngineError

        if self._planned is not None:
            await sleep(SETTLE_SECONDS)
        self._planned = options
        try:
            self._plan, self._trouble = await self._make_plan(options), ""
        except EngineError as exc:
            self._plan, self._trouble = None, str(exc)
        self.redraw()

    # -- drawing -----------------------------------------------------------------------------------

    def facts(self, width: int) -> Iterable[Text | str]:
        yield ""
        if self._earlier_day is not None:
            yield f"The ledger is of {self._earlier_day}, not of today."
        if self._resets:
            yield "The next dialog archives it; start the run after that."
            return
        if self._trouble:
            yield f"x  {self._trouble}"
        elif self._plan is None:
            yield "Working out what it would do ..."
        else:
            yield from self._plan_lines(self._plan)

    def _plan_lines(self, plan: RunPlan) -> Iterable[Text | str]:
        again = sum(job.again for job in plan.jobs)
        parts = ["to be seeded"] if plan.seeds else [f"{again} of them failed before"] * bool(again)
        said = f", {parts[0]}" if parts else ""
        keys = f"{len(plan.keys)} {plural(plan.key_label, len(plan.keys))}"
        yield f"Jobs       {len(plan.jobs)} for {keys}{said}"
        for why, count in plan.blocked.items():
            yield f"           {count} of them cannot be claimed today: {why}"
        most = f", up to {plan.passes} {plural(self.labels.stage)}" if plan.passes else ""
        yield f"Workers    {plan.workers}{most}"
        if plan.expected_seconds is None:
            longest = plan.longest_seconds
            latest = clock(self.now + timedelta(seconds=longest), self.now)
            yield f"Done       {latest} at the latest, in {span(longest)}; no forecast yet"
        else:
            end = self.now + timedelta(seconds=plan.expected_seconds)
            yield f"Done       in about {span(plan.expected_seconds)}, {clock(end, self.now)}"
            yield from self._forecast_lines(plan)
        if plan.billed:
            yield f"Cost       {_dollars(plan.cost_estimate)}, at most ${plan.cost_ceiling:.2f}"
        if plan.on_now:
            names = ", ".join(state.label for state in plan.on_now)
            yield f"Stopped first, left on by an earlier run: {names}"
        for problem in plan.problems:
            yield f"x  {problem}"
        for message in plan.messages:
            yield f"!  {message}"
        yield ""
        yield "It runs by itself: leaving the cockpit does not end it."
        yield ""
        yield heading(f"Jobs {len(plan.jobs)}")
        for job in plan.jobs:
            yield row(f"{fit(job.job_id, 14)} {plain(job.key)}{'   again' * job.again}")

    def _forecast_lines(self, plan: RunPlan) -> Iterable[str]:
        """The range, another number of workers, and what comes before the end."""
        found = plan.forecast
        if found is None or found.done_at is None:
            return
        around = between(found, self.now)
        yield f"           {f'{around}, ' if around else ''}{basis_words(found)}"
        for one in found.others:
            end = one.why_not or f"{clock(one.done_at, self.now)}, {change_words(one)}"
            yield f"           with {counted(one.workers, 'worker')}: {end}"
        if found.cut:
            left = counted(found.cut_jobs, "job")
            which = "the money limit comes" if found.cut == MONEY else "midnight comes"
            yield f"!  Before the end {which}: {left} left then."

    def yes_words(self) -> str:
        if self._resets:
            return "Reset the day ..."
        if self._plan is None:
            return "Start"
        jobs = counted(len(self._plan.jobs), "job")
        return f"Start {counted(self._plan.workers, 'worker')}, {jobs}"

    def why_not(self) -> str:
        if self._resets:
            return ""
        if self._trouble:
            return self._trouble
        if self._plan is None:
            return "The plan is not ready yet."
        return self._plan.problems[0] if self._plan.problems else ""

    def result(self) -> StartWish:
        return StartWish(self.options, self._resets)


def _whole(text: str) -> int | None:
    return int(text) if text.strip().lstrip("-").isdecimal() else None


def _dollars(amount: float | None) -> str:
    return "no estimate" if amount is None else f"est. ${amount:.2f}"
