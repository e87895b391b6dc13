"""What an agent is given and what is read back from it, with a real program as agent."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from engine.errors import InternalError
from engine.logs import protect
from engine.marked import VARIABLE
from engine.roadmap.agent import check_agent
from engine.roadmap.agent_errors import (
    AgentFailedError,
    AgentMissingError,
    AgentRefusedError,
    AgentUnavailableError,
    NothingDoneError,
)
from engine.roadmap.agent_result import judge
from tests.agent_rig import PROMPT, AgentRig


@pytest.fixture
def rig(tmp_path: Path) -> AgentRig:
    return AgentRig(tmp_path)


def test_the_prompt_comes_by_standard_input_and_stands_in_no_argument_and_no_file(
    rig: AgentRig,
) -> None:
    prompt = PROMPT + "The secret plan. ✓\n" * 20_000
    result = rig.run({"prompt": "prompt.txt"}, {"arguments": "arguments.json"}, prompt=prompt)
    assert rig.told("prompt.txt") == prompt
    assert "secret plan" not in rig.told("arguments.json")
    left = [path for path in rig.work_dir.rglob("*") if path.name.startswith(".")]
    assert left == []
    assert result.summary == "Did A1."


def test_the_agent_works_in_its_tree_and_its_log_is_private_and_named_as_told(
    rig: AgentRig,
) -> None:
    result = rig.run({"write": "deep/down.txt", "text": "here\n"}, {"print": "written"})
    assert (rig.tree / "deep" / "down.txt").read_text(encoding="utf-8") == "here\n"
    assert result.log.parent == rig.work_dir / "logs" / "orchestrator"
    beginning, _, epoch = result.log.stem.rpartition("_")
    assert beginning == "phase1_groupA_A1"
    assert epoch.isdecimal()
    if sys.platform != "win32":
        assert stat.S_IMODE(result.log.stat().st_mode) == 0o600
    assert result.tail == ("written", "SUMMARY: Did A1.", "TESTS: 1 passed.")


def test_the_agent_gets_only_what_the_list_lets_through(
    rig: AgentRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = ("GEELARK_API_TOKEN", "GEELARK_API_KEY", "ANTHROPIC_API_KEY", "AWS_SECRET", "GIT_DIR")
    for name in secrets:
        monkeypatch.setenv(name, "marked-secret")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    rig.run({"environment": "environment.json"})
    told = rig.told("environment.json")
    assert "marked-secret" not in told
    environment = json.loads(told)
    assert environment["LC_ALL"] == "C.UTF-8"
    assert environment["PATH"] == os.environ["PATH"]
    assert environment[VARIABLE].split(",")[0] == rig.marker


def test_an_agent_of_a_run_below_another_agent_is_found_by_both(
    rig: AgentRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "outer.0.abc")
    rig.run({"environment": "environment.json"})
    markers = json.loads(rig.told("environment.json"))[VARIABLE].split(",")
    assert markers[:2] == ["outer.0.abc", rig.marker]


def test_b_d13_status_0_without_a_change_and_without_a_summary_is_no_success(
    rig: AgentRig,
) -> None:
    result = rig.run({"print": "hm"}, {"silent": 1})
    assert (result.exit_status, result.summary) == (0, "")
    with pytest.raises(NothingDoneError, match="changed no file and gave no summary") as caught:
        judge(result, [], task="A1")
    assert str(result.log) in str(caught.value)
    assert caught.value.tail == ("hm",)
    assert "1 file changed" in judge(result, ["a.py"], task="A1").evidence


def test_another_status_than_0_is_a_failure_whatever_was_changed(rig: AgentRig) -> None:
    result = rig.run({"write": "half.py"}, {"print": "\x1b[31mboom\x1b[0m"}, {"exit": 3})
    with pytest.raises(AgentFailedError, match=r"exit status 3 \(log: .*\): boom") as caught:
        judge(result, ["half.py"], task="A1")
    assert caught.value.category == "account", "a person looks first, no second agent"


def test_an_agent_that_was_killed_is_told_by_its_signal(rig: AgentRig) -> None:
    if sys.platform == "win32":
        pytest.skip("no signals on this system")
    result = rig.run({"kill": 9})
    with pytest.raises(AgentFailedError, match="was ended by SIGKILL"):
        judge(result, ["a"], task="A1")


def test_an_agent_that_says_it_is_blocked_has_not_done_its_task(rig: AgentRig) -> None:
    result = rig.run({"write": "half.py"}, {"blocked": "the schema is missing"})
    with pytest.raises(AgentFailedError, match="blocked, as its agent says: the schema is missing"):
        judge(result, ["half.py"], task="A1")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("Credit balance is too low", AgentRefusedError),
        ("Invalid API key · Please run /login", AgentRefusedError),
        (
            'API Error: 529 {"type":"error","error":{"type":"overloaded_error"}}',
            AgentUnavailableError,
        ),
    ],
)
def test_a_service_that_refuses_or_is_down_is_told_apart_from_bad_work(
    rig: AgentRig, words: str, fault: type[AgentRefusedError | AgentUnavailableError]
) -> None:
    result = rig.run({"print": words}, {"exit": 1})
    with pytest.raises(fault) as caught:
        judge(result, [], task="A1")
    assert str(result.log) in str(caught.value)


def test_megabytes_of_output_and_codes_end_in_20_clean_lines(rig: AgentRig) -> None:
    codes = "\x1b]0;title\x07\x1b[2J\x1b[1;31mred\x1b[0m \x1b[?25l\x07bell\u202e"
    result = rig.run({"print_megabytes": 3}, *[{"print": f"{n} {codes}"} for n in range(30)])
    assert len(result.tail) == 20
    assert result.tail[-3] == "29 red \\x07bell\\u202e"
    assert "\x1b" not in "".join(result.tail)


def test_a_secret_of_ours_that_an_agent_prints_is_not_shown(rig: AgentRig) -> None:
    protect("marked-secret-token")
    assert rig.run({"summary": "It is marked-secret-token."}).summary == "It is ***."


def test_a_missing_agent_is_one_sentence_before_and_at_the_start(
    rig: AgentRig, tmp_path: Path
) -> None:
    env = {"PATH": str(tmp_path)}
    with pytest.raises(
        AgentMissingError, match=r"Claude Code CLI not found!.*roadmap\.agent_command"
    ):
        check_agent(["claude", "--print"], env)
    check_agent([sys.executable], env)
    rig.command = ["no-such-agent"]
    with pytest.raises(AgentMissingError, match="'no-such-agent' not found"):
        rig.begin()
    rig.command = [str(tmp_path / "no-such-agent")]
    with pytest.raises(AgentMissingError, match="not found"):
        rig.begin()
    assert rig.registry.records() == []


def test_an_agent_whose_log_cannot_be_written_may_be_tried_again(rig: AgentRig) -> None:
    (rig.work_dir / "logs").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(AgentUnavailableError, match="A1 could not be started just now"):
        rig.begin()


def test_a_worktree_that_is_gone_is_not_taken_for_a_missing_agent(rig: AgentRig) -> None:
    rig.tree.rmdir()
    with pytest.raises(InternalError, match=r"worktree .*tree of task A1 is not there"):
        rig.begin()
