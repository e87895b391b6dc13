"""What the cockpit heard last of every kind of news; screens that come back show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.insight.values import JobLine, Overview, PassReport, ResourceReport
    from engine.insight.watch import Sight


@dataclass(slots=True)
class Latest:
    """The newest of every kind of news; None before the first look."""

    sight: Sight | None = None
    jobs: Sequence[JobLine] | None = None
    passes: PassReport | None = None
    resources: ResourceReport | None = None

    @property
    def overview(self) -> Overview | None:
        """The figures of the last look."""
        return None if self.sight is None else self.sight.overview
