"""Pages beside the way: search with its grid, and the inbox."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.app.layout import WIDTH, Layout
from simulator.app.nodes import Node, frame, view

_RECYCLER = "androidx.recyclerview.widget.RecyclerView"


def search_page(layout: Layout, people: Sequence[str]) -> list[Node]:
    """The explore grid with its search field."""
    top, low = layout.top, layout.tabs_top
    field = view(
        "EditText",
        (26, top + 13, 694, top + 78),
        id="action_bar_search_edit_text",
        hint="Search",
        flags="CF",
    )
    cells = [
        view(
            "Button",
            (
                place % 3 * 240,
                top + 95 + place // 3 * 315,
                place % 3 * 240 + 236,
                top + 405 + place // 3 * 315,
            ),
            id="image_button",
            desc=f"Reel by {people[place % len(people)]}",
            flags="CF",
        )
        for place in range(6)
    ]
    grid = Node(_RECYCLER, (0, top + 91, WIDTH, low), tuple(cells), "recycler_view", flags="FX")
    bar = frame((0, top, WIDTH, top + 91), field, id="action_bar_container")
    return [frame((0, top, WIDTH, low), bar, grid)]


def inbox_page(layout: Layout, username: str, people: Sequence[str]) -> list[Node]:
    """The inbox with a few chats."""
    top, low = layout.top, layout.tabs_top
    title = view(
        "TextView",
        (26, top + 26, 400, top + 65),
        id="igds_action_bar_title",
        text=username,
        desc=username,
    )
    rows = []
    for place, name in enumerate(people):
        y = top + 180 + place * 110
        text = view("TextView", (124, y + 20, 500, y + 50), id="row_inbox_username", text=name)
        rows.append(
            view("ViewGroup", (0, y, WIDTH, y + 110), text, id="row_inbox_container", flags="CF")
        )
    listing = Node(
        _RECYCLER,
        (0, top + 91, WIDTH, low),
        tuple(rows),
        "inbox_refreshable_thread_list_recyclerview",
        flags="FX",
    )
    return [frame((0, top, WIDTH, low), title, listing)]
