"""The trade of posting reels: where its jobs come from, what costs, what keeps an account safe."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.campaign import Campaign, CampaignSource
from engine.errors import (
    ClaimLostError,
    ContentError,
    InfrastructureError,
    LedgerError,
    SettingsError,
)
from engine.jobs import Job, Trace
from engine.logger import get_logger
from engine.model.availability import notices, refuse_unusable
from engine.model.budget import ModelBudget
from engine.phones.adb_server import ROLE as OWN_ADB
from engine.phones.adb_version import LOCAL_HOST, refuse_other_server, server_port
from engine.phones.android_sdk import android_sdk
from engine.phones.appium_install import appium_program
from engine.phones.appium_server import port_is_free
from engine.phones.appium_versions import packages
from engine.phones.budget import CallBudget
from engine.phones.phone import BRIEFLY
from engine.phones.registry import PhoneEntry, PhoneRegistry
from engine.phones.signing import refuse_without_token
from engine.phones.stations import open_station
from engine.posting.caption import check_caption
from engine.processes import ProcessRegistry
from engine.retry import RetryConfig, RetryPassManager
from engine.run_state import RunDirectory
from engine.sources.post_history import CAP_REACHED, PostHistory
from engine.sources.posted_lines import Post, lost_words, trace_of
from engine.sources.seeding import JobSource, content_of, seed_from
from engine.sources.state_source import StateFileSource
from engine.sources.video import check_video, file_name, find_video
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
from engine.workloads.phone_minutes import PhoneMinutes

if TYPE_CHECKING:
    from engine.phones.phone import Station
    from engine.progress import ProgressTracker
    from engine.workloads.paid_calls import PaidCalls

_UNWRITABLE: Final = "record_unwritable"


class PostReel:
    """The workload ``post_reel``: one video for one account on one day."""

    name = "post_reel"
    labels = Labels(
        key="account",
        resource="phone",
        stage="pass",
        content="video",
        text="caption",
        act="post",
        acting="posting",
        done="posted",
        doubtful="published",
        provider="provider",
        no_return="Share",
    )
    daily = True
    own_stages = False
    grows = False
    keeps_resource = False
    ready_states: tuple[str, ...] = ("ADB_PENDING", "ADB_READY", "APPIUM_READY")
    cap_refusal: str = CAP_REACHED
    rank = None

    def __init__(self, context: WorldContext) -> None:
        """Raises InputError for a campaign that is not there, disabled or wrong."""
        self._settings = context.settings
        self._work_dir = context.work_dir
        self._campaign = (
            Campaign.load(context.settings.campaign, context.settings, context.work_dir)
            if context.settings.campaign
            else None
        )
        run_dir = context.work_dir / context.settings.paths.run
        books = context.work_dir / context.settings.paths.books
        self._minutes = PhoneMinutes(books)
        self._model = ModelBudget(books, context.settings)
        self._phones = PhoneRegistry(books)
        phones = context.settings.phones
        self._budget = CallBudget(
            books, per_minute=phones.calls_per_minute, per_hour=phones.calls_per_hour
        )
        self._children = ProcessRegistry(RunDirectory(run_dir).processes_path)
        self._history = PostHistory(context.settings, context.work_dir, self.ledger_path)
        self._log = get_logger("engine.post_reel")

    # -- what it is ------------------------------------------------------------------------------

    @property
    def ledger_path(self) -> Path:
        if self._campaign is not None:
            return self._campaign.ledger_path
        return self._work_dir / self._settings.paths.ledger

    @property
    def daily_cap(self) -> int:
        """The campaign's own, else that of the settings (A6.4)."""
        if self._campaign is not None:
            return self._campaign.cap
        return self._settings.posting.max_posts_per_account_per_day

    @property
    def attempt_seconds(self) -> float:
        """Every wait of the settings used to its end."""
        phones, appium = self._settings.phones, self._settings.appium
        posting = self._settings.posting
        # The look after a doubt may begin again in a new session.
        checks = 2 * posting.check_seconds if posting.check_doubts else 0.0
        return (
            phones.boot_timeout_seconds
            + phones.adb_device_timeout_seconds
            + appium.session_timeout_seconds * appium.session_tries
            + self.job_seconds
            + posting.confirm_timeout_seconds
            + checks
            + phones.stop_timeout_seconds
        )

    @property
    def job_seconds(self) -> float:
        return self._settings.posting.job_timeout_seconds

    def slot_facts(self, index: int) -> Mapping[str, object]:
        ports = self._settings.get_system_port_range(index)
        return {
            "appium": "RUNNING" if self._runs("appium", index) else "NOT RUNNING",
            "port": self._settings.get_appium_port(index),
            "system_ports": f"{ports.start}-{ports.stop - 1}",
        }

    def _runs(self, role: str, index: int) -> bool:
        """Our server of this slot lives, by its recorded start time and command."""
        records = self._children.records(slot=index, role=role)
        return any(record.process() is not None for record in records)

    def attach(self, ledger: ProgressTracker) -> None:
        self._history.attach(ledger)

    # -- before anything starts ------------------------------------------------------------------

    def check(self) -> None:
        """Refuse what could not run: material, programs, ports, token, in this order.

        Raises InputError, SettingsError, ServiceUnreachableError.
        """
        self._check_source()
        self._history.check()
        refuse_without_token(self._settings, self._work_dir)
        refuse_unusable(self._settings)
        self._check_programs()
        self._check_ports()
        self._station.check()

    def check_workers(self, count: int) -> None:
        self._settings.check_ports(count)

    def notices(self) -> Sequence[str]:
        """That no model is asked for want of a key, or what it cost today; and posts that may have
        been made, of which no ledger knows any more."""
        said = notices(self._settings, self._model, datetime.now(UTC))
        with contextlib.suppress(LedgerError):  # told by whoever needs the record
            path = self._history.record.path
            said += [lost_words(doubt, path) for doubt in self._history.doubts_without_job()]
        return said

    def _check_source(self) -> None:
        """A ledger that exists is continued without its source; accounts are always named."""
        source = self._campaign or self._state_source
        if self.ledger_path.exists():
            source.accounts()
        else:
            source.check()

    def _check_programs(self) -> None:
        """What can be told without starting Node: programs, versions, the SDK (A11.5)."""
        settings = self._settings
        program = appium_program(settings, self._work_dir)
        program.check()
        installed = packages(program)
        if installed is not None:
            installed.check(program)
        android_sdk(settings).check()
        if not settings.phones.adb_server_port:
            refuse_other_server(settings.phones.adb_command, server_port())

    def _check_ports(self) -> None:
        """Each worker's port is free or held by our own server (A11.3)."""
        settings = self._settings
        settings.check_ports(settings.run.workers)
        host = settings.appium.host
        for index in range(settings.run.workers):
            wanted = [("appium", host, settings.get_appium_port(index), "appium.base_port")]
            if own_adb := settings.get_adb_server_port(index):
                wanted.append((OWN_ADB, LOCAL_HOST, own_adb, "phones.adb_server_port"))
            for role, address, port, key in wanted:
                if not self._runs(role, index) and not port_is_free(address, port):
                    name = "Appium" if role == "appium" else "its adb server"
                    raise SettingsError(
                        f"Port {port} on {address}, which worker {index} needs for {name}, is "
                        f"held by another program: end it, or set {key}."
                    )

    # -- jobs ------------------------------------------------------------------------------------

    @cached_property
    def _state_source(self) -> StateFileSource:
        return StateFileSource(self._settings, self._work_dir, self._history)

    def seed(self, ledger: ProgressTracker, *, dry_run: bool = False) -> SeedReport:
        source: JobSource = self._state_source
        if self._campaign is not None:
            source = CampaignSource(self._campaign, self._settings, self._work_dir, self._history)
        report = seed_from(source, ledger, dry_run=dry_run)
        if not dry_run:
            self._history.keep_index()
        return report

    def stages(self, ledger: ProgressTracker, run_id: str, herald: Herald) -> StagePlan:
        config = RetryConfig.from_settings(self._settings)
        return RetryPassManager(ledger, config, run_id=run_id)

    def publish(self, ledger: ProgressTracker) -> None:
        """The ledger is what its people read."""

    def refuse(self, job: Job) -> str | None:
        phones = self._settings.phones
        if phones.device == "grapheneos" and job.account != phones.device_account:
            # One app, one login: another account's reel would appear under this one's name.
            return f"not of {phones.device_account}, whom the attached device posts as"
        return self._history.objection(job, cap=self.daily_cap)

    def confirmed(self, job: Job) -> None:
        """Record a post that a person confirmed, as of the day it was made. Raises LedgerError."""
        when = job.submitted_at or job.claimed_at or job.completed_at or datetime.now(UTC)
        # What was noted before Share is what was shared, whatever the file holds by now.
        noted = {doubt.video_id for doubt in self._history.doubts() if trace_of(doubt).is_of(job)}
        for identity in sorted(noted) or [job.video_id or self._content(job)]:
            self._record(job, identity, when)

    def may_be_done(self, job: Job) -> None:
        """Note a doubt of which the record does not know: of an older system, or one that a
        requeue settled and its undo brought back. Raises LedgerError."""
        when = job.submitted_at or job.claimed_at or datetime.now(UTC)
        self._history.record.expect_once(replace(self._post(job), when=when))

    def not_done(self, job: Job) -> None:
        """The operator wants the job tried again. Raises LedgerError."""
        self._history.record.withdraw(self._post(job), datetime.now(UTC))

    def traces(self) -> Sequence[Trace]:
        """What was about to be shared, and was neither proved nor settled. Raises LedgerError."""
        return [trace_of(doubt) for doubt in self._history.doubts()]

    def material(self, job: Job) -> Path:
        """The video of a job that may be posted now.

        Raises ContentError for a caption or video that cannot be posted, also for a video that the
        account posted under another name (A15.4), ClaimLostError where the account has posted it,
        or enough, since the job was claimed (A15.2).
        """
        check_caption(job.caption, self._settings.posting.caption_max)
        video = self._video(job)
        if video is None:
            raise ContentError(
                f"The video {job.video_path} is not there: put it back, or set paths.video_root "
                "to its folder.",
                error_type="missing_video",
            )
        check_video(video)
        try:
            self._history.record.refuse_unwritable()
        except LedgerError as exc:
            raise InfrastructureError(str(exc), error_type=_UNWRITABLE) from exc
        objection = self._history.objection(job, cap=self.daily_cap, fresh=True)
        if objection:
            raise ClaimLostError(f"{job.job_id} is not posted: {objection}.")
        self._refuse_known_content(job, video)
        return video

    def _refuse_known_content(self, job: Job, video: Path) -> None:
        """The file may hold another video than at seeding, or the ledger may not know which."""
        identity = content_of(video)
        if identity in {"", job.video_id}:
            return
        name, mine = file_name(job.video_path), (job.job_id,)
        if self._history.posted_before(job.account, name, identity, excluding=mine):
            raise ContentError(
                f"{job.account} has posted the video {video} before, under another name: skip the "
                "job, or give it another video.",
                error_type="duplicate_video",
            )

    def _video(self, job: Job) -> Path | None:
        return find_video(job.video_path, self._work_dir, self._settings.paths.video_root)

    def _expected(self, job: Job) -> None:
        """Note, before Share, the file that may be posted from now on.

        Raises InfrastructureError: an attempt that fails is counted, or a record that nobody may
        write would have one phone after the other started in vain.
        """
        try:
            self._history.record.expect(self._post(job))
        except LedgerError as exc:
            raise InfrastructureError(str(exc), error_type=_UNWRITABLE) from exc

    def _post(self, job: Job) -> Post:
        return Post(
            account=job.account,
            name=file_name(job.video_path),
            when=datetime.now(UTC),
            video_id=self._content(job) or job.video_id,
            job_id=job.job_id,
        )

    def _published(self, job: Job) -> None:
        """Record the file that was posted just now."""
        self._record(job, self._content(job) or job.video_id, datetime.now(UTC))

    def _content(self, job: Job) -> str:
        video = self._video(job)
        return "" if video is None else content_of(video)

    def _record(self, job: Job, identity: str, when: datetime) -> None:
        self._history.record.add(job.account, file_name(job.video_path), identity, when)

    # -- phones ----------------------------------------------------------------------------------

    @cached_property
    def _station(self) -> Station:
        """For the supervisor's and the operator's looks; each worker's session has its own."""
        return open_station(self._settings, self._work_dir, run_id="", log=self._log)

    def open(self, slot: WorkerSlot) -> Session:
        """Raises AppiumError or InternalError where the slot's server does not come up."""
        from engine.workloads.posting_session import PostingSession  # a viewer posts nothing

        session = PostingSession(
            slot,
            open_station(
                slot.settings, slot.work_dir, run_id=slot.run_id, log=slot.log, slot=slot.index
            ),
            material=self.material,
            expected=self._expected,
            not_shared=self.not_done,
            published=self._published,
            released=lambda receipt: self._minutes.note(receipt, slot.run_id),
        )
        try:
            session.start()
        except BaseException:
            session.close()
            raise
        return session

    def resources(self, *, ask: bool, patient: bool = True) -> Sequence[ResourceState]:
        if not ask:
            return self._station.registered()
        return self._station.inventory(time.sleep if patient else BRIEFLY)

    def reclaim(self, slots: Sequence[int] | None) -> Sequence[Receipt]:
        runs = self._runs_of_phones()
        receipts = self._station.stop_ours(slots)
        self._note(receipts, runs)
        return receipts

    def release(self, ids: Sequence[str]) -> Sequence[Receipt]:
        runs = self._runs_of_phones()
        receipts = self._station.stop_named(ids)
        self._note(receipts, runs)
        return receipts

    def minutes_used(self, run_id: str) -> float:
        return self._minutes.of_run(run_id)

    def minutes_on(self, day: date) -> float:
        return self._minutes.of_day(day, self._settings.day_of)

    @property
    def price_per_minute(self) -> float:
        """An attached device costs nothing."""
        phones = self._settings.phones
        return phones.price_per_minute if phones.device == "geelark" else 0.0

    def calls_on(self, day: date) -> PaidCalls:
        return self._model.calls_on(day)

    def limited_until(self) -> datetime | None:
        """End of the provider's longest pause, as the workers of this directory noted it."""
        return self._budget.longest_pause()

    def _runs_of_phones(self) -> dict[str, str]:
        """Phone to the run that started it; asked before the entries are cleared."""
        entries = self._phones.entries()
        return {entry.id: entry.run_id for entry in entries if isinstance(entry, PhoneEntry)}

    def _note(self, receipts: Sequence[Receipt], runs: Mapping[str, str]) -> None:
        for receipt in receipts:
            self._minutes.note(receipt, runs.get(receipt.id, ""))
