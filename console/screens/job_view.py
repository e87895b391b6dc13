"""Everything that the Job screen's texts are made of, at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.screens.job_facts import JobFacts, VideoFile, worker_at
from console.screens.ledger_columns import Look
from engine.insight.values import JobLine, Overview, ResourceLine, WorkerLine
from engine.workloads.labels import Labels

if TYPE_CHECKING:
    from engine.log_stream import Record


@dataclass(frozen=True, kw_only=True, slots=True)
class JobView:
    """Facts, and how the operator wants to see them."""

    facts: JobFacts
    look: Look
    overview: Overview | None = None
    resource: ResourceLine | None = None
    """Its account's phone as the provider said last, where it was asked."""
    asked_at: datetime | None = None
    """When that was."""
    video: VideoFile | None = None
    """None until it was looked for."""
    log: Sequence[Record] = ()
    whole_caption: bool = False

    @property
    def line(self) -> JobLine:
        return self.facts.detail.line

    @property
    def worker(self) -> WorkerLine | None:
        """The worker that has it in hands now."""
        return worker_at(self.overview, self.line.job)

    @property
    def next_pass_at(self) -> datetime | None:
        """When the next pass is expected to begin."""
        return None if self.overview is None else self.overview.forecast.next_pass_at

    @property
    def labels(self) -> Labels:
        """The trade's own words."""
        return self.look.labels

    @property
    def key_label(self) -> str:
        return self.overview.key_label if self.overview is not None else "account"

    @property
    def resource_label(self) -> str:
        return self.overview.resource_label if self.overview is not None else "phone"
