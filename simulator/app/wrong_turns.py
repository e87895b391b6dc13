"""Pages that nobody who posts a reel wants: stories, other people's pages, a page of the web."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulator.app.frames import main_activity, modal_activity, title_bar
from simulator.app.layout import WIDTH, Layout
from simulator.app.nodes import Node, frame, view

_RECYCLER: Final = "androidx.recyclerview.widget.RecyclerView"
STORY_TITLE: Final = "Sign in"
"""A story whose title is a word of the app's login page."""


def story_view(layout: Layout) -> list[Node]:
    """Somebody's story is playing; its title reads like the login page's button."""
    top, low = layout.top, layout.bottom
    head = view(
        "ViewGroup",
        (72, top + 13, 642, top + 102),
        view("TextView", (72, top + 13, 305, top + 41), id="reel_viewer_title", text=STORY_TITLE),
        view("TextView", (305, top + 13, 361, top + 41), id="reel_viewer_timestamp", text="5h"),
        id="reel_viewer_text_container",
        desc=f"{STORY_TITLE}'s story, 5 hours ago",
        flags="CF",
    )
    picture = view(
        "FrameLayout", (20, top + 15, 72, top + 99), id="profile_picture_container", flags="CF"
    )
    more = view(
        "ImageView", (642, top, WIDTH, top + 78), id="header_menu_button", desc="More actions"
    )
    composer = view(
        "ViewGroup",
        (13, low - 100, 707, low - 22),
        view(
            "TextView",
            (20, low - 75, 707, low - 47),
            id="reel_viewer_message_composer_text",
            text="Send message",
        ),
        id="reel_viewer_message_composer",
        flags="CF",
    )
    return modal_activity(layout, frame(layout.content, head, picture, more, composer))


def story_suggestions(layout: Layout) -> list[Node]:
    """Accounts that are offered between two stories."""
    cards = []
    for place in range(3):
        y = layout.top + 190 + place * 280
        cards.append(
            view(
                "Button",
                (180, y + 183, 540, y + 254),
                id="netego_su_card_follow_button",
                text="Follow",
                desc="Follow somebody",
                flags="CF",
            )
        )
    title = view(
        "TextView",
        (20, layout.top + 17, 281, layout.top + 56),
        id="netego_su_title",
        text="Suggested for you",
    )
    shuffle = view(
        "TextView",
        (288, layout.bottom - 114, 511, layout.bottom - 36),
        id="cta_shuffle_button_text",
        text="Shuffle Suggestions",
    )
    return modal_activity(layout, frame(layout.content, title, *cards, shuffle))


def suggested_accounts(layout: Layout, people: Sequence[str]) -> list[Node]:
    """A list of people to follow."""
    rows = []
    for place, name in enumerate(people):
        y = layout.top + 91 + place * 131
        words = view(
            "TextView", (137, y + 10, 296, y + 40), id="row_recommended_user_username", text=name
        )
        follow = view(
            "Button",
            (531, y + 17, 655, y + 69),
            id="row_recommended_user_follow_button",
            text="Follow",
            desc=f"Follow {name}",
            flags="CF",
        )
        rows.append(
            view(
                "ViewGroup",
                (0, y, WIDTH, y + 131),
                words,
                follow,
                id="recommended_user_row_content_identifier",
                flags="CF",
            )
        )
    listing = Node(_RECYCLER, layout.content, tuple(rows), "recycler_view", flags="FX")
    bar = title_bar(layout, "Suggested for you")
    return modal_activity(layout, listing, sheet=(bar,))


def audio_page(layout: Layout) -> list[Node]:
    """The page of a sound."""
    top = layout.top
    use = view(
        "Button",
        (26, top + 316, 694, top + 368),
        view("TextView", (306, top + 327, 412, top + 357), text="Use audio"),
        id="use_in_camera_header_button",
        desc="Use audio",
        flags="F",
        action="open_camera",
    )
    title = view("TextView", (186, top + 104, 644, top + 137), id="title", text="Log in to love")
    reels = view("TextView", (92, top + 256, 202, top + 285), id="video_count", text="1,204 reels")
    page = frame(layout.content, title, reels, use)
    return modal_activity(layout, page, sheet=(title_bar(layout, ""),))


def somebodys_profile(layout: Layout, name: str, *, sheet: Sequence[Node] = ()) -> list[Node]:
    """The private profile of somebody else."""
    top = layout.top
    back = view("ImageView", (0, top, 79, top + 91), desc="Back", flags="F", action="back")
    bar = view("TextView", (105, top, 236, top + 91), id="action_bar_title", text=name, desc=name)
    picture = view(
        "ImageView",
        (39, top + 104, 170, top + 235),
        id="row_profile_header_imageview",
        desc="Profile picture",
    )
    count = view(
        "TextView",
        (208, top + 159, 223, top + 192),
        id="profile_header_familiar_post_count_value",
        text="999",
    )
    follow = view(
        "Button",
        (20, top + 381, 700, top + 433),
        id="profile_header_follow_button",
        text="Follow",
        desc=f"Follow {name}",
        flags="CF",
    )
    notice = view(
        "TextView",
        (137, top + 488, 380, top + 518),
        id="row_profile_header_empty_profile_notice_title",
        text="This account is private",
    )
    page = frame(layout.content, picture, count, follow, notice, bar, back)
    if layout.tab_bar == "create":
        return main_activity(layout, "search", [page], sheet=sheet)
    return modal_activity(layout, page, sheet=sheet)


def browser(layout: Layout) -> list[Node]:
    """A page of the web inside the app: a login form of somebody."""
    top = layout.top
    close = view(
        "ImageView",
        (0, top, 91, top + 91),
        id="ig_browser_close_button",
        desc="Close",
        flags="F",
        action="back",
    )
    title = view(
        "TextView", (105, top + 10, 600, top + 50), id="ig_browser_text_title", text="Log in"
    )
    web = Node(
        "android.webkit.WebView",
        (0, top + 91, WIDTH, layout.bottom),
        (
            view("EditText", (32, top + 300, 688, top + 380), hint="Username"),
            view("EditText", (32, top + 400, 688, top + 480), hint="Password"),
            view("Button", (32, top + 500, 688, top + 580), text="Log in", flags="CF"),
        ),
    )
    return modal_activity(layout, frame(layout.content, web, title, close))


def chat(layout: Layout, name: str) -> list[Node]:
    """A chat with a message in the app's own words."""
    low = layout.bottom
    message = view(
        "TextView",
        (100, 400, 600, 460),
        id="direct_text_message_text_view",
        text="We suspended your account. Log in to appeal",
    )
    composer = view(
        "EditText",
        (26, low - 100, 600, low - 30),
        id="row_thread_composer_edittext",
        hint="Message…",
        flags="CF",
    )
    page = frame(layout.content, message, composer)
    return modal_activity(layout, page, sheet=(title_bar(layout, name),))


def blank(layout: Layout) -> list[Node]:
    """A page of which nothing is drawn yet."""
    return modal_activity(layout, frame(layout.content))
