"""What the simulated phone shows: real ids and attributes everywhere, and what comes in between."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from simulator.app.dialog_words import Dialog
from simulator.app.layout import LAYOUTS
from simulator.app.phone_screens import DRAWER, LAUNCHER, OTHER_APPS
from simulator.app.places import SURPRISES, Place
from simulator.farm_file import AccountState
from tests.app_finger import INSTAGRAM, Finger, phone
from tests.shared_data import shared_data


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
