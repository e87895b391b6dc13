"""How the light programs speak to the farm: one small HTTP request over a plain socket.

The standard library's HTTP client would cost more start-up time than a whole adb command takes.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any, Final

CONNECT_SECONDS: Final = 5.0
_BLOCK: Final = 1 << 16


class FarmUnreachable(Exception):
    """Nobody answers at the farm's address."""


class FarmLink:
    """Requests to one farm, each over a connection of its own."""

    def __init__(self, url: str) -> None:
        address = url.removeprefix("http://").partition("/")[0]
        host, _, port = address.partition(":")
        self._host, self._port = host, int(port or 80)

    def ask(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        """A request with a JSON body, its JSON answer. Raises FarmUnreachable."""
        return self.send(method, path, json.dumps(content or {}).encode())

    def send(self, method: str, path: str, body: bytes) -> Any:
        """A request with any body, its JSON answer. Raises FarmUnreachable."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        try:
            with socket.create_connection((self._host, self._port), CONNECT_SECONDS) as link:
                link.settimeout(None)
                link.sendall(head.encode("ascii"))
                link.sendall(body)
                answer = _read(link)
        except OSError as exc:
            raise FarmUnreachable(str(exc)) from exc
        status, _, rest = answer.partition(b"\r\n")
        _, _, text = rest.partition(b"\r\n\r\n")
        if b" 200 " not in status:
            raise FarmUnreachable(f"the farm answered {status.decode('latin-1')}")
        return json.loads(text)


def _read(link: socket.socket) -> bytes:
    blocks = []
    while block := link.recv(_BLOCK):
        blocks.append(block)
    return b"".join(blocks)
