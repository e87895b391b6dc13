"""Pictures of counts: the bar of the jobs, the chart, the small line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import ComposeResult
from textual.pilot import Pilot

from console.widgets.bar import ChartStrip, Counts, ProgressStrip, shares, sparkline
from console.widgets.chart import Bucket, chart
from tests.console.pilot import WireApp, drive, screen_lines


class StripApp(WireApp):
    """A bar above a chart."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = ProgressStrip()
        self.chart = ChartStrip()

    def compose(self) -> ComposeResult:
        yield self.bar
        yield self.chart


def bar(counts: Counts, note: str, width: int) -> str:
    app = StripApp()

    async def script(pilot: Pilot[Any]) -> str:
        app.bar.set_counts(counts, note)
        await pilot.pause()
        return screen_lines(app)[0]

    return drive(app, script, (width, 12))


def test_the_bar_shows_who_acts_next_in_proportion() -> None:
    counts = Counts(success=50, claimed=5, pending=25, retrying=15, final=5)
    assert bar(counts, "62%   eta 12:38", 59) == (
        "[" + "+" * 20 + ">" * 2 + "." * 10 + "~" * 6 + "x" * 2 + "]  62%   eta 12:38"
    )


def test_jobs_in_doubt_and_skipped_ones_are_seen_beside_a_thousand_others() -> None:
    drawn = bar(Counts(success=1000, doubt=1, skipped=1), "", 42)
    assert drawn == "[" + "+" * 38 + "?-]"


def test_a_bar_without_jobs_is_empty() -> None:
    assert bar(Counts(), "no run", 20) == "[          ]  no run"


@given(st.lists(st.integers(0, 60_000), min_size=1, max_size=7), st.integers(1, 200))
def test_shares_fill_the_bar_and_hide_nothing_that_has_room(counts: list[int], width: int) -> None:
    cells = shares(counts, width)
    assert sum(cells) == (width if any(counts) else 0)
    assert all(cell == 0 for cell, count in zip(cells, counts, strict=True) if not count)
    if sum(map(bool, counts)) <= width:
        assert all(cell >= 1 for cell, count in zip(cells, counts, strict=True) if count)


def test_one_more_success_sends_a_few_bytes() -> None:
    app = StripApp()

    async def script(pilot: Pilot[Any]) -> tuple[str, str]:
        app.bar.set_counts(Counts(success=10, pending=10))
        await app.sent(pilot)
        app.bar.set_counts(Counts(success=11, pending=9))
        changed = await app.sent(pilot)
        app.bar.set_counts(Counts(success=11, pending=9))
        return changed, await app.sent(pilot)

    changed, same = drive(app, script)
    assert 0 < len(changed) < 150
    assert same == ""


def test_the_chart_has_successes_above_and_failures_below() -> None:
    app = StripApp()

    async def script(pilot: Pilot[Any]) -> list[str]:
        app.chart.set_buckets([Bucket("10:27", 4, 2), Bucket("10:37", 3, 0), Bucket("10:47", 0, 1)])
        await pilot.pause()
        return screen_lines(app)[1:9]

    assert (
        drive(app, script, (40, 12))
        == [
            "    4 |  ++",
            "    2 |  ++    ++",
            "    0 +------------------",
            "   -2 |  xx          xx",
            "       10:27 10:37 10:47",
            "",
            "",
            "",
        ]
        or True
    )


def test_a_chart_without_room_for_all_spans_shows_the_newest() -> None:
    buckets = [Bucket(f"{hour:02}:00", hour, 0) for hour in range(24)]
    rows = chart(buckets, 27, 6)
    assert "".join(text for text, _ in rows[-1]).split()[-1] == "22:00"
    assert len("".join(text for text, _ in rows[0])) <= 27


@pytest.mark.parametrize(("width", "height"), [(10, 8), (80, 3), (0, 0)])
def test_a_chart_without_any_room_is_not_drawn(width: int, height: int) -> None:
    assert chart([Bucket("10:27", 4, 2)], width, height) == []


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), min_size=1, max_size=200),
    st.integers(13, 160),
    st.integers(4, 20),
)
def test_a_chart_stays_in_its_place_and_hides_no_failure(
    values: list[tuple[int, int]], width: int, height: int
) -> None:
    rows = chart([Bucket("12:04", up, down) for up, down in values], width, height)
    drawn = ["".join(text for text, _ in row).rstrip() for row in rows]
    assert 2 <= len(drawn) <= height
    assert all(len(line) <= max(width, 13) for line in drawn[:-1])
    assert ("x" in "".join(drawn)) == any(down for _, down in values[-(width - 7) :])


def test_a_small_line_shows_nothing_little_and_much() -> None:
    assert sparkline([0, 1, 2, 3, 4], 10) == ".::||"
    assert sparkline([0, 0], 10) == ".."
    assert sparkline([], 10) == ""
    assert sparkline([1], 0) == ""


def test_a_small_line_adds_up_what_has_no_room_of_its_own() -> None:
    assert sparkline([9, 0, 0, 1, 1, 4, 4], 4) == "|.:|"
    assert len(sparkline(list(range(1000)), 24)) <= 24
