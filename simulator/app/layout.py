"""App builds: the ways in which the same screens differ from phone to phone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

from simulator.app.nodes import Bounds

WIDTH: Final = 720
"""Width of every screen in its own units; ``Layout.scale`` makes pixels of them."""
SCREEN_HEIGHT: Final = 1440


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """One app build on one kind of phone."""

    name: str
    top: int = 48
    """Height of the status bar."""
    bottom: int = 1344
    """Where the phone's own navigation bar begins."""
    scale: float = 1.0
    """Pixels a unit: 1 on a phone 720 wide, 1.5 on one 1080 wide."""
    tab_bar: Literal["message", "create"] = "message"
    """Bottom bar with Message, or the older one with Create in its middle."""
    plus: Literal["left", "right"] = "left"
    """Where the profile has its Create New."""
    menu: tuple[str, ...] = ("Reel", "Edits", "Post", "Story", "Highlight", "Ad")
    typing_keeps_share: bool = False
    """While a caption is typed, Share stays in the tree (the keyboard covers it) or goes away."""
    suggestions: tuple[str, ...] = ("Hashtags", "Link a reel", "Poll", "Prompt")
    progress: Literal["text", "bar", "posting_to"] = "text"
    """How the row of a running upload looks."""
    after_share: Literal["feed", "reels"] = "feed"
    """Tab that Share ends on."""
    posted: Literal["posted_row", "posted_to", "both"] = "posted_row"
    """How the feed says that the reel is posted."""
    reels_title: Literal["plain", "tabs"] = "plain"
    reel_opens: Literal["viewer", "list"] = "viewer"
    """How a reel of the profile's grid is shown: alone, or first in a list of posts."""
    notices: Literal["current", "older"] = "current"
    """Wording of the notices about the account."""

    @property
    def content(self) -> Bounds:
        """Between status bar and navigation bar."""
        return (0, self.top, WIDTH, self.bottom)

    @property
    def tabs_top(self) -> int:
        """Upper edge of the bottom bar."""
        return self.bottom - 78

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as the window rect has them."""
        return round(WIDTH * self.scale), round(self.bottom * self.scale)

    @property
    def screen(self) -> tuple[int, int]:
        """Width and height of the whole display in pixels."""
        return round(WIDTH * self.scale), round(SCREEN_HEIGHT * self.scale)


LAYOUTS: Final = (
    Layout(name="current"),
    Layout(
        name="current-reels",
        top=39,
        bottom=1362,
        menu=("Reel", "Post", "Story", "Highlight", "Ad", "Fundraiser"),
        typing_keeps_share=True,
        suggestions=("Hashtags", "Poll", "Prompt"),
        after_share="reels",
        reels_title="tabs",
    ),
    Layout(
        name="current-wide",
        scale=1.5,
        progress="posting_to",
        posted="posted_to",
        menu=("Reel", "Edits", "Post", "Story", "Highlight", "Ad", "Fundraiser"),
    ),
    Layout(
        name="older",
        tab_bar="create",
        plus="right",
        menu=("Reel", "Post", "Story", "Highlight", "Ad"),
        progress="bar",
        posted="both",
        typing_keeps_share=True,
        reels_title="tabs",
        reel_opens="list",
        notices="older",
    ),
)


def layout_for(seed: int | str) -> Layout:
    """The build that a phone has; the same seed gives the same build."""
    return random.Random(f"layout:{seed}").choice(LAYOUTS)
