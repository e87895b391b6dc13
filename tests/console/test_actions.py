from __future__ import annotations

import pytest

from console import actions
from console.action_table import ACTIONS, FOOTERS, SCREENS, WORDS, Asks
from console.app import ConsoleApp
from console.screens.base import ConsoleScreen
from console.screens.cockpit import CockpitScreen
from console.screens.job import JobScreen
from console.screens.ledger import LedgerScreen
from console.screens.logs import LogsScreen
from console.screens.passes import PassesScreen
from console.screens.phones import PhonesScreen

SCREEN_CLASSES: dict[str, type[ConsoleScreen]] = {
    screen.NAME: screen
    for screen in (
        CockpitScreen,
        LedgerScreen,
        LogsScreen,
        PassesScreen,
        PhonesScreen,
        JobScreen,
    )
}


def test_ids_are_unique() -> None:
    ids = [action.id for action in ACTIONS]
    assert len(ids) == len(set(ids))


def test_a_key_means_one_thing_on_every_screen() -> None:
    doubles = {key: ids for key, ids in actions.meanings().items() if len(ids) > 1}
    assert doubles == {}


def test_keys_that_are_something_else_on_the_wire_are_never_bound() -> None:
    bound = set(actions.meanings())
    assert not bound & actions.NEVER_BOUND
    assert not [key for key in bound if key.startswith(("alt+", "super+"))]


@pytest.mark.parametrize("screen", SCREENS)
def test_every_action_of_a_screen_has_its_method(screen: str) -> None:
    missing = [
        action.id
        for action in actions.on_screen(screen)
        if not action.widget
        and not hasattr(SCREEN_CLASSES[screen], f"action_{action.method.partition('(')[0]}")
    ]
    assert missing == []


@pytest.mark.parametrize("screen", SCREENS)
def test_the_footer_names_only_what_the_screen_has(screen: str) -> None:
    on_screen = {action.id for action in actions.on_screen(screen)}
    assert set(FOOTERS[screen].split()) <= on_screen
    assert {action_id for name, action_id in WORDS if name == screen} <= on_screen


@pytest.mark.parametrize("screen", SCREENS)
def test_an_observer_has_no_key_that_acts(screen: str) -> None:
    seen = [*actions.on_screen(screen, observe=True), *actions.footer(screen, observe=True)]
    assert seen
    assert not [action.id for action in seen if action.acts]


def test_what_cannot_be_undone_asks() -> None:
    final = {"app.stop-phones", "app.requeue-all", "ledger.mark-posted", "passes.add"}
    assert {actions.by_id(name).asks for name in final} == {Asks.YES}
    assert actions.by_id("ledger.reset-day").asks is Asks.TYPED
    assert actions.by_id("app.stop-all").asks is Asks.TYPED


def test_textual_binds_no_key_beside_the_table_that_leaves_the_cockpit() -> None:
    keys = set(ConsoleApp._merge_bindings().key_to_bindings)
    assert "ctrl+q" not in keys
