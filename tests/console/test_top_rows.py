"""Rows 1 and 2: whole words at every width, the state before all else (console-features 6.2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.top_rows import clock_text, modes_row, state_row
from tests.console.test_cockpit_parts import NOW, overview

WIDTHS = range(20, 201)


@pytest.mark.parametrize("width", WIDTHS)
def test_row_1_drops_whole_parts_where_there_is_no_room_and_cuts_no_word(width: int) -> None:
    seen = overview(run_id="20251226T102710-5c0de1", pid=48211)
    room = width - len(clock_text(seen, NOW, width))
    row = state_row(seen, NOW, room, who="ana", wide=width >= 120, extra="stopping 3 of 6")
    assert row.cell_len <= room
    whole = state_row(seen, NOW, 500, who="ana", wide=width >= 120, extra="stopping 3 of 6")
    parts = [part.strip() for part in whole.plain.split(" | ")]
    assert {part.strip() for part in row.plain.split(" | ")} <= {*parts, "RUNNING"}


@pytest.mark.parametrize("width", WIDTHS)
def test_the_word_for_the_state_of_the_run_is_never_dropped(width: int) -> None:
    seen = overview(run_id="20251226T102710-5c0de1", pid=48211)
    room = width - len(clock_text(seen, NOW, width))
    row = state_row(seen, NOW, room, who="ana", wide=width >= 120)
    assert "RUNNING" in row.plain


def test_row_1_at_80_columns_says_run_pass_state_and_its_age() -> None:
    seen = overview(run_id="20251226T102710-5c0de1")
    row = state_row(seen, NOW, 67, who="ana", wide=False)
    assert row.plain == " geelark-console | run 1226-1027 | PASS 2/3 | RUNNING 1:37:21"


def test_what_is_under_way_goes_before_the_name_of_the_program() -> None:
    seen = overview(run_id="20251226T102710-5c0de1")
    row = state_row(seen, NOW, 67, who="ana", wide=False, extra="stopping 3 of 6")
    assert row.plain == " run 1226-1027 | PASS 2/3 | RUNNING 1:37:21 | stopping 3 of 6"


@pytest.mark.parametrize("width", WIDTHS)
def test_row_2_names_the_present_screen_whole_and_is_plain_ascii(width: int) -> None:
    row = modes_row("phones", overview(), width).plain
    assert "[5 Phones]" in row
    assert row.isascii()
    assert ".." not in row
    assert len(row) <= width


def test_row_2_at_80_columns_says_what_is_on_and_what_it_costs() -> None:
    assert modes_row("cockpit", overview(), 80).plain.endswith("phones on 6  ~$4.82")


def test_one_phone_is_still_a_count_and_no_phone_a_zero() -> None:
    money = overview().money
    row = modes_row("cockpit", overview(money=replace(money, on_now=0, today=0.0)), 80).plain
    assert row.endswith("phones on 0  ~$0.00")
