"""What the flow knows of its one upload: how far it is, and what was there before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.posting.uploads import Place, Upload, UploadState


@dataclass(frozen=True, slots=True)
class Tally:
    """How many uploads of each state a screen reports, by place."""

    running: int = 0
    failed: int = 0
    posted_rows: int = 0
    posted_bars: int = 0

    @classmethod
    def of(cls, uploads: Sequence[Upload]) -> Tally:
        def count(state: UploadState, *places: Place) -> int:
            return sum(item.state is state and item.place in places for item in uploads)

        return cls(
            running=count(UploadState.RUNNING, Place.ROW, Place.BAR),
            failed=count(UploadState.FAILED, Place.ROW),
            posted_rows=count(UploadState.POSTED, Place.ROW),
            posted_bars=count(UploadState.POSTED, Place.BAR),
        )

    @property
    def reports_old(self) -> bool:
        """Something of earlier uploads stands there that could be taken for a later one's."""
        return bool(self.failed or self.posted_rows or self.posted_bars)


@dataclass(slots=True)
class FlowState:
    """The flow's memory; it, not the screen alone, decides what may be done."""

    caption: str
    video_chosen: bool = False
    """In this run of the app: a draft that we did not begin is never shared."""
    began: bool = False
    """A video was chosen in this attempt, also before a restart of the app."""
    caption_tries: int = 0
    notice_expected: bool = False
    """Next was tapped on the share form, so a notice with its own Share follows."""
    submitted: bool = False
    """Share was, or is being, tapped: from here on only looking is allowed."""
    before: Tally | None = None
    """Uploads that the feed reported before we began; ``None`` = the feed was not seen yet."""
    discards: int = 0
    unknown_looks: int = 0
    """Looks in a row at a screen that no rule knows."""
    failed_looks: int = 0
    """Looks in a row, after Share, at which the session did not answer."""
    wants_count: bool = False
    """A doubt may be looked into later: the own profile is passed, and its posts are counted."""
    own_posts: int | None = None
    """Posts that the own profile counted before we began; ``None`` = it was not seen."""
    shared_at: float | None = None
    """The flow's clock when Share was about to be tapped."""
    notes: list[str] = field(default_factory=list)
    """What the operator should know about this upload."""

    def begin_draft(self) -> None:
        """A video was chosen: what was done to an earlier draft, now lost, does not count."""
        self.video_chosen = self.began = True
        self.caption_tries = 0
        self.notice_expected = False

    def forget_app(self) -> None:
        """The app is started anew: what was chosen in it is gone."""
        self.video_chosen = False
        self.caption_tries = 0
        self.notice_expected = False
        self.unknown_looks = 0

    def caption_stands(self, shown: str, *, hint: bool) -> bool:
        """We entered the caption and the field holds it; a line break's encoding does not count.

        An empty field shows its prompt, which may equal a caption.
        """
        entered = self.caption_tries > 0 and not hint
        return entered and _unified(shown) == _unified(self.caption)


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
