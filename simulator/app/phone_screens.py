"""What is on the screen when it is not the app's own page: launcher, start-up, other apps."""

from __future__ import annotations

from typing import Final

from simulator.app.layout import SCREEN_HEIGHT, WIDTH, Layout
from simulator.app.nodes import Node, frame, nest, view

LAUNCHER: Final = "com.android.launcher3"
PLAY_STORE: Final = "com.android.vending"
SETTINGS: Final = "com.android.settings"
CHROME: Final = "com.android.chrome"
CLIPS: Final = "com.zhiliaoapp.musically"
"""Another app for short videos; its tabs and buttons read like those of ours."""
SEARCH_BOX: Final = "com.android.quicksearchbox"
DRAWER: Final = f"{LAUNCHER}/drawer"
"""The launcher with the list of all apps."""
OTHER_APPS: Final = (PLAY_STORE, SETTINGS, CHROME, CLIPS, SEARCH_BOX)
_WHOLE: Final = (0, 0, WIDTH, SCREEN_HEIGHT)
_OTHER_WORDS: Final = {
    PLAY_STORE: ("Instagram", "Uninstall", "Open"),
    SETTINGS: ("App info", "Open", "Force stop"),
    CHROME: ("Log in • Instagram", "Log in", "Sign up"),
    CLIPS: ("For You", "Next", "Post", "Profile"),
    SEARCH_BOX: ("", "Search"),
}
"""What each says: a title, then its buttons."""


def home(layout: Layout) -> list[Node]:
    """Android's home screen; it has no icon of the posting app."""

    def icon(label: str, left: int, top: int, bottom: int) -> Node:
        return view(
            "TextView",
            (left, top, left + 173, bottom),
            text=label,
            desc=label,
            flags="CLF",
            package=LAUNCHER,
        )

    def box(cls: str, bounds: tuple[int, int, int, int], *children: Node, name: str = "") -> Node:
        return view(cls, bounds, *children, id=name, package=LAUNCHER)

    low = layout.bottom
    search = view(
        "ImageView",
        (29, 163, 107, 241),
        id="com.android.quicksearchbox:id/search_icon",
        flags="C",
        package="com.android.quicksearchbox",
    )
    page = box(
        "ViewGroup",
        (14, 57, 706, 1223),
        search,
        icon("Gallery", 187, 930, 1221),
        icon("Play Store", 533, 930, 1221),
    )
    workspace = box("ScrollView", _WHOLE, page, name="workspace")
    seats = [
        icon(label, 14 + place * 173, 1262, 1360)
        for place, label in enumerate(("Phone", "Messaging", "Chrome", "Camera"))
    ]
    layer = box(
        "FrameLayout",
        _WHOLE,
        box("View", _WHOLE, name="scrim_view"),
        workspace,
        view("View", (0, layout.top, WIDTH, low), desc="Home", package=LAUNCHER),
        box("ViewGroup", (0, 1262, WIDTH, SCREEN_HEIGHT), *seats, name="hotseat"),
        name="drag_layer",
    )
    launcher = box("FrameLayout", _WHOLE, layer, name="launcher")
    content = box("FrameLayout", _WHOLE, launcher, name="android:id/content")
    return [box("FrameLayout", _WHOLE, box("LinearLayout", _WHOLE, content))]


def splash() -> list[Node]:
    """The app's start-up logo: nothing to read."""
    logo = view("ImageView", (264, 600, 456, 792))
    chain = ("LinearLayout/", "FrameLayout/android:id/content")
    return [frame(_WHOLE, nest(chain, _WHOLE, logo))]


def drawer(layout: Layout) -> list[Node]:
    """The launcher's list of all apps; ours is among them."""
    icons = []
    for place, label in enumerate(("Calculator", "Chrome", "Files", "Instagram", "Play Store")):
        left, top = place % 4 * 180, 142 + place // 4 * 196
        icons.append(
            view(
                "TextView",
                (left, top, left + 180, top + 196),
                id=f"{LAUNCHER}:id/icon",
                text=label,
                desc=label,
                flags="CLF",
                action="start_app" if label == "Instagram" else "",
                package=LAUNCHER,
            )
        )
    apps = view(
        "GridView", (0, 93, WIDTH, layout.bottom), *icons, id="apps_list_view", package=LAUNCHER
    )
    return [view("FrameLayout", _WHOLE, apps, id="launcher", package=LAUNCHER)]


def other_app(package: str) -> list[Node]:
    """Another app is in front."""
    title, *buttons = _OTHER_WORDS[package]
    said = view("TextView", (26, 120, 694, 180), text=title, package=package)
    rows = [
        view(
            "Button",
            (26 + 220 * place, 220, 226 + 220 * place, 290),
            text=label,
            flags="CF",
            package=package,
        )
        for place, label in enumerate(buttons)
    ]
    content = view("FrameLayout", _WHOLE, said, *rows, id="android:id/content", package=package)
    return [view("FrameLayout", _WHOLE, content, package=package)]
