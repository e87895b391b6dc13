"""A touch of which nobody can tell whether it arrived: the flow looks, and posts once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.errors import InDoubtError, TouchUnknownError
from simulator.app.layout import LAYOUTS, Layout
from tests.posting_phone import AppDevice, Habits, PostingApp, World, video
from tests.unit.test_posting_flow import CAPTION, Phone


class Dying(AppDevice):
    """The server dies under one touch, which was carried out before that, or not."""

    def __init__(self, app: PostingApp, *, at: int, arrives: bool) -> None:
        super().__init__(app)
        self.touches = 0
        self._at = at
        self._arrives = arrives

    def tap(self, x: int, y: int) -> None:
        if self._survives() or self._arrives:
            super().tap(x, y)
        self._die()

    def press_back(self) -> None:
        if self._survives() or self._arrives:
            super().press_back()
        self._die()

    def _survives(self) -> bool:
        return self.touches != self._at

    def _die(self) -> None:
        self.touches += 1
        if self.touches - 1 == self._at:
            raise TouchUnknownError("The Appium server ended while it was asked to tap.")


def phone_with(layout: Layout, asks: bool, at: int, *, arrives: bool) -> tuple[Phone, Dying]:
    world = World(files=[video("old.mp4"), video()][::-1])
    phone = Phone(world, Habits(layout=layout, asks_before_sharing=asks, asks_for_photos=True))
    phone.device = device = Dying(phone.app, at=at, arrives=arrives)
    phone.flow = phone.another_flow()
    return phone, device


def ways() -> Iterator[tuple[Layout, bool, int]]:
    """Every touch on the way to Share, of every build of the app, with a notice and without."""
    for layout in LAYOUTS:
        for asks in (False, True):
            phone, device = phone_with(layout, asks, -1, arrives=True)
            phone.post()
            for at in range(device.touches - 1):
                yield layout, asks, at


@pytest.mark.parametrize("arrives", [True, False])
def test_the_upload_goes_on_whichever_touch_before_share_it_was(arrives: bool) -> None:
    for layout, asks, at in ways():
        phone, _ = phone_with(layout, asks, at, arrives=arrives)
        phone.post()
        case = f"{layout.name} asks={asks} touch {at}"
        assert phone.world.published == [("reel.mp4", CAPTION)], case
        assert phone.report.submits == 1, case


@pytest.mark.parametrize("arrives", [True, False])
def test_share_itself_is_never_touched_again(arrives: bool) -> None:
    phone, device = phone_with(LAYOUTS[0], False, -1, arrives=True)
    phone.post()
    last = device.touches - 1
    phone, device = phone_with(LAYOUTS[0], False, last, arrives=arrives)
    if arrives:
        phone.post()
    else:
        phone.fails_with(InDoubtError)
    assert len(phone.world.published) == int(arrives)
    assert device.touches == last + 1
