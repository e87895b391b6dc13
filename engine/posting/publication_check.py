"""After a doubt: does the newest reel of the own profile prove that this upload is public?

The app's own word counts as it did before, should it come late. A look, never a deed: it touches
four kinds of things (the profile's tab, the first cell of its grid, a word that declines, the
dimmed part beside a sheet), presses Back and brings the app to the front; nothing on that list
publishes, and on any screen of an upload in the making it ends at once. It is bounded in steps and
in time, and what it cannot prove stays in doubt (behaviour A10.12).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from engine.posting.acted import arrives
from engine.posting.confirmation import Confirmation
from engine.posting.own_profile import (
    Reel,
    account_name,
    is_own_profile,
    newest_tile,
    posts_shown,
    reel_shown,
)
from engine.posting.page import Node
from engine.posting.recogniser import Recogniser
from engine.posting.rule import by_id, labelled
from engine.posting.screen import ACCOUNT_VERDICTS, DIMMER, Kind, Screen
from engine.posting.state import Tally
from engine.posting.uploads import UploadState

if TYPE_CHECKING:
    from engine.config import Settings
    from engine.phones.device import Device
    from engine.workloads.base import Report

MAX_LOOKS: Final = 40
SLOW_LOOKS: Final = 4
"""Looks at an unchanged page after which the last touch on it counts as lost."""
APP_STARTS: Final = 3
PROFILE_TAB: Final = (*by_id("profile_tab"), *labelled("tab_profile"))
DECLINE: Final = (*labelled("decline"), *by_id("aerr_close"))
"""Words that refuse; "Close app" of Android's crash notice among them."""

_STOP: Final = frozenset(
    {
        *ACCOUNT_VERDICTS,
        Kind.DIALOG_CONTENT_WARNING,
        Kind.SHARE_FORM,
        Kind.VIDEO_EDITOR,
        Kind.GALLERY_PICKER,
        Kind.CAMERA,
    }
)
"""An account in trouble, or an upload in the making: nothing here is touched."""
_OUTSIDE: Final = frozenset({Kind.ANDROID_HOME, Kind.BROWSER_OR_OTHER_APP})
_COVERS: Final = frozenset(
    {Kind.DIALOG_DISMISSIBLE, Kind.SHARE_SHEET, Kind.APP_CRASH_OR_ANR, Kind.PERMISSION_DIALOG}
)
_PUBLISHING_RULES: Final = frozenset({"original_audio_notice"})
"""Dialogs whose own button would publish."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is known of the upload in doubt."""

    caption: str
    posts_before: int | None
    """What the own profile counted before Share; None where it was not seen."""
    shared_at: float | None
    """The clock when Share was tapped."""
    reports_before: Tally | None = None
    """Uploads that the feed reported before Share; None where it was not seen."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check saw; ``proof`` is empty where the doubt remains."""

    proof: str = ""
    seen: str = ""


class PublicationCheck:
    """One bounded look at the own profile; made for one doubt and used once."""

    def __init__(
        self,
        device: Device,
        settings: Settings,
        report: Report,
        *,
        recogniser: Recogniser | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._device = device
        self._report = report
        self._limits = settings.posting
        self._recogniser = recogniser or Recogniser(app=settings.posting.app_package)
        self._clock = clock
        self._posts: int | None = None
        self._name = ""
        self._grid_looks = 0
        """Looks at the profile since its newest reel was first touched."""
        self._blank_looks = 0
        self._app_starts = 0

    def answer(self, question: Question) -> Finding:
        """Look until something is certain, or the bounds are reached. Raises the device's errors.

        A device error leaves the doubt as it was; a new session may ask again.
        """
        deadline = self._clock() + self._limits.check_seconds
        reports = Confirmation(question.reports_before, "")
        finding, last = None, "nothing"
        for _ in range(MAX_LOOKS):
            screen = self._recogniser.recognise(self._device.source())
            last = str(screen)
            said = reports.proof(screen)
            finding = Finding(proof=said) if said else self._judge(screen, question)
            if finding is not None or self._clock() >= deadline:
                break
            self._go_on(screen, question)
        return finding or Finding(seen=self._unproved(question, last))

    # -- judging ---------------------------------------------------------------------------------

    def _judge(self, screen: Screen, question: Question) -> Finding | None:
        """The answer that this screen gives; None while it gives none."""
        if screen.kind in _STOP or screen.rule in _PUBLISHING_RULES:
            return Finding(seen=f"the app shows {screen}")
        if is_own_profile(screen):
            self._posts = posts_shown(screen)
            self._name = account_name(screen)
        reel = reel_shown(screen) if self._grid_looks else None
        return self._compare(reel, question) if reel is not None else None

    def _compare(self, reel: Reel, question: Question) -> Finding:
        if self._name and reel.author != self._name:
            return Finding(seen=f"the first reel of the grid is of {reel.author}")
        if not reel.has_caption(question.caption):
            return Finding(seen=f"the newest reel has another caption: {reel.caption[:80]!r}")
        if self._grew(question):
            return Finding(
                proof=f"The profile counts {self._posts} posts after {question.posts_before}, and "
                f"its newest reel has this caption: {reel.caption[:80]!r}"
            )
        if self._younger(reel, question):
            return Finding(
                proof="The newest reel of the profile is younger than the touch on Share and has "
                f"this caption: {reel.caption[:80]!r}"
            )
        return Finding(
            seen="the newest reel has this caption, but nothing tells it from an older one "
            f"({self._counted(question)})"
        )

    def _grew(self, question: Question) -> bool:
        before = question.posts_before
        return before is not None and self._posts is not None and self._posts > before

    def _younger(self, reel: Reel, question: Question) -> bool:
        if reel.age is None or question.shared_at is None:
            return False
        return reel.age <= self._clock() - question.shared_at

    def _counted(self, question: Question) -> str:
        after = "an unknown number of" if self._posts is None else self._posts
        before = "unknown" if question.posts_before is None else question.posts_before
        return f"the profile counts {after} posts, before Share: {before}"

    def _unproved(self, question: Question, last: str) -> str:
        return f"{self._counted(question)}; last seen: {last}"

    # -- the closed list of touches --------------------------------------------------------------

    def _go_on(self, screen: Screen, question: Question) -> None:
        if is_own_profile(screen):
            self._on_profile(screen, question)
        elif screen.kind in _COVERS:
            self._uncover(screen)
        elif screen.kind in _OUTSIDE:
            self._open_app(screen)
        elif screen.kind is Kind.LOADING_OR_BLANK or self._waits_for_reel(screen):
            self._be_patient(screen)
        else:
            self._to_profile(screen)

    def _on_profile(self, screen: Screen, question: Question) -> None:
        """Open the newest reel once the count has grown; until then draw the page anew."""
        tile = newest_tile(screen)
        counted = question.posts_before is not None and self._posts is not None
        waiting = counted and not self._grew(question)
        if waiting or tile is None:
            self._to_profile(screen)
        else:
            self._open_newest(screen, tile)

    def _open_newest(self, screen: Screen, tile: Node) -> None:
        again = self._grid_looks % SLOW_LOOKS == 0
        self._grid_looks += 1
        if again:
            self._tap(screen, tile, "open the newest reel")
        else:
            self._wait(screen, "wait: the reel is not there yet")

    def _waits_for_reel(self, screen: Screen) -> bool:
        """The reel's page is there and its words are not yet."""
        playing = screen.kind in (Kind.REEL_VIEW, Kind.REELS_FEED)
        return self._grid_looks > 0 and playing

    def _be_patient(self, screen: Screen) -> None:
        """Wait for what is being drawn; what never ends is left."""
        self._blank_looks += 1
        if self._blank_looks % SLOW_LOOKS:
            self._wait(screen, "wait: nothing is drawn yet")
        else:
            self._back(screen, "a page that is never drawn")

    def _uncover(self, screen: Screen) -> None:
        close = screen.find(*DECLINE, DIMMER)
        if close is not None:
            self._tap(screen, close, "uncover the app")
        else:
            self._back(screen, "uncover the app")

    def _to_profile(self, screen: Screen) -> None:
        running = any(item.state is UploadState.RUNNING for item in screen.uploads)
        tab = screen.find(*PROFILE_TAB)
        if tab is None:
            self._back(screen, "look for the tabs")
        elif running and not screen.page.covered:
            self._wait(screen, "wait: the upload is running")
        else:
            self._tap(screen, tab, "look at the own profile")

    def _open_app(self, screen: Screen) -> None:
        if self._app_starts >= APP_STARTS:
            self._back(screen, "another app is in front")
            return
        self._app_starts += 1
        self._note(screen, "open the app")
        self._device.open_app(self._limits.app_package)
        self._report.pause(self._limits.poll_seconds)

    def _tap(self, screen: Screen, node: Node, why: str) -> None:
        self._note(screen, f"tap {node}: {why}")
        arrives(partial(self._device.tap, *node.bounds.center), self._report)
        self._settle()

    def _back(self, screen: Screen, why: str) -> None:
        self._note(screen, f"back: {why}")
        arrives(self._device.press_back, self._report)
        self._settle()

    def _wait(self, screen: Screen, text: str) -> None:
        self._note(screen, text)
        self._report.pause(self._limits.poll_seconds)

    def _settle(self) -> None:
        """Two pauses: a touch that is slow to act is not repeated at once."""
        self._report.pause(self._limits.poll_seconds)
        self._report.pause(self._limits.poll_seconds)

    def _note(self, screen: Screen, text: str) -> None:
        self._report.step(
            text,
            screen=str(screen.kind),
            over=str(screen.over or ""),
            rule=screen.rule,
            confidence=screen.confidence,
            account_state=str(screen.account_state),
        )
