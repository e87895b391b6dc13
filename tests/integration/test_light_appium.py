"""The light adb and the light Appium as real processes, asked by the real Python client."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from appium import webdriver
from appium.options.common import AppiumOptions
from appium.webdriver.common.appiumby import AppiumBy
from appium.webdriver.webdriver import WebDriver
from selenium.common.exceptions import (
    InvalidSessionIdException,
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)

from tests.light_farm import LightFarm, free_port, running_farm

INSTAGRAM = "com.instagram.android"
CAPTION = "Première ligne 🎉\nשלום <b>&amp;</b> 👩‍🚀"
LOGIN = "error: you should run glogin to login first\n"


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[LightFarm]:
    with running_farm(tmp_path) as light:
        yield light


def fault(kind: str, **other: Any) -> dict[str, Any]:
    return {"faults": {"script": [{"kind": kind, "times": 99}]}, **other}


def session(farm: LightFarm, port: int, serial: str, **capabilities: Any) -> WebDriver:
    options = AppiumOptions()
    options.load_capabilities(
        {
            "platformName": "Android",
            "appium:automationName": "UiAutomator2",
            "appium:udid": serial,
            "appium:systemPort": free_port(),
            "appium:adbPort": farm.adb_port,
            **{f"appium:{name}": value for name, value in capabilities.items()},
        }
    )
    return webdriver.Remote(f"http://127.0.0.1:{port}", options=options)


@pytest.fixture
def driver(farm: LightFarm, tmp_path: Path) -> Iterator[WebDriver]:
    """A session on the first phone, which holds one video."""
    serial = farm.connect()
    push(farm, serial, tmp_path)
    port = free_port()
    farm.appium(port)
    made = session(farm, port, serial)
    yield made
    made.quit()


def push(farm: LightFarm, serial: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "reel.mp4"
    file.write_bytes(b"a reel")
    return farm.adb("-s", serial, "push", str(file), "/sdcard/Download/reel.mp4")


def walk_to_share(driver: WebDriver) -> None:
    """To the share form with its caption in place, whatever the phone's app asks on the way."""
    driver.activate_app(INSTAGRAM)
    for find in (
        (AppiumBy.ID, f"{INSTAGRAM}:id/profile_tab"),
        (AppiumBy.ACCESSIBILITY_ID, "Create New"),
        (AppiumBy.XPATH, '//android.widget.Button[@content-desc="Create new reel"]'),
    ):
        driver.find_element(*find).click()
    for allow in driver.find_elements(AppiumBy.XPATH, "//*[@text='Allow all']"):
        allow.click()
    driver.find_element(AppiumBy.ID, "gallery_grid_item_thumbnail").click()
    driver.find_element(AppiumBy.ID, "clips_right_action_button").click()
    driver.find_element(AppiumBy.ID, "caption_input_text_view").send_keys(CAPTION)
    driver.find_element(AppiumBy.ANDROID_UIAUTOMATOR, 'new UiSelector().text("OK")').click()


def share(driver: WebDriver) -> None:
    driver.find_element(AppiumBy.ID, "share_button").click()
    for notice in driver.find_elements(AppiumBy.ID, "clips_original_audio_nux_sheet_share_button"):
        notice.click()


# -- adb -----------------------------------------------------------------------------------------


def test_adb_connect_exits_zero_when_it_fails_and_says_so(farm: LightFarm) -> None:
    answer = farm.adb("connect", "127.0.0.1:9")
    assert answer.returncode == 0
    assert answer.stdout == "failed to connect to '127.0.0.1:9': Connection refused\n"


def test_adb_lists_a_phone_first_offline_then_as_device(tmp_path: Path) -> None:
    with running_farm(
        tmp_path, delays={"boot": [0, 0], "adb_enable": [0, 0], "adb_offline": [2500, 2500]}
    ) as farm:
        serial = farm.switch_on()
        assert farm.adb("connect", serial).stdout == f"connected to {serial}\n"
        assert f"{serial}\toffline\n" in farm.adb("devices").stdout
        refused = farm.adb("-s", serial, "shell", "echo", "hi")
        assert (refused.returncode, refused.stderr) == (1, "error: device offline\n")
        give_up = time.monotonic() + 10
        while f"{serial}\tdevice\n" not in farm.adb("devices").stdout:
            assert time.monotonic() < give_up
        assert farm.adb("connect", serial).stdout == f"already connected to {serial}\n"


def test_adb_shell_asks_for_the_login_with_status_zero_until_it_is_given(farm: LightFarm) -> None:
    serial = farm.switch_on()
    farm.adb("connect", serial)
    asked = farm.adb("-s", serial, "shell", "getprop", "ro.build.version.sdk")
    assert (asked.returncode, asked.stdout) == (0, LOGIN)
    wrong = farm.adb("-s", serial, "shell", "glogin", "nonsense")
    assert "success" not in wrong.stdout
    right = farm.adb("-s", serial, "shell", stdin=f"glogin {farm.phone().password}\nexit\n")
    assert "success" in right.stdout
    assert farm.adb("-s", serial, "shell", "getprop", "ro.build.version.sdk").stdout == "33\n"


def test_adb_login_lapses(tmp_path: Path) -> None:
    delays = {"boot": [0, 0], "adb_enable": [0, 0], "adb_offline": [0, 0], "glogin_life": 300}
    with running_farm(tmp_path, delays=delays) as farm:
        serial = farm.connect()
        give_up = time.monotonic() + 10
        while farm.adb("-s", serial, "shell", "echo", "hi").stdout != LOGIN:
            assert time.monotonic() < give_up


def test_adb_pushes_a_file_into_the_gallery_with_its_content(
    farm: LightFarm, tmp_path: Path
) -> None:
    serial = farm.switch_on()
    farm.adb("connect", serial)
    assert push(farm, serial, tmp_path).stdout == LOGIN
    farm.adb("-s", serial, "shell", "glogin", farm.phone().password)
    answer = push(farm, serial, tmp_path)
    assert answer.returncode == 0
    assert "1 file pushed" in answer.stdout
    assert farm.adb("-s", serial, "shell", "ls", "/sdcard/Download").stdout == "reel.mp4\n"
    assert [item.name for item in farm.do(farm.phone().gallery)] == ["reel.mp4"]


def test_adb_names_a_phone_that_is_not_connected_and_a_file_that_is_missing(
    farm: LightFarm,
) -> None:
    unknown = farm.adb("-s", "127.0.0.1:9", "shell", "ls")
    assert (unknown.returncode, unknown.stderr.splitlines()[-1]) == (
        1,
        "error: device '127.0.0.1:9' not found",
    )
    missing = farm.adb("push", "/nowhere/x.mp4", "/sdcard/Download/")
    assert missing.returncode == 1
    assert "No such file" in missing.stderr


def test_adb_servers_on_two_ports_have_their_own_connections(farm: LightFarm) -> None:
    serial = farm.connect()
    other = farm.adb("-P", str(free_port()), "devices")
    assert serial not in other.stdout
    assert "daemon started" in other.stderr
    assert serial in farm.adb("devices").stdout


def test_adb_forgets_everything_when_its_server_is_killed(farm: LightFarm) -> None:
    serial = farm.connect()
    assert farm.adb("kill-server").returncode == 0
    assert serial not in farm.adb("devices").stdout


def test_adb_forward_goes_with_its_phone(farm: LightFarm) -> None:
    serial = farm.connect()
    assert farm.adb("-s", serial, "forward", "tcp:8200", "tcp:6790").stdout == "8200\n"
    assert farm.adb("forward", "--list").stdout == f"{serial} tcp:8200 tcp:6790\n"
    farm.adb("disconnect", serial)
    assert farm.adb("forward", "--list").stdout == ""


def test_adb_without_a_farm_says_that_its_daemon_is_not_there() -> None:
    answer = subprocess.run(
        (
            sys.executable,
            "-m",
            "simulator.adb",
            "--farm",
            f"http://127.0.0.1:{free_port()}",
            "devices",
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert answer.returncode == 1
    assert "cannot connect to daemon" in answer.stderr


# -- Appium --------------------------------------------------------------------------------------


def test_client_posts_a_reel_through_the_light_appium(farm: LightFarm, driver: WebDriver) -> None:
    walk_to_share(driver)
    assert driver.find_element(AppiumBy.ID, "caption_input_text_view").text == CAPTION
    share(driver)
    assert [(one.account, one.caption) for one in farm.farm.publications] == [("acct001", CAPTION)]


def test_client_replaces_text_taps_goes_back_and_looks(driver: WebDriver) -> None:
    walk_to_share(driver)
    field = driver.find_element(AppiumBy.ID, "caption_input_text_view")
    driver.execute_script("mobile: replaceElementValue", {"elementId": field.id, "text": "new"})
    assert driver.find_element(AppiumBy.ID, "caption_input_text_view").text == "new"
    driver.find_element(AppiumBy.ID, "caption_input_text_view").clear()
    assert driver.find_element(AppiumBy.ID, "caption_input_text_view").text.startswith("Write a")
    driver.back()
    assert driver.get_screenshot_as_png().startswith(b"\x89PNG")
    rect = driver.find_element(AppiumBy.ID, "action_bar_button_back").rect
    driver.tap([(rect["x"] + rect["width"] // 2, rect["y"] + rect["height"] // 2)])
    assert driver.find_element(AppiumBy.ID, "clips_right_action_button").is_displayed()
    size = driver.get_window_size()
    assert size["height"] == 2 * size["width"]


def test_client_starts_ends_and_names_the_app(driver: WebDriver) -> None:
    assert driver.current_package == "com.android.launcher3"
    driver.activate_app(INSTAGRAM)
    assert driver.current_package == INSTAGRAM
    assert driver.current_activity.endswith("InstagramMainActivity")
    assert driver.query_app_state(INSTAGRAM) == 4
    assert driver.terminate_app(INSTAGRAM)
    assert driver.query_app_state(INSTAGRAM) == 1
    with pytest.raises(WebDriverException, match="Unable to resolve the launchable activity"):
        driver.activate_app("com.nope.app")


@pytest.mark.parametrize(
    ("using", "value", "count"),
    [
        (AppiumBy.ID, "feed_tab", 1),
        (AppiumBy.ID, f"{INSTAGRAM}:id/feed_tab", 1),
        (AppiumBy.ACCESSIBILITY_ID, "Profile", 1),
        (AppiumBy.CLASS_NAME, "android.widget.EditText", 0),
        (AppiumBy.XPATH, "//*[contains(@resource-id,'_tab') and @clickable='true']", 5),
        (AppiumBy.XPATH, "//android.widget.LinearLayout/android.widget.FrameLayout[1]", None),
        (AppiumBy.XPATH, "//*[@content-desc='Home' or @content-desc='Reels']", 2),
        (AppiumBy.ANDROID_UIAUTOMATOR, 'new UiSelector().descriptionStartsWith("Prof")', None),
        (AppiumBy.ANDROID_UIAUTOMATOR, 'new UiSelector().resourceIdMatches(".*_tab")', 5),
        (AppiumBy.ANDROID_UIAUTOMATOR, "new UiSelector().clickable(true).instance(1)", 1),
    ],
)
def test_client_finds_elements_by_every_strategy(
    driver: WebDriver, using: str, value: str, count: int | None
) -> None:
    driver.activate_app(INSTAGRAM)
    found = driver.find_elements(using, value)
    assert len(found) == count if count is not None else found


def test_missing_and_stale_elements_have_their_own_errors(driver: WebDriver) -> None:
    driver.activate_app(INSTAGRAM)
    tab = driver.find_element(AppiumBy.ID, "profile_tab")
    with pytest.raises(NoSuchElementException, match="An element could not be located"):
        driver.find_element(AppiumBy.ID, "nothing_like_it")
    driver.terminate_app(INSTAGRAM)
    with pytest.raises(StaleElementReferenceException):
        tab.click()


def test_unknown_commands_are_refused(driver: WebDriver) -> None:
    with pytest.raises(WebDriverException, match="Unknown mobile command 'deepLink'"):
        driver.execute_script("mobile: deepLink", {})
    with pytest.raises(WebDriverException, match="adb_shell"):
        driver.execute_script("mobile: shell", {"command": "ls"})


def test_two_servers_drive_two_phones_at_once(farm: LightFarm, tmp_path: Path) -> None:
    drivers = []
    for number in (0, 1):
        serial = farm.connect(number)
        push(farm, serial, tmp_path)
        port = free_port()
        farm.appium(port)
        drivers.append(session(farm, port, serial))
    for driver in drivers:
        walk_to_share(driver)
    for driver in drivers:
        share(driver)
        driver.quit()
    assert sorted(one.account for one in farm.farm.publications) == ["acct001", "acct002"]


def test_second_session_on_a_phone_ends_the_first(farm: LightFarm) -> None:
    serial = farm.connect()
    port = free_port()
    farm.appium(port)
    first = session(farm, port, serial)
    second = session(farm, port, serial)
    with pytest.raises(InvalidSessionIdException, match="either terminated or not started"):
        _ = first.page_source
    assert second.page_source
    second.quit()


def test_session_ends_after_its_idle_time(farm: LightFarm) -> None:
    serial = farm.connect()
    port = free_port()
    farm.appium(port)
    system_port = free_port()
    driver = session(farm, port, serial, newCommandTimeout=0.1, systemPort=system_port)
    _until(lambda: _is_free(system_port))
    with pytest.raises(InvalidSessionIdException):
        _ = driver.page_source


# -- faults --------------------------------------------------------------------------------------


def _refusal(farm: LightFarm, serial: str, **capabilities: Any) -> str:
    port = free_port()
    farm.appium(port)
    with pytest.raises(WebDriverException) as refused:
        session(farm, port, serial, **capabilities)
    return str(refused.value.msg)


def test_session_needs_a_phone_on_its_adb_server(farm: LightFarm) -> None:
    assert "Could not find a connected Android device" in _refusal(farm, "127.0.0.1:9")
    farm.connect()
    assert "Device 127.0.0.1:9 was not in the list of connected devices" in _refusal(
        farm, "127.0.0.1:9"
    )


def test_session_needs_the_login(farm: LightFarm) -> None:
    serial = farm.switch_on()
    farm.adb("connect", serial)
    assert "Error getting device API level" in _refusal(farm, serial)


def test_session_needs_its_local_port(farm: LightFarm) -> None:
    serial = farm.connect()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        busy = other.getsockname()[1]
        text = _refusal(farm, serial, systemPort=busy)
    assert f"local port #{busy} is busy" in text


def test_refused_session_says_that_the_instrumentation_does_not_start(tmp_path: Path) -> None:
    with running_farm(tmp_path, **fault("session_refused")) as farm:
        text = _refusal(farm, farm.connect())
    assert "The instrumentation process cannot be initialized" in text


def test_refused_login_never_succeeds(tmp_path: Path) -> None:
    with running_farm(tmp_path, **fault("glogin_refused")) as farm:
        serial = farm.connect()
        assert farm.adb("-s", serial, "shell", "ls").stdout == LOGIN


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("session_lost", "socket hang up"),
        ("connection_dropped", "socket hang up"),
        ("phone_silent", "timeout of 48000ms exceeded"),
    ],
)
def test_fault_in_mid_flow_strikes_before_share(tmp_path: Path, kind: str, text: str) -> None:
    with running_farm(tmp_path, **fault(kind)) as farm:
        serial = farm.connect()
        push(farm, serial, tmp_path)
        port = free_port()
        farm.appium(port)
        driver = session(
            farm,
            port,
            serial,
            ignoreHiddenApiPolicyError=True,
            uiautomator2ServerReadTimeout=48_000,
        )
        with pytest.raises(WebDriverException, match=re.escape(text)):
            walk_to_share(driver)
        assert farm.farm.publications == []
        if kind != "phone_silent":
            with pytest.raises(WebDriverException, match="instrumentation process is not running"):
                _ = driver.page_source
        state = "offline" if kind == "connection_dropped" else "device"
        assert f"{serial}\t{state}" in farm.adb("devices").stdout
        driver.quit()


def test_connection_lost_after_share_leaves_the_reel_published(tmp_path: Path) -> None:
    with running_farm(tmp_path, **fault("after_share")) as farm:
        serial = farm.connect()
        push(farm, serial, tmp_path)
        port = free_port()
        farm.appium(port)
        driver = session(farm, port, serial)
        walk_to_share(driver)

        def share_and_look() -> None:
            share(driver)
            _ = driver.page_source

        with pytest.raises(WebDriverException, match=r"socket hang up|not running"):
            share_and_look()
        assert len(farm.farm.publications) == 1
        with pytest.raises(WebDriverException, match="device offline"):
            _ = driver.current_package
        with pytest.raises(WebDriverException, match="device offline"):
            driver.quit()
        with pytest.raises(InvalidSessionIdException):
            driver.quit()


def test_phone_that_was_switched_off_takes_its_session_along(farm: LightFarm) -> None:
    serial = farm.connect()
    port = free_port()
    farm.appium(port)
    driver = session(farm, port, serial, ignoreHiddenApiPolicyError=True)
    farm.do(lambda: farm.phone().shut(farm.farm.clock.now(), "test"))
    with pytest.raises(WebDriverException, match="instrumentation process is not running"):
        _ = driver.page_source
    driver.quit()


# -- the server ----------------------------------------------------------------------------------


def test_taken_port_ends_the_server_with_the_real_words(farm: LightFarm) -> None:
    port = free_port()
    farm.appium(port)
    second = subprocess.run(
        (
            sys.executable,
            "-m",
            "simulator.appium",
            "--farm",
            farm.url,
            "--port",
            str(port),
            "--address",
            "127.0.0.1",
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert second.returncode == 1
    assert "EADDRINUSE" in second.stderr


def test_term_ends_the_server_and_its_session(farm: LightFarm) -> None:
    serial = farm.connect()
    port, system_port = free_port(), free_port()
    process = farm.appium(port)
    session(farm, port, serial, systemPort=system_port)
    assert not _is_free(system_port)
    process.terminate()
    assert process.wait(10) == (0 if sys.platform != "win32" else 1)
    assert _is_free(system_port)


def test_log_has_times_and_hides_what_is_marked_sensitive(farm: LightFarm, tmp_path: Path) -> None:
    log = tmp_path / "appium.log"
    farm.appium(port := free_port(), "--log", str(log), "--log-timestamp", "--local-timezone")
    for number, sensitive in enumerate(("false", "true")):
        request = (
            f"POST /session/none/url HTTP/1.1\r\nHost: x\r\nX-Appium-Is-Sensitive: {sensitive}\r\n"
            f'Content-Length: 9\r\nConnection: close\r\n\r\n"words-{number}"'
        )
        with socket.create_connection(("127.0.0.1", port), 10) as link:
            link.sendall(request.encode())
            while link.recv(4096):
                pass
    text = log.read_text(encoding="utf-8")
    assert "words-0" in text
    assert "words-1" not in text
    assert "**SECURE**" in text
    assert all(
        re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3} - \[", line) for line in text.splitlines()
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)
