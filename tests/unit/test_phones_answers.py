"""The provider's answers in all the shapes that its documentation and samples show."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import NetworkError
from engine.phones.answers import items_of, read_batch, read_envelope, read_status, text_of
from engine.phones.phone import PhoneStatus


@pytest.mark.parametrize(
    ("number", "status", "billed"),
    [
        (0, PhoneStatus.STARTED, True),
        (1, PhoneStatus.STARTING, True),
        (2, PhoneStatus.SHUT_DOWN, False),
        (3, PhoneStatus.EXPIRED, False),
    ],
)
def test_status_numbers_mean_what_the_vendor_says(
    number: int, status: PhoneStatus, billed: bool
) -> None:
    assert read_status(number) is status
    assert read_status(str(number)) is status
    assert status.billed is billed


@pytest.mark.parametrize("value", [4, -1, None, "on", True, 2.0, {}])
def test_undocumented_status_is_none_and_so_never_taken_for_off(value: object) -> None:
    assert read_status(value) is None


def test_batch_reads_codes_and_ids_as_number_or_text() -> None:
    batch = read_batch(
        {
            "totalAmount": 3,
            "successDetails": [{"id": 497550918229753860, "status": 2}],
            "failDetails": [
                {"code": "43005", "id": "a", "msg": "x"},
                {"code": 42001, "id": 12, "msg": "env not found"},
            ],
        }
    )
    assert set(batch.succeeded) == {"497550918229753860"}
    assert batch.failed == {"a": 43005, "12": 42001}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"successDetails": None, "failDetails": None},
        {"failDetails": "none"},
        {"failDetails": ["code: 43005", 7]},
        {"successDetails": {"id": "a"}},
    ],
)
def test_batch_without_readable_items_mentions_no_phone(data: Any) -> None:
    batch = read_batch(data)
    assert not batch.succeeded
    assert not batch.failed


def test_phone_that_both_succeeded_and_failed_counts_as_failed() -> None:
    batch = read_batch(
        {"successDetails": [{"id": "a"}], "failDetails": [{"id": "a", "code": 43005}]}
    )
    assert not batch.succeeded
    assert batch.failed == {"a": 43005}


def test_failure_without_a_readable_code_counts_as_a_fault() -> None:
    assert read_batch({"failDetails": [{"id": "a", "code": "?"}]}).failed == {"a": 40000}


@pytest.mark.parametrize("content", [None, [], "x", 0, {}, {"code": None}, {"code": "ok"}])
def test_body_that_is_no_envelope_is_a_network_error(content: object) -> None:
    with pytest.raises(NetworkError, match="phone/list"):
        read_envelope(content, "phone/list")


def test_envelope_may_lack_everything_but_its_code() -> None:
    envelope = read_envelope({"code": "0"}, "phone/start")
    assert (envelope.code, envelope.data, envelope.trace_id) == (0, None, "")


def test_missing_field_is_named() -> None:
    with pytest.raises(NetworkError, match="taskId"):
        text_of({"taskid": "1"}, "taskId", "phone/uploadFile")
    assert list(items_of({"items": [{"a": 1}, None, 3]}, "items")) == [{"a": 1}]
