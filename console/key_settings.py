"""What is wrong with ``[console.keys]``: only the cockpit knows its actions and its keys.

A key that never arrives, or that means two things on one screen, is named before the screen is
taken, and by ``config check`` (console-features 6.3 and 7).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from console.action_table import ACTIONS, SCREENS, Action
from console.actions import NEVER_BOUND, on_screen, sign
from engine.config import SETTINGS_FILE, Settings
from engine.errors import EngineError

_REFUSED_WITH: Final = ("alt+", "meta+", "super+", "hyper+")
"""Terminals send them in ways of their own, or not at all."""
_PRINTED: Final = range(33, 127)
"""Of ASCII, what a keyboard types."""


def problems(work_dir: Path) -> list[str]:
    """Sentences about the keys in the settings of a work directory.

    Empty as well where the settings cannot be read at all: that is told by whoever reads them.
    """
    try:
        settings = Settings.load(work_dir)
    except EngineError:
        return []
    return wrong_keys(settings.console.keys, work_dir / SETTINGS_FILE)


def wrong_keys(chosen: Mapping[str, str], path: Path) -> list[str]:
    """One sentence for each wrong entry, then for each key that got two meanings."""
    found = [
        f"{path}: console.keys: {problem}"
        for action_id, keys in chosen.items()
        for problem in _wrong_entry(action_id, keys)
    ]
    return found or [f"{path}: console.keys: {problem}" for problem in _clashes(chosen)]


def _wrong_entry(action_id: str, keys: str) -> Iterator[str]:
    ids = [action.id for action in ACTIONS if not action.widget]
    if action_id not in ids:
        if action_id in {action.id for action in ACTIONS}:
            yield f"{action_id} keeps its keys, which tables and logs have; leave it out."
            return
        near = difflib.get_close_matches(action_id, ids, n=1)
        hint = f"did you mean {near[0]}?" if near else "the README lists the actions."
        yield f"{action_id!r} is no action; {hint}"
        return
    for key in _normal(keys):
        problem = _wrong_key(key)
        if problem:
            yield f"{action_id} = {keys!r}: {problem}"


def _wrong_key(key: str) -> str:
    if not key:
        return "a key is missing; name one, such as f9."
    if key in NEVER_BOUND:
        return (
            f"{key} cannot be used, terminals or multiplexers keep it for themselves; "
            "take another key."
        )
    if key.startswith(_REFUSED_WITH):
        return f"{key} does not arrive from every terminal; take another key."
    if not _is_key(key):
        return f"{key!r} is no key; keys are called f9, ctrl+k, x or question_mark."
    return ""


def _is_key(key: str) -> bool:
    """One of the named keys, or a character by its name or as itself."""
    from textual.keys import Keys, _character_to_key

    named = {known.value for known in Keys} | {_character_to_key(chr(code)) for code in _PRINTED}
    return key in named or (len(key) == 1 and key.isprintable())


def _clashes(chosen: Mapping[str, str]) -> list[str]:
    """A letter means one thing on a screen."""
    found: dict[str, None] = {}
    for screen in SCREENS:
        taken: dict[str, Action] = {}
        for action in on_screen(screen):
            keys = chosen.get(action.id)
            for key in action.keys if keys is None else _normal(keys):
                first = taken.setdefault(key, action)
                if first is not action:
                    changed, other = (action, first) if action.id in chosen else (first, action)
                    found[
                        f"{changed.id} = {sign(key)!r}: the key belongs to {other.id}; "
                        "take another one, or give that a new key too."
                    ] = None
    return list(found)


def _normal(keys: str) -> list[str]:
    """Keys as Textual names them: ``?`` is ``question_mark``."""
    from textual.keys import _normalize_key_list

    return _normalize_key_list(keys).split(",")
