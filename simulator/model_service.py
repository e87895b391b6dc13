"""The model's service, simulated: the Messages API over HTTP, with scripted answers and faults.

What is not scripted is answered by a policy. Every call is kept, so that a test can see what was
asked, and that nothing was asked.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator import model_replies
from simulator.model_policy import sensible
from simulator.model_replies import Failure, ModelFault, Reply, Scripted

MODELS: Final = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5")
UNFORCED: Final = frozenset({"claude-sonnet-5-5", "claude-opus-5-5"})
"""Models that refuse a forced choice of tool."""
VERSION: Final = re.compile(r"20\d\d-\d\d-\d\d")
"""Of the API, as the caller names it; all that we know of are alike in what is served here."""
ANY_KEY: Final = "sk-ant-simulated"
"""What a work directory on the farm has for a key; the farm's model takes every key."""
_LEAST_CACHED: Final = 512
"""Tokens from which a beginning is kept by the cache."""
_CHARACTERS_PER_TOKEN: Final = 4
_PICTURE_TOKENS: Final = 1_500

_NO_MESSAGES: Final = {
    ModelFault.GARBAGE: ("<html>proxy</html>", "application/json"),
    ModelFault.PROXY_PAGE: ("<html>proxy</html>", "text/html"),
    ModelFault.HALF_MESSAGE: ('{"content": [{"type": "tool_use"}]}', "application/json"),
}

Policy = Callable[[dict[str, Any]], Reply]


class _Tool(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")
    description: str = ""
    strict: bool = False
    input_schema: dict[str, Any]


class _Request(BaseModel):
    """The part of a request that we understand; anything else is refused, so it is noticed."""

    model_config = ConfigDict(extra="forbid")

    model: str
    max_tokens: int = Field(ge=1)
    messages: list[dict[str, Any]] = Field(min_length=1)
    system: str | list[dict[str, Any]] = ""
    tools: list[_Tool] = []
    tool_choice: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to the service, and what became of it."""

    body: dict[str, Any]
    status: int
    """HTTP status; 0 where no answer was given."""
    request_id: str
    usage: dict[str, int]

    @property
    def text(self) -> str:
        """All that the caller's message says."""
        content = self.body["messages"][0]["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        return "\n".join(block["text"] for block in blocks if block["type"] == "text")


class ModelService:
    """Routes of the service for one aiohttp application."""

    def __init__(self, *, key: str = "", policy: Policy = sensible) -> None:
        """``key``: the one that is accepted; empty = any."""
        self.script: deque[Scripted] = deque()
        """Answers of the next calls; then the policy answers."""
        self.calls: list[ModelCall] = []
        self._key = key
        self._policy = policy
        self._cached: set[str] = set()
        self._numbers = itertools.count(1)
        self._closing = asyncio.Event()

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/v1/models/{name}", self._model)
        app.cleanup_ctx.append(self._until_closed)
        app.on_shutdown.append(self._let_go)

    async def _until_closed(self, _app: web.Application) -> AsyncIterator[None]:
        yield
        self._closing.set()

    async def _let_go(self, _app: web.Application) -> None:
        """Whoever still waits for an answer that never comes is let go."""
        self._closing.set()

    async def _models(self, request: web.Request) -> web.Response:
        if not self._known(request):
            return self._answer(*_unauthorized())
        data = [_about(name) for name in MODELS]
        body = {"data": data, "first_id": MODELS[0], "last_id": MODELS[-1], "has_more": False}
        return self._answer(200, body, {})

    async def _model(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if not self._known(request):
            return self._answer(*_unauthorized())
        if name not in MODELS:
            return self._answer(404, model_replies.error("not_found_error", f"model: {name}"), {})
        return self._answer(200, _about(name), {})

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        body = await _json_object(request)
        if not self._known(request):
            return self._noted(body, *_unauthorized())
        if not VERSION.fullmatch(request.headers.get("anthropic-version", "")):
            return self._noted(body, *_invalid("anthropic-version: header is required"))
        wrong = _objection(body)
        if wrong is not None:
            return self._noted(body, *wrong)
        scripted = self.script.popleft() if self.script else self._policy(body)
        if isinstance(scripted, Failure):
            return await self._fail(request, body, scripted)
        usage = self._usage(body, scripted)
        return self._noted(
            body, 200, model_replies.message(scripted, body["model"], usage), {}, usage
        )

    async def _fail(
        self, request: web.Request, body: dict[str, Any], failure: Failure
    ) -> web.StreamResponse:
        if failure.fault in _NO_MESSAGES:
            text, kind = _NO_MESSAGES[failure.fault]
            self._note(body, 200, "", {})
            return web.Response(text=text, content_type=kind)
        if failure.fault in (ModelFault.TIMEOUT, ModelFault.DROPPED):
            self._note(body, 0, "", {})
            if failure.fault is ModelFault.TIMEOUT:
                await self._closing.wait()
            if request.transport is not None:
                request.transport.close()
            return web.Response(status=500)
        return self._noted(body, *model_replies.error_of(failure))

    def _known(self, request: web.Request) -> bool:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = request.headers.get("x-api-key", bearer)
        return bool(given) and self._key in ("", given)

    def _usage(self, body: dict[str, Any], reply: Reply) -> dict[str, int]:
        """Tokens as the real service counts them: what the cache holds apart from the rest."""
        beginning = json.dumps([body.get("tools"), body.get("system")])
        kept = len(beginning) // _CHARACTERS_PER_TOKEN
        marked = '"cache_control"' in beginning and kept >= _LEAST_CACHED
        known = marked and beginning in self._cached
        if marked:
            self._cached.add(beginning)
        pictures = sum('"image"' in json.dumps(block)[:40] for block in _blocks(body))
        words = sum(len(block.get("text", "")) for block in _blocks(body))
        said = len(reply.prose) + len(json.dumps(dict(reply.input)))
        return {
            "input_tokens": words // _CHARACTERS_PER_TOKEN
            + pictures * _PICTURE_TOKENS
            + (0 if marked else kept),
            "cache_creation_input_tokens": kept if marked and not known else 0,
            "cache_read_input_tokens": kept if known else 0,
            "output_tokens": max(1, said // _CHARACTERS_PER_TOKEN),
        }

    def _noted(
        self,
        body: dict[str, Any],
        status: int,
        answer: dict[str, Any],
        headers: dict[str, str],
        usage: dict[str, int] | None = None,
    ) -> web.Response:
        response = self._answer(status, answer, headers)
        self._note(body, status, response.headers["request-id"], usage or {})
        return response

    def _note(
        self, body: dict[str, Any], status: int, request_id: str, usage: dict[str, int]
    ) -> None:
        self.calls.append(ModelCall(body, status, request_id, usage))

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> web.Response:
        request_id = f"req_sim{next(self._numbers):06d}"
        if status != 200:
            body = {**body, "request_id": request_id}
        return web.json_response(body, status=status, headers={"request-id": request_id, **headers})


def _about(name: str) -> dict[str, str]:
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2026-10-07T00:00:00Z",
        "lifecycle": "active",
    }


def _objection(body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]] | None:
    """Why a request is refused; None where it is in order."""
    try:
        request = _Request.model_validate(body)
    except ValidationError as exc:
        first = exc.errors()[0]
        return _invalid(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    if request.model not in MODELS:
        return 404, model_replies.error("not_found_error", f"model: {request.model}"), {}
    choice = request.tool_choice.get("type", "auto")
    if choice in {"any", "tool"} and request.model in UNFORCED:
        return _invalid("tool_choice forces tool use is not compatible with this model.")
    if choice in {"any", "tool"} and not request.tools:
        return _invalid("tool_choice: tools are required")
    loose = [tool.name for tool in request.tools if tool.strict and not _closed(tool.input_schema)]
    if loose:
        return _invalid(f"tools.{loose[0]}: additionalProperties must be false with strict")
    return None


def _closed(schema: dict[str, Any]) -> bool:
    names = set(schema.get("properties", {}))
    return schema.get("additionalProperties") is False and set(schema.get("required", ())) == names


def _blocks(body: dict[str, Any]) -> list[dict[str, Any]]:
    content = body["messages"][0].get("content", [])
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _invalid(message: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    return 400, model_replies.error("invalid_request_error", message), {}


def _unauthorized() -> tuple[int, dict[str, Any], dict[str, str]]:
    return model_replies.error_of(Failure(fault=ModelFault.UNAUTHORIZED))


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
