"""The pipe between a supervisor and one worker: one JSON object a line, both ways.

The worker's end notices when the supervisor is gone (its standard input closes), whatever killed it
(architecture 2, behaviour A10.10).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

BEAT_SECONDS = 5.0
"""A worker says at least so often that its process lives, whatever its job is waiting for."""


def encode(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> dict[str, Any] | None:
    """The message, or None for anything that is none (a library's stray print)."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


@dataclass(frozen=True, slots=True)
class Orders:
    """What the supervisor wants at this moment."""

    stop: bool = False
    """Finish or give back, then end."""
    finish: bool = False
    """No job will come any more: end."""
    orphaned: bool = False
    """The supervisor is gone."""
    stage: int = 0
    """Stage whose jobs may be claimed; 0 = none yet."""
    paused: bool = False
    held_keys: frozenset[str] = field(default_factory=frozenset)

    @property
    def must_stop(self) -> bool:
        return self.stop or self.orphaned


class WorkerChannel:
    """The worker's end: present orders, and messages to the supervisor."""

    def __init__(
        self, incoming: BinaryIO, outgoing: BinaryIO, *, beat_seconds: float = BEAT_SECONDS
    ) -> None:
        """``beat_seconds``: between two signs of life."""
        self._beat_seconds = beat_seconds
        self._incoming = incoming
        self._outgoing = outgoing
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        self._orders = Orders()
        self._version = 0
        self._listeners: list[Callable[[], None]] = []

    @classmethod
    def of_this_process(cls) -> WorkerChannel:
        """Take standard input and output for the pipe; what prints from now on goes to the log."""
        outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
        sys.stdout.flush()
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        sys.stdout = io.TextIOWrapper(
            os.fdopen(os.dup(sys.stderr.fileno()), "wb"), errors="replace", line_buffering=True
        )
        return cls(sys.stdin.buffer, outgoing)

    def start(self) -> None:
        """Hear orders, and give signs of life, from threads of their own."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        threading.Thread(target=self._beat, name="beat", daemon=True).start()

    @property
    def orders(self) -> Orders:
        return self._orders

    def on_stop(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` (from the reading thread) when orders turn to stopping."""
        self._listeners.append(listener)

    def wait(self, seconds: float) -> None:
        """Wait until the orders change, at most ``seconds``."""
        with self._changed:
            version = self._version
            self._changed.wait_for(lambda: self._version != version, timeout=seconds)

    def wait_until(self, condition: Callable[[Orders], bool], seconds: float) -> bool:
        """Wait until the orders satisfy a condition; False when ``seconds`` passed first."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self._orders), timeout=seconds)

    def send(self, event: str, **fields: Any) -> None:
        """Tell the supervisor; a supervisor that is gone is no error here."""
        with self._sending, contextlib.suppress(OSError, ValueError):
            self._outgoing.write(encode({"event": event, **fields}))

    def _beat(self) -> None:
        while not self.wait_until(lambda orders: orders.orphaned, self._beat_seconds):
            self.send("beat")

    def _listen(self) -> None:
        # Read from the descriptor itself: a buffered reader's lock, held by this daemon thread at
        # the end of the process, would abort the interpreter.
        rest = b""
        while chunk := self._read():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                message = decode(line)
                if message is not None:
                    self._apply(message)
        self._apply({"orphaned": True})

    def _read(self) -> bytes:
        try:
            return os.read(self._incoming.fileno(), 65536)
        except (OSError, ValueError):
            return b""

    def _apply(self, message: Mapping[str, Any]) -> None:
        with self._changed:
            old = self._orders
            self._orders = Orders(
                stop=old.stop or bool(message.get("stop")),
                finish=old.finish or bool(message.get("finish")),
                orphaned=old.orphaned or bool(message.get("orphaned")),
                stage=int(message.get("stage", old.stage)),
                paused=bool(message.get("paused", old.paused)),
                held_keys=frozenset(message.get("held_keys", old.held_keys)),
            )
            self._version += 1
            self._changed.notify_all()
            stopping = self._orders.must_stop and not old.must_stop
        if stopping:
            for listener in self._listeners:
                listener()
