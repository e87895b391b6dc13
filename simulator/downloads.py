"""The Downloads folder of a phone, and files on their way into it from the cloud's storage.

Times are simulated seconds; what is due has happened when somebody looks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

RESULT_LIFE = 3600.0
UNKNOWN, UPLOADING, UPLOADED, FAILED = range(4)
"""`status` of `phone/uploadFile/result`."""


@dataclass(frozen=True, slots=True)
class PhoneFile:
    """A file in the phone's Downloads folder."""

    name: str
    sha256: str
    size: int
    arrived: float

    @property
    def is_video(self) -> bool:
        return self.name.lower().endswith((".mp4", ".webm"))


@dataclass(slots=True)
class Transfer:
    """One `phone/uploadFile`."""

    file: PhoneFile | None
    """None: the address held nothing, the transfer fails."""
    asked: float
    due: float
    status: int = UPLOADING


class Downloads:
    """Files outlive a shutdown, transfers do not."""

    def __init__(self) -> None:
        self._files: list[PhoneFile] = []
        self._transfers: dict[str, Transfer] = {}

    def files(self, now: float) -> tuple[PhoneFile, ...]:
        """What has arrived, oldest first."""
        self.settle(now)
        return tuple(self._files)

    def add(self, file: PhoneFile) -> None:
        """Put a file there at once; one of the same name is replaced."""
        self._files = [old for old in self._files if old.name != file.name]
        self._files.append(file)

    def remove(self, name: str) -> bool:
        """Whether there was one of that name."""
        kept = [file for file in self._files if file.name != name]
        found = len(kept) != len(self._files)
        self._files = kept
        return found

    def begin(self, task_id: str, file: PhoneFile | None, *, now: float, due: float) -> None:
        self._transfers[task_id] = Transfer(file=file, asked=now, due=due)

    def status(self, task_id: str, now: float) -> int:
        """Unknown for no such task, and an hour after it was asked for."""
        self.settle(now)
        transfer = self._transfers.get(task_id)
        if transfer is None or now - transfer.asked > RESULT_LIFE:
            return UNKNOWN
        return transfer.status

    def settle(self, now: float) -> None:
        for transfer in self._transfers.values():
            if transfer.status != UPLOADING or transfer.due > now:
                continue
            transfer.status = UPLOADED if transfer.file else FAILED
            if transfer.file is not None:
                self.add(transfer.file)

    def cut_off(self, at: float) -> None:
        """The phone is off since ``at``: what had not arrived by then never will."""
        self.settle(at)
        for transfer in self._transfers.values():
            if transfer.status == UPLOADING:
                transfer.status, transfer.due = FAILED, math.inf
