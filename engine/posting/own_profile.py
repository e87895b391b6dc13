"""What the own profile and a reel opened from it say: posts, author, caption, age.

Only exact words count. A number that the app rounds ("12.4K"), an age in days, or a caption whose
shown part differs in a single character says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from engine.posting.page import Node, Page
from engine.posting.screen import Kind, Screen

_COUNT: Final = (
    "profile_header_familiar_post_count_value",
    "row_profile_header_textview_post_count",
)
_COUNT_BOX: Final = ("profile_header_post_count_front_familiar",)
_NUMBER: Final = re.compile(r"\d{1,3}(?:[,.\s]\d{3})+|\d+")
_BOXED: Final = re.compile(rf"({_NUMBER.pattern})\s*posts?", re.IGNORECASE)

TILE: Final = "image_button"
"""One cell of a profile's grid."""
_FIRST_TILE: Final = re.compile(r"reel by .* at row 1, column 1$", re.IGNORECASE | re.DOTALL)

_NAME: Final = "action_bar_title"
_REEL_AUTHOR: Final = "clips_author_username"
_REEL_CAPTION: Final = "clips_caption_component"
_LIST_HEADER: Final = "row_feed_profile_header"
_LIST_AUTHOR: Final = "row_feed_photo_profile_name"
_LIST_CAPTION: Final = "IgTextLayoutView"

_CUT: Final = re.compile(r"\s*(?:…|\.\.\.)\s*(?:more)?$")
_SPACE: Final = re.compile(r"\s+")
_SHORTEST_CUT: Final = 20
"""A shown beginning shorter than this could be that of many captions."""

_AGE: Final = re.compile(r" posted an? [\w ]+? (?:(\d+) (second|minute|hour)s? ago|just now)$")
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Reel:
    """One post as its page shows it."""

    author: str
    caption: str
    """As shown: often only its beginning, with an ellipsis."""
    age: float | None
    """Seconds that it may be old at most; None where the page does not say."""

    def has_caption(self, caption: str) -> bool:
        """The shown text is this caption, or an unmistakable beginning of it.

        White space is folded, since a playing reel shows a caption in one line.
        """
        shown, whole = _folded(self.caption), _folded(caption)
        if shown == whole:
            return bool(whole)
        beginning = _CUT.sub("", shown)
        return (
            beginning != shown
            and len(beginning) >= _SHORTEST_CUT
            and len(beginning) < len(whole)
            and whole.startswith(beginning)
        )


def is_own_profile(screen: Screen) -> bool:
    """The account's own profile, with nothing on top of it."""
    own = screen.kind is Kind.PROFILE and screen.rule == "own_profile"
    return own and not screen.page.covered


def posts_shown(screen: Screen) -> int | None:
    """How many posts the own profile counts; None where it does not say so exactly."""
    if not is_own_profile(screen):
        return None
    page = screen.page
    for name in _COUNT:
        for node in page.by_id.get(name, ()):
            return _number(node.text)
    for name in _COUNT_BOX:
        for node in page.by_id.get(name, ()):
            match = _BOXED.fullmatch(node.desc.strip())
            return _number(match[1]) if match else None
    return None


def account_name(screen: Screen) -> str:
    """Whose profile it is."""
    return next((node.label.strip() for node in screen.page.by_id.get(_NAME, ())), "")


def newest_tile(screen: Screen) -> Node | None:
    """The first cell of the grid, where it holds a reel."""
    for node in screen.page.by_id.get(TILE, ()):
        if not node.bounds.empty:
            return node if _FIRST_TILE.match(node.desc.strip()) else None
    return None


def reel_shown(screen: Screen) -> Reel | None:
    """The post that fills the screen, or stands first in a list of posts; None without one."""
    page = screen.page
    if page.covered or screen.kind not in (Kind.REEL_VIEW, Kind.REELS_FEED):
        return None
    return _playing(page) or _listed(page)


def _playing(page: Page) -> Reel | None:
    author = next(iter(page.by_id.get(_REEL_AUTHOR, ())), None)
    box = next(iter(page.by_id.get(_REEL_CAPTION, ())), None)
    if author is None or box is None:
        return None
    inside = (
        node for node in page.nodes if node.index >= box.index and box.bounds.holds(node.bounds)
    )
    words = next((node.label for node in inside if node.label.strip()), "")
    return Reel(_plain(author.label), words, None)


def _listed(page: Page) -> Reel | None:
    headers = page.by_id.get(_LIST_HEADER, ())
    author = next(iter(page.by_id.get(_LIST_AUTHOR, ())), None)
    if not headers or author is None:
        return None
    first = headers[0].index
    end = headers[1].index if len(headers) > 1 else page.nodes[-1].index + 1
    name = _plain(author.label)
    for node in page.nodes:
        if first <= node.index < end and node.cls.endswith(_LIST_CAPTION):
            said = node.label.strip()
            if said.startswith(f"{name} "):
                return Reel(name, said[len(name) + 1 :], _age(headers[0], name))
    return None


def _age(header: Node, name: str) -> float | None:
    """Upper bound in seconds, from the app's own words behind the author's name."""
    said = header.desc.strip()
    match = _AGE.fullmatch(said[len(name) :].lower()) if said.startswith(name) else None
    if match is None:
        return None
    return (int(match[1]) + 1.0) * _SECONDS[match[2]] if match[1] else 1.0


def _number(text: str) -> int | None:
    said = text.strip()
    return int(re.sub(r"\D", "", said)) if _NUMBER.fullmatch(said) else None


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").strip()


def _folded(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
