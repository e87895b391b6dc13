"""The record of posted videos: who posted what when, over all campaigns and days (behaviour A15).

It is only ever appended to. Before Share it holds that a post *may* be made; the post itself, or a
note that it was not made, settles that. So a doubt outlives whatever befalls the ledger's rows.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.config import Settings
from engine.errors import LedgerUnreadableError, LedgerWriteError
from engine.ledger.lock import LedgerLock
from engine.private_files import open_append
from engine.sources import posted_lines
from engine.sources.posted_lines import MAY, NOT, Post

_SHOWN: Final = 80
_GUARD: Final = 256
_UNPOSTED: Final = "so nothing is posted: make room or allow writing"


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
        self._doubts: dict[str, tuple[Post, ...]]
        """By account: noted before Share, and neither posted nor taken back since."""
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

    def doubts(self) -> Mapping[str, Sequence[Post]]:
        """By account, what may have been posted and nobody has settled yet. Raises as above."""
        with self._threads:
            self._catch_up()
            return self._doubts

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
        """Record a post durably, which settles that it may be made; False where it stands there.

        A line that a crash tore off is ended first. Raises LedgerLockedError, LedgerWriteError or
        LedgerUnreadableError.
        """
        post = Post(account=account, name=name, when=self._settings.local(when), video_id=video_id)
        with self._holding():
            if self._recorded(post) and not self._open(post):
                return False
            self._append(
                posted_lines.write("", post),
                "so a post would go unrecorded: make room or allow writing, then mark the job as "
                "posted",
            )
        return True

    def expect(self, post: Post) -> None:
        """Note durably, before Share, that this post may be made. Raises as ``add``."""
        with self._holding():
            self._note(post)

    def refuse_unwritable(self) -> None:
        """Ask before anything that costs is begun. Raises LedgerWriteError."""
        if self.path.exists():
            try:
                open_append(self.path).close()
            except OSError as exc:
                raise self._unwritable(exc, _UNPOSTED) from exc

    def expect_once(self, post: Post) -> None:
        """The same, unless the record knows of it, or of the post itself. Raises as ``add``."""
        with self._holding():
            if not self._open(post) and not self._recorded(post):
                self._note(post)

    def _note(self, post: Post) -> None:
        when = None if post.when is None else self._settings.local(post.when)
        self._append(
            posted_lines.write(MAY, replace(post, when=when)),
            _UNPOSTED,
        )

    def withdraw(self, post: Post, when: datetime) -> bool:
        """Note durably that it was not made; False where nothing said that it may be.

        Raises as ``add``.
        """
        if not self._open(post):
            return False
        with self._holding():
            found = self._open(post)
            for doubt in found:
                self._append(
                    posted_lines.write(NOT, replace(doubt, when=self._settings.local(when))),
                    "so the job stays in doubt: make room or allow writing, then try again",
                )
        return bool(found)

    @contextmanager
    def _holding(self) -> Iterator[None]:
        with self._threads:
            self._lock.acquire(lambda: None)
            try:
                self._catch_up()
                yield
            finally:
                self._lock.release()

    def _open(self, post: Post) -> list[Post]:
        """Doubts that this post, or its absence, would settle."""
        doubts = self.doubts().get(post.account, ())
        return [doubt for doubt in doubts if _settles(post, doubt)]

    def _recorded(self, post: Post) -> bool:
        """Whether this very post has its line; an old line of the same name may be another's."""
        return any(
            known.video_id == post.video_id and (post.video_id or known.same_content(post.name, ""))
            for known in self._posts.get(post.account, ())
        )

    def _append(self, text: str, remedy: str) -> None:
        line, size = text.encode("utf-8", "surrogateescape"), -1
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
            raise self._unwritable(exc, remedy) from exc

    def _unwritable(self, exc: OSError, remedy: str) -> LedgerWriteError:
        return LedgerWriteError(f"{self.path} cannot be written ({exc.strerror}), {remedy}.")

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
        self._posts, self._doubts, self._bad = {}, {}, []
        self._signature, self._inode, self._lines = (), -1, 0
        self._read_up_to, self._guard, self._whole = 0, b"", True
        self.revision += 1

    def _take(self, content: bytes) -> None:
        """Understand what follows what was read before."""
        lines = content.decode("utf-8-sig", "surrogateescape").split("\n")
        for number, raw in enumerate(lines, start=self._lines + 1):
            line = raw.rstrip("\r")
            if posted_lines.is_talk(line):
                continue
            said = posted_lines.read(line, self._settings.zone)
            if said.post is not None:
                self._learn(said.kind, said.post, settles=said.whole)
            if not said.whole:
                self._bad.append(BadLine(number, line[:_SHOWN]))
        self._lines += len(lines) - 1
        self._whole = not lines[-1]
        self._read_up_to += len(content)
        self._guard = (self._guard + content)[-_GUARD:]
        self.revision += 1

    def _learn(self, kind: str, post: Post, *, settles: bool) -> None:
        doubts = self._doubts.pop(post.account, ())
        if settles:
            doubts = tuple(doubt for doubt in doubts if not _settles(post, doubt))
        if kind == MAY:
            doubts = (*doubts, post)
        if doubts:
            self._doubts[post.account] = doubts
        if not kind:
            self._posts.setdefault(post.account, []).append(post)

    def _unreadable(self, why: str) -> LedgerUnreadableError:
        return LedgerUnreadableError(
            f"The record of posted videos {self.path} cannot be read ({why}), so nobody could tell "
            "what was posted before: repair it or restore it from a backup."
        )


def _settles(post: Post, doubt: Post) -> bool:
    return doubt.of_attempt(post.job_id, post.name, post.video_id)


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
