"""The screens on which a reel or a story is made, and what the app reports about uploads."""

from __future__ import annotations

from typing import Final

from engine.posting.marks import Uploading, has, like, several, whole
from engine.posting.rule import Rule, by_id, labelled
from engine.posting.screen import Kind
from engine.posting.uploads import UploadState

MAKING: Final = (
    Rule(
        name="story_picker",
        kind=Kind.STORY_EDITOR,
        must=(whole("story_picker", "gallery_title_text", "action_bar_title", "title"),),
        either=(has("gallery_cancel_button"), like("gallery_")),
        answer=by_id("gallery_cancel_button"),
        proof=("d060", "d062"),
    ),
    Rule(
        name="story_tools",
        kind=Kind.STORY_EDITOR,
        either=(
            has(
                "asset_button",
                "share_story_button",
                "recipients_picker_button",
                "your_story_button",
                "story_share_controls",
                "camera_ar_effect_button",
                "add_text_button",
                "ai_modify_button",
                "text_tool_button",
                "draw_button",
            ),
            like("sticker_sheet_", "story_comment_", "story_share_", "postcapture_story"),
            several("stickers"),
            whole("story_targets", "label", "text", "share_to_story_text"),
        ),
        never=(
            has("clips_right_action_button", "camera_shutter_button", "caption_input_text_view"),
        ),
        answer=by_id("cancel_button"),
        proof=("d005", "d090"),
    ),
    Rule(
        name="gallery",
        kind=Kind.GALLERY_PICKER,
        must=(
            has(
                "gallery_grid_item_thumbnail",
                "gallery_recycler_view",
                "gallery_title_text",
                "gallery_folder_menu_tv",
                "gallery_menu_multi_select_button",
            ),
        ),
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
        must=(has("camera_shutter_button", "gallery_preview_button", "camera_switch_button"),),
        answer=(*by_id("gallery_preview_button"), *labelled("gallery")),
        proof=("d094",),
    ),
    Rule(
        name="caption_form",
        kind=Kind.SHARE_FORM,
        must=(has("caption_input_text_view"),),
        proof=("d030", "d032", "d038", "d053", "d054", "d081"),
    ),
    Rule(
        name="scrolled_form",
        kind=Kind.SHARE_FORM,
        either=(has("save_draft_button", "cover_photo_preview", "clip_thumbnail_layout"),),
        confidence=0.85,
    ),
    Rule(
        name="form_options",
        kind=Kind.SHARE_FORM,
        must=(several("form", 3), has("action_bar_button_back", "toggle")),
        confidence=0.8,
    ),
    Rule(
        name="editor_tools",
        kind=Kind.VIDEO_EDITOR,
        either=(
            has("clips_left_action_button"),
            like(
                "clips_action_bar_add_",
                "clips_action_bar_volume",
                "clips_editor_",
                "clips_timeline_editor",
                "clips_stacked_timeline",
            ),
        ),
        confidence=0.85,
        answer=labelled("next"),
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
