"""The provider's error codes as typed exceptions; its message texts are never interpreted.

Category and type of a code come from ``engine.taxonomy.api_codes``; here it gets its class and
its words. One code may mean different things at different endpoints (43020 to 43024 are shared by
phones and tags): the words are for the endpoints that a posting host uses.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from engine.errors import (
    AdbError,
    ContentError,
    InternalError,
    JobError,
    NetworkError,
    NotInGeelarkError,
    PhoneError,
    ServiceUnreachableError,
)
from engine.jobs import ErrorCategory
from engine.taxonomy.api_codes import ApiAction, api_code

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

_NOT_BEFORE_TOMORROW: Final = frozenset({43008, 44004})
"""Quotas of a day: waiting inside a pass is useless."""


class ApiError(JobError):
    """The provider answered with a code other than 0, for the call or for one phone of it."""

    def __init__(
        self, code: int, message: str, *, error_type: str = "", retry_soon: bool = False
    ) -> None:
        super().__init__(message, error_type=error_type, retry_soon=retry_soon)
        self.code = code


class ApiPhoneError(ApiError, PhoneError):
    """This phone cannot do it now."""


class PhoneMissingError(ApiError, NotInGeelarkError):
    """The provider has no such phone, or it has expired: a person must look."""


class ApiAdbError(ApiError, AdbError):
    """adb is not enabled on the phone."""


class ProviderFaultError(ApiError, NetworkError):
    """The provider failed; whether the call took effect is not known."""


class RateLimitedError(ApiError, NetworkError):
    """Too many calls; the call took no effect."""


class MediaRefusedError(ApiError, ContentError):
    """The provider does not take this file."""


class RequestRefusedError(ApiError, InternalError):
    """Our request or configuration is wrong: sending it again changes nothing."""


class AccessRefusedError(ApiError, InternalError, ServiceUnreachableError):
    """The provider does not let us in: token, signature, permission, address."""


_TOKEN_REMEDY: Final = (
    "set a valid GEELARK_API_TOKEN (or GEELARK_APP_ID with GEELARK_API_KEY) in the environment or "
    "in .env"
)

_WORDS: Final = MappingProxyType(
    {
        PROVIDER_FAULT: "an unclassified fault of its own",
        40003: f"it does not take the token or signature; {_TOKEN_REMEDY}",
        40005: "the phone was deleted",
        RATE_MINUTE: "too many calls in this minute",
        40011: "the feature is open to paying teams only",
        RATE_HOUR: "too many calls in this hour, so it locks this call for two hours",
        40015: "the token's user lacks the permission; give it in the provider's panel",
        40016: "this host's address is not on the team's allow-list; add it there",
        RATE_UNNAMED: "too many calls",
        41000: "the team has no task points left; top up",
        41001: "the balance is too low; top up the wallet",
        UNKNOWN_PHONE: "it has no such phone",
        NOT_RUNNING: "the phone is not running",
        43002: "the plan is too small, it needs Pro",
        EXPIRED: "the phone has expired; renew it or take the account out",
        43005: "the phone is executing a task of the provider",
        43006: "the phone is under remote control by a person",
        43007: "the phone was opened by another user",
        43008: "today's quota of phone starts is used up; it is renewed at midnight UTC",
        43009: "the phone is on already",
        43010: "the phone is booting",
        43011: "the phone is being re-imaged",
        43017: "no monthly-rental device is free",
        43018: "the monthly phone has no device bound to it",
        43020: "the phone is unavailable for now",
        43021: "the phone is in use",
        43028: "the token's user is confined to other groups; give it this phone's group",
        43029: "the phone's model is under maintenance",
        43039: "the provider is under maintenance",
        44001: "the plan is too small, it needs Pro",
        44006: "no phones are in stock",
        45002: "the phone's proxy is not usable",
        45003: "the phone's proxy lies in a region that is not allowed",
        45004: "the check of the phone's proxy failed",
        46001: "the plan has expired; renew it",
        46002: "the team owns more phones than the plan allows",
        46003: "the user owns more phones than the plan allows",
        47001: "all phones that the plan allows at once are on",
        47002: "it has no free phones at the moment",
        47003: "the device bound to the phone has expired",
        47004: "the device bound to the phone is missing",
        ADB_OFF: "adb is not enabled on the phone",
        49002: "the phone's model has no adb; move the account to another model",
        50000: "a server fault of its own",
    }
)

_BY_TYPE: Final[MappingProxyType[str, type[ApiError]]] = MappingProxyType(
    {"adb_timeout": ApiAdbError, "network_error": ProviderFaultError, "phone_error": ApiPhoneError}
)


def api_error(code: int, doing: str, *, trace_id: str = "") -> ApiError:
    """The exception for a code; ``doing`` names call and phone: ``start phone 12 (acc1)``."""
    meaning = api_code(code)
    kind = _class_of(code)
    words = _WORDS.get(code) or (
        "it calls our request wrong"
        if meaning.category is ErrorCategory.INTERNAL
        else "it gives no reason that we know"
    )
    trace = f", trace {trace_id}" if trace_id else ""
    soon = meaning.action is ApiAction.WAIT and code not in _NOT_BEFORE_TOMORROW
    return kind(
        code,
        f"The provider refused to {doing}: {words} (code {code}{trace}).",
        error_type="" if kind is PhoneMissingError else meaning.error_type,
        retry_soon=soon or code in RATE_CODES,
    )


def _class_of(code: int) -> type[ApiError]:
    meaning = api_code(code)
    if code in RATE_CODES:
        return RateLimitedError
    if meaning.category is ErrorCategory.ACCOUNT or code == EXPIRED:
        # An expired phone is as good as none: only a person can renew it.
        return PhoneMissingError
    if meaning.category is ErrorCategory.CONTENT:
        return MediaRefusedError
    if meaning.category is ErrorCategory.INTERNAL:
        return AccessRefusedError if meaning.action is ApiAction.HALT else RequestRefusedError
    return _BY_TYPE[meaning.error_type]


def no_credentials() -> AccessRefusedError:
    """Nothing to sign a request with."""
    return AccessRefusedError(
        0, f"The cloud provider cannot be asked without credentials: {_TOKEN_REMEDY}."
    )
