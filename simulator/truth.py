"""The truth of a farm as its journal tells it; needs no running farm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator.clock import FarmClock
from simulator.farm_file import FARM_FILE, FarmFile
from simulator.journal import FARM_FOLDER, TRUTH_FILE, read_journal
from simulator.meter import Meter


@dataclass(frozen=True, slots=True)
class Reel:
    """One publication."""

    account: str
    video_id: str
    """In the ledger's form: ``sha256:`` and the first 32 hex digits of the content."""
    caption: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PhoneOn:
    """One of our phones that is not shut down."""

    account: str
    phone_id: str
    boot: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happened."""

    reels: Sequence[Reel]
    phones_on: Sequence[PhoneOn]
    billed_minutes: int
    """Simulated phone minutes, those running now included."""
    strangers_stopped: Sequence[str]
    """Other people's phones that were switched off."""
    unknown_calls: Sequence[str]
    """Calls to paths that the provider does not have."""


def video_id_of(sha256: str) -> str:
    return f"sha256:{sha256[:32]}"


def read_truth(work_dir: Path) -> Truth:
    """Fold the journal. Raises FarmError when the farm file or a line of the journal is broken."""
    farm = FarmFile.load(work_dir / FARM_FILE)
    now = 0.0
    reels: list[Reel] = []
    strangers: list[str] = []
    unknown: list[str] = []
    on: dict[str, dict[str, Any]] = {}
    minutes = 0
    for record in read_journal(work_dir / FARM_FOLDER / TRUTH_FILE):
        match record["event"]:
            case "farm":
                origin = datetime.fromisoformat(record["origin"])
                now = FarmClock(scale=farm.time_scale, origin=origin).now()
            case "published":
                reels.append(_reel(record))
            case "phone_on":
                on[record["phone"]] = record
            case "phone_off":
                on.pop(record["phone"], None)
                if not record["foreign"]:
                    minutes += record["billed_minutes"]
                elif record["reason"] in ("stop", "restart"):
                    strangers.append(record["account"])
            case "unknown_call":
                unknown.append(f"{record['method']} {record['path']}")
    ours = [
        record
        for record in on.values()
        if not record["foreign"] and (record["fails"] is None or record["fails"] > now)
    ]
    for record in ours:
        if record["ready"] is not None:
            minutes += Meter.minutes(record["ready"], now)
    return Truth(
        reels=reels,
        phones_on=[_phone_on(record) for record in ours],
        billed_minutes=minutes,
        strangers_stopped=strangers,
        unknown_calls=unknown,
    )


def _reel(record: dict[str, Any]) -> Reel:
    return Reel(
        account=record["account"],
        video_id=video_id_of(record["video_sha256"]),
        caption=record["caption"],
        at=datetime.fromisoformat(record["at"]),
    )


def _phone_on(record: dict[str, Any]) -> PhoneOn:
    return PhoneOn(
        account=record["account"],
        phone_id=record["phone"],
        boot=record["boot"],
        since=datetime.fromisoformat(record["at"]),
    )
