"""The simulated posting app, driven as a finger and an accessibility service would drive it."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.app import AppMissing, ElementMissing, PostingApp
from simulator.app.layout import LAYOUTS, Layout, layout_for
from simulator.app.phone_world import UploadOutcome
from simulator.app.share_form import CAPTION_ID
from simulator.farm_file import AccountState
from tests.app_finger import INSTAGRAM, phone
from tests.posting_phone import World, video

NASTY = 'First line\n\n  שלום עולם "quoted" & <b>tag</b>\t🎉👩‍🚀🇩🇪 #one\nlast'


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_app_build_publishes_the_newest_video_with_its_caption_once(layout: Layout) -> None:
    finger = phone(layout).to_form(NASTY)
    field = finger.find(id="caption_input_text_view")
    assert field is not None
    assert field.get("text") == NASTY
    finger.tap(id="share_button")
    assert finger.world.published == [("new.mp4", NASTY)]
    finger.world.at += 30
    said = " ".join(finger.words())
    assert "Posted" in said or "Done posting" in said


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_profile_shows_the_new_reel_with_its_caption_after_it_is_posted(layout: Layout) -> None:
    finger = phone(layout).to_form("sunrise")
    finger.tap(id="share_button")
    finger.world.at += 30
    finger.tap(id="profile_tab")
    finger.tap(desc=f"Reel by {finger.world.username.title()} at row 1, column 1")
    assert finger.sees(desc="sunrise")


@settings(max_examples=60, deadline=None)
@given(
    st.text(
        alphabet=st.characters(
            exclude_categories=["Cs", "Cc"], include_characters="\n\t", exclude_characters="￾￿"
        ),
        max_size=2200,
    )
)
def test_caption_field_gives_back_what_was_typed_verbatim(caption: str) -> None:
    finger = phone().to_form("")
    finger.app.set_text(CAPTION_ID, caption)
    field = finger.find(id="caption_input_text_view")
    assert field is not None
    assert field.get("text") == (caption or field.get("hint"))


def test_characters_that_xml_cannot_hold_do_not_break_the_page_source() -> None:
    finger = phone().to_form("a\x00b\x1bc")
    field = finger.find(id="caption_input_text_view")
    assert field is not None
    assert field.get("text") == "a?b?c"


def test_second_touch_on_share_publishes_twice_until_the_form_is_gone() -> None:
    finger = phone().to_form()
    finger.world.step_delay = 1.0
    spot = finger.where(id="share_button")
    finger.app.tap(*spot)
    finger.app.tap(*spot)
    assert len(finger.world.published) == 2
    finger.world.at += 1.5
    finger.app.tap(*spot)
    assert len(finger.world.published) == 2


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_keyboard_takes_the_touch_on_share_while_the_caption_is_typed(layout: Layout) -> None:
    finger = phone(layout).to_form("")
    finger.app.set_text(CAPTION_ID, "typing")
    assert finger.sees(id="share_button") == layout.typing_keeps_share
    if layout.typing_keeps_share:
        finger.tap(id="share_button")
    assert finger.world.published == []


def test_sheet_takes_the_touch_from_the_screen_below_though_its_nodes_stay_in_the_tree() -> None:
    finger = phone().to_editor()
    finger.app.script("edits_advert", at="editor")
    assert finger.sees(text="Get App")
    finger.tap(id="cancel_button")
    assert not finger.sees(text="Get App")
    assert not finger.sees(text="Save draft?")
    finger.tap(id="cancel_button")
    assert finger.sees(text="Save draft?")


def test_window_dialog_hides_the_screen_below_from_the_page_source() -> None:
    finger = phone().start()
    finger.app.script("rating", at="feed")
    assert not finger.sees(id="feed_tab")
    finger.tap(id="appirater_cancel_button")
    assert finger.sees(id="feed_tab")


def test_scripted_dialog_waits_for_its_place_and_comes_once() -> None:
    finger = phone()
    finger.app.script("reuse_notice", at="share_form")
    finger.to_editor()
    finger.tap(id="clips_right_action_button")
    finger.tap(id="bb_primary_action_container")
    finger.app.back()
    finger.tap(id="clips_right_action_button")
    assert not finger.sees(text="New ways to reuse")


def test_dialogs_come_by_chance_at_the_given_rate() -> None:
    shown = []
    for seed in range(200):
        finger = phone(dialog_rate=0.5)
        finger.app = PostingApp(World(seed=str(seed)), finger.app.habits)
        finger.app.launch(INSTAGRAM)
        shown.append(bool(finger.app.dialogs))
    assert 70 < sum(shown) < 130


def test_pending_row_is_still_there_after_a_restart_in_mid_upload() -> None:
    finger = phone().to_form()
    finger.tap(id="share_button")
    finger.app.terminate(INSTAGRAM)
    finger.app.launch(INSTAGRAM)
    finger.world.at += 3
    assert finger.sees(text="Keep Instagram open to finish posting…")
    finger.world.at += 10
    assert finger.sees(text="Posted! Way to make it happen.")
    assert len(finger.world.published) == 1


def test_success_that_was_said_is_not_said_again_after_a_restart() -> None:
    finger = phone().to_form()
    finger.tap(id="share_button")
    finger.world.at += 10
    finger.app.terminate(INSTAGRAM)
    finger.start()
    assert not finger.sees(text="Posted! Way to make it happen.")


def test_silent_upload_ends_without_a_word() -> None:
    finger = phone()
    finger.world.outcome = UploadOutcome.SILENT
    finger.to_form().tap(id="share_button")
    finger.world.at += 30
    assert not finger.sees(id="row_pending_container")
    assert finger.world.published


def test_failed_upload_stays_above_the_feed_until_it_is_discarded() -> None:
    finger = phone()
    finger.world.outcome = UploadOutcome.FAILED
    finger.to_form().tap(id="share_button")
    finger.world.at += 30
    assert finger.sees(text="Video can't be posted")
    finger.app.terminate(INSTAGRAM)
    finger.start()
    finger.tap(id="row_pending_media_discard_button")
    assert not finger.sees(text="Video can't be posted")


def test_long_reel_asks_before_it_is_published() -> None:
    finger = phone()
    finger.world.files = [video("long.mp4", seconds=181)]
    finger.to_form().tap(id="share_button")
    assert finger.sees(text="Your reel may get limited reach")
    assert finger.world.published == []
    finger.tap(id="igds_alert_dialog_primary_button")
    assert [name for name, _ in finger.world.published] == ["long.mp4"]


def test_form_with_next_publishes_only_on_the_notice_behind_it() -> None:
    finger = phone(asks_before_sharing=True).to_form()
    assert finger.sees(id="share_button", desc="Next")
    finger.tap(id="share_button")
    assert finger.world.published == []
    finger.tap(id="clips_original_audio_nux_sheet_share_button")
    assert len(finger.world.published) == 1


def test_blocked_account_is_told_to_try_later_and_publishes_nothing() -> None:
    finger = phone()
    finger.world.account_state = AccountState.ACTION_BLOCKED
    finger.to_form().tap(id="share_button")
    assert finger.sees(text="Try again later")
    finger.tap(text="OK")
    assert finger.world.published == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (AccountState.SUSPENDED, "We suspended your account"),
        (AccountState.DISABLED, "We disabled your account"),
        (AccountState.CHALLENGE_CAPTCHA, "Confirm you're human"),
        (AccountState.CHALLENGE_VERIFICATION, "Upload your ID"),
        (AccountState.LOGGED_OUT, "You've Been Logged Out"),
    ],
)
def test_account_in_trouble_shows_its_notice_and_no_way_on(state: AccountState, words: str) -> None:
    finger = phone()
    finger.world.account_state = state
    finger.start()
    assert any(text.startswith(words) for text in finger.words())
    assert not finger.sees(id="tab_bar")


def test_account_suspended_in_mid_flow_shows_its_notice_instead_of_the_form() -> None:
    finger = phone().to_form()
    spot = finger.where(id="share_button")
    finger.world.account_state = AccountState.SUSPENDED
    finger.app.tap(*spot)
    assert not finger.sees(id="share_button")
    assert finger.world.published == []


def test_notice_on_the_account_is_first_half_drawn() -> None:
    finger = phone()
    finger.world.account_state = AccountState.CHALLENGE_CAPTCHA
    finger.app.launch(INSTAGRAM)
    finger.world.at += 2.5
    assert finger.sees(desc="Menu")
    assert not finger.sees(text="Confirm you're human")


def test_login_form_follows_the_notice_of_the_logout() -> None:
    finger = phone()
    finger.world.account_state = AccountState.LOGGED_OUT
    finger.start().tap(text="OK")
    assert finger.sees(desc="Log in")


def test_first_gallery_asks_for_photos_once() -> None:
    finger = phone(asks_for_photos=True).to_gallery()
    assert finger.app.package == "com.android.permissioncontroller"
    finger.tap(text="Allow all")
    assert finger.sees(id="gallery_title_text", text="New reel")
    finger.app.terminate(INSTAGRAM)
    finger.to_gallery()
    assert finger.sees(id="gallery_title_text", text="New reel")


def test_refusing_the_photos_leads_out_of_the_gallery() -> None:
    finger = phone(asks_for_photos=True).to_gallery()
    finger.tap(text="Don’t allow")
    assert not finger.sees(id="gallery_title_text")
    assert finger.sees(id="tab_bar")


def test_back_in_the_editor_asks_for_the_draft_and_start_over_loses_it() -> None:
    finger = phone().to_editor()
    finger.app.back()
    finger.tap(text="Keep editing")
    assert not finger.sees(text="Save draft?")
    finger.app.back()
    finger.tap(text="Start over")
    assert finger.sees(id="gallery_title_text")
    assert finger.app.video is None


def test_back_on_the_feed_leaves_the_app_only_when_pressed_again() -> None:
    finger = phone().start()
    finger.app.back()
    assert finger.sees(text="Tap again to exit")
    finger.app.back()
    assert finger.app.package == "com.android.launcher3"


def test_story_way_never_publishes_a_reel() -> None:
    finger = phone().start()
    finger.tap(id="profile_tab")
    finger.tap(desc="Create New")
    finger.tap(desc="Create new story")
    assert finger.sees(id="gallery_title_text", text="Add to story")
    finger.tap(id="gallery_grid_item_thumbnail")
    finger.tap(id="share_story_button")
    assert finger.world.published == []
    assert finger.sees(id="tab_bar")


def test_touch_acts_on_the_old_screen_until_the_new_one_is_there() -> None:
    finger = phone().start()
    finger.world.step_delay = 2.0
    finger.app.tap(*finger.where(id="profile_tab"))
    assert not finger.sees(desc="Create New")
    finger.world.at += 2.1
    assert finger.sees(desc="Create New")


def test_crash_dialog_ends_the_app() -> None:
    finger = phone().start()
    finger.app.script("app_crash", at="feed")
    finger.tap(text="Close app")
    assert finger.app.package == "com.android.launcher3"
    assert not finger.app.alive


def test_app_starts_with_its_logo_before_the_feed() -> None:
    finger = phone()
    finger.app.launch(INSTAGRAM)
    assert not finger.sees(id="feed_tab")
    finger.world.at += 2.5
    assert finger.sees(id="feed_tab")


def test_text_needs_a_field_on_the_screen() -> None:
    finger = phone().start()
    with pytest.raises(ElementMissing):
        finger.app.set_text(CAPTION_ID, "nowhere")


def test_unknown_app_cannot_be_started() -> None:
    with pytest.raises(AppMissing):
        phone().app.launch("com.nope.app")


def test_screenshot_is_a_png_of_the_phones_size() -> None:
    finger = phone(LAYOUTS[2]).start()
    data = finger.app.screenshot()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == (1080, 2160)
    start = data.index(b"IDAT") + 4
    length = struct.unpack(">I", data[start - 8 : start - 4])[0]
    pixels = zlib.decompress(data[start : start + length])
    assert len(pixels) == height * (width + 1)
    assert len(set(pixels)) > 2


def test_same_seed_gives_the_same_build_and_all_builds_occur() -> None:
    assert layout_for("a") is layout_for("a")
    assert {layout_for(seed).name for seed in range(100)} == {layout.name for layout in LAYOUTS}
