"""What a screen is: its kind, what it covers, the account's state, and why we think so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from engine.posting.page import Node, Page, View, fold
from engine.posting.uploads import Upload


class Kind(StrEnum):
    """The kinds of screens; what lies on top decides."""

    HOME_FEED = "home_feed"
    PROFILE = "profile"
    CREATE_MENU = "create_menu"
    GALLERY_PICKER = "gallery_picker"
    CAMERA = "camera"
    VIDEO_EDITOR = "video_editor"
    SHARE_FORM = "share_form"
    SHARING_PROGRESS = "sharing_progress"
    POST_SUCCESS = "post_success"
    REELS_FEED = "reels_feed"
    REEL_VIEW = "reel_view"
    STORY_VIEW = "story_view"
    STORY_EDITOR = "story_editor"
    SEARCH_OR_EXPLORE = "search_or_explore"
    DIRECT_MESSAGES = "direct_messages"
    DIALOG_DISMISSIBLE = "dialog_dismissible"
    DIALOG_CONTENT_WARNING = "dialog_content_warning"
    PERMISSION_DIALOG = "permission_dialog"
    LOGIN = "login"
    CHALLENGE_CAPTCHA = "challenge_captcha"
    CHALLENGE_VERIFICATION = "challenge_verification"
    SUSPENDED = "suspended"
    DISABLED = "disabled"
    ACTION_BLOCKED = "action_blocked"
    SHARE_SHEET = "share_sheet"
    BROWSER_OR_OTHER_APP = "browser_or_other_app"
    ANDROID_HOME = "android_home"
    LOADING_OR_BLANK = "loading_or_blank"
    APP_CRASH_OR_ANR = "app_crash_or_anr"
    ERROR_MESSAGE = "error_message"
    UNKNOWN = "unknown"
    """None of these: an honest answer."""


class AccountState(StrEnum):
    OK = "ok"
    LOGGED_OUT = "logged_out"
    CHALLENGE = "challenge"
    SUSPENDED = "suspended"
    DISABLED = "disabled"
    BLOCKED = "blocked"
    UNKNOWABLE = "unknowable"
    """The screen is not the app's own, or shows nothing yet."""


ACCOUNT_STATES: Final[Mapping[Kind, AccountState]] = MappingProxyType(
    {
        Kind.LOGIN: AccountState.LOGGED_OUT,
        Kind.CHALLENGE_CAPTCHA: AccountState.CHALLENGE,
        Kind.CHALLENGE_VERIFICATION: AccountState.CHALLENGE,
        Kind.SUSPENDED: AccountState.SUSPENDED,
        Kind.DISABLED: AccountState.DISABLED,
        Kind.ACTION_BLOCKED: AccountState.BLOCKED,
        Kind.PERMISSION_DIALOG: AccountState.UNKNOWABLE,
        Kind.BROWSER_OR_OTHER_APP: AccountState.UNKNOWABLE,
        Kind.ANDROID_HOME: AccountState.UNKNOWABLE,
        Kind.LOADING_OR_BLANK: AccountState.UNKNOWABLE,
        Kind.APP_CRASH_OR_ANR: AccountState.UNKNOWABLE,
        Kind.UNKNOWN: AccountState.UNKNOWABLE,
    }
)
"""Every other kind is a screen that only an account in order shows."""

ACCOUNT_VERDICTS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.LOGIN: "logged_out",
        Kind.CHALLENGE_CAPTCHA: "captcha",
        Kind.CHALLENGE_VERIFICATION: "verification",
        Kind.SUSPENDED: "suspended",
        Kind.DISABLED: "disabled",
        Kind.ACTION_BLOCKED: "action_blocked",
    }
)
"""Error type of the kinds that end a job for its account (behaviour A9.3, A9.7)."""


_FEED_KINDS: Final = frozenset(
    {Kind.HOME_FEED, Kind.SHARING_PROGRESS, Kind.POST_SUCCESS, Kind.ERROR_MESSAGE}
)


@dataclass(frozen=True, slots=True)
class Target:
    """How to find the element of a step: by id, else by description, else by text."""

    id: str = ""
    desc: str = ""
    text: str = ""

    def find(self, view: View) -> Node | None:
        """First element that fits and has a place on the screen."""
        nodes = view.by_id.get(self.id, ()) if self.id else view.nodes
        for node in nodes:
            fits = (not self.desc or fold(node.desc) == self.desc) and (
                not self.text or fold(node.text) == self.text
            )
            if fits and not node.bounds.empty:
                return node
        return None

    def __str__(self) -> str:
        pairs = (("id", self.id), ("desc", self.desc), ("text", self.text))
        return " ".join(f"{name}={value}" for name, value in pairs if value)


DIMMER: Final = Target(id="background_dimmer")
"""Beside a sheet: closes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Screen:
    """A recognised page."""

    page: Page
    kind: Kind
    rule: str
    """Name of the rule that decided; empty where none applied."""
    confidence: float
    over: Kind | None = None
    """What the top layer covers, where something can be seen below it."""
    evidence: tuple[str, ...] = ()
    """What was found: one entry for each mark of the rule."""
    answer: Sequence[Target] = ()
    """What closes or passes it, in order of preference, as the rule has it."""
    uploads: Sequence[Upload] = ()

    @property
    def account_state(self) -> AccountState:
        return ACCOUNT_STATES.get(self.kind, AccountState.OK)

    @property
    def on_feed(self) -> bool:
        """The home feed is shown and uncovered, so the rows of uploads above it can be seen."""
        ids = self.page.by_id
        return (
            self.kind in _FEED_KINDS
            and not self.page.covered
            and "feed_tab" in ids
            and "clips_media_component" not in ids
        )

    def find(self, *targets: Target) -> Node | None:
        """The first of the targets that is there, on the top layer or beside its sheet."""
        return next((node for target in targets if (node := self._find(target))), None)

    def _find(self, target: Target) -> Node | None:
        return self.page.beside if target == DIMMER else target.find(self.page.top)

    def __str__(self) -> str:
        covered = f" over {self.over}" if self.over else ""
        return f"{self.kind}{covered} ({self.rule or 'no rule'})"
