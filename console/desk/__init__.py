"""The operator's desk: every acting key ends here; it asks where needed, sends, and tells.

What it sends are commands of the engine, nothing else; the words for what became of them are told
when the engine has answered. In a cockpit that only observes it refuses each of them. Its parts are
loaded with the first act: they and their dialogs would put off the first paint.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from console.desk.claims import ClaimActs
    from console.desk.jobs import JobActs
    from console.desk.phones import PhoneActs
    from console.desk.run import RunActs
    from console.desk.wire import Wire
    from console.selection import Selection
    from engine.undo import Undoable


class Desk:
    """One method an act; each may take minutes, and several may be under way."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self.dismissed: set[str] = set()
        """Attention lines that the operator has put aside."""

    @cached_property
    def _wire(self) -> Wire:
        from console.desk.wire import Wire

        return Wire(self._app)

    @cached_property
    def _jobs(self) -> JobActs:
        from console.desk.jobs import JobActs

        return JobActs(self._wire)

    @cached_property
    def _claims(self) -> ClaimActs:
        from console.desk.claims import ClaimActs

        return ClaimActs(self._wire)

    @cached_property
    def _phones(self) -> PhoneActs:
        from console.desk.phones import PhoneActs

        return PhoneActs(self._wire)

    @cached_property
    def _run(self) -> RunActs:
        from console.desk.run import RunActs

        return RunActs(self._wire, self._phones)

    # -- jobs ------------------------------------------------------------------------------------

    async def requeue(self, selection: Selection) -> None:
        """Try these jobs again; asks where a person should look first."""
        await self._wire.guarded(lambda: self._jobs.requeue(selection))

    async def requeue_all(self) -> None:
        """Requeue all that may be retried; asks with the number by class."""
        await self._wire.guarded(self._jobs.requeue_all)

    async def requeue_where(self, expression: str) -> None:
        """Requeue what a filter matches; always asks, with the number that it matched."""
        await self._wire.guarded(lambda: self._jobs.requeue_where(expression))

    async def skip(self, selection: Selection) -> None:
        """Leave these jobs out, or take skipped ones back in."""
        await self._wire.guarded(lambda: self._jobs.skip(selection))

    async def mark_posted(self, selection: Selection) -> None:
        """Settle jobs in doubt as published; shows the evidence first."""
        await self._wire.guarded(lambda: self._jobs.mark_posted(selection))

    async def undo(self) -> None:
        """Take the last requeue, skip or hold back."""
        await self._wire.guarded(self._jobs.undo)

    async def last_undoable(self) -> Undoable | None:
        """What ``u`` would take back now."""
        return await self._jobs.last()

    # -- claims and workers ----------------------------------------------------------------------

    async def hold(self, selection: Selection) -> None:
        """No new claims for a worker, an account, a phone; or release it."""
        await self._wire.guarded(lambda: self._claims.hold(selection))

    async def pause_or_start(self) -> None:
        """Pause or resume claims; without a run offer to start one."""
        if self._wire.live:
            await self._wire.guarded(self._claims.pause)
        else:
            await self.start_run()

    async def restart_worker(self, slot: int) -> None:
        """Restart a worker; asks if it has a job."""
        await self._wire.guarded(lambda: self._claims.restart_worker(slot))

    async def set_workers(self, count: int) -> None:
        """Change the number of workers of the live run."""
        await self._wire.guarded(lambda: self._claims.set_workers(count))

    async def pause_after_pass(self) -> None:
        """Pause when the present pass has ended."""
        await self._wire.guarded(self._claims.pause_after_pass)

    async def add_pass(self) -> None:
        """Allow one pass more; asks with its jobs and cost."""
        await self._wire.guarded(self._claims.add_pass)

    # -- phones ----------------------------------------------------------------------------------

    async def stop_resources(self, selection: Selection) -> None:
        """Stop phones, each seen off."""
        await self._wire.guarded(lambda: self._phones.stop(selection))

    # -- the run ---------------------------------------------------------------------------------

    async def start_run(self) -> None:
        """Show the plan of a run and start it detached."""
        await self._wire.guarded(self._run.start)

    async def reset_day(self) -> None:
        """Archive the day's ledger; wants a typed word."""
        await self._wire.guarded(self._run.reset_day)

    async def leave(self) -> None:
        """Leave the cockpit; a live run goes on unless the operator says otherwise."""
        await self._wire.told(self._run.leave)

    async def stop_everything(self) -> None:
        """Stop the run, its workers, servers and phones; wants a typed word."""
        await self._wire.guarded(self._run.stop_everything)
