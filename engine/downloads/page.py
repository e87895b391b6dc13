"""An order's page as a browser shows it: which kind of page it is, and what it lists.

A page is asked through a small protocol, so that nothing here knows a browser. Pages are told apart
by the selectors of ``[downloads]``; what a page says is outside text and shown only made plain.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import quote

from engine.downloads.attachment_list import Listed, read_size, tidy_name
from engine.downloads.orders import Order, is_page
from engine.downloads.page_errors import (
    AccessDeniedError,
    LoginLostError,
    OrderNotFoundError,
    PageTimeoutError,
    RateLimitedError,
    SiteFaultError,
)
from engine.errors import InputError, JobError
from engine.output import one_line
from engine.polling import growing
from engine.settings_downloads import NUMBER, Downloads

MOST_LISTED: Final = 1_000
"""Attachments of one order; a page with more is broken or hostile."""
_SHOWN: Final = 120


class PageChangedError(Exception):
    """The page was drawn anew while it was looked at; a page raises it, and is looked at again."""


class Element(Protocol):
    """A part of a page. Every call may raise PageChangedError, or what the browser raises."""

    @property
    def text(self) -> str:
        """All text in it, whether or not it is in view."""
        ...

    def attribute(self, name: str) -> str:
        """Its value; empty where there is none. Of ``href``: the whole address."""
        ...

    def find(self, selector: str) -> Sequence[Element]:
        """Parts below it."""
        ...


class Page(Protocol):
    """What a browser shows now; used by one thread (C6.10)."""

    def now(self) -> Page:
        """The page as it is at this moment: all questions of one look are answered from it."""
        ...

    @property
    def address(self) -> str: ...

    def find(self, selector: str) -> Sequence[Element]: ...


class PageKind(StrEnum):
    """What a page turned out to be."""

    LOADING = "loading"
    """Nothing known is there yet, or not all of it."""
    FOUND = "found"
    NOT_FOUND = "not found"
    LOGIN_LOST = "login lost"
    RATE_LIMITED = "rate limited"
    DENIED = "access denied"
    SITE_FAULT = "fault of the site"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a page."""

    kind: PageKind
    listed: tuple[Listed, ...] = ()
    said_empty: bool = False
    """The site says that the order has no attachment."""
    counted: int | None = None
    """How many the site says there are."""

    @property
    def certain(self) -> bool:
        """Whether the list is known to be whole, and need not be looked at again."""
        if self.kind is not PageKind.FOUND:
            return self.kind is not PageKind.LOADING
        if self.counted is not None:
            return self.counted == len(self.listed)
        return self.said_empty and not self.listed


def page_address(order: Order, settings: Downloads) -> str:
    """Where the order's page is. Raises InputError where neither row nor settings say so."""
    if order.url:
        return order.url
    if not settings.url:
        raise InputError(
            f"Order {one_line(order.po_number)} has no url, and downloads.url is not set: give one "
            "of them."
        )
    address = settings.url.replace(NUMBER, quote(order.po_number, safe=""))
    if not is_page(address):
        raise InputError(f"downloads.url gives no address ({one_line(address)}): correct it.")
    return address


def look(page: Page, settings: Downloads, po_number: str = "") -> Look:
    """What the page is now. A refusal wins over an order, which may lie below it."""
    page = page.now()
    kind = _refusal(page, settings)
    if kind is not None:
        return Look(kind)
    if not page.find(settings.found) or not _shows(page, settings.order_number, po_number):
        return Look(PageKind.LOADING)
    if settings.loading and page.find(settings.loading):
        return Look(PageKind.LOADING)
    entries = page.find(settings.attachment)[: MOST_LISTED + 1]
    return Look(
        PageKind.FOUND,
        tuple(_listed(entry, settings) for entry in entries),
        said_empty=bool(settings.no_attachments and page.find(settings.no_attachments)),
        counted=_count(page, settings.attachment_count),
    )


def await_page(
    page: Page,
    settings: Downloads,
    po_number: str = "",
    *,
    pause: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Listed, ...]:
    """What an order's page lists, once all of it is there; empty = it has no attachments.

    ``pause`` may raise to end the wait. Raises OrderNotFoundError, LoginLostError,
    RateLimitedError, AccessDeniedError, SiteFaultError, and PageTimeoutError after
    ``downloads.page_load_seconds``.
    """
    deadline = clock() + settings.page_load_seconds
    seen, since = Look(PageKind.LOADING), clock()
    for wait in growing(settings.first_look_seconds, settings.longest_look_seconds):
        try:
            now = look(page, settings, po_number)
        except PageChangedError:
            now = Look(PageKind.LOADING)
        if now != seen:
            seen, since = now, clock()
        if now.certain or _settled(now, clock() - since, settings):
            return _answer(now, po_number)
        left = deadline - clock()
        if left <= 0:
            break
        pause(min(wait, left))
    raise _too_late(seen, settings, po_number)


def _refusal(page: Page, settings: Downloads) -> PageKind | None:
    if settings.login_url and settings.login_url in page.address:
        return PageKind.LOGIN_LOST
    kinds = (
        (settings.login, PageKind.LOGIN_LOST),
        (settings.rate_limited, PageKind.RATE_LIMITED),
        (settings.denied, PageKind.DENIED),
        (settings.not_found, PageKind.NOT_FOUND),
        (settings.site_fault, PageKind.SITE_FAULT),
    )
    return next((kind for selector, kind in kinds if selector and page.find(selector)), None)


def _shows(page: Page, selector: str, po_number: str) -> bool:
    """Whether it is the page of this order, and not still that of the one before."""
    if not selector or not po_number:
        return True
    return any(_same(part.text, po_number) for part in page.find(selector))


def _same(shown: str, po_number: str) -> bool:
    """The number as a word of its own, also among others (``Order PO-17``)."""
    wanted = re.escape(" ".join(po_number.split()).casefold())
    text = " ".join(shown.split()).casefold()
    return re.search(rf"(?<![\w-]){wanted}(?![\w-])", text) is not None


def _listed(entry: Element, settings: Downloads) -> Listed:
    links = entry.find(settings.attachment_link) if settings.attachment_link else ()
    link = links[0] if links else entry
    sized = entry.find(settings.attachment_size) if settings.attachment_size else ()
    attribute = settings.attachment_size_attribute
    parts = (*sized[:1], link, entry)
    exact = next((text for part in parts if attribute and (text := part.attribute(attribute))), "")
    size = read_size(exact) if exact.strip().isdecimal() else None
    if size is None and sized:
        size = read_size(sized[0].text)
    address = link.attribute("href")
    return Listed(
        name=_name(entry, link, settings),
        size=size,
        link=address if is_page(address) else "",
    )


def _name(entry: Element, link: Element, settings: Downloads) -> str:
    named = entry.find(settings.attachment_name) if settings.attachment_name else ()
    texts = [part.text for part in named[:1]]
    texts += [link.attribute("download"), link.text]
    return next((name for text in texts if (name := tidy_name(text))), "")


def _count(page: Page, selector: str) -> int | None:
    for part in page.find(selector) if selector else ():
        digits = "".join(sign for sign in part.text if sign in "0123456789")
        if digits:
            return int(digits[:9])
    return None


def _settled(seen: Look, seconds: float, settings: Downloads) -> bool:
    """A list without a count is whole when it stayed as it is; an empty one only where the site has
    no other way to say that there is nothing."""
    if seen.kind is not PageKind.FOUND or seen.counted is not None:
        return False
    if not seen.listed and settings.no_attachments:
        return False
    return seconds >= settings.settle_seconds


def _answer(seen: Look, po_number: str) -> tuple[Listed, ...]:
    number = one_line(po_number)[:_SHOWN] or "this number"
    errors: dict[PageKind, JobError] = {
        PageKind.NOT_FOUND: OrderNotFoundError(f"The site has no order {number}."),
        PageKind.LOGIN_LOST: LoginLostError(
            "The site asks for a login: log in once with the base profile (downloads.base_profile) "
            "and close that browser."
        ),
        PageKind.RATE_LIMITED: RateLimitedError("The site asks for fewer visits."),
        PageKind.DENIED: AccessDeniedError(f"The site refuses order {number} to this login."),
        PageKind.SITE_FAULT: SiteFaultError(f"The site has a fault at order {number}."),
    }
    if seen.kind in errors:
        raise errors[seen.kind]
    if len(seen.listed) > MOST_LISTED:
        raise SiteFaultError(f"The page of order {number} lists more than {MOST_LISTED} files.")
    return seen.listed


def _too_late(seen: Look, settings: Downloads, po_number: str) -> PageTimeoutError:
    number = one_line(po_number)[:_SHOWN]
    limit = f"within {settings.page_load_seconds:g} s"
    if seen.kind is PageKind.FOUND:
        lists, says = len(seen.listed), seen.counted
        what = f"lists {lists} attachments" + (f" of {says}" if says is not None else "")
        return PageTimeoutError(f"The page of order {number} {what} {limit}, not all of them.")
    return PageTimeoutError(f"The page of order {number} was not there {limit}.")
