"""One job's time with one phone: from the start that is asked for until it is seen off.

The phone costs from the moment its start was asked for. Whatever happens after that ends in one
place, ``end``: the session is closed, the phone is stopped and seen stopped (behaviour A10.7).
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import (
    AdbError,
    ClaimLostError,
    ConnectionDroppedError,
    GloginError,
    InDoubtError,
    JobError,
    StopRequested,
)
from engine.jobs import Success
from engine.phones.appium_device import open_device
from engine.posting.flow import SESSION_DEAD, PostingFlow
from engine.posting.publication_check import Finding, PublicationCheck, Question
from engine.workloads.base import PHASE_STOP
from engine.workloads.video_way import VideoWay

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.phones.appium_server import AppiumServer
    from engine.phones.device import Device
    from engine.phones.phone import Phone, Station
    from engine.posting.advice import Advisor
    from engine.workloads.base import Receipt, Report, WorkerSlot
    from engine.workloads.phone_ahead import PhoneAhead

PAGE: Final = "page.xml"
SCREENSHOT: Final = "screenshot.png"
DOUBT_PAGE: Final = "doubt-page.xml"
DOUBT_SCREENSHOT: Final = "doubt-screenshot.png"
"""What stood there when the doubt arose; the check after it leaves that screen."""
PHASE_VERIFY: Final = "verify"
_NOT_FAILURES: Final = (StopRequested, ClaimLostError)
_ENDINGS: Final = (*_NOT_FAILURES, JobError)
"""What a report may raise when it is told something."""
_PHONE_LOST: Final = (ConnectionDroppedError, AdbError, GloginError)
"""After these a look through the session costs minutes of waiting and shows nothing."""


class PhoneVisit:
    """A phone held for one job."""

    def __init__(
        self,
        *,
        station: Station,
        server: AppiumServer,
        slot: WorkerSlot,
        phone: Phone,
        report: Report,
        submit: Callable[[], None],
        advisor: Advisor | None = None,
        make_room: Callable[[], bool] = lambda: False,
        ahead: PhoneAhead | None = None,
    ) -> None:
        """``submit`` writes the point of no return wherever it is kept; ``advisor`` is asked for a
        step before Share where no rule has one; ``make_room`` waits until the phone of the job
        before is off, and says whether there was one; ``ahead``: where the phone was started
        already, and who has it from now on."""
        self._station = station
        self._server = server
        self._slot = slot
        self._settings = slot.settings
        self._phone = phone
        self._report = report
        self._submit = submit
        self._advisor = advisor
        self._make_room = make_room
        self._ahead = ahead
        self._device: Device | None = None
        self._flow: PostingFlow | None = None
        self._way: VideoWay | None = None

    def prepare(self, job_id: str, video: Path) -> None:
        """Bring the phone up with a session open, the video on its way. Raises typed JobErrors.

        The video is sent while the phone boots, which costs nothing, and fetched by the phone
        beside adb and the session.
        """
        report, station, phone = self._report, self._station, self._phone
        report.phase("boot")
        if self._ahead is None:
            self._start(job_id)
            self._way = VideoWay(station, phone, video)
        else:
            self._way = self._ahead.way
        report.state("ADB_PENDING")
        if self._ahead is None:
            station.wait_started(phone, self._pause)
        else:
            self._ahead.wait_started(self._pause)
        self._way.phone_is_on()
        report.start_clock()
        report.phase("connect")
        serial = station.connect(phone, self._pause)
        report.state("ADB_READY")
        report.phase("session")
        self._device = self._open(serial)
        report.state("APPIUM_READY")

    def _start(self, job_id: str) -> None:
        def start() -> None:
            slot, pause = self._slot.index, self._report.pause
            self._station.start(self._phone, job_id=job_id, slot=slot, pause=pause)

        try:
            start()
        except JobError as exc:
            # The plan may allow no more phones at a time than there are workers.
            if not exc.retry_soon or not self._make_room():
                raise
            start()

    def _pause(self, seconds: float) -> None:
        """Wait; a video that will not come ends the attempt at once: the phone costs."""
        self._report.pause(seconds)
        if self._way is not None:
            self._way.check()

    def _video_is_there(self) -> None:
        """Until the phone has the video nothing may be chosen in its gallery."""
        if self._way is None:
            raise AssertionError("post before prepare")
        self._way.arrive(self._report)

    def post(self, caption: str) -> Success:
        """Walk the flow; a doubt is looked into. Raises what ``PostingFlow.post`` raises."""
        if self._device is None:
            raise AssertionError("post before prepare")
        self._flow = PostingFlow(
            self._device,
            self._settings,
            self._report,
            submit=self._submit,
            reconnect=self._reconnect,
            advisor=self._advisor,
            app_opened=self._video_is_there,
        )
        try:
            return self._flow.post(caption)
        except InDoubtError as doubt:
            if not (self._settings.posting.check_doubts and self._report.submitted):
                raise
            return self._settle(doubt, self._flow)

    def _settle(self, doubt: InDoubtError, flow: PostingFlow) -> Success:
        """Look whether the reel is on the own profile after all; else the doubt, with what was
        seen. Raises InDoubtError."""
        if isinstance(doubt.__cause__, JobError):
            raise doubt  # no new session was to be had: there is nothing to look through
        self._report.step("doubt", error=str(doubt))
        finding = self._finding(flow)
        if finding.proof:
            self._report.step("published", proof=finding.proof)
            return Success(evidence=finding.proof)
        raise InDoubtError(f"{doubt} A look at the own profile did not settle it: {finding.seen}.")

    def _finding(self, flow: PostingFlow) -> Finding:
        """In the session that lives, else in a new one; what fails leaves the doubt."""
        question = Question(
            caption=flow.state.caption,
            posts_before=flow.state.own_posts,
            shared_at=flow.state.shared_at,
            reports_before=flow.state.before,
        )
        dead = flow.state.failed_looks >= SESSION_DEAD
        if not dead and self._device is not None:
            self._look(self._device, DOUBT_PAGE, DOUBT_SCREENSHOT)
        self._report.phase(PHASE_VERIFY)
        for fresh in (True,) if dead else (False, True):
            try:
                device = self._reconnect() if fresh or self._device is None else self._device
                return PublicationCheck(device, self._settings, self._report).answer(question)
            except JobError as exc:
                failure = str(exc)
                self._report.step("the look failed", error=failure)
        return Finding(seen=f"the look failed: {failure}")

    def end(self) -> Receipt:
        """Close the session, stop the phone and see it stopped; never raises, never cut short.

        A phone that was not seen off stays in the registry and is an alarm: it does not change
        what became of the job.
        """
        self.leave()
        return self.see_off()

    def leave(self) -> None:
        """Close the session and give the video up if it is not there; the phone is still on.
        Never raises."""
        with contextlib.suppress(*_ENDINGS):  # the job may have to end: so does the phone
            self._report.phase(PHASE_STOP)
        try:
            if self._device is not None:
                self._device.close()
        except Exception:  # a bug in closing must not leave a phone on
            self._report.log.exception("session_not_closed")
        if self._way is not None:
            self._way.drop()

    def see_off(self) -> Receipt:
        """Stop the phone and see it stopped, perhaps beside the next job; never raises."""
        began = time.monotonic()
        if self._ahead is not None:  # nobody else stops it at the same time
            self._ahead.halt()
        receipt = self._station.stop(self._phone)
        if self._way is not None:  # a call to a store that hangs must not keep the phone on
            self._way.end()
        self._report.step(
            "phone off" if receipt.released else "THE PHONE MAY STILL BE ON",
            phone=receipt.label,
            detail=receipt.detail,
            seconds=_since(began),
            minutes=round(receipt.minutes, 2),
        )
        if not receipt.released:
            self._report.alarm(f"phone {receipt.label} may still be on: {receipt.detail}")
        return receipt

    def keep_evidence(self, cause: BaseException) -> None:
        """Page source and screenshot while the session lives; else the record says why not."""
        if isinstance(cause, _NOT_FAILURES):
            return
        if self._device is None:
            self._missing(f"no session was open ({type(cause).__name__})")
        elif isinstance(cause, _PHONE_LOST):
            self._missing(f"the phone was lost: {cause}")
        else:
            self._look(self._device, PAGE, SCREENSHOT)

    def _look(self, device: Device, page: str, screenshot: str) -> None:
        try:
            self._report.evidence(page, device.source())
            self._report.evidence(screenshot, device.screenshot())
        except JobError as exc:
            self._missing(str(exc))

    def _missing(self, reason: str) -> None:
        self._report.step("no look at the screen", reason=reason)
        last = self._flow.last_source if self._flow is not None else ""
        if last:
            self._report.evidence("last-page.xml", last)

    def _open(self, serial: str) -> Device:
        self._server.start(self._report.pause)  # it may have died while the phone came up
        return open_device(
            self._server.url,
            serial,
            system_ports=self._settings.get_system_port_range(self._slot.index),
            settings=self._settings,
            log=self._report.log,
            pause=self._pause,
            adb_port=self._settings.get_adb_server_port(self._slot.index),
            revive=self._server.revive,
            renew=lambda: self._connect_anew(serial),
            unclosed=self._server.distrust,
        )

    def _connect_anew(self, serial: str) -> None:
        """The login to the phone lapsed. Raises typed JobErrors."""
        found = self._station.connect(self._phone, self._report.pause)
        if found != serial:
            raise AdbError(f"The phone at {serial} is at {found} now, as if it had booted anew.")

    def _reconnect(self) -> Device:
        """A new session on the same phone, for looking on after Share. Raises typed JobErrors."""
        self._report.step("connect anew to look at what became of the upload")
        if self._device is not None:
            self._device.close()
        serial = self._station.connect(self._phone, self._report.pause)
        self._device = self._open(serial)
        return self._device


def _since(began: float) -> float:
    return round(time.monotonic() - began, 2)
