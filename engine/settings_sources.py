"""Where settings come from, laid one over the other, and what to say when a value is wrong."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError

from engine.errors import SettingsError

Key = tuple[str, ...]
"""Parts of a dotted key: ``run.workers`` is ``("run", "workers")``."""


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
) -> str:
    """One sentence for each wrong value: its place, key, value and what is allowed."""
    sentences = []
    for error in exc.errors():
        where = tuple(str(part) for part in error["loc"])
        source = next(
            (origin[where[:n]] for n in range(len(where), 0, -1) if where[:n] in origin), str(path)
        )
        key = ".".join(where)
        if error["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            sentences.append(f"{source}: unknown setting {key}{hint}")
        else:
            allowed = error["msg"].removeprefix("Value error, ")
            sentences.append(f"{source}: {key} = {error['input']!r} is not allowed: {allowed}.")
    return " ".join(sentences)
