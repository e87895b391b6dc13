"""What the one script of a look tells, and what a browser's words mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from selenium.common.exceptions import (
    JavascriptException,
    NoSuchWindowException,
    TimeoutException,
    WebDriverException,
)
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from engine.downloads.attachment_list import Listed
from engine.downloads.browser_errors import (
    BrowserError,
    PageSilentError,
    PageUnreachableError,
    SelectorError,
    shown_error,
    start_trouble,
    trouble,
)
from engine.downloads.browser_fetching import AT_ONCE, BETWEEN_SECONDS, DownloadPace
from engine.downloads.page import PageChangedError, PageKind, look
from engine.downloads.page_errors import RateLimitedError, SiteFaultError
from engine.downloads.page_snapshot import NOTHING, Looks
from engine.errors import InputError
from engine.settings_downloads import Downloads

POOL: Any = None


def part(
    text: str = "", parts: dict[str, Any] | None = None, *, href: str = "", size: str = ""
) -> dict[str, Any]:
    attributes = {"href": href, "download": "", "data-bytes": size}
    return {"text": text, "attributes": attributes, "parts": parts or {}}


def answer(settings: Downloads, **parts: list[dict[str, Any]]) -> str:
    selectors = Looks(settings).arguments[0]
    assert isinstance(selectors, list)
    told: dict[str, list[dict[str, Any]]] = {selector: [] for selector in selectors}
    told |= {getattr(settings, name): found for name, found in parts.items()}
    return json.dumps(
        {"document": 7.5, "address": "http://site/1", "parts": told, "bad": {}, "error": ""}
    )


def test_a_page_is_read_from_one_answer() -> None:
    settings = Downloads(url="")
    entry = part(
        parts={
            settings.attachment_link: [part("Download", href="http://site/f/1")],
            settings.attachment_name: [part("offer.pdf")],
            settings.attachment_size: [part("1 KB", size="1000")],
        }
    )
    page = Looks(settings).read(
        answer(
            settings,
            found=[part()],
            order_number=[part("PO-1")],
            attachment=[entry],
            attachment_count=[part("1")],
        )
    )

    seen = look(page, settings, "PO-1")

    assert seen.kind is PageKind.FOUND
    assert seen.certain
    assert [(one.name, one.link) for one in seen.listed] == [("offer.pdf", "http://site/f/1")]


def test_nothing_is_found_in_a_page_that_is_not_there_yet() -> None:
    assert look(NOTHING, Downloads()).kind is PageKind.LOADING


def test_every_selector_is_asked_once_and_an_empty_one_never() -> None:
    asked = Looks(Downloads(denied="#login-form", rate_limited="", loading="")).arguments[0]

    assert isinstance(asked, list)
    assert asked.count("#login-form") == 1
    assert "" not in asked


def test_a_selector_that_is_none_is_named_with_its_setting() -> None:
    settings = Downloads(attachment_size="b[[")
    told = json.loads(answer(settings)) | {"bad": {"b[[": "not a valid selector"}}

    with pytest.raises(SelectorError, match=r"downloads.attachment_size is no CSS selector"):
        Looks(settings).read(json.dumps(told))


@pytest.mark.parametrize("told", [None, "", "[]", "{}", '{"parts": 3}'])
def test_what_is_no_snapshot_is_refused(told: str | None) -> None:
    with pytest.raises(ValueError, match=r"snapshot|Expecting"):
        Looks(Downloads()).read(told)


@pytest.mark.parametrize(
    ("exc", "alive", "means"),
    [
        (WebDriverException("tab crashed"), True, "crashed"),
        (WebDriverException("tab crashed"), False, "crashed"),
        (NewConnectionError(POOL, "refused"), False, "died"),
        (NewConnectionError(POOL, "refused"), True, "driver does not answer"),
        (ReadTimeoutError(POOL, "/", "read"), True, "no answer within 3 s"),
        (NoSuchWindowException("no such window"), True, "ended its session"),
        (WebDriverException("disconnected: not connected to DevTools"), True, "ended its session"),
        (WebDriverException("odd\x1b[2J thing\nmore"), True, "could not do"),
    ],
)
def test_what_goes_wrong_with_a_browser_is_one_sentence(
    exc: Exception, alive: bool, means: str
) -> None:
    found = trouble(exc, seconds=3, alive=alive)

    assert isinstance(found, BrowserError)
    assert means in str(found)
    assert str(found).isprintable()
    assert found.error_type == "browser_failed"


def test_a_page_that_is_silent_or_drawn_anew_is_told_from_a_browser_that_failed() -> None:
    silent = trouble(TimeoutException("script timeout"), seconds=3, alive=True)
    redrawn = trouble(WebDriverException("aborted by navigation"), seconds=3, alive=True)
    script = trouble(JavascriptException("javascript error: x is null"), seconds=3, alive=True)

    assert isinstance(silent, PageSilentError)
    assert isinstance(redrawn, PageChangedError)
    assert isinstance(script, PageChangedError)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ERR_CONNECTION_REFUSED", PageUnreachableError),
        ("ERR_NAME_NOT_RESOLVED", PageUnreachableError),
        ("HTTP ERROR 500", SiteFaultError),
        ("HTTP ERROR 429", RateLimitedError),
    ],
)
def test_the_browsers_own_error_pages_say_what_is_wrong(text: str, kind: type) -> None:
    assert type(shown_error(text)) is kind


def test_a_driver_that_refuses_its_browser_is_the_operators_affair() -> None:
    said = (
        "session not created: This version of ChromeDriver only supports Chrome version 114\n"
        "Current browser version is 150.0.1 with binary path /usr/bin/chromium"
    )
    found = start_trouble(
        WebDriverException(said), name="chromium", seconds=3, browser="/b", driver="/d"
    )

    assert isinstance(found, InputError)
    assert "/d is of version 114 and the browser /b of version 150" in str(found)


def test_downloads_are_begun_no_faster_than_a_browser_takes_them() -> None:
    now = [100.0]
    begun: list[float] = []

    def pause(seconds: float) -> None:
        now[0] += seconds

    pace = DownloadPace(pause, clock=lambda: now[0])
    for count in (3, 14, 1):
        for some in pace.parts([(n, Listed(name=str(n))) for n in range(count)]):
            begun += [now[0]] * len(some)

    assert len(begun) == 18
    for moment in begun:
        assert sum(moment <= other < moment + BETWEEN_SECONDS for other in begun) <= AT_ONCE
    assert begun[0] == begun[3]
