"""Whatever comes in between, at whatever step: a reel is published once, or not and for a reason.

The flow, the look after a doubt and the farm's posting app in memory, on a clock that only waits
move; each case is one whole post.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.errors import InDoubtError
from simulator.app.dialog_words import Dialog
from simulator.app.layout import LAYOUTS
from simulator.app.places import SURPRISES, Place
from simulator.farm_file import AccountState
from tests.posting_phone import PostingApp, World, video
from tests.posting_rig import CAPTION, RECOGNISER, Rig

SHARED = 9
"""Acts of a calm post up to the touch on Share: start, four pages, caption, OK, Share."""
TOUCHES = (1, 3, 5, 7, 8)
"""Acts that meet a list, a grid, the form's buttons, and Share or its neighbour."""


def bring(name: str) -> Callable[[PostingApp], None]:
    return lambda app: app.interrupt(name)


def turn(state: AccountState) -> Callable[[PostingApp], None]:
    def act(app: PostingApp) -> None:
        assert isinstance(app.world, World)
        app.world.account_state = state

    return act


def moments(name: str) -> Iterator[tuple[int, int]]:
    """Every act of a post, on the app builds in turn; another build first for each name."""
    first = sum(map(ord, name))
    for at in range(1, SHARED + 1):
        yield at, (first + at) % len(LAYOUTS)


@pytest.mark.parametrize("name", SURPRISES)
def test_what_comes_after_a_step_never_keeps_a_reel_from_being_posted_once(name: str) -> None:
    for at, build in moments(name):
        rig = Rig(LAYOUTS[build]).interrupted(bring(name), at)
        outcome = rig.post()
        assert (outcome, rig.published, rig.report.submits) == ("posted", [CAPTION], 1), (
            f"after act {at} on {LAYOUTS[build].name}:\n{rig.told()}"
        )


OUT_OF_PLACE = (
    Dialog.CREATE_MENU,
    Dialog.AUDIO_NOTICE,
    Dialog.CONTENT_WARNING,
    Dialog.SAVE_DRAFT,
    Dialog.PERMISSION_PHOTOS,
)
"""What has its own place in the flow; two of them have a button that publishes."""


@pytest.mark.parametrize("dialog", OUT_OF_PLACE)
def test_a_dialog_of_the_flow_at_a_wrong_step_publishes_nothing_by_itself(dialog: Dialog) -> None:
    for at, build in moments(dialog):
        if at == SHARED:
            continue  # after Share the app asks once more: a doubt that nothing may settle
        rig = Rig(LAYOUTS[build]).interrupted(bring(dialog), at)
        outcome = rig.post()
        assert (outcome, rig.published, rig.report.submits) == ("posted", [CAPTION], 1), (
            f"after act {at} on {LAYOUTS[build].name}:\n{rig.told()}"
        )


@pytest.mark.parametrize("name", SURPRISES)
def test_what_comes_before_or_after_the_notice_keeps_no_reel_from_being_posted_once(
    name: str,
) -> None:
    """On a form whose button is Next, the notice behind it has the Share that publishes."""
    for at in (SHARED - 1, SHARED, SHARED + 1):
        rig = Rig(asks_before_sharing=True).interrupted(bring(name), at)
        outcome = rig.post()
        assert (outcome, rig.published, rig.report.submits) == ("posted", [CAPTION], 1), (
            f"after act {at}:\n{rig.told()}"
        )


@pytest.mark.parametrize("name", SURPRISES)
def test_what_comes_under_the_very_touch_never_publishes_twice_or_unseen(name: str) -> None:
    """The touch was meant for the screen before: it falls on something else."""
    for at, build in moments(name):
        if at not in TOUCHES:
            continue
        rig = Rig(LAYOUTS[build]).interrupted(bring(name), at, early=True)
        outcome = rig.post()
        where = f"at act {at} on {LAYOUTS[build].name}:\n{rig.told()}"
        assert rig.report.submits <= 1, where
        assert rig.published in ([CAPTION], []), where
        assert outcome == ("posted" if rig.published else "in doubt"), where


TYPES = {
    AccountState.SUSPENDED: "suspended",
    AccountState.DISABLED: "disabled",
    AccountState.LOGGED_OUT: "logged_out",
    AccountState.CHALLENGE_CAPTCHA: "verification",
    AccountState.CHALLENGE_VERIFICATION: "verification",
}


@pytest.mark.parametrize("build", range(len(LAYOUTS)))
@pytest.mark.parametrize("state", TYPES)
def test_an_account_that_falls_at_any_step_before_share_publishes_nothing(
    state: AccountState, build: int
) -> None:
    layout = LAYOUTS[build]
    for at in range(1, SHARED - 1):
        rig = Rig(layout).interrupted(turn(state), at)
        assert rig.post() == TYPES[state], f"after act {at}:\n{rig.told()}"
        assert (rig.published, rig.report.submits) == ([], 0)


NAMED = {AccountState.CHALLENGE_CAPTCHA: "captcha"}
"""Where the doubt names it otherwise than the type does."""


@pytest.mark.parametrize("state", TYPES)
def test_an_account_that_falls_under_the_touch_on_share_is_a_doubt_that_names_it(
    state: AccountState,
) -> None:
    rig = Rig().interrupted(turn(state), SHARED - 1, early=True)
    assert rig.post() == "in doubt"
    assert rig.published == []
    assert NAMED.get(state, TYPES[state]) in str(rig.error)


def test_a_blocked_account_publishes_nothing_on_any_build() -> None:
    for layout in LAYOUTS:
        rig = Rig(layout, world=World(account_state=AccountState.ACTION_BLOCKED))
        assert rig.post() == "in doubt"
        assert isinstance(rig.error, InDoubtError)
        assert "action_blocked" in str(rig.error)
        assert rig.published == []


NOTICES = {
    Dialog.TRY_AGAIN_LATER: "action_blocked",
    Dialog.ACTION_BLOCKED: "action_blocked",
    Dialog.LOGGED_OUT: "logged_out",
    Dialog.UPDATE_REQUIRED: "app_update",
}


@pytest.mark.parametrize("dialog", NOTICES)
def test_a_notice_without_a_way_round_ends_the_job_with_its_type(dialog: Dialog) -> None:
    for at, build in moments(dialog):
        if at >= SHARED - 2:
            continue
        rig = Rig(LAYOUTS[build]).interrupted(bring(dialog), at)
        assert rig.post() == NOTICES[dialog], f"after act {at}:\n{rig.told()}"
        assert (rig.published, rig.report.submits) == ([], 0)


SLOW = (0.0, 0.4, 1.5, 3.0)


@pytest.mark.parametrize("seed", range(60))
def test_phones_of_any_speed_with_surprises_at_any_moment_post_at_most_once(seed: int) -> None:
    world = World(seed=str(seed), step_delay=SLOW[seed % len(SLOW)])
    rig = Rig(
        LAYOUTS[seed // 4 % len(LAYOUTS)],
        world=world,
        surprise_rate=0.15,
        dialog_rate=0.3,
        asks_for_photos=seed % 3 == 0,
        asks_before_sharing=seed % 5 == 0,
        leftover=seed % 7 == 0,
    )
    outcome = rig.post()
    assert rig.report.submits <= 1, rig.told()
    assert len(rig.published) <= 1, rig.told()
    assert outcome != "posted" or rig.published == [CAPTION], rig.told()


HOSTILE = (
    "Sign in",
    "Share",
    "suspended",
    "We suspended your account, log in to appeal",
    "Video can't be posted. Posted! Done posting",
    "Confirm you're human\nEnter the code from the image",
    "You've Been Logged Out\nPlease log back in.",
    "Write a caption and add hashtags…",
    "Try again later",
    "Keep editing",
    "Not now",
    "Your reel may get limited reach",
    "New reel" * 275,
    "\u202etxet desrever\u202c \u200f\u200e\u2066\u2069 zero\u200bwidth",
    "👩‍👩‍👧‍👦🇩🇪🏳️‍🌈" * 100,
    "é̩" * 500 + " Ⅻ ﬁ",
    "x" * 2200,
    ' lead & trail <b class="a">&amp;</b> \\n %s {0} ',
    "a\tb\r\nc\n\n\n.",
)


@pytest.mark.parametrize("caption", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_caption_is_posted_verbatim_and_changes_nothing(caption: str) -> None:
    for layout in LAYOUTS:
        rig = Rig(layout, world=World(username="Log in"))
        assert rig.post(caption) == "posted", rig.told()
        assert (rig.published, rig.report.submits) == ([caption], 1)


@pytest.mark.parametrize("build", range(len(LAYOUTS)))
def test_somebody_elses_profile_is_not_taken_for_the_own_one(build: int) -> None:
    rig = Rig(LAYOUTS[build])
    rig.app.launch()
    rig.world.at += 10
    rig.app.interrupt(Place.SOMEBODY)
    assert RECOGNISER.recognise(rig.app.source()).rule == "somebodys_profile"


@pytest.mark.parametrize("name", ["Sign in", "We suspended your account", "Share", "Next"])
def test_a_hostile_name_changes_nothing(name: str) -> None:
    for layout in LAYOUTS:
        rig = Rig(layout, world=World(username=name), leftover=True)
        assert rig.post() == "posted", rig.told()
        assert rig.published == [CAPTION]


@pytest.mark.parametrize("build", range(len(LAYOUTS)))
def test_a_long_reel_is_shared_once_where_the_warning_comes_before_and_doubted_after(
    build: int,
) -> None:
    before = Rig(LAYOUTS[build], world=World(files=[video(seconds=200)]), asks_before_sharing=True)
    assert (before.post(), before.published) == ("posted", [CAPTION])
    after = Rig(LAYOUTS[build], world=World(files=[video(seconds=200)]))
    assert (after.post(), after.published) == ("in doubt", [])
