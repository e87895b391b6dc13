"""HTTP over a stream of adb: just what the driver's proxy sends and expects."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final

_LONGEST_HEAD: Final = 64
"""Most header lines of one request."""
_REASONS: Final = {200: "OK", 400: "Bad Request", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request with its JSON body."""

    method: str
    path: str
    body: dict[str, Any]


async def read_request(reader: asyncio.StreamReader) -> HttpRequest | None:
    """The next request of a connection; None at its end or where it is not HTTP."""
    line = (await reader.readline()).decode("latin-1").split()
    if len(line) != 3:
        return None
    length = 0
    for _ in range(_LONGEST_HEAD):
        name, _, value = (await reader.readline()).decode("latin-1").partition(":")
        if not name.strip():
            break
        if name.strip().lower() == "content-length":
            if not value.strip().isdigit():
                return None
            length = int(value)
    raw = await reader.readexactly(length)
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        return None
    path = line[1].partition("?")[0].rstrip("/")
    return HttpRequest(line[0], path, body if isinstance(body, dict) else {})


def encoded(status: int, content: object) -> bytes:
    """An answer that leaves the connection open."""
    body = json.dumps(content).encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Internal Server Error')}\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: keep-alive\r\n\r\n"
    )
    return head.encode("latin-1") + body
