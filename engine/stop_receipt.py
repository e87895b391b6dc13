"""Which resources a stop is to act on, and the receipt that it leaves (console-features 6.11).

The receipt, ``run/receipts/stop-YYYYMMDD-HHMMSS.json``, tells what was asked, what was answered,
what was seen, which jobs were interrupted, and by whom.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.errors import EngineError
from engine.private_files import explain, write_atomically
from engine.workloads.base import Receipt, ResourceState, Workload

if TYPE_CHECKING:
    from engine.jobs import Job
    from engine.run_state import RunDirectory

SCHEMA: Final = 1
FOLDER: Final = "receipts"
KEPT: Final = 200
"""Receipts of one work directory; older ones go."""
NO_SUCH: Final = "there is none of this name"
HAD_ENDED: Final = "it had ended already"

GIVEN_BACK: Final = "given back, the attempt is not counted"
IN_DOUBT: Final = "in doubt: past the point of no return, its outcome was not seen"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What the operator's names stand for."""

    targets: Sequence[ResourceState]
    ended: Sequence[ResourceState] = ()
    """Held when they were last seen, and gone since: nothing has to be done about them."""
    missing: Sequence[str] = ()
    """Names that nobody knows."""


def find(workload: Workload, names: Sequence[str], seen: Collection[ResourceState] = ()) -> Found:
    """Resources by id or label, ours or not; without names all of ours. Never raises EngineError.

    ``seen``: what was held earlier, so that a name which stands for nothing now is not taken for a
    wrong one. The provider is asked only about names that our own records do not have; where it
    cannot be asked, such a name is taken for an id.
    """
    ours = list(workload.resources(ask=False))
    if not names:
        return Found(targets=ours)
    known = _named(ours)
    unknown = [name for name in names if name not in known]
    missing: list[str] = []
    ended: dict[str, ResourceState] = {}
    if unknown:
        try:
            known |= {
                name: state
                for name, state in _named(workload.resources(ask=True)).items()
                if name in unknown
            }
            before = _named(seen)
            gone = [name for name in unknown if name not in known]
            ended = {before[name].id: before[name] for name in gone if name in before}
            missing = [name for name in gone if name not in before]
        except EngineError:
            known |= {name: _unlisted(name) for name in unknown}
    chosen = {known[name].id: known[name] for name in names if name in known}
    return Found(targets=list(chosen.values()), ended=list(ended.values()), missing=missing)


def _named(states: Collection[ResourceState]) -> dict[str, ResourceState]:
    return {state.label: state for state in states} | {state.id: state for state in states}


def _unlisted(name: str) -> ResourceState:
    return ResourceState(kind="", id=name, label=name, state="unknown", ours=False)


def one_each(states: Sequence[ResourceState], receipts: Sequence[Receipt]) -> list[Receipt]:
    """A receipt for every resource under its own name, also where a release failed as a whole."""
    found = {receipt.id: receipt for receipt in receipts}
    why = next((receipt.detail for receipt in receipts if not receipt.released), "not seen off")
    return [
        replace(found[state.id], label=state.label)
        if state.id in found
        else Receipt(id=state.id, label=state.label, released=False, detail=why)
        for state in states
    ]


def fate(job: Job | None) -> str:
    """What became of an interrupted job, in words."""
    if job is None:
        return "not in the ledger any more"
    if job.in_doubt:
        return IN_DOUBT
    words = {"pending": GIVEN_BACK, "success": "success: it was finished first"}
    status = str(job.status)
    return words.get(status, f"{status}: {job.error_type}" if job.error_type else status)


@dataclass(kw_only=True, slots=True)
class StopRecord:
    """One stop from the operator's wish to the last resource seen off, or not."""

    id: str
    by: str
    asked_at: datetime
    targets: Sequence[ResourceState] = ()
    missing: Sequence[str] = ()
    receipts: dict[str, Receipt] = field(default_factory=dict)
    asked: dict[str, datetime] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)
    """When each resource was seen off, or given up as one that may be on."""
    jobs: dict[str, str] = field(default_factory=dict)
    """Interrupted jobs and what became of them."""
    paused: bool = False
    """Claims were paused for it."""
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.missing and all(receipt.released for receipt in self.receipts.values())

    def seen(self, receipts: Sequence[Receipt], now: datetime) -> None:
        """Keep what became of some of them."""
        for receipt in receipts:
            self.receipts[receipt.id] = receipt
            self.ended[receipt.id] = now

    def note_ended(self, states: Sequence[ResourceState], now: datetime) -> None:
        """Resources that ended before they could be stopped."""
        self.targets = [*self.targets, *states]
        self.seen(
            [
                Receipt(id=one.id, label=one.label, released=True, detail=HAD_ENDED)
                for one in states
            ],
            now,
        )

    def note_gone(self, ours: Sequence[ResourceState], why: str, now: datetime) -> list[Receipt]:
        """Targets that our records (``ours``) name no more: an entry is cleared only when its
        resource was seen off. Returns what is new."""
        left = {state.id for state in ours}
        gone = [
            Receipt(id=one.id, label=one.label, released=True, detail=why, minutes=one.minutes)
            for one in self.targets
            if one.ours and one.id not in left and one.id not in self.receipts
        ]
        self.seen(gone, now)
        return gone

    def not_seen(self, why: str, now: datetime) -> None:
        """What was begun and is not ended counts as on."""
        left = [state for state in self.targets if state.id not in self.receipts]
        self.seen(
            [Receipt(id=one.id, label=one.label, released=False, detail=why) for one in left], now
        )

    def answer(self, run_dir: RunDirectory, now: datetime) -> dict[str, Any]:
        """What is told to whoever asked; writes the receipt."""
        path = self._write(run_dir.path / FOLDER, now)
        results = {receipt.id: receipt.detail or "off" for receipt in self.receipts.values()}
        return {
            "ok": self.ok,
            "results": results | dict.fromkeys(self.missing, NO_SUCH),
            "detail": self._detail(),
            "resources": self._resources(),
            "jobs": dict(self.jobs),
            "paused": self.paused,
            "receipt": path,
        }

    def _detail(self) -> str:
        off = [receipt for receipt in self.receipts.values() if receipt.released]
        left = [receipt.label for receipt in self.receipts.values() if not receipt.released]
        parts = [f"{len(off)} of {len(self.receipts) + len(self.missing)} seen off"]
        if left:
            parts.append(f"NOT OFF: {', '.join(left)}")
        if ended := [one.label for one in self.receipts.values() if one.detail == HAD_ENDED]:
            parts.append(f"ended already: {', '.join(ended)}")
        if self.missing:
            parts.append(f"unknown: {', '.join(self.missing)}")
        if self.jobs:
            noun = "job" if len(self.jobs) == 1 else "jobs"
            parts.append(f"{len(self.jobs)} {noun} told to end first")
        if self.paused:
            parts.append("claims are paused until resume")
        return "; ".join([*parts, *self.notes]) + "."

    def _resources(self) -> list[dict[str, Any]]:
        return [self._resource(state, self.receipts.get(state.id)) for state in self.targets]

    def _resource(self, state: ResourceState, receipt: Receipt | None) -> dict[str, Any]:
        asked, ended = self.asked.get(state.id), self.ended.get(state.id)
        minutes = receipt.minutes if receipt is not None else 0.0
        off = receipt is not None and receipt.released
        return {
            "id": state.id,
            "label": state.label,
            "ours": state.ours,
            "was": state.state,
            "job": state.job_id,
            "asked_at": asked.isoformat() if asked is not None else None,
            "answer": receipt.detail if receipt is not None else "",
            "off": off,
            "seen_at": ended.isoformat() if ended is not None and off else None,
            "given_up_at": ended.isoformat() if ended is not None and not off else None,
            # A worker that drained has stopped it and counted its minutes before.
            "minutes": round(minutes or state.minutes, 1),
        }

    def _write(self, folder: Path, now: datetime) -> str:
        """Its path; empty where it could not be written, which the answer then says."""
        content: Mapping[str, Any] = {
            "schema": SCHEMA,
            "command": self.id,
            "by": self.by,
            "asked_at": self.asked_at.isoformat(),
            "ended_at": now.isoformat(),
            "ok": self.ok,
            "paused": self.paused,
            "resources": self._resources(),
            "unknown": list(self.missing),
            "jobs": [{"job": job, "became": what} for job, what in self.jobs.items()],
            "notes": list(self.notes),
        }
        path = _free_name(folder, self.asked_at)
        try:
            write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1), durable=True)
        except OSError as exc:
            self.notes.append(f"no receipt: {explain(exc)}".rstrip("."))
            return ""
        _sweep(folder)
        return str(path)


def _sweep(folder: Path) -> None:
    """Keep the latest; their names sort by time."""
    found = sorted(folder.glob("stop-*.json"), key=lambda path: (path.name[:20], len(path.name)))
    for old in found[:-KEPT]:
        with suppress(OSError):
            old.unlink(missing_ok=True)


def _free_name(folder: Path, when: datetime) -> Path:
    stem = f"stop-{when.astimezone():%Y%m%d-%H%M%S}"
    path, number = folder / f"{stem}.json", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}_{number}.json"
    return path
