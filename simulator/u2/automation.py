"""The automation server's process on a phone: started, asked, stopped, made to fail."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from simulator.adbd.shell_service import Terminal
from simulator.adbd.stream import Stream
from simulator.android_system import AUTOMATION
from simulator.device_faults import DeviceFaults
from simulator.element_book import WebDriverError
from simulator.farm_file import FaultKind
from simulator.mid_flow import LINE_KINDS, MidFlow
from simulator.u2.http import HttpRequest, encoded, read_request
from simulator.u2.session import AutomationSession, Route, route_of

if TYPE_CHECKING:
    from simulator.phone import Phone

_ENDING_SECONDS: Final = 0.1
"""The process outlives the answer to the end of its session by this."""
_CRASHED: Final = b"INSTRUMENTATION_RESULT: shortMsg=Process crashed.\nINSTRUMENTATION_CODE: 0\n"


class Automation:
    """At most one server process, with at most one session."""

    port: Final = 6790

    def __init__(self, phone: Phone, faults: DeviceFaults, mid_flow: MidFlow) -> None:
        self._phone = phone
        self._faults = faults
        self._mid_flow = mid_flow
        self._ended: asyncio.Event | None = None
        self._streams: set[Stream] = set()
        self._up = False
        self._session: AutomationSession | None = None
        self._drops_next = False
        """The line is gone as soon as the answer is across."""

    @property
    def listening(self) -> bool:
        """Whether connections to its port are taken."""
        return self._up and not self._faults.on(FaultKind.AUTOMATION_UNREACHABLE)

    async def run(self, terminal: Terminal) -> int:
        """Be the process that ``am instrument -w`` waits for; its exit status."""
        self.stop()
        ended = self._ended = asyncio.Event()
        watch = asyncio.create_task(self._come_up(ended))
        gone = asyncio.create_task(terminal.closed.wait())
        end = asyncio.create_task(ended.wait())
        try:
            await asyncio.wait((gone, end), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (watch, gone, end):
                task.cancel()
            if self._ended is ended:
                self.stop()
        if not terminal.closed.is_set():
            await terminal.say(_CRASHED)
        return 0

    async def _come_up(self, ended: asyncio.Event) -> None:
        phone = self._phone
        wait = phone.delay("automation_start", phone.farm.file.delays.automation_start)
        await asyncio.sleep(phone.farm.clock.real_seconds(wait))
        if self._ended is ended and not self._faults.on(FaultKind.SESSION_REFUSED):
            self._phone.system.processes.add(AUTOMATION)
            self._up = True

    def stop(self) -> None:
        """End the process: its session, its connections and what waits for it; safe to repeat."""
        self._up = False
        self._session = None
        self._phone.system.processes.discard(AUTOMATION)
        self._hang_up()
        if self._ended is not None:
            self._ended.set()
            self._ended = None

    def _hang_up(self) -> None:
        for stream in list(self._streams):
            stream.close()
        self._streams.clear()

    # -- requests --------------------------------------------------------------------------------

    async def serve(self, stream: Stream) -> None:
        """Answer requests on one connection until either side ends it."""
        self._streams.add(stream)
        try:
            while request := await read_request(stream.input):
                answer = self._answer(request)
                if self._faults.on(FaultKind.AUTOMATION_UNREACHABLE):
                    self._hang_up()
                if answer is None and self._up and not stream.closed.is_set():
                    await stream.closed.wait()
                if answer is None or stream.closed.is_set():
                    return
                await stream.write(answer)
                if self._drops_next:
                    self._drops_next = False
                    await stream.written()
                    self._faults.strike(FaultKind.CONNECTION_DROPPED)
        finally:
            self._streams.discard(stream)

    def _answer(self, request: HttpRequest) -> bytes | None:
        """What the server says; None: nothing at all, or it is gone."""
        route, parts = route_of(request)
        if route is None:
            self._phone.farm.unknown_call("automation", f"{request.method} {request.path}")
            return encoded(404, _error("unknown command", request.path))
        self._phone.touch()
        self._faults.meet(route.name)
        if route.in_session:
            self._mid_flow_fault(route)
        if not self._up or self._faults.on(FaultKind.PHONE_SILENT):
            return None
        try:
            value = self._carry_out(route, request, parts)
        except WebDriverError as exc:
            return encoded(exc.status, _error(exc.kind, str(exc)))
        except (LookupError, TypeError, ValueError) as exc:
            return encoded(400, _error("invalid argument", f"{type(exc).__name__}: {exc}"))
        if value is _LOST:
            return None
        name = self._session.id if self._session else None
        return encoded(200, {"sessionId": name, "value": value})

    def _mid_flow_fault(self, route: Route) -> None:
        if self._session is None:
            return
        self._session.actions += route.acts
        kind = self._mid_flow.due(self._phone, self._session.actions, by_rate=LINE_KINDS)
        if kind is not None:
            self._faults.strike(kind)

    def _carry_out(self, route: Route, request: HttpRequest, parts: tuple[str, ...]) -> object:
        match route.name:
            case "status":
                return {"ready": True, "message": "UiAutomator2 Server is ready to accept commands"}
            case "sessions":
                return [{"id": self._session.id, "capabilities": {}}] if self._session else []
            case "session":
                self._session = AutomationSession(self._phone)
                return {"sessionId": self._session.id, "capabilities": {}}
        session = self._session
        if session is None or session.id != parts[0]:
            raise WebDriverError("invalid session id", "The session is gone or was never started")
        if route.name == "quit":
            asyncio.get_running_loop().call_later(_ENDING_SECONDS, self._end_of, session)
            return None
        shared = len(self._phone.app.uploads)
        value = route.run(session, request.body, parts[1:])
        if len(self._phone.app.uploads) > shared and self._after_share():
            return _LOST
        return value

    def _end_of(self, session: AutomationSession) -> None:
        if self._session is session:
            self.stop()

    def _after_share(self) -> bool:
        """The fault after the point of no return; whether its answer is lost too."""
        if not self._phone.boot_draw(FaultKind.AFTER_SHARE):
            return False
        if self._phone.fault_position < 0.5:
            self._faults.strike(FaultKind.CONNECTION_DROPPED)
            return True
        self._drops_next = True
        return False


_LOST: Final = object()


def _error(kind: str, message: str) -> dict[str, object]:
    value = {"error": kind, "message": message, "stacktrace": f"{kind}: {message}"}
    return {"sessionId": None, "value": value}
