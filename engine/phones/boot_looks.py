"""One look at all phones that boot, shared by the workers of a work directory.

The provider counts calls, not phones: a call may name a hundred. So whoever of the waiting workers
comes by when a look is due asks for all phones that are waited for, and the others read the answer
(behaviour A16.6). However many wait, the provider is asked once a poll.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import portalocker

from engine.errors import NetworkError
from engine.phones.codes import PhoneMissingError, RequestRefusedError, api_error
from engine.phones.phone import Pause, Phone, PhoneStatus
from engine.phones.registry import private_lock
from engine.private_files import write_atomically

if TYPE_CHECKING:
    from engine.phones.cloud import CloudClient, StatusReport

LOOKS_FILE: Final = "boot_looks.json"
_LOCK_SECONDS: Final = 5.0
"""Longest wait for the file; it is held for less than a millisecond."""
_FORGOTTEN: Final = 600.0
"""Seconds after which nobody waits for a phone any more: longer than any boot may take."""
_WHOLE_CALL: Final = (RequestRefusedError, PhoneMissingError)
"""Refusals of a call as a whole: one bad id in it must not keep the others waiting."""


@dataclass(slots=True)
class _Seen:
    """What was last heard of one phone; times are seconds since the epoch."""

    since: float
    """When its wait began."""
    looks: int = 0
    """Answers since then."""
    status: int | None = None
    code: int | None = None
    """The provider's refusal to tell, instead of a status."""

    @classmethod
    def read(cls, data: Any) -> _Seen:
        """Raises ValueError, KeyError or TypeError for what nobody of ours wrote."""
        status, code = data["status"], data["code"]
        return cls(
            since=float(data["since"]),
            looks=int(data["looks"]),
            status=None if status is None else PhoneStatus(status),
            code=None if code is None else int(code),
        )


@dataclass(slots=True)
class _Looks:
    asked: float = 0.0
    """When the provider was last asked."""
    phones: dict[str, _Seen] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> _Looks:
        """What the file says; one that cannot be read counts as empty."""
        try:
            content: Any = json.loads(path.read_text(encoding="utf-8"))
            phones = {str(one): _Seen.read(seen) for one, seen in content["phones"].items()}
            return cls(asked=float(content["asked"]), phones=phones)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def due(self, now: float, every: float) -> bool:
        """A look may be made; a clock that was set back keeps nobody waiting."""
        return not 0 <= now - self.asked < every


class BootLooks:
    """The wait for one phone's boot; to be used in a ``with`` block."""

    def __init__(
        self,
        cloud: CloudClient,
        books: Path,
        phone: Phone,
        *,
        every: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``every``: seconds between two looks, of all who wait together."""
        self._cloud = cloud
        self._path = books / LOOKS_FILE
        self._phone = phone
        self._every = every
        self._now = now
        self._heard = 0
        """Looks at this phone that were taken note of."""

    def __enter__(self) -> BootLooks:
        with self._changing() as looks:
            looks.phones[self._phone.id] = _Seen(since=self._now())
        return self

    def __exit__(self, *_exc: object) -> None:
        with self._changing() as looks:
            looks.phones.pop(self._phone.id, None)

    def next(self, pause: Pause) -> PhoneStatus | None:
        """What a look that was not told yet saw; None where none is due.

        Raises ApiError and NetworkError, PhoneError (the budget) and what ``pause`` raises.
        """
        looks = _Looks.read(self._path)
        seen = looks.phones.get(self._phone.id)
        if seen is not None and seen.looks > self._heard:
            self._heard = seen.looks
            return self._told(seen.status, seen.code)
        ids = self._turn() if looks.due(self._now(), self._every) else []
        if not ids:
            return None
        report = self._ask(ids, pause)
        self._publish(report)
        return self._told(*_of(report, self._phone.id))

    def _told(self, status: int | None, code: int | None) -> PhoneStatus:
        doing = f"look at phone {self._phone.serial_name}"
        if code is not None:
            raise api_error(code, doing)
        if status is None:
            raise NetworkError(f"The provider did not answer when asked to {doing}.")
        return PhoneStatus(status)

    def _turn(self) -> list[str]:
        """The phones to ask for, if a look is due and nobody else makes it."""
        with self._changing() as looks:
            now = self._now()
            if not looks.due(now, self._every):
                return []
            looks.asked = now
            looks.phones = {
                one: seen
                for one, seen in looks.phones.items()
                if 0 <= now - seen.since < _FORGOTTEN
            }
            return list({self._phone.id, *looks.phones})

    def _ask(self, ids: list[str], pause: Pause) -> StatusReport:
        try:
            return self._cloud.statuses(ids, pause)
        except _WHOLE_CALL:
            if len(ids) == 1:
                raise
            return self._cloud.statuses([self._phone.id], pause)

    def _publish(self, report: StatusReport) -> None:
        with self._changing() as looks:
            for one, seen in looks.phones.items():
                status, code = _of(report, one)
                if status is not None or code is not None:
                    seen.looks += 1
                    seen.status, seen.code = status, code
            own = looks.phones.get(self._phone.id)
            self._heard = own.looks if own is not None else 0

    @contextlib.contextmanager
    def _changing(self) -> Iterator[_Looks]:
        """What is shared, written back at the end.

        Without a folder of books, on a full disk or with a lost lock nothing is shared: then each
        waiting worker asks for itself.
        """
        if not self._path.parent.is_dir():
            yield _Looks()
            return
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError, portalocker.LockException):
                stack.enter_context(private_lock(self._path.with_suffix(".lock"), _LOCK_SECONDS))
            looks = _Looks.read(self._path)
            before = asdict(looks)
            yield looks
            after = asdict(looks)
            if after != before:
                with contextlib.suppress(OSError):
                    write_atomically(self._path, json.dumps(after))


def _of(report: StatusReport, phone_id: str) -> tuple[int | None, int | None]:
    """Status and refusal of one phone; both None where it was not mentioned."""
    status = report.statuses.get(phone_id)
    return (None if status is None else int(status)), report.failed.get(phone_id)
