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
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

BEAT_SECONDS = 5.0
"""A worker says at least so often that its process lives, whatever its job is waiting for."""

SLEPT_SECONDS = 5.0
"""A sign of life that is later than this was held up with the whole process (a host that slept)."""

SEND_SECONDS = 5.0
"""Longest wait for room in a pipe that nobody reads; then messages are dropped until there is."""

_LOOK_SECONDS = 0.05


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
        self,
        incoming: BinaryIO,
        outgoing: BinaryIO,
        *,
        beat_seconds: float = BEAT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``beat_seconds``: between two signs of life."""
        self._beat_seconds = beat_seconds
        self._clock = clock
        self._moves_by = clock()
        """When the worker's own thread is to come by here again."""
        self._incoming = incoming
        self._outgoing = outgoing
        if sys.platform != "win32" and isinstance(outgoing, io.FileIO):
            os.set_blocking(outgoing.fileno(), False)
        self._sending = threading.Lock()
        self._full = False
        """The supervisor stands still: its pipe took no more."""
        self._torn = False
        """A message was cut off in the middle of its line."""
        self._changed = threading.Condition()
        self._orders = Orders()
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

    def wait(self, seconds: float, *, seen: Orders) -> None:
        """Wait until the orders are others than those that were ``seen``, at most ``seconds``.

        Orders that came since then end it at once: nobody sleeps through the start of a stage.
        """
        self.move(seconds)
        with self._changed:
            self._changed.wait_for(lambda: self._orders is not seen, timeout=seconds)
        self.move()

    def wait_until(self, condition: Callable[[Orders], bool], seconds: float) -> bool:
        """Wait until the orders satisfy a condition; False when ``seconds`` passed first."""
        self.move(seconds)
        try:
            return self._await(condition, seconds)
        finally:
            self.move()

    def beat_within(self, seconds: float) -> None:
        """Give a sign of life at least so often from now on."""
        with self._changed:
            self._beat_seconds = min(self._beat_seconds, seconds)
            self._changed.notify_all()

    def _await(self, condition: Callable[[Orders], bool], seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: condition(self._orders), timeout=seconds)

    def move(self, seconds: float = 0.0) -> None:
        """The worker's own thread goes on, and comes by again within ``seconds``.

        Every message, look at the orders and wait says so; a call that never returns does not.
        """
        self._moves_by = self._clock() + seconds

    def send(self, event: str, **fields: Any) -> None:
        """Tell the supervisor; one that is gone, or takes nothing, is no error here.

        The job in hand never waits for it: what matters is in the ledger and the log.
        """
        self._write(event, fields)
        self.move()

    def _write(self, event: str, fields: Mapping[str, Any]) -> None:
        message = encode({"event": event, **fields})
        with self._sending, contextlib.suppress(OSError, ValueError):
            left = b"\n" + message if self._torn else message
            whole = len(left)
            deadline = self._clock() + (0 if self._full else SEND_SECONDS)
            while left:
                # None: there is no room, and the pipe does not wait for some.
                written: int | None = self._outgoing.write(left)
                left = left[written or 0 :]
                if left and self._clock() >= deadline:
                    break
                if written is None:
                    time.sleep(_LOOK_SECONDS)
            self._full = bool(left)
            self._torn = self._torn if len(left) == whole else bool(left)

    def _beat(self) -> None:
        """Signs of life; ``still``: whole seconds for which the worker's own thread is overdue."""
        began = self._clock()
        while not self._orders.orphaned:
            period = self._beat_seconds
            if self._await(partial(self._beats_otherwise, period), period):
                continue
            late = self._clock() - began - period
            if late > min(period, SLEPT_SECONDS):
                # Nobody could move while the process stood still; that is not the thread's doing.
                self._moves_by += late
            began = self._clock()
            still = int(began - self._moves_by)
            self._write("beat", {"still": still} if still > 0 else {})

    def _beats_otherwise(self, period: float, orders: Orders) -> bool:
        return orders.orphaned or self._beat_seconds < period

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
            self._changed.notify_all()
            stopping = self._orders.must_stop and not old.must_stop
        if stopping:
            for listener in self._listeners:
                listener()
