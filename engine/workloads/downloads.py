"""The workload ``downloads``: pages of orders visited by real browsers, their attachments kept.

A job is one order, its key the order's number; a worker holds one browser with one throw-away
profile over all its orders; what was done can be done again, so there is no point of no return
(behaviour C, E). The supervisor, the ledger and the cockpit know nothing of it but labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from engine.downloads.details import details, priority_of
from engine.downloads.page import page_address
from engine.downloads.place import Place
from engine.downloads.tries import most_attempts
from engine.errors import SettingsError
from engine.jobs import Job, NewJob, Trace
from engine.processes import ProcessRecord, ProcessRegistry
from engine.run_state import RunDirectory
from engine.workloads.base import (
    Herald,
    Labels,
    Receipt,
    ResourceState,
    SeedReport,
    Session,
    StagePlan,
    WorkerSlot,
    WorldContext,
)
from engine.workloads.minutes import minutes_of, minutes_on
from engine.workloads.paid_calls import NO_CALLS, PaidCalls

if TYPE_CHECKING:
    from engine.progress import ProgressTracker

MOST_WORKERS: Final = 8
"""Behaviour C2.2."""
_STARTING_SECONDS: Final = 60.0
"""For a profile, a browser, and their end, beside the time of an order."""
_UNSANDBOXED: Final = (
    "Browsers run without their sandbox, as this user is the superuser: use another user for sites "
    "that you do not trust."
)
_REPEATED: Final = "in the list more than once"
_REFUSED: Final = "refused: no number, or a wrong address"


class DownloadOrders:
    """Attachments of the orders of one list."""

    name = "downloads"
    labels = Labels(
        key="order",
        resource="browser",
        stage="pass",
        content="page",
        text="details",
        act="download",
        acting="downloading",
        done="downloaded",
        doubtful="downloaded",
    )
    daily = False
    own_stages = False
    grows = True
    keeps_resource = True
    ready_states: tuple[str, ...] = ("PROFILE_READY", "BROWSER_READY")
    cap_refusal = ""
    daily_cap = 0
    price_per_minute = 0.0

    def __init__(self, context: WorldContext) -> None:
        self._settings = context.settings
        self._work_dir = context.work_dir
        self._place = Place(context.settings, context.work_dir)
        run = context.work_dir / context.settings.paths.run
        self._children = ProcessRegistry(RunDirectory(run).processes_path)
        self._ledger: ProgressTracker | None = None

    # -- what it is ------------------------------------------------------------------------------

    @property
    def ledger_path(self) -> Path:
        return self._place.ledger_path

    @property
    def rank(self) -> Callable[[Job], int] | None:
        """The more urgent order first (C4.3)."""
        return _urgency

    @property
    def attempt_seconds(self) -> float:
        downloads = self._settings.downloads
        return downloads.task_timeout_seconds + downloads.browser_start_seconds + _STARTING_SECONDS

    @property
    def job_seconds(self) -> float:
        return self._settings.downloads.task_timeout_seconds

    def slot_facts(self, index: int) -> Mapping[str, object]:
        runs = any(record.slot == index for record, _ in self._drivers())
        return {"browser": "RUNNING" if runs else "NOT RUNNING"}

    def attach(self, ledger: ProgressTracker) -> None:
        self._ledger = ledger

    # -- before anything starts ------------------------------------------------------------------

    def check(self) -> None:
        """Refuse what could not run: the list, the addresses, the folders, the browser, its driver,
        the base profile. Raises InputError, SettingsError, ProfileError."""
        from engine.downloads.profile_making import require_available
        from engine.downloads.programs import find_programs

        if not self._continued:
            for order in self._place.orders.orders:
                page_address(order, self._settings.downloads)
        self._place.folders.prepare()
        find_programs(self._settings.downloads)
        base = self._place.base_profile
        if base is not None:
            require_available(base)

    def check_workers(self, count: int) -> None:
        if count > MOST_WORKERS:
            raise SettingsError(
                f"run.workers = {count}: at most {MOST_WORKERS} browsers are driven at a time; "
                "choose fewer workers."
            )

    def notices(self) -> Sequence[str]:
        from engine.downloads.programs import unsandboxed

        if not unsandboxed():
            return []
        return [_UNSANDBOXED]

    # -- jobs ------------------------------------------------------------------------------------

    def seed(self, ledger: ProgressTracker, *, dry_run: bool = False) -> SeedReport:
        """Orders that the ledger does not know yet. Raises InputError."""
        if self._continued:
            return SeedReport(seeded=0, skipped={})
        orders = self._place.orders
        wanted = [
            NewJob(
                job_id=order.po_number,
                account=order.po_number,
                video_path=page_address(order, self._settings.downloads),
                caption=details(order),
                max_attempts=most_attempts(self._settings.downloads),
            )
            for order in orders.orders
        ]
        new = wanted
        if not dry_run:
            new = list(ledger.seed(lambda known: [j for j in wanted if j.job_id not in known]))
        skipped = {_REPEATED: len(orders.repeated), _REFUSED: len(orders.refused)}
        return SeedReport(
            seeded=len(new),
            skipped={reason: count for reason, count in skipped.items() if count},
            messages=orders.messages(),
            keys_used=len(new),
            plan=[(job.job_id, job.account, job.video_path) for job in new],
        )

    @property
    def _continued(self) -> bool:
        """A ledger that exists is gone on with where its list is no longer there."""
        return not self._place.list_path.exists() and self.ledger_path.exists()

    def stages(self, ledger: ProgressTracker, run_id: str, herald: Herald) -> StagePlan:
        from engine.downloads.stages import DownloadStages
        from engine.retry import RetryConfig

        return DownloadStages(
            ledger,
            RetryConfig.from_settings(self._settings),
            run_id=run_id,
            folders=self._place.folders,
        )

    def publish(self, ledger: ProgressTracker) -> None:
        """Each order's result lies in its own folder."""

    def open(self, slot: WorkerSlot) -> Session:
        from engine.downloads.order_session import OrderSession

        return OrderSession(slot, Place(slot.settings, slot.work_dir))

    def refuse(self, job: Job) -> str | None:
        return None

    # -- records ---------------------------------------------------------------------------------

    def confirmed(self, job: Job) -> None:
        """Nothing outlives the ledger but the order's folder."""

    def may_be_done(self, job: Job) -> None:
        """An order has no point of no return: it is visited again (E4.1)."""

    def not_done(self, job: Job) -> None:
        """As above."""

    def traces(self) -> Sequence[Trace]:
        return ()

    # -- browsers --------------------------------------------------------------------------------

    def resources(self, *, ask: bool, patient: bool = True) -> Sequence[ResourceState]:
        return [_state(record, since) for record, since in self._drivers()]

    def reclaim(self, slots: Sequence[int] | None) -> Sequence[Receipt]:
        """End the browsers of these slots, and remove the profiles that nobody owns any more."""
        from engine.downloads.browser_processes import end_browsers
        from engine.downloads.remains import remove_remains

        held = [pair for pair in self._drivers() if slots is None or pair[0].slot in slots]
        end_browsers(self._work_dir, slots, self._place.profiles)
        remove_remains(self._place, slots)
        return [_receipt(record, since) for record, since in held]

    def release(self, ids: Sequence[str]) -> Sequence[Receipt]:
        """End these browsers; their workers see it, and their orders are visited again."""
        from engine.downloads.browser_processes import end_browsers

        known = {_id(record): (record, since) for record, since in self._drivers()}
        receipts = []
        for wanted in ids:
            if wanted not in known:
                receipts.append(
                    Receipt(id=wanted, label=wanted, released=True, detail="no such browser runs")
                )
                continue
            record, since = known[wanted]
            end_browsers(self._work_dir, [record.slot], self._place.profiles)
            receipts.append(_receipt(record, since))
        return receipts

    def _drivers(self) -> list[tuple[ProcessRecord, datetime]]:
        """Drivers that live, each with its browser, and since when."""
        from engine.downloads.driver_process import ROLE

        found = ((record, record.process()) for record in self._children.records(role=ROLE))
        return [(record, _since(process)) for record, process in found if process is not None]

    def minutes_used(self, run_id: str) -> float:
        return minutes_of(self._ledger, run_id)

    def minutes_on(self, day: date) -> float:
        return minutes_on(self._ledger, day, self._settings)

    def calls_on(self, day: date) -> PaidCalls:
        return NO_CALLS

    def limited_until(self) -> datetime | None:
        return None


def _urgency(job: Job) -> int:
    return priority_of(job.caption)


def _id(record: ProcessRecord) -> str:
    return f"browser-{record.slot}-{record.pid}"


def _since(process: psutil.Process) -> datetime:
    try:
        return datetime.fromtimestamp(process.create_time(), UTC)
    except psutil.Error:
        return datetime.now(UTC)


def _state(record: ProcessRecord, since: datetime) -> ResourceState:
    return ResourceState(
        kind="browser",
        id=_id(record),
        label=f"worker {record.slot}",
        state="started",
        ours=True,
        slot=record.slot,
        since=since,
        minutes=_minutes_since(since),
    )


def _receipt(record: ProcessRecord, since: datetime) -> Receipt:
    gone = record.process() is None
    return Receipt(
        id=_id(record),
        label=f"worker {record.slot}",
        released=gone,
        detail="seen gone" if gone else "it does not end",
        minutes=_minutes_since(since),
    )


def _minutes_since(since: datetime) -> float:
    return max(0.0, (datetime.now(UTC) - since).total_seconds() / 60)
