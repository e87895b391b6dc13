"""The provider's HTTP API: headers, envelope, limits, faults, and the way to each call.

Every handled request is answered with HTTP 200 and an envelope, errors included; what the gateway
in front does (unknown path, 5xx, a lost connection) is not.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import inspect
import json
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from simulator import cloud_files, cloud_money, cloud_phones
from simulator.cloud import Cloud, Endpoint, Nothing
from simulator.errors import Refused
from simulator.farm_file import HTTP_KINDS, FaultKind
from simulator.rate_limits import RateLimiter
from simulator.storage import Storage
from simulator.world import Farm

PREFIX = "/open/v1/"
MAX_BODY = 1 << 20


def auth_status(_cloud: Cloud, _body: Nothing) -> None:
    """Getting here is the answer: the token works."""


ENDPOINTS: dict[str, Endpoint] = {
    "auth/status": Endpoint(Nothing, auth_status),
    **cloud_phones.ENDPOINTS,
    **cloud_files.ENDPOINTS,
    **cloud_money.ENDPOINTS,
}


class CloudApi:
    """The API of one farm as routes of an aiohttp application."""

    def __init__(self, farm: Farm) -> None:
        self.farm = farm
        self.cloud = Cloud(
            farm=farm,
            storage=Storage(farm.folder / "storage", farm.clock),
            limits=RateLimiter(farm.file.rate_limits, farm.clock),
        )

    def add_routes(self, app: web.Application) -> None:
        app.router.add_put("/oss/{name}", self._put_object)
        app.router.add_get("/oss/{name}", self._get_object)
        for path in ENDPOINTS:
            app.router.add_post(PREFIX + path, self._handle)

    async def _put_object(self, request: web.Request) -> web.StreamResponse:
        return await cloud_files.put_object(self.cloud, request)

    async def _get_object(self, request: web.Request) -> web.StreamResponse:
        return await cloud_files.get_object(self.cloud, request)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(PREFIX)
        raw = await request.read()
        self.cloud.base_url = f"{request.scheme}://{request.host}"
        strikes = self._faults_of(path, raw)
        if FaultKind.SLOW in strikes:
            wait = self.farm.clock.real_seconds(self.farm.file.delays.slow_answer)
            await asyncio.sleep(wait)
        if FaultKind.DROPPED in strikes:
            return _hang_up(request)
        if FaultKind.HTTP_500 in strikes:
            return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>\n")
        if FaultKind.HTTP_429 in strikes:
            return web.Response(status=429, text="Too Many Requests\n")
        envelope = await self._answer(request, path, raw, strikes)
        if FaultKind.ANSWER_LOST in strikes:
            return _hang_up(request)
        return web.json_response(envelope)

    async def _answer(
        self, request: web.Request, path: str, raw: bytes, strikes: set[FaultKind]
    ) -> dict[str, object]:
        trace_id = request.headers.get("traceId", "")
        try:
            self._authenticate(request)
            self._limit(path, strikes)
            if FaultKind.SERVER_ERROR in strikes:
                raise Refused(50000, "server error")
            data = await self._call(ENDPOINTS[path], raw)
        except Refused as refusal:
            return {"traceId": trace_id, "code": refusal.code, "msg": refusal.message}
        envelope: dict[str, object] = {"traceId": trace_id, "code": 0, "msg": "success"}
        if data is not None:
            envelope["data"] = data
        return envelope

    async def _call(self, endpoint: Endpoint, raw: bytes) -> object:
        try:
            body = endpoint.body.model_validate(_json_object(raw))
        except ValidationError as exc:
            raise _refusal_of(exc) from None
        answer = endpoint.call(self.cloud, body)
        return await answer if inspect.isawaitable(answer) else answer

    def _authenticate(self, request: web.Request) -> None:
        """Either way of signing; raises Refused 40002 or 40003."""
        headers = request.headers
        trace_id = headers.get("traceId", "")
        if not trace_id:
            raise Refused(40002, "traceId is empty")
        wrong = Refused(40003, "signature verification failed")
        if "Authorization" in headers:
            expected = f"Bearer {self.farm.file.token}"
            if not hmac.compare_digest(headers["Authorization"].encode(), expected.encode()):
                raise wrong
            return
        app_id, ts, nonce = (headers.get(name, "") for name in ("appId", "ts", "nonce"))
        if app_id != self.farm.file.app_id or not ts.isdigit() or nonce != trace_id[:6]:
            raise wrong
        if not hmac.compare_digest(
            headers.get("sign", "").encode(),
            sign(app_id, trace_id, ts, nonce, self.farm.file.api_key).encode(),
        ):
            raise wrong

    def _limit(self, path: str, strikes: set[FaultKind]) -> None:
        if FaultKind.LIMIT_HOUR in strikes:
            self.cloud.limits.lock(path)
        self.cloud.limits.check(path)
        if FaultKind.LIMIT_MINUTE in strikes:
            raise Refused(40007, "too many requests in this minute")
        if FaultKind.LIMIT_UNNAMED in strikes:
            raise Refused(40017, "called too often")

    def _faults_of(self, path: str, raw: bytes) -> set[FaultKind]:
        """HTTP faults that strike this request: by outage, by script, by rate."""
        phone_id = _phone_named_in(raw)
        phone = self.farm.phones.get(phone_id)
        account = phone.account.name if phone else ""
        now = self.farm.clock.now()
        return {
            kind
            for kind in HTTP_KINDS
            if self.farm.faults.at_request(kind, path, account, phone_id)
            or now < self.cloud.outages.get(kind, 0.0)
        }


def sign(app_id: str, trace_id: str, ts: str, nonce: str, api_key: str) -> str:
    """Upper-case SHA-256 over the five values, joined with nothing between (reference 1.3)."""
    return hashlib.sha256(f"{app_id}{trace_id}{ts}{nonce}{api_key}".encode()).hexdigest().upper()


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refused(40001, "request body cannot be read") from None
    if not isinstance(body, dict):
        raise Refused(40001, "request body is no object")
    return body


def _refusal_of(exc: ValidationError) -> Refused:
    """40008 for a page out of range, 40004 for any other field."""
    first = exc.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    out_of_range = first["type"] in ("greater_than_equal", "less_than_equal")
    if name in ("page", "pageSize") and out_of_range:
        return Refused(40008, f"{name} is out of range")
    return Refused(40004, f"parameter {name} is not valid")


def _phone_named_in(raw: bytes) -> str:
    try:
        body = json.loads(raw)
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    ids = body.get("ids")
    first = ids[0] if isinstance(ids, list) and ids else None
    return str(body.get("id") or body.get("envId") or first or "")


def _hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
