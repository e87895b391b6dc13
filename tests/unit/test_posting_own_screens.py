"""Every rule and every kind, on small screens of our own making."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.screen_cases import Case, judge, read
from benchmarks.screen_grades import GRADES, worn
from engine.posting.page import PageUnreadableError
from engine.posting.recogniser import Recogniser
from engine.posting.rules import RULES
from engine.posting.screen import ACCOUNT_VERDICTS, Kind
from tests.labelled_screens import OWN_SCREENS, rules_of_own_screens

SOURCES = sorted(OWN_SCREENS.glob("*.xml"))


@pytest.fixture(scope="module")
def cases() -> Sequence[Case]:
    return judge(OWN_SCREENS, read(OWN_SCREENS), Recogniser())


def test_every_screen_is_decided_by_the_rule_that_it_was_made_for(cases: Sequence[Case]) -> None:
    wanted = rules_of_own_screens()
    wrong = {item.labelled.file: str(item.screen) for item in cases
             if item.screen.rule != wanted[item.labelled.file] or not item.kind_right}  # fmt: skip
    assert wrong == {}


def test_every_rule_is_proven_by_a_screen(cases: Sequence[Case]) -> None:
    assert {rule.name for rule in RULES} <= {item.screen.rule for item in cases}


def test_every_kind_has_a_screen(cases: Sequence[Case]) -> None:
    assert {item.labelled.label for item in cases} == {str(kind) for kind in Kind}


def test_the_step_on_every_screen_is_the_labelled_one(cases: Sequence[Case]) -> None:
    assert [item.labelled.file for item in cases if not item.step_right] == []


def test_the_accounts_state_follows_from_the_screen(cases: Sequence[Case]) -> None:
    wrong = [item.labelled.file for item in cases
             if item.screen.account_state != item.labelled.account_state]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_page_source_that_was_cut_short_is_a_typed_error(share: float) -> None:
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        with pytest.raises(PageUnreadableError):
            Recogniser().recognise(source[: int(len(source) * share)])


@pytest.mark.parametrize(
    "attributes",
    [
        'bounds="[1,2][3,4"',
        f'bounds="[{"9" * 5000},0][1,1]"',
        'bounds="[9,9][1,1]"',
        'bounds="[-5,-5][99,99]" resource-id="/" class=""',
        'text="&#999999999;" bounds="[0,0][9,9]"',
        'text="\u202e\u200b" bounds="[0,0][9,9]"',
    ],
)
def test_odd_attributes_are_survived(attributes: str) -> None:
    try:
        screen = Recogniser().recognise(f'<hierarchy><node id="1" {attributes}/></hierarchy>')
    except PageUnreadableError:
        return
    assert screen.kind in {Kind.LOADING_OR_BLANK, Kind.UNKNOWN}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_poorer_record_of_a_screen_never_makes_an_account_look_bad(path: Path) -> None:
    source, recogniser = path.read_text(encoding="utf-8"), Recogniser()
    harmless = recogniser.recognise(source).kind not in ACCOUNT_VERDICTS
    poorer = [GRADES["element_list"](source), *(worn(source, str(n), 0.2) for n in range(3))]
    for text in poorer:
        try:
            screen = recogniser.recognise(text)
        except PageUnreadableError:
            continue
        assert not (harmless and screen.kind in ACCOUNT_VERDICTS), screen
