"""Dialogs, sheets and menus: what lies on top of a screen of the app."""

from __future__ import annotations

from typing import Final

from engine.posting.marks import Covering, has, notes, titled, whole
from engine.posting.rule import CLOSE, FURNITURE, TABS, Rule, by_id, labelled
from engine.posting.screen import DIMMER, Kind

OVERLAYS: Final = (
    Rule(
        name="limited_reach",
        kind=Kind.DIALOG_CONTENT_WARNING,
        must=(notes("limited_reach"),),
        answer=by_id("igds_alert_dialog_primary_button"),
        proof=("d010", "d047"),
    ),
    Rule(
        name="update_required",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(titled("update"),),
        never=(FURNITURE,),
        answer=labelled("decline"),
    ),
    Rule(
        name="create_sheet",
        kind=Kind.CREATE_MENU,
        must=(whole("new_reel"), whole("new_post")),
        answer=labelled("new_reel"),
        proof=("d016", "d051", "d058", "d070", "d071"),
    ),
    Rule(
        name="story_targets",
        kind=Kind.STORY_EDITOR,
        must=(has("share_story_button", "row_add_to_story_container"),),
        proof=("d009",),
    ),
    Rule(
        name="send_to_sheet",
        kind=Kind.SHARE_SHEET,
        either=(
            has(
                "one_tap_send_button_container",
                "direct_private_share_container_view",
                "direct_recipient_add_to_highlights_row",
                "direct_share_sheet_grid_view_pog",
            ),
            whole("send_to", "title_text_view"),
        ),
        answer=by_id("send_button"),
        proof=("d084",),
    ),
    Rule(
        name="original_audio_notice",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(has("clips_original_audio_nux_sheet_share_button"),),
        answer=by_id("clips_original_audio_nux_sheet_share_button"),
        proof=("d049",),
    ),
    Rule(
        name="leave_draft",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(whole("keep_editing"),),
        answer=labelled("keep_editing"),
        proof=("d025",),
    ),
    Rule(
        name="rate_the_app",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(has("appirater_cancel_button", "appirater_title_area"),),
        answer=by_id("appirater_cancel_button", "appirater_rate_later_button"),
        proof=("d023", "d065"),
    ),
    Rule(
        name="discard_upload",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(titled("discard_upload"), whole("discard")),
        answer=labelled("discard"),
    ),
    Rule(
        name="alert",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(
            has(
                "igds_alert_dialog_headline",
                "igds_alert_dialog_primary_button",
                "igds_alert_dialog_cancel_button",
                "igds_alert_dialog_auxiliary_button",
                "dialog_container",
                "alertTitle",
                "alertTitleContainer",
                "action_sheet_row_text_view",
            ),
        ),
        answer=CLOSE,
        proof=("d029",),
    ),
    Rule(
        name="headline_dialog",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(has("primary_button", "negative_button"), has("igds_headline_headline")),
        never=(TABS,),
        answer=CLOSE,
        proof=("d040",),
    ),
    Rule(
        name="notice_sheet",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(Covering(), whole("agree", "bb_primary_action_container")),
        answer=by_id("bb_primary_action_container"),
        proof=("d017",),
    ),
    Rule(
        name="sheet",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(Covering(),),
        never=(has("sticker_sheet_redesign_item"),),
        confidence=0.8,
        answer=(*labelled("decline"), DIMMER),
        proof=("d011", "d085", "d088"),
    ),
)
