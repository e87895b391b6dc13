"""The note above the keys: what became of the operator's last act, or what went wrong.

A row of the screen instead of a toast, which costs 32 to 51 kB (console-features 5.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.times import clock

FRESH_SECONDS: Final = 10
"""For so long a note needs no time in front."""
NOTE_SECONDS: Final = 90
"""Then what it says may be true no longer."""
PROBLEM_SECONDS: Final = 600
BEGUN_SECONDS: Final = 5
"""A run that is not seen live by then has ended already."""


@dataclass(slots=True)
class Notes:
    """The last one; it grows old and goes."""

    text: str = ""
    tone: str = ""
    """``bad`` for what went wrong."""
    at: datetime | None = None
    of_run: bool = False
    """It is true only while the run is live that was just begun."""
    _was_live: bool = False

    def say(self, text: str, tone: str, now: datetime, *, of_run: bool = False) -> None:
        """Replace the note."""
        self.text, self.tone, self.at = text, tone, now
        self.of_run, self._was_live = of_run, False

    def shown(self, now: datetime, *, live: bool) -> str:
        """What stands in the row now: nothing once it is too old, or true no more. ``live``: a run
        was seen live."""
        if self.at is None:
            return self.text
        old = (now - self.at).total_seconds()
        if self.of_run:
            self._was_live = self._was_live or live
            if not live and (self._was_live or old > BEGUN_SECONDS):
                self.text, self.tone, self.at, self.of_run = "", "", None, False
                return ""
        if old > (PROBLEM_SECONDS if self.tone == "bad" else NOTE_SECONDS):
            self.text, self.tone, self.at = "", "", None
            return ""
        return self.text if old <= FRESH_SECONDS else f"{clock(self.at, now)} {self.text}"
