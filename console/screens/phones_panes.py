"""The panes under the table of phones: the one at the cursor, and all of them in figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.timer import Timer

from console.screens import phones_details, phones_facts, phones_fleet
from console.screens.phones_columns import Look
from console.screens.phones_details import Subject
from console.screens.phones_facts import PhoneFacts
from console.screens.phones_fleet import Guards
from console.screens.phones_list import total_of
from console.widgets.panel import Panel
from engine.errors import EngineError
from engine.insight.values import ResourceLine, ResourceReport

if TYPE_CHECKING:
    from console.app import ConsoleApp

REST_SECONDS: Final = 0.12
"""The cursor must rest for so long: holding an arrow costs nothing."""
_NARROW_ROWS: Final = 4
"""Rows of a pane that has room for three lines only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """What the panes are to show."""

    report: ResourceReport
    line: ResourceLine | None
    """At the cursor."""
    readings: Sequence[tuple[datetime, str]]
    look: Look
    guidance: str
    """What to say where there is no phone at the cursor."""


class PhonePanes(Container):
    """Follows the table's cursor and the reports."""

    def __init__(self, console: ConsoleApp, *, scene: Callable[[], Scene]) -> None:
        super().__init__(id="phone-panes")
        self.cockpit = console
        self._scene = scene
        self._facts = PhoneFacts()
        self._timer: Timer | None = None
        self._guards = Guards.of(console.settings)
        self._details = Panel(id="phone-details", footer="enter detail   g job   l log")
        self._fleet = Panel(id="phone-fleet", title="Fleet")

    def compose(self) -> ComposeResult:
        yield self._details
        yield self._fleet

    def follow(self) -> None:
        """The cursor moved, or there is news: look when it rests."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(REST_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        self._ask()

    @work(group="phone-details", exclusive=True)
    async def _ask(self) -> None:
        line = self._scene().line
        if line is not None:
            subject = line
            try:
                self._facts = await self.cockpit.feed.ask(
                    lambda watch: phones_facts.look(watch, subject)
                )
            except (EngineError, OSError):  # the ledger cannot be read: the cockpit says so above
                self._facts = PhoneFacts(id=line.id)
        self.show()

    # -- showing -----------------------------------------------------------------------------------

    def show(self) -> None:
        """Write both panes as they are for this width."""
        if not self._fleet.is_attached:  # not there yet, or no more
            return
        scene = self._scene()
        self._show_details(self._details, scene)
        self._show_fleet(self._fleet, scene)

    def _show_details(self, panel: Panel, scene: Scene) -> None:
        line = scene.line
        if line is None:
            panel.title = ""
            panel.set_lines([f" {scene.guidance}"])
            return
        overview = self.cockpit.latest.overview
        subject = Subject(
            line=line,
            facts=self._facts if self._facts.id == line.id else PhoneFacts(id=line.id),
            readings=scene.readings,
            live=overview is not None and overview.live,
            energy_saving=self._guards.energy_saving,
        )
        panel.title = line.label
        tall = panel.size.height > _NARROW_ROWS
        show = phones_details.wide if tall else phones_details.narrow
        panel.set_lines(show(subject, scene.look))

    def _show_fleet(self, panel: Panel, scene: Scene) -> None:
        overview, report = self.cockpit.latest.overview, scene.report
        label = overview.resource_label if overview is not None else "phone"
        panel.title = f"Fleet {total_of(report)}"
        show = phones_fleet.wide if panel.size.height > _NARROW_ROWS else phones_fleet.narrow
        width = max(20, panel.size.width)
        guards = replace(self._guards, local=scene.look.local and not scene.look.price)
        panel.set_lines(show(report, overview, guards, width=width, label=label))
