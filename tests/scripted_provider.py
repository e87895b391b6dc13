"""A provider on a real socket that answers what a test wrote down, and remembers what it was asked.

Shapes are those of the provider's documentation; the behaviour of whole phones is the simulator's.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr
from structlog.testing import CapturingLogger

from engine.config import Phones, Secrets, Settings

TOKEN = "marked-token-0001"
FAST: Mapping[str, Any] = {
    "http_timeout_seconds": 5,
    "http_backoff_seconds": 0.01,
    "first_poll_seconds": 0.01,
    "boot_first_look_seconds": 0,
    "boot_poll_seconds": 0.01,
    "settle_seconds": 0,
    "stop_settle_seconds": 0,
    "adb_enable_wait_seconds": 0,
    "adb_poll_seconds": 0.01,
    "upload_poll_seconds": 0.01,
    "stop_poll_seconds": 0.01,
    "stop_backoff_seconds": 0.01,
    "stop_timeout_seconds": 5,
}
"""Limits that let nothing wait for its own sake."""


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    path: str
    body: Any
    headers: Mapping[str, str]
    raw: bytes = b""


@dataclass
class Reply:
    """One answer: an envelope, or something that is none."""

    data: Any = None
    code: int = 0
    status: int = 200
    raw: bytes | None = None
    """Sent instead of the envelope."""
    drop: bool = False
    """Close the connection without an answer."""
    delay: float = 0.0
    """Seconds before the answer."""
    also: Callable[[], None] = lambda: None
    """Done when the request has arrived."""


Script = Callable[[Asked], Reply]


@dataclass
class Provider:
    """What the endpoints answer: for each path a list of replies (the last one stays) or a rule."""

    url: str = ""
    scripts: dict[str, list[Reply] | Script] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, *replies: Reply) -> None:
        self.scripts[path] = list(replies)

    def rule(self, path: str, script: Script) -> None:
        self.scripts[path] = script

    def calls(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]

    def reply_to(self, asked: Asked) -> Reply:
        with self.lock:
            self.asked.append(asked)
            script = self.scripts.get(asked.path)
            if script is None:
                return Reply(code=40012)
            if isinstance(script, list):
                return script.pop(0) if len(script) > 1 else script[0]
        return script(asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: Provider

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_call = self.command == "POST"
        asked = Asked(
            path=self.path.removeprefix("/open/v1/"),
            body=json.loads(raw) if is_call else None,
            headers=dict(self.headers.items()),
            raw=raw,
        )
        if self.provider.closed:  # a connection that was kept open
            self.close_connection = True
            return
        reply = self.provider.reply_to(asked)
        reply.also()
        time.sleep(reply.delay)
        if reply.drop:
            self.close_connection = True
            return
        content = reply.raw
        if content is None:
            envelope = {"traceId": self.headers.get("traceId", ""), "code": reply.code, "msg": "x"}
            content = json.dumps(envelope | {"data": reply.data}).encode()
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_GET = do_DELETE = _serve

    def log_message(self, *_arguments: object) -> None:
        """Requests are kept in ``Provider.asked``."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_request: object) -> None:
        """A client that goes away in the middle is what a test wanted."""


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider on a free port of this host, until the block ends."""
    provider = Provider()
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = _Server(("127.0.0.1", 0), handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        provider.closed = True
        server.shutdown()
        server.server_close()
        thread.join()


def settings_for(url: str, **phones: Any) -> Settings:
    """Settings of a host that asks this provider with the marked token."""
    return Settings(
        phones=Phones.model_validate({**FAST, "api_url": url, **phones}),
        secrets=Secrets(api_token=SecretStr(TOKEN)),
    )


class LogBook:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.capturing = CapturingLogger()
        # All levels, whatever another test has configured for the whole process.
        self.log: Any = structlog.wrap_logger(
            self.capturing, processors=[_as_text], wrapper_class=structlog.BoundLogger
        )

    @property
    def text(self) -> str:
        return "\n".join(f"{call.method_name} {call.args[0]}" for call in self.capturing.calls)


def _as_text(_logger: Any, _method: str, event: Any) -> str:
    return " ".join(f"{key}={value}" for key, value in event.items())


def phone_row(phone_id: str, name: str, status: int = 2) -> dict[str, Any]:
    """A row of the phone list; many documented fields are missing, as in the samples."""
    return {"id": phone_id, "serialName": name, "status": status}


def listing(*rows: Mapping[str, Any]) -> Script:
    """``phone/list`` over these rows, page by page; the name filter matches parts."""

    def answer(asked: Asked) -> Reply:
        body = asked.body
        wanted = [row for row in rows if body.get("serialName", "") in row["serialName"]]
        size, page = body["pageSize"], body["page"]
        part = wanted[(page - 1) * size : page * size]
        return Reply({"total": len(wanted), "page": page, "pageSize": size, "items": part})

    return answer


def statuses(states: Mapping[str, int]) -> Script:
    """``phone/status`` over a mapping that the test may change meanwhile."""

    def answer(asked: Asked) -> Reply:
        ids = asked.body["ids"]
        good = [
            {"id": one, "serialName": one, "status": states[one]} for one in ids if one in states
        ]
        bad = [
            {"code": 42001, "id": one, "msg": "env not found"} for one in ids if one not in states
        ]
        return batch(good, bad)

    return answer


def batch(good: list[Any], bad: list[Any]) -> Reply:
    """Dialect P1: outer code 0, whatever the items say."""
    return Reply(
        {
            "totalAmount": len(good) + len(bad),
            "successAmount": len(good),
            "failAmount": len(bad),
            "successDetails": good,
            "failDetails": bad,
        }
    )


def private_mode(path: Path) -> int:
    """Permission bits of a file."""
    return path.stat().st_mode & 0o777
