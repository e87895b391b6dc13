"""Stop everything and leave: run, workers, their servers, phones; wants a typed word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.text import Text

from console.dialogs.base import Control, Dialog, heading, row
from console.dialogs.controls import TypedWord
from console.dialogs.stop_targets import OFF, Target, scopes
from console.feed import Need
from console.plain import fit
from console.times import age, span
from engine.config import Settings
from engine.insight.values import Overview, ResourceReport

WORD = "stop"


class StopEverything(Dialog[tuple[Target, ...]]):
    """Hands back the phones of ours that are on at this moment."""

    NEEDS: ClassVar[frozenset[Need]] = frozenset({Need.RESOURCES})
    NO = "Keep running"
    KEYS = "n    tab word    up/down list    esc = n"

    def __init__(
        self, settings: Settings, overview: Overview | None, report: ResourceReport | None
    ) -> None:
        super().__init__("Stop everything and leave")
        self._settings = settings
        self._overview = overview
        self._report = report
        self._typed = TypedWord(WORD)

    @property
    def _label(self) -> str:
        return self._overview.resource_label if self._overview is not None else "phone"

    @property
    def _targets(self) -> tuple[Target, ...]:
        if self._report is None:
            return ()
        found = scopes(self._report, self._overview, (), marked=False)
        own = {line.id for line in self._report.lines if line.ours}
        return tuple(target for target in found.all if target.id in own)

    def facts(self, width: int) -> Iterable[Text | str]:
        run = self._settings.run
        yield from self._run_lines()
        step = self.labels.no_return
        late = f", {span(run.submitted_shutdown_timeout_seconds)} past {step}" if step else ""
        yield (
            f"Drain      no new claims; workers get {span(run.shutdown_timeout_seconds)} to finish "
            f"or give back{late}."
        )
        yield ""
        yield from self._worker_lines()
        yield from self._phone_lines()
        yield ""
        doubt = f"interrupted jobs past {step} are in doubt, " if step else ""
        yield (
            f"If nothing answers: processes are ended by force, {doubt}and each {self._label} "
            "that was not seen off is named; it may cost until it is stopped."
        )

    def _run_lines(self) -> Iterable[str]:
        overview = self._overview
        if overview is not None and overview.live:
            yield f"Run        {overview.run_id}, process {overview.pid}: asked to stop"
        else:
            yield "Run        none is live; what an earlier one left is ended"

    def _worker_lines(self) -> Iterable[Text]:
        overview = self._overview
        workers = overview.workers if overview is not None and overview.live else ()
        busy = [line for line in workers if line.job_id]
        yield heading(f"Workers {len(workers)}, with a job {len(busy)}")
        for line in busy:
            late = f"past {self.labels.no_return}: its outcome is waited for"
            fate = late if line.submitted else "given back"
            yield row(f"W{line.slot}  {fit(line.job_id, 12)} {fit(line.phase, 14)} {fate}")

    def _phone_lines(self) -> Iterable[Text | str]:
        yield heading(f"{self._label.capitalize()}s of ours that are on: {len(self._targets)}")
        for target in self._targets:
            yield row(f"{fit(target.label, 18)} {fit(target.was, 9)} {age(target.since, self.now)}")
        report = self._report
        if report is None:
            yield row("being asked ...")
            return
        if report.problem:
            yield f"Could not be asked just now: {report.problem}"
        others = sum(line.state not in OFF and not line.ours for line in report.lines)
        others = max(others, report.others_on)
        if others:
            yield f"Not touched: {others} that we did not start."

    def bottom(self) -> Sequence[Control]:
        return (self._typed,)

    def yes_words(self) -> str:
        return "Stop everything"

    def why_not(self) -> str:
        return "" if self._typed.is_mounted and self._typed.right else f"Type  {WORD}  first."

    def result(self) -> tuple[Target, ...]:
        return self._targets

    def show_sight(self, sight: object) -> None:
        self._overview = self.console.latest.overview or self._overview
        self.redraw()

    def show_resources(self, report: ResourceReport) -> None:
        self._report = report
        self.redraw()
