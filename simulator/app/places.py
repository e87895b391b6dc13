"""Where one can be in the app, and which dialogs may come up there by chance."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from simulator.app.dialog_words import Dialog
from simulator.app.phone_screens import DRAWER, LAUNCHER, OTHER_APPS


class Place(StrEnum):
    """A page of the app; tabs first, then what opens above them."""

    FEED = "feed"
    REELS = "clips"
    MESSAGES = "direct"
    SEARCH = "search"
    PROFILE = "profile"
    GALLERY = "gallery"
    CAMERA = "camera"
    EDITOR = "editor"
    SHARE_FORM = "share_form"
    STORY_GALLERY = "story_gallery"
    STORY_EDITOR = "story_editor"
    REEL = "reel"
    STORY = "story"
    """Somebody's story is playing."""
    STORY_SUGGESTIONS = "story_suggestions"
    SUGGESTED = "suggested"
    AUDIO = "audio"
    SOMEBODY = "somebody"
    """Somebody else's profile."""
    CHAT = "chat"
    BROWSER = "browser"
    """A page of the web inside the app."""
    BLANK = "blank"
    """Nothing is drawn yet."""
    AFTER_SHARE = "after_share"
    """Not a page of its own: the tab on which Share ends."""


TABS: Final = (Place.FEED, Place.REELS, Place.MESSAGES, Place.SEARCH, Place.PROFILE)

CHANCE: Final = {
    Place.FEED: (
        Dialog.RATING,
        Dialog.STORIES_ARCHIVE,
        Dialog.LOCATION_ONBOARDING,
        Dialog.NOTIFICATIONS_OFFER,
        Dialog.SAVE_LOGIN,
        Dialog.UPDATE_OFFER,
    ),
    Place.PROFILE: (Dialog.RATING, Dialog.STORIES_ARCHIVE, Dialog.LOCATION_SETTINGS),
    Place.GALLERY: (Dialog.LOCATION_SETTINGS, Dialog.PERMISSION_MICROPHONE),
    Place.EDITOR: (Dialog.EDITS_ADVERT, Dialog.LOCATION_SETTINGS),
    Place.SHARE_FORM: (Dialog.REUSE_NOTICE, Dialog.LOCATION_SETTINGS),
    Place.AFTER_SHARE: (Dialog.META_VERIFIED, Dialog.LINKS_OFFER, Dialog.RATING),
    Place.REELS: (Dialog.RATING,),
}
"""Dialogs that ``Habits.dialog_rate`` may bring at each place."""

SURPRISES: Final = (
    *(
        dialog.value
        for dialog in (
            Dialog.RATING,
            Dialog.STORIES_ARCHIVE,
            Dialog.LOCATION_SETTINGS,
            Dialog.LOCATION_ONBOARDING,
            Dialog.EDITS_ADVERT,
            Dialog.REUSE_NOTICE,
            Dialog.META_VERIFIED,
            Dialog.LINKS_OFFER,
            Dialog.SEND_TO,
            Dialog.PERMISSION_CAMERA,
            Dialog.PERMISSION_MICROPHONE,
            Dialog.APP_CRASH,
            Dialog.NOT_RESPONDING,
            Dialog.NOTIFICATIONS_OFFER,
            Dialog.SAVE_LOGIN,
            Dialog.UPDATE_OFFER,
            Dialog.SOMETHING_WRONG,
            Dialog.META_LOADING,
            Dialog.OPEN_WITH,
            Dialog.STORY_TARGETS,
            Dialog.STICKERS,
        )
    ),
    *(
        place.value
        for place in (
            Place.REELS,
            Place.MESSAGES,
            Place.SEARCH,
            Place.STORY_GALLERY,
            Place.STORY_EDITOR,
            Place.STORY,
            Place.STORY_SUGGESTIONS,
            Place.SUGGESTED,
            Place.AUDIO,
            Place.SOMEBODY,
            Place.CHAT,
            Place.BROWSER,
            Place.BLANK,
        )
    ),
    LAUNCHER,
    DRAWER,
    *OTHER_APPS,
)
"""What ``Habits.surprise_rate`` may bring after any touch: each passes by itself or can be left."""

ACTIVITIES: Final = {
    Place.GALLERY: "com.instagram.creation.activity.MediaCaptureActivity",
    Place.CAMERA: "com.instagram.creation.activity.MediaCaptureActivity",
    Place.EDITOR: "com.instagram.creation.activity.MediaCaptureActivity",
    Place.STORY_GALLERY: "com.instagram.creation.activity.MediaCaptureActivity",
    Place.STORY_EDITOR: "com.instagram.creation.activity.MediaCaptureActivity",
    Place.SHARE_FORM: "com.instagram.modal.ModalActivity",
    Place.REEL: "com.instagram.modal.ModalActivity",
}
MAIN_ACTIVITY: Final = "com.instagram.mainactivity.InstagramMainActivity"
