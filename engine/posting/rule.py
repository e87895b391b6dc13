"""What a line of the table of screens is, and what several lines share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.posting.marks import Furniture, Mark, on_page
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


CLOSE: Final = (
    *labelled("decline"),
    *labelled("dismiss"),
    *labelled("acknowledge"),
    *labelled("agree"),
)
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
FURNITURE: Final = Furniture(
    ids=(
        *TAB_IDS,
        "action_bar_title",
        "feed_action_row",
        "media_group",
        "message_content",
        "title_logo",
    ),
    prefixes=(
        "action_bar_search",
        "browser_",
        "camera_",
        "caption_input",
        "clips_",
        "comment_composer",
        "direct_",
        "explore_",
        "follow_list",
        "gallery_",
        "ig_browser_",
        "in_app_browser",
        "media_header",
        "metadata_location",
        "netego_",
        "newsfeed_",
        "preview_clip_",
        "profile_header_",
        "quick_capture_",
        "recommended_user",
        "reel_viewer_",
        "reels_tray",
        "row_comment_",
        "row_feed_",
        "row_inbox_",
        "row_newsfeed",
        "row_pending_",
        "row_profile_header",
        "row_recommended_",
        "row_simple_text",
        "row_thread_",
        "similar_accounts",
        "sticker_",
        "suggested_",
        "use_in_camera",
    ),
)
"""An account notice fills the screen or a dialog: beside any of
this, words are somebody's words."""
