"""The phones' automation server, asked as the UiAutomator2 driver asks it through adb."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulator.android_system import AUTOMATION, INSTRUMENTATION
from simulator.farm_file import FaultKind
from simulator.farm_link import FarmLink
from tests.light_farm import LightFarm, running_farm
from tests.raw_adb import RawAdb, RawStream, arm, disarm, unknown_commands, until

APP = "com.instagram.android"
MOST_TAPS = 20
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


@dataclass
class Automated:
    """A phone whose automation server runs, with one session."""

    farm: LightFarm
    http: RawStream
    session: str

    def ask(self, method: str, path: str, content: object = None) -> Any:
        return self.http.ask(method, f"/session/{self.session}{path}", content)

    def tap(self, x: float = 5, y: float = 5) -> None:
        moves = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown"},
            {"type": "pointerUp"},
        ]
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "actions": moves}]})

    def taps_until_the_end(self) -> int:
        """How many are answered before the connection ends, at most MOST_TAPS."""
        for number in range(MOST_TAPS):
            try:
                self.tap()
            except EOFError:
                return number
        return MOST_TAPS

    def find(self, strategy: str, selector: str) -> str:
        found = self.ask("POST", "/element", {"strategy": strategy, "selector": selector})
        return str(found[ELEMENT])


def started(farm: LightFarm) -> RawAdb:
    """Start the automation server of a phone that is on; the connection that holds it."""
    adb = RawAdb(farm.phone().port)
    adb.greet()
    adb.log_in(farm.phone().password)
    instrument = RawAdb(farm.phone().port)
    instrument.greet()
    instrument.service(f"shell,v2,raw:am instrument -w {INSTRUMENTATION}")
    until(lambda: AUTOMATION in farm.phone().system.processes)
    adb.close()
    return instrument


@contextmanager
def automated(farm: LightFarm) -> Iterator[Automated]:
    """A phone switched on, logged in to, with a session and the posting app in front."""
    farm.switch_on()
    with started(farm), RawAdb(farm.phone().port) as adb:
        adb.greet()
        http = adb.service("tcp:6790")
        session = http.ask("POST", "/session", {"capabilities": {}})["sessionId"]
        farm.do(farm.phone().app.launch)
        yield Automated(farm, http, session)
    phone = farm.phone()
    farm.do(lambda: phone.shut(phone.farm.clock.now(), "test over"))


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LightFarm]:
    with running_farm(tmp_path_factory.mktemp("farm")) as made:
        yield made
        assert unknown_commands(made) == []


@pytest.fixture
def phone(farm: LightFarm) -> Iterator[Automated]:
    with automated(farm) as made:
        yield made


# -- what it does ----------------------------------------------------------------------------------


def test_it_shows_the_screen_that_the_light_automation_shows(phone: Automated) -> None:
    shown = phone.ask("GET", "/source")
    assert shown == phone.farm.do(phone.farm.phone().app.source)
    assert f'package="{APP}"' in shown
    assert base64.b64decode(phone.ask("GET", "/screenshot")).startswith(b"\x89PNG")


def test_elements_are_found_by_each_of_the_drivers_ways_and_tapped(phone: Automated) -> None:
    ways = {
        "id": f"{APP}:id/profile_tab",
        "accessibility id": "Profile",
        "xpath": "//*[@content-desc='Profile']",
        "-android uiautomator": 'new UiSelector().description("Profile")',
    }
    rects = [phone.ask("GET", f"/element/{phone.find(*way)}/rect") for way in ways.items()]
    assert rects[1:] == rects[:-1]
    tab = phone.find("id", ways["id"])
    assert phone.ask("GET", f"/element/{tab}/attribute/content-desc") == "Profile"
    phone.ask("POST", f"/element/{tab}/click")
    assert "profile_header" in phone.ask("GET", "/source")


def test_what_is_not_there_is_told_by_webdrivers_names(phone: Automated) -> None:
    missing = {"strategy": "id", "selector": "nope"}
    assert phone.ask("POST", "/element", missing)["error"] == "no such element"
    assert phone.ask("POST", "/elements", missing) == []
    assert phone.ask("GET", "/element/none/text")["error"] == "no such element"
    other = phone.http.ask("GET", "/session/other/source")
    assert other["error"] == "invalid session id"


def test_the_process_outlives_the_end_of_its_session_for_a_moment_only(phone: Automated) -> None:
    assert phone.http.ask("GET", "/sessions")[0]["id"] == phone.session
    assert phone.ask("DELETE", "") is None
    assert phone.http.ask("GET", "/status")["ready"] is True
    assert phone.http.rest() == b""
    assert AUTOMATION not in phone.farm.phone().system.processes


def test_force_stop_ends_it(phone: Automated) -> None:
    with RawAdb(phone.farm.phone().port) as other:
        other.greet()
        assert other.shell(f"am force-stop {AUTOMATION}") == ("", 0)
    with pytest.raises(EOFError):
        phone.ask("GET", "/source")


# -- faults ----------------------------------------------------------------------------------------


def test_a_crash_during_a_call_leaves_it_unanswered_and_ends_the_instrumentation(
    phone: Automated,
) -> None:
    arm(phone.farm, FaultKind.SESSION_LOST, "source")
    assert phone.ask("GET", "/window/current/size")["width"] > 0
    with pytest.raises(EOFError):
        phone.ask("GET", "/source")
    assert AUTOMATION not in phone.farm.phone().system.processes


def test_a_server_that_hangs_answers_nothing_until_it_comes_to_itself(phone: Automated) -> None:
    arm(phone.farm, FaultKind.PHONE_SILENT, "source")
    with RawAdb(phone.farm.phone().port, patience=0.05) as other:
        other.greet()
        with pytest.raises(TimeoutError):
            other.service("tcp:6790").ask("GET", f"/session/{phone.session}/source")
    disarm(phone.farm)
    assert "<hierarchy" in phone.ask("GET", "/source")


def test_a_server_that_listens_no_more_still_runs(phone: Automated) -> None:
    arm(phone.farm, FaultKind.AUTOMATION_UNREACHABLE, "source")
    with pytest.raises(EOFError):
        phone.ask("GET", "/source")
    with RawAdb(phone.farm.phone().port) as other:
        other.greet()
        assert other.open("tcp:6790") is None
        assert AUTOMATION in other.shell("ps -A")[0]


@pytest.mark.parametrize("kind", [FaultKind.SESSION_REFUSED, FaultKind.AUTOMATION_MISSING])
def test_a_server_that_does_not_come_up_is_not_listening(farm: LightFarm, kind: FaultKind) -> None:
    farm.switch_on()
    arm(farm, kind)
    with RawAdb(farm.phone().port) as adb:
        adb.greet()
        adb.log_in(farm.phone().password)
        stream = adb.service(f"exec:am instrument -w {INSTRUMENTATION}")
        if kind is FaultKind.AUTOMATION_MISSING:
            assert b"INSTRUMENTATION_FAILED" in stream.rest()
        assert adb.open("tcp:6790") is None
    farm.do(lambda: farm.phone().shut(farm.farm.clock.now(), "test over"))


@pytest.mark.parametrize("kind", ["line_dropped", "automation_unreachable"])
def test_a_fault_of_the_line_strikes_in_mid_flow_where_the_farm_file_says_so(
    tmp_path: Path, kind: str
) -> None:
    script = {"faults": {"script": [{"kind": kind, "account": "acct001"}]}}
    with running_farm(tmp_path, **script) as made:
        with automated(made) as phone:
            assert phone.taps_until_the_end() < MOST_TAPS
        with automated(made) as phone:
            assert phone.taps_until_the_end() == MOST_TAPS


def test_a_request_that_makes_no_sense_is_an_invalid_argument(phone: Automated) -> None:
    assert phone.ask("POST", "/element", {"using": "id"})["error"] == "invalid argument"
    assert phone.ask("POST", "/appium/gestures/click", {"x": "left"})["error"] == "invalid argument"
    assert "<hierarchy" in phone.ask("GET", "/source")


@pytest.mark.parametrize("kind", ["session_lost", "connection_dropped"])
def test_a_fault_in_mid_flow_strikes_after_as_many_taps_as_over_the_light_way(
    tmp_path: Path, kind: str
) -> None:
    script = {"faults": {"script": [{"kind": kind, "times": 9}]}}
    with running_farm(tmp_path / "real", **script) as real, automated(real) as phone:
        taps = phone.taps_until_the_end()
    assert taps == _light_taps(tmp_path / "light", script)


def _light_taps(folder: Path, script: dict[str, Any]) -> int:
    """How many taps the light automation carries out before the same fault."""
    with running_farm(folder, **script) as farm:
        link = FarmLink(farm.url)
        asked = {"port": farm.adb_port, "serial": farm.connect(), "read_timeout_ms": 1000}
        session = link.ask("POST", "/device/session", asked)["value"]["id"]
        path = f"/device/session/{session}/tap"
        answers = (link.ask("POST", path, {"x": 5, "y": 5}) for _ in range(MOST_TAPS))
        return next(number for number, answer in enumerate(answers) if "value" not in answer)
