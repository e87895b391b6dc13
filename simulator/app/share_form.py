"""The last screen before posting: caption, options, Share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulator.app.frames import modal_activity, title_bar
from simulator.app.layout import WIDTH, Layout
from simulator.app.nodes import Node, frame, view

CAPTION_ID: Final = "com.instagram.android:id/caption_input_text_view"
CAPTION_HINT: Final = "Write a caption and add hashtags…"
_RECYCLER = "androidx.recyclerview.widget.RecyclerView"
_AI_LABEL: Final = (
    "We require you to label certain realistic content that's made with AI. Learn more"
)
_MAP: Final = (
    "People you share this content with can see the location you tag and view this content on the"
    " map."
)


def share_form(
    layout: Layout,
    caption: str,
    *,
    editing: bool,
    asks_before_sharing: bool,
    sheet: Sequence[Node] = (),
) -> list[Node]:
    """The share form. While the caption is typed, OK ends it; Share may be out of the tree.

    With ``asks_before_sharing`` the button reads Next: a notice comes before the reel is posted.
    """
    top = layout.top + 91
    shows_share = not editing or layout.typing_keeps_share
    low = layout.bottom - 129 if shows_share else layout.bottom
    children: list[Node] = []
    y = top
    if not editing and not caption:
        children.append(_cover(y + 23))
        y += 480
    children.append(_caption_box(layout, y, caption, editing=editing))
    y += 199
    for block in (_tag_people, _location, _rename_audio, _ai_label, _audience, _also_on):
        node = block(y)
        if node.bounds[3] > low:
            break
        children.append(node)
        y = node.bounds[3]
    form = view("LinearLayout", (0, top, WIDTH, low), *children, id="content_view", flags="CF")
    scroll = view("ScrollView", (0, top, WIDTH, low), form, id="scroll_view", flags="FX")
    button = (_share_button(low, "Next" if asks_before_sharing else "Share", covered=editing),)
    page = view(
        "ViewGroup", (0, top, WIDTH, layout.bottom), scroll, *(button if shows_share else ())
    )
    done = view(
        "Button",
        (634, layout.top + 13, 707, top),
        id="action_bar_button_text",
        text="OK",
        desc="OK",
        flags="F",
        action="caption_done",
    )
    bar = title_bar(layout, "New reel", *((done,) if editing else ()))
    return modal_activity(layout, page, sheet=(bar, *sheet))


def _cover(top: int) -> Node:
    picture = view(
        "Button",
        (239, top, 480, top + 431),
        id="clip_thumbnail_image",
        desc="Double tap to edit cover photo",
        flags="C",
    )
    label = view(
        "Button",
        (254, top + 369, 392, top + 415),
        view(
            "TextView",
            (274, top + 379, 372, top + 405),
            id="clip_thumbnail_text",
            text="Edit cover",
        ),
        id="clip_thumbnail_layout",
        flags="C",
    )
    cover = view(
        "FrameLayout",
        (239, top, 480, top + 431),
        picture,
        label,
        id="cover_photo_preview",
        flags="CF",
    )
    return frame((0, top, WIDTH, top + 457), cover)


def _caption_box(layout: Layout, top: int, caption: str, *, editing: bool) -> Node:
    field = view(
        "AutoCompleteTextView",
        (26, top + 11, 694, top + 105),
        id="caption_input_text_view",
        text=caption,
        hint=CAPTION_HINT,
        flags="LFO" if editing else "LF",
        action="caption",
    )
    chips = []
    for place, name in enumerate(layout.suggestions):
        left = 26 + place * 150
        bounds = (left, top + 118, left + 140, top + 186)
        text = view(
            "TextView",
            (left + 40, top + 147, left + 127, top + 173),
            id="suggestion_text",
            text=name,
        )
        inner = view(
            "LinearLayout", (left, top + 134, left + 140, top + 186), text, id="button_layout"
        )
        chips.append(view("Button", bounds, inner, flags="CF"))
    row = Node(
        _RECYCLER,
        (0, top + 105, WIDTH, top + 199),
        tuple(chips),
        "caption_add_on_recyclerview",
        flags="F",
    )
    return view("LinearLayout", (0, top, WIDTH, top + 199), field, row)


def _row(top: int, title: str, subtitle: str = "") -> Node:
    words = [view("TextView", (85, top + 23, 276, top + 56), id="title", text=title)]
    if subtitle:
        words.append(
            view("TextView", (276, top + 25, 642, top + 54), id="inline_subtitle", text=subtitle)
        )
    inner = view("LinearLayout", (85, top + 23, 668, top + 56), *words)
    box = view("LinearLayout", (26, top + 20, 668, top + 59), inner, id="title_container")
    return view("Button", (0, top, WIDTH, top + 79), box, flags="CF")


def _tag_people(top: int) -> Node:
    return _row(top, "Tag people")


def _rename_audio(top: int) -> Node:
    return _row(top, "Rename audio", "Original Audio")


def _audience(top: int) -> Node:
    return _row(top, "Audience", "Everyone")


def _location(top: int) -> Node:
    first = view(
        "LinearLayout",
        (0, top, WIDTH, top + 78),
        view("TextView", (85, top, 655, top + 78), id="location_label", text="Add location"),
        id="metadata_location_first_row",
        flags="CF",
    )
    note = view("TextView", (0, top + 78, WIDTH, top + 134), id="map_content_education", text=_MAP)
    row = view(
        "LinearLayout",
        (0, top, WIDTH, top + 154),
        first,
        note,
        id="metadata_location_row",
        desc="Add location",
    )
    return view("Button", (0, top, WIDTH, top + 154), row, flags="C")


def _ai_label(top: int) -> Node:
    title = view("TextView", (85, top + 20, 231, top + 53), id="title", text="Add AI label")
    note = view(
        "TextView",
        (85, top + 53, 583, top + 116),
        id="subtitle",
        text=_AI_LABEL,
        desc=_AI_LABEL,
        flags="F",
    )
    toggle = view("ToggleButton", (609, top + 27, 694, top + 79), id="toggle", flags="CK")
    inner = view("ToggleButton", (0, top, WIDTH, top + 136), title, note, toggle, flags="FK")
    return view("LinearLayout", (0, top, WIDTH, top + 136), inner, flags="CF")


def _also_on(top: int) -> Node:
    head = view("TextView", (0, top, WIDTH, top + 44), text="Also share on…")
    toggle = view("ToggleButton", (609, top + 74, 694, top + 126), id="toggle", flags="CFK")
    name = view("TextView", (99, top + 64, 425, top + 136), id="title", text="Threads")
    row = view("ToggleButton", (0, top + 44, WIDTH, top + 156), name, toggle, flags="FK")
    return view("LinearLayout", (0, top, WIDTH, top + 156), head, row)


def _share_button(top: int, label: str, *, covered: bool) -> Node:
    draft = view(
        "Button",
        (26, top + 24, 347, top + 96),
        view("TextView", (129, top + 45, 243, top + 75), text="Save draft"),
        id="save_draft_button",
        desc="Save draft",
        flags="F",
        # While typing the keyboard, which is not in this tree, takes the touch.
        action="keyboard" if covered else "save_draft",
    )
    share = view(
        "FrameLayout",
        (373, top + 24, 694, top + 96),
        view("TextView", (501, top + 45, 566, top + 75), text=label),
        id="share_button",
        desc=label,
        flags="F",
        action="keyboard" if covered else "share",
    )
    footer = view(
        "ViewGroup", (0, top, WIDTH, top + 129), draft, share, id="footer_button_container"
    )
    return view(
        "LinearLayout", (0, top, WIDTH, top + 129), footer, id="share_button_container", flags="CF"
    )
