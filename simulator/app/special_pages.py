"""Overlays drawn in a way of their own: offers that fill the screen, choosers, stickers."""

from __future__ import annotations

from typing import Final

from simulator.app.frames import bottom_sheet
from simulator.app.layout import SCREEN_HEIGHT, WIDTH, Layout
from simulator.app.nodes import Node, frame, nest, view

_ANDROID: Final = "android"
_STICKERS: Final = ("Location sticker", "Mention Sticker", "Gif sticker search", "Question Sticker")


def save_login(layout: Layout) -> list[Node]:
    """The question whether the login is to be kept; it speaks of logging in."""
    top, low = layout.top, layout.bottom

    def said(y: int, text: str) -> Node:
        return view("View", (52, y, 668, y + 60), text=text, desc=text)

    def button(y: int, label: str) -> Node:
        text = view("View", (231, y + 20, 489, y + 52), text=label, desc=label)
        return view("Button", (32, y, 688, y + 72), text, desc=label, flags="F", action="dismiss")

    parts = [
        said(top + 300, "Save your login info?"),
        said(top + 400, "We'll save the login info for your account, so you won't need to enter"),
        button(low - 200, "Save"),
        button(low - 110, "Not now"),
    ]
    return [frame(layout.content, nest(("FrameLayout/bloks_container",), layout.content, *parts))]


def meta_loading(layout: Layout) -> list[Node]:
    """A page of another service that never comes to an end."""
    top = layout.top
    words = "This may take a few seconds..."
    parts = [
        view("View", (161, 793, 560, 871), text=words, desc=words),
        view("Button", (20, top + 30, 59, top + 102), desc="Close", flags="F", action="dismiss"),
        view("ImageView", (310, top + 56, 410, top + 76), desc="Meta logo"),
    ]
    return [frame(layout.content, *parts)]


def open_with() -> list[Node]:
    """Android's question which app is to open something."""
    bounds = (0, SCREEN_HEIGHT - 300, WIDTH, SCREEN_HEIGHT)
    top = bounds[1]

    def text(place: int, name: str, label: str) -> Node:
        y = top + 40 + place * 70
        return Node(
            "TextView",
            (42, y, 678, y + 40),
            (),
            f"android:id/{name}",
            label,
            package=_ANDROID,
        )

    def button(left: int, name: str, label: str) -> Node:
        return Node(
            "Button",
            (left, top + 230, left + 150, top + 290),
            (),
            f"android:id/{name}",
            label,
            flags="CF",
            action="open_store",
            package=_ANDROID,
        )

    rows = [text(0, "title", "Open with"), text(1, "text1", "A store"), text(2, "text1", "Another")]
    buttons = [button(380, "button_once", "Just once"), button(540, "button_always", "Always")]
    return [Node("FrameLayout", bounds, (*rows, *buttons), package=_ANDROID)]


def story_targets(layout: Layout) -> Node:
    """The sheet that would share a story."""
    height = 511
    top = layout.bottom - height
    title = view(
        "TextView", (163, top + 46, 557, top + 117), id="title_text_view", text="Share", flags="F"
    )
    rows = []
    for place, (row, words_id, label) in enumerate(
        (
            ("row_add_to_story_container", "add_to_story_label", "Your story"),
            ("row_add_to_story_favorites_container", "label", "Close Friends"),
            ("message_row_container", "label", "Message"),
        )
    ):
        y = top + 118 + 98 * place
        words = view("TextView", (124, y + 19, 272, y + 49), id=words_id, text=label)
        rows.append(view("ViewGroup", (0, y, WIDTH, y + 98), words, id=row, flags="CF"))
    share = view(
        "Button",
        (26, top + 426, 694, top + 498),
        view("TextView", (327, top + 447, 392, top + 477), text="Share"),
        id="share_story_button",
        desc="Share",
        flags="F",
        action="share_story",
    )
    return bottom_sheet(layout, height, title, *rows, share)


def stickers(layout: Layout) -> Node:
    """The sheet of the story's stickers."""
    height = 1100
    top = layout.bottom - height
    search = view(
        "EditText", (26, top + 60, 694, top + 117), id="row_search_edit_text", hint="Search"
    )
    cells = [
        view(
            "Button",
            (23 + 170 * place, top + 140, 183 + 170 * place, top + 228),
            id="sticker_sheet_redesign_item",
            desc=desc,
            flags="CF",
        )
        for place, desc in enumerate(_STICKERS)
    ]
    return bottom_sheet(layout, height, search, *cells)
