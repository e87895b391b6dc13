"""The simulated posting app, driven as a finger and an accessibility service would drive it."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.app import AppMissing, ElementMissing, Habits, PostingApp
from simulator.app.dialog_words import Dialog
from simulator.app.layout import LAYOUTS, Layout, layout_for
from simulator.app.phone_screens import DRAWER, LAUNCHER, OTHER_APPS
from simulator.app.phone_world import UploadOutcome
from simulator.app.places import SURPRISES, Place
from simulator.app.share_form import CAPTION_ID
from simulator.farm_file import AccountState
from tests.posting_phone import World, video
from tests.shared_data import shared_data

INSTAGRAM = "com.instagram.android"
NASTY = 'First line\n\n  שלום עולם "quoted" & <b>tag</b>\t🎉👩‍🚀🇩🇪 #one\nlast'


class Finger:
    """Looks at the page source and touches the middle of what it finds there."""

    def __init__(self, app: PostingApp, world: World) -> None:
        self.app = app
        self.world = world

    def tree(self) -> ET.Element:
        return ET.fromstring(self.app.source().encode())

    def find(self, *, id: str = "", desc: str = "", text: str = "") -> ET.Element | None:  # noqa: A002 - Android's word
        for node in self.tree().iter():
            if id and node.get("resource-id", "").rpartition("/")[2] != id:
                continue
            if desc and node.get("content-desc") != desc:
                continue
            if text and node.get("text") != text:
                continue
            return node
        return None

    def sees(self, **wanted: str) -> bool:
        return self.find(**wanted) is not None

    def where(self, **wanted: str) -> tuple[float, float]:
        node = self.find(**wanted)
        assert node is not None, f"{wanted} is not on the screen: {self.words()}"
        left, top, right, bottom = map(int, re.findall(r"\d+", node.get("bounds", "")))
        return (left + right) / 2, (top + bottom) / 2

    def tap(self, **wanted: str) -> None:
        self.app.tap(*self.where(**wanted))
        self.world.at += self.world.step_delay + 0.01

    def words(self) -> list[str]:
        return [node.get("text", "") for node in self.tree().iter() if node.get("text")]

    def start(self) -> Finger:
        self.app.launch(INSTAGRAM)
        self.world.at += 10
        return self

    def to_gallery(self) -> Finger:
        self.start()
        self.tap(id="profile_tab")
        self.tap(desc="Create New")
        self.tap(desc="Create new reel")
        return self

    def to_editor(self) -> Finger:
        self.to_gallery()
        self.tap(id="gallery_grid_item_thumbnail")
        return self

    def to_form(self, caption: str = "a caption") -> Finger:
        self.to_editor()
        self.tap(id="clips_right_action_button")
        if caption:
            self.app.set_text(CAPTION_ID, caption)
            self.tap(id="action_bar_button_text")
        return self


def phone(layout: Layout = LAYOUTS[0], **habits: bool | float) -> Finger:
    world = World(files=[video("new.mp4"), video("old.mp4")])
    made = Habits(layout=layout, **habits)  # type: ignore[arg-type] # all are bool but the rate
    return Finger(PostingApp(world, made), world)


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


@pytest.mark.parametrize("name", SURPRISES)
def test_whatever_comes_in_between_can_be_left_or_passes(name: str) -> None:
    finger = phone().start()
    calm = finger.app.source()
    finger.app.interrupt(name)
    assert finger.app.source() != calm
    for _ in range(4):
        finger.world.at += 4
        if finger.app.package == "com.android.launcher3" or not finger.app.alive:
            finger.start()
        elif finger.app.dialogs or not finger.sees(id="tab_bar"):
            finger.app.back()
    assert finger.app.dialogs == []
    assert finger.sees(id="tab_bar")


def test_surprises_come_at_the_given_rate() -> None:
    calm, busy = phone().start(), phone(surprise_rate=1.0).start()
    for finger in (calm, busy):
        finger.app.tap(*finger.where(id="profile_tab"))
    assert calm.app.dialogs == []
    assert not busy.sees(desc="Edit profile")


def test_the_list_of_own_posts_tells_their_age() -> None:
    finger = phone(LAYOUTS[3]).to_form("sunrise")
    finger.tap(id="share_button")
    finger.world.at += 90
    finger.tap(id="profile_tab")
    finger.tap(desc=f"Reel by {finger.world.username.title()} at row 1, column 1")
    assert finger.sees(desc=f"{finger.world.username} posted a video 1 minute ago")


def _every_screen(check: Callable[[Finger], None]) -> None:
    """Show every page, dialog, upload and account notice of every build."""
    for layout in LAYOUTS:
        finger = phone(layout).start()
        for place in Place:
            if place is Place.AFTER_SHARE:
                continue
            finger.app.stack = [place]
            check(finger)
        finger.app.stack = []
        for front in (LAUNCHER, DRAWER, *OTHER_APPS):
            finger.app.front = front
            check(finger)
        finger.app.front = INSTAGRAM
        for dialog in Dialog:
            finger.app.dialogs = [dialog]
            check(finger)
        finger.app.dialogs = []
        for state in AccountState:
            finger.world.account_state = state
            check(finger)
        finger.world.account_state = AccountState.OK
        finger.to_form().tap(id="share_button")
        check(finger)
        finger.world.at += 30
        check(finger)


def test_ids_and_classes_of_all_screens_are_those_of_the_real_app() -> None:
    """Except for pages that no real dump shows: search, messages, browser, Android's errors."""
    classes: dict[str, set[str]] = {}
    for path in shared_data("screens").glob("*.xml"):
        for node in ET.parse(path).getroot().iter():
            name = node.get("resource-id", "").rpartition("/")[2]
            if name:
                classes.setdefault(name, set()).update({node.get("class", "")} - {""})
    unseen = re.compile(
        r"aerr_|alertTitle$|row_inbox_|inbox_|igds_action_bar|action_bar_search_"
        r"|direct_text_message_|row_thread_composer_|ig_browser_"
    )
    wrong: set[str] = set()

    def check(finger: Finger) -> None:
        for node in finger.tree().iter():
            name = node.get("resource-id", "").rpartition("/")[2]
            if not name or unseen.match(name):
                continue
            if name not in classes:
                wrong.add(f"{name} is not on any real screen")
            elif classes[name] and node.get("class") not in classes[name]:
                wrong.add(f"{name} is {node.get('class')}, really {classes[name]}")

    _every_screen(check)
    assert wrong == set()


def test_every_node_has_the_attributes_of_a_real_page_source() -> None:
    real = ET.parse(shared_data("screens") / "d030.xml").getroot()
    fixed = set(next(iter(real)).attrib)
    typed = next(node for node in real.iter() if node.get("hint"))

    def check(finger: Finger) -> None:
        for node in list(finger.tree().iter())[1:]:
            extra = set(node.attrib) - fixed - {"content-desc", "resource-id"}
            assert fixed <= set(node.attrib)
            assert extra <= set(typed.attrib) - fixed
            assert node.tag == node.get("class")

    _every_screen(check)
