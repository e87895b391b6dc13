"""The posting app as a state machine: no I/O, time and consequences come from the world."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simulator.app.dialog_words import Dialog
from simulator.app.dialogs import ANDROID_PACKAGE, PERMISSION_PACKAGE, is_window
from simulator.app.layout import Layout, layout_for
from simulator.app.nodes import APP_PACKAGE, Node, hit, render, walk
from simulator.app.phone_screens import LAUNCHER, PLAY_STORE, SETTINGS, home, other_app, splash
from simulator.app.phone_world import Delay, GalleryItem, PhoneWorld
from simulator.app.picture import png
from simulator.app.places import ACTIVITIES, CHANCE, MAIN_ACTIVITY, TABS, Place
from simulator.app.screens import Scene, draw
from simulator.app.share_form import CAPTION_ID
from simulator.app.uploads import Upload, UploadState
from simulator.farm_file import AccountState

LONG_REEL_SECONDS: Final = 180
"""Above this the app warns of limited reach before it shares."""
_SNACKBAR_SECONDS: Final = 3.0
_HALF_DRAWN_SECONDS: Final = 2.0
"""How long a notice on the account shows no more than its Menu."""


class ElementMissing(Exception):
    """No such element on the screen."""


class AppMissing(Exception):
    """No such app on the phone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """How this phone's app behaves beside what its world decides."""

    layout: Layout
    dialog_rate: float = 0.0
    """Chance that a dialog comes up each time a page opens."""
    asks_for_photos: bool = False
    """Android asks once before the first gallery."""
    asks_before_sharing: bool = False
    """The share form's button is Next, and a notice on audio comes before the reel is posted."""
    leftover: bool = False
    """A failed upload of an earlier day lies above the feed."""

    @classmethod
    def of(cls, seed: str) -> Habits:
        """What a phone is like by its seed."""
        dice = random.Random(f"habits:{seed}")
        return cls(
            layout=layout_for(seed),
            asks_for_photos=dice.random() < 0.3,
            asks_before_sharing=dice.random() < 0.1,
        )


class PostingApp:
    """One phone's screen and the app on it. Every touch goes to what is shown at that moment."""

    def __init__(self, world: PhoneWorld, habits: Habits | None = None) -> None:
        self.world = world
        self.habits = habits or Habits.of(world.seed)
        self.alive = False
        self.front = LAUNCHER
        self.tab = Place.FEED
        self.stack: list[Place] = []
        self.dialogs: list[Dialog] = []
        self.uploads: list[Upload] = [Upload.leftover(world.now())] if self.habits.leftover else []
        self.video: GalleryItem | None = None
        self.caption = ""
        self.editing = False
        self._photos_asked = not self.habits.asks_for_photos
        self._logged_out_seen = False
        self._opened: Upload | None = None
        self._loading_until = 0.0
        self._snackbar = ("", 0.0)
        self._lagging: tuple[list[Node], float] | None = None
        self._scripts: list[tuple[Dialog, Place]] = []
        self._dice = random.Random(f"app:{world.seed}")
        self._actions = self._table()

    # -- what a device does ----------------------------------------------------------------------

    def launch(self, package: str = APP_PACKAGE) -> None:
        """Bring an app to the front, started if need be. Raises AppMissing."""
        if package not in (APP_PACKAGE, LAUNCHER, PLAY_STORE, SETTINGS):
            raise AppMissing(package)
        self.front = package
        self._lagging = None
        if package == APP_PACKAGE and not self.alive:
            self.alive = True
            self.tab = Place.FEED
            self._loading_until = self.world.now() + self.world.delay(Delay.START)
            self._arrive(Place.FEED)

    def terminate(self, package: str = APP_PACKAGE) -> bool:
        """End an app; what was not shared is lost. Returns whether it ran."""
        if package != APP_PACKAGE:
            ran = self.front == package != LAUNCHER
            self.front = LAUNCHER if ran else self.front
            return ran
        ran, self.alive = self.alive, False
        now = self.world.now()
        for upload in self.uploads:
            upload.dismissed = upload.dismissed or upload.state(now) is UploadState.POSTED
        self.stack.clear()
        self.dialogs.clear()
        self._lagging = None
        self._forget_draft()
        if self.front == APP_PACKAGE:
            self.front = LAUNCHER
        return ran

    def home(self) -> None:
        """Android's Home."""
        self.front = LAUNCHER
        self._lagging = None

    def back(self) -> None:
        """Android's Back."""
        shown = self._shown()
        self._go_back()
        self._lag(shown)

    def tap(self, x: float, y: float) -> None:
        """A touch at pixels x, y: the topmost node there that takes touches acts."""
        shown = self._shown()
        scale = self.habits.layout.scale
        node = hit(shown, x / scale, y / scale)
        if node is None or not node.action:
            return
        name, _, argument = node.action.partition(":")
        action = self._actions.get(name)
        if action is not None:
            action(argument)
            self._lag(shown)

    def set_text(self, resource_id: str, text: str, *, append: bool = False) -> None:
        """Type into a field, verbatim. Raises ElementMissing where the screen has no such field."""
        for node in walk(self._shown()):
            if node.resource_id == resource_id and node.hint:
                break
        else:
            raise ElementMissing(resource_id)
        if resource_id == CAPTION_ID:
            self.caption = self.caption + text if append else text
            self.editing = True
            self._lagging = None

    def source(self) -> str:
        """The page source as UiAutomator2 gives it."""
        layout = self.habits.layout
        width, height = layout.size
        return render(self._shown(), width=width, height=height, scale=layout.scale)

    def screenshot(self) -> bytes:
        """The screen as a PNG."""
        width, height = self.habits.layout.screen
        return png(self._shown(), width, height, self.habits.layout.scale)

    @property
    def package(self) -> str:
        """Of the app in front, as Android reports it."""
        return self._focus()[0]

    @property
    def activity(self) -> str:
        """The activity in front."""
        return self._focus()[1]

    def script(self, dialog: str, at: str) -> None:
        """Let ``dialog`` come up the next time the place ``at`` opens; at once if it is shown."""
        kind, place = Dialog(dialog), Place(at)
        if self.front == APP_PACKAGE and self.alive and self._place() is place:
            self.dialogs.append(kind)
        else:
            self._scripts.append((kind, place))

    # -- what is shown ---------------------------------------------------------------------------

    def _shown(self) -> list[Node]:
        if self._lagging is not None:
            roots, until = self._lagging
            if self.world.now() < until:
                return roots
            self._lagging = None
        return self._roots()

    def _roots(self) -> list[Node]:
        if self.front != APP_PACKAGE:
            return home(self.habits.layout) if self.front == LAUNCHER else other_app(self.front)
        now = self.world.now()
        if now < self._loading_until:
            return splash()
        return draw(self._scene(now))

    def _scene(self, now: float) -> Scene:
        message, until = self._snackbar
        opened = self._opened
        public = [upload for upload in self.uploads if upload.is_public(now)]
        if opened is None and public:
            opened = public[0]
        return Scene(
            layout=self.habits.layout,
            username=self.world.username,
            account=self.world.account_state,
            half_drawn=now < self._loading_until + _HALF_DRAWN_SECONDS,
            login_form=self._logged_out_seen,
            place=self._place(),
            dialog=self.dialogs[-1] if self.dialogs else None,
            sheets=tuple(dialog for dialog in self.dialogs if not is_window(dialog)),
            uploads=tuple(self.uploads),
            public=tuple(public),
            opened=opened,
            gallery=tuple(self.world.gallery()),
            caption=self.caption,
            editing=self.editing,
            asks_before_sharing=self.habits.asks_before_sharing,
            snackbar=message if now < until else "",
            at=now,
        )

    def _place(self) -> Place:
        return self.stack[-1] if self.stack else self.tab

    def _lag(self, shown: list[Node]) -> None:
        if self._lagging is None:
            wait = self.world.delay(Delay.STEP)
            self._lagging = (shown, self.world.now() + wait) if wait > 0 else None

    def _focus(self) -> tuple[str, str]:
        if self.front != APP_PACKAGE:
            return self.front, ".Main" if self.front != LAUNCHER else (
                "com.android.launcher3.uioverrides.QuickstepLauncher"
            )
        package = self._shown()[0].package
        if package == PERMISSION_PACKAGE:
            return (
                package,
                "com.android.permissioncontroller.permission.ui.GrantPermissionsActivity",
            )
        if package == ANDROID_PACKAGE:
            return APP_PACKAGE, MAIN_ACTIVITY
        return APP_PACKAGE, ACTIVITIES.get(self._place(), MAIN_ACTIVITY)

    # -- what happens ----------------------------------------------------------------------------

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
        self.stack.clear()
        self._open(place)

    def _open_tab(self, name: str) -> None:
        if name == "creation":
            self._show(Dialog.CREATE_MENU)
            return
        self.tab = next(tab for tab in TABS if tab.value == name)
        self.stack.clear()
        self.dialogs.clear()
        self._opened = None
        self._arrive(self.tab)

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
            self._show(Dialog.TRY_AGAIN_LATER)
        elif self.habits.asks_before_sharing:
            self._show(Dialog.AUDIO_NOTICE)
        elif self.video is not None and self.video.duration > LONG_REEL_SECONDS:
            self._show(Dialog.CONTENT_WARNING)
        else:
            self._publish()

    def _publish(self) -> None:
        """Once for each touch that reaches Share: until the form is gone, a second one counts."""
        if self.video is None:
            return
        answer = self.world.publish(self.video.name, self.caption)
        self.uploads.insert(0, Upload.of(self.video.name, self.caption, self.world.now(), answer))
        self.stack.clear()
        self.dialogs.clear()
        self.editing = False
        self.tab = Place.REELS if self.habits.layout.after_share == "reels" else Place.FEED
        self._arrive(Place.AFTER_SHARE)

    def _forget_draft(self) -> None:
        self.video, self.caption, self.editing = None, "", False

    def _leave_capture(self) -> None:
        self.stack.clear()
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
        self.terminate()

    def _go_back(self) -> None:
        if self.front in (PLAY_STORE, SETTINGS):
            self.front = APP_PACKAGE if self.alive else LAUNCHER
        elif self.front == LAUNCHER:
            return
        elif self.world.account_state not in (AccountState.OK, AccountState.ACTION_BLOCKED):
            self.front = LAUNCHER
        elif self.dialogs:
            permission = self.dialogs[-1] is Dialog.PERMISSION_PHOTOS
            self._deny() if permission else self._dismiss()
        elif self.editing:
            self.editing = False
        elif self._place() is Place.EDITOR:
            self._show(Dialog.SAVE_DRAFT)
        elif self.stack:
            self.stack.pop()
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
