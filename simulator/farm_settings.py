"""The engine's settings for a work directory on the farm: its defaults over the time scale.

Only keys of engine/config.py. What depends on the speed of this host rather than of the simulated
world (starting a process, answering on loopback) has a floor that no time scale goes below.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from engine.config import Appium, LedgerSettings, Model, Phones, Posting, Retry, Run, Settings
from simulator.farm_file import FarmFile
from simulator.real_programs import RealPrograms

Tables = Mapping[str, Mapping[str, object]]

RUN = Run()
RETRY = Retry()
LEDGER = LedgerSettings()
POSTING = Posting()
MODEL = Model()
PHONES = Phones()
APPIUM = Appium()
LIGHT_MEGABYTES = 100
"""What a worker needs with the light Appium; a real one is in the engine's own figure."""


def engine_settings(
    farm: FarmFile,
    *,
    workers: int,
    appium_base_port: int,
    system_port_base: int,
    video_root: str,
    android_home: Path,
    real: RealPrograms | None = None,
    adb_server_port: int = 0,
) -> Tables:
    """Tables of geelark.toml for a farm that listens on its fixed port.

    ``real``: the real adb and Appium instead of the light ones, on adb servers of their own from
    ``adb_server_port`` up.
    """
    url = f"http://127.0.0.1:{farm.port}"

    def scaled(seconds: float, floor: float) -> float:
        return round(max(seconds / farm.time_scale, floor), 3)

    return {
        "paths": {"video_root": video_root},
        "run": {
            "workers": workers,
            "max_workers": max(workers, RUN.max_workers),
            "stagger_seconds": scaled(RUN.stagger_seconds, 0.2),
            "delay_between_jobs_seconds": scaled(RUN.delay_between_jobs_seconds, 0.1),
            "ahead_idle_seconds": scaled(RUN.ahead_idle_seconds, 1),
            "idle_poll_seconds": scaled(RUN.idle_poll_seconds, 0.3),
            "supervisor_poll_seconds": scaled(RUN.supervisor_poll_seconds, 0.2),
            "status_line_seconds": scaled(RUN.status_line_seconds, 5),
            "recovery_step_seconds": scaled(RUN.recovery_step_seconds, 0.2),
            "recovery_max_seconds": scaled(RUN.recovery_max_seconds, 1),
            "restart_backoff_max_seconds": scaled(RUN.restart_backoff_max_seconds, 3),
        },
        **({} if real else {"host": {"worker_megabytes": LIGHT_MEGABYTES}}),
        "retry": {
            "delay_seconds": scaled(RETRY.delay_seconds, 0.5),
            "in_pass_delay_minutes": scaled(RETRY.in_pass_delay_minutes, 0.01),
            "capacity_delay_seconds": scaled(RETRY.capacity_delay_seconds, 1),
            "capacity_delay_max_seconds": scaled(RETRY.capacity_delay_max_seconds, 10),
        },
        "ledger": {
            "stale_claim_seconds": scaled(LEDGER.stale_claim_seconds, 60),
            "renew_seconds": scaled(LEDGER.renew_seconds, 5),
        },
        "posting": {
            "max_posts_per_account_per_day": farm.posts_per_account_per_day,
            "job_timeout_seconds": scaled(POSTING.job_timeout_seconds, 60),
            "confirm_timeout_seconds": scaled(POSTING.confirm_timeout_seconds, 12),
            "first_poll_seconds": scaled(POSTING.first_poll_seconds, 0.1),
            "poll_seconds": scaled(POSTING.poll_seconds, 0.2),
            "touch_seconds": scaled(POSTING.touch_seconds, 1.5),
        },
        "model": {
            "base_url": url,
            "timeout_seconds": http_timeout(farm.time_scale),
            "backoff_seconds": scaled(MODEL.backoff_seconds, 0.1),
            "longest_wait_seconds": scaled(MODEL.longest_wait_seconds, 1),
        },
        "phones": _phones(farm, url, real, adb_server_port),
        "appium": {
            "base_port": appium_base_port,
            "system_port_base": system_port_base,
            "android_home": str(real.android_home if real else android_home),
            "health_poll_seconds": scaled(APPIUM.health_poll_seconds, 0.2),
            "command_timeout_seconds": scaled(APPIUM.command_timeout_seconds, 15),
            **(_real_appium(farm) if real else _light_appium(url)),
        },
    }


def _light_appium(url: str) -> Mapping[str, object]:
    return {"command": [sys.executable, "-m", "simulator.appium", "--farm", url]}


def _real_appium(farm: FarmFile) -> Mapping[str, object]:
    """Bounds in real time: the driver polls once a second, whatever the farm's clock does.

    The command is left out: the engine finds the Appium of ``doctor --install`` or of PATH.
    """

    def scaled(milliseconds: float, floor: int) -> int:
        return max(round(milliseconds / farm.time_scale), floor)

    return {
        "adb_exec_timeout_ms": scaled(APPIUM.adb_exec_timeout_ms, 15_000),
        "server_launch_timeout_ms": scaled(APPIUM.server_launch_timeout_ms, 10_000),
        "device_ready_timeout_seconds": scaled(APPIUM.device_ready_timeout_seconds, 5),
    }


def _real_adb(real: RealPrograms, adb_server_port: int) -> Mapping[str, object]:
    """Adb servers of the run's own, so that nobody's adb is touched."""
    return {"adb_command": [str(real.adb)], "adb_server_port": adb_server_port}


def _light_adb(url: str) -> Mapping[str, object]:
    return {"adb_command": [sys.executable, "-m", "simulator.adb", "--farm", url]}


def _phones(
    farm: FarmFile, url: str, real: RealPrograms | None, adb_server_port: int
) -> Mapping[str, object]:
    def scaled(seconds: float, floor: float) -> float:
        return round(max(seconds / farm.time_scale, floor), 3)

    return {
        "api_url": url,
        **(_real_adb(real, adb_server_port) if real else _light_adb(url)),
        # The farm counts its limits in simulated minutes; these are real ones.
        "calls_per_minute": 200,
        "calls_per_hour": 24_000,
        "http_timeout_seconds": http_timeout(farm.time_scale),
        "http_backoff_seconds": scaled(PHONES.http_backoff_seconds, 0.1),
        "boot_timeout_seconds": scaled(PHONES.boot_timeout_seconds, 10),
        "first_poll_seconds": scaled(PHONES.first_poll_seconds, 0.1),
        "boot_first_look_seconds": scaled(PHONES.boot_first_look_seconds, 0),
        "boot_poll_seconds": scaled(PHONES.boot_poll_seconds, 0.3),
        "settle_seconds": scaled(PHONES.settle_seconds, 0),
        "adb_command_timeout_seconds": scaled(PHONES.adb_command_timeout_seconds, 10),
        "adb_enable_wait_seconds": scaled(PHONES.adb_enable_wait_seconds, 0),
        "adb_device_timeout_seconds": scaled(PHONES.adb_device_timeout_seconds, 10),
        "adb_poll_seconds": scaled(PHONES.adb_poll_seconds, 0.4),
        "upload_timeout_seconds": scaled(PHONES.upload_timeout_seconds, 20),
        "upload_wait_seconds": scaled(PHONES.upload_wait_seconds, 8),
        "upload_poll_seconds": scaled(PHONES.upload_poll_seconds, 0.3),
        "stop_timeout_seconds": scaled(PHONES.stop_timeout_seconds, 10),
        "stop_poll_seconds": scaled(PHONES.stop_poll_seconds, 0.3),
        "stop_settle_seconds": scaled(PHONES.stop_settle_seconds, 0.1),
        "stop_backoff_seconds": scaled(PHONES.stop_backoff_seconds, 0.3),
    }


def http_timeout(time_scale: float) -> float:
    """Real seconds that the engine waits for the cloud API."""
    return round(max(PHONES.http_timeout_seconds / time_scale, 5.0), 3)


def write_settings(path: Path, tables: Tables, *, time_scale: float) -> None:
    """Write geelark.toml, and prove that the engine accepts it."""
    Settings.model_validate(tables)
    heading = (
        f"# Settings for a simulated farm: real delays divided by {time_scale:g}, where this\n"
        "# host's own speed allows. The addresses belong to the farm of this directory.\n\n"
    )
    path.write_text(heading + toml_text(tables), encoding="utf-8")


def toml_text(tables: Tables) -> str:
    """TOML for tables of plain values: text, numbers, truth values, lists and flat tables."""
    parts = []
    for name, table in tables.items():
        rows = [f"[{name}]", *(f"{_key(key)} = {_value(value)}" for key, value in table.items())]
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _key(name: str) -> str:
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isascii() and plain.isalnum() else json.dumps(name, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_value(item)}' for key, item in value.items())} }}"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
