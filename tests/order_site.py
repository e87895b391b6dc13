"""The simulated site of orders in a thread of the test, asked over real HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from simulator.order_journal import SiteJournal
from simulator.order_site import OrderSite, running_site
from simulator.order_site_file import SiteFile


@dataclass(frozen=True, slots=True)
class RunningSite:
    """A site that answers; its journal is read from the test's own thread."""

    site: OrderSite
    url: str
    loop: asyncio.AbstractEventLoop

    @property
    def journal(self) -> SiteJournal:
        return self.site.journal

    @property
    def template(self) -> str:
        """For ``downloads.url``."""
        return f"{self.url}/orders/{{po_number}}"

    def cookie(self) -> str:
        """Of a new session, without the form."""
        return asyncio.run_coroutine_threadsafe(self._log_in(), self.loop).result(10)

    @contextmanager
    def client(self, *, logged_in: bool = True) -> Iterator[httpx2.Client]:
        """Somebody who follows redirections and trusts no proxy."""
        with httpx2.Client(
            base_url=self.url, follow_redirects=True, trust_env=False, timeout=10
        ) as client:
            if logged_in:
                form = {"user": self.site.file.user, "password": self.site.file.password}
                client.post("/login", data=form).raise_for_status()
            yield client

    async def _log_in(self) -> str:
        return self.site.log_in()


@contextmanager
def order_site(file: SiteFile) -> Iterator[RunningSite]:
    """A site on a free port, ended with the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    begun: Future[tuple[OrderSite, str]] = Future()
    ended = asyncio.Event()

    async def run() -> None:
        try:
            async with running_site(file, port=0) as found:
                begun.set_result(found)
                await ended.wait()
        except OSError as exc:
            begun.set_exception(exc)

    running = asyncio.run_coroutine_threadsafe(run(), loop)
    try:
        yield RunningSite(*begun.result(10), loop)
    finally:
        loop.call_soon_threadsafe(ended.set)
        running.result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
