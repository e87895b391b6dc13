"""The own profile and the sheet "Create" that its + opens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulator.app.frames import bottom_sheet
from simulator.app.layout import WIDTH, Layout
from simulator.app.nodes import Bounds, Node, frame, nest, view

_RECYCLER = "androidx.recyclerview.widget.RecyclerView"

_MENU_DESC: Final = {
    "Reel": "Create new reel",
    "Post": "Create new post",
    "Story": "Create new story",
    "Fundraiser": "Create new fundraiser",
}
_MENU_ACTION: Final = {"Reel": "create:reel", "Post": "create:post", "Story": "create:story"}


def profile_page(layout: Layout, username: str, reels: Sequence[str], count: int) -> list[Node]:
    """The own profile; ``reels`` are the newest first, ``count`` all of them."""
    top, tabs = layout.top, layout.tabs_top
    whole = (0, top, WIDTH, tabs)
    header = view(
        "LinearLayout",
        (0, top + 91, WIDTH, top + 744),
        _header(top + 91, username, count),
        _actions(top + 486),
        _highlights(top + 558),
        id="profile_header_container",
    )
    bar = view(
        "LinearLayout",
        (0, top + 91, WIDTH, top + 823),
        header,
        _grid_tabs(top + 744),
        id="tab_appbar",
    )
    root = view(
        "ViewGroup",
        whole,
        bar,
        _grid(top + 823, tabs, username, reels),
        id="coordinator_root_layout",
    )
    inner = frame(whole, root, _top_bar(layout, username))
    return [frame(whole, inner, id="user_detail_fragment")]


def _header(top: int, username: str, count: int) -> Node:
    avatar = view(
        "FrameLayout",
        (39, top + 43, 170, top + 174),
        view(
            "ImageView",
            (39, top + 43, 170, top + 174),
            id="row_profile_header_imageview",
            desc="Your profile. No story",
        ),
        id="row_profile_header_imageview_frame_layout",
        flags="LF",
        action="story:own",
    )
    name = view(
        "TextView",
        (208, top + 43, 259, top + 71),
        id="profile_header_full_name_above_vanity",
        text=username.title(),
    )
    figures = []
    for place, (name_id, box_id, word, value) in enumerate(
        (
            ("post_count", "post_count_front_familiar", "posts", count),
            ("followers", "followers_stacked_familiar", "followers", 128),
            ("following", "following_stacked_familiar", "following", 97),
        )
    ):
        left = 208 + place * 162
        figures.append(
            view(
                "View",
                (left, top + 71, left + 162, top + 157),
                view(
                    "TextView",
                    (left, top + 84, left + 40, top + 117),
                    id=f"profile_header_familiar_{name_id}_value",
                    text=str(value),
                ),
                view(
                    "TextView",
                    (left, top + 117, left + 100, top + 144),
                    id=f"profile_header_familiar_{name_id}_label",
                    text=word,
                ),
                id=f"profile_header_{box_id}",
                desc=f"{value}{word}",
                flags="CF",
            )
        )
    metrics = view(
        "LinearLayout",
        (208, top + 71, 694, top + 157),
        *figures,
        id="profile_header_metrics_full_width",
    )
    return view(
        "ViewGroup", (0, top, WIDTH, top + 348), avatar, name, metrics, id="row_profile_header"
    )


def _actions(top: int) -> Node:
    buttons = []
    for left, label in ((20, "Edit profile"), (365, "Share profile")):
        bounds = (left, top, left + 335, top + 52)
        text = view("TextView", (left + 100, top + 11, left + 230, top + 41), text=label)
        button = view("Button", bounds, text, id="button_container", desc=label, flags="CF")
        buttons.append(view("ViewGroup", bounds, button))
    band = (0, top, WIDTH, top + 52)
    return nest(("LinearLayout/", "LinearLayout/profile_header_actions_top_row"), band, *buttons)


def _highlights(top: int) -> Node:
    new = view(
        "LinearLayout",
        (3, top, 154, top + 170),
        view("TextView", (3, top + 134, 154, top + 160), id="label", text="New"),
        id="create_highlight_button_view",
        desc="Create highlight",
        flags="CF",
    )
    band = (0, top, WIDTH, top + 170)
    row = Node(
        _RECYCLER, band, (new, _highlight(top)), "highlights_reel_tray_recycler_view", flags="FX"
    )
    return view("LinearLayout", band, row, id="highlights_tray")


def _highlight(top: int) -> Node:
    """A highlight whose title is a word of the app's login page."""
    title = view("TextView", (176, top + 134, 283, top + 160), id="username", text="Sign in")
    return view("LinearLayout", (154, top, 305, top + 170), title, id="outer_container", flags="CF")


def _grid_tabs(top: int) -> Node:
    tabs = []
    for place, desc in enumerate(("Grid view", "Reels", "Photos of you")):
        bounds = (place * 240, top, place * 240 + 240, top + 78)
        mark = "S" if place == 0 else ""
        icon = view("ImageView", bounds, id="profile_tab_icon_view", desc=desc, flags=f"CF{mark}")
        tabs.append(view("LinearLayout", bounds, icon, flags=f"F{mark}"))
    band = (0, top, WIDTH, top + 79)
    layout = view("HorizontalScrollView", band, *tabs, id="profile_tab_layout", flags="F")
    return view("LinearLayout", band, layout, id="profile_tabs_container")


def _grid(top: int, bottom: int, username: str, reels: Sequence[str]) -> Node:
    rows = []
    for row in range(0, min(len(reels), 6), 3):
        y = top + 6 + row // 3 * 321
        if y >= bottom:
            break
        cells = []
        for column in range(min(3, len(reels) - row)):
            bounds: Bounds = (column * 242, y, column * 242 + 236, min(y + 315, bottom))
            button = view(
                "Button",
                bounds,
                id="image_button",
                desc=f"Reel by {username.title()} at row {row // 3 + 1}, column {column + 1}",
                flags="LF",
                action=f"open_reel:{row + column}",
            )
            cells.append(frame(bounds, frame(bounds, button)))
        rows.append(
            view(
                "LinearLayout",
                (0, y, WIDTH, min(y + 321, bottom)),
                *cells,
                id="media_set_row_content_identifier",
            )
        )
    area = (0, top, WIDTH, bottom)
    listing = Node(_RECYCLER, area, tuple(rows), "android:id/list", flags="F")
    return Node(
        "androidx.viewpager.widget.ViewPager", area, (listing,), "profile_viewpager", flags="F"
    )


def _top_bar(layout: Layout, username: str) -> Node:
    top = layout.top
    bottom = top + 91

    def button(left: int, desc: str, action: str = "") -> Node:
        return view(
            "ImageView", (left, top, left + 79, bottom), desc=desc, flags="CF", action=action
        )

    plus_left = layout.plus == "left"
    create = button(0 if plus_left else 549, "Create New", "create_new")
    right = [button(628, "Options")]
    right.insert(0, button(549, "View profile on Threads") if plus_left else create)
    name = view(
        "LinearLayout",
        (105, top, 549, bottom),
        view(
            "TextView", (183, top, 519, bottom), id="action_bar_title", text=username, desc=username
        ),
        id="action_bar_username_container",
        flags="CF",
    )
    left_buttons = view(
        "LinearLayout",
        (0, top, 79, bottom),
        *((create,) if plus_left else ()),
        id="left_action_bar_buttons",
    )
    right_buttons = view(
        "LinearLayout", (549, top, 707, bottom), *right, id="right_action_bar_buttons"
    )
    row = view(
        "LinearLayout",
        (0, top, 707, bottom),
        left_buttons,
        name,
        right_buttons,
        id="action_bar_layout",
    )
    return frame((0, top, WIDTH, bottom), row, id="profile_action_bar")


def create_menu(layout: Layout) -> Node:
    """The bottom sheet "Create" with its rows."""
    height = 118 + 88 * (len(layout.menu) + 1)
    top = layout.bottom - height
    title = view(
        "ViewGroup",
        (0, top + 46, WIDTH, top + 117),
        view(
            "TextView",
            (163, top + 46, 557, top + 117),
            id="title_text_view",
            text="Create",
            flags="F",
        ),
        id="nav_buttons_and_title_container",
    )
    rows = []
    for place, label in enumerate(layout.menu):
        y = top + 118 + 88 * place
        rows.append(_menu_row(y, label))
    area = (0, top + 118, WIDTH, layout.bottom)
    listing = Node(_RECYCLER, area, tuple(rows), "recycler_view", flags="F")
    body = frame(area, listing, id="bottom_sheet_container_view")
    return bottom_sheet(layout, height, title, body)


def _menu_row(y: int, label: str) -> Node:
    words = view(
        "ViewGroup",
        (91, y, 694, y + 88),
        view(
            "ViewGroup",
            (91, y + 27, 200, y + 60),
            view("TextView", (91, y + 27, 200, y + 60), id="label", text=label),
            id="labels_wrapper",
        ),
        id="label_container",
    )
    return view(
        "Button",
        (0, y, WIDTH, y + 88),
        view("ImageView", (26, y + 24, 65, y + 63), id="image"),
        words,
        desc=_MENU_DESC.get(label, label),
        flags="CF",
        action=_MENU_ACTION.get(label, ""),
    )
