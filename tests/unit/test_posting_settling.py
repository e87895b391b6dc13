"""How long the flow waits for what it touched, and that waiting less repeats no touch."""

from __future__ import annotations

import itertools

import pytest

from engine.errors import PhoneError
from engine.posting.flow import PostingFlow
from simulator.app.layout import LAYOUTS, Layout
from tests.posting_phone import World
from tests.posting_rig import CAPTION, RECOGNISER, SETTINGS, Rig

LOOK = "source"


class Watched:
    """A rig whose calls are written down with the world's clock."""

    def __init__(self, layout: Layout, *, delay: float) -> None:
        self.rig = Rig(layout, world=World(step_delay=delay))
        self.calls: list[tuple[str, float]] = []
        inner = self.rig.device.before_each

        def note(call: str) -> None:
            self.calls.append((call, self.rig.world.at))
            inner(call)

        self.rig.device.before_each = note
        self.result = self.rig.post()

    @property
    def acts(self) -> list[int]:
        """Places of the calls that are no looks."""
        return [place for place, (call, _) in enumerate(self.calls) if call != LOOK]

    def steps(self, words: str) -> int:
        return sum(words in str(step["step"]) for step in self.rig.report.steps)


def each(delays: tuple[float, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("layout", "delay"),
        [(layout, delay) for layout in LAYOUTS for delay in delays],
        ids=lambda value: value.name if isinstance(value, Layout) else str(value),
    )


@each((0.0,))
def test_a_touch_that_acts_at_once_is_waited_for_no_longer_than_the_first_poll(
    layout: Layout, delay: float
) -> None:
    watched = Watched(layout, delay=delay)
    assert watched.result == "posted"
    moments = [watched.calls[place][1] for place in watched.acts]
    waits = [after - before for before, after in itertools.pairwise(moments[1:])]
    assert waits
    assert max(waits) <= 0.6


@each((0.4, 1.5, 3.0, 8.0))
def test_a_slow_phones_caption_is_entered_and_finished_once(layout: Layout, delay: float) -> None:
    watched = Watched(layout, delay=delay)
    assert watched.rig.published == [CAPTION]
    assert watched.steps("enter the caption") == 1
    assert watched.steps("the caption is complete") <= 1
    assert watched.rig.report.submits == 1


@each((0.0, 1.5))
def test_share_is_tapped_on_a_look_of_its_own(layout: Layout, delay: float) -> None:
    watched = Watched(layout, delay=delay)
    share = watched.acts[-1]
    before = watched.acts[-2]
    looks = [call for call, _ in watched.calls[before + 1 : share]]
    assert set(looks) == {LOOK}
    assert len(looks) >= 2
    assert watched.calls[share - 1][1] == watched.calls[share][1]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_nothing_is_looked_at_or_touched_before_the_video_is_on_the_phone(layout: Layout) -> None:
    rig = Rig(layout)
    calls: list[str] = []
    inner = rig.device.before_each

    def note(call: str) -> None:
        calls.append(call)
        inner(call)

    rig.device.before_each = note
    by_then: list[str] = []

    def arrives() -> None:
        by_then.extend(calls)

    flow = PostingFlow(
        rig.device,
        SETTINGS,
        rig.report,
        recogniser=RECOGNISER,
        app_opened=arrives,
        clock=rig.world.now,
    )
    flow.post(CAPTION)
    assert by_then == ["open_app"]
    assert rig.published == [CAPTION]


def test_a_video_that_does_not_come_ends_the_attempt_with_nothing_touched() -> None:
    rig = Rig()

    def never() -> None:
        raise PhoneError("Phone acct001 did not have the video within 60 s.")

    flow = PostingFlow(rig.device, SETTINGS, rig.report, recogniser=RECOGNISER, app_opened=never)
    with pytest.raises(PhoneError, match="did not have the video"):
        flow.post(CAPTION)
    assert rig.device.taps == []
    assert rig.report.submits == 0
