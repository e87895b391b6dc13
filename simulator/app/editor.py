"""The editors: of the reel (Next leads on) and of a story (the wrong turn)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulator.app.gallery import quick_capture
from simulator.app.layout import WIDTH, Layout
from simulator.app.nodes import Node, frame, nest, view

_TOOLS: Final = (
    ("volume_controls", "Add audio"),
    ("add_text", "Add text"),
    ("add_sticker", "Add sticker"),
    ("ar_effects", "Effects"),
    ("voiceover", "Voiceover"),
    ("add_clips", "Add clips"),
    ("captions", "Captions"),
    ("save", "Save"),
)
_STORY_TOOLS: Final = (
    ("video_mute_button", "Mute volume"),
    ("add_text_button", "Add text"),
    ("asset_button", "Stickers"),
    ("camera_ar_effect_button", "Camera effects"),
    ("music_button", "Music"),
    ("overflow_button", "@2131966362"),
)


def video_editor(layout: Layout, *, sheet: Sequence[Node] = ()) -> list[Node]:
    """The reel's editor with "Edit video" and "Next"."""
    bottom = layout.bottom
    area = (0, 0, WIDTH, bottom)
    edit = view(
        "Button",
        (20, bottom - 70, 168, bottom),
        view("TextView", (46, bottom - 48, 142, bottom - 22), text="Edit video"),
        id="clips_left_action_button",
        desc="Double tap for tools that edit your video clips.",
        flags="CF",
    )
    following = view(
        "Button",
        (579, bottom - 70, 700, bottom),
        view("TextView", (605, bottom - 48, 681, bottom - 22), text="Next"),
        id="clips_right_action_button",
        desc="Next",
        flags="F",
        action="editor_next",
    )
    bar = view("ViewGroup", (20, bottom - 70, 700, bottom), edit, following, id="clips_action_bar")
    controls = nest(
        (
            "FrameLayout/clips_post_capture_controls",
            "ViewGroup/clips_post_capture_controls_constraintlayout",
        ),
        area,
        frame((0, 0, WIDTH, 1280), id="post_capture_preview_size_placeholder"),
        bar,
    )
    tools = frame(area, _toolbar(), _edge_buttons(), id="layout_post_capture_button_config")
    playing = nest(
        (
            "FrameLayout/post_capture_interactive_contents_container",
            "FrameLayout/post_capture_interactive_drawable_container_holder",
        ),
        (0, 0, WIDTH, 1280),
        Node(
            "FrameLayout",
            (0, 0, WIDTH, 1280),
            id="capture_interactive_drawable_container",
            desc="Reel preview playing",
        ),
    )
    post = view("ViewGroup", area, controls, tools, playing, id="post_capture_controls_container")
    # The closed picker leaves its empty containers behind.
    behind = nest(
        (
            "FrameLayout/gallery_grid_parent_container",
            "ViewGroup/gallery_root_container",
            "LinearLayout/gallery_background",
        ),
        area,
    )
    return quick_capture(layout, post, behind, sheet=sheet)


def _toolbar() -> Node:
    buttons = []
    for place, (name, desc) in enumerate(_TOOLS):
        left = 12 + place * 83
        buttons.append(
            view(
                "Button",
                (left, 1126, left + 71, 1197),
                id=f"clips_action_bar_{name}_button",
                desc=desc,
                flags="CF",
            )
        )
    return Node(
        "androidx.recyclerview.widget.RecyclerView",
        (0, 1094, WIDTH, 1197),
        tuple(buttons),
        "creation_toolbar_recyclerview",
        flags="FX",
    )


def _edge_buttons() -> Node:
    return view(
        "LinearLayout",
        (7, 20, 713, 105),
        view(
            "Button", (12, 26, 84, 98), id="cancel_button", desc="Cancel", flags="F", action="back"
        ),
        view("Button", (636, 26, 708, 98), id="overflow_button", desc="@2131966362", flags="CF"),
        id="edit_buttons_toolbar",
    )


def story_editor(layout: Layout) -> list[Node]:
    """The story's editor while its caption is open; nothing here leads to a reel."""
    low = layout.bottom
    tools = [
        view(
            "Button", (12, 29, 79, 96), id="cancel_button", desc="Cancel", flags="F", action="back"
        )
    ]
    for place, (name, desc) in enumerate(_STORY_TOOLS):
        left = 179 + place * 77
        tools.append(view("Button", (left, 29, left + 67, 96), id=name, desc=desc, flags="CF"))
    words = view(
        "EditText",
        (111, 806, WIDTH, 878),
        id="story_comment_text",
        hint="Add a caption…",
        flags="CF",
    )
    overlay = view("View", (0, 0, WIDTH, 767), id="story_comment_overlay", flags="C")
    composer = frame((0, 767, WIDTH, low), words, id="story_comment_composer_background")
    share = view(
        "Button",
        (26, low - 85, 340, low - 13),
        view("TextView", (60, low - 64, 300, low - 34), text="Your story"),
        id="share_story_button",
        desc="Your story",
        flags="F",
        action="share_story",
    )
    return quick_capture(layout, overlay, composer, *tools, share)
