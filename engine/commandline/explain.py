"""``explain FILE.xml``: what the recogniser sees in a dump of a screen, in print."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.errors import ExitCode, InputError
from engine.output import say, say_json
from engine.posting.explanation import STATES, Explanation, explain
from engine.posting.page import INSTAGRAM, PageUnreadableError
from engine.posting.recogniser import Recogniser
from engine.private_files import explain as why

APP: Final = INSTAGRAM
ALL: Final = "all"
CHOICES: Final = (*STATES, ALL)
"""Job states whose next step can be asked for."""
_LIMIT: Final = 16 * 1024 * 1024
"""Bytes; a page source has some hundred thousand at most."""


def explain_file(path: Path, *, state: str = "fresh", app: str = APP, as_json: bool = False) -> int:
    """Print it; raises InputError for what is not a page source."""
    shown = _flat(str(path))
    source = _read(path, shown)
    try:
        told = explain(source, Recogniser(app=app))
    except PageUnreadableError as exc:
        raise InputError(
            f"{shown} is not a page source: {exc} Give the XML that UiAutomator2 wrote."
        ) from exc
    if as_json:
        say_json({"event": "screen", "file": str(path), **told.as_dict()})
        return ExitCode.DONE
    for line in text(path.name, told, state):
        say(line)
    return ExitCode.DONE


def text(name: str, told: Explanation, state: str = "fresh") -> Iterator[str]:
    """The same for people, one line after the other."""
    yield f"{_flat(name)}: {told.kind}"
    yield _pair("account", told.account_state)
    yield _pair("judged", told.layer)
    yield _pair("below", told.below or "-")
    if told.rule:
        yield _pair("rule", f"{told.rule} (confidence {told.confidence:.2f}), which found")
    else:
        yield _pair("rule", "none holds: unknown")
    yield from (_item(line) for line in told.evidence)
    yield _pair("came near", "" if told.near else "-")
    for near in told.near:
        yield _item(f"{near.rule} → {near.kind}")
        if not near.lacks and not near.against:
            yield _item("  holds too, but stands further down the table")
        yield from (_item(f"  lacks {mark}") for mark in near.lacks)
        yield from (_item(f"  against it: {mark}") for mark in near.against)
    yield _pair("uploads", "; ".join(told.uploads) or "none")
    yield _pair("next step", "")
    for known in STATES if state == ALL else (state,):
        yield _item(f"{known}: {told.steps[known]}")


def _read(path: Path, shown: str) -> str:
    try:
        if path.is_dir():
            raise InputError(f"{shown} is a folder; name one XML file in it.")
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > _LIMIT:
                raise InputError(f"{shown} is too large for a page source; name another file.")
            content = file.read(_LIMIT + 1)
    except FileNotFoundError as exc:
        raise InputError(f"{shown} does not exist; name the XML file of a screen.") from exc
    except OSError as exc:
        raise InputError(why(exc)) from exc
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError(f"{shown} is not UTF-8 text; give the XML as it was dumped.") from exc


def _pair(name: str, value: str) -> str:
    return f"  {name:10} {_flat(value)}".rstrip()


def _item(value: str) -> str:
    indent = len(value) - len(value.lstrip())
    return f"    {' ' * indent}{_flat(value)}"


def _flat(value: str) -> str:
    """What a screen says never begins a line of its own."""
    return " ".join(value.split())
