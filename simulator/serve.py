"""Runs a farm in the foreground, and talks to one that runs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from aiohttp import web

from simulator.errors import FarmError
from simulator.farm_file import FARM_FILE, FarmFile, FaultKind
from simulator.journal import FARM_FOLDER, TRUTH_FILE, read_journal
from simulator.server import HOST, FarmServer
from simulator.world import Farm

RECORD_FILE = "farm.json"
STOP_SECONDS = 10.0
ASK_SECONDS = 5.0


def serve(
    work_dir: Path,
    *,
    port: int | None = None,
    idle_seconds: float | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Run the farm of a work directory until SIGTERM, SIGINT or `simulator stop`.

    With ``idle_seconds`` it ends too when nobody asked for so long and no phone is on.
    Raises FarmError when the port is taken or the farm file is wrong.
    """
    file = FarmFile.load(work_dir / FARM_FILE)
    place = file.port if port is None else port
    asyncio.run(_serve(work_dir, file, place, idle_seconds, say))


async def _serve(
    work_dir: Path,
    file: FarmFile,
    port: int,
    idle_seconds: float | None,
    say: Callable[[str], None],
) -> None:
    with _listen(port) as listener:
        # The port first: a second farm process must not touch the truth of the first.
        server = FarmServer(Farm(file, work_dir.resolve()), idle_seconds=idle_seconds)
        await _run(server, listener, say)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as exc:
        listener.close()
        raise FarmError(
            f"Port {port} is taken: end what listens there (`simulator stop` for an earlier "
            f"farm), or give another one with --port and change {FARM_FILE} and geelark.toml."
        ) from exc
    return listener


async def _run(server: FarmServer, listener: socket.socket, say: Callable[[str], None]) -> None:
    farm = server.farm
    record = farm.folder / RECORD_FILE
    runner = web.AppRunner(server.app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        url = "http://{}:{}".format(*listener.getsockname())
        started = datetime.now(UTC).isoformat()
        _write_record(record, {"pid": os.getpid(), "url": url, "started": started})
        say(f"Farm of {len(farm.phones)} phones listens on {url} (time x{farm.clock.scale:g}).")
        _stop_on_signals(server.stop)
        await server.stop.wait()
    finally:
        await runner.cleanup()
        record.unlink(missing_ok=True)


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def ask(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)


def _write_record(path: Path, content: dict[str, object]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content) + "\n", encoding="utf-8")
    part.replace(path)


class RunningFarm:
    """The farm process of a work directory, as its record names it."""

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir.resolve()
        self._record = self.work_dir / FARM_FOLDER / RECORD_FILE
        # Loopback only: a proxy of the environment has no part in it.
        self._http = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def status(self) -> dict[str, Any] | None:
        """What the farm says of itself; None when it does not run."""
        try:
            url = json.loads(self._record.read_text(encoding="utf-8"))["url"]
            with self._http.open(f"{url}/farm/status", timeout=ASK_SECONDS) as answer:
                status = json.load(answer)
        except (OSError, ValueError, KeyError, urllib.error.URLError):
            return None
        own = isinstance(status, dict) and Path(status.get("folder", "")) == self._record.parent
        return {**status, "url": url} if own else None

    def arm_fault(self, account: str, kind: FaultKind, **how: str | float) -> None:
        """Let a fault strike a phone; ``how``: during, real_seconds, latency of `/farm/fault`.

        Raises FarmError when the farm does not run or takes no such fault.
        """
        self._order("POST", "/farm/fault", {"account": account, "kind": kind.value, **how})

    def clear_faults(self, account: str) -> None:
        """Nothing that was armed for this phone waits or is on any more. Raises FarmError."""
        self._order("DELETE", f"/farm/fault/{account}")

    def unknown_commands(self) -> list[str]:
        """What was asked of the farm that it does not know: paths, shell commands, adb services.

        A test that finds any has met something that the simulation lacks. Raises FarmError.
        """
        records = read_journal(self._record.parent / TRUTH_FILE)
        return [f"{r['method']} {r['path']}" for r in records if r["event"] == "unknown_call"]

    def _order(self, method: str, path: str, body: Mapping[str, object] | None = None) -> None:
        status = self.status()
        if status is None:
            raise FarmError(f"No farm runs for {self.work_dir}.")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{status['url']}{path}", data=data, method=method)
        try:
            with self._http.open(request, timeout=ASK_SECONDS):
                pass
        except urllib.error.HTTPError as exc:
            said = exc.read().decode("utf-8", "replace").strip()
            raise FarmError(f"The farm refused {path}: {said}") from None

    def stop(self) -> None:
        """End it and wait until it is gone. Raises FarmError when it does not run or not end."""
        status = self.status()
        if status is None:
            raise FarmError(f"No farm runs for {self.work_dir}.")
        request = urllib.request.Request(f"{status['url']}/farm/stop", data=b"", method="POST")
        with self._http.open(request, timeout=ASK_SECONDS):
            pass
        deadline = time.monotonic() + STOP_SECONDS
        while self._record.exists() or self.status() is not None:
            if time.monotonic() > deadline:
                raise FarmError(f"The farm at {status['url']} did not end in {STOP_SECONDS:g} s.")
            time.sleep(0.05)
