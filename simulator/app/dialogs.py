"""Everything that can lie on top of a screen: alerts, system questions, bottom sheets.

A *window* is a page source of its own (what it covers is not in the tree); a *sheet* lies in the
tree of the screen below, whose nodes stay there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from simulator.app.dialog_words import (
    ALERTS,
    DRAFT_ROWS,
    PERMISSIONS,
    SHEETS,
    STORY_PARTS,
    SYSTEM,
    Alert,
    Dialog,
    Sheet,
)
from simulator.app.frames import bottom_sheet
from simulator.app.layout import WIDTH, Layout
from simulator.app.nodes import Bounds, Node, frame, nest, view
from simulator.app.profile import create_menu
from simulator.app.special_pages import (
    meta_loading,
    open_with,
    save_login,
    stickers,
    story_targets,
)

PERMISSION_PACKAGE: Final = "com.android.permissioncontroller"
ANDROID_PACKAGE: Final = "android"


def is_window(dialog: Dialog) -> bool:
    """Whether it hides the screen below from the page source."""
    in_tree = (Dialog.SAVE_DRAFT, Dialog.CREATE_MENU, *STORY_PARTS)
    return dialog not in SHEETS and dialog not in in_tree


def sheet(layout: Layout, dialog: Dialog) -> Node:
    """The node of a bottom sheet."""
    if dialog is Dialog.CREATE_MENU:
        return create_menu(layout)
    if dialog is Dialog.SAVE_DRAFT:
        return _save_draft(layout)
    if dialog in STORY_PARTS:
        return (story_targets if dialog is Dialog.STORY_TARGETS else stickers)(layout)
    return _sheet(layout, SHEETS[dialog])


def window(layout: Layout, dialog: Dialog) -> list[Node]:
    """The roots of a dialog that is a window of its own."""
    build: Callable[[Layout], list[Node]]
    if dialog in ALERTS:
        return _alert(ALERTS[dialog])
    if dialog in PERMISSIONS:
        return _permission(dialog)
    if dialog in SYSTEM:
        return _system(*SYSTEM[dialog])
    if dialog is Dialog.OPEN_WITH:
        return open_with()
    build = {
        Dialog.RATING: _rating,
        Dialog.LOCATION_ONBOARDING: _onboarding,
        Dialog.SAVE_LOGIN: save_login,
        Dialog.META_LOADING: meta_loading,
    }[dialog]
    return build(layout)


def _stacked(
    top: int, left: int, right: int, buttons: Sequence[tuple[str, str, str]], package: str = ""
) -> list[Node]:
    nodes = []
    for place, (name, label, action) in enumerate(buttons):
        bounds = (left, top + 80 * place, right, top + 80 * place + 78)
        full = f"{package}:id/{name}" if package else name
        nodes.append(
            Node(
                "Button",
                bounds,
                (),
                full,
                label,
                flags="CF",
                action=action,
                package=package or "com.instagram.android",
            )
        )
    return nodes


def _alert(alert: Alert) -> list[Node]:
    bounds: Bounds = (148, 503, 572, 748 + 80 * len(alert.buttons))
    words = [
        view("TextView", (200, 543, 520, 599), id=alert.ids[0], text=alert.headline),
        view("TextView", (200, 599, 520, 735), id=alert.ids[1], text=alert.body),
    ]
    content = nest(
        ("FrameLayout/android:id/content", "LinearLayout/"),
        bounds,
        *words,
        *_stacked(748, 172, 548, alert.buttons),
    )
    return [frame(bounds, frame(bounds, content))]


def _rating(layout: Layout) -> list[Node]:
    del layout
    bounds: Bounds = (99, 475, 621, 926)
    words = [
        view("TextView", (99, 501, 348, 556), id="appirater_title_area", text="Rate Instagram"),
        view(
            "TextView",
            (99, 569, 621, 692),
            id="appirater_message_area",
            text="If you enjoy using Instagram, would you mind taking a moment to rate it? It won't"
            " take more than a minute. Thanks for your support!",
        ),
    ]
    buttons = _stacked(
        692,
        99,
        621,
        (
            ("appirater_rate_button", "Rate Instagram", "open_store"),
            ("appirater_rate_later_button", "Remind me later", "dismiss"),
            ("appirater_cancel_button", "No, thanks", "dismiss"),
        ),
    )
    content = nest(("FrameLayout/android:id/content", "LinearLayout/"), bounds, *words, *buttons)
    return [frame(bounds, frame(bounds, content))]


def _permission(dialog: Dialog) -> list[Node]:
    photos = dialog is Dialog.PERMISSION_PHOTOS
    names = (
        (
            ("permission_allow_selected_button", "Allow limited access", "allow"),
            ("permission_allow_all_button", "Allow all", "allow"),
            ("permission_deny_button", "Don’t allow", "deny"),
        )
        if photos
        else (
            ("permission_allow_foreground_only_button", "While using the app", "allow"),
            ("permission_allow_one_time_button", "Only this time", "allow"),
            ("permission_deny_button", "Don’t allow", "deny"),
        )
    )
    package = PERMISSION_PACKAGE
    bounds: Bounds = (19, 421, 701, 1150)
    message = Node(
        "TextView",
        (89, 569, 631, 737),
        (),
        f"{package}:id/permission_message",
        PERMISSIONS[dialog],
        package=package,
    )
    inner = Node(
        "LinearLayout",
        bounds,
        (message, *_stacked(787, 89, 631, names, package)),
        f"{package}:id/grant_dialog",
        flags="C",
        package=package,
    )
    outer = Node(
        "LinearLayout",
        bounds,
        (inner,),
        f"{package}:id/grant_singleton",
        flags="C",
        package=package,
    )
    return [Node("FrameLayout", bounds, (outer,), package=package)]


def _system(title: str, buttons: Sequence[tuple[str, str, str]]) -> list[Node]:
    bounds: Bounds = (60, 560, 660, 860)
    head = Node(
        "TextView", (90, 590, 630, 650), (), "android:id/alertTitle", title, package=ANDROID_PACKAGE
    )
    rows = _stacked(670, 60, 660, buttons, ANDROID_PACKAGE)
    return [Node("FrameLayout", bounds, (head, *rows), package=ANDROID_PACKAGE)]


def _onboarding(layout: Layout) -> list[Node]:
    top = layout.top

    def said(y: int, text: str) -> Node:
        return view("View", (56, y, 664, y + 60), text=text, desc=text)

    low = layout.bottom - 120
    label = view("View", (312, low + 20, 408, low + 52), text="Continue", desc="Continue")
    button = view(
        "Button", (28, low, 692, low + 73), label, desc="Continue", flags="F", action="dismiss"
    )
    parts = [
        said(top + 60, "Set up on new device"),
        said(top + 420, "To use Location Services, allow Instagram to access your location"),
        said(top + 560, "How you can use Location Services"),
        said(top + 720, "How we’ll use this information"),
        said(top + 880, "How you can control this"),
        button,
    ]
    return [frame(layout.content, nest(("FrameLayout/bloks_container",), layout.content, *parts))]


def _sheet(layout: Layout, made: Sheet) -> Node:
    top = layout.bottom - made.height
    name, text = made.headline
    low = layout.bottom - 18 - 80 * len(made.buttons)
    nodes = [view("TextView", (52, top + 60, 668, top + 110), id=name, text=text, flags="F")]
    for place, (body_id, words) in enumerate(made.body):
        y = top + 120 + place * 90
        nodes.append(view("TextView", (52, y, 668, y + 82), id=body_id, text=words, flags="F"))
    for place, (button_id, label, action) in enumerate(made.buttons):
        bounds = (26, low + 80 * place, 694, low + 80 * place + 72)
        inner = view("TextView", (297, bounds[1] + 21, 423, bounds[1] + 51), text=label)
        nodes.append(
            view("Button", bounds, inner, id=button_id, desc=label, flags="F", action=action)
        )
    area = (0, top + 46, WIDTH, layout.bottom)
    return bottom_sheet(layout, made.height, frame(area, *nodes, id="bottom_sheet_container_view"))


def _save_draft(layout: Layout) -> Node:
    top = layout.bottom - 409
    nodes = [
        view(
            "TextView",
            (26, top + 66, 694, top + 94),
            id="action_sheet_header_text_view",
            text="Save draft?",
        ),
        view(
            "TextView",
            (26, top + 97, 694, top + 125),
            id="action_sheet_subheader_text_view",
            text="If you go back now, you will lose this draft.",
        ),
    ]
    for place, (label, action) in enumerate(DRAFT_ROWS):
        y = top + 155 + 77 * place
        nodes.append(
            view(
                "Button",
                (0, y, WIDTH, y + 77),
                id="action_sheet_row_text_view",
                text=label,
                flags="F",
                action=action,
            )
        )
    area = (0, top + 46, WIDTH, layout.bottom)
    return bottom_sheet(layout, 409, frame(area, *nodes, id="bottom_sheet_container_view"))
