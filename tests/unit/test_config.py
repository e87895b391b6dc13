from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import SettingsError


def load(work_dir: Path, toml: str = "", **environ: str) -> Settings:
    if toml:
        (work_dir / "geelark.toml").write_text(toml, encoding="utf-8")
    return Settings.load(work_dir, environ=environ)


def test_defaults_are_those_of_the_specification() -> None:
    settings = Settings()
    assert (settings.run.workers, settings.run.max_workers) == (3, 10)
    assert (settings.retry.max_passes, settings.retry.delay_seconds) == (3, 30)
    assert (settings.run.stagger_seconds, settings.run.delay_between_jobs_seconds) == (60, 10)
    assert settings.posting.max_posts_per_account_per_day == 1
    assert settings.posting.job_timeout_seconds == 300
    assert settings.ledger.stale_claim_seconds == 600
    assert settings.phones.boot_timeout_seconds == 120


def test_a_later_source_wins_over_an_earlier_one(tmp_path: Path) -> None:
    (tmp_path / "geelark.toml").write_text("[run]\nworkers = 4\nstagger_seconds = 7\n")
    environ = {"GEELARK_RUN__WORKERS": "5"}
    assert Settings.load(tmp_path, environ={}).run.workers == 4
    assert Settings.load(tmp_path, environ=environ).run.workers == 5
    settings = Settings.load(tmp_path, environ=environ, overrides={"run.workers": 6})
    assert (settings.run.workers, settings.run.stagger_seconds) == (6, 7)


def test_ports_of_the_workers_follow_from_their_numbers() -> None:
    settings = Settings()
    assert settings.APPIUM_BASE_PORT == 4723
    assert settings.SYSTEM_PORT_BASE == 8200
    assert [settings.get_appium_port(n) for n in range(3)] == [4723, 4725, 4727]
    assert list(settings.get_system_port_range(1)) == list(range(8210, 8220))


@pytest.mark.parametrize(
    ("base", "system", "named"),
    [(4723, 4725, "4725"), (65530, 8200, "65536"), (8205, 8200, "820")],
)
def test_ports_that_meet_or_leave_the_range_are_refused(
    tmp_path: Path, base: int, system: int, named: str
) -> None:
    settings = load(tmp_path, f"[appium]\nbase_port = {base}\nsystem_port_base = {system}\n")
    with pytest.raises(SettingsError, match=named):
        settings.check_ports(5)


def test_own_adb_servers_have_a_port_each_that_meets_no_other(tmp_path: Path) -> None:
    settings = load(tmp_path, "[phones]\nadb_server_port = 5040\n")
    assert [settings.get_adb_server_port(slot) for slot in range(3)] == [5040, 5041, 5042]
    settings.check_ports(5)
    assert Settings().get_adb_server_port(2) == 0
    for port, named in ((4721, "adb server of worker 2"), (80, "would be 80"), (8199, "8200")):
        crossed = load(tmp_path, f"[phones]\nadb_server_port = {port}\n")
        with pytest.raises(SettingsError, match=named):
            crossed.check_ports(5)


@pytest.mark.parametrize(
    ("toml", "parts"),
    [
        ("[run]\nwokers = 3\n", ("run.wokers", "did you mean run.workers")),
        ("[run]\nworkers = 0\n", ("run.workers", "0", "greater than or equal to 1")),
        ("[run]\ntimezone = 'Mars/Base'\n", ("run.timezone", "Mars/Base", "IANA")),
        ("[phones]\ndevice = 'nokia'\n", ("phones.device", "nokia", "geelark")),
        ("[run\n", ("geelark.toml", "TOML")),
        ("[secrets]\napi_token = 'abc'\n", ("[secrets]", "GEELARK_API_TOKEN")),
    ],
)
def test_a_wrong_value_names_the_key_the_value_and_what_is_allowed(
    tmp_path: Path, toml: str, parts: tuple[str, ...]
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, toml)
    for part in parts:
        assert part in str(caught.value)


def test_a_wrong_environment_value_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="environment GEELARK_RETRY__MAX_PASSES"):
        load(tmp_path, GEELARK_RETRY__MAX_PASSES="0")


def test_secrets_come_from_the_environment_and_are_never_written(tmp_path: Path) -> None:
    settings = load(tmp_path, GEELARK_API_TOKEN="marked-secret-token")
    assert settings.secrets.api_token is not None
    assert settings.secrets.api_token.get_secret_value() == "marked-secret-token"
    assert "marked-secret" not in settings.to_json()
    assert "marked-secret" not in repr(settings)


def test_a_worker_gets_the_settings_that_its_supervisor_resolved(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path, environ={}, overrides={"retry.max_passes": 7})
    assert Settings.from_json(settings.to_json(), work_dir=tmp_path).retry.max_passes == 7


def test_the_day_is_that_of_the_operators_zone(tmp_path: Path) -> None:
    settings = load(tmp_path, "[run]\ntimezone = 'Pacific/Auckland'\n")
    assert settings.day_of(datetime(2026, 1, 1, 20, 0, tzinfo=UTC)) == date(2026, 1, 2)
