"""The Phones screen at the provider's answers, good and bad, with every key (console-features 6.9).

The provider is a real server of the test's own; the work directory is the design's day.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr
from textual.pilot import Pilot

from console.action_table import PHONES
from console.app import ConsoleApp
from console.dialogs.stop_phones import StopPhones
from console.messages import ResourcesChanged
from console.screens.job import JobScreen
from console.screens.logs import LogsScreen
from console.screens.phones import PhonesScreen
from console.screens.phones_list import PRESET
from engine.config import Phones, Secrets, Settings
from engine.insight.values import ResourceReport
from engine.insight.watch import Watch
from engine.log_stream import LogStream
from engine.run_state import Command
from tests.console.pilot import drive, open_at, screen_lines
from tests.console.scene import NOW, Scene, live_day
from tests.scripted_provider import TOKEN, Provider, Reply, listing, phone_row, serving

T = TypeVar("T")
ORPHAN = "P033"
HOSTILE = "other [b]bold[/b]\x1b[31m\u202e\u5bec"
LONG = 60.0


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving() as provider:
        yield provider


@pytest.fixture(scope="module")
def shared_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with live_day(tmp_path_factory.mktemp("day")) as scene:
        yield scene


@pytest.fixture
def scene(shared_day: Scene) -> Scene:
    """The day, for tests that only look at it."""
    shared_day.clock.moment = NOW
    return shared_day


@pytest.fixture
def own_day(tmp_path: Path) -> Iterator[Scene]:
    """A day of the test's own, to be changed."""
    with live_day(tmp_path) as scene:
        yield scene


def listed(scene: Scene) -> list[dict[str, Any]]:
    """Every account's phone, those on record on, and two of others."""
    on = {claim.job.account for claim in scene.under_way.values()} | {"acct_033"}
    names = [f"acct_{number:03}" for number in range(1, 83)]
    rows = [phone_row(f"P{name[-3:]}", name, 0 if name in on else 2) for name in names]
    return [*rows, phone_row("Q1", "other_1", 0), phone_row("Q2", HOSTILE, 1)]


class Sitting:
    """An operator in front of the Phones screen."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def screen(self) -> PhonesScreen:
        assert isinstance(self.app.shown, PhonesScreen)
        return self.app.shown

    @property
    def names(self) -> list[str]:
        return [line.label for line in self.screen.table.lines]

    @property
    def text(self) -> str:
        return "\n".join(screen_lines(self.app))

    async def until(self, true: Callable[[], object]) -> None:
        deadline = time.monotonic() + LONG
        while not true():
            assert time.monotonic() < deadline, self.text
            await self.pilot.pause(0.02)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def go_to(self, name: str) -> None:
        """Put the cursor on a phone, and wait for its details."""
        self.screen.select(name)
        await self.until(lambda: f"{name}   " in self.text)


def sit(
    scene: Scene,
    provider: Provider,
    script: Callable[[Sitting], Awaitable[T]],
    *,
    size: tuple[int, int] = (80, 24),
    answered: bool = True,
    observe: bool = False,
    **phones: Any,
) -> T:
    """Open the cockpit on the Phones screen; ``answered``: wait for the first answer."""
    settings = scene.settings.model_copy(
        update={
            "phones": Phones.model_validate(
                {"api_url": provider.url, "http_retries": 0, "http_timeout_seconds": 20} | phones
            ),
            "secrets": Secrets(api_token=SecretStr(TOKEN)),
        }
    )
    app = app_on(scene, settings, observe=observe)
    open_at(app, PHONES)

    async def play(pilot: Pilot[Any]) -> T:
        sitting = Sitting(app, pilot)
        await sitting.until(lambda: app.latest.overview is not None)
        await sitting.until(lambda: isinstance(app.shown, PhonesScreen) and app.shown.is_mounted)
        if answered:
            await sitting.until(lambda: app.latest.resources is not None)
        return await script(sitting)

    return drive(app, play, size)


def app_on(scene: Scene, settings: Settings, *, observe: bool = False) -> ConsoleApp:
    app = ConsoleApp(
        watch=Watch(scene.work_dir, settings, now=scene.clock),
        logs=LogStream(scene.work_dir / settings.paths.logs),
        now=scene.clock,
        observe=observe,
    )
    app.who = "ana"
    return app


@pytest.fixture
def answering(scene: Scene, provider: Provider) -> Provider:
    provider.rule("phone/list", listing(*listed(scene)))
    return provider


# -- what is shown ---------------------------------------------------------------------------------


def test_what_is_on_stands_in_rows_and_the_one_without_a_job_is_an_alarm(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> list[str]:
        await ana.go_to("acct_033")
        return screen_lines(ana.app)

    lines = sit(scene, answering, script)
    assert lines[3].startswith(f" / {PRESET}")
    assert lines[3].endswith("5 of 84   read 0s ago   ! 1 without a job")
    assert (
        lines[5] == "   PHONE           STATE       ON FOR  JOB          W   BILLED     EST  TODAY"
    )
    orphan = ">! acct_033        started    0:19:40  -            -   minute   $0.14    1/1"
    assert lines[6] == orphan
    working = next(line for line in lines if " W2 " in line)
    claim = scene.under_way[2]
    assert claim.job.account in working
    assert claim.job_id in working
    assert "(2 of others: esc lists them too   77 off: only counted)" in lines[13]


def test_details_say_who_started_it_what_was_read_and_who_brings_it_off(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> str:
        await ana.go_to("acct_033")
        orphan = ana.text
        busy = scene.under_way[2].job.account
        await ana.go_to(busy)
        await ana.until(lambda: "under way" in ana.text)
        return orphan + ana.text

    text = sit(scene, answering, script)
    assert "acct_033   started 11:44:51 by W2 for DB5nn7Uh2sd (not in this ledger)" in text
    assert "started (code 0), read 12:04:31" in text
    assert "-> no job, no worker: stopped when the run ends; S stops it at once." in text
    assert "-> W2 stops it when the job ends, and sees it off." in text


def test_a_stop_that_was_not_verified_is_told_with_its_time(
    own_day: Scene, answering: Provider
) -> None:
    path = own_day.work_dir / "books" / "phones" / f"{ORPHAN}.json"
    asked = (NOW - timedelta(minutes=3)).isoformat()
    entry = json.loads(path.read_text(encoding="utf-8")) | {"stopping_since": asked}
    path.write_text(json.dumps(entry), encoding="utf-8")

    async def script(ana: Sitting) -> str:
        await ana.go_to("acct_033")
        return ana.text

    text = sit(own_day, answering, script)
    assert "acct_033        stopping   0:19:40  -" in text
    assert "stop asked 12:01:31, still code 0 when read at 12:04:31" in text
    assert "-> asked, not verified. S asks again and waits until it is read back as off." in text


def test_a_wide_window_has_all_columns_the_fleet_and_the_guards_that_exist(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> str:
        await ana.go_to("acct_033")
        return ana.text

    text = sit(scene, answering, script, size=(160, 48))
    assert "PHASE       BILLED     EST  TODAY  LAST RESULT     30 DAYS  VENDOR CODE  NOTE" in text
    assert "+- Fleet 84 -" in text
    assert "off 77   started 6   starting 1   stopping 0   expired 0   unknown 0" in text
    assert "neither ours nor of this campaign: 2 on (stopped only if chosen)" in text
    assert "on  idle for 30 min      the provider stops it" in text
    assert "on  starting > 2:00      stopped, counts as infra" in text
    assert "read back 12:04:31 0" in text
    assert "billed per minute, est. $0.14 so far" in text
    assert "spend" not in text
    assert "monthly" not in text


def test_energy_saving_that_is_off_is_said_to_be_off(scene: Scene, answering: Provider) -> None:
    async def script(ana: Sitting) -> str:
        return ana.text

    assert "energy saving: off" in sit(scene, answering, script, energy_saving=False)


def test_clearing_the_filter_shows_others_too_with_their_names_as_they_are(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> tuple[list[str], str]:
        await ana.press("escape", "end", "k")
        await ana.until(lambda: "other [b]bold[/b]\\x1b[31m\\u202e" in ana.text)
        return ana.names, ana.text

    names, text = sit(scene, answering, script, size=(160, 48))
    assert names[-2:] == [HOSTILE, "other_1"]
    assert "\x1b" not in text
    assert "not ours: it is stopped only if you choose it for S, or ALL" in text
    assert "(77 off: only counted)" in text


def test_below_80_by_24_one_line_says_so_and_keys_still_work(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> str:
        await ana.press("space")
        await ana.until(lambda: "This window is 60x15; 80x24 shows everything." in ana.text)
        return ana.text + repr(ana.screen.selection())

    text = sit(scene, answering, script, size=(60, 15))
    assert "acct_033 " not in text
    assert f"resources=('{ORPHAN}',)" in text


# -- when the provider is slow, silent or says no --------------------------------------------------


def test_before_the_first_answer_our_own_records_are_shown_as_asking(
    scene: Scene, provider: Provider
) -> None:
    gate = time.monotonic

    def slow(_asked: object) -> Reply:
        deadline = gate() + LONG
        while not provider.closed and gate() < deadline and not seen:
            time.sleep(0.01)
        return Reply({"total": 0, "page": 1, "pageSize": 100, "items": []})

    seen: list[str] = []
    provider.rule("phone/list", slow)

    async def script(ana: Sitting) -> None:
        await ana.until(lambda: "acct_033" in ana.text)
        text = ana.text
        seen.append(text)
        await ana.until(lambda: ana.app.latest.resources is not None)

    sit(scene, provider, script, answered=False)
    assert "5 of 5   asking..." in seen[0]
    assert ">! acct_033  asking...  0:19:40" in seen[0]
    assert "unknown in our records; asking the provider" in seen[0]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(code=40007), "limit"),
        (Reply(code=40014), "limit"),
        (Reply(code=40003), "token"),
        (Reply(drop=True), "provider"),
    ],
    ids=["limit", "concurrency", "wrong-token", "silence"],
)
def test_without_an_answer_phones_are_unknown_with_the_reason_and_nothing_else_stops(
    own_day: Scene, provider: Provider, reply: Reply, why: str
) -> None:
    provider.answer("phone/list", reply)

    async def script(ana: Sitting) -> tuple[ResourceReport, str, str]:
        text, report = ana.text, ana.app.latest.resources
        assert report is not None
        await ana.press("2")
        await ana.until(lambda: "[2 Ledger]" in ana.text)
        return report, text, ana.text

    report, text, ledger = sit(own_day, provider, script)
    assert {line.state for line in report.lines} == {"unknown"}
    assert "5 of 5   never answered" in text
    assert "! not answered, the reason stands below" in text
    assert " ".join(report.problem.split())[:60] in " ".join(text.split())
    assert why in report.problem.lower()
    assert "RUNNING" in ledger


def test_an_answer_is_greyed_after_a_minute_and_the_reason_is_given(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> tuple[str, str]:
        report = ana.app.latest.resources
        assert report is not None
        scene.clock.moment += timedelta(seconds=61)
        ana.screen.show_ages(scene.clock())
        await ana.pilot.pause()
        late = ana.text
        ana.app.post_message(ResourcesChanged(replace(report, problem="The network is down.")))
        await ana.until(lambda: "The network is down." in ana.text)
        return late, ana.text

    late, failed = sit(scene, answering, script)
    assert "last answer 1:01 ago" in late
    assert "! older than a minute: the next answer has not come yet" in late
    assert "last answer 1:01 ago" in failed
    assert "! not answered, the reason stands below" in failed


def test_ages_and_estimates_go_on_with_the_clock(scene: Scene, answering: Provider) -> None:
    async def script(ana: Sitting) -> str:
        scene.clock.moment += timedelta(seconds=50)
        ana.screen.show_ages(scene.clock())
        await ana.pilot.pause()
        return ana.text

    text = sit(scene, answering, script)
    assert "read 50s ago" in text
    assert ">! acct_033        started    0:20:30  -            -   minute   $0.14    1/1" in text


def test_no_phone_on_is_a_sentence(own_day: Scene, provider: Provider) -> None:
    for entry in (own_day.work_dir / "books" / "phones").glob("*.json"):
        entry.unlink()
    provider.rule("phone/list", listing(phone_row("P001", "acct_001", 2)))

    async def script(ana: Sitting) -> str:
        await ana.press("enter", "g", "l")
        return ana.text

    text = sit(own_day, provider, script)
    assert "No phone of ours is on: nothing costs." in text
    assert "There is no phone at the cursor." in text


def test_an_attached_device_has_no_provider_and_costs_nothing(
    own_day: Scene, provider: Provider
) -> None:
    for entry in (own_day.work_dir / "books" / "phones").glob("*.json"):
        entry.unlink()

    async def script(ana: Sitting) -> str:
        return ana.text

    text = sit(
        own_day, provider, script, device="grapheneos", device_serial="R58", adb_command=("no-adb",)
    )
    assert "The phone is a device attached to this host" in text
    assert not provider.calls("phone/list")


# -- keys ------------------------------------------------------------------------------------------


def test_space_and_a_mark_and_s_is_preset_to_the_marked_ones(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> tuple[Any, Any, Any, str]:
        cursor = ana.screen.selection()
        await ana.press("space", "space")
        two = ana.screen.selection()
        await ana.press("S")
        await ana.until(lambda: isinstance(ana.app.screen, StopPhones))
        await ana.until(lambda: "marked 2" in ana.text)
        dialog = ana.text
        await ana.press("n", "A")
        await ana.until(lambda: isinstance(ana.app.screen, PhonesScreen))
        return cursor, two, ana.screen.selection(), dialog

    cursor, two, everything, dialog = sit(scene, answering, script)
    assert (cursor.resources, cursor.marked) == ((ORPHAN,), False)
    assert len(two.resources) == 2
    assert two.marked
    assert two.keys[0] == "acct_033"
    assert len(everything.resources) == 5
    assert "acct_033" in dialog


def test_marks_of_phones_that_went_off_are_gone(scene: Scene, answering: Provider) -> None:
    async def script(ana: Sitting) -> set[str]:
        await ana.press("escape", "A")
        report = ana.app.latest.resources
        assert report is not None
        left = [line for line in report.lines if line.ours]
        ana.app.post_message(ResourcesChanged(replace(report, lines=left)))
        await ana.until(lambda: len(ana.names) == 5)
        return ana.screen.table.marked

    assert len(sit(scene, answering, script)) == 5


@pytest.mark.parametrize("key", ["enter", "g"])
def test_enter_and_g_show_the_job_that_the_phone_is_on_for(
    scene: Scene, answering: Provider, key: str
) -> None:
    async def script(ana: Sitting) -> tuple[str, tuple[str, ...]]:
        await ana.go_to(scene.under_way[2].job.account)
        await ana.press(key)
        await ana.until(lambda: isinstance(ana.app.screen, JobScreen))
        assert isinstance(ana.app.screen, JobScreen)
        return ana.app.screen.job_id, tuple(ana.app.screen.among)

    job, among = sit(scene, answering, script)
    assert job == scene.under_way[2].job_id
    assert set(among) == {claim.job_id for claim in scene.under_way.values()}


def test_enter_on_a_phone_without_a_job_shows_the_last_one_of_its_account_and_g_says_none(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> tuple[str, str]:
        await ana.go_to("acct_033")
        await ana.press("g")
        await ana.until(lambda: ana.app.note)
        note = ana.app.note
        await ana.press("enter")
        await ana.until(lambda: isinstance(ana.app.screen, JobScreen))
        assert isinstance(ana.app.screen, JobScreen)
        return note, ana.app.screen.job_id

    note, job = sit(scene, answering, script)
    assert note == "acct_033 is on for no job; enter shows the last one."
    jobs = scene.ledger.jobs().values()
    of_account = [one.job_id for one in jobs if one.account == "acct_033"]
    assert [job] == of_account


def test_l_shows_the_log(scene: Scene, answering: Provider) -> None:
    async def script(ana: Sitting) -> None:
        await ana.press("l")
        await ana.until(lambda: isinstance(ana.app.screen, LogsScreen))

    sit(scene, answering, script)


def test_h_holds_the_account_of_the_phone(scene: Scene, answering: Provider) -> None:
    async def script(ana: Sitting) -> tuple[str, str]:
        await ana.press("h")
        sent: list[Command] = []

        def arrived() -> bool:
            sent.extend(scene.run_dir.take_commands(lambda _id, _why: None))
            return bool(sent)

        await ana.until(arrived)
        (command,) = sent
        answer = {"id": command.id, "ok": True, "detail": "acct_033 is held."}
        scene.run_dir.append_event({"event": "command_answered", "ts": NOW.isoformat()} | answer)
        await ana.until(lambda: "is held" in ana.app.note)
        return command.name, command.target

    assert sit(scene, answering, script) == ("hold", "resource:acct_033")


def test_control_r_asks_the_provider_again(scene: Scene, answering: Provider) -> None:
    async def script(ana: Sitting) -> None:
        before = len(answering.calls("phone/list"))
        await ana.press("ctrl+r")
        await ana.until(lambda: len(answering.calls("phone/list")) > before)

    sit(scene, answering, script)


def test_the_filter_is_typed_refused_where_it_is_wrong_and_cleared(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> tuple[list[str], str, int]:
        await ana.press("escape", "slash", *"is:orphan", "enter")
        await ana.until(lambda: ana.names == ["acct_033"])
        found = ana.names
        ana.screen.show_filter("colour:blue")
        await ana.until(lambda: "colour" in ana.text)
        await ana.pilot.pause()
        wrong = ana.text
        await ana.press("escape")
        await ana.until(lambda: len(ana.names) == 7)
        return found, wrong, len(ana.names)

    found, wrong, count = sit(scene, answering, script)
    assert found == ["acct_033"]
    assert "acct_033" in wrong
    assert "^" in wrong
    assert count == 7


def test_saved_filters_are_the_operators_or_ours_where_his_are_about_jobs(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> list[tuple[str, int]]:
        seen = []
        ana.app.filters["f5"] = "phone:acct_0"
        for key in ("f2", "f3", "f4", "f5"):
            await ana.press(key)
            seen.append((ana.screen.bar.expression, len(ana.names)))
        return seen

    assert sit(scene, answering, script) == [
        ("", 7),
        (PRESET, 5),
        ("is:orphan", 1),
        ("phone:acct_0", 5),
    ]


def test_sorting_columns_and_time_style_change_with_their_keys(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> tuple[list[list[str]], str, str]:
        orders = []
        for keys in (("o",), ("o", "o"), ("O",)):
            await ana.press(*keys)
            orders.append(ana.names)
        await ana.press("c", "t")
        wide = ana.text
        await ana.press("c")
        return orders, wide, ana.screen.table.column_set

    orders, wide, columns = sit(scene, answering, script)
    by_name = sorted(orders[0])
    assert orders[0] == by_name
    assert orders[1][0] == "acct_033"
    assert orders[2] == orders[1][::-1]
    assert "SINCE" in wide
    assert "19:40" in wide
    assert columns == "all"


def test_copies_and_exports_say_what_is_estimated(scene: Scene, answering: Provider) -> None:
    async def script(ana: Sitting) -> tuple[str, str, Any]:
        screen = ana.screen
        await ana.press("y", "Y")
        return screen.copied("text"), screen.copied("json"), screen.exported()

    text, content, exported = sit(scene, answering, script)
    assert text.startswith("acct_033\tstarted\t11:44:51\t0:19:40")
    (one,) = json.loads(content)
    assert one["without_a_job"] is True
    assert one["estimated_cost"] == pytest.approx(0.1377, abs=0.001)
    assert len(exported.rows) == 5
    assert "estimated_cost" in exported.headers


def test_select_clears_the_filter_only_for_a_phone_that_it_hides(
    scene: Scene, answering: Provider
) -> None:
    async def script(ana: Sitting) -> list[tuple[str, str]]:
        seen = []
        for name in ("acct_033", ORPHAN, "other_1", "acct_001"):
            ana.screen.select(name)
            await ana.pilot.pause()
            current = ana.screen.table.current
            assert current is not None
            seen.append((current.label, ana.screen.table.expression))
        return [*seen, (ana.app.note, "")]

    seen = sit(scene, answering, script)
    assert seen[:3] == [("acct_033", PRESET), ("acct_033", PRESET), ("other_1", "")]
    assert "The phone acct_001 is off or unknown to the provider" in seen[4][0]


def test_who_only_observes_cannot_stop_or_hold(scene: Scene, answering: Provider) -> None:
    async def script(ana: Sitting) -> tuple[str, str]:
        await ana.press("S", "h")
        return type(ana.app.screen).__name__, ana.text

    screen, text = sit(scene, answering, script, observe=True)
    assert screen == "PhonesScreen"
    assert "S Stop" not in text
