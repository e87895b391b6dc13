"""One cloud phone: its power, adb, files and the app that runs on it.

States are computed from time stamps whenever somebody asks, so an idle phone costs nothing. All
times are simulated seconds of the farm's clock.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from simulator.android_system import AndroidSystem
from simulator.app.phone_world import GalleryItem, Publication, UploadOutcome
from simulator.downloads import Downloads, PhoneFile
from simulator.draws import chance
from simulator.errors import Refused
from simulator.farm_file import AccountState, FaultKind

if TYPE_CHECKING:
    from simulator.app import PostingApp
    from simulator.world import Farm

__all__ = ["NEVER", "Account", "Phone", "PhoneFile", "PhoneStatus", "Power"]

NEVER = math.inf


class PhoneStatus(IntEnum):
    """`status` as the provider counts it (behaviour A16.1)."""

    STARTED = 0
    STARTING = 1
    SHUT_DOWN = 2
    EXPIRED = 3


@dataclass(slots=True)
class Account:
    """A social account; its phone carries its name."""

    name: str
    state: AccountState


@dataclass(slots=True)
class Power:
    """One boot, from start to off."""

    boot: int
    started: float
    ready: float
    """When the status becomes "started"; NEVER for a stalled boot."""
    fails: float = NEVER
    """When a failing boot is back at "shut down"."""
    off: float = NEVER
    """When a stop that was asked for is done."""
    energy_saving: bool = False
    port: int = 0
    adb_ready: float = NEVER


@dataclass
class Phone:
    """A phone of the farm. Device servers use what is listed in docs/simulator.md."""

    farm: Farm
    id: str
    serial_no: str
    account: Account
    android: int = 13
    expired: bool = False
    foreign: bool = False
    """Belongs to other people: running, and none of ours."""
    boots: int = 0
    spent: dict[str, float] = field(default_factory=dict)
    """What this boot's own delays took so far, by name: time that nobody could have saved."""
    paces: Counter[str] = field(default_factory=Counter)
    """How many delays of each name there were."""
    power: Power | None = None
    last_activity: float = 0.0
    adb_lost: bool = False
    """The connection of this boot is gone: the serial is offline until the next boot."""
    _downloads: Downloads = field(default_factory=Downloads)
    _app: PostingApp | None = None
    _system: AndroidSystem | None = None
    _stop_refused_until: float = 0.0
    _stop_refusal: Refused | None = None

    # -- power -----------------------------------------------------------------------------------

    @property
    def status(self) -> PhoneStatus:
        """0, 1 or 2; an expired phone is shut down here and 3 only in `phone/status`."""
        self.settle()
        if self.power is None:
            return PhoneStatus.SHUT_DOWN
        ready = self.power.ready <= self.farm.clock.now()
        return PhoneStatus.STARTED if ready else PhoneStatus.STARTING

    @property
    def running(self) -> bool:
        return self.status is PhoneStatus.STARTED

    def start(self, *, energy_saving: bool) -> None:
        """Begin a boot; a phone that is on stays as it is. Raises Refused with the item code."""
        self.settle()
        if self.expired:
            raise Refused(43004, "env is expired")
        if self.power is not None:
            if self.power.off < NEVER:
                raise Refused(43020, "env is unavailable, try later")
            if self.farm.file.dialect.strict_repeats:
                raise Refused(43009, "env is started")
            return
        self._refuse_start_by_fault()
        self._power_on(energy_saving)

    def stop(self) -> None:
        """Begin to shut down; a phone that is off stays off. Raises Refused with the item code."""
        self.settle()
        if self.power is None:
            if self.farm.file.dialect.strict_repeats:
                raise Refused(42002, "env is not running")
            return
        if self.power.off < NEVER:
            return
        self._refuse_stop_by_fault()
        self.power.off = self.farm.clock.now() + self.delay("stop", self.farm.file.delays.stop)

    def restart(self) -> None:
        """Off at once, and a new boot. Raises Refused."""
        if not self.running:
            raise Refused(42002, "env is not running")
        self._refuse_stop_by_fault()
        energy_saving = self.power.energy_saving if self.power else False
        self.shut(self.farm.clock.now(), "restart")
        self._power_on(energy_saving)

    def settle(self) -> None:
        """Let happen what is due by now: a stop, a failed boot, the idle shutdown."""
        power = self.power
        if power is None:
            return
        now = self.farm.clock.now()
        ends = [(power.off, "stop"), (power.fails, "boot_failed")]
        if power.energy_saving and power.ready <= now:
            idle_from = max(power.ready, self.last_activity)
            ends.append((idle_from + self.farm.file.delays.idle_shutdown, "idle"))
        end, reason = min(ends)
        if end <= now:
            self.shut(end, reason)

    def shut(self, at: float, reason: str) -> None:
        """The phone is off since ``at``."""
        power = self.power
        if power is None:
            return
        self._downloads.cut_off(at)
        self.power = None
        if self._app is not None:
            self._app.terminate()
        if self._system is not None:
            self._system.power_off()
        self.farm.phone_went_off(self, power, at, reason)

    def _power_on(self, energy_saving: bool) -> None:
        now = self.farm.clock.now()
        self.boots += 1
        self.spent, self.paces = {}, Counter()
        self.adb_lost = False
        self.last_activity = now
        delay = self.delay("boot", self.farm.file.delays.boot)
        power = Power(
            boot=self.boots,
            started=now,
            ready=now + delay,
            energy_saving=energy_saving,
            port=self.farm.next_port(),
        )
        self.power = power
        if self.boot_draw(FaultKind.BOOT_FAILED):
            power.ready, power.fails = NEVER, now + delay
        elif self.fault_of_this_boot is FaultKind.BOOT_STALL:
            power.ready = NEVER
        self.farm.phone_went_on(self, power)

    def _refuse_start_by_fault(self) -> None:
        for kind, code, message in (
            (FaultKind.START_NO_CAPACITY, 47002, "cloud phone resources are insufficient"),
            (FaultKind.START_IN_USE, 43007, "env has been opened by another user"),
            (FaultKind.START_UNAVAILABLE, 43020, "env is unavailable, try later"),
        ):
            if self.draw(kind):
                raise Refused(code, message)

    def _refuse_stop_by_fault(self) -> None:
        now = self.farm.clock.now()
        if self._stop_refusal is not None and now < self._stop_refused_until:
            raise self._stop_refusal
        for kind, code, message in (
            (FaultKind.STOP_BUSY, 43005, "env is executing a task"),
            (FaultKind.STOP_REMOTE, 43006, "env is occupied by remote"),
        ):
            if self.draw(kind):
                self._stop_refused_until = now + self.farm.file.delays.busy
                self._stop_refusal = Refused(code, message)
                raise self._stop_refusal

    @property
    def rpa_status(self) -> int:
        """1 while an automation task (the cause of 43005) runs."""
        busy = self._stop_refusal is not None and self._stop_refusal.code == 43005
        return int(busy and self.farm.clock.now() < self._stop_refused_until)

    # -- chance ----------------------------------------------------------------------------------

    @property
    def fault_of_this_boot(self) -> FaultKind | None:
        """The infrastructure fault that this boot meets, if any; one draw for all layers."""
        return self.farm.faults.of_boot(self.id, self.account.name, self.boots)

    @property
    def fault_position(self) -> float:
        """Where in the flow before Share a mid-flow fault of this boot strikes, from 0 to 1."""
        return chance(self.farm.file.seed, "position", self.id, self.boots).random()

    def boot_draw(self, kind: FaultKind) -> bool:
        """Whether a fault with its own rate a boot (after_share, …) strikes in this boot."""
        return self.farm.faults.at_boot(kind, self.id, self.account.name, self.boots)

    def draw(self, kind: FaultKind) -> bool:
        """Whether a fault strikes now; every call is one more occurrence."""
        return self.farm.faults.draw(kind, self.id, self.account.name)

    def delay(self, name: str, span: tuple[float, float]) -> float:
        """The next delay of this phone by that name, in simulated seconds."""
        return self._spend(name, self.farm.delays.draw(name, self.id, span))

    def _spend(self, name: str, seconds: float) -> float:
        self.spent[name] = self.spent.get(name, 0.0) + seconds
        self.paces[name] += 1
        return seconds

    # -- adb -------------------------------------------------------------------------------------

    @property
    def ip(self) -> str:
        return "127.0.0.1"

    @property
    def port(self) -> int:
        """Port of this boot's adb; once adb is opened, the phone listens there."""
        return self.power.port if self.power else 0

    @property
    def serial(self) -> str:
        return f"{self.ip}:{self.port}"

    @property
    def password(self) -> str:
        """What `glogin` takes during this boot."""
        made = hashlib.sha256(f"{self.farm.file.seed}|{self.id}|{self.boots}".encode())
        return made.hexdigest()[:6]

    def set_adb(self, *, open_: bool) -> None:
        """Switch adb; nothing happens on a phone that is not running or cannot do adb."""
        if not self.running or self.power is None or self.android == 10:
            return
        if not open_:
            self.power.adb_ready = NEVER
            self.farm.doors.adb_closed(self)
        elif self.power.adb_ready == NEVER and self.fault_of_this_boot is not FaultKind.ADB_NEVER:
            wait = self.delay("adb_enable", self.farm.file.delays.adb_enable)
            self.power.adb_ready = self.farm.clock.now() + wait
            self.farm.doors.adb_opened(self)

    def lose_adb(self) -> None:
        """The line to the phone is gone for the rest of this boot."""
        self.adb_lost = True
        self.farm.doors.adb_closed(self)

    @property
    def adb_open(self) -> bool:
        """Running, and adb is ready for connections."""
        power = self.power if self.running else None
        if power is None or power.adb_ready > self.farm.clock.now():
            return False
        self.farm.doors.adb_ready(self)
        return True

    def touch(self) -> None:
        """Something happened on the phone: the idle shutdown counts from here."""
        self.last_activity = self.farm.clock.now()

    # -- files -----------------------------------------------------------------------------------

    @property
    def files(self) -> tuple[PhoneFile, ...]:
        """The Downloads folder, oldest first; it outlives a shutdown."""
        self.settle()
        return self._downloads.files(self.farm.clock.now())

    def add_file(self, file: PhoneFile) -> None:
        """Put a file there at once (`adb push`); one of the same name is replaced."""
        self._downloads.add(file)

    def remove_file(self, name: str) -> bool:
        """Whether there was one of that name."""
        return self._downloads.remove(name)

    def begin_transfer(self, task_id: str, file: PhoneFile | None) -> None:
        """A file sets out from the cloud's storage; None: its address held nothing."""
        delays = self.farm.file.delays
        now = self.farm.clock.now()
        due = now + self.delay("upload", delays.upload)
        if file is not None:
            size = file.size / (delays.upload_megabytes_per_second * 1_000_000)
            due += self._spend("transfer", size)
        if self.fault_of_this_boot is FaultKind.UPLOAD_STUCK:
            due = NEVER
        if self.draw(FaultKind.UPLOAD_FAILED):
            file = None
        self._downloads.begin(task_id, file, now=now, due=due)

    def transfer_status(self, task_id: str) -> int:
        """`status` of `phone/uploadFile/result`."""
        self.settle()
        return self._downloads.status(task_id, self.farm.clock.now())

    # -- the app (what simulator/app/phone_world.py asks of a phone) -----------------------------

    @property
    def app(self) -> PostingApp:
        """The posting app, made when it is first asked for; it keeps its login over boots."""
        if self._app is None:
            from simulator.app import app_on

            self._app = app_on(self)
        return self._app

    @property
    def system(self) -> AndroidSystem:
        """Android below the app, made when it is first asked for."""
        if self._system is None:
            self._system = AndroidSystem(prepared=self.farm.file.phones.prepared)
        return self._system

    def gallery(self) -> list[GalleryItem]:
        """Files of the phone, newest first."""
        origin = self.farm.clock.origin
        return [
            GalleryItem(
                name=file.name,
                taken_at=origin + timedelta(seconds=self.farm.clock.real_seconds(file.arrived)),
                duration=15.0 if file.is_video else 0.0,
            )
            for file in sorted(self.files, key=lambda file: file.arrived, reverse=True)
        ]

    def publish(self, video: str, caption: str) -> Publication:
        """Share was tapped. The reel is public from here on, whatever becomes of the phone."""
        file = next(file for file in self.files if file.name == video)
        upload_seconds = self.delay("publish", self.farm.file.delays.publish)
        if self.boot_draw(FaultKind.PUBLISH_FAILED):
            return Publication(upload_seconds=upload_seconds, outcome=UploadOutcome.FAILED)
        self.farm.published(self, file, caption)
        silent = self.boot_draw(FaultKind.NO_CONFIRMATION)
        outcome = UploadOutcome.SILENT if silent else UploadOutcome.POSTED
        return Publication(upload_seconds=upload_seconds, outcome=outcome)
