"""Stopping phones: which ones, then each of them followed until it was seen off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.desk.stopping import Sending, Stopping
from console.desk.wire import Wire
from console.dialogs.stop_phones import StopPhones
from console.dialogs.stop_progress import AGAIN, StopProgress
from console.dialogs.stop_targets import Scope, Target
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from console.selection import Selection

_TITLES = {
    Scope.MARKED: "chosen",
    Scope.CAMPAIGN: "this campaign",
    Scope.ALL: "ALL",
}


class PhoneActs:
    """Stops that are under way, and new ones."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._under_way: list[tuple[Stopping, str]] = []

    @property
    def line(self) -> str:
        """``stopping 3 of 6``; empty where nothing is under way."""
        active = [stopping.state for stopping, _ in self._under_way if stopping.active]
        if not active:
            return ""
        verified = sum(state.verified for state in active)
        return f"stopping {verified} of {sum(len(state.phones) for state in active)}"

    @property
    def _label(self) -> str:
        overview = self._wire.overview
        return overview.resource_label if overview is not None else "phone"

    async def stop(self, selection: Selection) -> None:
        """Ask for scope and yes; where one is under way and nothing else is chosen, show it."""
        if await self._show_under_way(selection):
            return
        latest = self._wire.app.latest
        wish = await self._wire.ask(StopPhones(selection, latest.resources, latest.overview))
        if wish is None:
            return
        title = f"Stop {plural(self._label)}: {_TITLES[wish.scope]}"
        await self.follow(Stopping(self._wire, wish.targets), title)

    async def _show_under_way(self, selection: Selection) -> bool:
        for stopping, title in reversed(self._under_way):
            if stopping.active and set(selection.resources) <= set(stopping.state.phones):
                await self._watch(stopping, title)
                return True
        return False

    async def follow(self, stopping: Stopping, title: str) -> None:
        """Carry one out in the background and show it until the operator looks away."""
        self._under_way.append((stopping, title))
        self._begin(stopping)
        await self._watch(stopping, title)

    async def everything(self, targets: Sequence[Target], send: Sending) -> None:
        """Stop all by another sender; the cockpit is left when everything was seen off."""
        await self.follow(Stopping(self._wire, targets, send, leaves=True), "Stop everything")

    async def _watch(self, stopping: Stopping, title: str) -> None:
        while True:
            dialog = StopProgress(lambda: stopping.state, self._label, title)
            if await self._wire.ask(dialog) != AGAIN:
                return
            stopping.again()
            self._begin(stopping)

    def _begin(self, stopping: Stopping) -> None:
        """On the app, not on a screen: a closed screen must not end it."""
        self._wire.app.run_worker(self._run(stopping), group="stopping", exit_on_error=True)

    async def _run(self, stopping: Stopping) -> None:
        self._wire.under_way(self.line)
        await stopping.run()
        self._wire.under_way(self.line)
        state = stopping.state
        receipt = f" Receipt: {state.receipt}" if state.receipt else ""
        self._wire.tell(f"{state.detail}{receipt}", bad=not state.ok)
        if stopping.leaves and state.ok:
            self._wire.app.exit(0)
