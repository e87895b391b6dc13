"""Playing reels: the Reels tab, one reel opened from the profile, and the upload's snackbar."""

from __future__ import annotations

from simulator.app.frames import modal_activity, title_bar
from simulator.app.layout import WIDTH, Layout
from simulator.app.nodes import Node, frame, nest, view
from simulator.app.uploads import Upload, UploadState


def reels_page(layout: Layout, author: str, caption: str, *, own: bool) -> list[Node]:
    """The page of the Reels tab with one reel playing."""
    top, low = layout.top, layout.tabs_top
    whole = (0, top, WIDTH, low)
    viewer = nest(
        (
            "FrameLayout/clips_viewer_container",
            "ViewGroup/clips_swipe_refresh_container",
            "androidx.viewpager.widget.ViewPager/clips_viewer_view_pager",
            "androidx.recyclerview.widget.RecyclerView/",
            "FrameLayout/",
        ),
        whole,
        *_reel(whole, author, caption, own=own),
    )
    inner = view("FrameLayout", whole, viewer, _title(layout), id="gesture_manager", flags="FO")
    return [
        nest(
            ("FrameLayout/root_clips_layout", "LinearLayout/clips_linear_layout_container"),
            whole,
            inner,
        )
    ]


def _reel(bounds: tuple[int, int, int, int], author: str, caption: str, *, own: bool) -> list[Node]:
    low = bounds[3]
    video = Node(
        "FrameLayout",
        bounds,
        id="clips_video_container",
        desc=f"Reel by {author}. Double tap to play or pause.",
    )
    media = Node(
        "ViewGroup", bounds, (video,), id="clips_media_component", desc=f"Reel by {author}"
    )
    shown = author if own else f"{author}\u00a0\u00a0"
    name = view(
        "Button",
        (85, low - 234, 283, low - 204),
        id="clips_author_username",
        text=shown,
        desc=shown,
        flags="CF",
    )
    picture = view(
        "ImageView",
        (26, low - 249, 85, low - 190),
        id="clips_author_profile_pic",
        desc=f"Profile picture of {author}",
        flags="CF",
    )
    words = view("ViewGroup", (26, low - 183, 635, low - 116), desc=_shortened(caption), flags="CF")
    info = view(
        "ViewGroup",
        (0, low - 265, 635, low - 93),
        view(
            "ViewGroup",
            (26, low - 265, 292, low - 190),
            picture,
            name,
            id="clips_author_info_component",
            flags="CF",
        ),
        nest(
            ("ViewGroup/clips_caption_component", "ScrollView/"),
            (26, low - 190, 635, low - 116),
            words,
        ),
        id="clips_media_info_component",
    )
    nodes = [media, info, _buttons(low)]
    if own:
        nodes.append(
            view(
                "ViewGroup",
                (26, low - 91, 694, low - 42),
                view(
                    "ViewGroup",
                    (26, low - 91, 360, low - 42),
                    text="View insights",
                    desc="View insights",
                    flags="CF",
                ),
                view(
                    "ViewGroup",
                    (360, low - 91, 694, low - 42),
                    text="Boost reel",
                    desc="Boost reel",
                    flags="CF",
                ),
            )
        )
    scrubber = view(
        "SeekBar",
        (0, low - 17, WIDTH, low),
        id="scrubber",
        text="3670.0",
        desc="@2131976834",
        flags="F",
    )
    return [*nodes, scrubber]


def _shortened(caption: str) -> str:
    """A playing reel shows only the beginning of its caption."""
    line = " ".join(caption.split())
    return f"{line[:55]} …" if len(line) > 55 else line


def _buttons(low: int) -> Node:
    column = []
    for place, (name, desc) in enumerate(
        (
            ("like_button", "Like"),
            ("comment_button", "Comment"),
            ("", "Repost"),
            ("direct_share_button", "Share"),
            ("clips_ufi_more_button_component", "More"),
            ("media_album_art_button", "Audio"),
        )
    ):
        y = low - 580 + place * 82
        column.append(view("ImageView", (635, y, 707, y + 72), id=name, desc=desc, flags="CF"))
    return view("ViewGroup", (635, low - 580, WIDTH, low - 93), *column)


def _title(layout: Layout) -> Node:
    top = layout.top
    plus = view(
        "LinearLayout",
        (0, top, 77, top + 91),
        view(
            "ImageView",
            (0, top + 7, 77, top + 84),
            desc="Create a reel",
            flags="F",
            action="create:reel",
        ),
        id="clips_action_bar_start_action_buttons",
    )
    if layout.reels_title == "plain":
        title = view(
            "Button",
            (287, top + 21, 433, top + 70),
            id="clips_viewer_action_bar_title",
            text="Reels",
            flags="CF",
        )
    else:
        names = [
            view(
                "LinearLayout",
                (left, top + 25, left + width, top + 80),
                view(
                    "TextView",
                    (left + 3, top + 25, left + width - 33, top + 80),
                    id="android:id/text1",
                    text=label,
                    flags=mark,
                ),
                desc=label,
                flags=f"LF{mark}" if mark else "CLF",
            )
            for left, width, label, mark in ((192, 138, "Reels", "S"), (330, 226, "Friends", ""))
        ]
        title = view(
            "HorizontalScrollView",
            (192, top + 25, 556, top + 80),
            *names,
            id="action_bar_tab_layout",
            flags="F",
        )
    holder = view(
        "LinearLayout",
        (164, top, 556, top + 91),
        title,
        id="clips_viewer_action_bar_title_container",
    )
    return view(
        "RelativeLayout", (0, top, WIDTH, top + 91), plus, holder, id="clips_viewer_action_bar"
    )


def one_reel(layout: Layout, author: str, caption: str) -> list[Node]:
    """One of the own reels, opened from the profile's grid: no bottom bar."""
    whole = (0, layout.top, WIDTH, layout.bottom)
    return modal_activity(
        layout,
        frame(whole, *_reel(whole, author, caption, own=True), id="clips_viewer_container"),
        sheet=(title_bar(layout, "Reels"),),
    )


def post_list(layout: Layout, author: str, caption: str, seconds: float) -> list[Node]:
    """The own posts one below the other, this one first; ``seconds`` is its age."""
    top = layout.top + 91
    shown = _shortened(caption)
    words = Node(
        "com.instagram.ui.widget.textview.IgTextLayoutView",
        (20, top + 880, WIDTH, top + 942),
        (
            view("Button", (20, top + 880, 230, top + 908), desc=author, flags="CF"),
            view("Button", (235, top + 880, 666, top + 942), desc=shown, flags="CF"),
        ),
        text=f"{author} {shown}{' more' if shown.endswith('…') else ''}",
    )
    posts = [
        view(
            "ViewGroup",
            (0, top, WIDTH, top + 85),
            view(
                "Button",
                (79, top, 649, top + 41),
                id="row_feed_photo_profile_name",
                text=author,
                desc=author,
                flags="CF",
            ),
            id="row_feed_profile_header",
            desc=f"{author} posted a video {_ago(seconds)}",
        ),
        view("FrameLayout", (0, top + 85, WIDTH, top + 805), id="media_group", flags="CF"),
        view("ViewGroup", (0, top + 805, WIDTH, top + 880), id="row_feed_view_group_buttons"),
        words,
        view("TextView", (0, top + 949, WIDTH, top + 975), text=_ago(seconds), desc=_ago(seconds)),
    ]
    listing = Node(
        "androidx.recyclerview.widget.RecyclerView",
        (0, top, WIDTH, layout.bottom),
        tuple(posts),
        "android:id/list",
        flags="FX",
    )
    return modal_activity(layout, listing, sheet=(title_bar(layout, "Posts"),))


def _ago(seconds: float) -> str:
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        number = int(seconds // size)
        if number:
            return f"{number} {word}{'s' if number > 1 else ''} ago"
    return "just now"


def upload_snackbar(layout: Layout, upload: Upload, at: float) -> list[Node]:
    """The snackbar over the bottom of the page while a reel is sent, and when it is posted."""
    low = layout.tabs_top
    posted = upload.state(at) is UploadState.POSTED
    thumb = frame(
        (39, low - 96, 91, low - 44),
        view("ImageView", (39, low - 96, 91, low - 44), id="media_thumbnail"),
        id="media_thumbnail_container",
    )
    text = "Done posting. Want to send it directly to friends?" if posted else "Sharing to Reels…"
    words = [view("TextView", (107, low - 98, 588, low - 42), id="status_text", text=text)]
    beside: list[Node] = []
    if posted:
        beside.append(
            view(
                "Button",
                (604, low - 114, 700, low - 26),
                id="upload_snackbar_button",
                text="Send",
                flags="F",
                action="share_sheet",
            )
        )
    else:
        words.append(
            view(
                "ProgressBar",
                (107, low - 48, 691, low - 46),
                id="progress_bar",
                text=str(upload.percent(at)),
            )
        )
    column = view(
        "LinearLayout", (107, low - 127, 691, low - 13), *words, id="upload_progress_bar_container"
    )
    container = view(
        "ViewGroup",
        (13, low - 127, 707, low - 13),
        thumb,
        column,
        *beside,
        id="upload_snackbar_container",
        flags="CF",
    )
    bar = frame((0, low - 140, WIDTH, low), container, id="igds_upload_snackbar")
    return [view("FrameLayout", (0, low - 140, WIDTH, layout.bottom), bar, flags="F")]


def snackbar(layout: Layout, message: str) -> list[Node]:
    """A short message over the bottom of the page."""
    low = layout.tabs_top
    text = view(
        "TextView", (33, low - 73, 681, low - 44), id="snackbar_message", text=message, flags="C"
    )
    return [
        view("ViewGroup", (13, low - 104, 707, low - 13), text, id="snackbar_container", flags="C")
    ]
