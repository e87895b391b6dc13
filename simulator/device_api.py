"""The farm's doors for the light adb and the light Appium: HTTP under ``/device``."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulator.adb_server import AdbServer, Login, Said
from simulator.device_session import COMMANDS, DeviceFault, Sessions
from simulator.mid_flow import MidFlow
from simulator.world import Farm


def add_device_routes(app: web.Application, farm: Farm, login: Login, mid_flow: MidFlow) -> None:
    """Mount the doors of all phones of ``farm``; logins and faults are shared with real adb."""
    doors = DeviceDoors(farm, login, mid_flow)
    app.router.add_post("/device/adb", doors.adb)
    app.router.add_post("/device/push", doors.push)
    app.router.add_post("/device/session", doors.open_session)
    app.router.add_post("/device/session/{id}/{command}", doors.command)
    app.router.add_delete("/device/session/{id}", doors.close_session)


class DeviceDoors:
    """Handlers; every adb server port of the host has its own connections."""

    def __init__(self, farm: Farm, login: Login, mid_flow: MidFlow) -> None:
        self._farm = farm
        self._login = login
        self._servers: dict[int, AdbServer] = {}
        self._sessions = Sessions(farm, mid_flow)

    def _server(self, port: int) -> AdbServer:
        if port not in self._servers:
            self._servers[port] = AdbServer(self._farm, port, self._login)
        return self._servers[port]

    async def adb(self, request: web.Request) -> web.Response:
        """One adb command: port, serial, arguments, stdin -> out, err, code."""
        asked = await request.json()
        port = int(asked["port"])
        starts = port not in self._servers
        if asked["arguments"][:1] == ["kill-server"]:
            self._servers.pop(port, None)
            return _said(Said())
        said = self._server(port).run(asked["serial"], asked["arguments"], asked["stdin"])
        if starts:
            news = f"* daemon not running; starting now at tcp:{port}\n"
            said = Said(said.out, f"{news}* daemon started successfully\n{said.err}", said.code)
        return _said(said)

    async def push(self, request: web.Request) -> web.Response:
        """A file for a phone: the body; port, serial, name and remote path in the query."""
        query = request.query
        body = await request.read()
        digest = hashlib.sha256(body).hexdigest()
        server = self._server(int(query["port"]))
        return _said(
            server.push(query["serial"], query["name"], query["remote"], digest, len(body))
        )

    async def open_session(self, request: web.Request) -> web.Response:
        """Automation on a phone: adb server port, serial, read timeout -> session id, screen."""
        asked = await request.json()
        try:
            adb = self._server(int(asked["port"]))
            session = self._sessions.create(adb, asked["serial"], int(asked["read_timeout_ms"]))
        except DeviceFault as fault:
            return await self._failed(fault)
        phone = session.phone
        await self._passed(phone.delay("session", self._farm.file.delays.session))
        width, height = phone.app.habits.layout.screen
        return web.json_response(
            {
                "value": {
                    "id": session.id,
                    "width": width,
                    "height": height,
                    "android": str(phone.android),
                }
            }
        )

    async def command(self, request: web.Request) -> web.Response:
        """One command of a session -> value, or an error that the driver would hand out."""
        name = request.match_info["command"]
        if name not in COMMANDS:
            return web.json_response({"error": "unknown command", "message": name})
        arguments: Mapping[str, Any] = await request.json()
        if name == "source":
            await self._passed(self._sessions.look_seconds(request.match_info["id"]))
        try:
            value = self._sessions.run(request.match_info["id"], name, arguments)
        except DeviceFault as fault:
            return await self._failed(fault)
        return web.json_response({"value": value})

    async def close_session(self, request: web.Request) -> web.Response:
        """End a session; false where its phone is gone."""
        return web.json_response({"value": self._sessions.close(request.match_info["id"])})

    async def _failed(self, fault: DeviceFault) -> web.Response:
        await self._passed(fault.after)
        return web.json_response({"error": fault.kind, "message": str(fault)})

    async def _passed(self, simulated: float) -> None:
        if simulated > 0:
            await asyncio.sleep(self._farm.clock.real_seconds(simulated))


def _said(said: Said) -> web.Response:
    return web.json_response({"out": said.out, "err": said.err, "code": said.code})
