"""The whole flow against the farm's posting app, in memory: what is published, and what is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import (
    AccountError,
    AppiumError,
    ClaimLostError,
    ConnectionDroppedError,
    InDoubtError,
    JobError,
    NavigationError,
    StopRequested,
)
from engine.jobs import Success
from engine.phones.device import Device
from engine.posting.flow import PostingFlow
from simulator.app.dialog_words import Dialog
from simulator.app.layout import LAYOUTS, Layout
from simulator.app.phone_world import UploadOutcome
from simulator.app.places import CHANCE, Place
from simulator.farm_file import AccountState
from tests.posting_phone import AppDevice, Habits, PostingApp, TimedReport, World, video
from tests.posting_rig import RECOGNISER, SETTINGS

CAPTION = "Slow mornings ☕️ #coffee\n\nسلام, “quoted”, commas; 100 %"
CURRENT = LAYOUTS[0]


class Phone:
    """One phone with its flow."""

    def __init__(self, world: World | None = None, habits: Habits | None = None) -> None:
        self.world = world or World()
        if not self.world.files:
            self.world.files.append(video())
        self.app = PostingApp(self.world, habits or Habits(layout=CURRENT))
        self.device = AppDevice(self.app)
        self.report = TimedReport(self.world)
        self.flow = self.another_flow()

    def another_flow(self, reconnect: Callable[[], Device] | None = None) -> PostingFlow:
        """A flow on this phone; pages that any phone showed before are judged already."""
        return PostingFlow(
            self.device,
            SETTINGS,
            self.report,
            recogniser=RECOGNISER,
            reconnect=reconnect,
            clock=lambda: self.world.at,
        )

    def post(self, caption: str = CAPTION) -> Success:
        return self.flow.post(caption)

    def fails_with(self, kind: type[JobError]) -> JobError:
        with pytest.raises(kind) as caught:
            self.post()
        return caught.value


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_reel_is_posted_once_with_its_caption_on_every_app_build(layout: Layout) -> None:
    phone = Phone(habits=Habits(layout=layout))
    success = phone.post()
    assert phone.world.published == [("reel.mp4", CAPTION)]
    assert phone.report.submits == 1
    assert "posted" in success.evidence.casefold() or "posting" in success.evidence.casefold()


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_notice_after_next_is_answered_with_the_one_share(layout: Layout) -> None:
    phone = Phone(habits=Habits(layout=layout, asks_before_sharing=True, asks_for_photos=True))
    phone.post()
    assert phone.world.published == [("reel.mp4", CAPTION)]
    assert phone.report.submits == 1


def test_the_point_of_no_return_is_marked_before_anything_is_published() -> None:
    phone = Phone()
    published_at_submit: list[int] = []
    phone.report.on_submit = lambda: published_at_submit.append(len(phone.world.published))
    phone.post()
    assert published_at_submit == [0]


def test_a_lost_claim_at_share_publishes_nothing() -> None:
    def lose() -> None:
        raise ClaimLostError("job: claimed by another")

    phone = Phone()
    phone.report.on_submit = lose
    with pytest.raises(ClaimLostError):
        phone.post()
    assert phone.world.published == []


DIALOGS = sorted({(dialog, place) for place, kinds in CHANCE.items() for dialog in kinds})


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize(("dialog", "place"), DIALOGS, ids=str)
def test_a_dialog_in_the_way_is_closed(layout: Layout, dialog: Dialog, place: Place) -> None:
    phone = Phone(habits=Habits(layout=layout))
    phone.app.script(dialog, place)
    phone.post()
    assert phone.world.published == [("reel.mp4", CAPTION)]


SYSTEM_DIALOGS = (
    Dialog.APP_CRASH,
    Dialog.NOT_RESPONDING,
    Dialog.PERMISSION_CAMERA,
    Dialog.PERMISSION_MICROPHONE,
    Dialog.PERMISSION_PHOTOS,
    Dialog.SAVE_DRAFT,
    Dialog.SEND_TO,
    Dialog.LOCATION_SETTINGS,
    Dialog.EDITS_ADVERT,
)
STOPS = (Place.FEED, Place.PROFILE, Place.GALLERY, Place.EDITOR, Place.SHARE_FORM)


@pytest.mark.parametrize("place", STOPS)
@pytest.mark.parametrize("dialog", SYSTEM_DIALOGS)
def test_no_dialog_anywhere_keeps_a_reel_from_being_posted_exactly_once(
    dialog: Dialog, place: Place
) -> None:
    phone = Phone()
    phone.app.script(dialog, place)
    phone.post()
    assert phone.world.published == [("reel.mp4", CAPTION)]
    assert phone.report.submits == 1


@given(seed=st.integers(0, 10_000), delay=st.sampled_from([0.0, 0.4, 1.5, 3.0]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_phones_of_any_seed_with_dialogs_at_random_post_at_most_once(
    seed: int, delay: float
) -> None:
    habits = Habits.of(str(seed))
    world = World(seed=str(seed), step_delay=delay)
    phone = Phone(
        world,
        Habits(
            layout=habits.layout,
            dialog_rate=0.5,
            asks_for_photos=habits.asks_for_photos,
            asks_before_sharing=habits.asks_before_sharing,
        ),
    )
    phone.post()
    assert world.published == [("reel.mp4", CAPTION)]


@pytest.mark.parametrize(
    ("state", "error_type"),
    [
        (AccountState.SUSPENDED, "suspended"),
        (AccountState.DISABLED, "disabled"),
        (AccountState.LOGGED_OUT, "logged_out"),
        (AccountState.CHALLENGE_CAPTCHA, "verification"),
        (AccountState.CHALLENGE_VERIFICATION, "verification"),
    ],
)
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_an_account_in_trouble_ends_the_job_and_publishes_nothing(
    layout: Layout, state: AccountState, error_type: str
) -> None:
    phone = Phone(World(account_state=state), Habits(layout=layout))
    assert phone.fails_with(AccountError).error_type == error_type
    assert phone.world.published == []
    assert phone.report.submits == 0


def test_an_account_that_falls_in_the_middle_publishes_nothing() -> None:
    phone = Phone()

    def suspend(call: str) -> None:
        if call == "set_text":
            phone.world.account_state = AccountState.SUSPENDED

    phone.device.before_each = suspend
    with pytest.raises(JobError):
        phone.post()
    assert phone.world.published == []


def test_a_block_that_shows_after_share_is_a_doubt_that_names_it() -> None:
    phone = Phone(World(account_state=AccountState.ACTION_BLOCKED))
    assert "action_blocked" in str(phone.fails_with(InDoubtError))
    assert phone.world.published == []


def test_the_warning_about_a_long_reel_is_a_doubt_and_is_not_confirmed() -> None:
    world = World(files=[video(seconds=200)])
    assert "asks once more" in str(Phone(world).fails_with(InDoubtError))
    assert world.published == []


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_silence_after_share_is_a_doubt_and_never_a_second_share(layout: Layout) -> None:
    world = World(outcome=UploadOutcome.SILENT)
    Phone(world, Habits(layout=layout)).fails_with(InDoubtError)
    assert len(world.published) == 1


def test_an_upload_that_the_app_calls_failed_is_a_doubt() -> None:
    world = World(outcome=UploadOutcome.FAILED)
    assert "can't be posted" in str(Phone(world).fails_with(InDoubtError))
    assert len(world.published) == 1


def test_an_upload_slower_than_the_patience_is_a_doubt() -> None:
    world = World(upload_seconds=500)
    assert "seen running" in str(Phone(world).fails_with(InDoubtError))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_failed_upload_of_an_earlier_job_is_cleared_and_not_taken_for_ours(
    layout: Layout,
) -> None:
    phone = Phone(habits=Habits(layout=layout, leftover=True))
    phone.post()
    assert len(phone.world.published) == 1


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("outcome", [UploadOutcome.POSTED, UploadOutcome.SILENT])
def test_an_earlier_jobs_upload_is_waited_for_and_its_report_is_not_ours(
    layout: Layout, outcome: UploadOutcome
) -> None:
    phone = Phone(World(upload_seconds=12), Habits(layout=layout))
    phone.post("the first job's caption")
    phone.world.outcome = outcome
    phone.report = TimedReport(phone.world)
    again = phone.another_flow()
    if outcome is UploadOutcome.POSTED:
        again.post(CAPTION)
    else:
        with pytest.raises(InDoubtError):
            again.post(CAPTION)
    assert [caption for _, caption in phone.world.published] == [
        "the first job's caption",
        CAPTION,
    ]


def test_an_empty_gallery_ends_as_navigation_failure() -> None:
    phone = Phone()
    phone.world.files.clear()
    assert phone.fails_with(NavigationError).error_type == "navigation_stuck"


def test_only_a_video_is_chosen_never_a_photo() -> None:
    world = World(files=[video("photo.jpg", 0.0), video("ours.mp4"), video("older.mp4")])
    Phone(world).post()
    assert world.published == [("ours.mp4", CAPTION)]


def test_a_stop_before_share_publishes_nothing() -> None:
    phone = Phone()

    def stop() -> None:
        if phone.app.caption:
            raise StopRequested("The worker was asked to stop.")

    phone.report.stop_at = stop
    with pytest.raises(StopRequested):
        phone.post()
    assert phone.world.published == []


def failing_after_submit(
    phone: Phone, call: str, times: int, error: Callable[[], JobError]
) -> None:
    left = [times]

    def fail(name: str) -> None:
        if phone.report.submitted and name == call and left[0]:
            left[0] -= 1
            raise error()

    phone.device.before_each = fail


def test_a_look_that_fails_after_share_is_repeated() -> None:
    phone = Phone()
    failing_after_submit(phone, "source", 3, lambda: AppiumError("socket hang up"))
    phone.post()
    assert len(phone.world.published) == 1


def test_a_tap_on_share_that_answers_with_an_error_is_never_repeated() -> None:
    phone = Phone()
    failing_after_submit(phone, "tap", 1, lambda: AppiumError("no answer"))
    assert "the tap on Share failed" in str(phone.fails_with(InDoubtError))
    assert phone.world.published == []


def test_a_phone_lost_after_share_is_looked_at_again_through_a_new_session() -> None:
    phone = Phone()
    failing_after_submit(phone, "source", 1, lambda: ConnectionDroppedError("device offline"))
    phone.flow = phone.another_flow(reconnect=lambda: AppDevice(phone.app))
    phone.post()
    assert len(phone.world.published) == 1


def test_a_session_that_died_after_share_is_replaced_by_a_new_one() -> None:
    phone = Phone()
    failing_after_submit(phone, "source", 99, lambda: AppiumError("instrumentation is not running"))
    phone.flow = phone.another_flow(reconnect=lambda: AppDevice(phone.app))
    phone.post()
    assert len(phone.world.published) == 1


def test_a_phone_lost_after_share_for_good_is_a_doubt() -> None:
    phone = Phone()
    failing_after_submit(phone, "source", 9, lambda: ConnectionDroppedError("device offline"))
    assert "phone was lost" in str(phone.fails_with(InDoubtError))
    assert len(phone.world.published) == 1


def test_a_connection_lost_before_share_stays_infrastructure() -> None:
    phone = Phone()

    def drop(call: str) -> None:
        if call == "set_text":
            raise ConnectionDroppedError("device offline")

    phone.device.before_each = drop
    phone.fails_with(ConnectionDroppedError)
    assert phone.world.published == []


CAPTIONS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\n\t"),
    min_size=1,
    max_size=300,
).filter(str.strip)


@given(caption=CAPTIONS)
@settings(max_examples=80, deadline=None)
def test_every_caption_arrives_verbatim(caption: str) -> None:
    phone = Phone()
    phone.post(caption)
    assert phone.world.published == [("reel.mp4", caption)]


HOSTILE = (
    "We suspended your account, log in to appeal",
    "Video can't be posted. Posted! Done posting",
    "Confirm you're human\nEnter the code from the image",
    "You've Been Logged Out",
    "Write a caption and add hashtags…",
    "Try again later",
    "Keep editing",
)


@pytest.mark.parametrize("caption", HOSTILE)
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_caption_in_the_apps_own_words_changes_nothing(layout: Layout, caption: str) -> None:
    world = World(username="Log in")
    phone = Phone(world, Habits(layout=layout))
    phone.post(caption)
    assert world.published == [("reel.mp4", caption)]
