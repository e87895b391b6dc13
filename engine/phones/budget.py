"""One budget of provider calls for all processes of a work directory.

The provider counts per API path and answers excess with a lock of up to two hours; so the workers
share a file under a lock, stay below the documented limits, and pause together (behaviour A16.6).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import portalocker

from engine.errors import PhoneError
from engine.phones.codes import RATE_HOUR, RATE_MINUTE
from engine.phones.phone import Pause, ShortPause
from engine.phones.registry import private_lock
from engine.private_files import write_atomically

BUDGET_FILE: Final = "api_budget.json"
OWN_LIMITS: Final = {"pay/wallet": 10, "pay/plan/info": 1}
"""Paths with a documented limit per minute of their own."""

_SLICE = 5
"""Seconds; calls are counted in slices, so that a minute slides instead of starting anew."""
_HOUR_SLICE = 60
_LOCK_SECONDS = 5.0
"""Longest wait for the file; it is held for less than a millisecond."""
_HOUR_LOCK = timedelta(hours=2)
_FIRST_UNNAMED_PAUSE = 5.0
_LONGEST_UNNAMED_PAUSE = 600.0
_STRIKES_FORGOTTEN = 900.0
"""Seconds without a further complaint after which the growing pause starts small again."""


@dataclass(slots=True)
class _PathState:
    """Calls and pauses of one API path; times are seconds since the epoch."""

    minute: dict[int, int] = field(default_factory=dict)
    hour: dict[int, int] = field(default_factory=dict)
    paused_until: float = 0.0
    strikes: int = 0
    last_strike: float = 0.0

    @classmethod
    def read(cls, data: Any) -> _PathState:
        return cls(
            minute={int(key): int(count) for key, count in data["minute"].items()},
            hour={int(key): int(count) for key, count in data["hour"].items()},
            paused_until=float(data["paused_until"]),
            strikes=int(data["strikes"]),
            last_strike=float(data["last_strike"]),
        )

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    def forget_old(self, now: float) -> None:
        """Drop what no longer counts, and what a clock that was set back left in the future."""
        last, first = int(now // _SLICE), int((now - 60) // _SLICE)
        self.minute = {key: n for key, n in self.minute.items() if first <= key <= last}
        last, first = int(now // _HOUR_SLICE), int((now - 3600) // _HOUR_SLICE)
        self.hour = {key: n for key, n in self.hour.items() if first <= key <= last}
        self.paused_until = min(self.paused_until, now + _HOUR_LOCK.total_seconds())

    def wait(self, now: float, per_minute: int, per_hour: int) -> float:
        """Seconds until a call may be made; 0 = now."""
        waits = [self.paused_until - now]
        if sum(self.minute.values()) >= per_minute:
            waits.append((min(self.minute) + 1) * _SLICE + 60 - now)
        if sum(self.hour.values()) >= per_hour:
            waits.append((min(self.hour) + 1) * _HOUR_SLICE + 3600 - now)
        return max(0.0, *waits)

    def count(self, now: float) -> None:
        for counts, size in ((self.minute, _SLICE), (self.hour, _HOUR_SLICE)):
            key = int(now // size)
            counts[key] = counts.get(key, 0) + 1


class CallBudget:
    """Says when a call may be made; every process of a work directory asks the same file."""

    def __init__(
        self,
        books: Path,
        *,
        per_minute: int,
        per_hour: int,
        longest_wait: float = 75.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``longest_wait`` in seconds; the default outlasts any pause until the next minute."""
        self._path = books / BUDGET_FILE
        self._per_minute = per_minute
        self._per_hour = per_hour
        self._longest_wait = longest_wait
        self._now = now

    def wait(self, path: str, pause: Pause) -> None:
        """Take one call of this path from the budget, waiting as long as a job can.

        Raises PhoneError with ``retry_soon``, naming until when, if that would be too long; and
        whatever ``pause`` raises.
        """
        waited = 0.0
        while True:
            seconds = self._take(path)
            if seconds <= 0:
                return
            if waited + seconds > self._longest_wait:
                until = self._now() + timedelta(seconds=seconds)
                raise PhoneError(
                    f"The provider's limit for {path} is used up until "
                    f"{until.isoformat(timespec='seconds')}; it is not called before.",
                    retry_soon=True,
                )
            if isinstance(pause, ShortPause):
                pause.check(seconds)
            # In parts: a clock that is set meanwhile must not leave anybody waiting for nothing.
            part = min(seconds, _SLICE)
            pause(part)
            waited += part

    def complain(self, path: str, code: int) -> None:
        """The provider said that this path was called too often: pause it for all processes."""
        with self._states() as states:
            state = states.setdefault(path, _PathState())
            now = self._now().timestamp()
            if now - state.last_strike > _STRIKES_FORGOTTEN:
                state.strikes = 0
            if state.paused_until <= now:  # else others were told at the same moment
                state.strikes += 1
            state.last_strike = now
            if code == RATE_HOUR:
                until = now + _HOUR_LOCK.total_seconds()
            elif code == RATE_MINUTE:
                until = (now // 60 + 1) * 60 + 1
            else:
                growing = _FIRST_UNNAMED_PAUSE * 2 ** max(0, min(state.strikes - 1, 10))
                until = now + min(growing, _LONGEST_UNNAMED_PAUSE)
            state.paused_until = max(state.paused_until, until)

    def paused_until(self, path: str) -> datetime | None:
        """End of a pause that the provider imposed; None when there is none."""
        state = self._read().get(path)
        if state is None or state.paused_until <= self._now().timestamp():
            return None
        return datetime.fromtimestamp(state.paused_until, UTC)

    def longest_pause(self) -> datetime | None:
        """Latest end of the pauses that the provider imposed; None when there is none."""
        until = max((state.paused_until for state in self._read().values()), default=0.0)
        return datetime.fromtimestamp(until, UTC) if until > self._now().timestamp() else None

    def _take(self, path: str) -> float:
        with self._states() as states:
            state = states.setdefault(path, _PathState())
            now = self._now().timestamp()
            state.forget_old(now)
            limit = min(self._per_minute, OWN_LIMITS.get(path, self._per_minute))
            seconds = state.wait(now, limit, self._per_hour)
            if seconds <= 0:
                state.count(now)
            return seconds

    @contextlib.contextmanager
    def _states(self) -> Iterator[dict[str, _PathState]]:
        """The shared counts, written back at the end.

        A full disk or a lost lock must not keep anybody from stopping a phone: then the counts of
        this moment are lost, and the provider's own answer is the limit. Before there is a run
        directory nothing is shared: a look (``--status``, a token that is wrong) makes none.
        """
        if not self._path.parent.is_dir():
            yield {}
            return
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError, portalocker.LockException):
                stack.enter_context(private_lock(self._path.with_suffix(".lock"), _LOCK_SECONDS))
            states = self._read()
            yield states
            with contextlib.suppress(OSError):
                text = json.dumps({path: state.as_json() for path, state in states.items()})
                write_atomically(self._path, text)

    def _read(self) -> dict[str, _PathState]:
        """What is counted; an unreadable file counts as empty."""
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(path): _PathState.read(data) for path, data in content.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}
