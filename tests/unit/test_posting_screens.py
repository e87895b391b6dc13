"""The recogniser and the navigator on real, labelled screens, which lie outside the project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pytest

from benchmarks.screen_accuracy import leave_one_out, main, misread, missteps, share
from benchmarks.screen_cases import Case, case, judge, read
from benchmarks.screen_grades import element_list, worn
from engine.posting.recogniser import Recogniser
from engine.posting.rules import RULES
from engine.posting.screen import Kind
from tests.labelled_screens import OWN_SCREENS
from tests.shared_data import shared_data

CONDEMNED = {"logged_out", "challenge", "suspended", "disabled", "blocked"}


@pytest.fixture(scope="module")
def cases() -> Sequence[Case]:
    folder = shared_data("screens")
    return judge(folder, read(folder), Recogniser())


def test_real_screens_are_recognised(cases: Sequence[Case]) -> None:
    assert share(item.kind_right for item in cases) >= 0.97, list(misread(cases))


def test_no_dangerous_screen_is_missed_and_none_is_seen_where_it_is_not(
    cases: Sequence[Case],
) -> None:
    assert [item.labelled.file for item in cases if item.missed or item.false_alarm] == []


def test_the_accounts_state_is_read_off_real_screens(cases: Sequence[Case]) -> None:
    for item in cases:
        states = {str(item.screen.account_state), item.labelled.account_state}
        assert len(states) == 1 or not states & CONDEMNED, item.labelled.file


def test_the_step_on_a_real_screen_is_the_careful_operators(cases: Sequence[Case]) -> None:
    assert share(item.step_right for item in cases) >= 0.93, list(missteps(cases))


def test_a_screen_is_read_in_a_few_milliseconds(cases: Sequence[Case]) -> None:
    """The median: on a busy machine a few screens wait for other programs."""
    assert median(item.milliseconds for item in cases) < 10


def test_every_dump_that_a_rule_names_as_proof_is_decided_by_it(cases: Sequence[Case]) -> None:
    decided = {item.labelled.file.removesuffix(".xml"): item.screen.rule for item in cases}
    for rule in RULES:
        for name in rule.proof:
            assert decided[name] == rule.name, name


def test_every_real_screen_proves_a_rule(cases: Sequence[Case]) -> None:
    proofs = {name for rule in RULES for name in rule.proof}
    assert {item.labelled.file.removesuffix(".xml") for item in cases} <= proofs


def test_no_danger_is_known_from_one_account_alone(cases: Sequence[Case]) -> None:
    left = leave_one_out(shared_data("screens"), cases)
    assert not any(item.missed or item.false_alarm for item in left), list(misread(left))
    assert share(item.kind_right for item in left) >= 0.85


def test_a_screen_that_lost_its_tree_or_some_attributes_is_still_read(
    cases: Sequence[Case],
) -> None:
    folder, recogniser = shared_data("screens"), Recogniser()
    for spoil, least in ((element_list, 0.97), (lambda text: worn(text, "seed", 0.1), 0.95)):
        poorer = [
            case(item.labelled, spoil(_text(folder / item.labelled.file)), recogniser, runs=1)
            for item in cases
        ]
        assert share(item.kind_right for item in poorer) >= least, list(misread(poorer))
        assert not any(item.missed or item.false_alarm for item in poorer)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_label_has_a_kind_of_the_same_name(cases: Sequence[Case]) -> None:
    assert {item.labelled.label for item in cases} <= {str(kind) for kind in Kind}


def test_the_score_is_printed_with_its_figures_last(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(OWN_SCREENS)]) == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    names = [pair.split("=")[0] for pair in last.split()]
    assert names == ["accuracy", "dangerous_missed", "false_alarms", "next_step", "ms_per_screen",
                     "n"]  # fmt: skip
    assert last.startswith("accuracy=1.000 dangerous_missed=0 false_alarms=0 next_step=1.000")


def test_a_folder_without_labels_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([str(tmp_path)]) == 1
    assert "cannot be read as labelled screens" in capsys.readouterr().out
