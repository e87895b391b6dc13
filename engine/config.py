"""The single source of truth for every path, port, limit and delay.

Order: built-in value, built-in value of the chosen trade, ``geelark.toml`` in the work directory,
environment or ``.env``, command line. Secrets come from the environment or ``.env`` only. A module
that needs a number gets it from here; none has its own copy (behaviour A11.4).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from engine.errors import SettingsError
from engine.settings_downloads import Downloads
from engine.settings_groups import (
    Appium,
    Console,
    ErrorPattern,
    Errors,
    LedgerSettings,
    Logs,
    Model,
    Paths,
    Posting,
    Retry,
    Run,
    Section,
)
from engine.settings_host import Host
from engine.settings_phones import Phones
from engine.settings_roadmap import Gate, Roadmap
from engine.settings_sources import SETTINGS_FILE, dotenv, explain, gather, known_keys

__all__ = [
    "SETTINGS_FILE",
    "Appium",
    "Console",
    "Downloads",
    "ErrorPattern",
    "Errors",
    "Gate",
    "Host",
    "LedgerSettings",
    "Logs",
    "Model",
    "Paths",
    "Phones",
    "Posting",
    "Retry",
    "Roadmap",
    "Run",
    "Secrets",
    "Section",
    "Settings",
    "public_keys",
]


class Secrets(BaseModel):
    """Only ever read from the environment or `.env`; never written anywhere."""

    model_config = ConfigDict(frozen=True)

    ENV: ClassVar[Mapping[str, str]] = {
        "api_token": "GEELARK_API_TOKEN",
        "app_id": "GEELARK_APP_ID",
        "api_key": "GEELARK_API_KEY",
        "anthropic_api_key": "ANTHROPIC_API_KEY",
    }

    api_token: SecretStr | None = None
    """GEELARK_API_TOKEN: bearer token of the cloud API."""
    app_id: SecretStr | None = None
    """GEELARK_APP_ID: with GEELARK_API_KEY the other way of signing."""
    api_key: SecretStr | None = None
    anthropic_api_key: SecretStr | None = None


class Settings(BaseModel):
    """All settings of one work directory, checked and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paths: Paths = Paths()
    run: Run = Run()
    retry: Retry = Retry()
    ledger: LedgerSettings = LedgerSettings()
    posting: Posting = Posting()
    model: Model = Model()
    phones: Phones = Phones()
    appium: Appium = Appium()
    roadmap: Roadmap = Roadmap()
    host: Host = Host()
    downloads: Downloads = Downloads()
    logs: Logs = Logs()
    errors: Errors = Errors()
    console: Console = Console()
    campaign: str = ""
    """Campaign folder, by name or path; empty = state file."""
    accounts: tuple[str, ...] = ()
    """Restrict seeding to these accounts; empty = all of the accounts file."""
    secrets: Secrets = Field(default=Secrets(), exclude=True, repr=False)

    # -- ports, under the names the day-to-day scripts know -------------------------------------

    @property
    def APPIUM_BASE_PORT(self) -> int:
        return self.appium.base_port

    @property
    def SYSTEM_PORT_BASE(self) -> int:
        return self.appium.system_port_base

    def get_appium_port(self, worker_id: int) -> int:
        """Port of this worker's Appium server (A11.1)."""
        return self.appium.base_port + 2 * worker_id

    def get_system_port_range(self, worker_id: int) -> range:
        """This worker's ten systemPorts; the first is used, the rest are room for recovery."""
        start = self.appium.system_port_base + 10 * worker_id
        return range(start, start + 10)

    def get_adb_server_port(self, worker_id: int) -> int:
        """Port of this worker's own adb server; 0 = it uses the host's."""
        own = self.phones.adb_server_port
        return own + worker_id if own else 0

    def check_ports(self, workers: int) -> None:
        """Raise SettingsError where ports leave 1024-65535 or two of them meet (A11.3)."""
        owner: dict[int, str] = {}
        for index in range(workers):
            wanted = [(self.get_appium_port(index), f"Appium port of worker {index}")]
            wanted += [
                (port, f"systemPort range of worker {index}")
                for port in self.get_system_port_range(index)
            ]
            if own_adb := self.get_adb_server_port(index):
                wanted.append((own_adb, f"adb server of worker {index}"))
            for port, name in wanted:
                if not 1024 <= port <= 65535:
                    raise SettingsError(
                        f"{name} would be {port}, allowed are 1024 to 65535: lower "
                        "appium.base_port, appium.system_port_base or phones.adb_server_port, or "
                        "use fewer workers."
                    )
                if port in owner:
                    raise SettingsError(
                        f"{name} and {owner[port]} would both be {port}: move "
                        "appium.base_port, appium.system_port_base and phones.adb_server_port "
                        "apart."
                    )
                owner[port] = name

    # -- the operator's day ----------------------------------------------------------------------

    @property
    def zone(self) -> tzinfo | None:
        """Zone whose calendar day counts; None = the host's own."""
        return ZoneInfo(self.run.timezone) if self.run.timezone else None

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def day_of(self, moment: datetime) -> date:
        """Calendar day of a moment in the operator's zone (A6.5)."""
        return self.local(moment).date()

    # -- loading ---------------------------------------------------------------------------------

    @classmethod
    def load(
        cls,
        work_dir: Path,
        *,
        overrides: Mapping[str, object] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Settings:
        """Read settings of a work directory; ``overrides`` are dotted keys of the command line.

        Raises SettingsError naming the place, the key, the value and what is allowed.
        """
        sources = gather(work_dir, Secrets.ENV.values(), overrides=overrides, environ=environ)
        secrets = {
            key: found for key, var in Secrets.ENV.items() if (found := sources.env.get(var))
        }
        try:
            return cls.model_validate(sources.tree | {"secrets": secrets})
        except ValidationError as exc:
            problems = explain(exc, sources.origin, sources.path, public_keys())
            raise SettingsError(" ".join(problems)) from None

    def to_json(self) -> str:
        """All but the secrets, for handing the resolved settings to a worker."""
        return self.model_dump_json(indent=1)

    @classmethod
    def from_json(cls, text: str, *, work_dir: Path) -> Settings:
        """Settings as a supervisor resolved them, with the secrets of this environment."""
        env = {**dotenv(work_dir), **os.environ}
        secrets = {key: env[var] for key, var in Secrets.ENV.items() if env.get(var)}
        return cls.model_validate(json.loads(text) | {"secrets": secrets})


def public_keys() -> list[str]:
    """What may stand in a settings file."""
    return [key for key in known_keys(Settings) if not key.startswith("secrets.")]
