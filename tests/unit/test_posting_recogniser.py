"""The recogniser on pages of our own making: what lies on top, and words that are not the app's."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest

from engine.posting.navigator import next_step
from engine.posting.page import Page, PageUnreadableError
from engine.posting.recogniser import Recogniser
from engine.posting.rules import RULES
from engine.posting.screen import AccountState, Kind, Screen
from engine.posting.state import FlowState
from engine.posting.steps import Fail
from engine.posting.uploads import UploadState

APP = "com.instagram.android"
Fields = dict[str, str]


def node(name: str = "", text: str = "", desc: str = "", *inside: str, **more: str) -> str:
    fields: Fields = {
        "resource-id": f"{APP}:id/{name}" if name else "",
        "text": text,
        "content-desc": desc,
        "package": APP,
        "class": "android.view.View",
        "bounds": "[0,100][720,200]",
        "clickable": "false",
    }
    fields |= {key.replace("_", "-").rstrip("-"): value for key, value in more.items()}
    attributes = " ".join(f"{key}={quoteattr(value)}" for key, value in fields.items())
    return f"<node {attributes}>{''.join(inside)}</node>"


def page(*nodes: str) -> str:
    return f"<hierarchy>{''.join(nodes)}</hierarchy>"


def see(*nodes: str) -> Screen:
    return Recogniser().recognise(page(*nodes))


TABS = "".join(
    node(f"{name}_tab", "", desc)
    for name, desc in (
        ("feed", "Home"),
        ("clips", "Reels"),
        ("search", "Search and explore"),
        ("profile", "Profile"),
    )
)
FEED = node("title_logo", "", "Instagram Home Feed") + TABS
SHEET = {"bounds": "[0,700][720,1344]"}


def sheet(*inside: str) -> str:
    dimmer = node("background_dimmer", "", "@2131954894", bounds="[0,48][720,1344]")
    return dimmer + node("layout_container_bottom_sheet", "", "", *inside, **SHEET)


ACCOUNT_NOTICES = [
    (Kind.SUSPENDED, AccountState.SUSPENDED, ["We suspended your account, Ann", "Appeal"]),
    (Kind.SUSPENDED, AccountState.SUSPENDED, ["Your account has been suspended"]),
    (Kind.DISABLED, AccountState.DISABLED, ["We disabled your account", "Log out"]),
    (Kind.DISABLED, AccountState.DISABLED, ["Your account has been permanently disabled"]),
    (Kind.CHALLENGE_CAPTCHA, AccountState.CHALLENGE, ["Confirm you’re human", "Next"]),
    (Kind.CHALLENGE_VERIFICATION, AccountState.CHALLENGE, ["Upload your ID", "Submit"]),
    (Kind.CHALLENGE_VERIFICATION, AccountState.CHALLENGE, ["Check your email", "Code", "Next"]),
    (Kind.LOGIN, AccountState.LOGGED_OUT, ["You’ve Been Logged Out", "OK"]),
    (
        Kind.LOGIN,
        AccountState.LOGGED_OUT,
        ["Username, email or mobile number", "Password", "Log in"],
    ),
    (Kind.LOGIN, AccountState.LOGGED_OUT, ["Create new account", "I already have an account"]),
    (Kind.ACTION_BLOCKED, AccountState.BLOCKED, ["Try Again Later", "OK"]),
]


@pytest.mark.parametrize(("kind", "state", "words"), ACCOUNT_NOTICES)
def test_account_notices_are_known_by_the_apps_own_words(
    kind: Kind, state: AccountState, words: list[str]
) -> None:
    screen = see(*(node("", text) for text in words))
    assert (screen.kind, screen.account_state) == (kind, state)
    assert screen.evidence
    assert isinstance(next_step(screen, FlowState(caption="x")), Fail)


@pytest.mark.parametrize(("kind", "state", "words"), ACCOUNT_NOTICES)
@pytest.mark.parametrize(
    "place",
    [
        "row_feed_photo_profile_name",
        "caption_input_text_view",
        "reel_viewer_title",
        "clips_author_username",
        "row_comment_textview_comment",
        "profile_header_bio_text",
        "username",
    ],
)
def test_the_same_words_written_by_people_condemn_nobody(
    kind: Kind, state: AccountState, words: list[str], place: str
) -> None:
    screen = see(*(node(place, text) for text in words), FEED)
    assert screen.account_state is AccountState.OK


@pytest.mark.parametrize(("kind", "state", "words"), ACCOUNT_NOTICES)
def test_notices_inside_a_caption_without_ids_condemn_nobody(
    kind: Kind, state: AccountState, words: list[str]
) -> None:
    caption = node("", "", "", *(node("", text) for text in words))
    reel = node("clips_caption_component", "", "", caption)
    playing = node("clips_media_component", "", "Reel by <username>")
    assert see(playing, reel).account_state is AccountState.OK
    assert see(playing, *(node("", text) for text in words)).account_state is AccountState.OK


@pytest.mark.parametrize(("kind", "state", "words"), ACCOUNT_NOTICES)
def test_a_web_page_with_the_words_of_a_notice_is_not_the_apps_notice(
    kind: Kind, state: AccountState, words: list[str]
) -> None:
    web = node("", "", "", *(node("", text) for text in words), class_="android.webkit.WebView")
    screen = see(node("ig_browser_text_title", "Help"), web)
    assert screen.kind is Kind.BROWSER_OR_OTHER_APP


def test_a_story_titled_sign_in_is_a_story() -> None:
    screen = see(node("reel_viewer_title", "Sign in"), node("reel_viewer_timestamp", "2h"))
    assert screen.kind is Kind.STORY_VIEW


def test_what_lies_on_top_decides_and_what_is_below_is_told() -> None:
    screen = see(
        node("caption_input_text_view", "hello"),
        node("share_button", "", "Share"),
        sheet(node("igds_headline_headline", "New ways to reuse"),
              node("bb_primary_action_container", "", "OK", bounds="[26,1200][694,1300]")),
    )  # fmt: skip
    assert (screen.kind, screen.over) == (Kind.DIALOG_DISMISSIBLE, Kind.SHARE_FORM)


def test_a_sheet_that_shows_nothing_covers_nothing() -> None:
    assert see(FEED, sheet()).kind is Kind.HOME_FEED


def test_a_dialog_over_the_feed_hides_the_upload_below_it() -> None:
    row = node("row_pending_media_status_textview", "Posted! Way to make it happen.")
    question = node("igds_alert_dialog_headline", "Turn on notifications?")
    screen = see(FEED, row, question, node("igds_alert_dialog_cancel_button", "Not now"))
    assert screen.kind is Kind.DIALOG_DISMISSIBLE


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([("Video can't be posted", "row_pending_media_discard_button")], Kind.ERROR_MESSAGE),
        ([("Keep Instagram open to finish posting…", "row_pending_media_progress_bar")],
         Kind.SHARING_PROGRESS),
        ([("Posted! All done.", "")], Kind.POST_SUCCESS),
        ([("Posted to somebody.", ""), ("Video can't be posted", "")], Kind.POST_SUCCESS),
        ([("Posting to failed.to.post…", "")], Kind.SHARING_PROGRESS),
    ],
)  # fmt: skip
def test_rows_above_the_feed_tell_running_posted_and_failed_apart(
    rows: list[tuple[str, str]], kind: Kind
) -> None:
    nodes = [
        node("row_pending_container", "", "", node("row_pending_media_status_textview", text),
             node(mark) if mark else "")
        for text, mark in rows
    ]  # fmt: skip
    assert see(*nodes, FEED).kind is kind


def test_each_row_above_the_feed_is_an_upload_of_its_own() -> None:
    screen = see(
        node("row_pending_media_status_textview", "Video can't be posted"),
        node("row_pending_media_discard_button"),
        node("row_pending_media_status_textview", "Posted!"),
        FEED,
    )
    states = [upload.state for upload in screen.uploads]
    assert states == [UploadState.FAILED, UploadState.POSTED]


def test_another_app_in_front_is_not_taken_for_ours() -> None:
    screen = see(node("", "Home", package="com.zhiliaoapp.musically"))
    assert screen.kind is Kind.BROWSER_OR_OTHER_APP


def test_a_screen_that_no_rule_knows_is_honestly_unknown() -> None:
    screen = see(*(node("strange_thing", f"word {number}") for number in range(5)))
    assert (screen.kind, screen.rule, screen.confidence) == (Kind.UNKNOWN, "", 0.0)


@pytest.mark.parametrize("source", ["", "not xml", "<hierarchy>", "<hierarchy/>", "\x00"])
def test_a_broken_page_source_is_a_typed_error(source: str) -> None:
    with pytest.raises(PageUnreadableError):
        Page.parse(source)


def test_characters_that_xml_cannot_hold_do_not_cost_the_page() -> None:
    parsed = Page.parse('<hierarchy><node text="a&#0;b&#55357;c" bounds="[0,0][9,9]"/></hierarchy>')
    assert parsed.nodes[0].text == "abc"


def test_line_breaks_and_emoji_of_a_text_survive_parsing() -> None:
    parsed = Page.parse(
        '<hierarchy><node text="a&#10;b &#128512;" bounds="[0,0][9,9]"/></hierarchy>'
    )
    assert parsed.nodes[0].text == "a\nb 😀"


def test_every_rule_has_a_name_of_its_own_and_a_condition() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    assert all(rule.must or rule.either for rule in RULES)


def test_a_verdict_can_be_explained_rule_by_rule() -> None:
    recogniser = Recogniser()
    trials = list(recogniser.trials(Page.parse(page(FEED))))
    assert next(trial.rule.name for trial in trials if trial.holds) == "feed"
    assert all(trial.found for trial in trials if trial.holds)
    assert all(trial.missing or trial.forbidden for trial in trials if not trial.holds)
