"""All that is known of a work directory at one moment, gathered for those who judge it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from engine.insight.happenings import Alarm, Exit
from engine.insight.status_file import RunStatus
from engine.insight.values import WorkerLine
from engine.workloads.labels import GENERIC, Labels

if TYPE_CHECKING:
    from engine.insight.standing import Standing
    from engine.instance import InstanceRecord
    from engine.run_state import RunRecord
    from engine.workloads.base import ResourceState

SILENT_SECONDS = 10.0
"""A supervisor or worker that said nothing for so long needs a look (console-features 6.5)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """Values only; whoever makes it has read every file that it comes from."""

    now: datetime
    zone: tzinfo | None
    work_dir: Path
    ledger_path: Path
    standing: Standing
    labels: Labels = GENERIC
    daily: bool = True
    """The trade's ledger belongs to one calendar day."""
    keeps_resource: bool = False
    """What a worker holds is its own over all its jobs."""
    holder: InstanceRecord | None = None
    """The live run, whatever its status says."""
    status: RunStatus | None = None
    """Of the live run, if it works on this ledger."""
    elsewhere: RunStatus | None = None
    """Of a live run that works on another ledger."""
    record: RunRecord | None = None
    """The latest run of the work directory."""
    workers: Sequence[WorkerLine] = ()
    resources: Sequence[ResourceState] = ()
    held_keys: Collection[str] = ()
    blocked: Mapping[str, int] = field(default_factory=dict)
    later: int = 0
    """Waiting jobs of a later stage; none of them is among the blocked ones."""
    cap_reasons: Collection[str] = ()
    """Reasons of ``blocked`` that mean: the key's cap is used up."""
    quarantined: int = 0
    alarms: Sequence[Alarm] = ()
    failure: Alarm | None = None
    exits: Mapping[int, Sequence[Exit]] = field(default_factory=dict)
    limited_until: datetime | None = None
    free_bytes: int | None = None
    """On the disk of the work directory; None = not known."""
    problem: str = ""

    @property
    def key_label(self) -> str:
        return self.labels.key

    @property
    def resource_label(self) -> str:
        return self.labels.resource

    @property
    def live(self) -> bool:
        return self.holder is not None

    @property
    def silent(self) -> bool:
        """The run lives and has not told anything for too long."""
        return self.holder is not None and (
            (self.now - self.last_word).total_seconds() > SILENT_SECONDS
        )

    @property
    def last_word(self) -> datetime:
        """When the live run last told anything; only asked of one."""
        said = self.status or self.elsewhere
        if said is not None:
            return said.updated_at
        return self.now if self.holder is None else self.holder.started_at

    @property
    def open_jobs(self) -> int:
        """Claimed, or waiting and not blocked, in this stage or a later one."""
        blocked = sum(self.blocked.values())
        return len(self.standing.claimed) + max(0, len(self.standing.waiting) - blocked)

    def clock(self, moment: datetime, *, seconds: bool = False) -> str:
        """A moment in the operator's zone."""
        local = moment.astimezone(self.zone)
        return f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
