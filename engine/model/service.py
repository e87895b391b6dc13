"""The model's service over its own SDK: one call, bounded in time, with typed failures.

The SDK retries nothing by itself: how often a call is made is decided where its cost is known. It
is loaded with the first call, since most jobs make none and it costs a second. Neither requests nor
answers are logged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

from engine.logs import redact, silence
from engine.model.errors import (
    BadAnswerError,
    ModelError,
    ModelOverloadedError,
    ModelRateLimitedError,
    ModelSetupError,
    ModelTimeoutError,
    ModelUnreachableError,
)
from engine.model.usage import Usage
from engine.output import plain

if TYPE_CHECKING:
    import anthropic
    from anthropic.types import (
        ImageBlockParam,
        Message,
        TextBlockParam,
        ToolChoiceParam,
        ToolParam,
    )

    from engine.config import Model

T = TypeVar("T")
SHORTEST_CALL: Final = 0.5
"""Seconds; with less left no call is worth its price."""
_QUOTED: Final = 160
_UNREADABLE: Final = "The model's service answered something unreadable."
_SPENT: Final = frozenset(
    {
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
    }
)
"""A 429 that no waiting mends: the account's money is used up."""


class ModelService:
    """Makes calls with one key; closed once, by the one who made it."""

    def __init__(self, settings: Model, key: str) -> None:
        self._settings = settings
        self._key = key
        self.refused = ""
        """Why nothing more is to be asked with this key and these settings; empty while it is."""
        silence(("anthropic", "httpx2", "httpcore2"))

    @cached_property
    def _client(self) -> anthropic.Anthropic:
        import anthropic

        return anthropic.Anthropic(
            api_key=self._key, base_url=self._settings.base_url, max_retries=0
        )

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    def ask(
        self,
        *,
        system: Iterable[TextBlockParam],
        tools: Iterable[ToolParam],
        content: Iterable[TextBlockParam | ImageBlockParam],
        timeout: float,
    ) -> Message:
        """One question, at most ``timeout`` seconds. Raises ModelError, ModelSetupError."""

        def create() -> Message:
            return self._client.messages.create(
                model=self._settings.name,
                max_tokens=self._settings.max_tokens,
                system=system,
                tools=tools,
                tool_choice=self._tool_choice(),
                messages=[{"role": "user", "content": list(content)}],
                timeout=timeout,
            )

        answer = self._typed(create, timeout)
        if not _is_message(answer):
            raise BadAnswerError(_UNREADABLE)
        return answer

    def check(self) -> None:
        """The key is taken and the model there; costs nothing. Raises as ``ask`` does."""
        timeout = self._settings.timeout_seconds
        self._typed(
            lambda: self._client.models.retrieve(self._settings.name, timeout=timeout), timeout
        )

    def _typed(self, call: Callable[[], T], timeout: float) -> T:
        """The call's answer, or our own error for what went wrong."""
        import anthropic

        try:
            return call()
        except anthropic.APIError as exc:
            error = self._error(exc, timeout)
            if isinstance(error, ModelSetupError):
                self.refused = str(error)
            raise error from None
        except ValueError:  # no JSON where JSON was said to be
            raise BadAnswerError(_UNREADABLE) from None

    def _tool_choice(self) -> ToolChoiceParam:
        if self._settings.tool_choice == "auto":
            return {"type": "auto", "disable_parallel_tool_use": True}
        return {"type": "any", "disable_parallel_tool_use": True}

    def _error(self, exc: anthropic.APIError, timeout: float) -> ModelError | ModelSetupError:
        import anthropic

        place = self._settings.base_url
        match exc:
            case anthropic.APITimeoutError():
                return ModelTimeoutError(f"The model did not answer within {timeout:.0f} s.")
            case anthropic.APIConnectionError():
                return ModelUnreachableError(
                    f"The model's service at {place} could not be reached: look at the network and "
                    "model.base_url."
                )
            case anthropic.APIStatusError():
                return _refused(exc, self._settings)
        return BadAnswerError(_UNREADABLE)


def _refused(exc: anthropic.APIStatusError, settings: Model) -> ModelError | ModelSetupError:
    """What an answer of 4xx or 5xx means; the number and the error's code decide, never words."""
    status = exc.status_code
    kind = f" {plain(str(exc.type))[:40]}" if exc.type else ""
    known = f"{status}{kind}{_request(exc)}"
    if status == 429 and exc.error_code not in _SPENT:
        return ModelRateLimitedError(
            f"The model's service limits how often this key may ask ({known}).",
            retry_after=_retry_after(exc),
        )
    if status in {408, 409} or status >= 500:
        return ModelOverloadedError(
            f"The model's service is overloaded or has a fault ({known}).",
            retry_after=_retry_after(exc),
        )
    if status in {401, 403}:
        return ModelSetupError(
            f"The model's service refuses the key ({known}): correct ANTHROPIC_API_KEY in .env or "
            "the environment, or run with --no-ai-fallback."
        )
    if status in {402, 429}:
        return ModelSetupError(
            f"The account of the model's key has no credit left ({known}): see to its billing, or "
            "run with --no-ai-fallback."
        )
    if status == 404:
        return ModelSetupError(
            f"The model's service knows no model {settings.name!r} ({known}): correct model.name "
            "or model.base_url."
        )
    said = redact(plain(str(exc.api_message or "")))[:_QUOTED]
    return ModelSetupError(
        f"The model's service refuses our request ({known}): {said!r}; check model.name and "
        "model.tool_choice."
    )


def _request(exc: anthropic.APIStatusError) -> str:
    """The service's name for this call: its support asks for it."""
    return f", {plain(exc.request_id)[:64]}" if exc.request_id else ""


def _retry_after(exc: anthropic.APIStatusError) -> float | None:
    try:
        seconds = float(exc.response.headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return seconds if 0 <= seconds < 86_400 else None


def _is_message(answer: object) -> bool:
    """The SDK builds what it was sent, whatever that is: a proxy's page, or half a message."""
    from anthropic.types import Message, Usage

    return (
        isinstance(answer, Message)
        and isinstance(getattr(answer, "content", None), list)
        and isinstance(getattr(answer, "usage", None), Usage)
        and isinstance(getattr(answer.usage, "input_tokens", None), int)
        and isinstance(getattr(answer.usage, "output_tokens", None), int)
    )


def usage_of(message: Message) -> Usage:
    """What the service counted."""
    counted = message.usage
    return Usage(
        input=counted.input_tokens,
        output=counted.output_tokens,
        cache_write=counted.cache_creation_input_tokens or 0,
        cache_read=counted.cache_read_input_tokens or 0,
    )
