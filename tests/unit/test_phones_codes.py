"""Error codes become typed exceptions with the category of the shared table."""

from __future__ import annotations

import pytest

from engine.errors import ExitCode, NotInGeelarkError, PhoneError, ServiceUnreachableError
from engine.jobs import ErrorCategory
from engine.phones.codes import (
    EXPIRED,
    AccessRefusedError,
    ApiAdbError,
    PhoneMissingError,
    ProviderFaultError,
    RateLimitedError,
    RequestRefusedError,
    api_error,
    no_credentials,
)
from engine.taxonomy.api_codes import API_CODES


@pytest.mark.parametrize("code", sorted(set(API_CODES) - {EXPIRED}))
def test_every_documented_code_has_the_category_and_type_of_the_table(code: int) -> None:
    error = api_error(code, "start phone acc1")
    assert (error.category, error.error_type) == (
        API_CODES[code].category,
        API_CODES[code].error_type,
    )
    assert error.code == code
    assert f"code {code}" in str(error)
    assert "start phone acc1" in str(error)


@pytest.mark.parametrize("code", [43007, 47002, 47001, 43020, 43005, 43006, 43029, 40007, 40014])
def test_lack_of_capacity_is_worth_trying_soon(code: int) -> None:
    assert api_error(code, "start phone acc1").retry_soon


@pytest.mark.parametrize("code", [43008, 41001, 45002, 47004, 43018])
def test_what_a_pass_cannot_wait_for_is_not_tried_soon(code: int) -> None:
    error = api_error(code, "start phone acc1")
    assert isinstance(error, PhoneError)
    assert not error.retry_soon


@pytest.mark.parametrize("code", [42001, EXPIRED])
def test_missing_and_expired_phones_wait_for_a_person(code: int) -> None:
    error = api_error(code, "start phone acc1")
    assert isinstance(error, PhoneMissingError)
    assert isinstance(error, NotInGeelarkError)
    assert error.category is ErrorCategory.ACCOUNT
    assert error.error_type == "not_in_geelark"


def test_refused_token_names_its_remedy_and_its_exit_status() -> None:
    for error in (api_error(40003, "list the phones"), no_credentials()):
        assert isinstance(error, AccessRefusedError)
        assert isinstance(error, ServiceUnreachableError)
        assert error.exit_code is ExitCode.UNREACHABLE
        assert error.category is ErrorCategory.INTERNAL
        assert "GEELARK_API_TOKEN" in str(error)


def test_classes_tell_faults_limits_adb_and_wrong_requests_apart() -> None:
    assert isinstance(api_error(40000, "x"), ProviderFaultError)
    assert isinstance(api_error(50000, "x"), ProviderFaultError)
    assert isinstance(api_error(40017, "x"), RateLimitedError)
    assert isinstance(api_error(49001, "x"), ApiAdbError)
    assert isinstance(api_error(40004, "x"), RequestRefusedError)


def test_undocumented_code_counts_as_a_fault_of_the_provider() -> None:
    error = api_error(99999, "start phone acc1", trace_id="t-1")
    assert error.category is ErrorCategory.INFRASTRUCTURE
    assert "99999" in str(error)
    assert "t-1" in str(error)
