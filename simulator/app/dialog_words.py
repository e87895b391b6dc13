"""What can lie on top of a screen, in the app's and Android's own words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Dialog(StrEnum):
    """Every overlay by the name that scripts use."""

    CREATE_MENU = "create_menu"
    RATING = "rating"
    STORIES_ARCHIVE = "stories_archive"
    LOCATION_SETTINGS = "location_settings"
    LOCATION_ONBOARDING = "location_onboarding"
    EDITS_ADVERT = "edits_advert"
    REUSE_NOTICE = "reuse_notice"
    AUDIO_NOTICE = "audio_notice"
    """Asked after Next on the share form; its Share publishes."""
    CONTENT_WARNING = "content_warning"
    """Asked after Share of a long reel; its Share publishes."""
    SAVE_DRAFT = "save_draft"
    META_VERIFIED = "meta_verified"
    LINKS_OFFER = "links_offer"
    SEND_TO = "send_to"
    TRY_AGAIN_LATER = "try_again_later"
    LOGGED_OUT = "logged_out"
    PERMISSION_PHOTOS = "permission_photos"
    PERMISSION_CAMERA = "permission_camera"
    PERMISSION_MICROPHONE = "permission_microphone"
    APP_CRASH = "app_crash"
    NOT_RESPONDING = "not_responding"
    NOTIFICATIONS_OFFER = "notifications_offer"
    SAVE_LOGIN = "save_login"
    """A page of its own that asks whether the login is to be kept."""
    UPDATE_OFFER = "update_offer"
    UPDATE_REQUIRED = "update_required"
    """An update without a way round it."""
    ACTION_BLOCKED = "action_blocked"
    SOMETHING_WRONG = "something_wrong"
    META_LOADING = "meta_loading"
    """A page of another service that goes on loading."""
    OPEN_WITH = "open_with"
    """Android asks which app is to open something."""
    STORY_TARGETS = "story_targets"
    """The story's own Share sheet: a wrong turn."""
    STICKERS = "stickers"
    """The story's stickers: a wrong turn."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A window with a headline, words and buttons below each other."""

    headline: str
    body: str
    buttons: tuple[tuple[str, str, str], ...]
    """id, label, action."""
    ids: tuple[str, str] = ("igds_alert_dialog_headline", "igds_alert_dialog_subtext")


_PRIMARY: Final = "igds_alert_dialog_primary_button"
_CANCEL: Final = "igds_alert_dialog_cancel_button"
_HEADLINE: Final = ("igds_headline_headline", "igds_headline_body")

ALERTS: Final = {
    Dialog.CONTENT_WARNING: Alert(
        "Your reel may get limited reach",
        "Reels over 3 minutes won't be recommended to new audiences.",
        ((_PRIMARY, "Share", "publish"), (_CANCEL, "Edit draft", "dismiss")),
    ),
    # The ids mislead: the primary button is Cancel, the cancel button opens the settings.
    Dialog.LOCATION_SETTINGS: Alert(
        'Open your location settings to allow "Instagram" access to your location',
        'In your device settings tap "Permissions" and tap "Location" to turn it on.',
        ((_PRIMARY, "Cancel", "dismiss"), (_CANCEL, "Open settings", "open_settings")),
    ),
    Dialog.TRY_AGAIN_LATER: Alert(
        "Try again later",
        "We limit how often you can do certain things on Instagram to protect our community.",
        ((_PRIMARY, "OK", "dismiss"), (_CANCEL, "Tell us", "dismiss")),
    ),
    Dialog.ACTION_BLOCKED: Alert(
        "Action Blocked",
        "This action was blocked. Please try again later. We restrict certain activity to protect"
        " our community. Tell us if you think we made a mistake.",
        ((_PRIMARY, "OK", "dismiss"), (_CANCEL, "Tell us", "dismiss")),
    ),
    Dialog.NOTIFICATIONS_OFFER: Alert(
        "Turn on notifications?",
        "Find out right away when people follow you or like and comment on your photos.",
        ((_PRIMARY, "Turn on", "open_settings"), (_CANCEL, "Not now", "dismiss")),
    ),
    Dialog.UPDATE_OFFER: Alert(
        "Update Instagram",
        "A newer version is there, with the latest features and repairs.",
        ((_PRIMARY, "Update", "open_store"), (_CANCEL, "Not now", "dismiss")),
    ),
    Dialog.UPDATE_REQUIRED: Alert(
        "Update Instagram",
        "This version of Instagram is out of date. Update now to continue.",
        ((_PRIMARY, "Update", "open_store"),),
    ),
    Dialog.SOMETHING_WRONG: Alert(
        "Something went wrong",
        "Please check your connection and try again.",
        ((_PRIMARY, "OK", "dismiss"),),
    ),
    Dialog.STORIES_ARCHIVE: Alert(
        "Introducing your stories archive",
        "Now your stories will be kept in your archive so you don't have to save them on your"
        " phone. Only you can see them there after they disappear from your story.",
        (("primary_button", "OK", "dismiss"), ("negative_button", "Edit in Settings", "dismiss")),
        _HEADLINE,
    ),
    Dialog.LOGGED_OUT: Alert(
        "You've Been Logged Out",
        "Please log back in.",
        (("primary_button", "OK", "log_in"),),
        _HEADLINE,
    ),
}
PERMISSIONS: Final = {
    Dialog.PERMISSION_PHOTOS: "Allow Instagram to access photos and videos on this device?",
    Dialog.PERMISSION_CAMERA: "Allow Instagram to take pictures and record video?",
    Dialog.PERMISSION_MICROPHONE: "Allow Instagram to record audio?",
}
SYSTEM: Final = {
    Dialog.APP_CRASH: (
        "Instagram keeps stopping",
        (("aerr_app_info", "App info", "open_settings"), ("aerr_close", "Close app", "close_app")),
    ),
    Dialog.NOT_RESPONDING: (
        "Instagram isn't responding",
        (("aerr_close", "Close app", "close_app"), ("aerr_wait", "Wait", "dismiss")),
    ),
}


STORY_PARTS: Final = frozenset({Dialog.STORY_TARGETS, Dialog.STICKERS})
"""Sheets of the story's making."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A bottom sheet with a headline, words, and buttons (id, label, action)."""

    height: int
    headline: tuple[str, str]
    body: tuple[tuple[str, str], ...]
    buttons: tuple[tuple[str, str, str], ...]


SHEETS: Final = {
    Dialog.EDITS_ADVERT: Sheet(
        434,
        ("header_primary_text", "Level up your videos with Edits"),
        (
            (
                "body_text",
                (
                    "Powerful editing tools, project tracking and actionable insights are all in"
                    " one place with the new video creation app from Instagram."
                ),
            ),
        ),
        (("bb_primary_action_container", "Get App", "open_store"),),
    ),
    Dialog.REUSE_NOTICE: Sheet(
        700,
        ("igds_headline_emphasized_headline", "New ways to reuse"),
        (
            (
                "bullet_cell_body",
                (
                    "Since you allow remixing, people may be able to reuse all or part of your"
                    " reels and posts in these and future reuse features."
                ),
            ),
            (
                "bullet_cell_body",
                (
                    "You can turn off reuse for each reel or post or change your default reuse"
                    " controls in your settings."
                ),
            ),
        ),
        (
            ("bb_primary_action_container", "OK", "dismiss"),
            ("bb_secondary_action", "Manage settings", "dismiss"),
        ),
    ),
    Dialog.AUDIO_NOTICE: Sheet(
        540,
        ("clips_original_audio_nux_sheet_title", "Update on your original audio"),
        (
            (
                "clips_original_audio_nux_sheet_content",
                (
                    "Original audio from this and any future reels you share on Instagram can be"
                    " used by people on the Meta AI app and website to create videos. You can turn"
                    " this off now or at any time in your settings."
                ),
            ),
        ),
        (
            ("clips_original_audio_nux_sheet_share_button", "Share", "publish"),
            (
                "clips_original_audio_nux_sheet_turn_off_and_share_button",
                "Turn off and share",
                "publish",
            ),
        ),
    ),
    Dialog.META_VERIFIED: Sheet(
        641,
        ("igds_headline_emphasized_headline", "Get more from your next reel"),
        (
            (
                "igds_headline_body",
                (
                    "Reels from profiles with a verified badge get more engagement on average. Sign"
                    " up for Meta Verified for a verified badge and more."
                ),
            ),
        ),
        (("bb_primary_action_container", "Get started", "open_store"),),
    ),
    Dialog.LINKS_OFFER: Sheet(
        641,
        ("igds_headline_emphasized_headline", "Add links to your next Reel"),
        (
            (
                "igds_headline_body",
                (
                    "Now that your Reel was posted, explore adding links. Increase visits to your"
                    " website or products directly from Reels with a Meta Verified subscription."
                ),
            ),
        ),
        (("bb_primary_action_container", "Get started", "open_store"),),
    ),
    Dialog.SEND_TO: Sheet(
        700,
        ("title_text_view", "Also share to"),
        (("add_to_highlights_label", "Add to highlights"),),
        (("send_button", "Done", "dismiss"),),
    ),
}
DRAFT_ROWS: Final = (
    ("Start over", "start_over"),
    ("Save draft", "keep_draft"),
    ("Keep editing", "dismiss"),
)
