"""What an account posted, wherever it is written (behaviour A6.5, A15.2).

Read together: the record of posted videos with its doubts, this ledger, its archives of today, and
the ledgers of other campaigns with theirs. What may have been posted, a job in doubt (A6.7) or one
that another run holds, counts as well.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from engine.config import Settings
from engine.jobs import Job
from engine.progress import ProgressTracker, utc_now
from engine.sources.archive_index import ArchiveIndex
from engine.sources.ledger_posts import LedgerPosts, archived_posts, may_be_posted, posted
from engine.sources.posted import PostedRecord
from engine.sources.posted_lines import Post
from engine.sources.video import file_name

CAMPAIGN_LEDGER: Final = "progress.csv"
"""Name of a campaign's ledger in its folder (behaviour A2.1)."""
POSTED_BEFORE: Final = "the account already posted this video"
CAP_REACHED: Final = "the account has posted enough today"
RECHECK_SECONDS: Final = 0.5
"""What was read is trusted for so long, so that one look at many jobs reads the files once."""


class PostHistory:
    """Answers "how often today?" and "ever before?" for one work directory and ledger.

    Every answer may raise LedgerUnreadableError: a record or ledger that cannot be read is never
    taken for empty (A15.3). Threads may share one.
    """

    def __init__(
        self,
        settings: Settings,
        work_dir: Path,
        ledger: Path,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.record = PostedRecord(work_dir / settings.paths.posted_record, settings)
        self._settings = settings
        self._work_dir = work_dir
        self._ledger = ledger.resolve()
        self._now = now
        self._threads = threading.RLock()
        self._own = LedgerPosts(ProgressTracker(self._ledger, settings=settings), posted)
        self._attached = False
        self._others: dict[Path, LedgerPosts] = {}
        self._earlier: dict[Path, Mapping[str, Post]] = {}
        self._index = ArchiveIndex(self._ledger)
        self._archived: list[Path] = []
        self._listed = float("-inf")
        self._looked = float("-inf")

    def attach(self, tracker: ProgressTracker) -> None:
        """Ask the tracker that this process reads this ledger with, and read it no second time.

        Whoever asks us then has caught up with it, or wants ``fresh``. A tracker of another ledger
        is left alone.
        """
        if tracker.path.resolve() == self._ledger:
            self._own, self._attached = LedgerPosts(tracker, posted), True

    def check(self) -> None:
        """Refuse to go on where something cannot be read. Raises LedgerUnreadableError."""
        self.record.posts()
        self._own.catch_up()
        self._look()

    def count_today(
        self, account: str, *, excluding: Collection[str] = (), fresh: bool = False
    ) -> int:
        """Different videos that the account posted, or may have, on today's calendar day.

        ``excluding``: ids of jobs of this ledger that do not count. ``fresh``: look at every file
        again, however short ago it was looked at.
        """
        today = self._settings.day_of(self._now())
        found: list[Post] = []
        for post in self._posts(account, excluding, fresh):
            if post.when is None or self._settings.day_of(post.when) != today:
                continue
            if not any(known.same_content(post.name, post.video_id) for known in found):
                found.append(post)
        return len(found)

    def posted_before(
        self,
        account: str,
        name: str,
        video_id: str = "",
        *,
        excluding: Collection[str] = (),
        fresh: bool = False,
    ) -> bool:
        """Whether the account posted this video, or may have, on any day.

        ``video_id`` may be empty where the file is not at hand; then its name decides.
        """
        return any(
            post.same_content(name, video_id) for post in self._posts(account, excluding, fresh)
        )

    def done_on_earlier_day(self, job_id: str, name: str, video_id: str) -> bool:
        """Whether an archive of this ledger has this very job as posted, or possibly so.

        By id and video: an id that was given to another video is another job.
        """
        posts = (archive.get(job_id) for archive in self._archives(job_id))
        return any(post is not None and post.same_content(name, video_id) for post in posts)

    def keep_index(self) -> None:
        """Write down which archives hold which jobs, so that the next seeding opens none; what
        this one read of them is forgotten."""
        self._index.keep(self._all_archives())
        self._earlier.clear()

    def doubts(self) -> Sequence[Post]:
        """What the record says may have been posted, and nobody has settled."""
        return [post for found in self.record.doubts().values() for post in found]

    def doubts_without_job(self) -> Sequence[Post]:
        """Those of them that no ledger has a job for any more. Raises LedgerUnreadableError."""
        doubts = self.doubts()
        if not doubts:
            return []
        self._own.catch_up()
        sources = [self._own, *self._look()]
        return [doubt for doubt in doubts if not any(source.has(doubt) for source in sources)]

    def objection(self, job: Job, *, cap: int, fresh: bool = False) -> str | None:
        """Why a job must not be claimed or submitted now, or None; ``cap`` 0 = no limit."""
        mine = (job.job_id,)
        name = file_name(job.video_path)
        if self.posted_before(job.account, name, job.video_id, excluding=mine, fresh=fresh):
            return POSTED_BEFORE
        if cap and self.count_today(job.account, excluding=mine) >= cap:
            return CAP_REACHED
        return None

    def _posts(self, account: str, excluding: Collection[str], fresh: bool) -> Iterator[Post]:
        # Our lock is not held while the own ledger is asked: it asks us, holding its own.
        others = self._known(fresh)
        if fresh:
            self._own.catch_up()
        yield from list(self.record.posts().get(account, ()))
        yield from list(self.record.doubts().get(account, ()))
        for job_id, post in self._own.of(account):
            if job_id not in excluding:
                yield post
        for source in others:
            for _, post in source.of(account):
                yield post

    def _archives(self, job_id: str) -> Iterator[Mapping[str, Post]]:
        """This ledger's archives of all days that may hold a job as posted; each is read once,
        since none is written again."""
        for path in self._index.candidates(job_id, self._all_archives()):
            if path not in self._earlier:
                self._earlier[path] = archived_posts(path, self._settings)
                self._index.note(path, self._earlier[path])
            yield self._earlier[path]

    def _all_archives(self) -> Sequence[Path]:
        """This ledger's archives; listed again after a moment, not for each of many jobs."""
        if time.monotonic() - self._listed >= RECHECK_SECONDS:
            present = self._ledger.parent.is_dir()
            self._archived = sorted(_archives_of(self._ledger, r"\d{8}")) if present else []
            self._listed = time.monotonic()
        return self._archived

    def _known(self, fresh: bool) -> Collection[LedgerPosts]:
        """The other ledgers that count today, looked at again if that is some time ago."""
        with self._threads:
            if fresh or time.monotonic() - self._looked >= RECHECK_SECONDS:
                return self._look()
            return list(self._others.values())

    def _look(self) -> Collection[LedgerPosts]:
        with self._threads:
            today = self._settings.day_of(self._now())
            wanted = set(self._ledger_files(today)) - {self._ledger}
            for path in list(self._others):
                if path not in wanted:
                    del self._others[path]
            for path in wanted:
                if path not in self._others:
                    tracker = ProgressTracker(path, settings=self._settings)
                    self._others[path] = LedgerPosts(tracker, may_be_posted)
                self._others[path].catch_up()
            if not self._attached:
                self._own.catch_up()
            self._looked = time.monotonic()
            return list(self._others.values())

    def _ledger_files(self, today: date) -> Iterable[Path]:
        paths = self._settings.paths
        ledgers = {self._ledger, (self._work_dir / paths.ledger).resolve()}
        campaigns = (self._work_dir / paths.campaigns).resolve()
        if campaigns.is_dir():
            # resolved, so that this ledger is known again where its folder is a link
            ledgers |= {(folder / CAMPAIGN_LEDGER).resolve() for folder in campaigns.iterdir()}
        for ledger in ledgers:
            if ledger.is_file():
                yield ledger
            if ledger.parent.is_dir():
                yield from _archives_of(ledger, f"{today:%Y%m%d}")


def _archives_of(ledger: Path, day: str) -> Iterator[Path]:
    """Archives that a reset made of a ledger; ``day`` is a regular expression (A7.3)."""
    name = re.compile(rf"{re.escape(ledger.stem)}_{day}(?:_\d+)?{re.escape(ledger.suffix)}")
    for path in ledger.parent.iterdir():
        if name.fullmatch(path.name):
            yield path
