"""The posting app as a state machine: no I/O, time and consequences come from the world."""

from __future__ import annotations

from typing import Final

from simulator.app.actions import AppState
from simulator.app.dialog_words import Dialog
from simulator.app.dialogs import ANDROID_PACKAGE, PERMISSION_PACKAGE, is_window
from simulator.app.habits import Habits
from simulator.app.nodes import APP_PACKAGE, Node, hit, render, walk
from simulator.app.phone_screens import (
    DRAWER,
    LAUNCHER,
    OTHER_APPS,
    drawer,
    home,
    other_app,
    splash,
)
from simulator.app.phone_world import Delay, PhoneWorld
from simulator.app.picture import png
from simulator.app.places import ACTIVITIES, MAIN_ACTIVITY, Place
from simulator.app.screens import Scene, draw
from simulator.app.share_form import CAPTION_ID
from simulator.app.wrong_turns import blank

__all__ = ["AppMissing", "ElementMissing", "Habits", "PostingApp"]

_HALF_DRAWN_SECONDS: Final = 2.0
"""How long a notice on the account shows no more than its Menu."""


class ElementMissing(Exception):
    """No such element on the screen."""


class AppMissing(Exception):
    """No such app on the phone."""


class PostingApp(AppState):
    """One phone's screen and the app on it. Every touch goes to what is shown at that moment."""

    def __init__(self, world: PhoneWorld, habits: Habits | None = None) -> None:
        super().__init__(world, habits)
        self._actions["start_app"] = lambda _: self.launch()
        self._loading_until = 0.0
        self._lagging: tuple[list[Node], float] | None = None

    # -- what a device does ----------------------------------------------------------------------

    def launch(self, package: str = APP_PACKAGE) -> None:
        """Bring an app to the front, started if need be. Raises AppMissing."""
        if package not in (APP_PACKAGE, LAUNCHER, *OTHER_APPS):
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
        ran = self.alive
        self._close_app()
        self._lagging = None
        return ran

    def home(self) -> None:
        """Android's Home."""
        self.front = LAUNCHER
        self._lagging = None

    def back(self) -> None:
        """Android's Back."""
        shown = self._shown()
        self._go_back()
        self._surprise()
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
            self._surprise()
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
            self._surprise()

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
            return self._outside()
        now = self.world.now()
        if now < self._loading_until:
            return splash()
        if now < self._blank_until:
            return blank(self.habits.layout)
        return draw(self._scene(now))

    def _outside(self) -> list[Node]:
        if self.front == DRAWER:
            return drawer(self.habits.layout)
        return home(self.habits.layout) if self.front == LAUNCHER else other_app(self.front)

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

    def _lag(self, shown: list[Node]) -> None:
        if self._lagging is None:
            wait = self.world.delay(Delay.STEP)
            self._lagging = (shown, self.world.now() + wait) if wait > 0 else None

    def _focus(self) -> tuple[str, str]:
        if self.front in (LAUNCHER, DRAWER):
            return LAUNCHER, "com.android.launcher3.uioverrides.QuickstepLauncher"
        if self.front != APP_PACKAGE:
            return self.front, ".Main"
        package = self._shown()[0].package
        if package == PERMISSION_PACKAGE:
            return (
                package,
                "com.android.permissioncontroller.permission.ui.GrantPermissionsActivity",
            )
        if package == ANDROID_PACKAGE:
            return APP_PACKAGE, MAIN_ACTIVITY
        return APP_PACKAGE, ACTIVITIES.get(self._place(), MAIN_ACTIVITY)
