"""Screens told by their words alone, for records that keep no ids.

A phone always tells ids, so these rules never decide on a phone; they hold what the screens say
for dumps that an operator brings from elsewhere. They claim no success: reports of uploads are
read from ids only.
"""

from __future__ import annotations

from typing import Final

from engine.posting.marks import Mark, Nameless, inside, opens, several, whole
from engine.posting.rule import CLOSE, Rule, labelled
from engine.posting.screen import Kind, Target

_NO_IDS: Final = Nameless()
_TABS: Final[Mark] = whole("tab_search")


def _rule(
    name: str,
    kind: Kind,
    *must: Mark,
    either: tuple[Mark, ...] = (),
    never: tuple[Mark, ...] = (),
    answer: tuple[Target, ...] = (),
    proof: tuple[str, ...] = (),
) -> Rule:
    """A rule of this table: only on records without ids, and never quite sure."""
    return Rule(
        name=f"{name}_told",
        kind=kind,
        must=(_NO_IDS, *must),
        either=either,
        never=never,
        confidence=0.7,
        answer=answer,
        proof=proof,
    )


WORDS: Final = (
    _rule(
        "story_targets",
        Kind.STORY_EDITOR,
        several("story_targets"),
        never=(_TABS,),
    ),
    _rule("share_sheet", Kind.SHARE_SHEET, several("share_targets"), answer=labelled("done")),
    _rule(
        "leave_draft",
        Kind.DIALOG_DISMISSIBLE,
        whole("keep_editing"),
        whole("discards"),
        answer=labelled("keep_editing"),
    ),
    _rule(
        "offer",
        Kind.DIALOG_DISMISSIBLE,
        whole("offer"),
        whole("offer_button"),
        answer=labelled("acknowledge", "decline"),
    ),
    _rule(
        "story_picker",
        Kind.STORY_EDITOR,
        whole("story_picker"),
        opens("picker"),
        never=(_TABS,),
        answer=labelled("leave_camera"),
    ),
    _rule("gallery", Kind.GALLERY_PICKER, inside("video_thumbnail"), opens("picker")),
    _rule("gallery_bare", Kind.GALLERY_PICKER, whole("reel_picker"), opens("picker")),
    _rule("editor", Kind.VIDEO_EDITOR, several("editor"), answer=labelled("next")),
    _rule("camera", Kind.CAMERA, several("camera"), answer=labelled("gallery")),
    _rule("story_tools", Kind.STORY_EDITOR, several("story_tools"), answer=labelled("close_mark")),
    _rule("form", Kind.SHARE_FORM, several("form", 3)),
    _rule(
        "own_profile",
        Kind.PROFILE,
        several("own_profile"),
        answer=labelled("create_new"),
        proof=("d086",),
    ),
    _rule("profile", Kind.PROFILE, several("profile_counts"), answer=labelled("go_back")),
    _rule("uploading", Kind.SHARING_PROGRESS, opens("upload_runs"), _TABS),
    _rule("posted", Kind.POST_SUCCESS, opens("post_done"), _TABS),
    _rule("not_posted", Kind.ERROR_MESSAGE, whole("post_failed"), _TABS),
    _rule(
        "reels_tab", Kind.REELS_FEED, inside("reel_plays"), _TABS, never=(several("own_profile"),)
    ),
    _rule("feed", Kind.HOME_FEED, _TABS, either=(whole("feed_post"), opens("feed_title"))),
    _rule("chat", Kind.DIRECT_MESSAGES, several("chat")),
    _rule(
        "browse",
        Kind.SEARCH_OR_EXPLORE,
        whole("browse"),
        either=(whole("go_back"), _TABS),
        answer=labelled("go_back"),
    ),
    _rule("post", Kind.REEL_VIEW, whole("feed_post"), never=(_TABS,), answer=labelled("go_back")),
    _rule("reel", Kind.REEL_VIEW, inside("reel_plays"), never=(_TABS,)),
    _rule("story", Kind.STORY_VIEW, inside("story_plays"), whole("story_answers"), never=(_TABS,)),
    _rule("menu", Kind.DIALOG_DISMISSIBLE, whole("decline"), never=(_TABS,), answer=CLOSE),
)
