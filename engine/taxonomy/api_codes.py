"""The cloud provider's numeric error codes: who is at fault and what helps.

A number decides before any text (behaviour A9.11). The provider documents no code about a social
account; the one that stands here as such says that the account's phone does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from engine.jobs import ErrorCategory


class ApiAction(StrEnum):
    """What a caller should do about a code."""

    RETRY = "retry"
    """Soon."""
    WAIT = "wait"
    """With growing pauses."""
    POLL = "poll"
    """Ask for the state until it is the wanted one."""
    PARK = "park"
    """Leave this phone alone."""
    HALT = "halt"
    """Nothing will work on this host until a person has acted."""
    FIX = "fix"
    """Never repeat unchanged."""
    REUPLOAD = "reupload"
    """Send the media again."""
    ITEMS = "items"
    """Look at each item of the answer."""


@dataclass(frozen=True, slots=True)
class ApiCode:
    """What a code means to us."""

    category: ErrorCategory
    error_type: str
    action: ApiAction


_ACCOUNT = ErrorCategory.ACCOUNT
_CONTENT = ErrorCategory.CONTENT
_INFRA = ErrorCategory.INFRASTRUCTURE
_INTERNAL = ErrorCategory.INTERNAL


def _codes(text: str) -> tuple[int, ...]:
    return tuple(int(code) for code in text.split())


_GROUPS: Final = (
    (ApiCode(_ACCOUNT, "not_in_geelark", ApiAction.PARK), _codes("42001")),
    (ApiCode(_CONTENT, "corrupted_video", ApiAction.FIX), _codes("60004")),
    # server faults and rate limits
    (ApiCode(_INFRA, "network_error", ApiAction.RETRY), _codes("40000 50000")),
    (ApiCode(_INFRA, "network_error", ApiAction.WAIT), _codes("40007 40017")),
    (ApiCode(_INFRA, "network_error", ApiAction.HALT), _codes("40014")),
    # batches: the items decide
    (ApiCode(_INFRA, "phone_error", ApiAction.ITEMS), _codes("40006 40009")),
    # phones, plans, stock
    (ApiCode(_INFRA, "adb_timeout", ApiAction.POLL), _codes("49001")),
    (ApiCode(_INFRA, "phone_error", ApiAction.POLL), _codes("42002")),
    (
        ApiCode(_INFRA, "phone_error", ApiAction.WAIT),
        _codes(
            """42003 43005 43006 43007 43008 43009 43010 43011 43020 43021 43029 43039
            44004 44006 47001 47002"""
        ),
    ),
    (ApiCode(_INFRA, "phone_error", ApiAction.PARK), _codes("42005 43004 45002 45004 47003 47004")),
    (
        ApiCode(_INFRA, "phone_error", ApiAction.HALT),
        _codes(
            """40011 41000 41001 43002 43017 43018 44001 44002 44003 46001 46002 46003
            60001"""
        ),
    ),
    # our request, our bookkeeping, our rights
    (ApiCode(_INTERNAL, "program_error", ApiAction.HALT), _codes("40003 40015 40016 43028")),
    (ApiCode(_INTERNAL, "program_error", ApiAction.PARK), _codes("40005 43038 45003 49002")),
    (ApiCode(_INTERNAL, "program_error", ApiAction.REUPLOAD), _codes("48003 60003")),
    (
        ApiCode(_INTERNAL, "program_error", ApiAction.FIX),
        _codes(
            """40001 40002 40004 40008 40010 40012 40013 41002 41003 42004 42006 42007
            42008 43001 43012 43013 43014 43015 43016 43019 43022 43023 43024 43025
            43026 43027 43030 43031 43032 43033 43034 43035 43036 43037 44005 45001
            45005 45006 45007 45008 48000 48001 48002 48004 50001 51001 52001 53001
            60002 60005"""
        ),
    ),
)

API_CODES: Final[Mapping[int, ApiCode]] = MappingProxyType(
    {code: meaning for meaning, codes in _GROUPS for code in codes}
)
"""Every documented code."""

UNLISTED: Final = ApiCode(_INFRA, "network_error", ApiAction.RETRY)
"""A number that the provider does not document: its fault until known better."""


def api_code(code: int) -> ApiCode:
    """Meaning of a code; an undocumented one counts as a fault of the provider."""
    return API_CODES.get(code, UNLISTED)
