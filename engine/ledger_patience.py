"""Patience with a ledger that is unreadable for a moment.

A program that saves a file may empty it first: whoever looks just then sees a ledger without jobs,
or half of its header. Only one that stays so is a reason to end a run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from engine.errors import LedgerUnreadableError

SECONDS: Final = 10.0
"""Longer than any program saves; also, what lies so far apart is not the same trouble."""


class LedgerPatience:
    """That of one supervisor."""

    def __init__(
        self, alarm: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._alarm = alarm
        self._clock = clock
        self._since = self._last = float("-inf")

    def bear(self, trouble: LedgerUnreadableError) -> None:
        """Tell it, once; raises it where it has lasted too long."""
        now = self._clock()
        if now - self._last >= SECONDS:
            self._since = now
        self._last = now
        if now - self._since >= SECONDS:
            raise trouble
        self._alarm(f"{trouble} It is looked at again for {SECONDS:.0f} s before the run ends.")
