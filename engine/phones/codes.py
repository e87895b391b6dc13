"""The provider's error codes as typed exceptions; its message texts are never interpreted.

One code may mean different things at different endpoints (43020 to 43024 are shared by phones and
tags); this table is for the endpoints that a posting host uses.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from engine.errors import (
    AdbError,
    InternalError,
    JobError,
    NetworkError,
    NotInGeelarkError,
    PhoneError,
    ServiceUnreachableError,
)

RATE_MINUTE: Final = 40007
RATE_HOUR: Final = 40014
RATE_UNNAMED: Final = 40017
RATE_CODES: Final = frozenset({RATE_MINUTE, RATE_HOUR, RATE_UNNAMED})

PROVIDER_FAULT: Final = 40000
"""Also taken for an item whose own code cannot be read."""
UNKNOWN_PHONE: Final = 42001
NOT_RUNNING: Final = 42002
EXPIRED: Final = 43004
ADB_OFF: Final = 49001
ADB_IMPOSSIBLE: Final = 49002


class ApiError(JobError):
    """The provider answered with a code other than 0, for the call or for one phone of it."""

    def __init__(self, code: int, message: str, *, retry_soon: bool = False) -> None:
        super().__init__(message, retry_soon=retry_soon)
        self.code = code


class ApiPhoneError(ApiError, PhoneError):
    """This phone cannot do it now."""


class PhoneMissingError(ApiError, NotInGeelarkError):
    """The provider has no such phone, or it has expired: a person must look."""


class ApiAdbError(ApiError, AdbError):
    """adb is not enabled on the phone, or its model has none."""


class ProviderFaultError(ApiError, NetworkError):
    """The provider failed; whether the call took effect is not known."""


class RateLimitedError(ApiError, PhoneError):
    """Too many calls; the call took no effect."""


class RequestRefusedError(ApiError, InternalError):
    """Our request or configuration is wrong: sending it again changes nothing."""


class AccessRefusedError(ApiError, InternalError, ServiceUnreachableError):
    """The provider does not let us in: token, signature, permission, address."""


_TOKEN_REMEDY: Final = (
    "set a valid GEELARK_API_TOKEN (or GEELARK_APP_ID with GEELARK_API_KEY) in the environment or "
    "in .env"
)

_KINDS: Final[MappingProxyType[type[ApiError], dict[int, str]]] = MappingProxyType(
    {
        AccessRefusedError: {
            40003: f"it refuses the token or signature: {_TOKEN_REMEDY}",
            40013: f"it does not know the user: {_TOKEN_REMEDY}",
            40015: "the token's user lacks the permission: give it in the provider's panel",
            40016: "this host's address is not on the team's allow-list: add it there",
            43028: "the token's user is confined to other groups: give it this phone's group",
        },
        RateLimitedError: {
            RATE_MINUTE: "too many calls in this minute",
            RATE_HOUR: "too many calls in this hour; it locks that call for two hours",
            RATE_UNNAMED: "too many calls",
        },
        ProviderFaultError: {
            PROVIDER_FAULT: "unclassified fault at the provider",
            50000: "server fault at the provider",
        },
        PhoneMissingError: {
            40005: "the phone was deleted",
            UNKNOWN_PHONE: "it has no such phone",
            EXPIRED: "the phone has expired: renew it or take the account out",
        },
        ApiAdbError: {
            ADB_OFF: "adb is not enabled on the phone",
            ADB_IMPOSSIBLE: "the phone's model has no adb: move the account to another model",
        },
    }
)

_SOON: Final = MappingProxyType(
    {
        43005: "the phone is executing a task of the provider",
        43006: "the phone is under remote control by a person",
        43007: "the phone was opened by another user",
        43009: "the phone is on already",
        43010: "the phone is booting",
        43011: "the phone is being re-imaged",
        43020: "the phone is unavailable for now",
        43021: "the phone is in use",
        43029: "the phone's model is under maintenance",
        43039: "the provider is under maintenance",
        44006: "no phones are in stock",
        47001: "all phones that the plan allows at once are on",
        47002: "the provider has no free phones at the moment",
    }
)
"""Passes by itself; worth trying again inside the pass."""

_PHONE: Final = MappingProxyType(
    {
        40011: "the feature is open to paying teams only",
        41000: "the team has no task points left: top up",
        41001: "the balance is too low: top up the wallet",
        NOT_RUNNING: "the phone is not running",
        43002: "the plan is too small: it needs Pro",
        43008: "today's quota of phone starts is used up; it is renewed at midnight UTC",
        43017: "no monthly-rental device is free",
        43018: "the monthly phone has no device bound to it",
        44001: "the plan is too small: it needs Pro",
        44002: "the plan's number of phones is reached",
        44003: "this user's number of phones is reached",
        45002: "the phone's proxy is not usable",
        45003: "the phone's proxy lies in a region that is not allowed",
        45004: "the check of the phone's proxy failed",
        46001: "the plan has expired: renew it",
        46002: "the team owns more phones than the plan allows",
        46003: "the user owns more phones than the plan allows",
        47003: "the device bound to the phone has expired",
        47004: "the device bound to the phone is missing",
    }
)

_INTERNAL_RANGES: Final = (
    range(40001, 40018),
    range(41002, 41004),
    range(42003, 42009),
    range(43001, 43040),
    range(44001, 44007),
    range(45001, 45009),
    range(48000, 48005),
    range(50001, 50002),
    range(60001, 60006),
)
"""Codes of the table that mean a wrong request; any code outside of it is taken as a fault."""


def api_error(code: int, doing: str, *, trace_id: str = "") -> ApiError:
    """The exception for a code; ``doing`` names call and phone: ``start phone 12 (acc1)``."""
    trace = f", trace {trace_id}" if trace_id else ""

    def text(meaning: str) -> str:
        return f"The provider refused to {doing}: {meaning} (code {code}{trace})."

    for kind, meanings in _KINDS.items():
        if code in meanings:
            return kind(code, text(meanings[code]), retry_soon=kind is RateLimitedError)
    if code in _SOON:
        return ApiPhoneError(code, text(_SOON[code]), retry_soon=True)
    if code in _PHONE:
        return ApiPhoneError(code, text(_PHONE[code]))
    if any(code in known for known in _INTERNAL_RANGES):
        return RequestRefusedError(code, text("it calls our request wrong"))
    return ApiPhoneError(code, text("it gives a code that its documentation does not name"))


def no_credentials() -> AccessRefusedError:
    """Nothing to sign a request with."""
    return AccessRefusedError(
        0, f"The cloud provider cannot be asked without credentials: {_TOKEN_REMEDY}."
    )
