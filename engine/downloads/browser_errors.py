"""What a browser says that it cannot do, in one sentence of ours.

Selenium and the driver have one exception for nearly everything; their words are read here, at the
edge, and nowhere else.
"""

from __future__ import annotations

import re
from typing import Final

from selenium.common.exceptions import (
    InvalidSelectorException,
    InvalidSessionIdException,
    JavascriptException,
    NoSuchFrameException,
    NoSuchWindowException,
    StaleElementReferenceException,
    TimeoutException,
    WebDriverException,
)
from urllib3.exceptions import HTTPError, ReadTimeoutError

from engine.downloads.page import PageChangedError
from engine.downloads.page_errors import PageTimeoutError, RateLimitedError, SiteFaultError
from engine.downloads.programs import wrong_driver
from engine.errors import HoldsRunError, InfrastructureError, InputError, JobError
from engine.jobs import ErrorCategory
from engine.output import one_line

TROUBLE: Final = (WebDriverException, HTTPError, OSError)
"""All that asking a browser can raise."""
_SHOWN: Final = 200
_CRASHED: Final = re.compile(r"tab crashed|target crashed|page crash", re.IGNORECASE)
_GONE: Final = re.compile(
    r"invalid session id|disconnected|not reachable|no such window"
    r"|web view not found|target (?:window already )?closed|session deleted",
    re.IGNORECASE,
)
_REDRAWN: Final = re.compile(
    r"aborted by navigation|execution context|frame (?:was )?detached|stale element"
    r"|inspected target navigated|cannot find context",
    re.IGNORECASE,
)
_GONE_TYPES: Final = (InvalidSessionIdException, NoSuchWindowException)
_REDRAWN_TYPES: Final = (
    InvalidSelectorException,
    JavascriptException,
    NoSuchFrameException,
    StaleElementReferenceException,
)
_VERSION: Final = re.compile(r"only supports \S+(?: \S+)? version (\d+)", re.IGNORECASE)
_CURRENT: Final = re.compile(r"browser version is (\d+)", re.IGNORECASE)
_IN_USE: Final = re.compile(r"user data directory is already in use", re.IGNORECASE)
_STATUS: Final = re.compile(r"\b([1-5]\d\d)\b")


class BrowserError(InfrastructureError):
    """The browser, or its driver, died, crashed or does not answer: another one may do."""

    default_type = "browser_failed"


class PageSilentError(BrowserError):
    """The browser lives, and the page answers no script: its server, or its own script, is slow."""


class SelectorError(HoldsRunError):
    """A setting is no CSS selector: no page can be told, so the run ends."""

    category = ErrorCategory.INTERNAL
    default_type = "program_error"
    ends_run = True


class PageUnreachableError(PageTimeoutError):
    """The browser could not connect to the page's address."""


def trouble(exc: Exception, *, seconds: float, alive: bool) -> BrowserError | PageChangedError:
    """What was raised while a browser was asked; ``alive``: whether its processes live."""
    said = _said(exc)
    from_driver = isinstance(exc, WebDriverException)
    if from_driver and _CRASHED.search(said):
        return BrowserError("The page crashed in the browser.")
    if not alive:
        return BrowserError("The browser died.")
    if from_driver and _matches(exc, said, _REDRAWN_TYPES, _REDRAWN):
        return PageChangedError()
    return _failed(exc, said, seconds)


def _failed(exc: Exception, said: str, seconds: float) -> BrowserError:
    """What only another browser helps against."""
    no_answer = f"The browser gave no answer within {seconds:g} s."
    if isinstance(exc, TimeoutException):
        return PageSilentError(no_answer)
    if isinstance(exc, ReadTimeoutError | TimeoutError):
        return BrowserError(no_answer)
    if not isinstance(exc, WebDriverException):
        return BrowserError(f"The browser's driver does not answer ({type(exc).__name__}).")
    if _matches(exc, said, _GONE_TYPES, _GONE):
        return BrowserError("The browser ended its session.")
    return BrowserError(f"The browser could not do what it was asked ({said}).")


def _matches(
    exc: Exception, said: str, types: tuple[type[Exception], ...], words: re.Pattern[str]
) -> bool:
    return isinstance(exc, types) or words.search(said) is not None


def start_trouble(
    exc: Exception, *, name: str, seconds: float, browser: str, driver: str
) -> BrowserError | InputError:
    """Why a browser did not start; InputError where only the operator can help."""
    said = _said(exc, whole=True)
    if (wanted := _VERSION.search(said)) is not None:
        current = _CURRENT.search(said)
        return wrong_driver(browser, current[1] if current else "another", driver, wanted[1])
    if _IN_USE.search(said):
        return BrowserError("The browser's profile is open in another browser.")
    if isinstance(exc, ReadTimeoutError | TimeoutError):
        return BrowserError(f"{name.capitalize()} was not ready within {seconds:g} s.")
    return BrowserError(f"{name.capitalize()} could not be started ({said[:_SHOWN]}).")


def shown_error(text: str) -> JobError:
    """What an error page of the browser itself says: no page of the site is there."""
    said = one_line(text)[:_SHOWN].strip() or "it gave no reason"
    status = _STATUS.search(said) if said.upper().startswith("HTTP ERROR") else None
    if status is None:
        return PageUnreachableError(f"The browser could not reach the page ({said}).")
    if status[1] == "429":
        return RateLimitedError("The site asks for fewer visits.")
    return SiteFaultError(f"The site answered with no page ({said}).")


def _said(exc: Exception, *, whole: bool = False) -> str:
    """Its first line, or all of it, fit to be shown; never the driver's own stack."""
    text = (exc.msg if isinstance(exc, WebDriverException) else str(exc)) or type(exc).__name__
    text = text.split("\nStacktrace:")[0].split("; For documentation")[0].strip()
    return one_line(text)[: 5 * _SHOWN] if whole else one_line(text.split("\n")[0])[:_SHOWN]
