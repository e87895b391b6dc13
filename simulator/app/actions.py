"""What touches do: the app's state and its table of actions."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from simulator.app.dialog_words import Dialog
from simulator.app.habits import Habits
from simulator.app.nodes import APP_PACKAGE
from simulator.app.phone_screens import DRAWER, LAUNCHER, OTHER_APPS, PLAY_STORE, SETTINGS
from simulator.app.phone_world import GalleryItem, PhoneWorld
from simulator.app.places import CHANCE, SURPRISES, TABS, Place
from simulator.app.uploads import Upload, UploadState
from simulator.farm_file import AccountState

LONG_REEL_SECONDS: Final = 180
"""Above this the app warns of limited reach before it shares."""
_SNACKBAR_SECONDS: Final = 3.0
_BLANK_SECONDS: Final = 3.0


class AppState:
    """Where the app is, what lies on top, what was chosen and shared."""

    def __init__(self, world: PhoneWorld, habits: Habits | None = None) -> None:
        self.world = world
        self.habits = habits or Habits.of(world.seed)
        self.alive = False
        self.front = LAUNCHER
        self.tab = Place.FEED
        self.stack: list[Place] = []
        self.dialogs: list[Dialog] = []
        self._beneath: dict[int, list[Dialog]] = {}
        """Dialogs of the page that a page nobody asked for covers, by the height of the stack."""
        self.uploads: list[Upload] = [Upload.leftover(world.now())] if self.habits.leftover else []
        self.video: GalleryItem | None = None
        self.caption = ""
        self.editing = False
        self._photos_asked = not self.habits.asks_for_photos
        self._logged_out_seen = False
        self._opened: Upload | None = None
        self._blank_until = 0.0
        self._snackbar = ("", 0.0)
        self._scripts: list[tuple[Dialog, Place]] = []
        self._dice = random.Random(f"app:{world.seed}")
        self._surprises = random.Random(f"surprises:{world.seed}")
        self._actions = self._table()

    def _place(self) -> Place:
        return self.stack[-1] if self.stack else self.tab

    def _table(self) -> dict[str, Callable[[str], None]]:
        return {
            "tab": self._open_tab,
            "create_new": lambda _: self._show(Dialog.CREATE_MENU),
            "create": self._create,
            "pick": self._pick,
            "open_camera": lambda _: self._open(Place.CAMERA),
            "open_gallery": lambda _: self._leave_to(Place.GALLERY),
            "leave_picker": lambda _: self._leave_capture(),
            "story": self._story,
            "story_pick": lambda _: self._open(Place.STORY_EDITOR),
            "share_story": lambda _: self._leave_capture(),
            "editor_next": lambda _: self._open(Place.SHARE_FORM),
            "caption": lambda _: self._edit(editing=True),
            "caption_done": lambda _: self._edit(editing=False),
            "share": lambda _: self._share(),
            "publish": lambda _: self._publish(),
            "save_draft": lambda _: self._leave_capture(),
            "keep_draft": lambda _: self._leave_capture(),
            "start_over": lambda _: self._start_over(),
            "share_sheet": lambda _: self._show(Dialog.SEND_TO),
            "discard": self._discard,
            "open_reel": self._open_reel,
            "back": lambda _: self._go_back(),
            "dismiss": lambda _: self._dismiss(),
            "allow": lambda _: self._dismiss(),
            "deny": lambda _: self._deny(),
            "log_in": lambda _: self._log_in(),
            "open_store": lambda _: self._other(PLAY_STORE),
            "open_settings": lambda _: self._other(SETTINGS),
            "close_app": lambda _: self._close_app(),
        }

    def _arrive(self, place: Place) -> None:
        """A page opens: what was scripted for it, or chance, may lay a dialog on top."""
        for entry in self._scripts:
            if entry[1] is place:
                self._scripts.remove(entry)
                self.dialogs.append(entry[0])
                return
        if place in CHANCE and self._dice.random() < self.habits.dialog_rate:
            self.dialogs.append(self._dice.choice(CHANCE[place]))

    def _open(self, place: Place) -> None:
        self.dialogs.clear()
        if self._place() is not place:
            self.stack.append(place)
        self._arrive(place)
        if place is Place.GALLERY and not self._photos_asked:
            self._photos_asked = True
            self.dialogs.append(Dialog.PERMISSION_PHOTOS)

    def _leave_to(self, place: Place) -> None:
        self._clear_stack()
        self._open(place)

    def _open_tab(self, name: str) -> None:
        if name == "creation":
            self._show(Dialog.CREATE_MENU)
            return
        self.tab = next(tab for tab in TABS if tab.value == name)
        self._clear_stack()
        self.dialogs.clear()
        self._opened = None
        self._arrive(self.tab)

    def _clear_stack(self) -> None:
        self.stack.clear()
        self._beneath.clear()

    def _show(self, dialog: Dialog) -> None:
        if dialog not in self.dialogs:
            self.dialogs.append(dialog)

    def _dismiss(self) -> None:
        if self.dialogs:
            self.dialogs.pop()

    def _deny(self) -> None:
        self._dismiss()
        self._leave_capture()

    def _create(self, kind: str) -> None:
        self._dismiss()
        self._open(Place.STORY_GALLERY if kind == "story" else Place.GALLERY)

    def _story(self, whose: str) -> None:
        if whose == "own":
            self._open(Place.STORY_GALLERY)

    def _pick(self, place: str) -> None:
        items = self.world.gallery()
        if int(place) < len(items):
            self.video = items[int(place)]
            self.caption, self.editing = "", False
            self._open(Place.EDITOR)

    def _edit(self, *, editing: bool) -> None:
        self.editing = editing

    def _share(self) -> None:
        if self.world.account_state is AccountState.ACTION_BLOCKED:
            older = self.habits.layout.notices == "older"
            self._show(Dialog.ACTION_BLOCKED if older else Dialog.TRY_AGAIN_LATER)
        elif self.video is not None and self.video.duration > LONG_REEL_SECONDS:
            self._show(Dialog.CONTENT_WARNING)
        elif self.habits.asks_before_sharing:
            self._show(Dialog.AUDIO_NOTICE)
        else:
            self._publish()

    def _publish(self) -> None:
        """Once for each touch that reaches Share: until the form is gone, a second one counts."""
        if self.video is None:
            return
        if all(item.name != self.video.name for item in self.world.gallery()):
            return  # the file was taken away while it was being edited
        answer = self.world.publish(self.video.name, self.caption)
        self.uploads.insert(0, Upload.of(self.video.name, self.caption, self.world.now(), answer))
        self._clear_stack()
        self.dialogs.clear()
        self.editing = False
        self.tab = Place.REELS if self.habits.layout.after_share == "reels" else Place.FEED
        self._arrive(Place.AFTER_SHARE)

    def _forget_draft(self) -> None:
        self.video, self.caption, self.editing = None, "", False

    def _leave_capture(self) -> None:
        self._clear_stack()
        self.dialogs.clear()
        self._forget_draft()

    def _start_over(self) -> None:
        self._forget_draft()
        self._leave_to(Place.GALLERY)

    def _discard(self, number: str) -> None:
        index = int(number)
        if index < len(self.uploads):
            self.uploads[index].dismissed = True

    def _open_reel(self, number: str) -> None:
        now = self.world.now()
        public = [upload for upload in self.uploads if upload.is_public(now)]
        if int(number) < len(public):
            self._opened = public[int(number)]
            self._open(Place.REEL)

    def _log_in(self) -> None:
        self._logged_out_seen = True
        self.dialogs.clear()

    def _other(self, package: str) -> None:
        self._dismiss()
        self.front = package

    def _close_app(self) -> None:
        """The process ends: drafts are lost, what was shared goes on."""
        self.alive = False
        now = self.world.now()
        for upload in self.uploads:
            upload.dismissed = upload.dismissed or upload.state(now) is UploadState.POSTED
        self._clear_stack()
        self.dialogs.clear()
        self._forget_draft()
        if self.front == APP_PACKAGE:
            self.front = LAUNCHER

    def _surprise(self) -> None:
        """By chance something comes in between, as on a phone that other things live on as well."""
        calm = self.world.account_state is not AccountState.OK or not self.alive
        if not calm and self._surprises.random() < self.habits.surprise_rate:
            self.interrupt(self._surprises.choice(SURPRISES))

    def interrupt(self, name: str) -> None:
        """Let something come in between now: a dialog, a page nobody asked for, another app."""
        if name in (*OTHER_APPS, LAUNCHER, DRAWER):
            self.front = name
        elif name in set(Dialog):
            self.dialogs.append(Dialog(name))
        elif name == Place.BLANK:
            self._blank_until = self.world.now() + _BLANK_SECONDS
        elif Place(name) in TABS:
            self.tab = Place(name)
            self.dialogs.clear()
            self._clear_stack()
            self._forget_draft()
        else:
            self._beneath[len(self.stack)] = self.dialogs
            self.dialogs = []
            self.stack.append(Place(name))

    def _go_back(self) -> None:
        if self.front in OTHER_APPS:
            self.front = APP_PACKAGE if self.alive else LAUNCHER
        elif self.front == DRAWER:
            self.front = LAUNCHER
        elif self.front == LAUNCHER:
            return
        elif self.world.account_state not in (AccountState.OK, AccountState.ACTION_BLOCKED):
            self.front = LAUNCHER
        elif self.dialogs:
            permission = self.dialogs[-1] is Dialog.PERMISSION_PHOTOS
            self._deny() if permission else self._dismiss()
        elif self.editing and self._place() is Place.SHARE_FORM:
            self.editing = False
        elif self._place() is Place.EDITOR:
            self._show(Dialog.SAVE_DRAFT)
        elif self.stack:
            self.stack.pop()
            self.dialogs = self._beneath.pop(len(self.stack), [])
        else:
            self._leave_tab()

    def _leave_tab(self) -> None:
        now = self.world.now()
        if self.tab is not Place.FEED:
            self.tab = Place.FEED
        elif now < self._snackbar[1]:
            self.front = LAUNCHER
        else:
            self._snackbar = ("Tap again to exit", now + _SNACKBAR_SECONDS)
