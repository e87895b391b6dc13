"""Orders' pages as a browser shows them, told apart by selectors, without a browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from pydantic import ValidationError

from engine.downloads.attachment_list import Listed, Size
from engine.downloads.orders import Order
from engine.downloads.page import (
    Element,
    PageChangedError,
    PageKind,
    await_page,
    look,
    page_address,
)
from engine.downloads.page_errors import (
    AccessDeniedError,
    AttachmentsMissingError,
    LoginLostError,
    OrderNotFoundError,
    PageTimeoutError,
    RateLimitedError,
    SiteFaultError,
)
from engine.downloads.tries import most_attempts, pause_before_retry
from engine.errors import InputError, JobError
from engine.settings_downloads import Downloads

SETTINGS = Downloads(page_load_seconds=10, settle_seconds=0.5)


@dataclass
class Part:
    """An element, or a whole page, with what each selector finds in it."""

    text: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    below: dict[str, list[Part]] = field(default_factory=dict)
    address: str = "https://site.example/orders/PO-1"

    def now(self) -> Part:
        return self

    def attribute(self, name: str) -> str:
        return self.attributes.get(name, "")

    def find(self, selector: str) -> Sequence[Element]:
        return self.below.get(selector, [])


def row(
    name: str, *, size: str = "", exact: str = "", href: str = "https://site.example/f"
) -> Part:
    return Part(
        below={
            ".attachment-name": [Part(name)],
            ".attachment-size": [Part(size, {"data-bytes": exact})],
            "a.attachment-link": [Part("Download", {"href": href})],
        }
    )


def order_page(*rows: Part, **more: Part) -> Part:
    below = {"#order": [Part()], "#order-number": [Part("Order PO-1")]}
    if rows:
        below[".attachment"] = list(rows)
    names = {"count": "#attachment-count", "none": "#no-attachments", "loading": ".loading"}
    return Part(below=below | {names[name]: [part] for name, part in more.items()})


class Waiting:
    """A clock; at its n-th pause the page becomes the n-th of ``pages``."""

    def __init__(self, page: Part, *pages: Part) -> None:
        self.page, self.pages, self.now = page, list(pages), 0.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.pages:
            self.page.below = self.pages.pop(0).below


def awaited(*pages: Part, settings: Downloads = SETTINGS) -> tuple[tuple[Listed, ...], float]:
    shown = Part(below=dict(pages[0].below))
    waiting = Waiting(shown, *pages[1:])
    found = await_page(shown, settings, "PO-1", pause=waiting.pause, clock=waiting)
    return found, waiting.now


def test_an_entry_has_its_name_size_and_link() -> None:
    (found,) = look(order_page(row("a.pdf", size="1.2 KB", exact="1234")), SETTINGS).listed
    assert found == Listed(name="a.pdf", size=Size(1234, 1234), link="https://site.example/f")


def test_a_size_without_an_exact_one_is_read_from_its_text() -> None:
    (found,) = look(order_page(row("a.pdf", size="1.2 KB")), SETTINGS).listed
    assert found.size is not None
    assert found.size.fits(1234)
    assert not found.size.exact


@pytest.mark.parametrize("href", ["javascript:alert(1)", "file:///etc/passwd", "", "data:x"])
def test_links_that_lead_to_no_web_page_are_none(href: str) -> None:
    (found,) = look(order_page(row("a.pdf", href=href)), SETTINGS).listed
    assert found.link == ""


@pytest.mark.parametrize(
    ("selector", "kind", "error"),
    [
        ("#login-form", PageKind.LOGIN_LOST, LoginLostError),
        ("#rate-limited", PageKind.RATE_LIMITED, RateLimitedError),
        ("#access-denied", PageKind.DENIED, AccessDeniedError),
        ("#order-not-found", PageKind.NOT_FOUND, OrderNotFoundError),
        ("#site-fault", PageKind.SITE_FAULT, SiteFaultError),
    ],
)
def test_refusals_are_told_at_once_also_above_an_order(
    selector: str, kind: PageKind, error: type[Exception]
) -> None:
    page = order_page(row("a.pdf"), count=Part("1"))
    page.below[selector] = [Part()]
    assert look(page, SETTINGS).kind is kind
    with pytest.raises(error):
        awaited(page)


def test_a_login_page_is_known_by_its_address() -> None:
    settings = SETTINGS.model_copy(update={"login_url": "sso.example/login"})
    page = Part(address="https://sso.example/login?back=1")
    assert look(page, settings).kind is PageKind.LOGIN_LOST


def test_a_list_that_comes_late_is_waited_for() -> None:
    found, seconds = awaited(
        Part(),
        order_page(loading=Part()),
        order_page(row("a.pdf"), count=Part("2 files")),
        order_page(row("a.pdf"), row("b.pdf"), count=Part("2 files")),
    )
    assert [one.name for one in found] == ["a.pdf", "b.pdf"]
    assert 0 < seconds < 1


def test_a_page_that_is_drawn_anew_is_looked_at_again() -> None:
    class Redrawn(Part):
        def find(self, selector: str) -> Sequence[Element]:
            if waiting.now == 0 and selector == ".attachment":
                raise PageChangedError
            return super().find(selector)

    page = Redrawn(below=order_page(row("a.pdf"), count=Part("1")).below)
    waiting = Waiting(page)
    (found,) = await_page(page, SETTINGS, "PO-1", pause=waiting.pause, clock=waiting)
    assert found.name == "a.pdf"
    assert waiting.now > 0


def test_a_list_without_a_count_has_to_stay_as_it_is() -> None:
    found, seconds = awaited(
        order_page(row("a.pdf")), order_page(row("a.pdf")), order_page(row("a.pdf"), row("b.pdf"))
    )
    assert [one.name for one in found] == ["a.pdf", "b.pdf"]
    assert seconds >= 0.5


def test_an_order_is_empty_only_where_the_site_says_so() -> None:
    assert awaited(order_page(none=Part("none")))[0] == ()
    assert awaited(order_page(count=Part("0")))[0] == ()
    with pytest.raises(PageTimeoutError, match="lists 0 attachments"):
        awaited(order_page())
    silent = SETTINGS.model_copy(update={"no_attachments": ""})
    found, seconds = awaited(order_page(), settings=silent)
    assert found == ()
    assert seconds >= 0.5


def test_the_page_of_the_order_before_is_not_taken_for_this_one() -> None:
    before = order_page(row("old.pdf"), count=Part("1"))
    before.below["#order-number"] = [Part("Order PO-12")]
    found, _seconds = awaited(before, before, order_page(row("new.pdf"), count=Part("1")))
    assert [one.name for one in found] == ["new.pdf"]
    with pytest.raises(PageTimeoutError, match="not there within 10 s"):
        awaited(before)


def test_fewer_than_the_site_says_is_too_late_and_not_complete() -> None:
    with pytest.raises(PageTimeoutError, match="lists 1 attachments of 3 within 10 s"):
        awaited(order_page(row("a.pdf"), count=Part("3")))


def test_a_page_with_too_many_entries_is_broken() -> None:
    with pytest.raises(SiteFaultError, match="more than 1000"):
        awaited(order_page(*[row(f"{number}.pdf") for number in range(1001)]))


def test_an_address_is_the_rows_or_made_of_the_settings() -> None:
    settings = Downloads(url="https://site.example/orders/{po_number}?x=1")
    assert page_address(Order(po_number="PO 1/2?"), settings) == (
        "https://site.example/orders/PO%201%2F2%3F?x=1"
    )
    own = Order(po_number="PO-1", url="https://other.example/1")
    assert page_address(own, settings) == "https://other.example/1"
    with pytest.raises(InputError, match=r"downloads\.url is not set"):
        page_address(Order(po_number="PO-1"), Downloads())


@pytest.mark.parametrize(
    "wrong",
    [
        *({"url": "https://site.example/orders"}, {"url": "file:///{po_number}"}, {"found": " "}),
        *({"timeout_retry_seconds": (-1,)}, {"task_timeout_seconds": 0}, {"browser": "netscape"}),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Downloads.model_validate(wrong)


@pytest.mark.parametrize(
    ("error", "pauses"),
    [
        (lambda: PageTimeoutError("x"), [3, 6]),
        (lambda: AttachmentsMissingError("x"), [3, 6]),
        (lambda: RateLimitedError("x"), [5, 10, 15]),
        (lambda: AccessDeniedError("x"), [5]),
        (lambda: OrderNotFoundError("x"), []),
        (lambda: LoginLostError("x"), []),
    ],
)
def test_each_kind_is_tried_again_as_often_as_it_may(
    error: Callable[[], JobError], pauses: list[float]
) -> None:
    settings = Downloads()
    tries = range(len(pauses) + 2)
    found = [pause_before_retry(error(), attempts, settings) for attempts in tries]
    assert found == [*pauses, None, None]
    assert most_attempts(settings) > len(pauses)
