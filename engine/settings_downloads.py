"""Settings of browser downloads: the site's pages, the browser, the folders and the waits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from engine.settings_groups import Positive, Seconds, Section

NUMBER: Final = "{po_number}"
"""Stands in the address for the order's number."""

Pauses = Annotated[tuple[Seconds, ...], Field(max_length=10)]
"""Seconds before each further try; as many tries as there are pauses."""


class Downloads(Section):
    """Attachments of orders, fetched with real browsers (`run.workers` of them at a time). Pages
    are told apart by CSS selectors; an empty selector is not looked for."""

    orders: Path = Path("orders.csv")
    """The list: a CSV with po_number, and supplier, url, amount where they are known."""
    url: str = ""
    """Address of an order's page with `{po_number}` in it, for rows without a url."""
    out: Path = Path("downloads")
    """Where the orders' folders are made."""

    found: str = "#order"
    """Selector of what only an order's page has."""
    order_number: str = "#order-number"
    """Selector of the number that the page shows; another one than asked for is not looked at."""
    not_found: str = "#order-not-found"
    login: str = "#login-form"
    """Selector of what the site shows to somebody who is not logged in."""
    login_url: str = ""
    """Part of the address of the login page, where it has no selector."""
    denied: str = "#access-denied"
    rate_limited: str = "#rate-limited"
    site_fault: str = "#site-fault"
    """Selector of what the site shows where it has a fault of its own."""
    loading: str = ".loading"
    """Selector of what is there until the page has all its parts."""
    attachment: str = ".attachment"
    """Selector of one entry of the list of attachments."""
    attachment_link: str = "a.attachment-link"
    """Selector of its link, inside the entry; its text is the name where nothing else is."""
    attachment_name: str = ".attachment-name"
    attachment_size: str = ".attachment-size"
    attachment_size_attribute: str = "data-bytes"
    """Attribute with the size in bytes, where the site has one; else the text is read."""
    attachment_count: str = "#attachment-count"
    """Selector of how many there are, where the site says so."""
    no_attachments: str = "#no-attachments"
    """Selector of what the site shows for an order without any."""

    browser: Literal["chromium", "edge"] = "chromium"
    browser_binary: Path | None = None
    """The browser's program; unset = looked for where it is usually installed."""
    driver_binary: Path | None = None
    """Its driver (chromedriver, msedgedriver); unset = looked for. Never fetched."""
    headless: bool = True
    browser_start_seconds: Positive = 30
    """Longest wait for a browser and its driver to be there."""
    browser_answer_seconds: Positive = 20
    """Longest wait for one answer of the browser; one that gives none is replaced."""
    base_profile: Path | None = None
    """A profile that is logged in; each worker gets a copy, and it is never changed."""
    own_profiles: bool = True
    """Each worker has a throw-away profile. Without them (one order after the other, in one
    process) the browser makes an empty one for itself, and nobody is logged in."""
    profile_megabytes: Positive = 500
    """Largest profile that is copied."""

    page_load_seconds: Positive = 60
    """Longest wait for a page to be there with all its parts."""
    settle_seconds: Positive = 0.5
    """A list without a count, and a file's size, count once they were the same for so long."""
    first_look_seconds: Positive = 0.05
    """Between the first two looks at a page or a folder; the next are further apart."""
    longest_look_seconds: Positive = 1
    download_seconds: Positive = 120
    """Longest wait for the attachments of an order to be there whole."""
    stall_seconds: Positive = 30
    """Without a change in the order's folder for so long, its downloads are given up earlier."""
    task_timeout_seconds: float = Field(default=300, ge=1)
    """Time of one order, all tries in it."""
    timeout_retry_seconds: Pauses = (3, 6)
    """Pauses before further tries where a page or a file took too long, or the site had a fault."""
    rate_limit_retry_seconds: Pauses = (5, 10, 15)
    """The same where the site asks for fewer visits."""
    denied_retry_seconds: Pauses = (5,)
    """The same where the site refuses the order."""

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and (not value.startswith(("http://", "https://")) or NUMBER not in value):
            raise ValueError(f"must begin with http:// or https:// and have {NUMBER} in it")
        return value

    @field_validator("found", "attachment")
    @classmethod
    def _needed(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty: nothing could be told without it")
        return value
