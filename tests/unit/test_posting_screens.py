"""The recogniser and the navigator on real, labelled screens, which lie outside the project."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.posting.confirmation import Confirmation
from engine.posting.navigator import next_step
from engine.posting.recogniser import Recogniser
from engine.posting.rules import RULES
from engine.posting.screen import Kind, Screen
from engine.posting.state import FlowState, Tally
from engine.posting.steps import Tap
from tests.shared_data import shared_data

DANGEROUS = {"suspended", "disabled", "challenge_captcha", "challenge_verification", "login"}


@dataclass(frozen=True)
class Labelled:
    file: str
    label: str
    also: frozenset[str]
    account_state: str
    target: str | None
    screen: Screen

    @property
    def right(self) -> bool:
        return self.screen.kind == self.label or self.screen.kind in self.also


@pytest.fixture(scope="module")
def screens() -> list[Labelled]:
    folder: Path = shared_data("screens")
    recogniser = Recogniser()
    lines = (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Labelled(
            file=entry["file"],
            label=entry["label"],
            also=frozenset(entry["also"]),
            account_state=entry["account_state"],
            target=entry["target"],
            screen=recogniser.recognise((folder / entry["file"]).read_text(encoding="utf-8")),
        )
        for entry in map(json.loads, lines)
    ]


def test_most_real_screens_are_recognised(screens: list[Labelled]) -> None:
    wrong = [f"{item.file}: {item.label}, not {item.screen}" for item in screens if not item.right]
    assert len(wrong) <= 0.03 * len(screens), wrong


def test_no_dangerous_screen_is_missed_and_none_is_seen_where_it_is_not(
    screens: list[Labelled],
) -> None:
    missed = [item.file for item in screens if item.label in DANGEROUS and not item.right]
    alarms = [
        item.file
        for item in screens
        if item.screen.kind in DANGEROUS and item.label not in DANGEROUS
    ]
    assert (missed, alarms) == ([], [])


def test_the_accounts_state_is_read_off_real_screens(screens: list[Labelled]) -> None:
    condemned = {"logged_out", "challenge", "suspended", "disabled", "blocked"}
    for item in screens:
        if item.account_state in condemned or item.screen.account_state in condemned:
            assert item.screen.account_state == item.account_state, item.file


def test_the_step_on_a_real_screen_is_the_careful_operators(screens: list[Labelled]) -> None:
    wrong = [
        f"{item.file} {item.screen}: {step}, not {item.target}"
        for item in screens
        if not _as_labelled(item, step := _step(item))
    ]
    assert len(wrong) <= 0.07 * len(screens), wrong


def _step(item: Labelled) -> object:
    """The step in the state that the label supposes: our draft, caption entered, or shared."""
    if item.label in {"sharing_progress", "post_success"}:
        return Confirmation(Tally(), "caption_form").uncovering(item.screen)
    field = item.screen.page.by_id.get("caption_input_text_view", ())
    shown = field[0].text if field else ""
    typed = shown.startswith("<caption")
    state = FlowState(
        caption=shown if typed else "a caption",
        video_chosen=item.label not in {"home_feed", "profile"},
        caption_tries=1 if typed else 0,
        notice_expected=item.screen.rule in {"original_audio_notice", "limited_reach"},
        before=Tally(),
    )
    return next_step(item.screen, state)


def _as_labelled(item: Labelled, step: object) -> bool:
    node = getattr(step, "node", None) or getattr(step, "field", None)
    if item.target is None:
        return node is None
    if node is None:
        return False
    name, _, value = item.target.partition("=")
    shown = {"id": node.id, "desc": node.desc, "text": node.text}
    return bool(shown[name] == value)


def test_every_dump_that_a_rule_names_as_proof_is_decided_by_it(screens: list[Labelled]) -> None:
    decided = {item.file.removesuffix(".xml"): item.screen.rule for item in screens}
    for rule in RULES:
        for name in rule.proof:
            assert decided[name] == rule.name, name


def test_every_label_has_a_kind_of_the_same_name(screens: list[Labelled]) -> None:
    assert {item.label for item in screens} <= {str(kind) for kind in Kind}
    assert all(isinstance(item.screen, Screen) for item in screens)
    assert any(isinstance(_step(item), Tap) for item in screens)
