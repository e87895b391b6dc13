"""What a viewer is told of the day's money and its limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.insight.money import MONEY_LIMIT
from engine.insight.values import Attention, Level
from engine.model.budget import ModelBudget
from engine.model.usage import Usage
from tests.watched_place import NOON, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.seed("a")
    return place


def told(place: Place, **money: object) -> Attention | None:
    with place.live(workers=[place.worker()], money=money):
        return place.attention().get("money")


def test_money_needs_nobody_without_a_limit_or_far_from_it(place: Place) -> None:
    assert told(place, limit=0.0, spent=99.0) is None
    assert told(place, limit=10.0, spent=7.99) is None


def test_near_the_limit_is_a_warning(place: Place) -> None:
    line = told(place, limit=10.0, spent=8.0)
    assert line is not None
    assert line.level is Level.WARNING
    assert line.text == "about $8.00 of $10.00, the day's money limit, is spent"


def test_at_the_limit_is_one_alarm_and_says_how_to_go_on(place: Place) -> None:
    place.event("alarm", text="The daily money limit is reached.", id=MONEY_LIMIT)
    with place.live(workers=[place.worker()], money={"limit": 10.0, "spent": 10.0}):
        found = place.attention()
    assert list(found) == ["money"], "not told twice"
    assert found["money"].level is Level.ALARM
    assert found["money"].text.endswith("no new claims until tomorrow, a higher limit or resume")


def test_a_limit_that_the_operator_lifted_is_a_warning(place: Place) -> None:
    line = told(place, limit=10.0, spent=11.0, unlimited=True)
    assert line is not None
    assert line.level is Level.WARNING
    assert line.text.endswith("; resumed without a limit until tomorrow")


def test_why_nothing_runs_names_the_limit(place: Place) -> None:
    paused = {
        "paused": True,
        "paused_by": MONEY_LIMIT,
        "paused_at": NOON.isoformat(),
        "paused_why": "about $10.25 of $10.00 is spent today",
    }
    with place.live(workers=[place.worker()], **paused):
        why = place.overview().why_idle
    assert why.startswith("Claims are paused by the daily money limit since ")
    assert why.endswith(": about $10.25 of $10.00 is spent today.")


def test_the_days_money_counts_calls_of_the_model(place: Place) -> None:
    settings = place.settings
    budget = ModelBudget(place.books, settings, now=lambda: NOON)
    used = Usage(output=80_000)
    budget.reserve("j1", used).settle(used)
    with place.live(workers=[place.worker()], money={"limit": 5.0, "spent": 0.4}):
        money = place.overview().money
    assert (money.calls_today, money.today, money.limit) == (0.04, 0.04, 5.0)
