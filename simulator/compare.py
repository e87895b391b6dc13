"""Measures the ledgers of a work directory against the farm's truth.

What must be zero: publications that should not be (double posts), publications or jobs that the
ledgers do not know and successes that the truth does not know (lost), phones left on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from engine.config import Settings
from engine.errors import EngineError
from engine.jobs import Job, JobStatus
from engine.progress import ProgressTracker
from simulator.errors import FarmError
from simulator.farm_file import FARM_FILE, FarmFile
from simulator.journal import FARM_FOLDER
from simulator.truth import Reel, Truth, read_truth, video_id_of
from simulator.work_directory import EXPECTED_FILE

ARCHIVE = re.compile(r"_\d{8}(_\d+)?$")

Post = tuple[str, str]
"""Account and video id: what may be published once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A job as one of the ledgers ends it."""

    ledger: Path
    job: Job
    post: Post
    ours: bool
    """A run of this farm claimed it: earlier successes of a copied ledger are not ours."""

    @property
    def success(self) -> bool:
        return self.ours and self.job.status is JobStatus.SUCCESS

    @property
    def in_doubt(self) -> bool:
        """Ended in doubt, or past the point of no return without an outcome yet."""
        claimed = self.job.status is JobStatus.CLAIMED and self.job.submitted_at is not None
        return self.job.in_doubt or claimed


@dataclass(frozen=True, slots=True)
class Disagreement:
    kind: str
    account: str
    what: str


@dataclass
class Comparison:
    """The figures of one look."""

    published: int
    success: int
    in_doubt: int
    phones_on: int
    billed_minutes: int
    double_posts: int = 0
    lost: int = 0
    """Publications or jobs that the ledgers do not know, and wrong successes."""
    wrong_success: int = 0
    """Of these: successes that the truth does not know."""
    disagreements: list[Disagreement] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not (self.double_posts or self.lost or self.phones_on)

    @property
    def last_line(self) -> str:
        names = ("published", "success", "double_posts", "lost", "in_doubt", "phones_on")
        figures = [f"{name}={getattr(self, name)}" for name in (*names, "billed_minutes")]
        return " ".join(figures)

    def double(self, account: str, what: str) -> None:
        self.double_posts += 1
        self.disagreements.append(Disagreement("double post", account, what))

    def lose(self, account: str, what: str) -> None:
        self.lost += 1
        self.disagreements.append(Disagreement("lost", account, what))


def compare(work_dir: Path) -> Comparison:
    """Look at truth and ledgers as they are now. Raises FarmError."""
    farm = FarmFile.load(work_dir / FARM_FILE)
    truth = read_truth(work_dir)
    try:
        settings = Settings.load(work_dir)
        entries = list(_entries(work_dir, settings))
    except EngineError as exc:
        raise FarmError(str(exc)) from exc
    result = Comparison(
        published=len(truth.reels),
        success=sum(entry.success for entry in entries),
        in_doubt=sum(entry.in_doubt for entry in entries),
        phones_on=len(truth.phones_on),
        billed_minutes=truth.billed_minutes,
    )
    _find_double_posts(result, truth.reels, farm.posts_per_account_per_day, settings)
    _find_lost(result, truth.reels, entries)
    _find_other_captions(result, truth.reels, entries)
    _find_vanished(result, work_dir, entries)
    _tell_of_phones(result, truth)
    return result


def ledgers(work_dir: Path, settings: Settings) -> Iterator[Path]:
    """The day's ledger, those of the campaigns, and their archives."""
    current = [work_dir / settings.paths.ledger]
    current += sorted((work_dir / settings.paths.campaigns).glob("*/progress.csv"))
    for path in current:
        archives = path.parent.glob(f"{path.stem}_*{path.suffix}")
        yield from sorted(
            archive
            for archive in archives
            if ARCHIVE.fullmatch(archive.stem.removeprefix(path.stem))
        )
        if path.exists():
            yield path


def _entries(work_dir: Path, settings: Settings) -> Iterator[Entry]:
    videos = Videos(work_dir, settings)
    for path in ledgers(work_dir, settings):
        tracker = ProgressTracker(path, settings=settings)
        for job in tracker.jobs().values():
            ours = any(
                row.status is JobStatus.CLAIMED and row.updated_at is not None
                for row in tracker.history(job.job_id)
            )
            video_id = job.video_id or (videos.id_of(job) if ours or job.in_doubt else "")
            yield Entry(path, job, (job.account, video_id), ours)


class Videos:
    """Identity of the videos of jobs whose ledger has none."""

    def __init__(self, work_dir: Path, settings: Settings) -> None:
        self._roots = [work_dir / "videos"]
        if settings.paths.video_root is not None:
            self._roots.insert(0, work_dir / settings.paths.video_root)
        self._by_name: dict[str, list[Path]] | None = None

    def id_of(self, job: Job) -> str:
        """By content; empty when no file or more than one can be meant."""
        own = Path(job.video_path)
        if job.video_path and own.is_file():
            return video_id_of(hashlib.sha256(own.read_bytes()).hexdigest())
        if self._by_name is None:
            self._by_name = defaultdict(list)
            for path in sorted(set().union(*(root.rglob("*") for root in self._roots))):
                self._by_name[path.name].append(path)
        wanted = PureWindowsPath(job.video_path)
        found = self._by_name.get(wanted.name, [])
        for length in range(1, len(wanted.parts) + 1):
            if len(found) <= 1:
                break
            tail = wanted.parts[-length:]
            found = [path for path in found if path.parts[-length:] == tail]
        if len(found) != 1 or not found[0].is_file():
            return ""
        return video_id_of(hashlib.sha256(found[0].read_bytes()).hexdigest())


def _find_double_posts(
    result: Comparison, reels: Sequence[Reel], cap: int, settings: Settings
) -> None:
    seen: set[Post] = set()
    of_day: Counter[tuple[str, object]] = Counter()
    for reel in reels:
        of_day[reel.account, settings.day_of(reel.at)] += 1
        if (reel.account, reel.video_id) in seen:
            result.double(reel.account, f"{reel.video_id} was published again at {reel.at}")
        elif of_day[reel.account, settings.day_of(reel.at)] > cap:
            result.double(reel.account, f"{reel.video_id} went beyond the cap of {cap} a day")
        seen.add((reel.account, reel.video_id))


def _find_lost(result: Comparison, reels: Sequence[Reel], entries: Sequence[Entry]) -> None:
    published = Counter((reel.account, reel.video_id) for reel in reels)
    covered: Counter[Post] = Counter()
    for entry in entries:
        if entry.success or entry.in_doubt or entry.job.status is JobStatus.SUCCESS:
            covered[entry.post] += 1
        if entry.success:
            published[entry.post] -= 1
            if published[entry.post] < 0:
                result.wrong_success += 1
                result.lose(
                    entry.job.account,
                    f"{entry.job.job_id} is a success in {entry.ledger.name}, but the truth "
                    "knows no such publication",
                )
    for account, video_id in {(reel.account, reel.video_id) for reel in reels}:
        if not covered[account, video_id]:
            result.lose(account, f"{video_id} is published, but no ledger says so")


def _find_other_captions(
    result: Comparison, reels: Sequence[Reel], entries: Sequence[Entry]
) -> None:
    """Told, not counted: the right video under other words than the job's."""
    captions = {(reel.account, reel.video_id): reel.caption for reel in reels}
    for entry in entries:
        published = captions.get(entry.post)
        if entry.success and published is not None and published != entry.job.caption:
            what = f"{entry.job.job_id} is published as {published[:60]!r}"
            result.disagreements.append(Disagreement("caption", entry.job.account, what))


def _find_vanished(result: Comparison, work_dir: Path, entries: Sequence[Entry]) -> None:
    """Jobs that the day must hold once it is seeded."""
    path = work_dir / FARM_FOLDER / EXPECTED_FILE
    if not entries or not path.exists():
        return
    known = {entry.job.job_id for entry in entries}
    for job_id in json.loads(path.read_text(encoding="utf-8")):
        if job_id not in known:
            result.lose("", f"job {job_id} is in no ledger")


def _tell_of_phones(result: Comparison, truth: Truth) -> None:
    for phone in truth.phones_on:
        what = f"phone {phone.phone_id} is on since {phone.since} (boot {phone.boot})"
        result.disagreements.append(Disagreement("phone on", phone.account, what))
    for account in truth.strangers_stopped:
        what = "other people's phone was switched off"
        result.disagreements.append(Disagreement("stranger", account, what))
    for call in truth.unknown_calls:
        what = f"the provider has no {call}"
        result.disagreements.append(Disagreement("unknown call", "", what))


def report(result: Comparison) -> str:
    """The table of disagreements, if any, and the figures as the last line."""
    lines = []
    if result.disagreements:
        wide = max(len(item.kind) for item in result.disagreements)
        name = max(len("account"), *(len(item.account) for item in result.disagreements))
        lines.append(f"{'what':<{wide}}  {'account':<{name}}  detail")
        lines += [
            f"{item.kind:<{wide}}  {item.account:<{name}}  {item.what}"
            for item in result.disagreements
        ]
    return "\n".join([*lines, result.last_line])
