"""Acts on the run and the day: start, reset, leave, stop everything."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from console.desk.phones import PhoneActs
from console.desk.wire import Wire
from console.dialogs.leaving import STOP, Leave, LeaveWhileStopping
from console.dialogs.reset_day import ResetDay
from console.dialogs.start_run import StartRun, StartWish
from console.dialogs.stop_everything import StopEverything
from engine.config import Settings
from engine.launch import RunOptions, start_detached
from engine.plan import RunPlan, plan
from engine.reset_check import ResetPreview, reset_preview

if TYPE_CHECKING:
    from engine.insight.watch import Watch

LIVE_ALREADY: Final = "A run is live already; s pauses its claims."


class RunActs:
    """What the operator does to the run as a whole."""

    def __init__(self, wire: Wire, phones: PhoneActs) -> None:
        self._wire = wire
        self._phones = phones

    # -- start -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Show what a run would do; on yes start it and wait until it holds the work directory."""
        if self._wire.live:
            self._wire.tell(LIVE_ALREADY)
            return
        app = self._wire.app
        settings = app.settings
        earlier = None if app.continue_day else await app.feed.ask(earlier_day)
        own = self._wire.watch.workload.own_stages
        options = RunOptions(
            workers=settings.run.workers,
            max_passes=None if own else settings.retry.max_passes,
            campaign=settings.campaign,
            accounts=settings.accounts,
            continue_day=app.continue_day,
        )
        dialog = StartRun(
            options,
            self._plan,
            key_label=self._key_label,
            earlier_day=earlier,
            own_stages=own,
        )
        wish = await self._wire.ask(dialog)
        if wish is not None:
            await self._begin(wish)

    async def _begin(self, wish: StartWish) -> None:
        if wish.reset:
            await self.reset_day()
            return
        work_dir = self._wire.watch.work_dir
        self._wire.under_way("starting the run")
        try:
            started = await self._wire.app.feed.in_background(
                lambda: start_detached(work_dir, wish.options)
            )
        finally:
            self._wire.under_way(self._phones.line)
        text = f"The run is live: process {started.pid}. Leaving does not end it."
        self._wire.tell(text, of_run=True)

    async def _plan(self, options: RunOptions) -> RunPlan:
        """Raises EngineError where the settings or the campaign cannot be read."""
        work_dir = self._wire.watch.work_dir

        def work_out() -> RunPlan:
            settings = Settings.load(work_dir, overrides=_overrides(options))
            return plan(work_dir, settings, continue_day=options.continue_day)

        return await self._wire.app.feed.in_background(work_out)

    @property
    def _key_label(self) -> str:
        overview = self._wire.overview
        return "account" if overview is None else overview.key_label

    # -- the day ---------------------------------------------------------------------------------

    async def reset_day(self) -> None:
        """Archive the ledger, when every check holds and the word is typed."""
        dialog = ResetDay(await self._preview(), self._preview, key_label=self._key_label)
        if not await self._wire.ask(dialog):
            return
        remote = self._wire.remote
        answer = await self._wire.app.feed.in_background(lambda: remote.reset_day(confirmed=False))
        archive = answer.more.get("archive")
        text = f"The day is archived as {archive}; the ledger is empty." if archive else ""
        self._wire.tell(text or answer.detail, bad=not answer.ok)

    async def _preview(self) -> ResetPreview:
        return await self._wire.app.feed.ask(
            lambda watch: reset_preview(
                watch.work_dir, watch.settings, watch.workload, watch.ledger
            )
        )

    # -- leaving ---------------------------------------------------------------------------------

    async def leave(self) -> None:
        """The run goes on unless the operator says otherwise."""
        app = self._wire.app
        line = self._phones.line
        if line and not app.observe:
            if await self._wire.ask(LeaveWhileStopping(line)):
                app.exit(0)
            return
        overview = self._wire.overview
        if overview is None or not overview.live or app.observe:
            app.exit(0)
            return
        chosen = await self._wire.ask(Leave(overview))
        if chosen == STOP:
            await self.stop_everything()
        elif chosen is not None:
            app.exit(0)

    async def stop_everything(self) -> None:
        """The run, its workers, their servers, the phones; leaves when all is seen off."""
        app = self._wire.app
        latest = app.latest
        dialog = StopEverything(app.settings, latest.overview, latest.resources)
        targets = await self._wire.ask(dialog)
        if targets is None:
            return
        remote = self._wire.remote
        await self._phones.everything(targets, lambda _command, heard: remote.stop_all(heard=heard))


def _overrides(options: RunOptions) -> dict[str, object]:
    """The options as settings, as the command line has them."""
    chosen: dict[str, object] = {
        "run.workers": options.workers,
        "retry.max_passes": options.max_passes,
        "campaign": options.campaign or None,
        "accounts": options.accounts or None,
    }
    return {key: value for key, value in chosen.items() if value is not None}


def earlier_day(watch: Watch) -> date | None:
    """The ledger's day where it is not today's: somebody must say what shall become of it."""
    if not watch.ledger.exists():
        return None
    day = watch.ledger.ledger_day() if watch.workload.daily else None
    today = watch.settings.day_of(watch.ledger.now())
    return day if day is not None and day < today else None
