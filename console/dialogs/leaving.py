"""Leaving the cockpit: the run goes on unless the operator says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from console.dialogs.base import Control, Dialog
from console.dialogs.controls import Choice
from console.times import NOTHING, expected
from engine.insight.values import Overview
from engine.workloads.labels import plural

RUNNING = "running"
STOP = "stop"


class Leave(Dialog[str]):
    """Hands back ``running`` or ``stop``; the latter still asks for its word."""

    NO = "Stay"
    KEYS = "y / n    tab choice    esc = n"

    def __init__(self, overview: Overview) -> None:
        super().__init__("Leave the cockpit")
        self._overview = overview
        self._choice = Choice(
            "", [(RUNNING, "leave it running"), (STOP, "stop everything")], RUNNING
        )

    def facts(self, width: int) -> Iterable[Text | str]:
        overview = self._overview
        run = f"run {overview.run_id}" if overview.run_id else "the run"
        yield f"A run is live: {run}, process {overview.pid}."
        left = overview.forecast.jobs_left
        done = expected(overview.forecast.done_at, self.now)
        when = f", done about {done}" if done != NOTHING else ""
        on = f"{plural(overview.resource_label)} on: {overview.money.on_now}"
        yield f"{left} jobs to go{when}. {on}."
        yield ""
        yield "It needs no cockpit: start geelark-console again to look at it."
        yield ""

    def bottom(self) -> Sequence[Control]:
        return (self._choice,)

    def yes_words(self) -> str:
        if self._choice.value == STOP:
            return "Stop everything ..."
        return "Leave, the run goes on"

    def result(self) -> str:
        return self._choice.value

    def show_sight(self, sight: object) -> None:
        self._overview = self.console.latest.overview or self._overview
        self.redraw()


class LeaveWhileStopping(Dialog[bool]):
    """Hands back True for *leave all the same*."""

    NO = "Stay"

    def __init__(self, line: str) -> None:
        super().__init__("Leave while stopping")
        self._line = line

    def facts(self, width: int) -> Iterable[Text | str]:
        yield (
            f"Still {self._line}: the engine goes on and writes the receipt, but nobody sees which "
            "one does not stop."
        )

    def yes_words(self) -> str:
        return "Leave"

    def result(self) -> bool:
        return True
