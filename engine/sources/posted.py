"""The record of posted videos: who posted what when, over all campaigns and days (behaviour A15).

One line a post, ``account|video file name|ISO time|video_id``; lines of older systems end after the
time and count by file name. The record is only ever appended to.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.config import Settings
from engine.errors import LedgerUnreadableError, LedgerWriteError
from engine.ledger.lock import LedgerLock
from engine.private_files import open_append

_ESCAPED: Final = {"%": "%25", "|": "%7C", "\n": "%0A", "\r": "%0D"}
_VIDEO_ID: Final = re.compile(r"sha256:[0-9a-f]{32}")
_SHOWN: Final = 80
_GUARD: Final = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A post that was made, or may have been made."""

    account: str
    name: str
    """File name of the video."""
    when: datetime | None
    """None where the line was torn before its time."""
    video_id: str = ""
    """Empty in lines of older systems."""

    def same_content(self, name: str, video_id: str) -> bool:
        """Whether it is this video: by identity where both sides have one, else by name (A15.4)."""
        if self.video_id and video_id:
            return self.video_id == video_id
        return self.name.casefold() == name.casefold()


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of the record that could not be understood in full."""

    number: int
    text: str


class PostedRecord:
    """The file, read again only where it changed. Threads may share one."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self._settings = settings
        self._threads = threading.RLock()
        self._lock = LedgerLock(
            path, settings.ledger.lock_timeout_seconds, lambda: datetime.now(UTC)
        )
        self.revision = 0
        """Grows whenever something new was read."""
        self._posts: dict[str, list[Post]]
        self._bad: list[BadLine]
        self._signature: tuple[int, ...]
        self._inode: int
        self._lines: int
        self._read_up_to: int
        """Bytes."""
        self._guard: bytes
        """The last bytes that were read; they are still there unless the file was edited."""
        self._whole: bool
        """The last line that was read was ended."""
        self._forget()

    def posts(self) -> Mapping[str, Sequence[Post]]:
        """Posts by account. Raises LedgerUnreadableError; no file means that nothing was posted."""
        with self._threads:
            self._catch_up()
            return self._posts

    def bad_lines(self) -> Sequence[BadLine]:
        """Torn or malformed lines (A15.5); what they still say counts as a post."""
        with self._threads:
            self._catch_up()
            return tuple(self._bad)

    def complaints(self) -> list[str]:
        """One sentence for each bad line, for the operator."""
        return [
            f"Line {bad.number} of {self.path} cannot be understood: {bad.text!r}; correct it to "
            "account|video file name|time."
            for bad in self.bad_lines()
        ]

    def posted_before(self, account: str, name: str, video_id: str = "") -> bool:
        """Whether this account ever posted this video."""
        return any(post.same_content(name, video_id) for post in self.posts().get(account, ()))

    def add(self, account: str, name: str, video_id: str, when: datetime) -> bool:
        """Record a post durably; False where it stands there already.

        A line that a crash tore off is ended first. Raises LedgerLockedError, LedgerWriteError or
        LedgerUnreadableError.
        """
        fields = (account, name, self._settings.local(when).isoformat(), video_id)
        line = "|".join(map(_escape, fields)) + "\n"
        with self._threads:
            self._lock.acquire(lambda: None)
            try:
                if self._recorded(account, name, video_id):
                    return False
                self._append(line.encode("utf-8", "surrogateescape"))
            finally:
                self._lock.release()
        return True

    def _recorded(self, account: str, name: str, video_id: str) -> bool:
        """Whether this very post has its line; an old line of the same name may be another's."""
        return any(
            post.video_id == video_id and (video_id or post.same_content(name, ""))
            for post in self.posts().get(account, ())
        )

    def _append(self, line: bytes) -> None:
        size = -1
        try:
            torn = _ends_torn(self.path)
            with open_append(self.path) as file:
                size = os.fstat(file.fileno()).st_size
                file.write(b"\n" + line if torn else line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            if size >= 0:
                _cut(self.path, size)
            raise LedgerWriteError(
                f"{self.path} cannot be written ({exc.strerror}), so a post would go unrecorded: "
                "make room or allow writing, then mark the job as posted."
            ) from exc

    def _catch_up(self) -> None:
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            if self._signature:
                self._forget()
            return
        except OSError as exc:
            raise self._unreadable(exc.strerror or str(exc)) from exc
        signature = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        if signature == self._signature:
            return
        try:
            with self.path.open("rb") as file:
                file.seek(self._read_up_to - len(self._guard))
                goes_on = stat.st_ino == self._inode and self._guard == file.read(len(self._guard))
                if not goes_on or not self._whole:
                    self._forget()
                    file.seek(0)
                content = file.read()
        except OSError as exc:
            raise self._unreadable(exc.strerror or str(exc)) from exc
        if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content:
            self._forget()
            raise self._unreadable("it is not a UTF-8 text file")
        self._take(content)
        self._inode, self._signature = stat.st_ino, signature

    def _forget(self) -> None:
        self._posts, self._bad = {}, []
        self._signature, self._inode, self._lines = (), -1, 0
        self._read_up_to, self._guard, self._whole = 0, b"", True
        self.revision += 1

    def _take(self, content: bytes) -> None:
        """Understand what follows what was read before."""
        lines = content.decode("utf-8-sig", "surrogateescape").split("\n")
        for number, raw in enumerate(lines, start=self._lines + 1):
            line = raw.rstrip("\r")
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            post, whole = self._parse(line)
            if post is not None:
                self._posts.setdefault(post.account, []).append(post)
            if not whole:
                self._bad.append(BadLine(number, line[:_SHOWN]))
        self._lines += len(lines) - 1
        self._whole = not lines[-1]
        self._read_up_to += len(content)
        self._guard = (self._guard + content)[-_GUARD:]
        self.revision += 1

    def _parse(self, line: str) -> tuple[Post | None, bool]:
        """The post that a line tells, and whether it tells it in full."""
        fields = line.split("|")
        if len(fields) < 3 or not fields[0].strip() or not fields[1].strip():
            return None, False
        ours = len(fields) == 4
        account, name = (_unescape(field) if ours else field.strip() for field in fields[:2])
        when = self._moment(fields[2].strip())
        video_id = fields[3].strip() if ours else ""
        if video_id and not _VIDEO_ID.fullmatch(video_id):
            return Post(account=account, name=name, when=when), False
        whole = when is not None and len(fields) <= 4
        return Post(account=account, name=name, when=when, video_id=video_id), whole

    def _moment(self, text: str) -> datetime | None:
        """A time of the record; without a zone it is the operator's (A2.2)."""
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            return None
        if when.tzinfo is None and self._settings.zone is not None:
            return when.replace(tzinfo=self._settings.zone)
        return when.astimezone()

    def _unreadable(self, why: str) -> LedgerUnreadableError:
        return LedgerUnreadableError(
            f"The record of posted videos {self.path} cannot be read ({why}), so nobody could tell "
            "what was posted before: repair it or restore it from a backup."
        )


def _escape(field: str) -> str:
    return "".join(_ESCAPED.get(char, char) for char in field)


def _unescape(field: str) -> str:
    for char, escaped in reversed(_ESCAPED.items()):
        field = field.replace(escaped, char)
    return field


def _ends_torn(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except FileNotFoundError:
        return False


def _cut(path: Path, size: int) -> None:
    """Take back a half-written line as far as the disk allows; readers report what stays."""
    try:
        os.truncate(path, size)
    except OSError:
        return
