"""What an adb server knows, as the farm plays it: connections, the login gate, the phone's shell.

One ``AdbServer`` stands for one server port of the host; the light adb client asks it. Texts and
exit statuses are those of the real client.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from simulator.device_shell import run_script
from simulator.farm_file import FaultKind
from simulator.phone import Phone, PhoneFile
from simulator.world import Farm

LOGIN_MARK: Final = "error: you should run glogin to login first\n"
"""Said on stdout with exit status 0, by a phone that wants a login (geelark-api 3.3)."""
_VERSION: Final = "Android Debug Bridge version 1.0.41\nVersion 29.0.6-light\n"


@dataclass(frozen=True, slots=True)
class Said:
    """What a finished adb client prints, and its exit status."""

    out: str = ""
    err: str = ""
    code: int = 0


@dataclass(slots=True)
class _Connection:
    phone: Phone
    boot: int
    device_from: float
    """Simulated time from which the state is ``device``; before it is ``offline``."""


@dataclass(slots=True)
class Login:
    """Logins to the phones' shells, by phone and boot; shared by all adb servers."""

    until: dict[tuple[str, int], float] = field(default_factory=dict)

    def open(self, phone: Phone, now: float) -> bool:
        return now < self.until.get((phone.id, phone.boots), 0.0)

    def grant(self, phone: Phone, now: float) -> None:
        self.until[phone.id, phone.boots] = now + phone.farm.file.delays.glogin_life


class AdbServer:
    """Connections of one adb server port."""

    def __init__(self, farm: Farm, port: int, login: Login) -> None:
        self._farm = farm
        self._port = port
        self._login = login
        self._connections: dict[str, _Connection] = {}
        self._forwards = _Forwards()

    # -- commands --------------------------------------------------------------------------------

    def run(self, serial: str, arguments: Sequence[str], stdin: str) -> Said:
        """Carry out one client command."""
        command, rest = (arguments[0], list(arguments[1:])) if arguments else ("help", [])
        commands: dict[str, Callable[[], Said]] = {
            "connect": lambda: self._connect(rest[0] if rest else ""),
            "disconnect": lambda: self._disconnect(rest[0] if rest else ""),
            "devices": self._devices,
            "shell": lambda: self._shell(serial, " ".join(rest) if rest else stdin),
            "forward": lambda: self._forward(serial, rest),
            "get-state": lambda: self._get_state(serial),
            "reconnect": Said,
            "start-server": Said,
            "version": lambda: Said(_VERSION),
        }
        if command not in commands:
            return Said(err=f"adb: unknown command {command}\n", code=1)
        return commands[command]()

    def push(self, serial: str, name: str, remote: str, sha256: str, size: int) -> Said:
        """Take a file that the client read."""
        phone = self._phone(serial)
        if isinstance(phone, Said):
            reason = phone.err.removeprefix("error: ").strip()
            text = f"adb: error: failed to get feature set: {reason}\n"
            return Said(err=text, code=1) if "offline" in reason else phone
        if not self._login.open(phone, self._farm.clock.now()):
            return Said(LOGIN_MARK)
        if not remote.startswith(("/sdcard/", "/storage/emulated/0/", "/data/local/tmp/")):
            text = f"failed to copy '{name}' to '{remote}': remote couldn't create file"
            return Said(err=f"adb: error: {text}: Permission denied\n", code=1)
        target = f"{remote}{name}" if remote.endswith("/") else remote
        phone.touch()
        if not target.startswith("/data/"):
            now = self._farm.clock.now()
            phone.add_file(
                PhoneFile(name=target.rpartition("/")[2], sha256=sha256, size=size, arrived=now)
            )
        return Said(f"{name}: 1 file pushed, 0 skipped. 10.0 MB/s ({size} bytes in 0.100s)\n")

    def online(self, serial: str) -> Phone | None:
        """The phone behind a serial that this server lists as ``device``."""
        connection = self._connections.get(serial)
        if connection is None or self._state(serial) != "device":
            return None
        return connection.phone

    def any_online(self) -> bool:
        """Whether any phone is listed as ``device``."""
        return any(self._state(serial) == "device" for serial in self._connections)

    def logged_in(self, phone: Phone) -> bool:
        """Whether the phone's shell runs commands."""
        return self._login.open(phone, self._farm.clock.now())

    # -- connections -----------------------------------------------------------------------------

    def _connect(self, serial: str) -> Said:
        serial = serial if ":" in serial else f"{serial}:5555"
        if serial in self._connections:
            return Said(f"already connected to {serial}\n")
        phone = self._farm.phone_by_serial(serial)
        if phone is None or not phone.adb_open or phone.adb_lost:
            return Said(f"failed to connect to '{serial}': Connection refused\n")
        wait = phone.delay("adb_offline", self._farm.file.delays.adb_offline)
        phone.touch()
        self._connections[serial] = _Connection(phone, phone.boots, self._farm.clock.now() + wait)
        return Said(f"connected to {serial}\n")

    def _disconnect(self, serial: str) -> Said:
        if not serial:
            self._connections.clear()
            self._forwards.clear()
            return Said("disconnected everything\n")
        if self._connections.pop(serial, None) is None:
            return Said(err=f"error: no such device '{serial}'\n", code=1)
        self._forwards.drop(serial)
        return Said(f"disconnected {serial}\n")

    def _state(self, serial: str) -> str:
        connection = self._connections[serial]
        phone = connection.phone
        gone = not phone.adb_open or phone.boots != connection.boot or phone.adb_lost
        if gone:
            self._forwards.drop(serial)
        if gone or self._farm.clock.now() < connection.device_from:
            return "offline"
        return "device"

    def _devices(self) -> Said:
        lines = [f"{serial}\t{self._state(serial)}\n" for serial in self._connections]
        return Said("List of devices attached\n" + "".join(lines) + "\n")

    def _phone(self, serial: str) -> Phone | Said:
        if not serial:
            if not self._connections:
                return Said(err="error: no devices/emulators found\n", code=1)
            if len(self._connections) > 1:
                return Said(err="error: more than one device/emulator\n", code=1)
            serial = next(iter(self._connections))
        if serial not in self._connections:
            return Said(err=f"error: device '{serial}' not found\n", code=1)
        if self._state(serial) != "device":
            return Said(err="error: device offline\n", code=1)
        return self._connections[serial].phone

    def _get_state(self, serial: str) -> Said:
        phone = self._phone(serial)
        return phone if isinstance(phone, Said) else Said("device\n")

    # -- shell -----------------------------------------------------------------------------------

    def _shell(self, serial: str, script: str) -> Said:
        phone = self._phone(serial)
        if isinstance(phone, Said):
            return phone
        out: list[str] = []
        code = 0
        for line in script.splitlines():
            words = line.split()
            if not words:
                continue
            if words[0] == "exit":
                break
            if words[0] == "glogin":
                out.append(self._glogin(phone, words[1:]))
            elif not self.logged_in(phone):
                out.append(LOGIN_MARK)
            else:
                phone.touch()
                text, code = run_script(phone, line)
                out.append(text)
        return Said("".join(out), code=code)

    def _glogin(self, phone: Phone, words: Sequence[str]) -> str:
        refused = phone.fault_of_this_boot is FaultKind.GLOGIN_REFUSED
        if refused or list(words) != [phone.password]:
            return "glogin: login failed\n"
        phone.touch()
        self._login.grant(phone, self._farm.clock.now())
        return "login success\n"

    def _forward(self, serial: str, rest: Sequence[str]) -> Said:
        if rest and rest[0].startswith("--"):
            return self._forwards.manage(rest)
        if len(rest) != 2:
            return Said(err="adb: usage: adb forward LOCAL REMOTE\n", code=1)
        phone = self._phone(serial)
        if isinstance(phone, Said):
            return phone
        self._forwards.add(serial or phone.serial, rest[0], rest[1])
        return Said(f"{rest[0].removeprefix('tcp:')}\n")


class _Forwards:
    """Ports of the host that lead to a phone; every loss of the phone removes its own."""

    def __init__(self) -> None:
        self._by_local: dict[str, tuple[str, str]] = {}

    def add(self, serial: str, local: str, remote: str) -> None:
        self._by_local[local] = (serial, remote)

    def drop(self, serial: str) -> None:
        kept = {local: entry for local, entry in self._by_local.items() if entry[0] != serial}
        self._by_local = kept

    def clear(self) -> None:
        self._by_local.clear()

    def manage(self, words: Sequence[str]) -> Said:
        """``--list``, ``--remove LOCAL``, ``--remove-all``."""
        if words[0] == "--list":
            lines = [f"{owner} {local} {far}\n" for local, (owner, far) in self._by_local.items()]
            return Said("".join(lines))
        if words[0] == "--remove-all":
            self._by_local.clear()
            return Said()
        local = words[1] if len(words) > 1 else ""
        if self._by_local.pop(local, None) is None:
            return Said(err=f"adb: error: listener '{local}' not found\n", code=1)
        return Said()
