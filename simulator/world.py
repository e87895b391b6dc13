"""The farm as a world: phones, accounts, chance, money, and the truth of what was published.

Knows nothing of HTTP. One asyncio process owns it; all methods are quick and never wait.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from simulator.clock import FarmClock
from simulator.downloads import PhoneFile
from simulator.draws import Delays, FaultDraws
from simulator.farm_file import AccountState, FarmFile
from simulator.journal import FARM_FOLDER, TRUTH_FILE, Journal, read_journal
from simulator.meter import Meter
from simulator.phone import NEVER, Account, Phone, Power

FIRST_PORT = 20_001
LAST_PORT = 64_000


class Doors:
    """Who serves the phones' adb ports; this one does not, as in a farm that only counts."""

    def adb_opened(self, phone: Phone) -> None:
        """adb was switched on; it is ready at ``phone.power.adb_ready``."""

    def adb_ready(self, phone: Phone) -> None:
        """Somebody is told that adb is ready: from here on it must be."""

    def adb_closed(self, phone: Phone) -> None:
        """adb was switched off, or the phone, or the line to it is gone."""

    def app_stopped(self, phone: Phone, package: str) -> None:
        """Somebody ended an app through the shell."""


@dataclass(frozen=True, slots=True)
class Published:
    """One reel that the world can see."""

    account: str
    sha256: str
    caption: str


class Farm:
    """All phones and accounts of one work directory."""

    def __init__(self, file: FarmFile, work_dir: Path) -> None:
        self.file = file
        self.folder = work_dir / FARM_FOLDER
        path = self.folder / TRUTH_FILE
        records = list(read_journal(path))
        self.clock = FarmClock(scale=file.time_scale, origin=_origin(records))
        self.journal = Journal(path)
        self.delays = Delays(file.seed)
        self.faults = FaultDraws(file.seed, file.faults)
        self.meter = Meter(file.money)
        self.accounts: dict[str, Account] = {}
        self.phones: dict[str, Phone] = {}
        self.publications: list[Published] = []
        self.doors = Doors()
        self._on: dict[str, Phone] = {}
        self._serials: dict[str, Phone] = {}
        self._port = FIRST_PORT - 1
        self._people()
        if not records:
            self.journal.write("farm", self.clock, origin=self.clock.origin.isoformat())
        self._recall(records)
        self._start_foreign_phones()

    # -- finding ---------------------------------------------------------------------------------

    def phone_by_serial(self, serial: str) -> Phone | None:
        """The phone that has this adb serial in its present boot."""
        phone = self._serials.get(serial)
        if phone is None:
            return None
        phone.settle()
        return phone if phone.power is not None and phone.serial == serial else None

    def phone_of(self, account: str) -> Phone | None:
        """The phone that carries this account's name."""
        return next((phone for phone in self if phone.account.name == account), None)

    def phones_on(self) -> list[Phone]:
        """Every phone that is starting or started."""
        self.settle()
        return list(self._on.values())

    def settle(self) -> None:
        """Let happen what is due on the phones that are on; cheap, called often."""
        for phone in list(self._on.values()):
            phone.settle()

    def next_port(self) -> int:
        self._port = self._port + 1 if self._port < LAST_PORT else FIRST_PORT
        while any(phone.port == self._port for phone in self._on.values()):
            self._port += 1
        return self._port

    def move_port(self, phone: Phone, port: int) -> None:
        """The phone's adb listens on ``port`` during this boot."""
        if phone.power is not None:
            self._serials.pop(phone.serial, None)
            phone.power.port = port
            self._serials[phone.serial] = phone

    # -- what happens ----------------------------------------------------------------------------

    def phone_went_on(self, phone: Phone, power: Power) -> None:
        self._on[phone.id] = phone
        self._serials[phone.serial] = phone
        fault = phone.fault_of_this_boot
        self.journal.write(
            "phone_on",
            self.clock,
            phone=phone.id,
            account=phone.account.name,
            foreign=phone.foreign,
            boot=power.boot,
            started=round(power.started, 3),
            ready=None if power.ready == NEVER else round(power.ready, 3),
            fails=None if power.fails == NEVER else round(power.fails, 3),
            energy_saving=power.energy_saving,
            port=power.port,
            fault=fault.value if fault else None,
        )

    def phone_went_off(self, phone: Phone, power: Power, at: float, reason: str) -> None:
        del self._on[phone.id]
        del self._serials[f"{phone.ip}:{power.port}"]
        self.doors.adb_closed(phone)
        charge = self.meter.charge(phone.id, power.ready, at, own=not phone.foreign)
        self.journal.write(
            "phone_off",
            self.clock,
            phone=phone.id,
            account=phone.account.name,
            foreign=phone.foreign,
            boot=power.boot,
            off=round(at, 3),
            reason=reason,
            billed_minutes=charge.minutes,
            amount=round(charge.amount, 6),
            spent={name: round(seconds, 3) for name, seconds in phone.spent.items()},
            paces=dict(phone.paces),
        )

    def published(self, phone: Phone, file: PhoneFile, caption: str) -> None:
        """A reel is public: the truth that every ledger is measured against."""
        account = phone.account.name
        self.journal.write(
            "published",
            self.clock,
            account=account,
            phone=phone.id,
            boot=phone.boots,
            video_sha256=file.sha256,
            video_name=file.name,
            caption=caption,
        )
        self.publications.append(Published(account, file.sha256, caption))

    def set_account_state(self, name: str, state: AccountState) -> None:
        """The network, or the farm's operator, changes what an account is."""
        self.accounts[name].state = state
        self.journal.write("account", self.clock, account=name, state=state.value)

    def unknown_call(self, method: str, path: str) -> None:
        self.journal.write("unknown_call", self.clock, method=method, path=path)

    def billed_minutes(self) -> int:
        """Minutes of our own phones, those that are on now included."""
        now = self.clock.now()
        running = sum(
            self.meter.minutes(phone.power.ready, now)
            for phone in self.phones_on()
            if phone.power is not None and not phone.foreign
        )
        return self.meter.total_minutes + running

    def balance(self) -> float:
        """US dollars left in the wallet, what runs now taken off."""
        now = self.clock.now()
        running = sum(
            self.meter.minutes(phone.power.ready, now) * self.file.money.price_per_minute
            for phone in self._on.values()
            if phone.power is not None and not phone.foreign
        )
        return max(0.0, self.meter.balance - running)

    def close(self) -> None:
        if self.journal.failure is None:
            self.settle()
        self.journal.close()

    # -- beginning -------------------------------------------------------------------------------

    def _people(self) -> None:
        missing = set(self.file.phones.missing)
        expired = set(self.file.phones.expired)
        for name in self.file.accounts.all_names():
            account = Account(name, self.file.accounts.states.get(name, AccountState.OK))
            self.accounts[name] = account
            if name not in missing:
                self._add_phone(account, expired=name in expired, foreign=False)
        for number in range(1, self.file.phones.foreign + 1):
            self._add_phone(Account(f"other-{number:03}", AccountState.OK), foreign=True)

    def _add_phone(self, account: Account, *, expired: bool = False, foreign: bool) -> None:
        made = hashlib.sha256(f"{self.file.seed}|{account.name}".encode()).digest()
        phone_id = str(10**18 + int.from_bytes(made[:8], "big") % (8 * 10**18))
        self.phones[phone_id] = Phone(
            farm=self,
            id=phone_id,
            serial_no=str(1000 + len(self.phones)),
            account=account,
            android=self.file.phones.android,
            expired=expired,
            foreign=foreign,
        )

    def _recall(self, records: list[dict[str, object]]) -> None:
        """Take up the world where the last farm process left it: what was on is on."""
        for record in records:
            phone = self.phones.get(str(record.get("phone")))
            match record["event"]:
                case "phone_on" if phone:
                    phone.power = _power_of(record)
                    phone.boots = phone.power.boot
                    self._port = max(self._port, phone.power.port)
                case "phone_off" if phone:
                    if phone.power is not None:
                        off = _number(record["off"])
                        self.meter.charge(phone.id, phone.power.ready, off, own=not phone.foreign)
                    phone.power = None
                case "published":
                    self.publications.append(
                        Published(
                            str(record["account"]),
                            str(record["video_sha256"]),
                            str(record["caption"]),
                        )
                    )
                case "account" if record["account"] in self.accounts:
                    state = AccountState(str(record["state"]))
                    self.accounts[str(record["account"])].state = state
        for phone in self.phones.values():
            if phone.power is not None:
                phone.last_activity = self.clock.now()
                self._on[phone.id] = phone
                self._serials[phone.serial] = phone

    def _start_foreign_phones(self) -> None:
        for phone in self.phones.values():
            if phone.foreign and phone.boots == 0:
                phone.start(energy_saving=False)

    def __iter__(self) -> Iterator[Phone]:
        return iter(self.phones.values())


def _origin(records: list[dict[str, object]]) -> datetime:
    for record in records:
        if record["event"] == "farm":
            return datetime.fromisoformat(str(record["origin"]))
    return datetime.now(UTC)


def _power_of(record: dict[str, object]) -> Power:
    return Power(
        boot=int(_number(record["boot"])),
        started=_number(record["started"]),
        ready=NEVER if record["ready"] is None else _number(record["ready"]),
        fails=NEVER if record["fails"] is None else _number(record["fails"]),
        energy_saving=bool(record["energy_saving"]),
        port=int(_number(record["port"])),
    )


def _number(value: object) -> float:
    return float(json.loads(str(value)))
