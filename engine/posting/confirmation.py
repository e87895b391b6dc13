"""After Share: what proves that this upload is posted, what speaks against it, what may be touched.

Reports of earlier uploads may still stand on the screen. They are told from ours by counting: only
a report of success beyond what older ones can account for is ours.
"""

from __future__ import annotations

import sys
from typing import Final

from engine.posting.rule import by_id, labelled
from engine.posting.screen import ACCOUNT_VERDICTS, DIMMER, Kind, Screen
from engine.posting.state import Tally
from engine.posting.steps import Back, Tap
from engine.posting.uploads import Place, UploadState

_DECLINE: Final = labelled("decline")
_FEED_TAB: Final = by_id("feed_tab")
_COVERS: Final = frozenset({Kind.DIALOG_DISMISSIBLE, Kind.SHARE_SHEET, Kind.PERMISSION_DIALOG})
_ASKS_FIRST: Final = frozenset({"limited_reach", "against_rules", "original_audio_notice"})
"""Rules of notices whose own Share would publish: the app has not published yet."""


class Confirmation:
    """The watch over one upload after its Share."""

    def __init__(self, before: Tally | None, shared_from: str) -> None:
        """``before``: what the feed reported before Share, None where nobody saw it: then any
        report may be an older upload's until ours was seen running. ``shared_from``: rule of the
        screen whose Share was tapped; it may stay for a moment.
        """
        self._shared_from = shared_from
        self._looked = before is not None
        self._before = before or Tally()
        self._old_rows = before.posted_rows if before is not None else sys.maxsize
        """Rows of success that older uploads can account for at most."""
        self._running_seen = False
        self._last: Screen | None = None

    def proof(self, screen: Screen) -> str:
        """The app's words that this upload is posted; empty without them."""
        self._last = screen
        now = Tally.of(screen.uploads)
        self._running_seen |= now.running > 0
        if screen.on_feed and now.running:
            # While ours runs, every row of success is an older one's.
            self._old_rows = min(self._old_rows, now.posted_rows)
        if now.running or screen.page.covered:
            return ""
        rows = (
            screen.on_feed
            and now.posted_rows > self._old_rows
            and now.failed >= self._before.failed
        )
        bar = not self._before.reports_old and (self._looked or self._running_seen)
        believed = {Place.ROW: rows, Place.BAR: bar}
        for upload in screen.uploads:
            if upload.state is UploadState.POSTED and believed[upload.place]:
                return f'The app says: "{upload.text}"'
        return ""

    def refusal(self, screen: Screen) -> str:
        """What the app says against the upload, so that waiting is in vain; else empty."""
        if screen.kind in ACCOUNT_VERDICTS:
            return f"the app showed {ACCOUNT_VERDICTS[screen.kind]} ({screen.rule})"
        if screen.rule in _ASKS_FIRST and screen.rule != self._shared_from:
            return f"the app asks once more before it publishes ({screen.rule})"
        failed = Tally.of(screen.uploads).failed
        if failed > self._before.failed and not screen.page.covered:
            text = next(u.text for u in screen.uploads if u.state is UploadState.FAILED)
            return f'the app says "{text}"'
        return ""

    def uncovering(self, screen: Screen) -> Tap | Back | None:
        """How to get to see the app's word: decline, touch beside a sheet, Back; never agree.

        The bar over the Reels tab does not say whose upload it speaks of: where older ones may be
        meant, the rows above the feed are looked at.
        """
        if screen.kind in _COVERS and screen.rule != self._shared_from:
            close = screen.find(*_DECLINE, DIMMER)
            return Tap(close, "uncover the app") if close is not None else Back("uncover the app")
        mistakable = self._before.reports_old or not self._looked
        if mistakable and not screen.on_feed and not screen.page.covered:
            feed = screen.find(*_FEED_TAB)
            return Tap(feed, "look at the rows above the feed") if feed is not None else None
        return None

    def seen(self) -> str:
        """What was seen last, for the operator."""
        if self._last is None:
            return "the screen could not be read"
        progress = (
            "the upload was seen running, no word of its end"
            if self._running_seen
            else ("no sign of the upload")
        )
        return f"{progress}, last screen {self._last}"
