"""The adb client: every call bounded, its outputs checked instead of its exit codes.

``adb connect`` exits 0 when it fails, a shell cut by a lost connection exits 0 with empty output,
and a phone that wants a login says so on stdout with exit 0: so each call demands what it expects
to read. The login password is written to the shell's stdin, never to a command line.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from pydantic import SecretStr

from engine.errors import (
    AdbError,
    ConnectionDroppedError,
    GloginError,
    InternalError,
    SettingsError,
)
from engine.logs import redact
from engine.phones.adb_version import server_environment, server_port, server_version
from engine.phones.child_env import needed_only
from engine.phones.phone import Pause
from engine.processes import ProgramError, start

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from engine.config import Phones, Settings

FORWARD_SECONDS: Final = 5.0
"""Longest wait for adb to list or remove a forward, which asks no phone; a start or a stop of
Appium waits for it."""
LOGIN_MARK: Final = "run glogin to login"
"""What a phone answers to anything before its login and after the login lapsed."""
_LOGGED_IN: Final = re.compile(r"\b(success|already log)", re.IGNORECASE)
_MEDIA_SCAN: Final = (
    "am broadcast -a android.intent.action.MEDIA_SCANNER_SCAN_FILE -d file://{path}"
)


_OTHER_VERSION: Final = re.compile(
    r"adb server version \((\d+)\) doesn't match this client \((\d+)\)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Forward:
    """A local port that the adb server leads to a phone."""

    serial: str
    port: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AdbOutput:
    """What a finished adb command said."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return f"{self.out}\n{self.err}"


class Adb:
    """Runs the configured adb program for one process.

    ``server_port``: of the adb server that it is to ask; 0 = what the environment says, else adb's
    own default.
    """

    def __init__(self, phones: Phones, log: FilteringBoundLogger, *, server_port: int = 0) -> None:
        self._command = phones.adb_command
        self._server_port = server_port
        self._timeout = phones.adb_command_timeout_seconds
        self._log = log

    def check_program(self) -> None:
        """Raises SettingsError where the configured program does not exist."""
        if shutil.which(self._command[0]) is None:
            raise SettingsError(
                f"The adb program {self._command[0]!r} was not found: install the Android platform "
                "tools or set phones.adb_command."
            )

    def devices(self) -> dict[str, str]:
        """State of every listed device by its exact serial. Raises AdbError."""
        output = self._run(("devices",))
        if "List of devices" not in output.out:
            raise self._failed("list its devices", output)
        lines = output.out.partition("List of devices")[2].splitlines()[1:]
        pairs = (line.split("\t", 1) for line in lines)
        return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}

    def connect(self, serial: str) -> None:
        """Connect anew. Raises AdbError.

        Disconnected first: a connection that went offline cannot be connected, only made again.
        """
        self.disconnect(serial)
        output = self._run(("connect", serial))
        if f"connected to {serial}" not in output.out:
            raise self._failed(f"connect to {serial}", output)

    def disconnect(self, serial: str) -> None:
        """Cut our connection to this phone; a phone that is not connected is no error."""
        with contextlib.suppress(AdbError):
            self._run(("disconnect", serial))

    def end_server(self) -> None:
        """End the server on our port; none there is no error."""
        with contextlib.suppress(AdbError):
            self._run(("kill-server",), timeout=FORWARD_SECONDS)

    def forwards(self) -> list[Forward]:
        """Every forward of the adb server from a TCP port here. Raises AdbError.

        Asking would start a server where none runs: there are no forwards without one.
        """
        if server_version(server_port(self._server_port)) is None:
            return []
        output = self._run(("forward", "--list"), timeout=FORWARD_SECONDS)
        if output.code != 0:
            raise self._failed("list its forwards", output)
        found = (line.split() for line in output.out.splitlines())
        return [
            Forward(serial=words[0], port=int(words[1].removeprefix("tcp:")))
            for words in found
            if len(words) == 3 and words[1].removeprefix("tcp:").isdecimal()
        ]

    def remove_forward(self, forward: Forward) -> None:
        """Take a forward away; one that went with its phone meanwhile is no error."""
        name = f"tcp:{forward.port}"
        with contextlib.suppress(AdbError):
            self._run(("-s", forward.serial, "forward", "--remove", name), timeout=FORWARD_SECONDS)

    def cut_off(self, serial: str) -> None:
        """``disconnect``, without starting our own server where it has ended: with it went all."""
        if not self._server_port or server_version(self._server_port) is not None:
            self.disconnect(serial)

    def wait_device(
        self, serial: str, *, timeout: float, polls: Iterator[float], pause: Pause
    ) -> None:
        """Wait until the phone is listed as ``device``; ``polls`` are the pauses between looks,
        without end. Raises AdbError."""
        deadline = time.monotonic() + timeout
        for poll in polls:
            state = self.devices().get(serial, "not listed")
            if state == "device":
                return
            if state == "unauthorized":
                raise AdbError(f"adb is not authorised on {serial}: accept this host's key there.")
            if time.monotonic() >= deadline:
                raise AdbError(f"adb says that {serial} is {state} after {timeout:.0f} s.")
            pause(poll)

    def login(self, serial: str, password: SecretStr) -> None:
        """Log in to the phone's shell (``glogin``). Raises GloginError, AdbError."""
        secret = password.get_secret_value()
        output = self._run(
            ("-s", serial, "shell"), stdin=f"glogin {secret}\nexit\n", hide=(secret,)
        )
        self._check_device(serial, output)
        if _LOGGED_IN.search(output.text):
            return
        raise GloginError(
            f"The phone at {serial} did not accept the login: it said {_said(output)}."
        )

    def shell(self, serial: str, command: str) -> str:
        """Output of a shell command.

        Raises GloginError when the login is missing or lapsed, ConnectionDroppedError when the
        phone is gone, AdbError. An empty answer may also mean a cut connection: demand a text.
        """
        output = self._run(("-s", serial, "shell", command))
        self._check_device(serial, output)
        return output.out

    def check_answers(self, serial: str) -> None:
        """Prove that the phone's shell runs commands. Raises as ``shell`` does."""
        token = secrets.token_hex(4)
        if token not in self.shell(serial, f"echo {token}"):
            raise AdbError(f"The phone at {serial} did not answer a shell command.")

    def push(self, serial: str, source: Path, target: str, *, timeout: float) -> None:
        """Copy a file onto the phone. Raises AdbError, ConnectionDroppedError, GloginError."""
        output = self._run(("-s", serial, "push", str(source), target), timeout=timeout)
        self._check_device(serial, output)
        if output.code != 0 or "1 file pushed" not in output.text:
            raise self._failed(f"push {source.name} to {serial}", output)

    def scan_media(self, serial: str, path: str) -> None:
        """Have the phone's gallery notice a file. Raises AdbError."""
        if "result=" not in self.shell(serial, _MEDIA_SCAN.format(path=path)):
            raise AdbError(f"The phone at {serial} did not take up {path} into its gallery.")

    def _check_device(self, serial: str, output: AdbOutput) -> None:
        if LOGIN_MARK in output.text:
            raise GloginError(f"The phone at {serial} wants a new login.")
        said = output.err + (output.out if output.code != 0 else "")
        if "device unauthorized" in said:
            raise AdbError(f"adb is not authorised on {serial}: accept this host's key there.")
        gone = ("device offline", "not found", "closed", "no devices", "couldn't read from device")
        if output.code != 0 and any(word in said for word in gone):
            raise ConnectionDroppedError(f"adb lost the phone at {serial}: {_said(output)}.")

    def _failed(self, doing: str, output: AdbOutput) -> AdbError:
        return AdbError(f"adb could not {doing}: it said {_said(output)}.")

    def _start(
        self, arguments: Sequence[str], out: IO[bytes], err: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        try:
            return start(
                (*self._command, *arguments),
                env=needed_only(**server_environment(self._server_port)),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
            )
        except ProgramError as exc:
            raise InternalError(
                f"The adb program {self._command[0]!r} cannot be run ({exc.strerror}): install "
                "the Android platform tools or set phones.adb_command."
            ) from None

    def _refuse_other_version(self, complained: str) -> None:
        """The client has just ended a server with all its connections. Raises AdbError."""
        found = _OTHER_VERSION.search(complained)
        if found:
            raise AdbError(
                f"Two adb versions meet on port {server_port(self._server_port)} and end each "
                f"other's server (1.0.{found[1]} was running, ours is 1.0.{found[2]}): use one adb "
                "for everything on this host, or set phones.adb_server_port."
            )

    def _run(
        self,
        arguments: Sequence[str],
        *,
        stdin: str = "",
        timeout: float | None = None,
        hide: Sequence[str] = (),
    ) -> AdbOutput:
        """Run adb once.

        Raises AdbError on time-out, and with ``retry_soon`` where this host has no room or no
        process left for it; InternalError when the program cannot be run. Output goes to files,
        because a server that the client starts inherits a pipe and keeps it open long after the
        client ended.
        """
        bound = timeout or self._timeout
        began = time.monotonic()
        shown = " ".join(arguments[:4])
        try:
            with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
                process = self._start(arguments, out, err)
                code = _finish(process, stdin, bound)
                said, complained = (_text_of(stream, hide) for stream in (out, err))
        except OSError as exc:
            why = exc.strerror or type(exc).__name__
            raise AdbError(
                f"This host could not run adb {shown} just now ({why}).", retry_soon=True
            ) from exc
        self._log.debug(
            "adb", command=shown, code=code, ms=round((time.monotonic() - began) * 1000)
        )
        if code is None:
            raise AdbError(f"adb did not end within {bound:.0f} s: adb {shown}.")
        self._refuse_other_version(complained)
        return AdbOutput(code=code, out=said, err=complained)


class AdbOfSlots:
    """The adb client of each worker slot: they differ where each worker has its own adb server."""

    def __init__(self, settings: Settings, log: FilteringBoundLogger) -> None:
        self._settings = settings
        self._log = log

    def of(self, slot: int) -> Adb:
        """The client that asks this slot's adb server."""
        port = self._settings.get_adb_server_port(slot)
        return Adb(self._settings.phones, self._log, server_port=port)


def _text_of(stream: IO[bytes], hide: Sequence[str]) -> str:
    """What was written to a stream, without what is to be hidden."""
    stream.seek(0)
    text = stream.read().decode("utf-8", errors="replace")
    for secret in hide:
        text = text.replace(secret, "***")
    return text


def _finish(process: subprocess.Popen[bytes], stdin: str, bound: float) -> int | None:
    """Feed and wait; None when the client had to be killed for being too slow."""
    try:
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(stdin.encode())
        return process.wait(timeout=bound)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _said(output: AdbOutput) -> str:
    """What adb said, as part of a sentence."""
    lines = (line.strip() for line in f"{output.err}\n{output.out}".splitlines())
    text = "; ".join(line for line in lines if line and not line.startswith("* daemon"))
    return repr(redact(text)[:200]) if text else "nothing"
