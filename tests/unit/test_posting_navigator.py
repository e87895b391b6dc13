"""The navigator: one careful step for every screen, in every state of a job."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.errors import AccountError, ContentError
from engine.posting.caption import check_caption
from engine.posting.navigator import CAPTION_TRIES, DISCARD_TRIES, next_step
from engine.posting.recogniser import Recogniser
from engine.posting.screen import ACCOUNT_VERDICTS, Kind, Screen
from engine.posting.state import FlowState, Tally
from engine.posting.steps import Back, EnterCaption, Fail, OpenApp, Share, Step, Tap, Wait
from tests.labelled_screens import OWN_SCREENS
from tests.shared_data import SHARED

CAPTION = "Clay & kiln\n🏺 שלום\r\n" + "x" * 100


@functools.cache
def screens() -> Mapping[str, Screen]:
    """All of them by name; not at the import, which each worker does."""
    return {
        path.stem: Recogniser().recognise(path.read_text(encoding="utf-8"))
        for folder in (OWN_SCREENS, SHARED / "screens")
        for path in sorted(folder.glob("*.xml"))
    }


def fresh() -> FlowState:
    return FlowState(caption=CAPTION)


def feed_seen() -> FlowState:
    return FlowState(caption=CAPTION, before=Tally())


def chosen() -> FlowState:
    return FlowState(caption=CAPTION, before=Tally(), video_chosen=True, began=True)


def restarted() -> FlowState:
    """The app was started anew after a video was chosen: what stands there is nobody's."""
    return FlowState(caption=CAPTION, before=Tally(), began=True)


def step_on(name: str, state: FlowState) -> Step:
    return next_step(screens()[name], state)


def test_every_screen_has_one_step_in_every_state() -> None:
    for screen in screens().values():
        for state in (fresh(), feed_seen(), chosen(), restarted()):
            assert isinstance(
                next_step(screen, state),
                Tap | EnterCaption | Share | Back | OpenApp | Wait | Fail,
            )


def test_nothing_is_shared_that_we_did_not_choose() -> None:
    for name, screen in screens().items():
        for state in (fresh(), feed_seen(), restarted()):
            state.caption_tries, state.notice_expected = 1, True
            assert not isinstance(next_step(screen, state), Share), name


def test_share_is_only_a_button_of_the_form_or_of_a_notice_that_was_expected() -> None:
    for name, screen in screens().items():
        step = next_step(screen, chosen())
        assert not isinstance(step, Share), name


@pytest.mark.parametrize(
    ("kind", "error_type"),
    [
        (Kind.LOGIN, "logged_out"),
        (Kind.CHALLENGE_CAPTCHA, "verification"),
        (Kind.CHALLENGE_VERIFICATION, "verification"),
        (Kind.SUSPENDED, "suspended"),
        (Kind.DISABLED, "disabled"),
        (Kind.ACTION_BLOCKED, "action_blocked"),
    ],
)
def test_a_notice_about_the_account_ends_the_job_in_every_state(
    kind: Kind, error_type: str
) -> None:
    notices = [screen for screen in screens().values() if screen.kind is kind]
    assert len(notices) >= 2
    for screen in notices:
        for state in (fresh(), feed_seen(), chosen()):
            step = next_step(screen, state)
            assert isinstance(step, Fail)
            assert isinstance(step.error, AccountError)
            assert step.error.error_type == error_type
            assert screen.rule in str(step.error)


def test_on_account_notices_nothing_is_ever_touched() -> None:
    assert set(ACCOUNT_VERDICTS) == {screen.kind for screen in screens().values()
                                     if isinstance(next_step(screen, fresh()), Fail)
                                     and screen.rule != "update_required"}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "touched"),
    [
        ("permission_camera_google", "permission_allow_foreground_only_button"),
        ("permission_files_old", "permission_allow_button"),
        ("permission_miui", "button1"),
        ("permission_contacts", "permission_deny_button"),
        ("permission_notifications", "permission_deny_button"),
        ("permission_location", "permission_deny_button"),
        ("crash_keeps_stopping", "aerr_close"),
        ("anr_instagram", "aerr_close"),
        ("anr_system_ui", "aerr_wait"),
        ("story_gallery", "gallery_cancel_button"),
        ("hashtag_page", "action_bar_button_back"),
        ("chat_open", "header_left_button"),
        ("share_after_story", "send_button"),
        ("browser_in_app", "ig_browser_close_button"),
        ("offer_verified", "background_dimmer"),
        ("draft_kept", "action_sheet_row_text_view"),
    ],
)
def test_what_is_in_the_way_is_answered_as_a_careful_operator_would(
    name: str, touched: str
) -> None:
    step = step_on(name, feed_seen())
    assert isinstance(step, Tap)
    assert step.node.id == touched


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("shade_down", Back),
        ("app_chooser_clone", Back),
        ("system_share", Back),
        ("play_store", OpenApp),
        ("tiktok_listed", OpenApp),
        ("launcher_told", OpenApp),
        ("story_playing", Back),
        ("reel_alone", Back),
        ("no_connection", Back),
        ("only_tabs", Wait),
        ("start_logo", Wait),
        ("gallery_empty", Wait),
        ("row_uploading", Wait),
        ("form_scrolled", Back),
    ],
)
def test_where_nothing_is_to_be_touched_the_way_out_is_named(name: str, step: type) -> None:
    assert isinstance(step_on(name, feed_seen()), step)


def test_an_icon_of_the_app_on_the_home_screen_is_touched() -> None:
    step = step_on("launcher_samsung", fresh())
    assert isinstance(step, Tap)
    assert step.node.text == "Instagram"


def test_the_newest_video_is_chosen_not_the_newest_photo() -> None:
    step = step_on("gallery_photo_first", feed_seen())
    assert isinstance(step, Tap)
    assert "Video" in step.node.desc


def test_a_failed_upload_of_an_earlier_job_is_cleared_a_few_times_then_left() -> None:
    state = feed_seen()
    assert isinstance(step := step_on("row_failed", state), Tap)
    assert step.node.id == "row_pending_media_discard_button"
    state.discards = DISCARD_TRIES
    assert isinstance(step := step_on("row_failed", state), Tap)
    assert step.node.id == "profile_tab"


def test_our_draft_is_kept_and_a_draft_that_is_not_ours_is_left() -> None:
    assert isinstance(kept := step_on("draft_kept", chosen()), Tap)
    assert kept.node.text == "Keep editing"
    assert isinstance(left := step_on("draft_kept", restarted()), Tap)
    assert left.node.text == "Start over"
    assert isinstance(asked := step_on("discard_question", chosen()), Tap)
    assert asked.node.text == "Cancel"
    assert isinstance(asked := step_on("discard_question", restarted()), Tap)
    assert asked.node.text == "Discard"


def test_a_warning_of_limited_reach_is_shared_past_only_where_ours_is_expected() -> None:
    state = chosen()
    assert isinstance(step_on("reach_swapped_ids", state), Back)
    state.notice_expected = True
    assert isinstance(step := step_on("reach_swapped_ids", state), Share)
    assert step.node.text == "Share anyway"


def test_a_warning_that_rules_may_be_broken_ends_the_job() -> None:
    state = chosen()
    state.notice_expected = True
    step = step_on("rules_may_be_broken", state)
    assert isinstance(step, Fail)
    assert isinstance(step.error, ContentError)
    assert step.error.error_type == "content_warning"


def test_an_update_that_can_wait_waits_and_one_that_cannot_ends_the_job() -> None:
    assert isinstance(step_on("update_wanted", fresh()), Tap)
    step = step_on("update_demanded", fresh())
    assert isinstance(step, Fail)
    assert step.error.error_type == "app_update"


def form(shown: str, button: str = "Share", done: str = "") -> Screen:
    bar = (
        f'<node resource-id="a:id/action_bar_button_text" text="{done}" bounds="[600,0][700,50]"/>'
    )
    field = shown.replace("&", "&amp;").replace("\n", "&#10;").replace("\r", "&#13;")
    return Recogniser().recognise(
        "<hierarchy>"
        f'<node resource-id="a:id/caption_input_text_view" text="{field}" bounds="[0,60][700,90]"/>'
        f'<node resource-id="a:id/share_button" text="{button}" bounds="[0,100][700,200]"/>'
        f"{bar if done else ''}</hierarchy>"
    )


def typed(tries: int = 1) -> FlowState:
    state = chosen()
    state.caption_tries = tries
    return state


def test_the_caption_is_entered_read_back_closed_and_then_shared() -> None:
    assert isinstance(next_step(form(""), chosen()), EnterCaption)
    assert isinstance(next_step(form(CAPTION[:-1]), typed()), EnterCaption)
    assert isinstance(step := next_step(form(CAPTION, done="OK"), typed()), Tap)
    assert step.node.text == "OK"
    assert isinstance(next_step(form(CAPTION), typed()), Share)


def test_a_caption_that_the_app_does_not_keep_ends_the_job() -> None:
    assert isinstance(next_step(form("something else"), typed(CAPTION_TRIES)), Fail)


def test_a_button_in_the_bar_that_is_not_ok_is_not_taken_for_it() -> None:
    step = next_step(form(CAPTION, done="Share"), typed())
    assert isinstance(step, Share)
    assert step.node.id == "share_button"


def test_a_button_that_would_do_something_else_is_not_shared_with() -> None:
    assert isinstance(next_step(form(CAPTION, button="Boost"), typed()), Wait)
    assert isinstance(next_step(form(CAPTION, button="Next"), typed()), Tap)


@pytest.mark.parametrize("caption", ["x" * 2200, "a\nb\r\n\tc", "👩‍👩‍👧‍👦 שלום عالم"])
def test_captions_as_people_write_them_are_allowed(caption: str) -> None:
    check_caption(caption, 2200)


@pytest.mark.parametrize("caption", ["", " \n\t", "x" * 2201, "a\x00b", "\ud83d"])
def test_captions_that_cannot_be_posted_are_refused_at_once(caption: str) -> None:
    with pytest.raises(ContentError) as refusal:
        check_caption(caption, 2200)
    assert refusal.value.error_type == "bad_caption"


def test_the_real_screens_are_walked_too() -> None:
    if not Path(SHARED / "screens").is_dir():
        pytest.skip("the real screens do not lie beside this checkout; ours are walked alone")
    assert "d001" in screens()
