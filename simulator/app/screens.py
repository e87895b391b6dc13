"""Which screen is drawn for a moment of the app: the choice among the builders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simulator.app import dialogs
from simulator.app.account_pages import account_page, login_form
from simulator.app.dialog_words import Dialog
from simulator.app.editor import story_editor, video_editor
from simulator.app.explore import inbox_page, search_page
from simulator.app.feed import feed_page
from simulator.app.frames import main_activity
from simulator.app.gallery import camera, reel_picker, story_picker
from simulator.app.layout import Layout
from simulator.app.nodes import Node
from simulator.app.phone_world import GalleryItem
from simulator.app.places import Place
from simulator.app.profile import profile_page
from simulator.app.reels import one_reel, post_list, reels_page, snackbar, upload_snackbar
from simulator.app.share_form import share_form
from simulator.app.uploads import Upload, UploadState
from simulator.app.wrong_turns import (
    audio_page,
    browser,
    chat,
    somebodys_profile,
    story_suggestions,
    story_view,
    suggested_accounts,
)
from simulator.farm_file import AccountState

_NEIGHBOURS: Final = ("harbour.light", "north.pines", "slow_mornings", "clay.and.kiln")
"""Made-up people whose posts and stories fill the feed."""
_OTHER_CAPTION: Final = "Log in to your garden every morning and it will share its secrets"
"""A caption of somebody else that speaks in the app's own words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """Everything that decides what is on the screen."""

    layout: Layout
    username: str
    account: AccountState
    half_drawn: bool
    login_form: bool
    place: Place
    dialog: Dialog | None
    """The topmost."""
    sheets: tuple[Dialog, ...]
    """Those that lie in the tree of the page, lowest first."""
    uploads: tuple[Upload, ...]
    public: tuple[Upload, ...]
    opened: Upload | None
    gallery: tuple[GalleryItem, ...]
    caption: str
    editing: bool
    asks_before_sharing: bool
    snackbar: str
    at: float


def draw(scene: Scene) -> list[Node]:
    """The roots of the page source."""
    layout = scene.layout
    match scene.account:
        case AccountState.LOGGED_OUT:
            if scene.login_form or layout.notices == "older":
                return login_form(layout)
            return dialogs.window(layout, Dialog.LOGGED_OUT)
        case AccountState.OK | AccountState.ACTION_BLOCKED:
            pass
        case state:
            return account_page(layout, state, scene.username, drawn=not scene.half_drawn)
    if scene.dialog is not None and dialogs.is_window(scene.dialog):
        return dialogs.window(layout, scene.dialog)
    return _page(scene, [dialogs.sheet(layout, kind) for kind in scene.sheets])


def _page(scene: Scene, sheets: list[Node]) -> list[Node]:
    layout = scene.layout
    pages: dict[Place, Callable[[], list[Node]]] = {
        Place.GALLERY: lambda: reel_picker(layout, scene.gallery, sheet=sheets),
        Place.CAMERA: lambda: camera(layout),
        Place.EDITOR: lambda: video_editor(layout, sheet=sheets),
        Place.SHARE_FORM: lambda: share_form(
            layout,
            scene.caption,
            editing=scene.editing,
            asks_before_sharing=scene.asks_before_sharing,
            sheet=sheets,
        ),
        Place.STORY_GALLERY: lambda: story_picker(layout, scene.gallery),
        Place.STORY_EDITOR: lambda: story_editor(layout),
        Place.STORY: lambda: story_view(layout),
        Place.STORY_SUGGESTIONS: lambda: story_suggestions(layout),
        Place.SUGGESTED: lambda: suggested_accounts(layout, _NEIGHBOURS),
        Place.AUDIO: lambda: audio_page(layout),
        Place.SOMEBODY: lambda: somebodys_profile(layout, _NEIGHBOURS[2], sheet=sheets),
        Place.CHAT: lambda: chat(layout, _NEIGHBOURS[0]),
        Place.BROWSER: lambda: browser(layout),
        Place.REEL: lambda: _opened_reel(scene),
    }
    if scene.place in pages:
        return pages[scene.place]()
    return main_activity(
        layout, scene.place.value, _tab_page(scene), sheet=sheets, snackbar=_snackbar(scene)
    )


def _opened_reel(scene: Scene) -> list[Node]:
    caption = scene.opened.caption if scene.opened else ""
    if scene.layout.reel_opens == "viewer" or scene.opened is None:
        return one_reel(scene.layout, scene.username, caption)
    seconds = scene.at - scene.opened.started - scene.opened.seconds
    return post_list(scene.layout, scene.username, caption, seconds)


def _tab_page(scene: Scene) -> list[Node]:
    layout = scene.layout
    match scene.place:
        case Place.PROFILE:
            captions = [upload.caption for upload in scene.public]
            return profile_page(layout, scene.username, captions, 12 + len(captions))
        case Place.REELS:
            if scene.public:
                return reels_page(layout, scene.username, scene.public[0].caption, own=True)
            return reels_page(layout, _NEIGHBOURS[1], _OTHER_CAPTION, own=False)
        case Place.SEARCH:
            return search_page(layout, _NEIGHBOURS)
        case Place.MESSAGES:
            return inbox_page(layout, scene.username, _NEIGHBOURS)
    return feed_page(layout, scene.username, scene.uploads, scene.at, _NEIGHBOURS)


def _snackbar(scene: Scene) -> list[Node]:
    if scene.snackbar:
        return snackbar(scene.layout, scene.snackbar)
    for upload in scene.uploads:
        state = upload.state(scene.at)
        shown = state in (UploadState.RUNNING, UploadState.POSTED)
        if shown and (scene.place is Place.REELS or _also_on_feed(scene, state)):
            return upload_snackbar(scene.layout, upload, scene.at)
    return []


def _also_on_feed(scene: Scene, state: UploadState) -> bool:
    return (
        scene.place is Place.FEED and state is UploadState.POSTED and scene.layout.posted == "both"
    )
