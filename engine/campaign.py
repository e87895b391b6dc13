"""A campaign folder as a job source (behaviour A5.2).

The folder holds accounts, captions and videos, an optional ``campaign.json``, and its own ledger.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.config import Settings
from engine.errors import EngineError, InputError
from engine.jobs import Job
from engine.progress import ProgressTracker
from engine.sources.captions import Caption, Captions, find_captions, read_captions
from engine.sources.post_history import CAMPAIGN_LEDGER, PostHistory
from engine.sources.seeding import Draft, Rota, SeedPlan, Skip, content_of
from engine.sources.source_files import read_accounts, read_utf8
from engine.sources.video import is_video

CAMPAIGN_FILE: Final = "campaign.json"
ACCOUNTS_FILE: Final = "accounts.txt"
VIDEOS_FOLDER: Final = "videos"


class _CampaignFile(BaseModel):
    """``campaign.json``; keys that we do not know are left alone."""

    model_config = ConfigDict(extra="ignore", strict=True)

    name: str = ""
    description: str = ""
    enabled: bool = True
    max_posts_per_account_per_day: Annotated[int, Field(ge=1, le=4)] | None = None
    video_folders: list[str] = []
    captions_file: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """One campaign folder, as its own file describes it."""

    folder: Path
    name: str
    description: str
    enabled: bool
    cap: int
    """Posts of one account a day; its own, else that of the settings (A6.4)."""
    video_folders: Sequence[Path]
    captions_file: str
    """Empty: the only CSV with an accepted header."""

    @property
    def ledger_path(self) -> Path:
        return self.folder / CAMPAIGN_LEDGER

    @classmethod
    def load(cls, name_or_path: str, settings: Settings, work_dir: Path) -> Campaign:
        """The campaign of that name, or in that folder.

        Raises InputError for one that is not there (naming those that are), disabled, or whose
        ``campaign.json`` is wrong (A5.2.3).
        """
        campaign = cls.read(_folder_of(name_or_path, settings, work_dir), settings)
        if not campaign.enabled:
            raise InputError(
                f"The campaign {campaign.name} is disabled: set enabled to true in "
                f"{campaign.folder / CAMPAIGN_FILE} to use it."
            )
        return campaign

    @classmethod
    def read(cls, folder: Path, settings: Settings) -> Campaign:
        """The campaign in a folder, enabled or not. Raises InputError for a wrong file."""
        own = _read_campaign_file(folder / CAMPAIGN_FILE)
        return cls(
            folder=folder,
            name=own.name.strip() or folder.name,
            description=own.description,
            enabled=own.enabled,
            cap=own.max_posts_per_account_per_day or settings.posting.max_posts_per_account_per_day,
            video_folders=[folder / name for name in own.video_folders or [VIDEOS_FOLDER]],
            captions_file=own.captions_file,
        )

    def accounts(self) -> tuple[tuple[str, ...], list[str]]:
        """Accounts, and what to tell about their file. Raises InputError."""
        return read_accounts(self.folder / ACCOUNTS_FILE)

    def captions(self) -> Captions:
        """Raises InputError."""
        return read_captions(find_captions(self.folder, self.captions_file))

    def videos(self) -> list[Path]:
        """Every video below the video folders, by name (A5.2.8).

        Raises InputError where a folder is missing or there is none at all.
        """
        videos = []
        for folder in self.video_folders:
            if not folder.is_dir():
                raise InputError(
                    f"The campaign {self.name} has no video folder {folder}: make it, or correct "
                    f"video_folders in {CAMPAIGN_FILE}."
                )
            for root, _, names in os.walk(folder):
                videos += [Path(root, name) for name in names if is_video(Path(name))]
        if not videos:
            raise InputError(
                f"The campaign {self.name} has no .mp4 file below "
                f"{', '.join(map(str, self.video_folders))}: put its videos there."
            )
        return sorted(videos, key=lambda path: (path.name, str(path)))

    def check(self) -> None:
        """Refuse what could not be seeded (A5.2.1). Raises InputError."""
        self.accounts()
        self.captions()
        self.videos()


class CampaignSource:
    """Jobs of a campaign: its videos with their captions, to its accounts in turn."""

    def __init__(
        self, campaign: Campaign, settings: Settings, work_dir: Path, history: PostHistory
    ) -> None:
        self.campaign = campaign
        self._settings = settings
        self._work_dir = work_dir
        self._history = history

    def plan(self, existing: Mapping[str, Job]) -> SeedPlan:
        """See ``JobSource``; in the order of the captions file, then by name."""
        accounts, messages = self.campaign.accounts()
        captions = self.campaign.captions()
        videos = self.campaign.videos()
        rota = Rota(accounts, cap=self.campaign.cap, history=self._history, existing=existing)
        draft = Draft(self._settings, existing, rota)
        draft.messages += [*messages, *self._history.record.complaints()]
        pairs = self._pairs(videos, captions, draft)
        for place, (line, video) in enumerate(pairs):
            self._consider(draft, place, line, video)
        return draft.plan()

    def _pairs(
        self, videos: Sequence[Path], captions: Captions, draft: Draft
    ) -> list[tuple[Caption, Path]]:
        """Each video with its caption; what has no partner, or too many, is reported."""
        pairs: list[tuple[Caption, Path]] = []
        taken: set[str] = set()
        wanted: set[str] = set()
        for video in videos:
            found = captions.of(video.name)
            wanted |= {line.key for line in found}
            if video.name in taken:
                draft.skip(Skip.SAME_NAME, self._recorded(video))
            elif len(found) > 1:
                draft.skip(Skip.AMBIGUOUS_CAPTION, video.name)
            elif not found:
                draft.skip(Skip.NO_CAPTION, video.name)
            else:
                pairs.append((found[0], video))
            taken.add(video.name)
        for key in dict.fromkeys(line.key for line in captions.lines if line.key not in wanted):
            draft.skip(Skip.NO_VIDEO_FOR_CAPTION, key)
        return sorted(pairs, key=lambda pair: (pair[0].order, pair[1].name))

    def _consider(self, draft: Draft, place: int, line: Caption, video: Path) -> None:
        job_id = f"{video.name}_{self.campaign.name}"
        if not draft.usable(job_id, caption=line.text, video=video):
            return
        if not draft.rota.any_free():
            draft.skip(Skip.NO_ACCOUNT_FREE, video.name)
            return
        content = content_of(video)
        account = draft.rota.next_for(video.name, content)
        if account:
            draft.add(
                place,
                job_id=job_id,
                account=account,
                recorded=self._recorded(video),
                caption=line.text,
                content=content,
            )
            return
        everyone = all(draft.rota.had(name, video.name, content) for name in draft.rota.accounts)
        draft.skip(Skip.ALL_POSTED if everyone else Skip.NO_ACCOUNT_FREE, video.name)

    def _recorded(self, video: Path) -> str:
        """The path as the ledger has it: from the work directory where it lies below it."""
        try:
            return video.relative_to(self._work_dir).as_posix()
        except ValueError:
            return str(video)


# -- which campaigns there are ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignRow:
    """A campaign in a list (A1.4)."""

    name: str
    """As ``--campaign`` takes it: the folder's name."""
    enabled: bool
    accounts: int
    videos: int
    ledger: str
    """What its ledger holds, in words."""
    problem: str = ""
    """Why it could not be seeded as it is."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def list_campaigns(settings: Settings, work_dir: Path) -> list[CampaignRow]:
    """Every campaign of the work directory, by name, also those with a defect."""
    return [_row(folder, settings) for folder in _folders(settings, work_dir)]


def _row(folder: Path, settings: Settings) -> CampaignRow:
    accounts = videos = 0
    enabled, problem = True, ""
    try:
        campaign = Campaign.read(folder, settings)
        enabled = campaign.enabled
        accounts = len(campaign.accounts()[0])
        videos = len(campaign.videos())
        campaign.captions()
    except EngineError as exc:
        problem = str(exc)
    return CampaignRow(
        name=folder.name,
        enabled=enabled,
        accounts=accounts,
        videos=videos,
        ledger=_ledger_state(folder / CAMPAIGN_LEDGER, settings),
        problem=problem,
    )


def _ledger_state(path: Path, settings: Settings) -> str:
    if not path.exists():
        return "none"
    try:
        jobs = ProgressTracker(path, settings=settings).jobs().values()
    except EngineError as exc:
        return f"unreadable: {exc}"
    statuses = [job.status for job in jobs]
    counts = ", ".join(f"{statuses.count(s)} {s}" for s in dict.fromkeys(statuses))
    return f"{len(statuses)} jobs: {counts}" if statuses else "empty"


def _folders(settings: Settings, work_dir: Path) -> list[Path]:
    root = work_dir / settings.paths.campaigns
    if not root.is_dir():
        return []
    marks = (CAMPAIGN_FILE, ACCOUNTS_FILE, VIDEOS_FOLDER, CAMPAIGN_LEDGER)
    return sorted(
        folder
        for folder in root.iterdir()
        if folder.is_dir() and any((folder / mark).exists() for mark in marks)
    )


def _folder_of(name_or_path: str, settings: Settings, work_dir: Path) -> Path:
    root = work_dir / settings.paths.campaigns
    by_name = root / name_or_path
    if Path(name_or_path).name == name_or_path not in {"", ".", ".."} and by_name.is_dir():
        return by_name
    for base in (work_dir, Path.cwd()):
        folder = base / name_or_path
        if name_or_path and len(Path(name_or_path).parts) > 1 and folder.is_dir():
            return folder
    names = ", ".join(folder.name for folder in _folders(settings, work_dir))
    raise InputError(
        f"There is no campaign {name_or_path!r}: available in {root} are {names}."
        if names
        else f"There is no campaign {name_or_path!r}, nor any other in {root}: make its folder."
    )


def _read_campaign_file(path: Path) -> _CampaignFile:
    if not path.exists():
        return _CampaignFile()
    text = read_utf8(path, "campaign file")
    try:
        return _CampaignFile.model_validate_json(text)
    except ValidationError as exc:
        flaws = "; ".join(
            f"{'.'.join(map(str, error['loc'])) or 'the file'}: {error['msg']}"
            for error in exc.errors(include_url=False)
        )
        raise InputError(f"{path} is wrong ({flaws}): correct it and try again.") from None
