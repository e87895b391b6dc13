"""What the model answers, over its real SDK and the simulated service: taken, refused, kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import (
    AccountError,
)
from engine.posting.screen import Kind
from engine.posting.steps import Back, Fail, OpenApp, Step, Tap, Wait
from simulator.model_replies import (
    Reply,
    prose,
    step,
    verdict,
)
from tests.model_desk import NOTICE, Desk, now
from tests.model_server import ModelServer
from tests.page_source import Part, screen, small_print


def test_a_step_on_an_element_that_exists_is_advised(server: ModelServer, desk: Desk) -> None:
    server.say(step("tap", 2))
    advice = desk.ask()
    assert advice is not None
    assert isinstance(advice.step, Tap)
    assert advice.step.node.text == "Maybe another time"
    (told,) = desk.told("the model was asked")
    assert told["model"] == "claude-haiku-5-5"
    assert told["request"].startswith("req_")
    assert told["tokens_out"] > 0
    spent = desk.book.spent_on(desk.settings.day_of(now()))
    assert spent.calls == 1
    assert spent.tokens == told["tokens_in"] + told["tokens_out"]


@pytest.mark.parametrize(
    ("action", "kind"), [("back", Back), ("wait", Wait), ("open_app", OpenApp)]
)
def test_the_steps_without_an_element(
    server: ModelServer, desk: Desk, action: str, kind: type[Step]
) -> None:
    server.say(step(action))
    advice = desk.ask()
    assert advice is not None
    assert type(advice.step) is kind


def test_without_a_script_the_service_answers_sensibly(server: ModelServer, desk: Desk) -> None:
    server.say()
    advice = desk.ask()
    assert advice is not None
    assert str(advice.step) == "tap text=Maybe another time: the model"


def test_the_request_forces_a_tool_and_instructions_come_from_the_cache(
    server: ModelServer, desk: Desk
) -> None:
    server.say()
    desk.ask()
    desk.ask()
    first, second = server.service.calls
    assert first.body["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    assert (first.body["tools"], first.body["system"]) == (
        second.body["tools"],
        second.body["system"],
    )
    assert second.usage["cache_read_input_tokens"] > 500
    assert desk.told("the model was asked")[1]["tokens_cached"] > 500


# -- answers that are not taken -------------------------------------------------------------------

WRONG: dict[str, Reply] = {
    "prose without a tool": prose("The account is suspended: action blocked, try again later."),
    "a number that is not on the list": step("tap", 77),
    "no number": step("tap"),
    "an action that does not exist": step("share", 2),
    "a caption where none is due": step("enter_caption"),
    "input of another shape": Reply(tool="take_step", input={"tap": "Share"}),
    "a tool that does not exist": Reply(tool="post_reel", input={}),
    "two calls at once": Reply(tool="take_step", input=step("back").input, calls=2),
    "cut off": Reply(tool="take_step", input=step("back").input, stop_reason="max_tokens"),
    "invented words": verdict("suspended", "Your account has been suspended"),
    "a verdict without words": verdict("disabled"),
    "a single word": verdict("suspended", "insights"),
    "a verdict that does not exist": verdict("banned", "Meet the new insights"),
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG.keys())
def test_a_bad_answer_is_asked_once_more_and_then_changes_nothing(
    server: ModelServer, desk: Desk, answer: Reply
) -> None:
    server.say(answer, answer)
    assert desk.ask() is None
    assert len(server.asked) == 2
    assert "Your last answer was refused" in server.asked[1]
    assert desk.told("the model gave no answer")[-1]["type"] == "model_error"
    kept = json.loads(desk.report.files["model.json"])
    assert kept["refused"]
    assert "suspended" not in desk.failure


def test_a_better_second_answer_is_taken(server: ModelServer, desk: Desk) -> None:
    server.say(step("tap", 9), step("back"))
    advice = desk.ask()
    assert advice is not None
    assert isinstance(advice.step, Back)


def test_a_harmful_element_is_refused_whatever_the_model_says(
    server: ModelServer, desk: Desk
) -> None:
    server.say(step("tap", 2), step("tap", 2))
    seen = screen(Part(text="Ready?", clickable=False), Part(text="Share now"), *small_print())
    assert desk.ask(seen) is None
    assert "Share now" not in server.asked[1].partition("<screen>")[0]


def test_prose_is_kept_as_evidence_and_never_read(server: ModelServer, desk: Desk) -> None:
    said = "The account is suspended and logged out."
    server.say(Reply(tool="take_step", input=step("back").input, prose=said))
    advice = desk.ask()
    assert advice is not None
    assert isinstance(advice.step, Back)
    assert json.loads(desk.report.files["model.json"])["prose"] == said
    assert all(said not in str(entry) for entry in desk.report.steps)


def test_a_verdict_with_words_that_stand_on_the_screen_is_believed(
    server: ModelServer, desk: Desk
) -> None:
    server.say(verdict("suspended", "Your profile can't be used"))
    advice = desk.ask(NOTICE)
    assert advice is not None
    assert isinstance(advice.step, Fail)
    assert isinstance(advice.step.error, AccountError)
    assert advice.step.error.error_type == "suspended"
    assert advice.words == "Your profile can't be used"


def test_what_a_rule_is_sure_of_stands_against_a_verdict_and_a_guess_does_not(
    server: ModelServer, tmp_path: Path
) -> None:
    said = verdict("suspended", "Your profile can't be used")
    for confidence, believed in ((0.95, False), (0.5, True)):
        server.say(said, said)
        seen = replace(NOTICE, kind=Kind.DIALOG_DISMISSIBLE, confidence=confidence)
        desk = Desk(server, tmp_path / str(confidence), ai="only")
        advice = desk.ask(seen)
        assert advice is not None
        assert isinstance(advice.step, Fail) is believed


@pytest.mark.parametrize(
    ("name", "error_type"), [("app_update", "app_update"), ("app_trouble", "navigation_stuck")]
)
def test_trouble_of_the_app_is_infrastructure(
    server: ModelServer, desk: Desk, name: str, error_type: str
) -> None:
    server.say(verdict(name, "Your profile can't be used"))
    advice = desk.ask(NOTICE)
    assert advice is not None
    assert isinstance(advice.step, Fail)
    assert advice.step.error.error_type == error_type


def test_not_knowing_is_an_answer(server: ModelServer, desk: Desk) -> None:
    server.say(verdict("unknown"))
    assert desk.ask() is None
    assert len(server.asked) == 1
    assert desk.told("the model was asked")[-1]["became"] == "no advice"
