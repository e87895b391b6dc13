from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import error_accuracy
from engine.config import ErrorPattern, Settings
from engine.errors import (
    ERROR_TYPES,
    LEGACY_NON_RETRYABLE,
    AccountError,
    AdbError,
    InDoubtError,
    JobError,
    NotInGeelarkError,
    SettingsError,
    Verdict,
    canonical_type,
    category_of,
    classify,
    classify_exception,
    remedy,
    retry_decision,
)
from engine.jobs import ErrorCategory
from engine.taxonomy.api_codes import API_CODES, ApiAction, api_code
from engine.taxonomy.error_type import POLICIES
from engine.taxonomy.types import READ_ONLY_TYPES
from tests.shared_data import shared_data

OWN_MESSAGES = Path(__file__).resolve().parents[1] / "data" / "error_messages.jsonl"
LAST_LINE = re.compile(r"category=([\d.]+) type=([\d.]+) wrong_retry=(\d+) n=(\d+)$")
LIMITS = Settings().retry


def verdict(category: ErrorCategory, error_type: str) -> Verdict:
    return Verdict(category, error_type)


# -- the table -------------------------------------------------------------------------------------


def test_every_type_has_one_sentence_of_remedy_and_a_policy_of_its_category() -> None:
    for kind in ERROR_TYPES.values():
        assert kind.remedy.endswith(".")
        assert kind.remedy.count(". ") == 0, kind.name
        assert kind.retry is POLICIES[kind.category]


def test_every_exception_class_writes_a_type_of_the_table() -> None:
    def children(cls: type[JobError]) -> set[type[JobError]]:
        return {cls}.union(*(children(child) for child in cls.__subclasses__()))

    ours = {cls for cls in children(JobError) if cls.__module__ == "engine.errors"}
    named = {cls for cls in ours if cls.default_type}
    assert len(named) >= 10
    for cls in named:
        assert ERROR_TYPES[cls.default_type].category is cls.category
        assert cls.default_type not in READ_ONLY_TYPES


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("claude_stuck", "navigation_stuck"),
        ("loggedout", "logged_out"),
        ("actionblocked", "action_blocked"),
        ("captcha", "verification"),
        ("terminated", "disabled"),
        ("platform_not_supported", "program_error"),
        ("LoggedOut", "logged_out"),
        ("made_up", "made_up"),
    ],
)
def test_old_type_names_are_read_as_todays(old: str, new: str) -> None:
    assert canonical_type(old) == new


def test_the_legacy_five_read_as_account() -> None:
    assert {category_of(name) for name in LEGACY_NON_RETRYABLE} == {ErrorCategory.ACCOUNT}


def test_a_type_that_nobody_knows_has_a_remedy_and_no_category() -> None:
    assert "evidence" in remedy("exception")
    assert category_of("exception") is None
    assert remedy("claude_stuck") == ERROR_TYPES["navigation_stuck"].remedy


# -- retry -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "attempts", "expected"),
    [
        (ErrorCategory.INFRASTRUCTURE, 2, True),
        (ErrorCategory.INFRASTRUCTURE, 3, False),
        (ErrorCategory.UNKNOWN, 1, True),
        (ErrorCategory.UNKNOWN, 2, False),
        (None, 1, True),
        (ErrorCategory.ACCOUNT, 0, False),
        (ErrorCategory.CONTENT, 0, False),
        (ErrorCategory.INTERNAL, 0, False),
        (ErrorCategory.IN_DOUBT, 0, False),
    ],
)
def test_the_category_alone_decides_the_retry(
    category: ErrorCategory | None, attempts: int, expected: bool
) -> None:
    assert retry_decision(category, attempts, LIMITS) is expected


def test_unknown_failures_are_final_when_switched_off() -> None:
    limits = LIMITS.model_copy(update={"retry_unknown": False})
    assert retry_decision(ErrorCategory.UNKNOWN, 1, limits) is False
    assert retry_decision(None, 1, limits) is False


# -- messages --------------------------------------------------------------------------------------


@given(st.text(), st.text(), st.text())
def test_every_text_gets_a_verdict_of_the_table(message: str, exception: str, phase: str) -> None:
    found = classify(message, exception=exception, phase=phase)
    if found.error_type:
        assert ERROR_TYPES[found.error_type].category is found.category
        assert found.error_type not in READ_ONLY_TYPES
    else:
        assert found.category is ErrorCategory.UNKNOWN


@pytest.mark.parametrize("message", ["", None, "   ", "account", "2025-12-19T10:36:18.374614", "1"])
def test_what_says_nothing_is_unknown(message: str | None) -> None:
    assert classify(message) == verdict(ErrorCategory.UNKNOWN, "")


@pytest.mark.parametrize("message", ["DEVICE OFFLINE", "We Suspended Your Account"])
def test_case_does_not_matter(message: str) -> None:
    assert classify(message) == classify(message.lower())
    assert classify(message).error_type in {"adb_timeout", "suspended"}


@pytest.mark.parametrize(
    "prose",
    [
        "the account was suspended for spam",
        'There is no "action blocked" warning',
        "the user must log in and verify your identity",
        "Error code: 401 was seen, moov atom not found",
    ],
)
@pytest.mark.parametrize(
    "head", ["Max steps reached - Vision analysis: ", "Loop stuck on action: wait - AI analysis: "]
)
def test_a_models_prose_is_never_judged(head: str, prose: str) -> None:
    assert classify(head + prose) == verdict(ErrorCategory.INFRASTRUCTURE, "navigation_stuck")


def test_a_models_broken_answer_is_not_judged_by_its_words() -> None:
    message = "JSON parse failed after 3 attempts. Response: your account has been disabled"
    assert classify(message, exception="ValueError", phase="ai_analysis") == verdict(
        ErrorCategory.INFRASTRUCTURE, "navigation_stuck"
    )


@pytest.mark.parametrize(
    "message",
    [
        'Posted to feed; no "action blocked" notice, not suspended, no captcha',
        "Accessibility service disabled on the helper",
        "[Errno 2] No such file or directory: '/videos/we suspended your account.mp4'",
        "GET https://example.org/your-account-was-banned/log-in failed",
        "'NoneType' object has no attribute 'login_required_at'",
    ],
)
def test_words_beside_the_point_condemn_no_account(message: str) -> None:
    assert classify(message).category is not ErrorCategory.ACCOUNT


@pytest.mark.parametrize(
    ("number", "category", "error_type"),
    [
        (42001, ErrorCategory.ACCOUNT, "not_in_geelark"),
        (43020, ErrorCategory.INFRASTRUCTURE, "phone_error"),
        (40003, ErrorCategory.INTERNAL, "program_error"),
        (50000, ErrorCategory.INFRASTRUCTURE, "network_error"),
        (60004, ErrorCategory.CONTENT, "corrupted_video"),
        (59999, ErrorCategory.INFRASTRUCTURE, "network_error"),
    ],
)
def test_the_providers_number_decides_before_its_words(
    number: int, category: ErrorCategory, error_type: str
) -> None:
    message = f"API error: {number} - your account is suspended, try again later"
    assert classify(message) == verdict(category, error_type)


def test_all_documented_codes_are_known_and_name_a_type() -> None:
    assert len(API_CODES) == 106
    for meaning in API_CODES.values():
        assert ERROR_TYPES[meaning.error_type].category is meaning.category
    assert api_code(40014).action is ApiAction.HALT


def test_device_not_found_is_adbs_and_phone_not_found_is_the_accounts() -> None:
    assert classify("error: device '10.0.0.1:5' not found").error_type == "adb_timeout"
    assert classify("Phone not found: someone").error_type == "not_in_geelark"


@pytest.mark.parametrize(
    ("message", "error_type"),
    [
        ("terminated: we disabled your account", "disabled"),
        ("suspended: your account was disabled", "disabled"),
        ("logged_out: create new account", "logged_out"),
        ("captcha: enter the code", "verification"),
        ("app_update: update instagram", "app_update"),
        ("max_steps", "navigation_stuck"),
        ("ai_error: the account looks suspended", "navigation_stuck"),
        ("ai_error: Error code: 401 - invalid x-api-key", "program_error"),
    ],
)
def test_the_flows_own_verdicts_map_to_types(message: str, error_type: str) -> None:
    assert classify(message).error_type == error_type


def test_an_operators_pattern_comes_first() -> None:
    own = ErrorPattern(phrase="Device Offline", category="internal", type="program_error")
    assert classify("error: device   offline", patterns=[own]) == verdict(
        ErrorCategory.INTERNAL, "program_error"
    )
    assert classify("adb: device offline again", patterns=[own]).error_type == "program_error"
    assert classify("device offlined", patterns=[own]).category is not ErrorCategory.INTERNAL
    prose = "Max steps reached - Vision analysis: device offline"
    assert classify(prose, patterns=[own]).error_type == "navigation_stuck"


def test_a_very_long_message_is_judged_by_its_beginning() -> None:
    assert classify("device offline " + "x" * 5_000_000).error_type == "adb_timeout"


# -- exceptions ------------------------------------------------------------------------------------


def test_a_typed_exception_keeps_its_own_category_and_type() -> None:
    assert classify_exception(AdbError("account suspended")) == verdict(
        ErrorCategory.INFRASTRUCTURE, "adb_timeout"
    )
    assert classify_exception(AccountError("x", error_type="verification")) == verdict(
        ErrorCategory.ACCOUNT, "verification"
    )
    assert classify_exception(NotInGeelarkError("x")).error_type == "not_in_geelark"
    assert classify_exception(InDoubtError("x")).category is ErrorCategory.IN_DOUBT


@pytest.mark.parametrize(
    ("exc", "category", "error_type"),
    [
        (TimeoutError(), ErrorCategory.INFRASTRUCTURE, "adb_timeout"),
        (TimeoutError("account suspended"), ErrorCategory.INFRASTRUCTURE, "adb_timeout"),
        (TimeoutError("Phone did not boot"), ErrorCategory.INFRASTRUCTURE, "phone_error"),
        (ConnectionError("gone"), ErrorCategory.INFRASTRUCTURE, "connection_dropped"),
        (ConnectionRefusedError(), ErrorCategory.INFRASTRUCTURE, "connection_dropped"),
        (subprocess.TimeoutExpired(["adb"], 3), ErrorCategory.INFRASTRUCTURE, "adb_timeout"),
        (OSError(errno.EFBIG, "File too large"), ErrorCategory.INFRASTRUCTURE, "phone_error"),
        (OSError(errno.EMFILE, "Too many files"), ErrorCategory.INFRASTRUCTURE, "phone_error"),
        (KeyError("account suspended"), ErrorCategory.INTERNAL, "program_error"),
        (AssertionError(), ErrorCategory.INTERNAL, "program_error"),
        (TypeError("x"), ErrorCategory.INTERNAL, "program_error"),
        (SettingsError("x"), ErrorCategory.INTERNAL, "program_error"),
        (RuntimeError("device offline"), ErrorCategory.INFRASTRUCTURE, "adb_timeout"),
        (RuntimeError("?"), ErrorCategory.UNKNOWN, ""),
    ],
)
def test_builtin_exceptions_are_fixed_by_their_class(
    exc: BaseException, category: ErrorCategory, error_type: str
) -> None:
    assert classify_exception(exc) == verdict(category, error_type)


def test_real_tool_exceptions_are_understood() -> None:
    from selenium.common.exceptions import InvalidSessionIdException, NoSuchElementException
    from urllib3.exceptions import ProtocolError

    gone = classify_exception(InvalidSessionIdException("A session is either terminated"))
    assert gone.error_type == "appium_crash"
    assert classify_exception(NoSuchElementException("?")).error_type == "navigation_stuck"
    assert classify_exception(ProtocolError("Connection aborted.")).error_type == (
        "connection_dropped"
    )
    with pytest.raises(FileNotFoundError) as missing:
        Path("/nowhere/clip-1.mp4").read_bytes()
    assert classify_exception(missing.value).error_type == "missing_video"
    with pytest.raises(subprocess.TimeoutExpired) as slow:
        subprocess.run(
            [sys.executable, "-c", "import time; time.sleep(9)"], timeout=0.01, check=False
        )
    assert classify_exception(slow.value).error_type == "adb_timeout"


# -- accuracy --------------------------------------------------------------------------------------


def figures(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[float, float, int, int]:
    assert error_accuracy.main([str(path)]) == 0
    match = LAST_LINE.match(capsys.readouterr().out.splitlines()[-1])
    assert match is not None
    return float(match[1]), float(match[2]), int(match[3]), int(match[4])


def test_our_own_messages_are_judged_as_labelled(capsys: pytest.CaptureFixture[str]) -> None:
    category, kind, wrong_retry, n = figures(OWN_MESSAGES, capsys)
    assert n >= 600
    assert category >= 0.99
    assert kind >= 0.99
    assert wrong_retry == 0


def test_recorded_messages_are_judged_right_where_the_program_wrote_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = shared_data("errors_dev.jsonl")
    category, kind, _, _ = figures(path, capsys)
    assert category >= 0.95
    assert kind >= 0.95
    wrong = [row for row in error_accuracy.judge(path) if not row.retry_right]
    assert len(wrong) == 7, "only the rows whose truth stands in a model's prose"
    assert all("Response:" in row.message for row in wrong)


def test_the_benchmark_counts_what_it_misses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"message": "device offline", "category": "infrastructure", "type": "adb_timeout"},
        {"message": "Post returned False", "category": "infrastructure", "type": "claude_stuck"},
        {"message": "device offline", "category": "account", "type": "banned"},
        {
            "message": "device offline",
            "category": "infrastructure",
            "type": "phone_error",
            "also": ["adb_timeout"],
        },
    ]
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert figures(path, capsys) == (0.75, 0.75, 1, 4)
    assert error_accuracy.main([str(tmp_path / "absent.jsonl")]) == 1
    assert "absent.jsonl" in capsys.readouterr().out
