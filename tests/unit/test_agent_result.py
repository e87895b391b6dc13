from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ERROR_TYPES, classify_exception
from engine.jobs import ErrorCategory
from engine.roadmap.agent_errors import (
    AgentFailedError,
    AgentMissingError,
    AgentRefusedError,
    AgentUnavailableError,
    NothingDoneError,
    TaskTimeoutError,
)
from engine.roadmap.agent_result import AgentResult, how_it_ended, judge, read_result
from engine.roadmap.log_tail import last_lines, read_end
from engine.roadmap.service_words import Trouble, trouble_in


def result_of(tmp_path: Path, log: str, *, exit_status: int = 0) -> AgentResult:
    path = tmp_path / "agent.log"
    path.write_text(log, encoding="utf-8", newline="")
    return read_result(path, exit_status=exit_status, seconds=2.0)


@pytest.mark.parametrize(
    ("log", "summary", "tests"),
    [
        ("SUMMARY: did it\nTESTS: 4 passed\n", "did it", "4 passed"),
        ("**SUMMARY:** did it\n- TESTS: 4 passed", "did it", "4 passed"),
        ("SUMMARY:\n\ndid it\nall of it\nTESTS: 4", "did it all of it", "4"),
        ("SUMMARY: first\n\nSUMMARY: second\n\nThat is all.", "second", ""),
        ("SUMMARY: <what you did, in one to three sentences>\n", "", ""),
        ("SUMMARY: did it\r\nTESTS: none\r\n", "did it", "none"),
        ("The summary: I did it", "", ""),
        ("", "", ""),
    ],
)
def test_the_summary_is_read_in_the_forms_that_agents_write(
    tmp_path: Path, log: str, summary: str, tests: str
) -> None:
    result = result_of(tmp_path, log)
    assert (result.summary, result.tests) == (summary, tests)


def test_a_summary_is_bounded_and_obeyed_by_no_terminal(tmp_path: Path) -> None:
    result = result_of(tmp_path, "SUMMARY: \x1b[2J\x07" + "long " * 5000 + "\n" + "more\n" * 5000)
    assert len(result.summary) == 1000
    assert result.summary.startswith("\\x07long")


@pytest.mark.parametrize(
    ("exit_status", "changed", "log", "fault"),
    [
        (0, ["a"], "SUMMARY: ok", None),
        (0, ["a"], "", None),
        (0, [], "SUMMARY: it was there already", None),
        (0, [], "I think it is done.", NothingDoneError),
        (0, [], "BLOCKED: no database", AgentFailedError),
        (0, ["a"], "BLOCKED: no database", AgentFailedError),
        (1, ["a"], "SUMMARY: ok", AgentFailedError),
        (0, [], "API Error: Repeated 529 Overloaded errors", AgentUnavailableError),
        (0, ["a"], "Credit balance is too low", AgentRefusedError),
        (0, ["a"], "SUMMARY: ok\nTESTS: all pass\nConnection error.", None),
        (1, ["a"], "Not logged in · Please run /login", AgentRefusedError),
    ],
)
def test_success_is_judged_by_status_changes_and_summary(
    tmp_path: Path, exit_status: int, changed: list[str], log: str, fault: type[Exception] | None
) -> None:
    result = result_of(tmp_path, log, exit_status=exit_status)
    if fault is None:
        assert f"{len(changed)} file" in judge(result, changed, task="A1").evidence
        return
    with pytest.raises(fault, match="A1") as caught:
        judge(result, changed, task="A1")
    assert str(result.log) in str(caught.value)


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ('API Error: 500 {"type":"error","error":{"type":"api_error"}}', Trouble.SERVICE),
        ("API Error: Repeated 529 Overloaded errors. The API is at capacity", Trouble.SERVICE),
        ("API Error (Request timed out.)", Trouble.SERVICE),
        ("Server is temporarily limiting requests", Trouble.SERVICE),
        ("API Error: Request rejected (429)", Trouble.SERVICE),
        ("Unable to connect to API (ECONNREFUSED)", Trouble.SERVICE),
        ("You\u2019ve hit your session limit · resets 3pm", Trouble.PERSON),
        ("You've hit your weekly limit · resets Mon 12am", Trouble.PERSON),
        ("Claude AI usage limit reached|1755806400", Trouble.PERSON),
        ("OAuth token has expired. Please run /login", Trouble.PERSON),
        ('API Error: 401 {"error":{"type":"authentication_error"}}', Trouble.PERSON),
        ("Your credit balance is too low to access the Anthropic API.", Trouble.PERSON),
        ("I handle the case that the service answers: overloaded.", None),
        ("The test for 'Invalid API key' fails.", None),
        ("500 tests passed", None),
        ("Error: expected 500 to be 200", None),
        ("Request timed out " + "and this is prose " * 30, None),
    ],
)
def test_the_services_trouble_is_known_by_the_programs_own_lines_alone(
    line: str, trouble: Trouble | None
) -> None:
    assert trouble_in(["working", line]) is trouble


def test_a_line_of_trouble_that_others_follow_is_prose() -> None:
    assert trouble_in(["Invalid API key", "is what the page says now.", "b", "c"]) is None


@pytest.mark.parametrize(
    ("fault", "category"),
    [
        (TaskTimeoutError("t"), ErrorCategory.INFRASTRUCTURE),
        (AgentUnavailableError("t"), ErrorCategory.INFRASTRUCTURE),
        (AgentRefusedError("t"), ErrorCategory.ACCOUNT),
        (AgentFailedError("t"), ErrorCategory.ACCOUNT),
        (NothingDoneError("t"), ErrorCategory.ACCOUNT),
        (AgentMissingError("t"), ErrorCategory.INTERNAL),
    ],
)
def test_only_what_passes_by_itself_may_be_tried_again_by_the_engine(
    fault: Exception, category: ErrorCategory
) -> None:
    verdict = classify_exception(fault)
    assert verdict.category is category
    assert ERROR_TYPES[verdict.error_type].category is category


def test_a_log_that_is_not_there_has_no_last_lines(tmp_path: Path) -> None:
    assert last_lines(read_end(tmp_path / "none.log")) == ()


def test_a_line_without_end_is_shown_in_part(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"\xff\xfe" + b"x" * 1_000_000)
    (line,) = last_lines(read_end(log))
    assert len(line) == 400


def test_an_end_is_told_by_status_or_signal() -> None:
    assert how_it_ended(3) == "ended with exit status 3"
    assert how_it_ended(-9) == "was ended by SIGKILL"
    assert how_it_ended(-200) == "was ended by signal 200"
