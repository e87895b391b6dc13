"""One physical device on this host's adb, in the shape of a station; nothing is billed.

Several workers could reach the same device, so it is exclusive through the registry like any phone
(behaviour A-D38).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import portalocker

from engine.errors import ContentError, SettingsError
from engine.phones.adb import AdbOfSlots
from engine.phones.phone import Pause, Phone, PhoneStatus, Sent
from engine.phones.registry import PhoneEntry, PhoneRegistry, UnreadableEntry
from engine.polling import growing
from engine.workloads.base import Receipt, ResourceState

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from engine.config import Settings

_FOLDER: Final = "/sdcard/Download"
_SUFFIXES: Final = frozenset({".mp4", ".webm", ".mov"})


class AttachedStation:
    """The device of ``phones.device_serial``: one account's, one job at a time."""

    def __init__(
        self,
        settings: Settings,
        work_dir: Path,
        *,
        run_id: str,
        log: FilteringBoundLogger,
        slot: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._serial = settings.phones.device_serial
        self._limits = settings.phones
        self._log = log
        self._now = now
        self._adb = AdbOfSlots(settings, log).of(slot)
        self._registry = PhoneRegistry(work_dir / settings.paths.books, run_id=run_id, now=now)

    def check(self) -> None:
        """Raises SettingsError when the device is not named or not there, AdbError."""
        self._adb.check_program()
        if not self._serial:
            raise SettingsError(
                "phones.device = grapheneos needs the device's adb serial: set "
                "phones.device_serial to what `adb devices` lists."
            )
        if not self._limits.device_account:
            raise SettingsError(
                "phones.device = grapheneos posts as the one account that the device's app is "
                "logged in to: name it in phones.device_account."
            )
        state = self._adb.devices().get(self._serial, "not listed")
        if state != "device":
            raise SettingsError(
                f"The device {self._serial} is {state} in `adb devices`: connect it, unlock it and "
                "allow this host's key."
            )

    def close(self) -> None:
        """No connection is held."""

    def find(self, account: str, pause: Pause = time.sleep) -> Phone:
        """The attached device, whatever the account."""
        return Phone(id=self._serial, serial_name=self._serial, status=PhoneStatus.STARTED)

    def start(self, phone: Phone, *, job_id: str, slot: int, pause: Pause) -> None:
        """Take the device for this job. Raises PhoneError while another job has it."""
        found = self._registry.find(phone.id)
        if isinstance(found, PhoneEntry) and (
            not found.owner_alive or (self._registry.mine(found) and found.slot == slot)
        ):
            self._give_back(found)
        self._registry.register(phone.id, phone.serial_name, slot=slot, job_id=job_id)

    def wait_started(self, phone: Phone, pause: Pause) -> None:
        """Wait until adb lists the device. Raises AdbError."""
        self._adb.wait_device(
            phone.id,
            timeout=self._limits.adb_device_timeout_seconds,
            polls=growing(self._limits.first_poll_seconds, self._limits.adb_poll_seconds),
            pause=pause,
        )

    def connect(self, phone: Phone, pause: Pause) -> str:
        """Prove that the device's shell answers; returns its serial. Raises AdbError."""
        if ":" in phone.id and self._adb.devices().get(phone.id) != "device":
            self._adb.connect(phone.id)
        self.wait_started(phone, pause)
        self._adb.check_answers(phone.id)
        return phone.id

    def send(self, path: Path, pause: Pause) -> Sent:
        """Nothing lies between this host and the device. Raises ContentError."""
        if path.suffix.lower() not in _SUFFIXES or not path.is_file():
            raise ContentError(f"The video {path} does not exist or is of an unknown type.")
        return Sent(path=path)

    def deliver(self, phone: Phone, sent: Sent, pause: Pause) -> None:
        """Copy the file into Downloads and have the gallery see it.

        Raises AdbError, ConnectionDroppedError.
        """
        path = sent.path
        pause(0)
        target = f"{_FOLDER}/{self._now().strftime('%Y%m%d_%H%M%S')}{path.suffix.lower()}"
        self._adb.push(phone.id, path, target, timeout=self._limits.upload_timeout_seconds)
        self._adb.scan_media(phone.id, target)

    def stop(self, phone: Phone) -> Receipt:
        """Give the device back if this process has it."""
        entry = self._registry.find(phone.id)
        if isinstance(entry, PhoneEntry) and self._registry.mine(entry):
            return self._give_back(entry)
        return Receipt(
            id=phone.id, label=phone.serial_name, released=True, detail="not taken by us"
        )

    def inventory(self, pause: Pause = time.sleep) -> Sequence[ResourceState]:
        """The device with what adb says about it. Raises AdbError."""
        state = self._adb.devices().get(self._serial, "not listed")
        return [self._state("started" if state == "device" else "unknown", state)]

    def registered(self) -> Sequence[ResourceState]:
        entry = self._registry.find(self._serial)
        return [self._state("unknown", "not asked")] if entry is not None else []

    def _state(self, state: str, note: str) -> ResourceState:
        entry = self._registry.find(self._serial)
        ours = isinstance(entry, PhoneEntry)
        return ResourceState(
            kind="phone",
            id=self._serial,
            label=self._serial,
            state=state,
            ours=ours,
            slot=entry.slot if isinstance(entry, PhoneEntry) else None,
            job_id=entry.job_id if isinstance(entry, PhoneEntry) else "",
            since=entry.since if isinstance(entry, PhoneEntry) else None,
            note=note,
            attended=entry.owner_alive if isinstance(entry, PhoneEntry) else None,
        )

    def stop_ours(self, slots: Sequence[int] | None) -> Sequence[Receipt]:
        """Give back what these slots (None: all, unreadable entries too) have.

        A cloud phone that an earlier run left on cannot be stopped from here: its entry stays, and
        its receipt says what stops it.
        """
        entries = [
            entry
            for entry in self._registry.entries()
            if slots is None or (isinstance(entry, PhoneEntry) and entry.slot in slots)
        ]
        return [self._give_back(entry) for entry in entries]

    def stop_named(self, ids: Sequence[str]) -> Sequence[Receipt]:
        found = [self._registry.find(phone_id) for phone_id in ids]
        return [self._give_back(entry) for entry in found if entry is not None]

    def _give_back(self, entry: PhoneEntry | UnreadableEntry) -> Receipt:
        label = entry.serial_name if isinstance(entry, PhoneEntry) else entry.id
        problem = ""
        if entry.id != self._serial:
            problem = "it is a cloud phone: stop it with --stop-all --device geelark"
        else:
            try:
                self._registry.clear(entry)
            except (OSError, portalocker.LockException) as exc:
                problem = f"its registry file could not be cleared: {exc}"
        return Receipt(
            id=entry.id, label=label, released=not problem, detail=problem or "given back"
        )
