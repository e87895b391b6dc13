"""What the settings of a work directory are, where each came from, and what is wrong with them.

Behind ``config show`` and ``config check`` (console-features 7): a wrong key is named with its file
and the nearest key that we know.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from engine import filters
from engine.config import Secrets, Settings, public_keys
from engine.errors import EngineError, SettingsError
from engine.settings_sources import ENV_PREFIX, Sources, explain, gather

BUILT_IN = "built-in"
SET, NOT_SET = "set", "not set"
"""All that is ever said of a secret."""


class SettingLine(NamedTuple):
    """One key, its value as JSON, and where that came from."""

    key: str
    value: str
    source: str
    """``built-in``, ``built-in of TRADE``, the path of a file, or ``environment NAME``."""


def show(work_dir: Path, *, environ: Mapping[str, str] | None = None) -> list[SettingLine]:
    """Every setting in the order of the documents; secrets only as ``set`` or ``not set``.

    Raises SettingsError where the settings could not be used as they are.
    """
    sources = gather(work_dir, Secrets.ENV.values(), environ=environ)
    settings = Settings.load(work_dir, environ=environ)
    values = settings.model_dump(mode="json")
    lines = [
        SettingLine(
            key,
            json.dumps(_value(values, key), ensure_ascii=False),
            sources.origin.get(tuple(key.split(".")), BUILT_IN),
        )
        for key in public_keys()
    ]
    return lines + [_secret(name, sources) for name in Secrets.ENV.values()]


def _value(values: Mapping[str, Any], key: str) -> object:
    found: Any = values
    for part in key.split("."):
        found = found[part]
    return found


def _secret(name: str, sources: Sources) -> SettingLine:
    if not sources.env.get(name):
        return SettingLine(name, NOT_SET, "")
    return SettingLine(name, SET, sources.env_origin[name])


def check(work_dir: Path, *, environ: Mapping[str, str] | None = None) -> list[str]:
    """Everything that is wrong, one sentence each; empty where a run could use the settings."""
    try:
        sources = gather(work_dir, Secrets.ENV.values(), environ=environ)
    except SettingsError as exc:
        return [str(exc)]
    problems = _lost_names(sources)
    try:
        settings = Settings.model_validate(sources.tree)
    except ValidationError as exc:
        return explain(exc, sources.origin, sources.path, public_keys()) + problems
    return problems + _conflicts(settings, sources.path)


def _conflicts(settings: Settings, path: Path) -> list[str]:
    """Values that are allowed each, but not together."""
    problems = []
    run = settings.run
    if run.workers > run.max_workers:
        problems.append(
            f"{path}: run.workers = {run.workers} is more than run.max_workers = "
            f"{run.max_workers}; lower the one or raise the other."
        )
    try:
        settings.check_ports(max(run.workers, 1))
    except EngineError as exc:
        problems.append(str(exc))
    if settings.phones.device == "grapheneos" and not settings.phones.device_account:
        problems.append(
            f"{path}: phones.device = grapheneos needs phones.device_account, the account that "
            "the attached device is logged in to."
        )
    problems += _wrong_filters(settings, path)
    keys: dict[str, str] = {}
    for action, key in settings.console.keys.items():
        if key in keys:
            problems.append(
                f"{path}: console.keys gives the key {key!r} to {keys[key]} and to {action}; "
                "change one of them."
            )
        keys[key] = action
    return problems


def _wrong_filters(settings: Settings, path: Path) -> list[str]:
    """Saved filters that neither jobs nor phones could be chosen by."""
    now = datetime.now(settings.zone)
    problems = []
    for key, text in settings.console.filters.items():
        try:
            filters.parse(text, filters.job_fields(now=now))
        except filters.FilterError as exc:
            try:
                filters.parse(text, filters.resource_fields(now=now))
            except filters.FilterError:
                problems.append(f"{path}: console.filters.{key} = {text!r}: {exc}")
    return problems


def _lost_names(sources: Sources) -> list[str]:
    """Names in the environment that were surely meant as settings and are read by nobody."""
    known = [_env_name(key) for key in public_keys() if "." in key]
    known += Secrets.ENV.values()
    problems = []
    for name in sorted(sources.env):
        if not name.startswith(ENV_PREFIX) or "__" in name or name in known:
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        if near:
            problems.append(
                f"{sources.env_origin[name]}: {name} is no setting; did you mean {near[0]}?"
            )
    return problems


def _env_name(key: str) -> str:
    return ENV_PREFIX + key.upper().replace(".", "__")
