"""The home feed: stories, rows of pending uploads, posts."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.app.layout import WIDTH, Layout
from simulator.app.nodes import Bounds, Node, frame, nest, view
from simulator.app.uploads import Upload, UploadState

_RECYCLER = "androidx.recyclerview.widget.RecyclerView"


def feed_page(
    layout: Layout, username: str, uploads: Sequence[Upload], at: float, neighbours: Sequence[str]
) -> list[Node]:
    """The page of the Home tab at a moment of the app's clock."""
    top, tabs = layout.top, layout.tabs_top
    rows: list[Node] = [view("View", (0, top, WIDTH, top + 91), id="gap_binder_group")]
    rows.append(_tray(top + 91, username, neighbours))
    y = top + 306
    newest_is_ours = False
    for number, upload in enumerate(uploads):
        state = upload.state(at)
        if state is UploadState.GONE:
            continue
        row, y = _pending_row(layout, y, upload, number=number, at=at, username=username)
        rows.append(row)
        newest_is_ours = newest_is_ours or state is UploadState.POSTED
    author = username if newest_is_ours else neighbours[0]
    rows.extend(_post(y, tabs, author, own=newest_is_ours))
    listing = Node(_RECYCLER, (0, top, WIDTH, tabs), tuple(rows), "android:id/list", flags="FX")
    refresh = nest(("FrameLayout/refreshable_container",), (0, top, WIDTH, tabs), listing)
    sticky = frame((0, top, WIDTH, tabs), refresh, _top_bar(layout), id="sticky_header_list")
    return [frame((0, top, WIDTH, tabs), sticky)]


def _tray(top: int, username: str, neighbours: Sequence[str]) -> Node:
    stories = []
    for place, name in enumerate((username, *neighbours[:3])):
        left = place * 183
        bounds = (left, top, min(left + 183, WIDTH), top + 215)
        stories.append(_story(bounds, name, place, len(neighbours), own=place == 0))
    band = (0, top, WIDTH, top + 215)
    tray = Node(_RECYCLER, band, tuple(stories), desc="reels tray container", flags="FX")
    return nest(("LinearLayout/", "FrameLayout/reels_tray_container"), band, tray)


def _story(bounds: Bounds, name: str, place: int, count: int, *, own: bool) -> Node:
    left, top, right, _bottom = bounds
    said = f"{name}'s story, {place} of {count}, Unseen."
    picture = view(
        "ImageView", (left + 22, top + 22, right - 22, top + 160), id="avatar_image_view", desc=said
    )
    badge = (
        view(
            "ImageView",
            (left + 121, top + 121, left + 170, top + 170),
            id="reel_empty_badge",
            desc="Add to story",
        ),
    )
    container = frame((left, top, right, top + 176), picture, *(badge if own else ()))
    button = view(
        "Button",
        (left, top, right, top + 176),
        container,
        desc=said,
        action="story:own" if own else "story:other",
    )
    title = view(
        "ViewGroup",
        (left, top + 176, right, top + 202),
        view(
            "TextView",
            (left + 14, top + 176, right - 14, top + 202),
            id="username",
            text="Your story" if own else name,
        ),
        id="title_container",
    )
    avatar = frame((left, top, right, top + 176), button, id="avatar_view")
    return view("LinearLayout", bounds, avatar, title, id="outer_container", flags="CF")


def _pending_row(
    layout: Layout, top: int, upload: Upload, *, number: int, at: float, username: str
) -> tuple[Node, int]:
    """The row of one upload and the y below it."""
    state = upload.state(at)
    slim = state is UploadState.FAILED or (
        state is UploadState.RUNNING and layout.progress == "bar"
    )
    height = 85 if slim else 130
    bottom = top + height
    picture = frame(
        (26, top + 13, 85, bottom - 13),
        view("ImageView", (26, top + 13, 85, bottom - 13), id="row_pending_media_imageview"),
        id="row_pending_media_imageview_container",
    )
    status, beside = _row_words(layout, top, upload, number=number, at=at, username=username)
    words = view(
        "LinearLayout",
        (98, top + 36, 572 if beside else WIDTH, top + 94 if not slim else bottom),
        *status,
        id="row_pending_media_status_container",
    )
    row = view(
        "LinearLayout",
        (0, top, WIDTH, bottom),
        picture,
        words,
        *beside,
        id="row_pending_container",
        flags="CF",
    )
    divider = view("View", (0, bottom, WIDTH, bottom + 1), id="divider")
    outer = view("LinearLayout", (0, top, WIDTH, bottom + 1), row, divider, id="container")
    return outer, bottom + 1


def _row_words(
    layout: Layout, top: int, upload: Upload, *, number: int, at: float, username: str
) -> tuple[list[Node], list[Node]]:
    """What the row says, and the button beside it."""
    line = (111, top + 37, 572, top + 63)
    state = upload.state(at)
    if state is UploadState.FAILED:
        said = view(
            "TextView",
            (98, top + 26, 642, top + 58),
            id="row_pending_media_status_textview",
            text="Video can't be posted",
        )
        discard = view(
            "ImageView",
            (642, top + 23, WIDTH, top + 62),
            id="row_pending_media_discard_button",
            flags="F",
            action=f"discard:{number}",
        )
        return [said], [discard]
    if state is UploadState.POSTED:
        return _posted_words(layout, top, username)
    bar = view(
        "ProgressBar",
        (111, top + 76, 691, top + 79),
        id="row_pending_media_progress_bar",
        text=str(upload.percent(at)),
    )
    if layout.progress == "bar":
        return [bar], []
    if layout.progress == "posting_to":
        return [_sub_status(line, f"Posting to {username}…")], []
    return [_sub_status(line, "Keep Instagram open to finish posting…"), bar], []


def _sub_status(bounds: Bounds, text: str) -> Node:
    return view("TextView", bounds, id="row_pending_media_sub_status_textview", text=text)


def _posted_words(layout: Layout, top: int, username: str) -> tuple[list[Node], list[Node]]:
    if layout.posted == "posted_to":
        said = f"Posted to {username}. Also posting on Threads."
        look = _row_button((561, top + 39, 700, top + 91), "View", "crosspost_view")
        return [_sub_status((111, top + 40, 541, top + 89), said)], [look]
    headline = view(
        "TextView",
        (111, top + 36, 572, top + 68),
        id="row_pending_media_status_textview",
        text="Posted! Way to make it happen.",
    )
    offer = _sub_status((111, top + 68, 354, top + 94), "Want to send it to friends?")
    return [headline, offer], [_row_button((592, top + 39, 700, top + 91), "Send", "reshare")]


def _row_button(bounds: Bounds, label: str, name: str) -> Node:
    left, top, right, bottom = bounds
    return view(
        "Button",
        bounds,
        view("TextView", (left + 26, top + 11, right - 26, bottom - 11), text=label),
        id=f"row_pending_media_{name}_button",
        desc=label,
        flags="F",
        action="share_sheet",
    )


def _post(top: int, bottom: int, author: str, *, own: bool) -> list[Node]:
    media = view("FrameLayout", (0, top, WIDTH, bottom), id="media_group", flags="CF")
    video = nest(("ViewGroup/", "ViewGroup/video_container"), (0, top, WIDTH, bottom), media)
    shown = author if own else f"{author}\u00a0\u00a0"
    sound = f" {author} • Original audio"
    header = view(
        "ViewGroup",
        (0, top, WIDTH, top + 85),
        view(
            "Button",
            (0, top, 79, top + 85),
            view(
                "ImageView",
                (24, top + 18, 73, top + 67),
                id="row_feed_photo_profile_imageview",
                desc=f"Profile picture of {author}",
            ),
            flags="CF",
        ),
        view(
            "Button",
            (79, top, 649, top + 41),
            id="row_feed_photo_profile_name",
            text=shown,
            desc=shown,
            flags="CF",
        ),
        view(
            "Button",
            (79, top + 41, 649, top + 85),
            id="secondary_label",
            text=sound,
            desc=sound,
            flags="CF",
        ),
        view(
            "ImageView",
            (649, top + 3, WIDTH, top + 82),
            id="media_option_button",
            desc="More actions for this post",
            flags="CF",
        ),
        id="row_feed_profile_header",
        desc=f"{author} posted a video 2 hours ago",
    )
    return [video, header]


def _top_bar(layout: Layout) -> Node:
    top = layout.top
    band = (0, top, WIDTH, top + 91)
    left = 26 if layout.tab_bar == "create" else 272
    logo = view(
        "ViewAnimator",
        (26 if left == 26 else 79, top + 20, 549 if left == 26 else 641, top + 71),
        nest(
            ("LinearLayout/title_logo_chevron_container",),
            (left, top + 20, left + 176, top + 71),
            view(
                "ImageView",
                (left, top + 20, left + 176, top + 71),
                id="title_logo",
                desc="Instagram Home Feed",
            ),
        ),
        id="action_bar_title_view",
        flags="CF",
    )
    bell = view("FrameLayout", (549, top, 628, top + 91), id="notification", flags="CF")
    if layout.tab_bar == "create":
        inbox = view(
            "ImageView",
            (628, top, 707, top + 91),
            id="action_bar_inbox_button",
            desc="No unread messages",
            flags="F",
            action="tab:direct",
        )
        buttons = view(
            "LinearLayout",
            (549, top, 707, top + 91),
            bell,
            inbox,
            id="action_bar_buttons_container_right",
        )
        inside: tuple[Node, ...] = (logo, buttons)
    else:
        plus = view(
            "LinearLayout",
            (0, top, 79, top + 91),
            view("ImageView", (0, top, 79, top + 91), flags="LF", action="create_new"),
            id="action_bar_buttons_container_left",
        )
        bell = view("FrameLayout", (641, top, WIDTH, top + 91), id="notification", flags="CF")
        right = view(
            "LinearLayout",
            (641, top, WIDTH, top + 91),
            bell,
            id="action_bar_buttons_container_right",
        )
        inside = (plus, logo, right)
    row = view("LinearLayout", band, *inside, id="action_bar_action_buttons")
    return view(
        "LinearLayout",
        band,
        frame(band, row, id="main_feed_action_bar"),
        id="action_bar_LinearLayout",
    )
