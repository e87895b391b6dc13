"""One worker's session of posting: its Appium server, and a phone for each job."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import EngineError, PhoneError, StopRequested
from engine.model.desk import ModelDesk
from engine.phones.adb_server import AdbServer
from engine.phones.appium_server import AppiumServer
from engine.workloads.errand import Errand
from engine.workloads.phone_ahead import PhoneAhead
from engine.workloads.phone_visit import PhoneVisit

if TYPE_CHECKING:
    from engine.jobs import Job, Outcome
    from engine.phones.phone import Pause, Phone, Station
    from engine.workloads.base import Ahead, Receipt, Report, WorkerSlot

CROWDED_SECONDS: Final = 600.0
"""After a start that was refused, no phone is started ahead for so long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Farewell:
    """The phone of a job that was done, being stopped beside the next one's beginning."""

    phone_id: str
    errand: Errand[None]


class PostingSession:
    """What a posting worker holds between jobs: an Appium server. Phones it holds for one job, and
    until it has seen them off; that of the next job while the one in hand waits for its proof."""

    def __init__(
        self,
        slot: WorkerSlot,
        station: Station,
        *,
        material: Callable[[Job], Path],
        expected: Callable[[Job], None],
        not_shared: Callable[[Job], None],
        published: Callable[[Job], None],
        released: Callable[[Receipt], None],
    ) -> None:
        """``material`` checks caption and video of a job and finds the file; raises ContentError,
        or ClaimLostError where the job must not be posted any more. ``expected`` notes in
        the lasting record that the post may be made, ``not_shared`` that it was not, ``published``
        that it was; all raise LedgerError. ``released`` notes a phone's minutes.
        """
        self._slot = slot
        self._station = station
        self._material = material
        self._expected = expected
        self._not_shared = not_shared
        self._published = published
        self._released = released
        self._model = ModelDesk(slot.settings, slot.work_dir)
        self._adb_server = AdbServer(slot)
        self._server = AppiumServer(slot)
        self._farewell: Farewell | None = None
        self._ahead: PhoneAhead | None = None
        self._crowded_until = 0.0
        """No phone is started ahead before, by the monotonic clock."""

    def start(self) -> None:
        """Start the servers, so that no job is spent on a worker that cannot work.

        Raises AdbError, AppiumError, InternalError, SettingsError. Asked to stop meanwhile, it
        returns without them.
        """
        try:
            self._adb_server.start(self._pause)
            self._server.start(self._pause)
        except StopRequested:
            self._slot.log.info("appium_not_started", reason="asked to stop")

    @property
    def lead_seconds(self) -> float:
        """No phone is started before its first look; an attached device always is."""
        phones = self._slot.settings.phones
        return 0.0 if phones.device == "grapheneos" else phones.boot_first_look_seconds

    @property
    def looks_ahead(self) -> bool:
        """Not with an attached device, which the job in hand needs to its end, and not where the
        plan seems to be full: what is started ahead must not keep another worker waiting."""
        attached = self._slot.settings.phones.device == "grapheneos"
        return not attached and time.monotonic() >= self._crowded_until

    def prepare_next(self, job: Job, alarm: Callable[[str], None]) -> Ahead:
        self._drop_ahead()
        self._ahead = PhoneAhead(
            self._station,
            job,
            self._material(job),
            slot=self._slot.index,
            released=self._released,
            alarm=alarm,
        )
        return self._ahead

    def perform(self, job: Job, report: Report) -> Outcome:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and (ahead.ended or ahead.job_id != job.job_id):
            ahead.end()
            ahead = None
        try:
            early = None if ahead is None else ahead.phone(report.pause)
            if ahead is not None and early is None:
                self._note_crowd()
            phone, video = self._make_ready(job, report, early)
        except BaseException:
            if ahead is not None:
                ahead.end()
            raise
        visit = PhoneVisit(
            station=self._station,
            server=self._server,
            slot=self._slot,
            phone=phone,
            report=report,
            advisor=self._model.advisor(job.job_id),
            submit=lambda: self._submit(job, report),
            make_room=lambda: self._make_room(report.pause),
            ahead=ahead if early is not None else None,
        )
        try:
            visit.prepare(job.job_id, video)
            # Minutes have passed: another campaign may have posted it meanwhile (A15.2).
            self._material(job)
            report.begin()
            success = visit.post(job.caption)
            # Before the phone is stopped and the ledger's row is written: no crash may lose it.
            self._keep(job, report)
        except BaseException as exc:
            try:
                visit.keep_evidence(exc)
            finally:
                self._released(visit.end())
            raise
        try:
            visit.leave()
        finally:
            self._bid_farewell(phone, visit)
        return success

    def _note_crowd(self) -> None:
        """A start was refused."""
        self._crowded_until = time.monotonic() + CROWDED_SECONDS

    def _make_room(self, pause: Pause) -> bool:
        """A start was refused: wait for the phone of the last job to be off, if there is one."""
        self._note_crowd()
        return self.await_farewell(pause)

    def _make_ready(self, job: Job, report: Report, early: Phone | None) -> tuple[Phone, Path]:
        """The phone and the video, with both servers up; ``early``: a phone that boots already."""
        # A phone that was refused its stop (a person looks into it) costs until a try succeeds.
        self._stop_leftovers(early)
        report.phase("check")
        video = self._material(job)
        report.phase("find")
        phone = early or self._station.find(job.account, report.pause)
        if self._farewell is not None and self._farewell.phone_id == phone.id:
            self.await_farewell(report.pause)
        self._adb_server.start(report.pause)
        if self._server.log_is_full or not self._server.healthy():
            report.phase("appium")
            self._server.restart(report.pause)
        return phone, video

    def _bid_farewell(self, phone: Phone, visit: PhoneVisit) -> None:
        """See the phone off while the next job begins: nobody has to wait for it."""

        def see_off(_pause: Pause) -> None:
            self._released(visit.see_off())

        try:
            errand = Errand("farewell", see_off)
        except RuntimeError:  # this host has no thread left
            self._released(visit.see_off())
            return
        before, self._farewell = self._farewell, Farewell(phone_id=phone.id, errand=errand)
        if before is not None:  # two at a time: a stop that takes longer than a job is waited for
            before.errand.wait(lambda _seconds: None)

    def await_farewell(self, pause: Pause = lambda _seconds: None) -> bool:
        """Wait until the phone of the last job was stopped; whether there was one to wait for.

        Raises what ``pause`` raises; the phone is then stopped all the same.
        """
        farewell = self._farewell
        if farewell is None:
            return False
        farewell.errand.wait(pause)
        self._farewell = None
        try:
            farewell.errand.check()
        except Exception:  # a bug in stopping: what is left in the registry is stopped later
            self._slot.log.exception("phone_not_seen_off")
        return True

    def _submit(self, job: Job, report: Report) -> None:
        """The point of no return, in the lasting record and then in the ledger: whatever befalls
        one of them, the other still says that this may be posted. Raises as ``Report.submit``."""
        self._expected(job)
        try:
            report.submit()
        except BaseException:
            # Nothing was shared. A note that stays makes the job one to look at, and no more.
            with contextlib.suppress(EngineError, OSError):
                self._not_shared(job)
            raise

    def _keep(self, job: Job, report: Report) -> None:
        """The reel is public: a record that cannot be written does not make it a failure."""
        try:
            self._published(job)
        except (EngineError, OSError) as exc:
            report.log.critical("posted_record_not_written", error=str(exc))
            report.step("THE POSTED RECORD COULD NOT BE WRITTEN", error=str(exc))

    def recover(self) -> None:
        """Put the slot in order (A10.3): Appium, adb and phone off, then Appium anew.

        A phone is started by the next job only, since an idle one costs. Raises PhoneError when a
        phone of this slot may still be on, AppiumError when the server does not come up.
        """
        self._server.stop()
        self._drop_ahead()
        self.await_farewell()
        left = [receipt for receipt in self._stop_leftovers() if not receipt.released]
        if left:
            names = ", ".join(f"{receipt.label} ({receipt.detail})" for receipt in left)
            raise PhoneError(f"Phones of worker {self._slot.index} may still be on: {names}.")
        self._adb_server.stop()
        self.start()

    def close(self) -> None:
        self._server.stop()
        self._drop_ahead()
        self.await_farewell()
        self._stop_leftovers()
        self._adb_server.stop()
        self._station.close()
        self._model.close()

    def _drop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.end()
            self._ahead = None

    def _stop_leftovers(self, early: Phone | None = None) -> list[Receipt]:
        """Stop phones that an attempt could not see off; their adb serials go with them.

        The one that is being seen off just now is not among them, nor the one that boots already.
        """
        if self._farewell is not None and self._farewell.errand.done:
            self.await_farewell()
        kept = {early.id} if early is not None else set()
        if self._farewell is not None:
            kept.add(self._farewell.phone_id)
        slot = self._slot.index
        if not kept:
            receipts = list(self._station.stop_ours([slot]))
        else:
            held = (state for state in self._station.registered() if state.slot == slot)
            left = [state.id for state in held if state.id not in kept]
            receipts = list(self._station.stop_named(left)) if left else []
        for receipt in receipts:
            self._released(receipt)
        return receipts

    def _pause(self, seconds: float) -> None:
        """Wait between jobs, in waits so short that a stop is noticed at the next."""
        if self._slot.should_stop():
            raise StopRequested("The worker was asked to stop.")
        time.sleep(seconds)
