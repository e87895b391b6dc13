"""The app's own screens, from the most particular to the most general."""

from __future__ import annotations

from typing import Final

from engine.posting.marks import Few, OnlyWordsOn, Uploading, button, has, inside, opens, whole
from engine.posting.rule import TAB_IDS, TABS, Rule, by_id, labelled
from engine.posting.screen import Kind
from engine.posting.uploads import UploadState

MAKING: Final = (
    Rule(
        name="story_picker",
        kind=Kind.STORY_EDITOR,
        must=(has("gallery_cancel_button"), whole("story_picker", "gallery_title_text")),
        answer=by_id("gallery_cancel_button"),
        proof=("d060", "d062"),
    ),
    Rule(
        name="story_tools",
        kind=Kind.STORY_EDITOR,
        either=(
            has(
                "sticker_sheet_redesign_item",
                "story_comment_text",
                "asset_button",
                "share_story_button",
                "recipients_picker_button",
                "your_story_button",
                "story_share_controls",
                "camera_ar_effect_button",
            ),
            whole("story_targets", "label", "text", "share_to_story_text"),
        ),
        never=(has("clips_right_action_button", "camera_shutter_button"),),
        answer=by_id("cancel_button"),
        proof=("d005", "d090"),
    ),
    Rule(
        name="gallery",
        kind=Kind.GALLERY_PICKER,
        must=(has("gallery_grid_item_thumbnail", "gallery_recycler_view", "gallery_title_text"),),
        proof=("d066", "d074", "d075", "d096"),
    ),
    Rule(
        name="reel_editor",
        kind=Kind.VIDEO_EDITOR,
        must=(has("clips_right_action_button"),),
        answer=by_id("clips_right_action_button"),
        proof=("d018", "d020", "d043", "d050"),
    ),
    Rule(
        name="reel_camera",
        kind=Kind.CAMERA,
        must=(has("camera_shutter_button", "gallery_preview_button"),),
        never=(has("clips_right_action_button"),),
        answer=by_id("gallery_preview_button"),
        proof=("d094",),
    ),
    Rule(
        name="caption_form",
        kind=Kind.SHARE_FORM,
        must=(has("caption_input_text_view"),),
        proof=("d030", "d032", "d038", "d053", "d054", "d081"),
    ),
)

UPLOADS: Final = (
    Rule(
        name="upload_running",
        kind=Kind.SHARING_PROGRESS,
        must=(Uploading(UploadState.RUNNING),),
        proof=("d026", "d061", "d077", "d078", "d080", "d092", "d095"),
    ),
    Rule(
        name="upload_posted",
        kind=Kind.POST_SUCCESS,
        must=(Uploading(UploadState.POSTED),),
        proof=("d055", "d064", "d068", "d091"),
    ),
    Rule(
        name="upload_failed",
        kind=Kind.ERROR_MESSAGE,
        must=(Uploading(UploadState.FAILED),),
        answer=by_id("row_pending_media_discard_button"),
        proof=("d022", "d036", "d069"),
    ),
)

BROWSING: Final = (
    Rule(
        name="story_playing",
        kind=Kind.STORY_VIEW,
        must=(
            has("reel_viewer_text_container", "reel_viewer_title", "reel_viewer_message_composer"),
        ),
        proof=("d008", "d031"),
    ),
    Rule(
        name="messages",
        kind=Kind.DIRECT_MESSAGES,
        must=(
            has(
                "row_thread_composer_edittext",
                "row_thread_composer_container",
                "inbox_refreshable_thread_list_recyclerview",
                "direct_inbox_container",
                "direct_text_message_text_view",
                "direct_inbox_action_bar",
            ),
        ),
    ),
    Rule(
        name="reels_tab",
        kind=Kind.REELS_FEED,
        must=(
            has("clips_media_component", "clips_video_container", "clips_viewer_view_pager"),
            TABS,
        ),
        proof=("d039", "d052", "d059"),
    ),
    Rule(
        name="single_reel",
        kind=Kind.REEL_VIEW,
        must=(has("clips_media_component", "clips_video_container", "clips_viewer_view_pager"),),
        never=(TABS,),
        proof=("d041",),
    ),
    Rule(
        name="post_list",
        kind=Kind.REEL_VIEW,
        must=(
            has("row_feed_profile_header", "row_feed_view_group_buttons", "row_feed_button_like"),
        ),
        never=(TABS,),
        answer=by_id("action_bar_button_back"),
        proof=("d028",),
    ),
    Rule(
        name="own_profile",
        kind=Kind.PROFILE,
        must=(opens("edit_profile"),),
        answer=labelled("create_new"),
        proof=("d015", "d073", "d076", "d086", "d093"),
    ),
    Rule(
        name="somebodys_profile",
        kind=Kind.PROFILE,
        must=(
            has(
                "row_profile_header_imageview",
                "profile_header_container",
                "profile_header_follow_button",
                "profile_header_familiar_followers_label",
                "row_profile_header_followers_container",
            ),
        ),
        answer=labelled("go_back"),
        proof=("d002", "d033"),
    ),
    Rule(
        name="explore",
        kind=Kind.SEARCH_OR_EXPLORE,
        must=(
            has(
                "action_bar_search_edit_text",
                "explore_action_bar",
                "explore_action_bar_container",
                "grid_card_layout_container",
                "row_recommended_user_username",
                "use_in_camera_button",
                "use_in_camera_header_button",
                "use_in_camera_button_scene_root",
                "row_search_user_container",
                "recommended_user_row_content_identifier",
            ),
        ),
        answer=by_id("action_bar_button_back"),
        proof=("d003", "d067"),
    ),
    Rule(
        name="feed",
        kind=Kind.HOME_FEED,
        must=(has("feed_tab"),),
        either=(
            has(
                "title_logo",
                "main_feed_action_bar",
                "reels_tray_container",
                "media_group",
                "row_feed_profile_header",
                "row_feed_photo_profile_name",
                "outer_container",
                "row_feed_view_group_buttons",
                "netego_carousel_header",
                "row_feed_button_like",
            ),
        ),
        proof=("d004", "d014", "d044", "d045", "d046", "d057", "d072"),
    ),
    Rule(
        name="feed_words",
        kind=Kind.HOME_FEED,
        must=(whole("tab_home"), whole("tab_profile"), whole("tab_search"), opens("feed_title")),
        confidence=0.8,
    ),
)

WAITING: Final = (
    Rule(
        name="page_loading",
        kind=Kind.LOADING_OR_BLANK,
        must=(whole("busy"), Few(4)),
        answer=labelled("dismiss"),
        proof=("d042",),
    ),
    Rule(
        name="splash",
        kind=Kind.LOADING_OR_BLANK,
        either=(has("splash_screen", "splash_icon", "startup_logo"), whole("splash")),
        never=(TABS, whole("login_password")),
    ),
    Rule(
        name="bar_only",
        kind=Kind.LOADING_OR_BLANK,
        must=(TABS, OnlyWordsOn(TAB_IDS)),
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
        never=(TABS,),
        confidence=0.7,
    ),
    Rule(
        name="interstitial",
        kind=Kind.DIALOG_DISMISSIBLE,
        either=(
            button("decline"),
            whole("decline", "primary_button", "negative_button", "skip_button", "button_text"),
        ),
        never=(TABS,),
        confidence=0.7,
        answer=labelled("decline"),
    ),
    Rule(
        name="onboarding",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(button("agree"),),
        never=(TABS, has("action_bar_button_back", "action_bar")),
        confidence=0.6,
        answer=labelled("agree"),
        proof=("d082",),
    ),
)
