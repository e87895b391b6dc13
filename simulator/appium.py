"""A light Appium server, for machines without Node.

``python -m simulator.appium --farm URL --port N [--address A] [--log FILE] …`` takes the real
server's options, speaks what its Python client asks, and carries it out on a phone of the farm.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, TextIO

from simulator.appium_routes import VERSION, answer
from simulator.appium_session import WebDriverError, server_side
from simulator.appium_sessions import Server
from simulator.farm_link import FarmLink

_FLAGS: Final = (
    "--log-timestamp",
    "--local-timezone",
    "--log-no-colors",
    "--session-override",
    "--relaxed-security",
    "--no-perms-check",
    "--debug-log-spacing",
    "--strict-caps",
)
_VALUES: Final = (
    "--log-level",
    "--log-format",
    "--log-filters",
    "--use-drivers",
    "--use-plugins",
    "--tmp",
    "--keep-alive-timeout",
    "--shutdown-timeout",
    "--deny-insecure",
    "--default-capabilities",
    "--config",
)
"""Options of the real server that change nothing here."""


class Log:
    """Lines to the console or to a file, each with a time where that was asked for."""

    def __init__(self, stream: TextIO, *, local: bool, stamped: bool) -> None:
        self._stream = stream
        self._local = local
        self._stamped = stamped
        self._lock = threading.Lock()

    def __call__(self, line: str) -> None:
        if self._stamped:
            moment = datetime.now(UTC)
            moment = moment.astimezone() if self._local else moment
            line = f"{moment:%Y-%m-%d %H:%M:%S}:{moment.microsecond // 1000:03d} - {line}"
        with self._lock:
            self._stream.write(f"{line}\n")
            self._stream.flush()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    # On Windows a reused address would let two servers share a port.
    allow_reuse_address = os.name != "nt"
    request_queue_size = 32

    def __init__(self, address: tuple[str, int], base_path: str, server: Server) -> None:
        self.base_path = base_path.rstrip("/")
        self.sessions = server
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        hidden = self.headers.get("X-Appium-Is-Sensitive", "").lower() in ("1", "true")
        shown = "**SECURE**" if hidden else raw.decode("utf-8", "replace")
        log = self.server.sessions.log
        log(f"[HTTP] --> {self.command} {self.path} {shown}".rstrip())
        status, value = self._result(raw)
        log(f"[HTTP] <-- {self.command} {self.path} {status}")
        content = json.dumps({"value": value}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _result(self, raw: bytes) -> tuple[int, Any]:
        path = self.path.partition("?")[0].removeprefix(self.server.base_path)
        try:
            body = json.loads(raw) if raw else {}
            return 200, answer(self.server.sessions, self.command, path, body)
        except WebDriverError as exc:
            return exc.status, _error(exc)
        except (ValueError, KeyError, TypeError) as exc:
            return 400, _error(WebDriverError("invalid argument", f"{type(exc).__name__}: {exc}"))
        except OSError as exc:
            return 500, _error(server_side(str(exc)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Requests are logged above, in the real server's manner."""


def _error(exc: WebDriverError) -> dict[str, str]:
    return {"error": exc.kind, "message": str(exc), "stacktrace": f"{exc.kind}: {exc}"}


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator.appium", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["server"], help="the only command")
    parser.add_argument("--farm", required=True, help="address of the simulated farm")
    parser.add_argument("--port", "-p", type=int, default=4723)
    parser.add_argument("--address", "-a", default="0.0.0.0")  # noqa: S104 - Appium's own default
    parser.add_argument("--base-path", default="/")
    parser.add_argument("--log", "-g", default="", help="file for the log instead of the console")
    parser.add_argument("--allow-insecure", default="")
    for name in _FLAGS:
        parser.add_argument(name, action="store_true", help=argparse.SUPPRESS)
    for name in _VALUES:
        parser.add_argument(name, help=argparse.SUPPRESS)
    return parser.parse_args(words)


def _log(arguments: argparse.Namespace) -> Log:
    stream: TextIO = sys.stdout
    if arguments.log:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        handle = os.open(Path(arguments.log), flags, 0o600)
        stream = os.fdopen(handle, "a", encoding="utf-8")
    return Log(stream, local=arguments.local_timezone, stamped=arguments.log_timestamp)


def main(words: list[str]) -> int:
    """Serve until told to stop; the exit status."""
    if words == ["--version"]:
        print(VERSION)
        return 0
    arguments = _arguments(words)
    log = _log(arguments)
    log(f"[Appium] Welcome to Appium v{VERSION}")
    server = Server(FarmLink(arguments.farm), arguments.allow_insecure, log)
    where = f"{arguments.address}:{arguments.port}"
    try:
        http = _HttpServer((arguments.address, arguments.port), arguments.base_path, server)
    except OSError as exc:
        text = (
            "Could not start REST http interface listener. The requested port may already be in"
            " use. Please make sure there is no other instance of this server running already."
        )
        log(f"[Appium] {text}")
        sys.stderr.write(f"Fatal Error: listen EADDRINUSE: address already in use {where}\n")
        log(f"[Appium] Error: listen EADDRINUSE: address already in use {where} ({exc.strerror})")
        return 1
    log(f"[Appium] Appium REST http interface listener started on http://{where}")
    _stop_on_signal(http, log)
    with http:
        http.serve_forever(poll_interval=0.05)
        server.close()
    log("[Appium] Bye")
    return 0


def _stop_on_signal(http: ThreadingHTTPServer, log: Log) -> None:
    """TERM and INT end the server; shutdown() would block in the thread that serves."""

    def stop(number: int, _frame: object) -> None:
        log(f"[Appium] Received {signal.Signals(number).name} - shutting down")
        threading.Thread(target=http.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
