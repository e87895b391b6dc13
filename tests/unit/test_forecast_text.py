"""What ``--status`` says of the forecast, from the same values as the cockpit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.commandline.forecast_text import forecast_lines
from engine.commandline.status_report import overview_json
from engine.insight.forecast_values import Forecast
from engine.jobs import ErrorCategory
from tests.watched_place import NOON, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Eight of twelve jobs have had their try, a minute each; half of them failed."""
    sections = {"phones": {"price_per_minute": 0.5}}
    place = Place(tmp_path, sections)
    place.seed(*"abcdefghijkl")
    for number in range(8):
        if number % 2:
            place.fail(ErrorCategory.INFRASTRUCTURE, "adb_timeout")
        else:
            place.post()
    return place


def told(place: Place, **changes: object) -> Sequence[str]:
    with place.live(state="running", workers=[place.worker()]):
        seen = place.overview()
    found: Forecast = replace(seen.forecast, **changes)  # type: ignore[arg-type]
    return forecast_lines(overview_json(replace(seen, forecast=found)))


def test_two_lines_tell_when_what_it_takes_and_what_another_worker_changes(place: Place) -> None:
    when, what = told(place)
    assert when.startswith("4 jobs to go, 1.0 a minute: done at about ")
    assert "; from 8 attempts of this run), with about 6 jobs in the next pass." in when
    assert what.startswith("To come (est): 13 phone-min, $6.50; today in all 13 phone-min, $6.50.")
    assert "With 2 workers: " in what
    assert " min sooner)." in what


def test_model_calls_are_told_where_there_are_any(place: Place) -> None:
    assert "$6.50, 12 model calls; today" in told(place, calls_to_come=12, calls_in_all=140)[1]


def test_what_comes_before_the_end_is_a_line_of_its_own(place: Place) -> None:
    at = place.time + timedelta(minutes=2)
    (*_, last) = told(place, cut="money", cut_at=at, cut_jobs=3)
    assert last.startswith("The daily money limit pauses claims at about ")
    assert last.endswith(" (est): 3 jobs left then.")
    (*_, last) = told(place, cut="midnight", cut_at=at, cut_jobs=1)
    assert last == "Midnight comes before the end (est): 1 job after it."


def test_too_few_attempts_are_said_to_be_too_few(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.seed("a")
    (line,) = told(place)
    assert line == "1 job to go; when all will be done is unknown: too few attempts tell."
    assert place.time == NOON


def test_an_end_on_another_day_is_told_with_its_day(place: Place) -> None:
    late = place.time + timedelta(days=1)
    when, _ = told(place, done_at=late, earliest=late, latest=late)
    day = late.astimezone()
    assert f"done at about {day:%d %b %H:%M} (est; from" in when
