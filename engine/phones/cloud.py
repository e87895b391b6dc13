"""The provider's endpoints that a posting host needs, in our types."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from engine.errors import NetworkError
from engine.phones.answers import (
    Batch,
    Envelope,
    id_text,
    items_of,
    mapping_of,
    read_batch,
    read_status,
    text_of,
    whole_number,
)
from engine.phones.budget import CallBudget
from engine.phones.codes import PROVIDER_FAULT, api_error
from engine.phones.phone import Pause, Phone, PhoneStatus
from engine.phones.transport import CloudTransport

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from engine.config import Settings

BATCH: Final = 100
"""Phones in one call: the smallest maximum that any of the batch endpoints documents."""
_MOST_PAGES: Final = 1000

FILE_TYPES: Final = frozenset({"mp4", "webm"})
"""Videos that the provider's storage takes; it lists no other (notably not mov)."""


class TransferStatus(IntEnum):
    """State of a file on its way from the cloud into a phone."""

    UNKNOWN = 0
    """Could not be obtained: too early, too late, or no such task."""
    UNDER_WAY = 1
    DONE = 2
    FAILED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class AdbAddress:
    """Where a phone's adb listens and what it wants to hear; valid until its next boot."""

    host: str
    port: int
    password: SecretStr

    @property
    def serial(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadGrant:
    """Two signed addresses: one to send a file to, one where the phone will find it."""

    upload_url: SecretStr
    resource_url: SecretStr


@dataclass(frozen=True, kw_only=True, slots=True)
class Wallet:
    """What is left to pay with."""

    balance: float
    """US dollars."""
    bonus: float
    """US dollars."""
    add_on_minutes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusReport:
    """Answer to a status question; a phone in neither mapping was not mentioned."""

    statuses: Mapping[str, PhoneStatus]
    failed: Mapping[str, int]


class CloudClient:
    """The provider as this process speaks to it. Methods raise ApiError and NetworkError."""

    def __init__(self, settings: Settings, books: Path, log: FilteringBoundLogger) -> None:
        phones = settings.phones
        self._page_size = phones.page_size
        self._energy_saving = phones.energy_saving
        self._upload_timeout = phones.upload_timeout_seconds
        self._budget = CallBudget(
            books, per_minute=phones.calls_per_minute, per_hour=phones.calls_per_hour
        )
        self._transport = CloudTransport(settings, self._budget, log)

    def close(self) -> None:
        self._transport.close()

    def check_token(self, pause: Pause = time.sleep) -> None:
        """Make a call that only tells whether we are let in. Raises AccessRefusedError."""
        self._read("auth/status", {}, "check the token", pause)

    def wallet(self, pause: Pause = time.sleep) -> Wallet:
        data = mapping_of(self._read("pay/wallet", {}, "read the wallet", pause).data, "pay/wallet")
        return Wallet(
            balance=_amount(data.get("balance")),
            bonus=_amount(data.get("giftMoney")),
            add_on_minutes=whole_number(data.get("availableTimeAddOn")) or 0,
        )

    def phones(self, pause: Pause = time.sleep, *, serial_name: str = "") -> list[Phone]:
        """All phones, every page (A16.5); ``serial_name`` only narrows what is sent over.

        Whether the provider takes that filter exactly is not documented: compare the names.
        """
        for _attempt in range(2):  # a phone that is added or deleted in between shifts the pages
            found, total = self._all_pages(serial_name, pause)
            if len(found) >= total:
                return found
        raise NetworkError(f"The provider lists {total} phones and sent only {len(found)} of them.")

    def _all_pages(self, serial_name: str, pause: Pause) -> tuple[list[Phone], int]:
        """Every phone once, and how many the provider says there are."""
        found: dict[str, Phone] = {}
        for page in range(1, _MOST_PAGES + 1):
            body: dict[str, Any] = {"page": page, "pageSize": self._page_size}
            if serial_name:
                body["serialName"] = serial_name
            data = self._read("phone/list", body, "list the phones", pause).data
            total = whole_number(mapping_of(data, "phone/list").get("total"))
            if total is None:
                raise NetworkError("The provider does not say how many phones there are.")
            phones = [_phone(item) for item in items_of(data, "items")]
            found |= {phone.id: phone for phone in phones}
            if not phones or len(found) >= total:
                return list(found.values()), total
        raise NetworkError("The provider's list of phones has no end.")

    def statuses(
        self, ids: Sequence[str], pause: Pause = time.sleep, *, retries: int | None = None
    ) -> StatusReport:
        """Status of each phone, asked in batches; a failing phone is in ``failed``."""
        statuses: dict[str, PhoneStatus] = {}
        failed: dict[str, int] = {}
        for part in _batches(ids):
            answer = self._read(
                "phone/status", {"ids": part}, f"look at {_named(part)}", pause, retries=retries
            )
            batch = read_batch(answer.data)
            failed |= batch.failed
            for phone_id, item in batch.succeeded.items():
                status = read_status(item.get("status"))
                if status is None:
                    failed[phone_id] = PROVIDER_FAULT
                else:
                    statuses[phone_id] = status
        return StatusReport(statuses=statuses, failed=failed)

    def status(self, phone: Phone, pause: Pause = time.sleep) -> PhoneStatus:
        """Status of one phone. Raises PhoneMissingError for an unknown one."""
        report = self.statuses([phone.id], pause)
        if phone.id in report.failed:
            raise api_error(report.failed[phone.id], f"look at phone {phone.serial_name}")
        if phone.id not in report.statuses:
            raise NetworkError(f"The provider did not answer about phone {phone.serial_name}.")
        return report.statuses[phone.id]

    def start(self, phone: Phone, pause: Pause = time.sleep) -> None:
        """Ask for the start of one phone; returning means accepted, not started.

        Never repeated by itself after a lost answer (LostAnswerError, ProviderFaultError): look
        at the status before asking again.
        """
        doing = f"start phone {phone.serial_name}"
        body = {"ids": [phone.id], "energySavingMode": int(self._energy_saving)}
        answer = self._transport.call("phone/start", body, doing=doing, safe=False, pause=pause)
        batch = read_batch(answer.data)
        if phone.id in batch.failed:
            raise api_error(batch.failed[phone.id], doing, trace_id=answer.trace_id)

    def stop(self, ids: Sequence[str], pause: Pause = time.sleep) -> Batch:
        """Ask for the stop of up to ``BATCH`` phones, once; refusals are in ``failed``.

        A phone in neither part was not mentioned: the documentation disagrees on whether
        ``successDetails`` come at all. Only a status tells that a phone is off.
        """
        answer = self._read(
            "phone/stop", {"ids": list(ids)}, f"stop {_named(ids)}", pause, retries=0
        )
        return read_batch(answer.data)

    def stop_locked_until(self) -> datetime | None:
        """End of a pause that the provider imposed on stops; None when there is none."""
        return self._budget.paused_until("phone/stop")

    def enable_adb(self, phone: Phone, pause: Pause = time.sleep) -> None:
        """Ask for adb; takes some seconds, and unsupported models are passed over silently."""
        body = {"ids": [phone.id], "open": True}
        self._read("adb/setStatus", body, f"enable adb of phone {phone.serial_name}", pause)

    def adb_address(self, phone: Phone, pause: Pause = time.sleep) -> AdbAddress:
        """Where adb listens. Raises ApiError with the phone's code (49001 while enabling)."""
        doing = f"give the adb address of phone {phone.serial_name}"
        answer = self._read("adb/getData", {"ids": [phone.id]}, doing, pause)
        for item in items_of(answer.data, "items"):
            if id_text(item.get("id")) != phone.id:
                continue
            code = whole_number(item.get("code"))
            if code != 0:
                raise api_error(PROVIDER_FAULT if code is None else code, doing)
            port = whole_number(item.get("port"))
            host, password = item.get("ip"), item.get("pwd")
            if port and isinstance(host, str) and host and isinstance(password, str):
                return AdbAddress(host=host, port=port, password=SecretStr(password))
        raise NetworkError(f"The provider did not {doing}.")

    def upload_grant(self, file_type: str, pause: Pause = time.sleep) -> UploadGrant:
        """Addresses for one file; the first is good for 30 minutes and one upload."""
        doing = f"grant the upload of a {file_type} file"
        data = self._read("upload/getUrl", {"fileType": file_type}, doing, pause).data
        return UploadGrant(
            upload_url=SecretStr(text_of(data, "uploadUrl", "upload/getUrl")),
            resource_url=SecretStr(text_of(data, "resourceUrl", "upload/getUrl")),
        )

    def put_file(self, grant: UploadGrant, path: Path, pause: Pause, *, timeout: float) -> None:
        """Send the file's bytes. Raises NetworkError, OSError and what ``pause`` raises."""
        url = grant.upload_url.get_secret_value()
        self._transport.put_file(url, path, timeout=timeout, pause=pause)

    def send_to_phone(self, phone: Phone, grant: UploadGrant, pause: Pause = time.sleep) -> str:
        """Have a running phone fetch an uploaded file; returns the task to ask about.

        Safe to repeat: at worst the same video is in the phone's Downloads twice.
        """
        body = {"id": phone.id, "fileUrl": grant.resource_url.get_secret_value()}
        doing = f"bring the file onto phone {phone.serial_name}"
        answer = self._read("phone/uploadFile", body, doing, pause)
        return text_of(answer.data, "taskId", "phone/uploadFile")

    def transfer_status(self, task_id: str, pause: Pause = time.sleep) -> TransferStatus:
        answer = self._read(
            "phone/uploadFile/result", {"taskId": task_id}, "follow the file's transfer", pause
        )
        data = mapping_of(answer.data, "phone/uploadFile/result")
        number = whole_number(data.get("status"))
        if number is None or number not in set(TransferStatus):
            return TransferStatus.UNKNOWN
        return TransferStatus(number)

    def _read(
        self,
        path: str,
        body: Mapping[str, Any],
        doing: str,
        pause: Pause,
        *,
        retries: int | None = None,
    ) -> Envelope:
        """A call that may be repeated without harm."""
        return self._transport.call(
            path, body, doing=doing, safe=True, pause=pause, retries=retries
        )


def _phone(item: Mapping[str, Any]) -> Phone:
    """A row of the list; every field beyond id and status is optional there."""
    name = item.get("serialName")
    return Phone(
        id=text_of(item, "id", "phone/list"),
        serial_name=name if isinstance(name, str) else "",
        status=read_status(item.get("status")),
    )


def _batches(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), BATCH):
        yield list(ids[start : start + BATCH])


def _named(ids: Sequence[str]) -> str:
    return f"phone {ids[0]}" if len(ids) == 1 else f"{len(ids)} phones"


def _amount(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return float(str(value))
    except ValueError:
        return 0.0
