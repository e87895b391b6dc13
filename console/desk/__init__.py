"""The operator's commands: ask where that is needed, send, say what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.selection import Selection

if TYPE_CHECKING:
    from console.app import ConsoleApp


class Desk:
    """Every acting key ends here. What it sends are commands of the engine, nothing else."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self.dismissed: set[str] = set()
        """Attention lines that the operator has put aside."""

    async def requeue(self, selection: Selection) -> None:
        """Try these jobs again."""

    async def requeue_all(self) -> None:
        """Requeue all that may be retried."""

    async def skip(self, selection: Selection) -> None:
        """Leave these jobs out, or take skipped ones back in."""

    async def mark_posted(self, selection: Selection) -> None:
        """Settle jobs in doubt as published."""

    async def hold(self, selection: Selection) -> None:
        """No new claims for a worker, an account, a phone; or release it."""

    async def pause_or_start(self) -> None:
        """Pause or resume claims; without a run offer to start one."""

    async def start_run(self) -> None:
        """Show the plan of a run and start it detached."""

    async def stop_resources(self, selection: Selection) -> None:
        """Stop phones, each seen off."""

    async def undo(self) -> None:
        """Take the last requeue, skip or hold back."""

    async def restart_worker(self, slot: int) -> None:
        """Restart a worker; asks if it has a job."""

    async def pause_after_pass(self) -> None:
        """Pause when the present pass has ended."""

    async def add_pass(self) -> None:
        """Allow one pass more."""

    async def reset_day(self) -> None:
        """Archive the day's ledger; wants a typed word."""

    async def leave(self) -> None:
        """Leave the cockpit; a live run goes on unless the operator says otherwise."""

    async def stop_everything(self) -> None:
        """Stop the run, its workers, servers and phones; wants a typed word."""

    async def set_workers(self, count: int) -> None:
        """Change the number of workers of the live run."""
