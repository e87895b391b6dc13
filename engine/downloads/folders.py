"""The folders of orders: worked on in ``NAME__WORK``, ended by one rename (behaviour C6.8).

The rename is the commit point: what it has not happened to is taken up again. A repeat renames the
order's folder back and goes on in it. One writer a folder, by a lock beside it; nothing is written
outside the root, through links neither; all is private to the user.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

import portalocker
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.downloads.attachments import OWN_PREFIX, Arrival, Verdict, is_partial
from engine.downloads.names import order_name
from engine.downloads.page_errors import FolderError
from engine.errors import InputError
from engine.output import one_line
from engine.private_files import (
    DIR_MODE,
    FILE_MODE,
    explain,
    make_private_dir,
    patiently,
    read_own,
    write_atomically,
)

RESULT_FILE: Final = f"{OWN_PREFIX}result.json"
_LOCKS: Final = ".locks"
_LOCK_END: Final = ".lock"
_MOST_RESULT_BYTES: Final = 4 * 1024 * 1024
_TRY: Final = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING


class FolderState(StrEnum):
    """How an order's folder ends its name; none of them is the end of another."""

    WORK = "__WORK"
    COMPLETED = "_COMPLETED"
    FAILED = "_FAILED"
    PARTIAL = "_PARTIAL"
    NO_ATTACHMENTS = "_NO_ATTACHMENTS"
    PO_NOT_FOUND = "_PO_NOT_FOUND"


STATE_OF: Final = {
    Verdict.COMPLETED: FolderState.COMPLETED,
    Verdict.PARTIAL: FolderState.PARTIAL,
    Verdict.FAILED: FolderState.FAILED,
    Verdict.NO_ATTACHMENTS: FolderState.NO_ATTACHMENTS,
}


class ResultFile(BaseModel):
    """An attachment that arrived whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """In the folder."""
    listed_as: str
    size: int = Field(ge=0)
    """Bytes."""


class OrderResult(BaseModel):
    """What became of an order; lies in its folder and is renamed with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    po_number: str
    state: FolderState
    files: tuple[ResultFile, ...] = ()
    listed: int = Field(default=0, ge=0)
    """Attachments on the page."""
    reason: str = ""
    """Why it is not complete."""

    @classmethod
    def of(cls, po_number: str, arrival: Arrival) -> OrderResult:
        """What an order's arrival amounts to."""
        files = tuple(
            ResultFile(name=file.name, listed_as=listed.name, size=file.size)
            for listed, file in arrival.complete
        )
        return cls(
            po_number=po_number,
            state=STATE_OF[arrival.verdict],
            files=files,
            listed=len(arrival.complete) + len(arrival.lacking),
            reason=arrival.reason(),
        )


@dataclass(frozen=True, slots=True)
class WorkFolder:
    """The folder of one order while it is worked on; files are put into ``path``."""

    po_number: str
    path: Path
    taken_up: bool
    """It was there already: from a crash, or from an earlier run."""

    def end(self, result: OrderResult) -> Path:
        """Write the result and rename the folder: from here on the order is ended.

        What browsers left unfinished is removed first. Raises FolderError; the folder then stays
        as it is, and is taken up by the next try.
        """
        if result.state is FolderState.WORK or result.po_number != self.po_number:
            raise ValueError(f"{result.po_number} cannot end so: {result.state.name}")
        final = self.path.with_name(order_name(self.po_number) + result.state.value)
        with _explained():
            remove_unfinished(self.path, keep=frozenset(file.name for file in result.files))
            text = result.model_dump_json(indent=1) + "\n"
            write_atomically(self.path / RESULT_FILE, text, durable=True)
            if os.path.lexists(final):
                raise FolderError(f"{final} stands in the way: move it away, and try again.")
            patiently(lambda: self.path.rename(final))
            _to_disk(final.parent)
        return final


class OrderFolders:
    """All folders of orders below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def prepare(self) -> None:
        """Make the root. Raises InputError where it cannot be used."""
        try:
            make_private_dir(self.root)
            if not self.root.is_dir() or not os.access(self.root, os.W_OK | os.X_OK):
                raise InputError(f"{self.root} is no folder that can be written: name another one.")
        except OSError as exc:
            raise InputError(explain(exc)) from exc

    def found(self, po_number: str) -> tuple[FolderState, Path] | None:
        """The order's folder, if it has one. Raises FolderError where it has several."""
        name = order_name(po_number)
        paths = [(state, self.root / f"{name}{state.value}") for state in FolderState]
        there = [(state, path) for state, path in paths if os.path.lexists(path)]
        if len(there) > 1:
            names = ", ".join(path.name for _state, path in there)
            raise FolderError(
                f"Order {one_line(po_number)} has several folders in {self.root} ({names}): move "
                "all but one away."
            )
        return there[0] if there else None

    @contextmanager
    def working(self, po_number: str) -> Iterator[WorkFolder]:
        """Take the order's folder, new or an earlier one, and hold it against other writers.

        Left without ``WorkFolder.end`` it stays ``__WORK``. Raises FolderError.
        """
        with _explained():
            holding = self._hold(order_name(po_number), po_number)
        with holding:
            with _explained():
                folder = self._take_up(po_number)
            yield folder

    def result(self, po_number: str) -> OrderResult | None:
        """What an ended order's folder says of it; None where it says nothing that can be read."""
        there = self.found(po_number)
        if there is None or there[0] is FolderState.WORK:
            return None
        try:
            content = read_own(there[1] / RESULT_FILE, _MOST_RESULT_BYTES)
            result = OrderResult.model_validate_json(content)
        except (OSError, ValidationError):
            return None
        return result if (result.po_number, result.state) == (po_number, there[0]) else None

    def unfinished(self) -> list[Path]:
        """Folders that nobody ended, by name. Raises FolderError."""
        with _explained():
            if not self.root.is_dir():
                return []
            return sorted(
                path for path in self.root.iterdir() if path.name.endswith(FolderState.WORK.value)
            )

    def sweep(self) -> None:
        """Remove what writers that died left: their locks, and files that no browser will finish.

        Orders that somebody works on are left alone. Raises FolderError.
        """
        with _explained():
            locks = self.root / _LOCKS
            left = locks.iterdir() if locks.is_dir() else ()
            names = {path.name.removesuffix(_LOCK_END) for path in left}
            work = FolderState.WORK.value
            names |= {path.name.removesuffix(work) for path in self.unfinished()}
            for name in sorted(names):
                try:
                    holding = self._hold(name, name)
                except FolderError:
                    continue
                with holding:
                    folder = self.root / f"{name}{work}"
                    if os.path.lexists(folder) and stat.S_ISDIR(folder.lstat().st_mode):
                        remove_unfinished(folder)

    def _take_up(self, po_number: str) -> WorkFolder:
        work = self.root / f"{order_name(po_number)}{FolderState.WORK.value}"
        there = self.found(po_number)
        if there is None:
            make_private_dir(self.root)
            work.mkdir(mode=DIR_MODE)
            return WorkFolder(po_number, work, taken_up=False)
        _state, path = there
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise FolderError(
                f"{path} is a link or a file, not a folder of ours: move it away, and try again."
            )
        if path != work:
            patiently(lambda: path.rename(work))
        work.chmod(DIR_MODE)
        remove_unfinished(work)
        return WorkFolder(po_number, work, taken_up=True)

    @contextmanager
    def _held(self, descriptor: int, path: Path) -> Iterator[None]:
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                path.unlink()  # refused on Windows while it is open; it stays then, and is empty
            os.close(descriptor)

    def _hold(self, name: str, po_number: str) -> contextlib.AbstractContextManager[None]:
        locks = make_private_dir(self.root / _LOCKS)
        path = locks / f"{name}{_LOCK_END}"
        while True:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(path, flags, FILE_MODE)
            try:
                portalocker.lock(descriptor, _TRY)
                if _in_place(descriptor, path):
                    return self._held(descriptor, path)
            except portalocker.exceptions.LockException as exc:
                os.close(descriptor)
                raise FolderError(
                    f"Order {one_line(po_number)} is being worked on by another process: wait for "
                    "it to end."
                ) from exc
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # its holder removed it meanwhile: look again


def remove_unfinished(folder: Path, keep: frozenset[str] = frozenset()) -> None:
    """Remove what browsers left of downloads that did not end. Raises OSError."""
    for path in folder.iterdir():
        unfinished = is_partial(path.name) and path.name not in keep
        if unfinished and stat.S_ISREG(path.lstat().st_mode):
            patiently(partial(path.unlink, missing_ok=True))


def _in_place(descriptor: int, path: Path) -> bool:
    try:
        here, there = os.fstat(descriptor), path.lstat()
    except FileNotFoundError:
        return False
    return os.name == "nt" or (here.st_ino, here.st_dev) == (there.st_ino, there.st_dev)


def _to_disk(folder: Path) -> None:
    """The rename itself survives a power cut, where a folder can be flushed."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise FolderError(explain(exc)) from exc
