"""What advice may lead to: touches that are never made, and words that prove nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.posting.advice import proven
from engine.posting.harmless import objection
from engine.posting.page import Node
from engine.posting.recogniser import Recogniser
from engine.posting.screen import ACCOUNT_VERDICTS, Screen
from engine.posting.state import FlowState
from tests.page_source import Part, screen

SCREENS = Path(__file__).parents[1] / "fixtures" / "screens"
QUIET = Part(text="A new way to see your insights", clickable=False, cls="android.widget.TextView")


def element(seen: Screen, label: str) -> Node:
    return next(node for node in seen.page.top.nodes if label in (node.text, node.desc, node.id))


def refused(seen: Screen, label: str, state: FlowState | None = None) -> str:
    return objection(element(seen, label), seen, state or FlowState(caption="x"))


@pytest.mark.parametrize(
    "label",
    [
        "Maybe another time",
        "Not now",
        "Stay on this version",
        "Close",
        "OK",
        "Don't allow",
        "Profile",
        "Learn about insights",
    ],
)
def test_a_harmless_button_may_be_tapped(label: str) -> None:
    seen = screen(QUIET, Part(text=label))
    assert refused(seen, label) == ""


@pytest.mark.parametrize(
    "label",
    [
        "Share",
        "Share now",
        "Skip and share",
        "Post",
        "Publish reel",
        "Send",
        "Upload",
        "Log out",
        "Log in",
        "Sign up",
        "Delete",
        "Discard draft",
        "Remove account",
        "Deactivate",
        "Switch accounts",
        "Block",
        "Report a problem",
        "Follow",
        "Like",
        "Comment",
        "Buy credits",
        "Boost this reel",
        "Subscribe",
        "Allow",
        "I agree",
        "Accept all cookies",
        "Confirm",
        "Update now",
        "Yes",
        "Turn on notifications",
        "REPOST",
        "Your story",
        "Close Friends",
        "Go live",
        "Retry",
        "Try again",
        "Get the app",
        "Rate Instagram",
    ],
)
def test_what_publishes_destroys_spends_or_agrees_is_never_tapped(label: str) -> None:
    seen = screen(QUIET, Part(text=label))
    assert refused(seen, label)


def test_an_id_betrays_a_button_whatever_it_says() -> None:
    seen = screen(QUIET, Part(text="Close", id="share_button"), Part(desc="OK", id="delete_row"))
    assert refused(seen, "Close")
    assert refused(seen, "OK")


def test_a_button_without_words_is_only_tapped_where_its_id_says_that_it_closes() -> None:
    seen = screen(QUIET, Part(id="mystery"), Part(id="dialog_close"))
    assert refused(seen, "mystery")
    assert refused(seen, "dialog_close") == ""


def test_what_is_drawn_over_a_harmless_element_counts() -> None:
    at = (100, 900, 900, 1000)
    seen = screen(QUIET, Part(text="Close", box=at), Part(text="Share", box=at))
    assert refused(seen, "Close")


def test_a_label_is_judged_with_the_button_around_it() -> None:
    seen = screen(
        QUIET,
        Part(id="share_button", box=(100, 900, 900, 1000)),
        Part(text="Done", clickable=False, box=(400, 930, 600, 970)),
    )
    assert refused(seen, "Done")


def test_a_button_is_judged_by_what_it_holds() -> None:
    seen = screen(
        QUIET,
        Part(desc="Options", box=(100, 900, 900, 1200)),
        Part(text="Delete", clickable=False, box=(120, 1100, 400, 1150)),
    )
    assert refused(seen, "Options")


def test_what_people_wrote_is_no_button() -> None:
    seen = screen(QUIET, Part(text="Close", id="row_feed_photo_profile_name"))
    assert "people" in refused(seen, "Close")


@pytest.mark.parametrize(
    "words",
    [
        "Help us confirm you're human",
        "Enter the code we sent to your email",
        "We suspended your account",
        "Your session has expired",
        "Password",
    ],
)
def test_nothing_is_tapped_on_a_page_that_speaks_of_the_account(words: str) -> None:
    seen = screen(Part(text=words, clickable=False, id="odd_place"), Part(text="Close"))
    assert refused(seen, "Close")


def test_with_our_draft_open_only_words_that_close_may_be_tapped() -> None:
    seen = screen(QUIET, Part(text="Go on"), Part(text="Keep editing"), Part(text="Not today"))
    ours = FlowState(caption="x", video_chosen=True, began=True)
    assert refused(seen, "Go on") == ""
    assert refused(seen, "Go on", ours)
    assert refused(seen, "Keep editing", ours) == ""
    assert refused(seen, "Not today", ours) == ""


PUBLISHING = re.compile(
    r"share|share now|post|publish|send|upload|your story|close friends|retry|try again|go live"
)


def test_on_no_screen_that_we_know_of_a_word_that_publishes_is_let_through() -> None:
    judged = 0
    for path in sorted(SCREENS.glob("*.xml")):
        seen = Recogniser().recognise(path.read_text(encoding="utf-8"))
        for node in seen.page.top.nodes:
            publishes = any(PUBLISHING.fullmatch(words) for words in node.words)
            if publishes or seen.kind in ACCOUNT_VERDICTS:
                judged += 1
                assert objection(node, seen, FlowState(caption="x")), f"{path.name}: {node}"
    assert judged > 80


def test_which_video_is_chosen_is_not_advised() -> None:
    seen = screen(QUIET, Part(id="gallery_grid_item_thumbnail", desc="Video thumbnail"))
    assert refused(seen, "Video thumbnail")


# -- proofs ---------------------------------------------------------------------------------------

NOTICE = Part(text="Your profile can’t be used  right now", clickable=False)


@pytest.mark.parametrize(
    ("words", "stands"),
    [
        ("Your profile can't be used right now", True),
        ("profile can't be used", True),
        ("rofile can't be used", False),
        ("Your account was removed", False),
        ("profile", False),
        ("a b", False),
        ("", False),
    ],
)
def test_a_proof_stands_on_the_screen_word_for_word(words: str, stands: bool) -> None:
    seen = screen(NOTICE, Part(text="OK"))
    assert proven(words, seen.page, account=True) is stands


def test_words_of_two_elements_are_no_proof() -> None:
    seen = screen(Part(text="Your account"), Part(text="is suspended"))
    assert not proven("Your account is suspended", seen.page, account=True)


def test_what_people_wrote_proves_nothing() -> None:
    words = "your profile is gone for good"
    written = screen(QUIET, Part(text=words, id="row_user_username"))
    drawn = screen(QUIET, Part(text=words, cls="com.instagram.ui.widget.IgTextLayoutView"))
    assert not proven(words, written.page, account=False)
    assert not proven(words, drawn.page, account=False)


def test_words_beside_ordinary_content_prove_nothing_about_an_account() -> None:
    words = "your profile is gone for good"
    seen = screen(Part(text=words), Part(id="feed_tab", desc="Home"))
    assert not proven(words, seen.page, account=True)
    assert proven(words, seen.page, account=False)


def test_words_of_another_app_prove_nothing_about_an_account() -> None:
    words = "your profile is gone for good"
    seen = screen(Part(text=words), package="com.android.chrome")
    assert not proven(words, seen.page, account=True)
