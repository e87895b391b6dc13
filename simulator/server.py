"""The farm process: cloud API, devices, the model and the operator's door on one loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.adb_server import Login
from simulator.adbd.doors import AdbDoors
from simulator.cloud_api import CloudApi
from simulator.device_api import add_device_routes
from simulator.device_faults import ARMED_KINDS, Armed
from simulator.farm_file import HTTP_KINDS, AccountState, FaultKind
from simulator.mid_flow import MidFlow
from simulator.model_door import add_model_door
from simulator.model_service import ModelService
from simulator.world import Farm

HOST = "127.0.0.1"
HOUSEKEEPING_SECONDS = 0.25


class Outage(BaseModel):
    """`POST /farm/outage`: an HTTP fault strikes every request for a while."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    real_seconds: float = Field(ge=0)


class Verdict(BaseModel):
    """`POST /farm/account`: what the network thinks of an account from now on."""

    model_config = ConfigDict(extra="forbid")

    account: str
    state: AccountState


class FaultOrder(BaseModel):
    """`POST /farm/fault`: a fault of one phone, as real adb and Appium meet it."""

    model_config = ConfigDict(extra="forbid")

    account: str
    kind: FaultKind
    during: str = ""
    """The event that it waits for (`simulator/device_faults.py`); empty: it strikes at once."""
    real_seconds: float = Field(default=0, ge=0)
    """How long a state lasts; 0 = until the phone is off."""
    latency: float = Field(default=0, ge=0)
    """Of a slow line: real seconds a packet; 0 = as the farm file has it."""


class FarmServer:
    """Routes of one farm; ``app`` is ready to be run."""

    def __init__(self, farm: Farm, *, idle_seconds: float | None = None) -> None:
        """``idle_seconds``: end when nobody asked for so long and no phone is on."""
        self.farm = farm
        self._idle_seconds = idle_seconds
        self._asked = time.monotonic()
        self.api = CloudApi(farm)
        self.stop = asyncio.Event()
        """Set when the farm is asked to end."""
        self.app = web.Application(client_max_size=1 << 30, middlewares=[self._noting()])
        self.api.add_routes(self.app)
        login, mid_flow = Login(), MidFlow()
        self.doors = AdbDoors(farm, login, mid_flow)
        farm.doors = self.doors
        add_device_routes(self.app, farm, login, mid_flow)
        self.model = ModelService()
        self.model.add_routes(self.app)
        add_model_door(self.app, self.model)
        self.app.router.add_get("/farm/status", self._status)
        self.app.router.add_post("/farm/outage", self._outage)
        self.app.router.add_post("/farm/account", self._account)
        self.app.router.add_post("/farm/fault", self._fault)
        self.app.router.add_delete("/farm/fault/{account}", self._no_fault)
        self.app.router.add_post("/farm/stop", self._stop)
        self.app.router.add_route("*", "/{path:.*}", self._unknown)
        self.app.cleanup_ctx.append(self._housekeeping)

    def _noting(self) -> Middleware:
        """Remembers when somebody asked last."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._asked = time.monotonic()
            return await handler(request)

        return note

    def _forgotten(self) -> bool:
        """Nobody has asked for long, and nothing of its is on."""
        if self._idle_seconds is None or self.farm.phones_on():
            return False
        return time.monotonic() - self._asked > self._idle_seconds

    async def _housekeeping(self, _app: web.Application) -> AsyncIterator[None]:
        """Bring what is due into the truth even when nobody asks; close the farm at the end."""

        async def settle() -> None:
            while True:
                await asyncio.sleep(HOUSEKEEPING_SECONDS)
                if self.farm.journal.failure is not None:
                    raise self.farm.journal.failure
                self.farm.settle()
                if self._forgotten():
                    return

        task = asyncio.create_task(settle())
        # Without its truth (a full disk) the farm is of no use: it ends, and its command says why.
        task.add_done_callback(lambda _task: self.stop.set())
        yield
        task.cancel()
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        finally:
            await self.doors.close()
            self.farm.close()

    async def _status(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "folder": str(self.farm.folder),
                "pid": os.getpid(),
                "phones": len(self.farm.phones),
                "phones_on": [
                    {"account": phone.account.name, "id": phone.id, "foreign": phone.foreign}
                    for phone in self.farm.phones_on()
                ],
                "published": len(self.farm.publications),
                "billed_minutes": self.farm.billed_minutes(),
                "calls": self.api.cloud.limits.calls(),
            }
        )

    async def _outage(self, request: web.Request) -> web.Response:
        try:
            outage = Outage.model_validate_json(await request.read())
        except ValidationError as exc:
            return web.Response(status=400, text=f"{exc}\n")
        if outage.kind not in HTTP_KINDS:
            return web.Response(status=400, text=f"{outage.kind.value} is no HTTP fault\n")
        lasts = outage.real_seconds * self.farm.clock.scale
        self.api.cloud.outages[outage.kind] = self.farm.clock.now() + lasts
        return web.json_response({})

    async def _account(self, request: web.Request) -> web.Response:
        try:
            verdict = Verdict.model_validate_json(await request.read())
        except ValidationError as exc:
            return web.Response(status=400, text=f"{exc}\n")
        if verdict.account not in self.farm.accounts:
            return web.Response(status=400, text=f"no account {verdict.account}\n")
        self.farm.set_account_state(verdict.account, verdict.state)
        return web.json_response({})

    async def _fault(self, request: web.Request) -> web.Response:
        try:
            order = FaultOrder.model_validate_json(await request.read())
        except ValidationError as exc:
            return web.Response(status=400, text=f"{exc}\n")
        if order.kind not in ARMED_KINDS:
            return web.Response(status=400, text=f"{order.kind.value} cannot be armed\n")
        phone = self.farm.phone_of(order.account)
        if phone is None:
            return web.Response(status=400, text=f"no phone of {order.account}\n")
        fault = Armed(order.kind, order.during, order.real_seconds)
        self.doors.handset(phone).faults.arm(fault, latency=order.latency)
        return web.json_response({})

    async def _no_fault(self, request: web.Request) -> web.Response:
        phone = self.farm.phone_of(request.match_info["account"])
        if phone is not None:
            self.doors.handset(phone).faults.disarm()
        return web.json_response({})

    async def _stop(self, _request: web.Request) -> web.Response:
        self.stop.set()
        return web.json_response({})

    async def _unknown(self, request: web.Request) -> web.Response:
        """What a gateway says of a path that nobody serves; kept, so that it is not overlooked."""
        self.farm.unknown_call(request.method, request.path)
        return web.Response(status=404, text="404 page not found\n")
