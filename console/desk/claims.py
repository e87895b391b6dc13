"""Acts on claims and workers of the live run: hold, pause, restart, number, passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.desk import words
from console.desk.wire import Wire
from console.dialogs.add_pass import AddPass
from console.dialogs.change_workers import ChangeWorkers
from console.dialogs.restart_worker import RestartWorker

if TYPE_CHECKING:
    from console.selection import Selection
    from engine.insight.values import Overview

NO_RUN = "No run is live; s starts one."


class ClaimActs:
    """What the operator does to the workers' claims."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    # -- hold ------------------------------------------------------------------------------------

    async def hold(self, selection: Selection) -> None:
        """Hold those that are not held yet; where all are, release them."""
        targets = await self._targets(selection)
        overview = self._wire.overview
        if not targets or overview is None:
            self._wire.tell("Nothing is selected that could be held.", bad=True)
            return
        free = [target for target in targets if not _held(target, overview)]
        name, chosen = ("hold", free) if free else ("release", targets)
        said = []
        for target in chosen:
            answer = await self._wire.send(self._wire.command(name, target=target))
            if not answer.ok:
                self._wire.tell(answer.detail, bad=True)
                return
            said.append(answer.detail)
        what = said[0] if len(said) == 1 else f"{len(said)} {_PAST[name]}."
        self._wire.tell(f"{what} u takes it back.")

    async def _targets(self, selection: Selection) -> list[str]:
        if selection.slot is not None:
            return [f"worker:{selection.slot}"]
        if selection.resources:
            return [f"resource:{label}" for label in self._labels(selection.resources)]
        keys: Sequence[str] = selection.keys
        if not keys and selection.jobs:
            lines = await self._wire.job_lines(selection.jobs)
            keys = [line.job.account for line in lines if line.job.account]
        return [f"key:{key}" for key in dict.fromkeys(keys)]

    def _labels(self, ids: Sequence[str]) -> list[str]:
        """A phone is held under its name, which is the key of the jobs that use it."""
        report = self._wire.app.latest.resources
        lines = report.lines if report is not None else ()
        known = {line.id: line.label for line in lines}
        return [known.get(name, name) for name in ids]

    # -- the run ---------------------------------------------------------------------------------

    async def pause(self) -> None:
        """Pause claims of the live run, or let them go on."""
        overview = self._wire.overview
        paused = overview is not None and overview.paused
        await self._say("resume" if paused else "pause")

    async def pause_after_pass(self) -> None:
        await self._live_only("pause_after_stage")

    async def set_workers(self, count: int) -> None:
        """Asks with what it changes; a number that cannot be is refused by the run itself."""
        overview = self._wire.overview
        if overview is None or not overview.live:
            self._wire.tell(NO_RUN, bad=True)
            return
        then = await self._wire.app.feed.ask(lambda watch: watch.with_workers(count))
        if not then.why_not:
            agreed = await self._wire.ask(ChangeWorkers(overview, then))
            if not agreed:
                return
        await self._say("set_workers", count=count)

    async def add_pass(self) -> None:
        """Asks with the jobs that it would take, and what they may cost."""
        overview = self._wire.overview
        if overview is None or not overview.live:
            self._wire.tell(NO_RUN, bad=True)
        elif await self._wire.ask(AddPass(overview)):
            await self._say("add_stage")

    async def restart_worker(self, slot: int) -> None:
        """Asks only if the worker has a job."""
        overview = self._wire.overview
        worker = (
            next((line for line in overview.workers if line.slot == slot), None)
            if (overview is not None)
            else None
        )
        if overview is None or not overview.live:
            self._wire.tell(NO_RUN, bad=True)
            return
        if worker is not None and worker.job_id and not await self._wire.ask(RestartWorker(worker)):
            return
        await self._say("restart_worker", slot=slot)

    async def _live_only(self, name: str, **fields: object) -> None:
        if not self._wire.live:
            self._wire.tell(NO_RUN, bad=True)
            return
        await self._say(name, **fields)

    async def _say(self, name: str, **fields: object) -> None:
        told = words.of_answer(await self._wire.send(self._wire.command(name, **fields)))
        self._wire.tell(told.text, bad=told.bad)


_PAST = {"hold": "held", "release": "released"}


def _held(target: str, overview: Overview) -> bool:
    kind, _, name = target.partition(":")
    if kind == "worker":
        return int(name) in overview.held_workers
    return name in overview.held_keys
