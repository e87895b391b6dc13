"""From what a job source names to new ledger rows: the rules that all sources share.

Who may post (accounts in turn, daily cap, never the same video twice), what is refused before any
phone is started, and the report that tells the operator about all of it (behaviour A5, A6.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from engine.config import Settings
from engine.errors import ContentError
from engine.jobs import Job, JobStatus, NewJob
from engine.ledger.rows import name_flaw
from engine.progress import ProgressTracker
from engine.sources.post_history import PostHistory
from engine.sources.posted_lines import Post
from engine.sources.video import check_video, file_name, video_id
from engine.workloads.base import SeedReport

SHOWN_NAMES: Final = 50
"""Names in one sentence; further ones get a sentence of their own."""
OPEN: Final = frozenset({JobStatus.PENDING, JobStatus.CLAIMED, JobStatus.RETRYING})


class Skip(StrEnum):
    """Why something that the source names becomes no job."""

    IN_LEDGER = "already in the ledger"
    DONE_EARLIER = "already posted on an earlier day"
    POSTED = "already posted by their account"
    ALL_POSTED = "already posted by every account"
    NO_ACCOUNT_FREE = "no account is free today"
    ACCOUNT_FULL = "their account is at its daily cap"
    UNKNOWN_ACCOUNT = "their account is not in the accounts file"
    NOT_CHOSEN = "their account is not among --accounts"
    NOT_PENDING = "not pending in the state file"
    IN_PROGRESS = "in progress in the state file"
    NO_CAPTION = "their video has no caption"
    NO_VIDEO_FOR_CAPTION = "their caption has no video"
    AMBIGUOUS_CAPTION = "several captions fit their video"
    SAME_NAME = "another video has the same file name"
    EMPTY_CAPTION = "their caption is empty"
    LONG_CAPTION = "their caption is too long"
    VIDEO_MISSING = "their video is missing"
    VIDEO_BROKEN = "their video is broken"
    UNUSABLE = "they are not usable"


_REMEDIES: Final[Mapping[Skip, str]] = {
    Skip.UNKNOWN_ACCOUNT: "add the account to the accounts file, or correct the state file",
    Skip.IN_PROGRESS: "an older run may have posted them: look at the account, then set them to "
    "pending or success",
    Skip.NO_CAPTION: "add a line for them to the captions file",
    Skip.NO_VIDEO_FOR_CAPTION: "put the video into the campaign's video folder, or remove the line",
    Skip.AMBIGUOUS_CAPTION: "leave one line of the captions file for each",
    Skip.SAME_NAME: "rename one of them",
    Skip.EMPTY_CAPTION: "write one",
    Skip.LONG_CAPTION: "shorten it",
    Skip.VIDEO_MISSING: "put it back, or set paths.video_root",
    Skip.VIDEO_BROKEN: "export it again",
    Skip.UNUSABLE: "correct them at their source",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SeedPlan:
    """What a seeding would do; making it changes nothing."""

    jobs: Sequence[NewJob]
    report: SeedReport


class JobSource(Protocol):
    """Where jobs come from."""

    def plan(self, existing: Mapping[str, Job]) -> SeedPlan:
        """New jobs beside those of the ledger. The same files and ledger give the same plan.

        Raises InputError for a source that cannot be read, LedgerError for a record or ledger that
        must be read and cannot.
        """
        ...


def seed_from(source: JobSource, ledger: ProgressTracker, *, dry_run: bool = False) -> SeedReport:
    """Bring a source's new jobs into the ledger, under its lock (A5.2.15); report what was done.

    The plan is made once before, so that reading and hashing videos does not hold the lock.
    """
    plan = source.plan(ledger.jobs())
    if dry_run:
        return plan.report

    def under_lock(existing: Mapping[str, Job]) -> Sequence[NewJob]:
        nonlocal plan
        plan = source.plan(existing)
        return plan.jobs

    ledger.seed(under_lock)
    return plan.report


class Rota:
    """Accounts in turn, each up to its cap, none twice with the same video (A5.2.12, A6.2)."""

    def __init__(
        self,
        accounts: Sequence[str],
        *,
        cap: int,
        history: PostHistory,
        existing: Mapping[str, Job],
    ) -> None:
        self.accounts = accounts
        self._cap = cap
        self._history = history
        self._next = 0
        self._counts: dict[str, int] = {}
        self._open: dict[str, list[Post]] = defaultdict(list)
        """Videos of the account's open jobs, in the ledger or in this plan."""
        for job in existing.values():
            if job.account and job.status in OPEN:
                self._note(job.account, file_name(job.video_path), job.video_id)

    def free(self, account: str) -> bool:
        """Whether the account may get one more job today."""
        if account not in self._counts:
            self._counts[account] = self._history.count_today(account)
        return self._counts[account] + len(self._open[account]) < self._cap

    def any_free(self) -> bool:
        return any(self.free(account) for account in self.accounts)

    def had(self, account: str, name: str, content: str) -> bool:
        """Whether the account posted the video, or is about to."""
        return any(
            post.same_content(name, content) for post in self._open[account]
        ) or self._history.posted_before(account, name, content)

    def take(self, account: str, name: str, content: str) -> None:
        self._note(account, name, content)

    def next_for(self, name: str, content: str) -> str:
        """The account whose turn it is for this video, taken; empty where none may have it."""
        for step in range(len(self.accounts)):
            place = (self._next + step) % len(self.accounts)
            account = self.accounts[place]
            if self.free(account) and not self.had(account, name, content):
                self._next = place + 1
                self._note(account, name, content)
                return account
        return ""

    def _note(self, account: str, name: str, content: str) -> None:
        self._open[account].append(Post(account=account, name=name, when=None, video_id=content))


class Draft:
    """A plan in the making: what is taken, what is refused and why."""

    def __init__(self, settings: Settings, existing: Mapping[str, Job], rota: Rota) -> None:
        self._settings = settings
        self._existing = existing
        self.rota = rota
        self._jobs: list[tuple[int, NewJob]] = []
        self._skipped: dict[Skip, list[str]] = defaultdict(list)
        self.messages: list[str] = []

    def skip(self, reason: Skip, name: str) -> None:
        self._skipped[reason].append(name)

    def usable(self, job_id: str, *, caption: str, video: Path) -> bool:
        """Refuse, with its reason, what no phone should be started for."""
        reason = self._flaw(job_id, caption) or _video_flaw(video)
        if reason is not None:
            self.skip(reason, job_id)
        return reason is None

    def _flaw(self, job_id: str, caption: str) -> Skip | None:
        if job_id in self._existing:
            return Skip.IN_LEDGER
        if not job_id or name_flaw(job_id):
            return Skip.UNUSABLE
        if not caption.strip():
            return Skip.EMPTY_CAPTION
        too_long = len(caption) > self._settings.posting.caption_max
        return Skip.LONG_CAPTION if too_long else None

    def add(
        self, place: int, *, job_id: str, account: str, recorded: str, caption: str, content: str
    ) -> None:
        """Take a job; ``place`` orders the plan."""
        job = NewJob(
            job_id=job_id,
            account=account,
            video_path=recorded,
            caption=caption,
            video_id=content,
            max_attempts=self._settings.retry.attempts_per_job,
        )
        self._jobs.append((place, job))

    def plan(self) -> SeedPlan:
        jobs = [job for _, job in sorted(self._jobs, key=lambda pair: pair[0])]
        used = {job.account for job in jobs if job.account}
        waiting = sum(not job.account for job in jobs)
        messages = list(self.messages)
        for reason, names in self._skipped.items():
            if reason in _REMEDIES:
                messages += [
                    f"Not seeded, {reason}: {', '.join(names[start : start + SHOWN_NAMES])}; "
                    f"{_REMEDIES[reason]}."
                    for start in range(0, len(names), SHOWN_NAMES)
                ]
        if waiting:
            messages.append(
                f"{waiting} jobs have no account today: each account is at its daily cap or has "
                "had the video; they stay blocked, and a later day's seeding gives them one."
            )
        report = SeedReport(
            seeded=len(jobs),
            skipped={reason.value: len(names) for reason, names in self._skipped.items()},
            messages=messages,
            keys_used=len(used),
            keys_idle=[account for account in self.rota.accounts if account not in used],
            plan=[(job.job_id, job.account, job.video_path) for job in jobs],
        )
        return SeedPlan(jobs=jobs, report=report)


def content_of(video: Path) -> str:
    """Identity of a video for a plan; empty where it cannot be read just now."""
    try:
        return video_id(video)
    except OSError:
        return ""


def _video_flaw(video: Path) -> Skip | None:
    try:
        check_video(video)
    except ContentError as exc:
        return Skip.VIDEO_MISSING if exc.error_type == "missing_video" else Skip.VIDEO_BROKEN
    return None
