"""The video's way onto the phone, beside all else that a visit does until it is needed.

It is sent to the provider's store while the phone boots, and fetched by the phone while adb, the
session and the app come up.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.workloads.errand import Errand

if TYPE_CHECKING:
    from engine.phones.phone import Phone, Sent, Station
    from engine.workloads.base import Report


class VideoWay:
    """One video for one phone; begun at once, and ended with ``end`` whatever happens."""

    def __init__(self, station: Station, phone: Phone, video: Path) -> None:
        self._station = station
        self._phone = phone
        self._sending: Errand[Sent] = Errand("send", lambda pause: station.send(video, pause))
        self._delivery: Errand[None] | None = None

    def phone_is_on(self) -> None:
        """The phone is started: it fetches the video as soon as that is sent."""
        station, phone, sending = self._station, self._phone, self._sending
        self._delivery = Errand(
            "upload", lambda pause: station.deliver(phone, sending.result(pause), pause)
        )

    def check(self) -> None:
        """Raises what went wrong on the way so far, a JobError."""
        self._sending.check()
        if self._delivery is not None:
            self._delivery.check()

    def arrive(self, report: Report) -> None:
        """Wait until the phone has the video. Raises what went wrong, and as the report does."""
        if self._delivery is None:
            raise AssertionError("no phone to bring it to")
        if not self._sending.done:
            report.phase("send")
            self._sending.result(report.pause)
        report.phase("upload")
        self._delivery.result(report.pause)
        report.step(
            "the video is on the phone",
            sending_seconds=round(self._sending.seconds, 1),
            upload_seconds=round(self._delivery.seconds, 1),
        )

    def drop(self) -> None:
        """Nobody waits for it any more; a call that is under way may still take its time."""
        for errand in self._errands:
            errand.drop()

    def end(self) -> None:
        """Drop it. Returns when all of it has ended: nothing reaches the phone later."""
        self.drop()
        for errand in self._errands:
            errand.end()

    @property
    def _errands(self) -> tuple[Errand[Sent] | Errand[None], ...]:
        return (self._sending,) if self._delivery is None else (self._delivery, self._sending)
