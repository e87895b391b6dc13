"""Where settings come from, laid one over the other, and what to say when a value is wrong."""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError

from engine.errors import SettingsError
from engine.workloads import DEFAULTS

SETTINGS_FILE = "geelark.toml"
ENV_PREFIX = "GEELARK_"

Key = tuple[str, ...]
"""Parts of a dotted key: ``run.workers`` is ``("run", "workers")``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """What a work directory and its environment say, before it is checked."""

    tree: dict[str, Any]
    origin: Mapping[Key, str]
    """Where each key of the tree came from, in words."""
    env: Mapping[str, str | None]
    """The environment over ``.env``."""
    env_origin: Mapping[str, str]
    """Where each name of ``env`` came from, in words."""
    path: Path
    """The settings file, there or not."""


def gather(
    work_dir: Path,
    secret_names: Iterable[str],
    *,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Sources:
    """Lay what is built in for the trade, file, environment and command line over one another.

    With an ``environ`` of the caller's, ``.env`` is not read. Raises SettingsError where a file
    cannot be read, or holds what belongs into the environment.
    """
    kept = dotenv(work_dir) if environ is None else {}
    outer = dict(os.environ if environ is None else environ)
    env = kept | outer
    env_origin = dict.fromkeys(kept, str(work_dir / ".env")) | dict.fromkeys(outer, "environment")
    tree: dict[str, Any] = {}
    origin: dict[Key, str] = {}
    path = work_dir / SETTINGS_FILE
    merge(tree, _settings_file(path, secret_names), origin, str(path))
    for name, setting in sorted(env.items()):
        if setting is None or "__" not in name or not name.startswith(ENV_PREFIX):
            continue
        keys = tuple(name.removeprefix(ENV_PREFIX).lower().split("__"))
        merge(tree, nested(keys, parse_env(setting)), origin, f"{env_origin[name]} {name}")
    for dotted, value in (overrides or {}).items():
        merge(tree, nested(tuple(dotted.split(".")), value), origin, "command line")
    _lay_below(tree, origin)
    return Sources(tree=tree, origin=origin, env=env, env_origin=env_origin, path=path)


def _lay_below(tree: dict[str, Any], origin: dict[Key, str]) -> None:
    """What is built in for the trade that was chosen, where nothing else says otherwise."""
    run = tree.get("run")
    name = run.get("workload") if isinstance(run, dict) else None
    if not isinstance(name, str):
        return
    for dotted, value in DEFAULTS.get(name, {}).items():
        key = tuple(dotted.split("."))
        if not _has(tree, key):
            merge(tree, nested(key, value), origin, f"built-in of {name}")


def _has(tree: dict[str, Any], key: Key) -> bool:
    """Whether there is a value at that key, or something that is no table above it."""
    found: object = tree
    for part in key:
        if not isinstance(found, dict):
            return True
        if part not in found:
            return False
        found = found[part]
    return True


def _settings_file(path: Path, secret_names: Iterable[str]) -> Mapping[str, Any]:
    if not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        raise SettingsError(f"{path} cannot be read as TOML: {exc}; correct it.") from exc
    if "secrets" in content:
        raise SettingsError(
            f"{path} has a [secrets] table: secrets belong into the environment or .env "
            f"({', '.join(secret_names)}); remove it from the file."
        )
    return content


def dotenv(work_dir: Path) -> dict[str, str | None]:
    """Values of the work directory's ``.env``. Raises SettingsError where it cannot be read."""
    path = work_dir / ".env"
    try:
        return dotenv_values(path)
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise SettingsError(
            f"{path} cannot be read ({why}): write one NAME=value a line, readable for this user."
        ) from exc


def nested(key: Key, value: object) -> dict[str, Any]:
    """``("run", "workers"), 3`` as ``{"run": {"workers": 3}}``."""
    first, *rest = key
    return {first: nested(tuple(rest), value) if rest else value}


def merge(
    tree: dict[str, Any],
    new: Mapping[str, Any],
    origin: dict[Key, str],
    source: str,
    prefix: Key = (),
) -> None:
    """Lay ``new`` over ``tree``; ``origin`` keeps which source each key came from."""
    for key, value in new.items():
        where = (*prefix, key)
        if isinstance(value, Mapping) and isinstance(tree.get(key, {}), dict):
            tree.setdefault(key, {})
            origin.setdefault(where, source)
            merge(tree[key], value, origin, source, where)
        else:
            tree[key] = value
            origin[where] = source


def parse_env(value: str) -> object:
    """Lists and numbers are written as JSON; anything else is text."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def known_keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Dotted keys of a model and of the models in it."""
    keys: list[str] = []
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            keys += known_keys(kind, f"{prefix}{name}.")
        else:
            keys.append(prefix + name)
    return keys


def explain(
    exc: ValidationError, origin: Mapping[Key, str], path: Path, known: Iterable[str]
) -> list[str]:
    """One sentence for each wrong value: its place, key, value and what is allowed."""
    sentences = []
    for error in exc.errors():
        where = tuple(str(part) for part in error["loc"] if part != "[key]")
        source = source_of(where, origin) or str(path)
        key = ".".join(where)
        if error["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            sentences.append(f"{source}: unknown setting {key}{hint}")
        else:
            allowed = error["msg"].removeprefix("Value error, ")
            sentences.append(f"{source}: {key} = {error['input']!r} is not allowed: {allowed}.")
    return sentences


def source_of(where: Key, origin: Mapping[Key, str]) -> str:
    """Where a key, or the table that it is in, came from; empty for a built-in value."""
    return next((origin[where[:n]] for n in range(len(where), 0, -1) if where[:n] in origin), "")
