"""The campaign of faults itself: what it draws, what it counts, what it says; no day is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.chaos.__main__ import Ended, draw, last_line, main, table
from benchmarks.chaos.day import Toll
from benchmarks.chaos.faults import CLOCK, FAULTS, Fault

LAST = re.compile(
    r"runs=\d+ double_posts=\d+ lost_jobs=\d+ wrong_success=\d+ phones_on=\d+ orphans=\d+ "
    r"extra_billed_minutes=\d+ unfinished=\d+"
)


def names(faults: list[Fault]) -> list[str]:
    return [fault.name for fault in faults]


def ended(number: int, toll: Toll, *, missed: tuple[str, ...] = ()) -> Ended:
    return Ended(
        number=number, faults=FAULTS[:2], missed=missed, toll=toll, seconds=1.0, folder=Path("/d")
    )


def test_every_fault_has_its_turn_and_a_name_of_its_own() -> None:
    drawn = [draw(3, number, FAULTS, FAULTS) for number in range(len(FAULTS))]
    assert sorted(faults[0].name for faults in drawn) == sorted({fault.name for fault in FAULTS})
    assert {len(faults) for faults in drawn} == {1, 2, 3}


def test_a_run_is_the_same_again_whatever_else_a_host_cannot_try() -> None:
    without = [fault for fault in FAULTS if fault.name != "ledger read-only"]
    for number in range(3 * len(FAULTS)):
        faults = names(draw(7, number, FAULTS, FAULTS))
        assert faults == names(draw(7, number, FAULTS, FAULTS))
        if "ledger read-only" not in faults:
            assert names(draw(7, number, FAULTS, without)) == faults
        assert "ledger read-only" not in names(draw(7, number, FAULTS, without))


def test_nobody_moves_the_clock_of_a_day_twice() -> None:
    for number in range(200):
        faults = draw(11, number, FAULTS, FAULTS)
        assert sum(fault in CLOCK for fault in faults) <= 1


def test_the_last_line_sums_up_and_a_day_below_the_usual_saves_nothing() -> None:
    runs = [
        ended(0, Toll(billed_minutes=90)),
        ended(1, Toll(billed_minutes=10, double_posts=1, orphans=2, unfinished=3, told=["bad"])),
    ]
    line = last_line(runs, 40)
    assert LAST.fullmatch(line), line
    assert "runs=2 double_posts=1 " in line
    assert line.endswith("orphans=2 extra_billed_minutes=50 unfinished=3")


def test_the_table_leaves_out_runs_whose_fault_never_came() -> None:
    first, second = FAULTS[0].name, FAULTS[1].name
    text = table(
        [ended(0, Toll(billed_minutes=50)), ended(1, Toll(told=["bad"]), missed=(first,))], 40
    )
    rows = {line[:20].strip(): line[20:].split()[:2] for line in text.splitlines()[1:]}
    assert rows == {first: ["1", "1"], second: ["2", "1"]}


def test_a_fault_that_does_not_exist_is_a_sentence_that_names_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--only", "earthquake"]) == 2
    said = capsys.readouterr().err
    assert "'earthquake'" in said
    assert "worker killed" in said
