"""Which phones a stop would act on, scope by scope; fixed when the dialog opens.

A target is never added behind the operator's back: what comes on later is told, not stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from console.amounts import counted
from engine.insight.values import Overview, ResourceLine, ResourceReport

OFF: Final = frozenset({"off", "expired"})
"""States in which a resource costs nothing; everything else may be on."""


class Scope(StrEnum):
    """What the operator wants to be stopped."""

    MARKED = "marked"
    CAMPAIGN = "campaign"
    ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One phone that will be stopped."""

    id: str
    label: str
    was: str
    """Its state when the dialog opened."""
    since: datetime | None
    job_id: str = ""
    """Job that its stop interrupts; empty for none."""
    phase: str = ""
    slot: int | None = None
    submitted: bool = False
    """That job is past its point of no return."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StopScopes:
    """The targets of each scope, and what is on beside them."""

    marked: Sequence[Target]
    campaign: Sequence[Target]
    all: Sequence[Target]
    cursor: bool
    """``marked`` is what the cursor is on, nothing was marked."""
    others: int
    """On, and of other campaigns or started by people."""

    @property
    def preset(self) -> Scope:
        """Marked, else this campaign; never all."""
        return Scope.MARKED if self.marked else Scope.CAMPAIGN

    def of(self, scope: Scope) -> Sequence[Target]:
        """Targets of a scope."""
        return {Scope.MARKED: self.marked, Scope.CAMPAIGN: self.campaign, Scope.ALL: self.all}[
            scope
        ]

    def untouched(self, scope: Scope, label: str) -> str:
        """What stays on, in words."""
        chosen = {target.id for target in self.of(scope)}
        here = sum(target.id not in chosen for target in self.campaign)
        others = 0 if scope is Scope.ALL else self.others
        others -= sum(target.id not in {t.id for t in self.campaign} for target in self.marked) * (
            scope is Scope.MARKED
        )
        parts = [f"{counted(here, label)} of this campaign"] if here else []
        if others > 0:
            parts.append(f"{others} of others")
        return ", ".join(parts) or "nothing else is on"


def scopes(
    report: ResourceReport, overview: Overview | None, chosen: Sequence[str], *, marked: bool
) -> StopScopes:
    """What each scope would stop now; ``chosen`` are ids, marked or at the cursor."""
    working = _working(overview)
    lines = [line for line in report.lines if line.state not in OFF]
    everything = {line.id: _target(line, working) for line in lines}
    wanted = frozenset(chosen)
    own = [line for line in lines if line.ours or (line.in_campaign and line.state != "unknown")]
    known_others = sum(not (line.ours or line.in_campaign) for line in lines)
    return StopScopes(
        marked=[everything[line.id] for line in lines if line.id in wanted],
        campaign=[everything[line.id] for line in own],
        all=[everything[line.id] for line in lines if line.ours or line.state != "unknown"],
        cursor=not marked,
        others=max(report.others_on, known_others),
    )


def _working(overview: Overview | None) -> Mapping[str, tuple[int, str, str, bool]]:
    """Key to (slot, job, phase, submitted) of each worker that has a job."""
    if overview is None or not overview.live:
        return {}
    return {
        line.key: (line.slot, line.job_id, line.phase or line.state, line.submitted)
        for line in overview.workers
        if line.job_id
    }


def _target(line: ResourceLine, working: Mapping[str, tuple[int, str, str, bool]]) -> Target:
    """With the job that its stop interrupts, by the engine's own rule: a worker leaves first where
    the resource is its job's, or was started by its slot for this job."""
    held = working.get(line.label)
    if held is None and line.ours and line.slot is not None:
        held = next(
            (
                entry
                for entry in working.values()
                if entry[0] == line.slot and line.job_id in ("", entry[1])
            ),
            None,
        )
    slot, job_id, phase, submitted = held or (line.slot, "", "", False)
    return Target(
        id=line.id,
        label=line.label,
        was=line.state,
        since=line.since,
        job_id=job_id,
        phase=phase,
        slot=slot,
        submitted=submitted,
    )
