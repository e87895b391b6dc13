"""(screen, state of the flow) → the one next step before Share.

A table from kind of screen to a small function. Nothing here touches a device; the step it names
is taken by the flow, which also guards against loops.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from engine.errors import AccountError, ContentError, InDoubtError, NavigationError
from engine.posting import wording
from engine.posting.page import Node
from engine.posting.rule import by_id, labelled
from engine.posting.screen import ACCOUNT_VERDICTS, Kind, Screen
from engine.posting.state import FlowState, Tally
from engine.posting.steps import Back, Effect, EnterCaption, Fail, OpenApp, Share, Step, Tap, Wait

PROFILE_TAB: Final = (*by_id("profile_tab"), *labelled("tab_profile"))
FEED_TAB: Final = (*by_id("feed_tab"), *labelled("tab_home"))
CREATE_TAB: Final = (*by_id("creation_tab"), *labelled("create_title"))
CAPTION: Final = (*by_id("caption_input_text_view"), *labelled("caption_field"))
CAPTION_DONE: Final = by_id("action_bar_button_text")
SHARE: Final = by_id("share_button")
BACK_BUTTON: Final = by_id("action_bar_button_back")
GALLERY_NEXT: Final = by_id("next_button_textview", "gallery_next_button", "media_next_button")
THUMBNAIL: Final = "gallery_grid_item_thumbnail"
CAPTION_TRIES: Final = 3
"""The caption is entered this often before its field counts as broken."""
DISCARD_TRIES: Final = 3
"""Failed uploads of earlier jobs that are cleared away before they are left alone."""

Handler = Callable[[Screen, FlowState], Step]

_ACCOUNT_SENTENCES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.LOGIN: "The app asks for a login",
        Kind.CHALLENGE_CAPTCHA: "The app asks to prove that a human is there",
        Kind.CHALLENGE_VERIFICATION: "The app asks to prove the account's identity",
        Kind.SUSPENDED: "The app says that the account is suspended",
        Kind.DISABLED: "The app says that the account is disabled",
        Kind.ACTION_BLOCKED: "The app says that the account may not do this now",
    }
)
_CANONICAL: Final[Mapping[str, str]] = MappingProxyType({"captcha": "verification"})
"""Verdicts that the table of error types reads as another type."""


def next_step(screen: Screen, state: FlowState) -> Step:
    """The step to take now; only for the time before Share."""
    if screen.kind in ACCOUNT_VERDICTS:
        return Fail(account_error(screen))
    return _HANDLERS[screen.kind](screen, state)


def account_error(screen: Screen) -> AccountError:
    """The verdict of a recognised account screen, with what it said."""
    verdict = ACCOUNT_VERDICTS[screen.kind]
    said = "; ".join(screen.evidence[:2])
    return AccountError(
        f"{_ACCOUNT_SENTENCES[screen.kind]} ({screen.rule}: {said}).",
        error_type=_CANONICAL.get(verdict, verdict),
    )


# -- the way to the share form --------------------------------------------------------------------


def _feed(screen: Screen, state: FlowState) -> Step:
    create = screen.find(*CREATE_TAB)
    if create is not None and not (state.wants_count and state.own_posts is None):
        return Tap(create, "begin a reel")
    return _tap(screen.find(*PROFILE_TAB), "open the own profile", Wait("the tabs are not there"))


def _profile(screen: Screen, state: FlowState) -> Step:
    if not screen.rule.startswith("own_profile"):
        return _leave(screen, "somebody else's profile")
    if state.before is None:
        feed = screen.find(*FEED_TAB)
        if feed is not None:
            return Tap(feed, "see first what earlier uploads the feed reports")
    create = screen.find(*screen.answer, *CREATE_TAB)
    return _tap(create, "begin a reel", Wait("the profile is not drawn yet"))


def _create_menu(screen: Screen, state: FlowState) -> Step:
    return _tap(screen.find(*screen.answer), "choose Reel", Back("a menu without Reel"))


def _gallery(screen: Screen, state: FlowState) -> Step:
    if state.video_chosen:
        following = screen.find(*GALLERY_NEXT)
        if following is not None:
            return Tap(following, "go on with the chosen video")
    video = _newest_video(screen)
    if video is None:
        return Wait("the gallery shows no video yet")
    return Tap(video, "choose the newest video", Effect.VIDEO_CHOSEN)


def _newest_video(screen: Screen) -> Node | None:
    """First thumbnail of a video: files come newest first, and ours was just brought there."""
    top = screen.page.top
    for node in top.by_id.get(THUMBNAIL, ()) or (top.spoken if screen.page.nameless else ()):
        if any(wording.inside("video_thumbnail", words) for words in node.words):
            return node
    return None


def _camera(screen: Screen, state: FlowState) -> Step:
    return _tap(screen.find(*screen.answer), "open the gallery", Back("a camera without gallery"))


def _editor(screen: Screen, state: FlowState) -> Step:
    if not state.video_chosen:
        return Back("a draft that is not ours")
    return _tap(screen.find(*screen.answer), "nothing to edit", Wait("the editor is not drawn yet"))


def _share_form(screen: Screen, state: FlowState) -> Step:
    if not state.video_chosen:
        return Back("a draft that is not ours")
    field = screen.find(*CAPTION)
    if field is None:
        return Wait("the caption field is not there yet")
    if not state.caption_stands(field.text, hint=field.hint):
        return _enter_caption(field, state)
    done = screen.find(*CAPTION_DONE)
    if done is not None and _reads(screen, done, "ok"):
        return Tap(done, "the caption is complete", stays=True)
    return _share(screen, state)


def _enter_caption(field: Node, state: FlowState) -> Step:
    if state.caption_tries < CAPTION_TRIES:
        return EnterCaption(field)
    return Fail(
        NavigationError(
            f"The app keeps another text than the caption: it shows {len(field.text)} characters, "
            f"the caption has {len(state.caption)}."
        )
    )


def _share(screen: Screen, state: FlowState) -> Step:
    button = screen.find(*SHARE)
    if button is None:
        return Wait("Share is not there yet")
    if _reads(screen, button, "share") or not _words_on(screen, button):
        return Share(button)
    if not _reads(screen, button, "next"):
        return Wait("the button that shares says something else")
    if state.notice_expected:
        # Never tapped twice: the notice comes up with its own Share where Next was.
        return Wait("the notice before Share is not there yet")
    return Tap(button, "a notice comes before Share", Effect.NOTICE_EXPECTED)


def _reads(screen: Screen, button: Node, key: str) -> bool:
    """The button, or the words drawn on it, say exactly this."""
    said = _words_on(screen, button)
    return bool(said) and all(wording.whole(key, words) for words in said)


def _words_on(screen: Screen, button: Node) -> set[str]:
    on_it = [
        node
        for node in screen.page.top.nodes
        if node.index >= button.index and button.bounds.holds(node.bounds) and node.words
    ]
    return {words for node in on_it[:2] for words in node.words}


# -- uploads before ours --------------------------------------------------------------------------


def _upload_running(screen: Screen, state: FlowState) -> Step:
    if _posted_unasked(screen, state):
        return _unasked()
    return Wait("an earlier upload is still running", patient=True)


def _upload_posted(screen: Screen, state: FlowState) -> Step:
    return _unasked() if _posted_unasked(screen, state) else _feed(screen, state)


def _error(screen: Screen, state: FlowState) -> Step:
    if screen.rule != "upload_failed":
        return Back("an error page")
    if _posted_unasked(screen, state):
        return _unasked()
    discard = screen.find(*screen.answer)
    if discard is None or state.discards >= DISCARD_TRIES:
        return _feed(screen, state)
    return Tap(discard, "clear a failed upload of an earlier job", Effect.DISCARDED)


def _posted_unasked(screen: Screen, state: FlowState) -> bool:
    """An upload that was not there before we began: a touch of ours published after all."""
    if not state.began:
        return False
    now, before = Tally.of(screen.uploads), state.before or Tally()
    return (
        now.running > before.running
        or now.failed > before.failed
        or now.posted_rows > before.posted_rows
        or now.posted_bars > before.posted_bars
    )


def _unasked() -> Step:
    return Fail(
        InDoubtError("The app reports an upload that began before Share was tapped on purpose.")
    )


# -- in the way -----------------------------------------------------------------------------------


def _dialog(screen: Screen, state: FlowState) -> Step:
    special = _DIALOGS.get(screen.rule.removesuffix("_told"))
    if special is not None:
        return special(screen, state)
    return _tap(screen.find(*screen.answer), "close what is in the way", Back("no way to close it"))


def _original_audio(screen: Screen, state: FlowState) -> Step:
    share = screen.find(*screen.answer)
    if share is None or not (state.video_chosen and state.notice_expected):
        return Back("not where our upload is")
    return Share(share)


def _leave_draft(screen: Screen, state: FlowState) -> Step:
    if state.video_chosen:
        return _tap(screen.find(*screen.answer), "keep our draft", Back("a sheet without words"))
    start_over = screen.find(*labelled("start_over"))
    return _tap(start_over, "leave a draft that is not ours", Back("a sheet without words"))


def _discard_upload(screen: Screen, state: FlowState) -> Step:
    """What is deleted is a failed upload that we chose to clear; what is discarded, a draft."""
    if state.discards:
        wanted = (*labelled("discard"), *labelled("delete"))
    elif not state.video_chosen:
        wanted = labelled("discard")
    else:
        keep = screen.find(*labelled("keep"))
        return _tap(keep, "our own draft is not discarded", Back("our own draft is kept"))
    return _tap(screen.find(*wanted), "discard what is not ours to post", Back("no such button"))


def _update(screen: Screen, state: FlowState) -> Step:
    later = screen.find(*screen.answer)
    if later is not None:
        return Tap(later, "update later")
    return Fail(
        NavigationError("The app demands an update before it goes on.", error_type="app_update")
    )


def _warning(screen: Screen, state: FlowState) -> Step:
    if not (state.video_chosen and state.notice_expected):
        return Back("a warning about something that is not ours")
    if screen.rule == "against_rules":
        said = "; ".join(screen.evidence[:2])
        return Fail(
            ContentError(
                f"The app warns that the reel may break its rules ({said}); it was not shared.",
                error_type="content_warning",
            )
        )
    share = screen.find(*screen.answer)
    return Share(share) if share is not None else Back("a warning without Share")


def _permission(screen: Screen, state: FlowState) -> Step:
    return _tap(
        screen.find(*screen.answer), "answer the system", Back("a question without answers")
    )


def _crash(screen: Screen, state: FlowState) -> Step:
    return _tap(screen.find(*screen.answer), "close the crash notice", OpenApp("the app crashed"))


def _elsewhere(screen: Screen, state: FlowState) -> Step:
    if screen.rule in _PASSING:
        away = screen.find(*screen.answer)
        return _tap(away, "close what is not ours", Back("something of another app lies over ours"))
    return OpenApp("another app is in front")


def _launcher(screen: Screen, state: FlowState) -> Step:
    return _tap(screen.find(*screen.answer), "start the app", OpenApp("the launcher is in front"))


def _loading(screen: Screen, state: FlowState) -> Step:
    return _tap(
        screen.find(*screen.answer), "close a page that loads", Wait("nothing is drawn yet")
    )


def _wrong_turn(screen: Screen, state: FlowState) -> Step:
    return _leave(screen, "a wrong turn")


def _tabbed(screen: Screen, state: FlowState) -> Step:
    """A tab of the app that is not ours: straight to the profile, or first to the feed."""
    tabs = PROFILE_TAB if state.before is not None else FEED_TAB
    return _tap(screen.find(*tabs), "go where a reel begins", _leave(screen, "a wrong turn"))


def _unknown(screen: Screen, state: FlowState) -> Step:
    tab = screen.find(*by_id("profile_tab"))
    if tab is not None:
        return Tap(tab, "an unknown page with tabs")
    back = screen.find(*BACK_BUTTON)
    if back is not None:
        return Tap(back, "leave an unknown page")
    if state.unknown_looks <= 1:
        return Wait("the screen is not known; it may still be drawn")
    return Back("the screen is not known")


def _leave(screen: Screen, why: str) -> Step:
    return _tap(
        screen.find(*screen.answer, *BACK_BUTTON, *labelled("go_back")), f"leave {why}", Back(why)
    )


def _tap(node: Node | None, why: str, otherwise: Step) -> Step:
    return Tap(node, why) if node is not None else otherwise


_PASSING: Final = frozenset(
    {
        "app_chooser",
        "in_app_browser",
        "notification_shade",
        "system_dialog",
        "system_share_sheet",
        "web_page",
    }
)
"""Rules of what Back takes away; any other app is left by opening ours."""
_DIALOGS: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        "original_audio_notice": _original_audio,
        "leave_draft": _leave_draft,
        "discard_upload": _discard_upload,
        "update_required": _update,
    }
)
_HANDLERS: Final[Mapping[Kind, Handler]] = MappingProxyType(
    {
        Kind.HOME_FEED: _feed,
        Kind.PROFILE: _profile,
        Kind.CREATE_MENU: _create_menu,
        Kind.GALLERY_PICKER: _gallery,
        Kind.CAMERA: _camera,
        Kind.VIDEO_EDITOR: _editor,
        Kind.SHARE_FORM: _share_form,
        Kind.SHARING_PROGRESS: _upload_running,
        Kind.POST_SUCCESS: _upload_posted,
        Kind.ERROR_MESSAGE: _error,
        Kind.REELS_FEED: _tabbed,
        Kind.REEL_VIEW: _wrong_turn,
        Kind.STORY_VIEW: _wrong_turn,
        Kind.STORY_EDITOR: _wrong_turn,
        Kind.SEARCH_OR_EXPLORE: _tabbed,
        Kind.DIRECT_MESSAGES: _tabbed,
        Kind.SHARE_SHEET: _wrong_turn,
        Kind.DIALOG_DISMISSIBLE: _dialog,
        Kind.DIALOG_CONTENT_WARNING: _warning,
        Kind.PERMISSION_DIALOG: _permission,
        Kind.APP_CRASH_OR_ANR: _crash,
        Kind.BROWSER_OR_OTHER_APP: _elsewhere,
        Kind.ANDROID_HOME: _launcher,
        Kind.LOADING_OR_BLANK: _loading,
        Kind.UNKNOWN: _unknown,
    }
)
