"""Makes a work directory: a farm, a day of jobs with their videos, settings that join the two."""

from __future__ import annotations

import csv
import json
import os
import random
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from engine.config import SETTINGS_FILE, Settings
from engine.errors import EngineError
from engine.jobs import Job, JobStatus
from engine.progress import ProgressTracker
from simulator.errors import FarmError
from simulator.farm_file import FARM_FILE, AccountState, FarmFile, FaultKind
from simulator.farm_settings import engine_settings, http_timeout, toml_text, write_settings
from simulator.journal import FARM_FOLDER
from simulator.light_sdk import write_sdk
from simulator.model_service import ANY_KEY
from simulator.ports import free_block
from simulator.real_programs import RealPrograms, real_programs
from simulator.sample_videos import caption, file_name, write_video

EXPECTED_FILE = "expected_jobs.json"
"""Ids of the jobs that the day must hold once it is seeded; `compare` misses none of them."""
MOST_WORKERS = 10
OPEN_STATUSES = frozenset({JobStatus.PENDING, JobStatus.RETRYING})


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the operator of the farm asked for."""

    accounts: int = 25
    videos: int | None = None
    """None: as many as accounts."""
    campaign: str = ""
    """Empty: the jobs come from scheduler_state.json."""
    seed: int = 1
    time_scale: float = 20.0
    workers: int = 5
    posts_per_account: int = 1
    infrastructure: float = 0.0
    rates: Mapping[FaultKind, float] = field(default_factory=dict)
    states: Mapping[AccountState, int] = field(default_factory=dict)
    """How many accounts are in which state; the others are ok."""
    foreign_phones: int = 0
    appium: bool = False
    """The engine is to use the real adb and Appium of this host."""


def new_directory(work_dir: Path, wishes: Wishes) -> FarmFile:
    """A work directory with a made-up day. Raises FarmError."""
    _refuse_used(work_dir)
    real = real_programs(work_dir) if wishes.appium else None
    names = FarmFile.model_validate({"accounts": {"count": wishes.accounts}}).accounts.all_names()
    videos = wishes.accounts if wishes.videos is None else wishes.videos
    dice = random.Random(f"{wishes.seed}|day")
    posts = [(file_name(dice, n), caption(dice, n)) for n in range(1, videos + 1)]
    farm = _farm_file(wishes, names, candidates=names)
    work_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if wishes.campaign:
        home = work_dir / "campaigns" / wishes.campaign
        expected = _write_campaign(home, wishes, names, posts)
        video_root = ""
    else:
        home = work_dir
        expected = _write_state_file(home, posts)
        video_root = "videos"
    for name, _ in posts:
        write_video(home / "videos" / name, random.Random(f"{wishes.seed}|{name}"))
    _finish(work_dir, wishes, farm, names, expected, video_root=video_root, real=real)
    return farm


def directory_from_ledger(work_dir: Path, ledger: Path, wishes: Wishes) -> FarmFile:
    """A work directory that continues a copy of an existing ledger. Raises FarmError."""
    if not ledger.is_file():
        raise FarmError(f"{ledger} is no file: name the ledger to continue.")
    _refuse_used(work_dir)
    real = real_programs(work_dir) if wishes.appium else None
    try:
        jobs = list(ProgressTracker(ledger, settings=Settings()).jobs().values())
    except EngineError as exc:
        raise FarmError(str(exc)) from exc
    names = list(dict.fromkeys(job.account for job in jobs if job.account))
    waiting = [job.account for job in jobs if job.account and job.status in OPEN_STATUSES]
    farm = _farm_file(wishes, names, candidates=list(dict.fromkeys(waiting)))
    work_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy = work_dir / "parallel_progress.csv"
    shutil.copyfile(ledger, copy)
    copy.chmod(0o600)
    for tail in {_tail_of(job) for job in jobs if job.video_path}:
        dice = random.Random(f"{wishes.seed}|{tail}")
        write_video(work_dir / "videos" / Path(*tail.parts), dice)
    expected = [job.job_id for job in jobs]
    _finish(work_dir, wishes, farm, names, expected, video_root="videos", real=real)
    return farm


def _refuse_used(work_dir: Path) -> None:
    if work_dir.exists() and (not work_dir.is_dir() or any(work_dir.iterdir())):
        raise FarmError(f"{work_dir} is not empty: name a folder that does not exist yet.")


def _farm_file(wishes: Wishes, names: Sequence[str], *, candidates: Sequence[str]) -> FarmFile:
    """The farm of these accounts; those in a bad state are drawn among ``candidates``."""
    wanted = [state for state, count in wishes.states.items() for _ in range(count)]
    if len(wanted) > len(candidates):
        raise FarmError(
            f"{len(wanted)} accounts are to be in a bad state, but only {len(candidates)} "
            "have jobs: ask for fewer."
        )
    unlucky = random.Random(f"{wishes.seed}|states").sample(list(candidates), len(wanted))
    slow_answer = max(40.0, 1.5 * http_timeout(wishes.time_scale) * wishes.time_scale)
    return FarmFile.model_validate(
        {
            "seed": wishes.seed,
            "time_scale": wishes.time_scale,
            "port": free_block(1),
            "token": f"farm-{secrets.token_hex(12)}",
            "app_id": f"farm-{secrets.token_hex(4)}",
            "api_key": f"farm-{secrets.token_hex(12)}",
            "posts_per_account_per_day": wishes.posts_per_account,
            "accounts": {
                "names": list(names),
                "states": dict(zip(unlucky, wanted, strict=True)),
            },
            "phones": {"foreign": wishes.foreign_phones},
            "delays": {"slow_answer": slow_answer},
            "faults": {
                "infrastructure": wishes.infrastructure,
                "rates": {kind: rate for kind, rate in wishes.rates.items() if rate},
            },
        }
    )


def _write_campaign(
    home: Path, wishes: Wishes, names: Iterable[str], posts: Sequence[tuple[str, str]]
) -> list[str]:
    home.mkdir(parents=True, mode=0o700)
    _write_lines(home / "accounts.txt", names)
    with (home / "captions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("filename", "onscreen_text", "post_caption"))
        writer.writerows((name, "", text) for name, text in posts)
    about = {
        "name": wishes.campaign,
        "description": "A made-up day on the simulated farm",
        "max_posts_per_account_per_day": wishes.posts_per_account,
    }
    (home / "campaign.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    places = wishes.accounts * wishes.posts_per_account
    return [f"{name}_{home.name}" for name, _ in posts[:places]]


def _write_state_file(home: Path, posts: Sequence[tuple[str, str]]) -> list[str]:
    jobs = [
        {
            "id": Path(name).stem,
            "video_path": str((home / "videos" / name).resolve()),
            "caption": text,
            "account": "",
            "status": "pending",
            "attempts": 0,
            "max_attempts": 3,
            "last_error": "",
            "last_attempt": None,
            "completed_at": None,
            "source_folder": "videos",
            "error_type": "",
            "screenshot_path": "",
        }
        for name, text in posts
    ]
    state = {
        "jobs": jobs,
        "accounts": [],
        "settings": {"max_retries": 3, "posts_per_account_per_day": 1, "video_folders": []},
        "saved_at": datetime.now(UTC).isoformat(),
    }
    text = json.dumps(state, ensure_ascii=False, indent=1)
    (home / "scheduler_state.json").write_text(text + "\n", encoding="utf-8")
    return [str(job["id"]) for job in jobs]


def _finish(
    work_dir: Path,
    wishes: Wishes,
    farm: FarmFile,
    names: Iterable[str],
    expected: Sequence[str],
    *,
    video_root: str,
    real: RealPrograms | None,
) -> None:
    """Accounts, token, farm file and settings."""
    _write_lines(work_dir / "accounts.txt", names)
    # The farm's own model takes any key; without one it would never be asked.
    keys = f"GEELARK_API_TOKEN={farm.token}\nANTHROPIC_API_KEY={ANY_KEY}\n"
    _write_private(work_dir / ".env", keys)
    _write_private(work_dir / FARM_FILE, farm_text(farm))
    folder = work_dir / FARM_FOLDER
    folder.mkdir(mode=0o700)
    text = json.dumps(list(expected), ensure_ascii=False, indent=0)
    (folder / EXPECTED_FILE).write_text(text + "\n", encoding="utf-8")
    workers = max(wishes.workers, MOST_WORKERS)
    taken = [farm.port]

    def block(size: int) -> int:
        first = free_block(size, taken=taken)
        taken.extend(range(first, first + size))
        return first

    tables = engine_settings(
        farm,
        workers=wishes.workers,
        appium_base_port=block(2 * workers),
        system_port_base=block(10 * workers),
        video_root=video_root,
        android_home=write_sdk(folder / "sdk", f"http://127.0.0.1:{farm.port}"),
        real=real,
        adb_server_port=block(workers) if real else 0,
    )
    write_settings(work_dir / SETTINGS_FILE, tables, time_scale=farm.time_scale)


def farm_text(farm: FarmFile) -> str:
    """The farm file: what differs from the defaults, in TOML."""
    content = {"seed": farm.seed} | farm.model_dump(mode="json", exclude_defaults=True)
    tables = {key: value for key, value in content.items() if isinstance(value, dict)}
    plain = {key: value for key, value in content.items() if key not in tables}
    top = toml_text({"top": plain}).removeprefix("[top]\n")
    return (
        "# The simulated farm of this work directory; docs/simulator.md explains the keys.\n\n"
        f"{top}\n{toml_text(tables)}"
    )


def _tail_of(job: Job) -> PurePosixPath:
    """The part of a recorded path (of either system) that lies below the videos folder."""
    parts = [part for part in job.video_path.replace("\\", "/").split("/") if part]
    absolute = job.video_path[:1] in ("/", "\\") or (parts and parts[0].endswith(":"))
    if "videos" in parts[:-1]:
        parts = parts[len(parts) - parts[::-1].index("videos") :]
    elif absolute:
        parts = parts[-1:]
    kept = [part for part in parts if part not in (".", "..") and ":" not in part]
    return PurePosixPath(*kept)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
