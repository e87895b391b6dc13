"""The arithmetic of the benchmark of downloads."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from benchmarks.downloads.family import BROWSER, DRIVER, OTHER, WORKER, kind_of, role_of
from benchmarks.downloads.site import slow_orders
from benchmarks.downloads.visits import (
    Course,
    Visit,
    hand_outs,
    percentile,
    speed_up,
    statuses_of,
    visits_of,
)


def a_visit(worker: str, claimed: float, ended: float, order: str = "PO") -> Visit:
    return Visit(worker, order, claimed, ended, "success")


def alone() -> Course:
    """Four orders of 4 s, half a second between them, 2 s before and 1 s after."""
    visits = [a_visit("0", 2 + n * 4.5, 6 + n * 4.5, f"PO-{n}") for n in range(4)]
    return Course(1, 0, visits[-1].ended + 1, visits)


def beside() -> Course:
    """The same by two workers, of which the second begins a second later."""
    visits = [
        *(a_visit("0", 2 + n * 4.5, 6 + n * 4.5, f"PO-{2 * n}") for n in range(2)),
        *(a_visit("1", 3 + n * 4.5, 7 + n * 4.5, f"PO-{2 * n + 1}") for n in range(2)),
    ]
    return Course(2, 0, 12.5, visits)


def test_a_course_is_timed_from_command_to_exit_and_from_first_claim_to_last_outcome() -> None:
    course = alone()
    assert (course.wall, course.work) == (20.5, 17.5)
    assert list(course.cycles) == [4.5, 4.5, 4.5, 4.0]
    assert (course.apart_at_start, beside().apart_at_start, beside().apart_at_end) == (0, 1, 1)


def test_a_speed_up_is_told_with_and_without_starts_and_uneven_ends() -> None:
    found = speed_up(alone(), beside())
    assert found.work == pytest.approx(17.5 / 9.5)
    assert found.wall == pytest.approx(20.5 / 12.5)
    assert found.steady == pytest.approx(2 * 17.5 / 17.0)
    assert found.limit == pytest.approx(17.5 / 9.0)


def test_a_run_without_any_order_has_no_speed_up() -> None:
    assert math.isnan(speed_up(alone(), Course(2, 0, 0, [])).wall)


def test_a_hand_out_is_from_an_outcome_to_the_next_claim_of_that_worker() -> None:
    visits = [a_visit("0", 0, 4), a_visit("1", 1, 4.25), a_visit("0", 4.5, 8), a_visit("1", 4.2, 8)]
    assert sorted(hand_outs(visits)) == [0.0, 0.5]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0, 1.0, 2.0], 0.5, 2.0), ([float(n) for n in range(1, 21)], 0.95, 19.0), ([7.0], 0.0, 7)],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: Sequence[float], share: float, expected: float
) -> None:
    assert percentile(values, share) == expected


def a_row(order: str, status: str, second: int, worker: str = "") -> Mapping[str, str]:
    at = datetime.fromtimestamp(second, UTC).isoformat()
    return {
        "job_id": order,
        "status": status,
        "worker_id": worker,
        "claimed_at": at if status == "claimed" else "",
        "completed_at": at if status in ("success", "failed") else "",
        "updated_at": at,
    }


def test_visits_are_claims_with_their_outcome() -> None:
    rows = [
        *(a_row(order, "pending", 0) for order in ("A", "B")),
        a_row("A", "claimed", 10, "0"),
        a_row("A", "claimed", 12, "0"),  # a sign of life
        a_row("B", "claimed", 11, "1"),
        a_row("B", "pending", 13),  # given back
        a_row("A", "success", 14),
        a_row("B", "claimed", 15, "0"),
        a_row("B", "retrying", 16),
    ]
    assert visits_of(rows) == [
        Visit("0", "A", 10, 14, "success"),
        Visit("0", "B", 15, 16, "retrying"),
    ]
    assert statuses_of(rows) == {"A": "success", "B": "retrying"}


@pytest.mark.parametrize(
    ("line", "role"),
    [
        (["/usr/bin/python", "-m", "engine.worker", "0"], WORKER),
        (["/usr/bin/chromedriver", "--port=0"], DRIVER),
        (["/usr/lib/chromium/chromium", "--headless=new"], BROWSER),
        (["/usr/lib/chromium/chrome_crashpad_handler", "--monitor-self"], BROWSER),
        (["git", "status"], OTHER),
        ([], OTHER),
    ],
)
def test_a_process_is_told_by_its_command_line(line: list[str], role: str) -> None:
    assert role_of(line) == role


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (["chromium", "--headless=new"], "main"),
        (["chromium --type=renderer --lang=en"], "renderer"),
        (
            ["chromium", "--type=utility", "--utility-sub-type=network.mojom.NetworkService"],
            "network",
        ),
    ],
)
def test_the_parts_of_a_browser_are_told_apart(line: list[str], kind: str) -> None:
    assert kind_of(line) == kind


def test_pages_take_their_server_two_to_six_seconds() -> None:
    orders = slow_orders(24, random.Random(1))
    seconds = [order.page_seconds or 0 for order in orders]
    assert len({order.number for order in orders}) == 24
    assert min(seconds) >= 2
    assert max(seconds) <= 6
    assert sum(one > 4 for one in seconds) >= 2
