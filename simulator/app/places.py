"""Where one can be in the app, and which dialogs may come up there by chance."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from simulator.app.dialog_words import Dialog


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
    AFTER_SHARE = "after_share"
    """Not a page of its own: the tab on which Share ends."""


TABS: Final = (Place.FEED, Place.REELS, Place.MESSAGES, Place.SEARCH, Place.PROFILE)

CHANCE: Final = {
    Place.FEED: (Dialog.RATING, Dialog.STORIES_ARCHIVE, Dialog.LOCATION_ONBOARDING),
    Place.PROFILE: (Dialog.RATING, Dialog.STORIES_ARCHIVE, Dialog.LOCATION_SETTINGS),
    Place.GALLERY: (Dialog.LOCATION_SETTINGS, Dialog.PERMISSION_MICROPHONE),
    Place.EDITOR: (Dialog.EDITS_ADVERT, Dialog.LOCATION_SETTINGS),
    Place.SHARE_FORM: (Dialog.REUSE_NOTICE, Dialog.LOCATION_SETTINGS),
    Place.AFTER_SHARE: (Dialog.META_VERIFIED, Dialog.LINKS_OFFER, Dialog.RATING),
    Place.REELS: (Dialog.RATING,),
}
"""Dialogs that ``Habits.dialog_rate`` may bring at each place."""

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
