"""Keys of the settings file, checked before the cockpit takes the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.action_table import ACTIONS
from console.key_settings import wrong_keys

FILE = Path("geelark.toml")


@pytest.mark.parametrize(
    ("action", "key", "said"),
    [
        ("app.stop-phone", "f9", "'app.stop-phone' is no action; did you mean app.stop-phones?"),
        ("nonsense", "f9", "the README lists the actions"),
        ("table.move", "f9", "table.move keeps its keys"),
        ("app.help", "ctrl+i", "ctrl+i cannot be used"),
        ("app.help", "ctrl+s", "ctrl+s cannot be used"),
        ("app.help", "alt+h", "alt+h does not arrive from every terminal"),
        ("app.help", "banana", "'banana' is no key"),
        ("app.help", "", "a key is missing"),
        ("app.help", "f9,ctrl+z", "ctrl+z cannot be used"),
        ("app.help", "q", "app.help = 'q': the key belongs to app.leave"),
        ("app.leave", "?", "app.leave = '?': the key belongs to app.help"),
        ("logs.follow", "j", "the key belongs to table.move"),
    ],
)
def test_a_wrong_entry_is_named_with_the_remedy(action: str, key: str, said: str) -> None:
    problems = wrong_keys({action: key}, FILE)
    assert len(problems) == 1
    assert problems[0].startswith("geelark.toml: console.keys: ")
    assert said in problems[0]


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"app.stop-phones": "f9"},
        {"app.help": "f1,ctrl+k"},
        {"app.help": "h", "app.hold": "f9"},
        {"logs.follow": "d"},
        {"app.requeue": "R", "app.requeue-all": "r"},
    ],
    ids=str,
)
def test_keys_that_work_are_taken(keys: dict[str, str]) -> None:
    assert wrong_keys(keys, FILE) == []


def test_every_key_of_the_table_itself_would_be_taken() -> None:
    own = {action.id: ",".join(action.keys) for action in ACTIONS if not action.widget}
    assert wrong_keys(own, FILE) == []
