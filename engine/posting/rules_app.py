"""The screens on which the app is looked at, and those that show nothing yet."""

from __future__ import annotations

from typing import Final

from engine.posting.marks import (
    Among,
    Few,
    OnlyWordsOn,
    has,
    inside,
    like,
    opens,
    whole,
)
from engine.posting.rule import FURNITURE, TAB_IDS, TABS, Rule, by_id, labelled
from engine.posting.screen import Kind

_REEL: Final = like("clips_media_", "clips_video_", "clips_viewer_", "clips_author_")
_POST: Final = has(
    "media_group",
    "row_feed_profile_header",
    "row_feed_photo_profile_name",
    "row_feed_view_group_buttons",
    "row_feed_button_like",
    "row_feed_photo_imageview",
)
_HEADER: Final = has(
    "row_profile_header_imageview",
    "profile_header_container",
    "profile_header_follow_button",
    "profile_header_familiar_followers_label",
    "row_profile_header_followers_container",
    "profile_header_full_name_above_vanity",
    "profile_tab_icon_view",
    "profile_tabs_container",
)

BROWSING: Final = (
    Rule(
        name="story_playing",
        kind=Kind.STORY_VIEW,
        must=(like("reel_viewer_"),),
        proof=("d008", "d031"),
    ),
    Rule(
        name="story_suggestions",
        kind=Kind.STORY_VIEW,
        must=(like("netego_su_"),),
        confidence=0.7,
        proof=("d019",),
    ),
    Rule(
        name="messages",
        kind=Kind.DIRECT_MESSAGES,
        either=(
            has(
                "row_thread_composer_edittext",
                "row_thread_composer_container",
                "inbox_refreshable_thread_list_recyclerview",
                "direct_text_message_text_view",
                "message_content",
                "thread_title",
            ),
            like("direct_inbox_", "direct_thread_", "row_inbox_", "row_thread_", "inbox_"),
        ),
        never=(_REEL,),
        answer=by_id("action_bar_button_back", "header_left_button"),
    ),
    Rule(
        name="reels_tab",
        kind=Kind.REELS_FEED,
        must=(_REEL, TABS),
        proof=("d039", "d052", "d059"),
    ),
    Rule(
        name="single_reel",
        kind=Kind.REEL_VIEW,
        must=(_REEL,),
        never=(TABS,),
        proof=("d041",),
    ),
    Rule(
        name="post_list",
        kind=Kind.REEL_VIEW,
        must=(_POST,),
        never=(TABS,),
        answer=by_id("action_bar_button_back"),
        proof=("d028",),
    ),
    Rule(
        name="own_profile",
        kind=Kind.PROFILE,
        either=(
            opens("edit_profile", "button_container", "profile_header_edit_profile_button"),
            opens("own_picture", "row_profile_header_imageview"),
            has("create_highlight_button_view"),
        ),
        never=(_POST,),
        answer=labelled("create_new"),
        proof=("d015", "d073", "d076", "d093"),
    ),
    Rule(
        name="own_profile_scrolled",
        kind=Kind.PROFILE,
        must=(_HEADER, whole("create_new"), TABS),
        # The bottom bar's Create stands below anybody's profile.
        never=(has("profile_header_follow_button"),),
        confidence=0.85,
        answer=labelled("create_new"),
    ),
    Rule(
        name="somebodys_profile",
        kind=Kind.PROFILE,
        either=(_HEADER, like("profile_header_", "row_profile_header")),
        never=(_POST,),
        answer=labelled("go_back"),
        proof=("d002", "d033"),
    ),
    Rule(
        name="explore",
        kind=Kind.SEARCH_OR_EXPLORE,
        either=(
            has("grid_card_layout_container", "row_search_user_container", "row_hashtag_container"),
            like(
                "action_bar_search",
                "explore_",
                "use_in_camera",
                "preview_clip_",
                "row_recommended_",
                "recommended_user",
                "row_search_",
                "audio_page",
                "effect_page",
                "hashtag_",
            ),
        ),
        never=(_POST,),
        answer=by_id("action_bar_button_back"),
        proof=("d003", "d067"),
    ),
    Rule(
        name="feed",
        kind=Kind.HOME_FEED,
        must=(TABS,),
        either=(
            _POST,
            has(
                "title_logo",
                "main_feed_action_bar",
                "reels_tray_container",
                "outer_container",
                "netego_carousel_header",
                "netego_carousel_title",
            ),
            like("row_feed_", "end_of_feed"),
            whole("feed_title"),
        ),
        proof=("d004", "d014", "d044", "d045", "d046", "d057", "d072"),
    ),
)

WAITING: Final = (
    Rule(
        name="page_loading",
        kind=Kind.LOADING_OR_BLANK,
        must=(whole("busy"), Few(6)),
        answer=labelled("close_mark"),
        proof=("d042",),
    ),
    Rule(
        name="splash",
        kind=Kind.LOADING_OR_BLANK,
        either=(has("splash_screen", "splash_icon", "startup_logo"), whole("splash")),
        never=(TABS,),
    ),
    Rule(
        name="bar_only",
        kind=Kind.LOADING_OR_BLANK,
        must=(TABS, OnlyWordsOn((*TAB_IDS, "action_bar_title", "section_1", "section_2"))),
    ),
    Rule(
        name="nothing_drawn",
        kind=Kind.LOADING_OR_BLANK,
        must=(Few(1),),
        proof=("d079",),
    ),
    Rule(
        name="failed_page",
        kind=Kind.ERROR_MESSAGE,
        must=(inside("failed"),),
        never=(TABS, FURNITURE),
        confidence=0.7,
    ),
    Rule(
        name="interstitial",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(whole("decline"),),
        never=(TABS, FURNITURE),
        confidence=0.7,
        answer=labelled("decline"),
    ),
    Rule(
        name="onboarding",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(whole("agree"), Among(30)),
        # What speaks of the account in words that no rule knows is not agreed to.
        never=(
            TABS,
            FURNITURE,
            has("action_bar_button_back", "action_bar"),
            opens("account_talk"),
        ),
        confidence=0.6,
        answer=(*labelled("close_mark"), *labelled("agree")),
        proof=("d082",),
    ),
    Rule(
        name="closable_page",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(whole("close_mark"), Among(30)),
        never=(TABS, FURNITURE, has("action_bar_button_back", "action_bar")),
        confidence=0.5,
        answer=labelled("close_mark"),
    ),
    Rule(
        name="hardly_drawn",
        kind=Kind.LOADING_OR_BLANK,
        must=(Few(3, 32),),
        never=(has("action_bar_button_back"),),
        confidence=0.4,
    ),
)
