"""The scheduler's state file as a job source (behaviour A5.1); it is read, never written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.config import Settings
from engine.errors import InputError
from engine.jobs import Job
from engine.sources.post_history import PostHistory
from engine.sources.seeding import Draft, Rota, SeedPlan, Skip, content_of
from engine.sources.source_files import read_accounts, read_utf8
from engine.sources.video import file_name, find_video

SEEDED: Final = frozenset({"pending", "retrying"})
"""Statuses of the state file whose jobs become rows (A5.1.5)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _StateJob:
    place: int
    job_id: str
    account: str
    video_path: str
    caption: str
    status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ready:
    """A job that only lacks the decision who posts it."""

    job: _StateJob
    video: Path


class StateFileSource:
    """Jobs of the state file, for the accounts of the accounts file."""

    def __init__(self, settings: Settings, work_dir: Path, history: PostHistory) -> None:
        self.path = work_dir / settings.paths.state_file
        self._accounts_path = work_dir / settings.paths.accounts_file
        self._settings = settings
        self._work_dir = work_dir
        self._history = history

    def accounts(self) -> tuple[tuple[str, ...], list[str]]:
        """The accounts that may be used, and what to tell about their file (A5.1.6).

        Raises InputError, also for a name of ``--accounts`` that the file does not have.
        """
        names, messages = read_accounts(self._accounts_path)
        unknown = [name for name in self._settings.accounts if name not in names]
        if unknown:
            raise InputError(
                f"--accounts names {', '.join(unknown)}, not in {self._accounts_path}: correct "
                "the names, or add them to the file."
            )
        return tuple(dict.fromkeys(self._settings.accounts)) or names, messages

    def check(self) -> None:
        """Refuse files that could not be seeded from. Raises InputError."""
        self.accounts()
        self._read()

    def plan(self, existing: Mapping[str, Job]) -> SeedPlan:
        """See ``engine.sources.seeding.JobSource``; in the order of the file.

        Jobs that name an account are placed first, so that nobody else takes their account.
        """
        accounts, messages = self.accounts()
        cap = self._settings.posting.max_posts_per_account_per_day
        rota = Rota(accounts, cap=cap, history=self._history, existing=existing)
        draft = Draft(self._settings, existing, rota)
        draft.messages += [*messages, *self._history.record.complaints()]
        ready = self._ready(existing, draft)
        for item in ready:
            if item.job.account:
                self._place_named(draft, item)
        for item in ready:
            if not item.job.account:
                self._distribute(draft, item)
        return draft.plan()

    def _ready(self, existing: Mapping[str, Job], draft: Draft) -> list[_Ready]:
        ready = []
        seen: set[str] = set()
        known, _ = read_accounts(self._accounts_path)
        for job in self._read_jobs(draft):
            if job.job_id in seen:
                draft.skip(Skip.UNUSABLE, f"{job.job_id} (a second job of this id)")
                continue
            seen.add(job.job_id)
            if job.job_id in existing:
                draft.skip(Skip.IN_LEDGER, job.job_id)
            elif job.status not in SEEDED:
                stuck = job.status == "in_progress"
                draft.skip(Skip.IN_PROGRESS if stuck else Skip.NOT_PENDING, job.job_id)
            elif job.account and job.account not in known:
                draft.skip(Skip.UNKNOWN_ACCOUNT, f"{job.job_id} ({job.account})")
            elif job.account and job.account not in draft.rota.accounts:
                draft.skip(Skip.NOT_CHOSEN, job.job_id)
            else:
                root = self._settings.paths.video_root
                video = find_video(job.video_path, self._work_dir, root)
                if video is None:
                    draft.skip(Skip.VIDEO_MISSING, job.video_path or job.job_id)
                elif self._done_earlier(job, video):
                    draft.skip(Skip.DONE_EARLIER, job.job_id)
                elif draft.usable(job.job_id, caption=job.caption, video=video):
                    ready.append(_Ready(job=job, video=video))
        return ready

    def _done_earlier(self, job: _StateJob, video: Path) -> bool:
        """The state file still says pending; the archives know better (A-D3)."""
        name = file_name(job.video_path)
        return self._history.done_on_earlier_day(job.job_id, name, content_of(video))

    def _place_named(self, draft: Draft, item: _Ready) -> None:
        """A job keeps the account that it names (A5.1.7)."""
        account, name = item.job.account, file_name(item.job.video_path)
        if not draft.rota.free(account):
            draft.skip(Skip.ACCOUNT_FULL, item.job.job_id)
            return
        content = content_of(item.video)
        if draft.rota.had(account, name, content):
            draft.skip(Skip.POSTED, item.job.job_id)
            return
        draft.rota.take(account, name, content)
        self._add(draft, item.job, account, content)

    def _distribute(self, draft: Draft, item: _Ready) -> None:
        """A job without account gets the next free one, else waits for a later day (A5.1.8)."""
        name = file_name(item.job.video_path)
        if not draft.rota.any_free():
            self._add(draft, item.job, "", "")
            return
        content = content_of(item.video)
        account = draft.rota.next_for(name, content)
        if not account and all(draft.rota.had(n, name, content) for n in draft.rota.accounts):
            draft.skip(Skip.ALL_POSTED, item.job.job_id)
            return
        self._add(draft, item.job, account, content)

    def _add(self, draft: Draft, job: _StateJob, account: str, content: str) -> None:
        draft.add(
            job.place,
            job_id=job.job_id,
            account=account,
            recorded=job.video_path,
            caption=job.caption,
            content=content,
        )

    # -- reading -----------------------------------------------------------------------------------

    def _read_jobs(self, draft: Draft) -> list[_StateJob]:
        jobs = []
        for place, item in enumerate(self._read()):
            job = _state_job(place, item)
            if job is None:
                draft.skip(Skip.UNUSABLE, f"job {place + 1} of {self.path.name}")
            else:
                jobs.append(job)
        return jobs

    def _read(self) -> Sequence[Any]:
        """The file's jobs. Raises InputError; a broken file is never an empty one (A-D37)."""
        text = read_utf8(self.path, "state file")
        try:
            state = json.loads(text)
        except json.JSONDecodeError as exc:
            raise InputError(
                f"The state file {self.path} is not whole JSON (line {exc.lineno}, column "
                f"{exc.colno}: {exc.msg}): repair it or restore it from a backup."
            ) from None
        jobs = state.get("jobs") if isinstance(state, dict) else None
        if not isinstance(jobs, list):
            raise InputError(
                f'The state file {self.path} has no list "jobs": it must be an object with jobs, '
                "accounts and settings."
            )
        return jobs


def _state_job(place: int, item: object) -> _StateJob | None:
    """A job of the file, or None where it is none; empty cells may be null."""
    if not isinstance(item, dict):
        return None
    texts = {}
    for key in ("id", "account", "video_path", "caption", "status"):
        value = item.get(key)
        if value is not None and not isinstance(value, str | int):
            return None
        texts[key] = "" if value is None else str(value)
    if not texts["id"].strip():
        return None
    return _StateJob(
        place=place,
        job_id=texts["id"].strip(),
        account=texts["account"].strip(),
        video_path=texts["video_path"].strip(),
        caption=texts["caption"].replace("\r\n", "\n"),
        status=texts["status"].strip().lower() or "pending",
    )
