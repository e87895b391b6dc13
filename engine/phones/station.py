"""A cloud phone's way through a job: found, started, connected, given its video, seen stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import (
    AdbError,
    ConnectionDroppedError,
    ContentError,
    GloginError,
    InternalError,
    JobError,
    NetworkError,
    NotInGeelarkError,
    PhoneError,
)
from engine.phones.adb import AdbOfSlots
from engine.phones.boot_looks import BootLooks
from engine.phones.cloud import FILE_TYPES, AdbAddress, CloudClient, TransferStatus, UploadGrant
from engine.phones.codes import ADB_OFF, NOT_RUNNING, ApiError
from engine.phones.custody import Custody
from engine.phones.phone import Pause, Phone, PhoneStatus, Sent
from engine.phones.registry import PhoneEntry, PhoneRegistry
from engine.phones.transport import is_lost
from engine.polling import growing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structlog.typing import FilteringBoundLogger

    from engine.config import Settings
    from engine.workloads.base import Receipt, ResourceState

_OFF_LOOKS: Final = 5
"""Looks in a row that may still see a phone off after its start was accepted."""
_GLANCES: Final = 4
"""How often, within one poll, a worker reads what others have heard of its booting phone."""
_TRANSFER_TRIES: Final = 2
"""How often a phone is asked to fetch a file, if the first transfer fails."""


class PhoneStation:
    """The cloud provider's phones, as one process uses them (see ``phone.Station``)."""

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
        """``slot``: whose adb server is asked, where each worker has its own."""
        books = work_dir / settings.paths.books
        self._books = books
        self._limits = settings.phones
        self._log = log
        self._cloud = CloudClient(settings, books, log)
        adbs = AdbOfSlots(settings, log)
        self._adb = adbs.of(slot)
        self._registry = PhoneRegistry(books, run_id=run_id, now=now)
        self._custody = Custody(self._cloud, adbs, self._registry, settings.phones, log, now=now)

    def check(self) -> None:
        """Raises AccessRefusedError or ServiceUnreachableError (token, network), SettingsError."""
        self._adb.check_program()
        self._custody.check_access()

    def close(self) -> None:
        self._cloud.close()

    # -- one job ---------------------------------------------------------------------------------

    def find(self, account: str, pause: Pause = time.sleep) -> Phone:
        """The phone whose name is exactly this account's (A16.5). Raises NotInGeelarkError."""
        # Whether the provider's filter is exact is not documented: condemn an account only after
        # a look through the whole inventory.
        for filter_name in (account, ""):
            phones = self._cloud.phones(pause, serial_name=filter_name)
            named = [phone for phone in phones if phone.serial_name == account]
            if len(named) == 1:
                return named[0]
            if named:
                ids = ", ".join(phone.id for phone in named)
                raise NotInGeelarkError(
                    f"{len(named)} phones are named {account} ({ids}): rename all but one."
                )
        raise NotInGeelarkError(f"No phone is named {account}: correct the account or the phone.")

    def start(self, phone: Phone, *, job_id: str, slot: int, pause: Pause) -> None:
        """Register, then ask for the start. Raises PhoneError, NotInGeelarkError, NetworkError.

        Nothing is started while the provider's limit keeps everybody from stopping it again. A
        phone that is on although nobody of ours started it belongs to a person or to another
        system: it is refused, so that it is neither driven nor stopped later.
        """
        locked_until = self._cloud.stop_locked_until()
        if locked_until is not None:
            raise PhoneError(
                f"Phone {phone.serial_name} is not started, because the provider takes no stop "
                f"before {locked_until.isoformat(timespec='seconds')} (its limit for phone/stop).",
                retry_soon=True,
            )
        self._reclaim_leftover(phone, slot)
        status = self._cloud.status(phone, pause)
        if status is PhoneStatus.EXPIRED:
            raise NotInGeelarkError(f"Phone {phone.serial_name} has expired: renew it.")
        if status.billed:
            raise PhoneError(
                f"Phone {phone.serial_name} is {status.words} and was not started by us: it is "
                "left to whoever uses it; stop it by name if nobody does.",
                retry_soon=True,
            )
        entry = self._registry.register(phone.id, phone.serial_name, slot=slot, job_id=job_id)
        self._start_registered(phone, entry, pause)
        self._log.info("phone start accepted", phone=phone.serial_name)

    def _reclaim_leftover(self, phone: Phone, slot: int) -> None:
        """Stop the phone first if a dead owner, or this slot's last job, left it behind."""
        entry = self._registry.find(phone.id)
        if not isinstance(entry, PhoneEntry):
            return
        last_job_of_ours = self._registry.mine(entry) and entry.slot == slot
        if entry.owner_alive and not last_job_of_ours:
            return
        self._log.warning("phone left behind", phone=phone.serial_name, owner=entry.owner)
        receipt = self._custody.stop_entries([entry])[0]
        if not receipt.released:
            raise PhoneError(
                f"Phone {phone.serial_name}, left behind by {entry.owner}, could not be stopped: "
                f"{receipt.detail}.",
                retry_soon=True,
            )

    def _start_registered(self, phone: Phone, entry: PhoneEntry, pause: Pause) -> None:
        """Ask for the start; after a lost answer look first, and ask again only if it is off.

        After a clear no the entry is cleared: there is nothing to be stopped.
        """
        for attempt in range(self._limits.http_retries + 1):
            try:
                self._cloud.start(phone, pause)
                return
            except JobError as exc:
                if not is_lost(exc):
                    if attempt == 0:
                        self._custody.forget(entry)
                    raise
                if self._cloud.status(phone, pause).billed:
                    return
                if attempt == self._limits.http_retries:
                    raise
                self._log.warning("phone start lost, asking again", phone=phone.serial_name)
                pause(self._limits.boot_poll_seconds)

    def wait_started(self, phone: Phone, pause: Pause) -> None:
        """Wait until the phone says it is started, then let it settle. Raises PhoneError."""
        deadline = time.monotonic() + self._limits.boot_timeout_seconds
        pause(min(self._limits.boot_first_look_seconds, self._limits.boot_timeout_seconds))
        every = self._limits.boot_poll_seconds
        with BootLooks(self._cloud, self._books, phone, every=every) as looks:
            self._await_started(phone, looks, deadline, pause)
        self._log.info("phone started", phone=phone.serial_name)
        pause(self._limits.settle_seconds)

    def _await_started(self, phone: Phone, looks: BootLooks, deadline: float, pause: Pause) -> None:
        off_looks, last = 0, "nothing"
        seen_starting = False
        while True:
            try:
                status = looks.next(pause)
            except NetworkError as exc:
                last = str(exc)
            else:
                if status is not None:
                    last = status.words
                    seen_starting |= status is PhoneStatus.STARTING
                    off_looks = 0 if status.billed else off_looks + 1
                if status is PhoneStatus.STARTED:
                    return
                if off_looks and (seen_starting or off_looks > _OFF_LOOKS):
                    raise PhoneError(f"Phone {phone.serial_name} went off while it was booting.")
            if time.monotonic() >= deadline:
                raise PhoneError(
                    f"Phone {phone.serial_name} did not boot within "
                    f"{self._limits.boot_timeout_seconds:.0f} s; last heard: {last}."
                )
            pause(self._limits.boot_poll_seconds / _GLANCES)

    def connect(self, phone: Phone, pause: Pause) -> str:
        """Enable adb, connect, log in, prove that a shell answers; returns the adb serial.

        Raises AdbError, GloginError, ConnectionDroppedError, ApiError, NetworkError.
        """
        patience = time.monotonic() + self._limits.adb_device_timeout_seconds
        for attempt in range(1, self._limits.glogin_tries + 1):
            address = self._address(phone, pause)
            self._custody.note_serial(phone, address.serial)
            try:
                self._open_adb(address, pause)
            except (AdbError, GloginError, ConnectionDroppedError) as exc:
                # The password rotates and the address changes with a boot: ask for both anew.
                if attempt == self._limits.glogin_tries or time.monotonic() > patience:
                    raise
                self._log.warning("phone not connected", phone=phone.serial_name, why=str(exc))
                pause(self._limits.adb_poll_seconds)
            else:
                self._log.info("phone connected", phone=phone.serial_name, serial=address.serial)
                return address.serial
        raise AssertionError("the last attempt returns or raises")

    def _open_adb(self, address: AdbAddress, pause: Pause) -> None:
        serial = address.serial
        self._adb.connect(serial)
        self._adb.wait_device(
            serial,
            timeout=self._limits.adb_device_timeout_seconds,
            polls=self._growing(self._limits.adb_poll_seconds),
            pause=pause,
        )
        self._adb.login(serial, address.password)
        self._adb.check_answers(serial)

    def _address(self, phone: Phone, pause: Pause) -> AdbAddress:
        """Address and password of the phone's adb; enabling is asked for more than once.

        The provider says that enabling takes about 3 s; some phones take a minute.
        """
        window = self._limits.adb_device_timeout_seconds / self._limits.adb_enable_tries
        error: JobError = AdbError(f"adb of phone {phone.serial_name} was not enabled.")
        for _attempt in range(self._limits.adb_enable_tries):
            deadline = time.monotonic() + window
            self._cloud.enable_adb(phone, pause)
            pause(self._limits.adb_enable_wait_seconds)
            for wait in self._growing(self._limits.adb_poll_seconds):
                try:
                    return self._cloud.adb_address(phone, pause)
                except ApiError as exc:
                    if exc.code not in (ADB_OFF, NOT_RUNNING):
                        raise
                    error = exc
                if time.monotonic() >= deadline:
                    break
                pause(wait)
        raise error

    def _growing(self, longest: float) -> Iterator[float]:
        """Pauses between looks at what this phone is to become."""
        return growing(self._limits.first_poll_seconds, longest)

    def send(self, path: Path, pause: Pause) -> Sent:
        """Send the file to the provider's store. Raises ContentError, NetworkError, ApiError."""
        file_type = path.suffix.lower().lstrip(".")
        if file_type not in FILE_TYPES:
            raise ContentError(
                f"The provider takes no .{file_type} files ({path.name}): convert it to mp4."
            )
        sent = Sent(path=path, grant=self._send_to_cloud(path, file_type, pause))
        self._log.info("video sent", video=path.name)
        return sent

    def deliver(self, phone: Phone, sent: Sent, pause: Pause) -> None:
        """Have the phone fetch the file from the store.

        Raises NetworkError (the way), PhoneError (the phone), ApiError.
        """
        if sent.grant is None:
            raise InternalError(f"{sent.path.name} was not sent to the provider's store.")
        for attempt in range(1, _TRANSFER_TRIES + 1):
            outcome = self._transfer(phone, sent.grant, pause)
            if outcome is TransferStatus.DONE:
                name = sent.path.name
                self._log.info("video on the phone", phone=phone.serial_name, video=name)
                return
            self._log.warning("transfer failed", phone=phone.serial_name, attempt=attempt)
        raise PhoneError(
            f"Phone {phone.serial_name} failed to fetch {sent.path.name} from the cloud."
        )

    def _send_to_cloud(self, path: Path, file_type: str, pause: Pause) -> UploadGrant:
        """Upload with a fresh grant for each try: a grant is good for one upload."""
        deadline = time.monotonic() + self._limits.upload_timeout_seconds
        attempt = 0
        while True:
            grant = self._cloud.upload_grant(file_type, pause)
            try:
                left = max(1.0, deadline - time.monotonic())
                self._cloud.put_file(grant, path, pause, timeout=left)
                return grant
            except FileNotFoundError as exc:
                raise ContentError(
                    f"The video {path} does not exist.", error_type="missing_video"
                ) from exc
            except OSError as exc:
                raise ContentError(f"The video {path} cannot be read: {exc.strerror}.") from exc
            except NetworkError as exc:
                attempt += 1
                if attempt > self._limits.http_retries or time.monotonic() >= deadline:
                    raise
                self._log.warning("upload broke, sending again", video=path.name, why=str(exc))
                pause(self._limits.http_backoff_seconds)

    def _transfer(self, phone: Phone, grant: UploadGrant, pause: Pause) -> TransferStatus:
        """Have the phone fetch the file; returns DONE or FAILED. Raises PhoneError when slow."""
        task_id = self._cloud.send_to_phone(phone, grant, pause)
        deadline = time.monotonic() + self._limits.upload_wait_seconds
        for wait in self._growing(self._limits.upload_poll_seconds):
            status = self._cloud.transfer_status(task_id, pause)
            if status in (TransferStatus.DONE, TransferStatus.FAILED):
                return status
            if time.monotonic() >= deadline:
                raise PhoneError(
                    f"Phone {phone.serial_name} did not have the video within "
                    f"{self._limits.upload_wait_seconds:.0f} s."
                )
            pause(wait)
        raise AssertionError("the pauses have no end")

    # -- money -----------------------------------------------------------------------------------

    def stop(self, phone: Phone) -> Receipt:
        """Stop the phone if we started it, and see it stopped; never raises, never interrupted."""
        return self._custody.stop(phone)

    def inventory(self, pause: Pause = time.sleep) -> Sequence[ResourceState]:
        """Every phone of the provider, joined with our registry. Raises ApiError, NetworkError."""
        return self._custody.inventory(pause)

    def registered(self) -> Sequence[ResourceState]:
        """The phones that our registry names; asks nobody."""
        return self._custody.registered()

    def stop_ours(self, slots: Sequence[int] | None) -> Sequence[Receipt]:
        """Stop what these slots (None: all) registered; one receipt each, never raises."""
        return self._custody.stop_ours(slots)

    def stop_named(self, ids: Sequence[str]) -> Sequence[Receipt]:
        """Stop these phones, ours or not, as the operator named them; never raises."""
        return self._custody.stop_named(ids)
