from __future__ import annotations

import pytest

from engine import filters
from engine.errors import InputError
from engine.jobs import ErrorCategory, Job, JobStatus

JOBS = [
    Job(job_id="a1", account="acct1", video_path="", caption="", status=JobStatus.FAILED,
        error="device offline", error_type="adb_timeout",
        error_category=ErrorCategory.INFRASTRUCTURE),
    Job(job_id="a2", account="acct2", video_path="", caption="", status=JobStatus.FAILED,
        error="suspended", error_type="suspended", error_category=ErrorCategory.ACCOUNT),
    Job(job_id="a3", account="acct30", video_path="", caption="", status=JobStatus.RETRYING),
    Job(job_id="a4", account="acct3", video_path="", caption="", status=JobStatus.SUCCESS),
]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("status:failed", ["a1", "a2"]),
        ("status:failed,retrying", ["a1", "a2", "a3"]),
        ("status:failed -class:account", ["a1"]),
        ("why:adb", ["a1"]),
        ("account:acct3", ["a3", "a4"]),
        ("account:=acct3", ["a4"]),
        ("OFFLINE", ["a1"]),
        ('"device offline"', ["a1"]),
        ("status:success failed", []),
    ],
)
def test_a_filter_chooses_what_its_words_say(expression: str, ids: list[str]) -> None:
    assert filters.choose(JOBS, expression) == ids


@pytest.mark.parametrize(
    ("expression", "named"),
    [("colour:red", "colour"), ("", "empty"), ("status:", "status:"), ('"open', "quote")],
)
def test_a_filter_that_is_not_understood_says_which_word(expression: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        filters.choose(JOBS, expression)
