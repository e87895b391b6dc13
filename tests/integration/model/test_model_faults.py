"""Faults of the model's service, each typed and bounded, and whether it is asked at all."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from engine.errors import (
    EngineError,
    JobError,
    ServiceUnreachableError,
    SettingsError,
)
from engine.model.availability import NO_KEY, notices, refuse_unusable
from engine.model.budget import BUDGET_FILE, ModelBudget
from engine.model.errors import (
    BadAnswerError,
    ModelBudgetError,
    ModelError,
    ModelOverloadedError,
    ModelRateLimitedError,
    ModelRefusalError,
    ModelSetupError,
    ModelTimeoutError,
    ModelUnreachableError,
)
from engine.posting.advice import Question
from engine.posting.state import FlowState
from engine.posting.steps import Back, OpenApp, Wait
from simulator.model_replies import (
    Failure,
    ModelFault,
    Scripted,
    refusal,
    step,
)
from simulator.model_service import ModelService
from tests.light_farm import running_farm
from tests.model_desk import UNKNOWN, Desk, now
from tests.model_server import KEY, ModelServer

# -- faults ---------------------------------------------------------------------------------------

FAULTS: list[tuple[Scripted, type[JobError], int]] = [
    (Failure(fault=ModelFault.OVERLOADED), ModelOverloadedError, 2),
    (Failure(fault=ModelFault.SERVER_ERROR), ModelOverloadedError, 2),
    (Failure(fault=ModelFault.DROPPED), ModelUnreachableError, 2),
    (Failure(fault=ModelFault.GARBAGE), BadAnswerError, 2),
    (Failure(fault=ModelFault.PROXY_PAGE), BadAnswerError, 2),
    (Failure(fault=ModelFault.HALF_MESSAGE), BadAnswerError, 2),
    (Failure(fault=ModelFault.RATE_LIMITED, retry_after=2), ModelRateLimitedError, 2),
    (Failure(fault=ModelFault.RATE_LIMITED, retry_after=900), ModelRateLimitedError, 1),
    (Failure(fault=ModelFault.SPEND_LIMIT), ModelSetupError, 1),
    (Failure(fault=ModelFault.UNAUTHORIZED), ModelSetupError, 1),
    (Failure(fault=ModelFault.NO_CREDIT), ModelSetupError, 1),
    (refusal(), ModelRefusalError, 1),
]


def failure_without_rules(desk: Desk) -> JobError:
    """What ends a job of ``--ai-only``; until then it waits as the navigator would."""
    for _ in range(3):
        try:
            advice = desk.ask()
        except JobError as exc:
            return exc
        assert advice is not None
        assert isinstance(advice.step, Wait)
    raise AssertionError("it waits for ever")


@pytest.mark.parametrize(("fault", "kind", "calls"), FAULTS, ids=str)
def test_a_fault_is_typed_tried_again_only_where_that_helps_and_leaves_the_rules_their_step(
    server: ModelServer, tmp_path: Path, fault: Scripted, kind: type[JobError], calls: int
) -> None:
    server.say(fault, fault)
    quiet = Desk(server, tmp_path / "quiet")
    assert quiet.ask() is None
    assert len(server.asked) == calls
    server.say(*[fault] * 6)
    failure = failure_without_rules(Desk(server, tmp_path / "strict", ai="only"))
    assert type(failure) is kind
    assert KEY not in str(failure)


def test_a_service_that_does_not_answer_is_given_up_in_time(
    server: ModelServer, tmp_path: Path
) -> None:
    server.say(*[Failure(fault=ModelFault.TIMEOUT)] * 3)
    desk = Desk(server, tmp_path, timeout_seconds=1, tries=3, ai="only")
    desk.ask()
    assert len(server.asked) == 1, "the time is that of all calls of a question"
    assert "1 s" in desk.failure
    assert desk.book.spent_on(desk.settings.day_of(now())).tokens > 1000, "it may be billed"


def test_no_call_is_made_when_the_job_has_no_time_left(server: ModelServer, desk: Desk) -> None:
    server.say()
    desk.report.remaining = lambda bound: 0.2  # type: ignore[method-assign]
    assert desk.ask() is None
    assert server.asked == []
    assert desk.told("the model gave no answer")[-1]["type"] == ModelTimeoutError.default_type


def test_a_service_that_nobody_runs_is_unreachable(server: ModelServer, tmp_path: Path) -> None:
    desk = Desk(server, tmp_path, base_url="http://127.0.0.1:9", ai="only", tries=1)
    desk.ask()
    assert "http://127.0.0.1:9" in desk.failure


def test_the_wait_that_the_service_asks_for_is_kept(server: ModelServer, desk: Desk) -> None:
    server.say(Failure(fault=ModelFault.OVERLOADED, retry_after=7), step("back"))
    before = desk.world.at
    assert desk.ask() is not None
    assert desk.world.at - before == 7


def test_a_long_wait_is_kept_by_every_worker_and_costs_no_further_call(
    server: ModelServer, desk: Desk
) -> None:
    server.say(Failure(fault=ModelFault.RATE_LIMITED, retry_after=600))
    assert desk.ask() is None
    desk.advisor = desk.new_attempt()
    assert desk.ask() is None
    assert len(server.asked) == 1
    assert "patience" in desk.failure


def test_a_refused_key_is_an_alarm_once_and_nothing_more_is_asked(
    server: ModelServer, tmp_path: Path
) -> None:
    server.say()
    desk = Desk(server, tmp_path, key="sk-ant-wrong")
    assert desk.ask() is None
    (alarm,) = desk.report.alarms
    assert "ANTHROPIC_API_KEY" in alarm
    assert "sk-ant-wrong" not in alarm
    assert not desk.advisor.wanted(
        Question(screen=UNKNOWN, step=Back(""), state=FlowState(caption="x", unknown_looks=5))
    )


def test_a_worker_does_not_try_a_refused_key_with_every_further_job(
    server: ModelServer, tmp_path: Path
) -> None:
    server.say()
    desk = Desk(server, tmp_path, key="sk-ant-wrong")
    desk.ask()
    assert desk.desk.advisor("job-2") is None
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"key": "sk-ant-wrong"}, SettingsError, "ANTHROPIC_API_KEY"),
        ({"name": "claude-nobody-1"}, SettingsError, "model.name"),
        ({"base_url": "http://127.0.0.1:9"}, ServiceUnreachableError, "could not be reached"),
    ],
)
def test_a_run_without_rules_is_refused_before_any_phone_where_the_model_cannot_be_asked(
    server: ModelServer, options: dict[str, Any], kind: type[EngineError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        refuse_unusable(server.settings(ai="only", **options))
    refuse_unusable(server.settings(ai="only"))
    refuse_unusable(server.settings(**options))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "claude-nobody-1"}, "model.name"),
        ({"name": "claude-sonnet-5-5"}, "model.tool_choice"),
    ],
)
def test_a_wrong_setting_is_named(
    server: ModelServer, tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    server.say()
    desk = Desk(server, tmp_path, **options)
    assert desk.ask() is None
    assert words in desk.failure


def test_a_model_that_refuses_to_be_forced_is_asked_without(
    server: ModelServer, tmp_path: Path
) -> None:
    server.say()
    desk = Desk(server, tmp_path, name="claude-sonnet-5-5", tool_choice="auto")
    assert desk.ask() is not None


def test_a_spent_budget_ends_the_questions_and_is_said_once(
    server: ModelServer, tmp_path: Path
) -> None:
    server.say()
    desk = Desk(server, tmp_path, calls_per_job=1)
    assert desk.ask() is not None
    assert desk.ask() is None
    assert len(server.asked) == 1
    (said,) = desk.told("the model is not asked again")
    assert "model.calls_per_job" in str(said["reason"])
    assert desk.report.alarms == []


def test_a_spent_budget_is_the_jobs_failure_only_where_rules_are_not_to_decide(
    server: ModelServer, tmp_path: Path
) -> None:
    server.say()
    desk = Desk(server, tmp_path, usd_per_day=0, ai="only")
    with pytest.raises(ModelBudgetError, match="usd_per_day"):
        desk.ask()
    assert server.asked == []


def test_a_picture_goes_along_where_the_settings_want_it(
    server: ModelServer, tmp_path: Path
) -> None:
    server.say()
    desk = Desk(server, tmp_path, screenshot=True)
    desk.ask()
    kinds = [block["type"] for block in server.service.calls[0].body["messages"][0]["content"]]
    assert kinds == ["text", "image"]


def test_a_picture_that_cannot_be_taken_is_done_without(
    server: ModelServer, tmp_path: Path
) -> None:
    server.say()
    desk = Desk(server, tmp_path, screenshot=True)

    def broken() -> bytes:
        raise ModelError("no picture")

    desk.device.screenshot = broken  # type: ignore[method-assign]
    assert desk.ask() is not None
    assert desk.told("no picture")


# -- whether it is asked at all -------------------------------------------------------------------


def test_without_a_key_nobody_is_asked_and_that_is_said(
    server: ModelServer, tmp_path: Path
) -> None:
    assert server.desk(tmp_path, key="").advisor("job") is None
    settings = server.settings(key="")
    assert notices(settings, ModelBudget(tmp_path, settings), now()) == [NO_KEY]


def test_never_is_never_and_needs_no_word(server: ModelServer, tmp_path: Path) -> None:
    assert server.desk(tmp_path, ai="never").advisor("job") is None
    settings = server.settings(ai="never", key="")
    assert notices(settings, ModelBudget(tmp_path, settings), now()) == []


def test_what_was_spent_today_is_told(server: ModelServer, tmp_path: Path) -> None:
    server.say()
    desk = Desk(server, tmp_path)
    assert notices(desk.settings, desk.book, now()) == []
    desk.ask()
    (line,) = notices(desk.settings, desk.book, now())
    assert "1 calls" in line


def test_no_secret_is_written(server: ModelServer, tmp_path: Path) -> None:
    server.say(Failure(fault=ModelFault.OVERLOADED), step("back"))
    desk = Desk(server, tmp_path)
    desk.ask()
    written = (tmp_path / "books" / BUDGET_FILE).read_text(encoding="utf-8")
    told = json.dumps([*desk.report.steps, *map(str, desk.report.files.values())])
    assert KEY not in written + told


def test_a_worker_that_asks_nothing_does_not_load_the_sdk() -> None:
    load = (
        "import sys, engine.workloads.posting_session, engine.posting.flow, engine.model.desk\n"
        "assert 'anthropic' not in sys.modules"
    )
    assert subprocess.run((sys.executable, "-c", load), timeout=60, check=False).returncode == 0


# -- on a farm ------------------------------------------------------------------------------------


def test_a_farm_has_a_model_that_can_be_told_what_to_answer(tmp_path: Path) -> None:
    answer = {"action": "open_app", "element": None, "reason": "another app is in front"}
    script = json.dumps([{"tool": "take_step", "input": answer}]).encode()
    with running_farm(tmp_path / "farm") as farm:
        with urllib.request.urlopen(f"{farm.url}/farm/model", script, timeout=10) as told:
            assert json.load(told) == {"waiting": 1}
        desk = Desk(ModelServer(ModelService(), farm.url), tmp_path, key="any key")
        advice = desk.ask()
        with urllib.request.urlopen(f"{farm.url}/farm/model", timeout=10) as asked:
            (call,) = json.load(asked)
    assert advice is not None
    assert isinstance(advice.step, OpenApp)
    assert call["status"] == 200
    assert "Maybe another time" in call["text"]
