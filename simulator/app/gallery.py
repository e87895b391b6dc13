"""The pickers of a new reel and of a story, and the reel camera behind "Open camera"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulator.app.frames import modal_activity
from simulator.app.layout import SCREEN_HEIGHT, WIDTH, Layout
from simulator.app.nodes import Node, frame, nest, view
from simulator.app.phone_world import GalleryItem

_RECYCLER = "androidx.recyclerview.widget.RecyclerView"
_WHOLE: Final = (0, 0, WIDTH, SCREEN_HEIGHT)
_SHOWN: Final = 5
"""Thumbnails in the tree; the rest would need scrolling."""


def quick_capture(layout: Layout, *content: Node, sheet: Sequence[Node] = ()) -> list[Node]:
    """The capture activity that camera, pickers and editors share."""
    area = (0, 0, WIDTH, layout.bottom)
    root = view(
        "FrameLayout",
        _WHOLE,
        nest(
            (
                "FrameLayout/quick_capture_outer_container",
                "FrameLayout/quick_capture_drawer_content",
            ),
            area,
            *content,
        ),
        id="quick_capture_root_container",
        flags="CFO",
    )
    page = nest(
        (
            "FrameLayout/",
            "FrameLayout/multi_destination_container",
            "FrameLayout/quick_capture_fragment_container",
        ),
        _WHOLE,
        root,
    )
    return modal_activity(layout, page, sheet=sheet)


def reel_picker(
    layout: Layout, items: Sequence[GalleryItem], *, sheet: Sequence[Node] = ()
) -> list[Node]:
    """The picker titled "New reel", newest file first."""
    picker = _picker(layout, "New reel", items, action="pick", tall_bar=False)
    return quick_capture(layout, picker, sheet=sheet)


def story_picker(layout: Layout, items: Sequence[GalleryItem]) -> list[Node]:
    """The picker titled "Add to story": the wrong turn that looks like the right one."""
    return quick_capture(
        layout, _picker(layout, "Add to story", items, action="story_pick", tall_bar=True)
    )


def _picker(
    layout: Layout, title: str, items: Sequence[GalleryItem], *, action: str, tall_bar: bool
) -> Node:
    header = view(
        "ViewGroup",
        (0, 0, WIDTH, 92),
        view(
            "Button",
            (0, 7, 85, 92),
            id="gallery_cancel_button",
            desc="Back to Home",
            flags="F",
            action="leave_picker",
        ),
        nest(
            ("LinearLayout/gallery_title_container",),
            (85, 7, 635, 92),
            view("TextView", (273, 31, 446, 68), id="gallery_title_text", text=title),
        ),
        view(
            "Button",
            (635, 7, 720, 92),
            id="gallery_settings_gear",
            desc="Camera settings",
            flags="CF",
        ),
        id="gallery_header",
    )
    bar_bottom = 347 if tall_bar else 271
    names = ("Templates", "Music", "Collage") if tall_bar else ("Edits", "Drafts", "Templates")
    grid = _grid(bar_bottom + 3, items, action)
    below = (0, bar_bottom, WIDTH, layout.bottom)
    coordinator = view(
        "ViewGroup",
        (0, 92, WIDTH, layout.bottom),
        _app_bar(bar_bottom, names),
        nest(("LinearLayout/gallery_container", "FrameLayout/gallery_grid_container"), below, grid),
        id="gallery_container_coordinator",
    )
    area = (0, 0, WIDTH, layout.bottom)
    return nest(
        (
            "FrameLayout/gallery_grid_parent_container",
            "ViewGroup/gallery_root_container",
            "LinearLayout/gallery_background",
        ),
        area,
        header,
        coordinator,
    )


def _app_bar(bottom: int, names: Sequence[str]) -> Node:
    items = []
    for place, name in enumerate(names):
        left = 23 + place * 190
        items.append(
            view(
                "ViewGroup",
                (left, 99, left + 170, 178),
                view("TextView", (left + 75, 122, left + 160, 155), id="button_name", text=name),
                id="gallery_destination_item",
                flags="CF",
            )
        )
    bar = Node(
        _RECYCLER, (0, 92, WIDTH, bottom - 86), tuple(items), "gallery_destination_bar", flags="F"
    )
    several = view(
        "Button",
        (644, bottom - 68, 702, bottom - 10),
        id="gallery_menu_multi_select_button",
        desc="Select multiple, activate to select multiple photos in your gallery",
        flags="CF",
    )
    folder = view(
        "TextView",
        (0, bottom - 62, 172, bottom - 25),
        id="gallery_folder_menu_tv",
        text="Album switcher, Recents, button, double tap to change album",
        flags="F",
    )
    menu = frame((0, bottom - 86, WIDTH, bottom), several, folder, id="gallery_menu")
    return view("LinearLayout", (0, 92, WIDTH, bottom), bar, menu, id="gallery_app_bar")


def _grid(top: int, items: Sequence[GalleryItem], action: str) -> Node:
    camera = view(
        "Button",
        (3, top, 239, top + 419),
        view(
            "ImageView",
            (102, top + 190, 141, top + 229),
            id="gallery_grid_camera_item_icon",
            desc="Camera",
        ),
        desc="Open camera",
        flags="F",
        action="open_camera",
    )
    cells = [camera]
    for place, item in enumerate(items[:_SHOWN], start=1):
        left = 3 + place % 3 * 239
        y = top + place // 3 * 422
        cells.append(_thumbnail(left, y, item, f"{action}:{place - 1}"))
    height = 422 * (1 + len(cells[1:]) // 3)
    return Node(
        "GridView", (0, top, WIDTH, top + height), tuple(cells), "gallery_recycler_view", flags="F"
    )


def _thumbnail(left: int, top: int, item: GalleryItem, action: str) -> Node:
    bounds = (left, top, left + 236, top + 419)
    kind = "Video" if item.is_video else "Photo"
    taken = f"{item.taken_at:%B} {item.taken_at.day}, {item.taken_at:%Y} {item.taken_at:%I:%M %p}"
    inside = [
        view("ImageView", bounds, id="background_color"),
        view(
            "Button",
            bounds,
            id="gallery_grid_item_thumbnail",
            desc=f"Unselected {kind} thumbnail created on {taken}",
            action=action,
        ),
    ]
    if item.is_video:
        minutes, seconds = divmod(round(item.duration), 60)
        inside.append(
            view(
                "TextView",
                (left + 178, top + 376, left + 223, top + 408),
                id="gallery_grid_item_label",
                text=f"{minutes}:{seconds:02d}",
            )
        )
    return view("ViewGroup", bounds, *inside, flags="CF")


def camera(layout: Layout) -> list[Node]:
    """The reel camera; the gallery is behind the small picture at the bottom left."""
    low = layout.bottom

    def button(name: str, desc: str, at: tuple[int, int], size: int, action: str = "") -> Node:
        left, top = at
        return view(
            "Button",
            (left, top, left + size, top + size),
            id=name,
            desc=desc,
            flags="CF",
            action=action,
        )

    tools = [
        button("", "Speed selector button", (341, 26), 70),
        button("", "Timer button", (416, 26), 78),
        button("camera_utility_tool_flash_button", "Flash off", (271, 31), 55),
        button("camera_home_button", "Back to Home", (0, 7), 85, "leave_picker"),
        button("camera_settings_gear", "Story Settings", (635, 7), 85),
        button("camera_shutter_button", "Shutter", (298, 1110), 124),
        button("gallery_preview_button", "Gallery", (0, low - 101), 101, "open_gallery"),
        button("camera_switch_button", "Switch to back camera", (609, low - 101), 101),
    ]
    for place, (name, label) in enumerate(
        (("cam_dest_feed", "POST"), ("cam_dest_story", "STORY"), ("cam_dest_clips", "REEL"))
    ):
        left = 303 + place * 104
        tools.append(
            view(
                "TextView",
                (left, low - 77, left + 97, low - 22),
                id=name,
                text=label,
                desc=label,
                flags="CF",
                action="create:story" if label == "STORY" else "",
            )
        )
    return quick_capture(
        layout, frame((0, 0, WIDTH, low), *tools, id="pre_capture_controls_container")
    )
