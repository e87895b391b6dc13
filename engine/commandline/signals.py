"""Signals of a run: two ways to stop it, and one that must not."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stop_signals(request_stop: Callable[[], None]) -> Iterator[None]:
    """First Ctrl-C or TERM: clean stop; a second waits less. A lost terminal changes nothing."""

    def stop(_number: int, _frame: object) -> None:
        request_stop()

    names = ["SIGINT", "SIGTERM"] + (["SIGBREAK"] if sys.platform == "win32" else [])
    before = {name: signal.signal(getattr(signal, name), stop) for name in names}
    if sys.platform != "win32":
        before["SIGHUP"] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
