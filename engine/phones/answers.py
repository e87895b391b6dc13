"""Read the provider's answers: the envelope and the per-item results of batch calls.

The shapes disagree with each other and with their own documentation: codes come as numbers or as
numeric text, ids as text or as numbers, whole parts may be absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import NetworkError
from engine.phones.codes import PROVIDER_FAULT
from engine.phones.phone import PhoneStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """What every answer has (its ``msg`` is informal and not kept)."""

    code: int
    data: Any
    trace_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Per phone: what succeeded with its fields, and the codes of what failed.

    An id that was asked for and is in neither was not mentioned by the provider.
    """

    succeeded: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)


def whole_number(value: object) -> int | None:
    """An integer, also one written as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.strip().lstrip("-").isdigit():
        return int(value)
    return None


def id_text(value: object) -> str:
    """An id as the text that it always is for us; empty for anything that is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def read_envelope(content: object, call: str) -> Envelope:
    """The envelope of a decoded body. Raises NetworkError for anything that is none."""
    if isinstance(content, dict):
        code = whole_number(content.get("code"))
        if code is not None:
            trace_id = content.get("traceId")
            return Envelope(
                code=code,
                data=content.get("data"),
                trace_id=trace_id if isinstance(trace_id, str) else "",
            )
    raise NetworkError(f"The provider's answer to {call} is not the envelope that it documents.")


def mapping_of(data: object, call: str) -> Mapping[str, Any]:
    """``data`` as an object. Raises NetworkError when it is none."""
    if isinstance(data, dict):
        return data
    raise NetworkError(f"The provider's answer to {call} lacks its data.")


def text_of(data: object, key: str, call: str) -> str:
    """A field that must be there as text. Raises NetworkError."""
    value = id_text(mapping_of(data, call).get(key))
    if not value:
        raise NetworkError(f"The provider's answer to {call} lacks {key}.")
    return value


def items_of(data: object, key: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a list that may be absent."""
    found = data.get(key) if isinstance(data, dict) else None
    if isinstance(found, Iterable) and not isinstance(found, str | bytes | Mapping):
        yield from (item for item in found if isinstance(item, dict))


def read_batch(data: object) -> Batch:
    """Dialects P1 and P2: ``successDetails`` and ``failDetails``.

    A phone in both counts as failed; a failure without a readable code gets 40000 (a fault).
    """
    failed = {
        id_text(item.get("id")): whole_number(item.get("code")) or PROVIDER_FAULT
        for item in items_of(data, "failDetails")
    }
    succeeded = {
        id_text(item.get("id")): item
        for item in items_of(data, "successDetails")
        if id_text(item.get("id")) not in failed
    }
    return Batch(succeeded=succeeded, failed=failed)


def read_status(value: object) -> PhoneStatus | None:
    """A status number; None for one that is not documented (it is never taken for off)."""
    number = whole_number(value)
    if number is None or number not in set(PhoneStatus):
        return None
    return PhoneStatus(number)
