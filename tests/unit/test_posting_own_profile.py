"""What the own profile and a reel's page say, and when they say nothing for certain."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from engine.posting.own_profile import Reel, newest_tile, posts_shown, reel_shown
from engine.posting.recogniser import Recogniser
from engine.posting.screen import Screen

APP = "com.instagram.android"
NAME = "clay.and.kiln"


def node(name: str = "", *, cls: str = "android.view.View", inside: str = "", **said: Any) -> str:
    words = {"text": said.get("text", ""), "content-desc": said.get("desc", "")}
    written = " ".join(f"{key}={quoteattr(value)}" for key, value in words.items())
    full = f'resource-id="{APP}:id/{name}"' if name else ""
    return (
        f'<node {full} {written} package="{APP}" class="{cls}" bounds="[0,100][720,900]" '
        f'clickable="true">{inside}</node>'
    )


def page(*nodes: str) -> Screen:
    return Recogniser().recognise(f"<hierarchy>{''.join(nodes)}</hierarchy>")


TABS = node("tab_bar", inside="".join(node(f"{tab}_tab") for tab in ("feed", "clips", "profile")))


def profile(count: str, tile: str = f"Reel by {NAME} at row 1, column 1") -> Screen:
    return page(
        node("action_bar_title", text=NAME),
        node("row_profile_header_imageview", desc="Your profile. No story"),
        node("profile_header_familiar_post_count_value", text=count),
        node("button_container", desc="Edit profile"),
        node("image_button", desc=tile),
        TABS,
    )


@pytest.mark.parametrize(
    ("shown", "count"),
    [("0", 0), ("13", 13), ("1,204", 1204), ("1.204", 1204), ("1\u00a0204", 1204), ("12.4K", None),
     ("1,2", None), ("", None), ("many", None), ("13 posts", None)],
)  # fmt: skip
def test_only_an_exact_number_of_posts_counts(shown: str, count: int | None) -> None:
    assert posts_shown(profile(shown)) == count


def test_the_first_cell_is_the_newest_only_where_it_is_a_reel() -> None:
    assert newest_tile(profile("1")) is not None
    assert newest_tile(profile("1", f"Photo by {NAME} at Row 1, Column 1")) is None
    assert newest_tile(profile("1", f"Reel by {NAME} at row 2, column 1")) is None


def test_a_page_that_is_not_the_own_profile_counts_nothing() -> None:
    other = page(
        node("profile_header_follow_button", text="Follow", desc="Follow somebody"),
        node("profile_header_familiar_post_count_value", text="13"),
        TABS,
    )
    assert posts_shown(other) is None


LONG = "A caption about clay, kilns and glazes that nobody could ever show in one line"


@pytest.mark.parametrize(
    ("shown", "caption", "same"),
    [
        ("short", "short", True),
        ("two lines", "two\n\nlines ", True),
        (f"{LONG[:50]} …", LONG, True),
        (f"{LONG[:50]}... more", LONG, True),
        (f"{LONG[:50]}", LONG, False),
        (f"{LONG[:10]} …", LONG, False),
        (f"{LONG[:50]}X …", LONG, False),
        (f"{LONG} …", LONG, False),
        ("short", "Short", False),
        ("", "", False),
        ("…", "anything", False),
        ("waiting …", "waiting …", True),
    ],
)
def test_a_caption_is_the_same_verbatim_or_an_unmistakable_beginning(
    shown: str, caption: str, same: bool
) -> None:
    assert Reel(NAME, shown, None).has_caption(caption) is same


def posts(said: str, *, age: str, author: str = NAME) -> Screen:
    return page(
        node(
            "row_feed_profile_header",
            desc=f"{author} posted a video {age}",
            inside=node("row_feed_photo_profile_name", text=author),
        ),
        node("media_group"),
        node(cls="com.instagram.ui.widget.textview.IgTextLayoutView", text=said),
        node("action_bar_button_back", desc="Back"),
        node("action_bar_title", text="Posts"),
    )


@pytest.mark.parametrize(
    ("age", "most"),
    [("just now", 1), ("7 seconds ago", 8), ("1 minute ago", 120), ("2 hours ago", 10_800),
     ("3 days ago", None), ("December 26, 2025", None), ("", None)],
)  # fmt: skip
def test_a_list_of_posts_tells_author_caption_and_the_most_that_it_may_be_old(
    age: str, most: float | None
) -> None:
    reel = reel_shown(posts(f"{NAME} Sunrise over the kiln", age=age))
    assert reel == Reel(NAME, "Sunrise over the kiln", most)


def test_an_age_in_a_caption_is_not_the_posts() -> None:
    reel = reel_shown(posts(f"{NAME} posted a video just now", age="December 26, 2025"))
    assert reel is not None
    assert reel.age is None
