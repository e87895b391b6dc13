"""One pass more: the jobs that it would take, and what they may cost."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from console.dialogs.base import Dialog, row
from console.plain import plain
from engine.insight.values import Overview

MINUTE = 60.0


class AddPass(Dialog[bool]):
    """Hands back True for *yes*."""

    def __init__(self, overview: Overview) -> None:
        stage = plain(overview.labels.stage)
        super().__init__(f"Add a {stage}: {overview.stages} -> {overview.stages + 1}")
        self._overview = overview
        self._stage = stage

    def facts(self, width: int) -> Iterable[Text | str]:
        overview = self._overview
        yield (
            f"{self._stage.capitalize()} {overview.stage} of {overview.stages} is the present one; "
            f"one {self._stage} more is allowed after the last."
        )
        yield ""
        yield f"It would take {overview.to_retry} jobs, as things stand:"
        for why, count in overview.retry_why:
            yield row(f"{count:>5}  {why}")
        if not overview.to_retry:
            yield row("none: the run ends before it, unless more jobs fail")
        if overview.money.price_per_minute:
            yield ""
            yield self._cost()

    def _cost(self) -> str:
        overview = self._overview
        price = overview.money.price_per_minute
        if overview.median_seconds is None:
            return "Cost: no estimate."
        minutes = overview.to_retry * overview.median_seconds / MINUTE
        return f"Cost: est. ${minutes * price:.2f} for {minutes:.0f} {overview.resource_label} min."

    def yes_words(self) -> str:
        return f"Allow one {self._stage} more"

    def result(self) -> bool:
        return True

    def show_sight(self, sight: object) -> None:
        if self.console.latest.overview is not None:
            self._overview = self.console.latest.overview
        self.redraw()
