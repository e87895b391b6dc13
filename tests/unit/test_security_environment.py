"""What adb and Appium get to know of the operator's environment, and what they must."""

from __future__ import annotations

import pytest

from engine.config import Secrets
from engine.environment import all_but_secrets
from engine.phones.child_env import needed_only

NEEDED = ["PATH", "HOME", "TMPDIR", "LC_ALL", "ANDROID_HOME", "ADB_VENDOR_KEYS", "APPIUM_HOME"]
NOT_NEEDED = [
    "AWS_SECRET_ACCESS_KEY",
    "DATABASE_URL",
    "ANDROID_KEYSTORE_PASSWORD",
    "APPIUM_CLOUD_TOKEN",
    "NODE_AUTH_TOKEN",
    "SSH_AUTH_SOCK",
    "HTTPS_PROXY",
]


@pytest.mark.parametrize("name", NEEDED)
def test_what_adb_and_appium_need_is_handed_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "needed")
    assert needed_only()[name] == "needed"


@pytest.mark.parametrize("name", [*Secrets.ENV.values(), *NOT_NEEDED])
def test_everything_else_of_the_environment_stays_here(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "marked-0123456789")
    assert "marked-0123456789" not in needed_only().values()


def test_what_a_child_is_given_by_us_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPIUM_HOME", "theirs")
    given = needed_only(APPIUM_HOME="ours", SOMETHING="new")
    assert (given["APPIUM_HOME"], given["SOMETHING"]) == ("ours", "new")


def test_npm_keeps_its_own_settings_and_gets_no_secret_of_ours() -> None:
    given = {"npm_config_cafile": "c", "HTTPS_PROXY": "p", **dict.fromkeys(Secrets.ENV.values())}
    environment = {name: value or "marked" for name, value in given.items()}
    assert all_but_secrets(environment) == {"npm_config_cafile": "c", "HTTPS_PROXY": "p"}
