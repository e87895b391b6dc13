"""A site of orders over real HTTP: login with a cookie, pages with attachments, files, and faults.

It stands in for the purchasing site that cannot be here. What it was asked is kept in a journal
(``/site/journal``), so that what a run says of itself can be measured against it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar
from urllib.parse import quote

from aiohttp import web

from simulator import order_pages
from simulator.draws import Delays
from simulator.errors import FarmError
from simulator.order_journal import SiteJournal, SiteRequest
from simulator.order_site_file import OrderFault, SiteFile, SiteOrder

Answer = TypeVar("Answer", bound=web.StreamResponse)
HOST: Final = "127.0.0.1"
COOKIE: Final = "order_session"
_ANYBODY: Final = "anybody"
_CHUNK: Final = 64 * 1024
_SHOWN: Final = 8
"""Characters of a session that the journal keeps."""
_NOT_IN_HEADERS: Final = re.compile(r'[^ -~]|["\\]')
_FILE_FAULTS: Final = frozenset(
    {OrderFault.CUT_OFF, OrderFault.FILE_HANG, OrderFault.FILE_500, OrderFault.FILE_LOGIN}
)
_SAID: Final = {
    OrderFault.ERROR_500: (500, "site-fault", "Something went wrong"),
    OrderFault.DENIED: (403, "access-denied", "You may not see this order"),
    OrderFault.NOT_FOUND: (404, "order-not-found", "There is no such order"),
    OrderFault.RATE_LIMITED: (429, "rate-limited", "Too many requests"),
}


class OrderSite:
    """Routes of one site; ``app`` is ready to be run."""

    def __init__(self, file: SiteFile) -> None:
        self.file = file
        self.journal = SiteJournal()
        self._orders = {order.number: order for order in file.orders}
        self._sessions = {token: time.monotonic() for token in file.sessions}
        self._struck: Counter[str] = Counter()
        self._delays = Delays(file.seed)
        self._closing = asyncio.Event()
        self._to_come = file.meet
        self._met = asyncio.Event()
        if not file.meet:
            self._met.set()
        self.app = web.Application()
        self.app.on_shutdown.append(self._let_go)
        add = self.app.router
        add.add_get("/", self._home)
        add.add_get("/login", self._ask_login)
        add.add_post("/login", self._login)
        add.add_get("/orders/{number}", self._order)
        add.add_get("/files/{number}/{place}", self._file)
        add.add_get("/site/journal", self._tell)
        add.add_post("/site/log-out", self._log_all_out)

    async def _let_go(self, _app: web.Application) -> None:
        """Whoever waits for an answer that never comes is let go."""
        self._closing.set()

    # -- the login -------------------------------------------------------------------------------

    def log_in(self) -> str:
        """The cookie of a new session."""
        token = secrets.token_hex(16)
        self._sessions[token] = time.monotonic()
        return token

    @property
    def sessions(self) -> tuple[str, ...]:
        """Cookies that were logged in, newest last."""
        return tuple(self._sessions)

    def log_out(self) -> None:
        """Forget all sessions."""
        self._sessions.clear()

    def _session(self, request: web.Request) -> str:
        if not self.file.needs_login:
            return _ANYBODY
        token = request.cookies.get(COOKIE, "")
        since = self._sessions.get(token)
        alive = since is not None and time.monotonic() - since < self.file.session_seconds
        return token if alive else ""

    async def _home(self, request: web.Request) -> web.Response:
        entry = self.journal.begin("home", self._session(request)[:_SHOWN])
        if not entry.session:
            return _ended(entry, _to_login(request))
        return _ended(entry, _html(order_pages.home_page(self.file)))

    async def _ask_login(self, request: web.Request) -> web.Response:
        entry = self.journal.begin("login", self._session(request)[:_SHOWN])
        back = _own_path(request.query.get("back", "/"))
        return _ended(entry, _html(order_pages.login_page(back)))

    async def _login(self, request: web.Request) -> web.Response:
        entry = self.journal.begin("login", "")
        form = await request.post()
        back = _own_path(str(form.get("back", "/")))
        if (form.get("user"), form.get("password")) != (self.file.user, self.file.password):
            page = order_pages.login_page(back, refused=True)
            return _ended(entry, _html(page, status=401))
        answer = web.Response(status=303, headers={"Location": back})
        token = self.log_in()
        life = int(self.file.session_seconds)
        answer.set_cookie(COOKIE, token, max_age=life, httponly=True, samesite="Lax")
        entry.session = token[:_SHOWN]
        return _ended(entry, answer)

    # -- orders and their files ------------------------------------------------------------------

    async def _order(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        session = self._session(request)
        entry = self.journal.begin("page", session[:_SHOWN])
        entry.order = number
        order = self._orders.get(number)
        await self._take_time(self._page_seconds(number, order))
        await self._meet()
        if not session:
            return _ended(entry, _to_login(request))
        fault = self._strikes(order, of_file=False)
        entry.fault = fault.value if fault else ""
        if order is None or fault in _SAID:
            return _ended(entry, self._said(fault or OrderFault.NOT_FOUND, number))
        if fault is OrderFault.LOGIN:
            self._sessions.pop(session, None)
            return _ended(entry, _to_login(request))
        if fault is OrderFault.HANG:
            await self._closing.wait()
            return _ended(entry, web.Response(status=503))
        return _ended(entry, _html(order_pages.order_page(self.file, order, fault)))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        session, number = self._session(request), request.match_info["number"]
        entry = self.journal.begin("file", session[:_SHOWN])
        entry.order = number
        order, place = self._orders.get(number), request.match_info["place"]
        if not session:
            return _ended(entry, _to_login(request))
        if order is None or not place.isdecimal() or int(place[:9]) >= len(order.files):
            return _ended(entry, self._said(OrderFault.NOT_FOUND, number))
        file = order.files[int(place)]
        entry.file = file.name
        await self._take_time(self._drawn(self.file.file_seconds, f"file {number} {place}"))
        struck = not order.fault_files or int(place) in order.fault_files
        fault = self._strikes(order, of_file=True) if struck else None
        entry.fault = fault.value if fault else ""
        if fault is OrderFault.FILE_LOGIN:
            self._sessions.pop(session, None)
            return _ended(entry, _to_login(request))
        if fault is OrderFault.FILE_500:
            return _ended(entry, self._said(OrderFault.ERROR_500, number))
        return await self._send(request, entry, file.name, content(self.file, number, int(place)))

    async def _send(
        self, request: web.Request, entry: SiteRequest, name: str, data: bytes
    ) -> web.StreamResponse:
        ascii_name = _NOT_IN_HEADERS.sub("_", name)
        answer = web.StreamResponse(
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Length": str(len(data)),
                "Content-Disposition": f'attachment; filename="{ascii_name}"; '
                f"filename*=UTF-8''{quote(name, safe='')}",
            }
        )
        entry.size, entry.status = len(data), answer.status
        await answer.prepare(request)
        broken = entry.fault in (OrderFault.CUT_OFF.value, OrderFault.FILE_HANG.value)
        end = len(data) // 2 if broken else len(data)
        for start in range(0, end, _CHUNK):
            part = data[start : min(start + _CHUNK, end)]
            entry.sent += len(part)  # first: the caller may have all of it before this goes on
            await answer.write(part)
        if entry.fault == OrderFault.FILE_HANG.value:
            await self._closing.wait()
        if broken and request.transport is not None:
            request.transport.close()
        return _ended(entry, answer)

    def _strikes(self, order: SiteOrder | None, *, of_file: bool) -> OrderFault | None:
        if order is None or order.fault is None or (order.fault in _FILE_FAULTS) is not of_file:
            return None
        self._struck[order.number] += 1
        lasting = not order.fault_times or self._struck[order.number] <= order.fault_times
        return order.fault if lasting else None

    def _said(self, fault: OrderFault, number: str) -> web.Response:
        status, ident, title = _SAID[fault]
        answer = _html(order_pages.said_page(ident, title, f"Order {number}"), status=status)
        if fault is OrderFault.RATE_LIMITED:
            answer.headers["Retry-After"] = f"{self.file.retry_after_seconds:g}"
        return answer

    # -- time ------------------------------------------------------------------------------------

    def _page_seconds(self, number: str, order: SiteOrder | None) -> float:
        if order is not None and order.page_seconds is not None:
            return order.page_seconds
        return self._drawn(self.file.page_seconds, f"page {number}")

    def _drawn(self, span: tuple[float, float], what: str) -> float:
        return self._delays.draw("site", what, span)

    async def _meet(self) -> None:
        if self._met.is_set():
            return
        if self._to_come > 0:
            self._to_come -= 1
            if self._to_come == 0:
                self._met.set()
        ended = (asyncio.ensure_future(one.wait()) for one in (self._met, self._closing))
        waiting = set(ended)
        _done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()

    async def _take_time(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds)

    # -- the operator's door ---------------------------------------------------------------------

    async def _tell(self, _request: web.Request) -> web.Response:
        return web.json_response(self.journal.as_json())

    async def _log_all_out(self, _request: web.Request) -> web.Response:
        self.log_out()
        return web.json_response({})


@asynccontextmanager
async def running_site(
    file: SiteFile, *, port: int | None = None
) -> AsyncIterator[tuple[OrderSite, str]]:
    """The site and its address, ended with the block. Raises OSError where the port is taken."""
    site = OrderSite(file)
    runner = web.AppRunner(site.app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, file.port if port is None else port).start()
        yield site, "http://{}:{}".format(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()


async def serve_site(file: SiteFile, port: int | None, say: Callable[[str], None]) -> None:
    """Run the site until SIGTERM or Ctrl-C. Raises FarmError where the port is taken."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(ended.set))
    try:
        async with running_site(file, port=port) as (_site, url):
            say(f"Site of {len(file.orders)} orders listens on {url} (user {file.user}).")
            await ended.wait()
    except OSError as exc:
        raise FarmError(f"The site cannot listen ({exc.strerror}): give another --port.") from exc


def content(file: SiteFile, number: str, place: int) -> bytes:
    """The bytes of an order's file; another order's, or another file's, differ."""
    order = next(order for order in file.orders if order.number == number)
    size = order.files[place].size
    key = hashlib.sha256(f"{file.seed} {number} {place}".encode()).digest()
    return (key * (size // len(key) + 1))[:size]


def _own_path(back: str) -> str:
    """Where a login leads back to: a page of this site, never another one."""
    plain = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if plain else "/"


def _to_login(request: web.Request) -> web.Response:
    back = quote(request.rel_url.raw_path, safe="")
    return web.Response(status=302, headers={"Location": f"/login?back={back}"})


def _html(text: str, *, status: int = 200) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def _ended(entry: SiteRequest, answer: Answer) -> Answer:
    entry.end, entry.status = time.monotonic(), answer.status
    return answer
