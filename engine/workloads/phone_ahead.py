"""The phone of the next job, started while the one in hand waits for its proof.

It is found and started, and its video sent to the store: nothing of that touches the account, and a
phone that boots is not billed. It goes off again unless its job takes it over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.workloads.errand import Errand
from engine.workloads.video_way import VideoWay

if TYPE_CHECKING:
    from engine.jobs import Job
    from engine.phones.phone import Pause, Phone, Station
    from engine.workloads.base import Receipt

_GLANCE: Final = 0.2
"""Seconds between two looks of who waits at whether it may wait on."""


class PhoneAhead:
    """One phone, begun at once in a thread of its own (``session.Ahead``)."""

    def __init__(
        self,
        station: Station,
        job: Job,
        video: Path,
        *,
        slot: int,
        released: Callable[[Receipt], None],
        alarm: Callable[[str], None],
    ) -> None:
        """``released`` notes a phone's minutes. Raises RuntimeError where the host has no thread
        left."""
        self._station = station
        self._job = job
        self._video = video
        self._slot = slot
        self._released = released
        self._alarm = alarm
        self._decided = threading.Event()
        """Its start was accepted, or came to nothing."""
        self._phone: Phone | None = None
        self._way: VideoWay | None = None
        self._up_since: float | None = None
        self._off = self.ended = False
        self._errand: Errand[None] = Errand("ahead", self._boot)

    @property
    def job_id(self) -> str:
        return self._job.job_id

    @property
    def idle_seconds(self) -> float:
        return 0.0 if self._up_since is None else time.monotonic() - self._up_since

    # -- for the job that takes it over ------------------------------------------------------------

    def phone(self, pause: Pause) -> Phone | None:
        """The phone, as soon as its start was accepted; None where it could not be started now.

        Raises what ``pause`` raises.
        """
        pause(0)
        while not self._decided.wait(_GLANCE):
            pause(0)
        return self._phone

    @property
    def way(self) -> VideoWay:
        """The video's way onto the phone; whoever takes the phone over ends it."""
        if self._way is None:
            raise AssertionError("there is a phone to bring it to")
        return self._way

    def wait_started(self, pause: Pause) -> None:
        """As ``Station.wait_started``; a phone that did not come up was stopped already."""
        self._errand.result(pause)

    def halt(self) -> None:
        """Nothing more happens by itself, and a phone that was not up yet was stopped."""
        self._errand.end()

    # -- for nobody --------------------------------------------------------------------------------

    def end(self) -> None:
        self.ended = True
        self.halt()
        if self._phone is not None and not self._off:
            self._see_off(self._phone)

    # -- its way -----------------------------------------------------------------------------------

    def _boot(self, pause: Pause) -> None:
        try:
            phone = self._station.find(self._job.account, pause)
            self._start(phone, pause)
        finally:
            self._decided.set()
        try:
            self._station.wait_started(phone, pause)
        except BaseException:
            self._see_off(phone)
            raise
        self._up_since = time.monotonic()

    def _start(self, phone: Phone, pause: Pause) -> None:
        job_id = self._job.job_id
        try:
            self._station.start(phone, job_id=job_id, slot=self._slot, pause=pause)
            self._way = VideoWay(self._station, phone, self._video)
        except BaseException:
            self._see_off(phone)
            raise
        self._phone = phone

    def _see_off(self, phone: Phone) -> None:
        if self._way is not None:
            self._way.drop()
        receipt = self._station.stop(phone)
        if self._way is not None:  # a call to a store that hangs must not keep the phone on
            self._way.end()
        self._off = receipt.released
        self._released(receipt)
        if not receipt.released:
            self._alarm(f"phone {receipt.label} may still be on: {receipt.detail}")
