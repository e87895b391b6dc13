"""What a line of the table of screens is, and what several lines share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.posting.marks import Mark, has, on_page
from engine.posting.screen import Kind, Target
from engine.posting.wording import phrases


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One line of the table."""

    name: str
    kind: Kind
    must: tuple[Mark, ...] = ()
    """All of these."""
    either: tuple[Mark, ...] = ()
    """At least one of these; empty = no such condition."""
    never: tuple[Mark, ...] = ()
    """None of these."""
    confidence: float = 0.95
    answer: tuple[Target, ...] = ()
    """What passes or closes it; the first that is there. Empty: Back."""
    proof: tuple[str, ...] = ()


def by_id(*ids: str) -> tuple[Target, ...]:
    return tuple(Target(id=name) for name in ids)


def labelled(*keys: str) -> tuple[Target, ...]:
    """Buttons with exactly these words, as description or text."""
    words = [phrase for key in keys for phrase in phrases(key)]
    return tuple(target for word in words for target in (Target(desc=word), Target(text=word)))


CLOSE: Final = (*labelled("decline"), *labelled("dismiss"), *labelled("agree"))
"""Words that close a dialog without consequence, the most reserved first."""

TAB_IDS: Final = (
    "feed_tab",
    "clips_tab",
    "profile_tab",
    "search_tab",
    "direct_tab",
    "creation_tab",
    "tab_bar",
)
TABS: Final = on_page(*TAB_IDS)
FURNITURE: Final = has(
    "feed_tab",
    "clips_tab",
    "profile_tab",
    "search_tab",
    "tab_bar",
    "action_bar_search_edit_text",
    "clips_media_component",
    "media_group",
    "row_feed_profile_header",
    "reel_viewer_text_container",
    "reel_viewer_title",
    "quick_capture_root_container",
    "gallery_grid_item_thumbnail",
    "caption_input_text_view",
    "profile_header_container",
    "row_profile_header_imageview",
    "row_comment_textview_comment",
    "direct_text_message_text_view",
    "message_content",
    "recommended_user_row_content_identifier",
    "in_app_browser_title",
    "ig_browser_text_title",
    "reels_tray_container",
)
"""An account notice fills the screen or a dialog: beside any of
this, words are somebody's words."""
