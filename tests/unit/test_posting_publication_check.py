"""The look after a doubt: what proves a publication, what does not, and what it never touches."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from engine.config import Settings
from engine.errors import AppiumError, InDoubtError, TouchUnknownError
from engine.posting.flow import PostingFlow
from engine.posting.publication_check import Finding, PublicationCheck, Question
from simulator.app.dialog_words import Dialog
from simulator.app.layout import LAYOUTS
from simulator.app.nodes import hit
from simulator.app.phone_world import UploadOutcome
from simulator.app.places import SURPRISES, Place
from simulator.farm_file import AccountState
from tests.posting_phone import AppDevice, Habits, PostingApp, TimedReport, World, video
from tests.posting_rig import RECOGNISER

CAPTION = "Slow mornings with a long caption that the app will certainly shorten ☕️\n\n#coffee"
PUBLISHING = ("share", "publish", "story", "share_story", "share_sheet", "create", "pick")
"""What a touch of the check must never reach."""


class Watched(AppDevice):
    """Remembers what each touch hit."""

    def __init__(self, app: PostingApp) -> None:
        super().__init__(app)
        self.hits: list[str] = []

    def tap(self, x: int, y: int) -> None:
        scale = self.app.habits.layout.scale
        node = hit(self.app._shown(), x / scale, y / scale)
        self.hits.append(node.action.partition(":")[0] if node is not None else "")
        super().tap(x, y)


class Doubt:
    """A phone on which a post ended in doubt."""

    def __init__(
        self,
        *,
        caption: str = CAPTION,
        world: World | None = None,
        outcomes: Sequence[UploadOutcome] = (UploadOutcome.SILENT,),
    ) -> None:
        """Posts the caption once for each of the outcomes."""
        self.world = world or World()
        self.world.files.append(video())
        self.app = PostingApp(self.world, Habits(layout=LAYOUTS[0]))
        self.device = Watched(self.app)
        self.report = TimedReport(self.world)
        self.caption = caption
        for outcome in outcomes:
            self.world.outcome = outcome
            flow = PostingFlow(
                self.device,
                Settings(),
                self.report,
                recogniser=RECOGNISER,
                clock=self.world.now,
            )
            with pytest.raises(InDoubtError):
                flow.post(caption)
            self.state = flow.state
        self.published = list(self.world.published)
        self.device.hits.clear()

    def question(self, **changes: object) -> Question:
        known = {
            "caption": self.caption,
            "posts_before": self.state.own_posts,
            "shared_at": self.state.shared_at,
        }
        return Question(**(known | changes))  # type: ignore[arg-type] # the fields by their names

    def check(self) -> PublicationCheck:
        return PublicationCheck(
            self.device,
            Settings(),
            self.report,
            recogniser=RECOGNISER,
            clock=self.world.now,
        )

    def look(self, **changes: object) -> Finding:
        finding = self.check().answer(self.question(**changes))
        assert self.world.published == self.published
        assert not set(self.device.hits) & set(PUBLISHING), self.device.hits
        return finding


@pytest.mark.parametrize(
    "caption",
    [
        CAPTION,
        "short",
        "مرحبا 🎉 سلام",
        "Share",
        "x" * 2200,
        "waiting …",
        "We suspended your account",
    ],
)
def test_a_reel_that_is_on_the_profile_settles_the_doubt(caption: str) -> None:
    finding = Doubt(caption=caption).look()
    assert "13 posts after 12" in finding.proof


@pytest.mark.parametrize("place", [Place.FEED, Place.REELS, Place.PROFILE, Place.REEL])
@pytest.mark.parametrize(
    "dialog",
    [
        Dialog.RATING,
        Dialog.META_VERIFIED,
        Dialog.LINKS_OFFER,
        Dialog.SEND_TO,
        Dialog.LOCATION_SETTINGS,
        Dialog.STORIES_ARCHIVE,
        Dialog.APP_CRASH,
        Dialog.NOT_RESPONDING,
        Dialog.PERMISSION_CAMERA,
    ],
)
def test_dialogs_in_the_way_are_closed_and_do_not_hide_the_reel(
    dialog: Dialog, place: Place
) -> None:
    doubt = Doubt()
    doubt.app.script(dialog, place)
    assert doubt.look().proof


@pytest.mark.parametrize("name", SURPRISES)
def test_what_comes_under_a_touch_of_the_look_publishes_nothing_and_proves_nothing_false(
    name: str,
) -> None:
    doubt = Doubt(outcomes=[UploadOutcome.FAILED])
    taps = itertools.count()

    def meddle(call: str) -> None:
        if call == "tap" and next(taps) == 0:
            doubt.app.interrupt(name)

    doubt.device.before_each = meddle
    finding = doubt.check().answer(doubt.question())
    assert finding.proof == ""
    assert doubt.world.published == doubt.published


def test_a_failed_upload_proves_nothing() -> None:
    finding = Doubt(outcomes=[UploadOutcome.FAILED]).look()
    assert finding.proof == ""
    assert "counts 12 posts, before Share: 12" in finding.seen


def test_an_older_reel_with_the_same_caption_proves_nothing() -> None:
    doubt = Doubt(outcomes=(UploadOutcome.SILENT, UploadOutcome.FAILED))
    assert len(doubt.published) == 2
    finding = doubt.look()
    assert finding.proof == ""
    assert "13 posts, before Share: 13" in finding.seen


def test_the_newer_of_two_reels_with_the_same_caption_is_proved() -> None:
    doubt = Doubt(outcomes=(UploadOutcome.SILENT, UploadOutcome.SILENT))
    assert "14 posts after 13" in doubt.look().proof


def test_the_same_caption_proves_nothing_where_the_posts_were_not_counted_before() -> None:
    finding = Doubt().look(posts_before=None)
    assert finding.proof == ""
    assert "nothing tells it from an older one" in finding.seen


def test_another_caption_on_the_newest_reel_proves_nothing() -> None:
    finding = Doubt().look(caption="Slow mornings with another end")
    assert finding.proof == ""
    assert "another caption" in finding.seen


@pytest.mark.parametrize("state", [AccountState.SUSPENDED, AccountState.CHALLENGE_CAPTCHA])
def test_an_account_in_trouble_ends_the_look(state: AccountState) -> None:
    doubt = Doubt()
    doubt.world.account_state = state
    assert doubt.look().proof == ""


def test_a_warning_that_asks_to_share_once_more_is_not_touched() -> None:
    doubt = Doubt(world=World(files=[video(seconds=200)]))
    assert doubt.published == []
    finding = doubt.look()
    assert "limited_reach" in finding.seen
    assert doubt.device.hits == []


def test_the_look_is_bounded_in_time() -> None:
    doubt = Doubt(outcomes=[UploadOutcome.FAILED])
    began = doubt.world.at
    doubt.look()
    assert doubt.world.at - began < Settings().posting.check_seconds + 10


def test_a_session_that_fails_is_the_callers_to_replace() -> None:
    doubt = Doubt()

    def fail(call: str) -> None:
        raise AppiumError("socket hang up")

    doubt.device.before_each = fail
    with pytest.raises(AppiumError):
        doubt.look()


def test_a_touch_that_may_not_have_arrived_is_looked_after() -> None:
    doubt = Doubt(outcomes=[UploadOutcome.SILENT])
    lost = [2]

    def lose(call: str) -> None:
        if call in {"tap", "press_back"} and lost[0]:
            lost[0] -= 1
            raise TouchUnknownError("The Appium server ended while it was asked to tap.")

    doubt.device.before_each = lose
    assert "its newest reel has this caption" in doubt.look().proof
    assert lost == [0]
