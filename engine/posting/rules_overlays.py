"""Dialogs, sheets and menus: what lies on top of a screen of the app."""

from __future__ import annotations

from typing import Final

from engine.posting.marks import Among, Covering, has, inside, like, opens, several, whole
from engine.posting.rule import CLOSE, FURNITURE, TABS, Rule, by_id, labelled
from engine.posting.screen import DIMMER, Kind, Target

_ALERT: Final = has(
    "igds_alert_dialog_headline",
    "igds_alert_dialog_subtext",
    "igds_alert_dialog_primary_button",
    "igds_alert_dialog_cancel_button",
    "igds_alert_dialog_auxiliary_button",
    "dialog_container",
    "dialog_title",
    "dialog_body",
    "alertTitle",
    "alertTitleContainer",
    "buttonPanel",
    "parentPanel",
)
_DONE_BUTTON: Final = Target(id="send_button", desc="done")
"""The same button says Send once somebody is chosen."""

OVERLAYS: Final = (
    Rule(
        name="limited_reach",
        kind=Kind.DIALOG_CONTENT_WARNING,
        must=(inside("limited_reach"),),
        never=(FURNITURE,),
        answer=labelled("share"),
        proof=("d010", "d047"),
    ),
    Rule(
        name="against_rules",
        kind=Kind.DIALOG_CONTENT_WARNING,
        must=(inside("against_rules"),),
        never=(FURNITURE,),
        confidence=0.85,
    ),
    Rule(
        name="update_required",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(opens("update"),),
        never=(FURNITURE,),
        answer=labelled("decline"),
    ),
    Rule(
        name="create_sheet",
        kind=Kind.CREATE_MENU,
        must=(several("new_things"),),
        answer=labelled("new_reel"),
        proof=("d016", "d051", "d058", "d070", "d071"),
    ),
    Rule(
        name="create_sheet_words",
        kind=Kind.CREATE_MENU,
        must=(Covering(), whole("create_title", "title_text_view"), whole("new_reel")),
        confidence=0.85,
        answer=labelled("new_reel"),
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
            like("direct_private_share_", "direct_share_sheet_", "direct_external_share"),
            whole("send_to", "title_text_view"),
        ),
        answer=(_DONE_BUTTON, *labelled("done"), *labelled("close_mark"), DIMMER),
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
        never=(FURNITURE,),
        answer=labelled("keep_editing"),
        proof=("d025",),
    ),
    Rule(
        name="rate_the_app",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(like("appirater_"),),
        answer=(
            *by_id("appirater_cancel_button", "appirater_rate_later_button"),
            *labelled("decline"),
        ),
        proof=("d023", "d065"),
    ),
    Rule(
        name="discard_upload",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(opens("discard_upload"), whole("discards")),
        never=(FURNITURE,),
    ),
    Rule(
        name="alert",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(_ALERT,),
        answer=CLOSE,
        proof=("d029",),
    ),
    Rule(
        name="menu",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(like("action_sheet_row", "action_sheet_header", "context_menu_", "popup_menu"),),
        answer=(*labelled("decline"), *labelled("close_mark"), DIMMER),
    ),
    Rule(
        name="headline_dialog",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(
            has("primary_button", "negative_button", "bb_primary_action_container"),
            like("igds_headline_"),
        ),
        never=(TABS, Covering()),
        answer=CLOSE,
        proof=("d040",),
    ),
    Rule(
        name="notice_sheet",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(Covering(), whole("acknowledge", "bb_primary_action_container", "primary_button")),
        never=(whole("decline"),),
        answer=labelled("acknowledge"),
        proof=("d017",),
    ),
    Rule(
        name="sheet",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(Covering(),),
        never=(has("sticker_sheet_redesign_item"),),
        confidence=0.8,
        answer=(*labelled("decline"), *labelled("close_mark"), DIMMER),
        proof=("d011", "d085", "d088"),
    ),
    Rule(
        name="in_app_permission",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(opens("allow_access"), whole("grant_access"), Among(14)),
        never=(TABS, FURNITURE),
        confidence=0.7,
        answer=(*labelled("decline"), *labelled("grant_access")),
    ),
)
