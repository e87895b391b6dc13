"""What is made of the action table: bindings, footers, signs for keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from textual.binding import Binding, BindingType

from console.action_table import ACTIONS, FOOTERS, WORDS, Action
from engine.workloads.labels import Labels, plural

NEVER_BOUND: Final = frozenset(
    {"ctrl+i", "ctrl+m", "ctrl+h", "ctrl+j", "ctrl+left_square_bracket", "ctrl+s", "ctrl+q"}
    | {"ctrl+z", "ctrl+a", "ctrl+b"}
)
"""Other keys on the wire, flow control, suspend, multiplexers (console-features 6.3)."""

_BY_ID: Final[Mapping[str, Action]] = {action.id: action for action in ACTIONS}

_SIGNS: Final[Mapping[str, str]] = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "exclamation_mark": "!",
    "minus": "-",
    "plus": "+",
    "ampersand": "&",
    "apostrophe": "'",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "equals_sign": "=",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
}


def by_id(action_id: str) -> Action:
    """Raises KeyError for an id that the table does not have."""
    return _BY_ID[action_id]


def sign(key: str) -> str:
    """A key as it is printed: ``?``, ``esc``, ``^r``."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+')}"
    return _SIGNS.get(key, key)


def label(action: Action, screen: str, labels: Labels | None = None) -> str:
    """The action's word on this screen, with what the trade calls its things."""
    word = WORDS.get((screen, action.id), action.label)
    if labels is None:
        return word
    return word.replace("phones", plural(labels.resource)).replace("account", labels.key)


def on_screen(screen: str, *, observe: bool = False) -> Iterator[Action]:
    """Actions of one screen, in the table's order; without those that act when observing."""
    for action in ACTIONS:
        if screen in action.screens and not (observe and action.acts):
            yield action


def footer(screen: str, *, observe: bool = False) -> list[Action]:
    """Actions for the footer, most important first."""
    actions = (by_id(action_id) for action_id in FOOTERS[screen].split())
    return [action for action in actions if not (observe and action.acts)]


def bindings(screen: str) -> list[BindingType]:
    """Textual's bindings of one screen."""
    return [
        Binding(
            ",".join(action.keys),
            action.method,
            label(action, screen),
            show=False,
            id=action.id,
            tooltip=action.tooltip,
        )
        for action in on_screen(screen)
        if not action.widget
    ]


def meanings(actions: Iterable[Action] = ACTIONS) -> dict[str, set[str]]:
    """Ids behind each key: more than one where a key would mean two things."""
    found: dict[str, set[str]] = {}
    for action in actions:
        for key in action.keys:
            found.setdefault(key, set()).add(action.id)
    return found
