"""What became of the reels that were shared on this phone; survives a restart of the app."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.app.phone_world import Publication, UploadOutcome

EVIDENCE_SECONDS = 900.0
"""How long the app keeps saying that a reel is posted, while it is not closed."""


class UploadState(StrEnum):
    """What the feed shows of an upload."""

    RUNNING = "running"
    POSTED = "posted"
    FAILED = "failed"
    GONE = "gone"
    """Nothing: discarded, or posted and said long enough."""


@dataclass(slots=True)
class Upload:
    """One reel on its way; times are seconds of the app's clock."""

    video: str
    caption: str
    started: float
    seconds: float
    outcome: UploadOutcome
    dismissed: bool = False
    """Discarded by hand, or its success was said before the app was closed."""

    @classmethod
    def of(cls, video: str, caption: str, at: float, publication: Publication) -> Upload:
        """An upload that begins now."""
        return cls(video, caption, at, publication.upload_seconds, publication.outcome)

    @classmethod
    def leftover(cls, at: float) -> Upload:
        """A failed upload of an earlier day that still lies above the feed."""
        return cls("leftover", "", at - 86_400.0, 1.0, UploadOutcome.FAILED)

    def percent(self, at: float) -> float:
        """Progress as the bar has it, 0 to 100 in steps of five."""
        share = (at - self.started) / self.seconds if self.seconds > 0 else 1.0
        return float(round(max(0.0, min(share, 1.0)) * 20) * 5)

    def state(self, at: float) -> UploadState:
        """What is shown of it at a moment."""
        end = self.started + self.seconds
        if self.dismissed:
            return UploadState.GONE
        if at < end:
            return UploadState.RUNNING
        if self.outcome is UploadOutcome.FAILED:
            return UploadState.FAILED
        if self.outcome is UploadOutcome.SILENT or at > end + EVIDENCE_SECONDS:
            return UploadState.GONE
        return UploadState.POSTED

    def is_public(self, at: float) -> bool:
        """Whether the reel stands on the profile."""
        return at >= self.started + self.seconds and self.outcome is not UploadOutcome.FAILED
