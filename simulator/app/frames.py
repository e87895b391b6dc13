"""What stands around every screen: the main activity with its tabs, the others, bottom sheets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulator.app.layout import SCREEN_HEIGHT, WIDTH, Layout
from simulator.app.nodes import Bounds, Node, frame, nest, view

_DIMMER_DESC: Final = "@2131954894"
"""The app's own slip: an unresolved string resource as description."""

_TABS: Final = {
    "message": ("feed", "clips", "direct", "search", "profile"),
    "create": ("feed", "search", "creation", "clips", "profile"),
}
_TAB_DESC: Final = {
    "feed": "Home",
    "clips": "Reels",
    "direct": "Message",
    "search": "Search and explore",
    "creation": "Create",
    "profile": "Profile",
}


def main_activity(
    layout: Layout,
    tab: str,
    page: Sequence[Node],
    *,
    sheet: Sequence[Node] = (),
    snackbar: Sequence[Node] = (),
) -> list[Node]:
    """The activity with the bottom bar; ``sheet`` lies over it and leaves the page in the tree."""
    left, top, right, bottom = layout.content
    area = (left, top, right, layout.tabs_top)
    pager = nest(
        (
            "androidx.viewpager.widget.ViewPager/swipeable_tab_view_pager",
            "androidx.recyclerview.widget.RecyclerView/swipeable_nav_view_pager_inner_recycler_view",
            "FrameLayout/",
            "FrameLayout/layout_container_swipeable",
        ),
        area,
        *page,
    )
    main = (
        nest(("FrameLayout/layout_container_main",), area, *page)
        if layout.tab_bar == "create"
        else pager
    )
    panel = nest(
        ("ViewGroup/layout_container_main_panel", "FrameLayout/layout_container_main_wrapper"),
        layout.content,
        main,
        view("View", (0, layout.tabs_top - 1, WIDTH, layout.tabs_top), id="tab_bar_shadow"),
        tab_bar(layout, tab),
    )
    above = frame(layout.content, *sheet, id="activity_and_camera_shared_views_main_container")
    whole = (0, 0, WIDTH, bottom)
    root = nest(
        ("FrameLayout/", "FrameLayout/swipe_navigation_container"),
        (0, 0, WIDTH, SCREEN_HEIGHT),
        frame(whole, id="bottom_sheet_camera_container"),
        view(
            "ViewGroup",
            whole,
            panel,
            above,
            id="layout_container_center_right_coordinator_layout",
        ),
        frame(whole, *snackbar, id="overlay_layout_container"),
    )
    return _window(layout, root)


def modal_activity(layout: Layout, *page: Node, sheet: Sequence[Node] = ()) -> list[Node]:
    """An activity without the bottom bar: the reel's making, notices on the account."""
    root = nest(
        ("ViewGroup/layout_container_parent",),
        (0, 0, WIDTH, SCREEN_HEIGHT),
        frame(layout.content, *page, id="layout_container_main"),
        *sheet,
    )
    return _window(layout, root)


def _window(layout: Layout, root: Node) -> list[Node]:
    whole = (0, 0, WIDTH, SCREEN_HEIGHT)
    chain = (
        "LinearLayout/",
        "FrameLayout/",
        "LinearLayout/action_bar_root",
        "FrameLayout/android:id/content",
    )
    status = view("View", (0, 0, WIDTH, layout.top), id="android:id/statusBarBackground")
    return [frame(whole, nest(chain, whole, root), status)]


def tab_bar(layout: Layout, selected: str) -> Node:
    """The bottom bar with its five tabs; ``selected`` is the tab whose page is shown."""
    top, bottom = layout.tabs_top, layout.bottom
    tabs = []
    for place, name in enumerate(_TABS[layout.tab_bar]):
        left = place * 144
        bounds = (left, top, left + 144, bottom)
        mark = "S" if name == selected else ""
        tabs.append(
            view(
                "FrameLayout",
                bounds,
                *_tab_inside(name, bounds, mark),
                id=f"{name}_tab",
                desc=_TAB_DESC[name],
                flags=f"CLF{mark}",
                action=f"tab:{name}",
            )
        )
    return view("LinearLayout", (0, top, WIDTH, bottom), *tabs, id="tab_bar")


def _tab_inside(name: str, bounds: Bounds, mark: str) -> tuple[Node, ...]:
    left, top = bounds[0], bounds[1]
    if name != "profile":
        spot = (left + 52, top + 19, left + 91, top + 58)
        return (view("ImageView", spot, id="tab_icon", flags=mark),)
    spot = (left + 48, top + 15, left + 97, top + 64)
    avatar = view("ImageView", spot, id="tab_avatar", flags=mark)
    holder = view("FrameLayout", spot, avatar, id="container", flags=mark)
    return (view("ViewGroup", bounds, holder, id="wrapper", flags=mark),)


def bottom_sheet(layout: Layout, height: int, *content: Node) -> Node:
    """A sheet of ``height`` units at the bottom; what it covers stays in the tree, dimmed."""
    top = layout.bottom - height
    bounds = (0, top, WIDTH, layout.bottom)
    handle = view(
        "FrameLayout",
        (0, top, WIDTH, top + 46),
        view(
            "ImageView", (334, top, 386, top + 46), id="bottom_sheet_drag_handle_prism", flags="CF"
        ),
        id="bottom_sheet_drag_handle_frame",
    )
    body = view("ViewGroup", bounds, handle, *content, id="bottom_sheet_container")
    return frame(
        layout.content,
        view(
            "Button",
            layout.content,
            id="background_dimmer",
            desc=_DIMMER_DESC,
            flags="F",
            action="dismiss",
        ),
        view("FrameLayout", bounds, body, id="layout_container_bottom_sheet", flags="CF"),
        id="bottom_sheet_container",
    )


def title_bar(layout: Layout, title: str, *right: Node) -> Node:
    """The app's own title bar with Back, as on the share form."""
    top = layout.top
    bounds = (0, top, WIDTH, top + 91)
    inner = view(
        "LinearLayout",
        (0, top, 634 if right else 707, top + 91),
        view(
            "ImageView",
            (0, top, 91, top + 91),
            id="action_bar_button_back",
            desc="Back",
            flags="F",
            action="back",
        ),
        nest(
            ("LinearLayout/", "LinearLayout/action_bar_title_and_icons"),
            (91, top + 26, 275, top + 65),
            view(
                "TextView",
                (117, top + 26, 255, top + 65),
                id="action_bar_title",
                text=title,
                desc=title,
            ),
        ),
        id="action_bar_new_title_container",
        flags="CF",
    )
    bar = view("LinearLayout", bounds, inner, *right, id="action_bar", flags="CF")
    return nest(("FrameLayout/action_bar_container", "FrameLayout/action_bar_wrapper"), bounds, bar)
