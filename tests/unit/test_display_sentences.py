"""Events in words: what somebody reads who runs without a cockpit."""

from __future__ import annotations

from engine.display import sentence


def test_a_job_that_was_given_back_is_not_told_with_the_error_of_an_earlier_attempt() -> None:
    event = {
        "event": "outcome",
        "worker": 1,
        "job": "PO-1",
        "key": "PO-1",
        "category": "infrastructure",
        "error_type": "page_timeout",
        "error": "It was late.",
    }
    assert sentence({**event, "status": "pending"}) == "Worker 1: PO-1: pending"
    assert sentence({**event, "status": "retrying"}) == (
        "Worker 1: PO-1: retrying (infrastructure/page_timeout): It was late."
    )
