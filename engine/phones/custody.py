"""Which phones are on, which of them are ours, and how they are brought off.

Ours is what the registry names; a phone that a person or another system started is listed, and is
stopped only when the operator names it (behaviour A13.5).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import portalocker

from engine.errors import AdbError, InternalError, JobError, ServiceUnreachableError
from engine.phones.adb import AdbOfSlots
from engine.phones.cloud import CloudClient
from engine.phones.phone import Pause, Phone, PhoneStatus
from engine.phones.registry import PhoneEntry, PhoneRegistry, UnreadableEntry
from engine.phones.stopping import Stopped, StopRound
from engine.workloads.base import Receipt, ResourceState

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from engine.config import Phones

Entry = PhoneEntry | UnreadableEntry


class Custody:
    """Looks after the phones of a work directory; its stops never raise and always report."""

    def __init__(
        self,
        cloud: CloudClient,
        adbs: AdbOfSlots,
        registry: PhoneRegistry,
        phones: Phones,
        log: FilteringBoundLogger,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._cloud = cloud
        self._adbs = adbs
        self._registry = registry
        self._limits = phones
        self._log = log
        self._now = now
        self._serials: dict[str, str] = {}
        """What this process connected to, by phone: a full disk may keep it out of the registry."""

    def check_access(self) -> None:
        """Raises ServiceUnreachableError (AccessRefusedError where the provider refuses us)."""
        try:
            self._cloud.check_token()
        except ServiceUnreachableError:
            raise
        except JobError as exc:
            raise ServiceUnreachableError(str(exc)) from exc

    def note_serial(self, phone: Phone, serial: str) -> None:
        """Remember the adb serial, so that whoever stops the phone can cut the connection."""
        self._serials[phone.id] = serial
        entry = self._registry.find(phone.id)
        if isinstance(entry, PhoneEntry) and entry.adb_serial != serial:
            self._registry.adopt(entry, adb_serial=serial)

    def forget(self, entry: PhoneEntry) -> None:
        """Clear the entry of a start that was refused; a file that stays is cleared by a stop."""
        with contextlib.suppress(OSError, portalocker.LockException):
            self._registry.clear(entry)

    # -- looking ---------------------------------------------------------------------------------

    def inventory(self, pause: Pause = time.sleep) -> list[ResourceState]:
        """Every phone of the provider, joined with the registry. Raises ApiError, NetworkError."""
        listed = self._cloud.phones(pause)
        entries = {entry.id: entry for entry in self._registry.entries()}
        states = [self._state(phone, entries.pop(phone.id, None)) for phone in listed]
        gone = (Phone(id=entry.id, serial_name=_label(entry)) for entry in entries.values())
        note = "the provider does not list it any more"
        return states + [self._state(phone, entries[phone.id], note) for phone in gone]

    def registered(self) -> list[ResourceState]:
        """What the registry names, without asking the provider."""
        return [
            self._state(Phone(id=entry.id, serial_name=_label(entry)), entry, "not asked")
            for entry in self._registry.entries()
        ]

    def _state(self, phone: Phone, entry: Entry | None, note: str = "") -> ResourceState:
        state = _WORDS[phone.status]
        code = "" if phone.status is None else str(int(phone.status))
        if isinstance(entry, PhoneEntry):
            if entry.stopping_since is not None and state in _MAY_BE_ON:
                # The provider has no such state: it is ours, until the phone is read back as off.
                state = "stopping"
            return ResourceState(
                kind="phone",
                id=phone.id,
                label=phone.serial_name,
                state=state,
                ours=True,
                slot=entry.slot,
                job_id=entry.job_id,
                since=entry.since,
                minutes=entry.minutes(self._now()),
                note=note,
                code=code,
                stopping_since=entry.stopping_since,
                attended=entry.owner_alive,
            )
        if isinstance(entry, UnreadableEntry):
            unreadable = f"its registry file {entry.path.name} cannot be read: {entry.reason}"
            note = f"{note}; {unreadable}" if note else unreadable
        return ResourceState(
            kind="phone",
            id=phone.id,
            label=phone.serial_name,
            state=state,
            ours=entry is not None,
            note=note,
            code=code,
        )

    # -- stopping --------------------------------------------------------------------------------

    def stop(self, phone: Phone) -> Receipt:
        """Stop one phone if this process started it; nobody else's, whatever their state."""
        entry = self._registry.find(phone.id)
        if entry is not None and self._registry.mine(entry):
            return self.stop_entries([entry])[0]
        detail = "not started by us"
        if isinstance(entry, PhoneEntry):
            detail = f"not ours: it is looked after by {entry.owner}"
        return Receipt(id=phone.id, label=phone.serial_name, released=True, detail=detail)

    def stop_ours(self, slots: Sequence[int] | None) -> list[Receipt]:
        """Stop what these slots registered; ``None``: everything, unreadable entries too."""
        entries = [
            entry
            for entry in self._registry.entries()
            if slots is None or (isinstance(entry, PhoneEntry) and entry.slot in slots)
        ]
        return self.stop_entries(entries)

    def stop_named(self, ids: Sequence[str]) -> list[Receipt]:
        """Stop these phones, whoever started them."""
        wanted = list(dict.fromkeys(ids))
        found = {phone_id: self._registry.find(phone_id) for phone_id in wanted}
        ours = {phone_id: entry for phone_id, entry in found.items() if entry is not None}
        return self._stop({phone_id: phone_id for phone_id in wanted}, ours)

    def stop_entries(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Stop the phones of these entries; each is cleared when it was seen off."""
        return self._stop(
            {entry.id: _label(entry) for entry in entries},
            {entry.id: entry for entry in entries},
        )

    def _stop(self, labels: Mapping[str, str], ours: Mapping[str, Entry]) -> list[Receipt]:
        if not labels:
            return []
        mine = {
            phone_id: self._registry.adopt(entry, stopping=True)
            if isinstance(entry, PhoneEntry)
            else entry
            for phone_id, entry in ours.items()
        }
        names = {phone_id: _label(mine[phone_id]) for phone_id in mine}
        for entry in mine.values():
            self._disconnect(entry)
        results = self._run({**labels, **names}, mine)
        return [
            self._receipt(phone_id, names.get(phone_id, label), results[phone_id], mine)
            for phone_id, label in labels.items()
        ]

    def _run(self, labels: Mapping[str, str], ours: Mapping[str, Entry]) -> Mapping[str, Stopped]:
        round_ = StopRound(
            self._cloud,
            self._limits,
            self._log,
            still_wanted=lambda phone_id: self._unchanged(ours.get(phone_id)),
        )
        young = [
            phone_id
            for phone_id, entry in ours.items()
            if isinstance(entry, PhoneEntry)
            and entry.minutes(self._now()) * 60 < self._limits.http_timeout_seconds
        ]
        try:
            return round_.run(labels, just_started=young)
        except Exception as exc:  # noqa: BLE001 - a bug here must be reported per phone, not hide phones that are on
            self._log.exception("stopping phones failed")
            problem = f"stopping failed with {type(exc).__name__}"
            return {phone_id: Stopped(off=False, detail=problem) for phone_id in labels}

    def _unchanged(self, entry: Entry | None) -> bool:
        """Whether the phone is still in the state that we are to end.

        An entry that is gone was cleared by somebody who saw the phone off; one of a later start
        belongs to another job.
        """
        if not isinstance(entry, PhoneEntry):
            return True
        found = self._registry.find(entry.id)
        return isinstance(found, UnreadableEntry) or entry.same_start(found)

    def _receipt(
        self, phone_id: str, label: str, result: Stopped, ours: Mapping[str, Entry]
    ) -> Receipt:
        entry = ours.get(phone_id)
        minutes = entry.minutes(self._now()) if isinstance(entry, PhoneEntry) else 0.0
        detail = result.detail
        if result.off and entry is not None:
            try:
                self._registry.clear(entry)
            except (OSError, portalocker.LockException) as exc:
                detail += f"; its registry file could not be cleared: {exc}"
            if isinstance(entry, UnreadableEntry):
                detail += "; its unreadable registry file was set aside"
        if result.off:
            self._log.info("phone off", phone=label, minutes=round(minutes, 1), detail=detail)
        else:
            since = "unknown"
            if isinstance(entry, PhoneEntry):
                since = entry.since.astimezone().isoformat(timespec="seconds")
                detail = f"{detail.rstrip('.')}; ours since {since}, {minutes:.1f} min so far."
            self._log.error(
                "PHONE MAY STILL BE ON", phone=label, since=since, minutes=round(minutes, 1),
                why=result.detail,
            )  # fmt: skip
        return Receipt(
            id=phone_id, label=label, released=result.off, detail=detail, minutes=minutes
        )

    def _disconnect(self, entry: Entry) -> None:
        """Cut our adb connection; whatever goes wrong, the phone is stopped all the same."""
        serial = self._serials.pop(entry.id, "")
        if isinstance(entry, PhoneEntry) and (serial or entry.adb_serial):
            with contextlib.suppress(AdbError, InternalError):
                self._adbs.of(entry.slot).cut_off(serial or entry.adb_serial)


_WORDS: Mapping[PhoneStatus | None, str] = {
    None: "unknown",
    PhoneStatus.STARTED: "started",
    PhoneStatus.STARTING: "starting",
    PhoneStatus.SHUT_DOWN: "off",
    PhoneStatus.EXPIRED: "expired",
}

_MAY_BE_ON = frozenset({"started", "starting", "unknown"})


def _label(entry: Entry) -> str:
    return entry.serial_name if isinstance(entry, PhoneEntry) else entry.id
