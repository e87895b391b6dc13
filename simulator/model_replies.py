"""What the simulated model can answer: messages, errors in their real shapes, and faults."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class ModelFault(StrEnum):
    """What can go wrong with one call, beside answers that are merely wrong."""

    TIMEOUT = "timeout"
    """No answer as long as the caller waits."""
    DROPPED = "dropped"
    """The connection is closed without an answer."""
    GARBAGE = "garbage"
    """Something that claims to be JSON and is none."""
    PROXY_PAGE = "proxy_page"
    """A page of a proxy, with 200."""
    HALF_MESSAGE = "half_message"
    """JSON without most of what an answer has."""
    OVERLOADED = "overloaded"
    """529."""
    SERVER_ERROR = "server_error"
    """500."""
    RATE_LIMITED = "rate_limited"
    """429 with ``retry-after``."""
    SPEND_LIMIT = "spend_limit"
    """429 that no waiting mends."""
    UNAUTHORIZED = "unauthorized"
    """401."""
    NO_CREDIT = "no_credit"
    """402."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """One scripted fault."""

    fault: ModelFault
    retry_after: float | None = None
    """Seconds, of a rate limit or an overload."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One scripted message."""

    tool: str = ""
    """Name of the tool that is called; empty = none."""
    input: Mapping[str, Any] = field(default_factory=dict)
    prose: str = ""
    """Text before the tool call, or instead of it."""
    stop_reason: str = ""
    """Empty = as the content has it."""
    calls: int = 1
    """How often the tool is called in this one message."""


Scripted = Reply | Failure

_ERRORS: Final[Mapping[ModelFault, tuple[int, str, str]]] = {
    ModelFault.OVERLOADED: (529, "overloaded_error", "Overloaded"),
    ModelFault.SERVER_ERROR: (500, "api_error", "Internal server error"),
    ModelFault.RATE_LIMITED: (
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit.",
    ),
    ModelFault.SPEND_LIMIT: (429, "rate_limit_error", "You have reached your spend limit."),
    ModelFault.UNAUTHORIZED: (401, "authentication_error", "invalid x-api-key"),
    ModelFault.NO_CREDIT: (402, "billing_error", "Your credit balance is too low."),
}
_numbers = itertools.count(1)


def step(action: str, element: int | None = None, *, reason: str = "it closes the screen") -> Reply:
    return Reply(tool="take_step", input={"action": action, "element": element, "reason": reason})


def verdict(name: str, words: str = "", *, reason: str = "the screen says so") -> Reply:
    return Reply(tool="give_verdict", input={"verdict": name, "words": words, "reason": reason})


def refusal() -> Reply:
    return Reply(stop_reason="refusal")


def prose(text: str) -> Reply:
    """An answer without a tool call."""
    return Reply(prose=text)


def error_of(failure: Failure) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of a scripted error; only for faults that are answers."""
    status, kind, message = _ERRORS[failure.fault]
    body = error(kind, message)
    if failure.fault is ModelFault.SPEND_LIMIT:
        body["error"]["details"] = {"error_code": "enforced_spend_limit_reached"}
    headers = {} if failure.retry_after is None else {"retry-after": f"{failure.retry_after:g}"}
    return status, body, headers


def error(kind: str, message: str) -> dict[str, Any]:
    """The body of every error."""
    return {"type": "error", "error": {"type": kind, "message": message}}


def message(reply: Reply, model: str, usage: Mapping[str, int]) -> dict[str, Any]:
    """A whole answer of ``POST /v1/messages``."""
    number = next(_numbers)
    content: list[dict[str, Any]] = []
    if reply.prose:
        content.append({"type": "text", "text": reply.prose})
    if reply.tool:
        content += [
            {
                "type": "tool_use",
                "id": f"toolu_sim{number:06d}{turn}",
                "name": reply.tool,
                "input": dict(reply.input),
            }
            for turn in range(reply.calls)
        ]
    stop_reason = reply.stop_reason or ("tool_use" if reply.tool else "end_turn")
    return {
        "id": f"msg_sim{number:06d}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {**usage, "service_tier": "standard"},
    }
