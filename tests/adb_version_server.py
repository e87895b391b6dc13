"""An adb server that only tells its version, and ends with the test that asked for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def adb_server(version: int) -> Iterator[int]:
    """An adb server of this protocol version; its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _address = server.accept()
            except OSError:
                return
            with line:
                assert line.recv(64) == b"000chost:version"
                line.sendall(b"OKAY0004" + f"{version:04x}".encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(server.getsockname()[1])
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)
