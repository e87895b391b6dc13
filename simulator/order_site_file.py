"""The small file that describes a site of orders: its login, delays, orders, files and faults.

Times are real seconds. Unknown keys are refused, so that a typing error is not silent.
"""

from __future__ import annotations

import tomllib
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from simulator.errors import FarmError
from simulator.farm_file import Seconds, Span

LARGEST_FILE = 1 << 30


class OrderFault(StrEnum):
    """What an order can meet."""

    ERROR_500 = "error_500"
    """The page is a fault of the site."""
    HANG = "hang"
    """The page never answers."""
    FILE_HANG = "file_hang"
    """The second half of each file never comes."""
    CUT_OFF = "cut_off"
    """The connection ends in the middle of each file."""
    FILE_500 = "file_500"
    """Each file's address answers with a fault."""
    FILE_LOGIN = "file_login"
    """The session is forgotten when a file is asked for, and its address leads to the login."""
    WRONG_SIZE = "wrong_size"
    """The page lists one byte more than each file has."""
    LOGIN = "login"
    """The session is forgotten, and the page leads to the login."""
    DENIED = "denied"
    """403."""
    NOT_FOUND = "not_found"
    """404, though the order is known."""
    RATE_LIMITED = "rate_limited"
    """429 with Retry-After."""
    NEVER_RENDERED = "never_rendered"
    """The page's script never shows the list."""


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteAttachment(Table):
    """A file of an order."""

    name: str = Field(min_length=1, max_length=500)
    size: int = Field(default=20_000, ge=0, le=LARGEST_FILE)
    """Bytes."""


class SiteOrder(Table):
    """An order and what happens to those who visit it."""

    number: str = Field(min_length=1, max_length=200)
    supplier: str = "Acme"
    files: tuple[SiteAttachment, ...] = ()
    fault: OrderFault | None = None
    fault_times: int = Field(default=0, ge=0)
    """It strikes so many requests of its kind, then no more; 0 = all."""
    fault_files: tuple[int, ...] = ()
    """Places of the files that a fault of files strikes, from 0; empty = all."""
    page_seconds: Seconds | None = None
    """Of this page; unset = drawn from the site's."""


class SiteFile(Table):
    """A whole site."""

    seed: int = 1
    """Delays and contents follow from it."""
    port: int = Field(default=0, ge=0, le=65535)
    """On 127.0.0.1; 0 = any free port."""
    user: str = "buyer"
    password: str = "order-site"
    """Made up."""
    needs_login: bool = True
    """Without it everybody sees everything."""
    sessions: tuple[str, ...] = ()
    """Cookies that are logged in from the start."""
    session_seconds: Seconds = 86_400
    """How long a login lasts."""
    page_seconds: Span = (0.4, 1.2)
    """The server's time for a page."""
    render_seconds: Seconds = 0.15
    """Until the page's script shows the list."""
    file_seconds: Span = (0.1, 0.3)
    """Before the first byte of a file."""
    retry_after_seconds: Seconds = 2
    """What a 429 says."""
    meet: int = Field(default=0, ge=0)
    """The first so many pages are answered once all of them are asked for: who visits them one
    after the other waits for ever."""
    say_count: bool = True
    """Pages say how many attachments they list."""
    exact_sizes: bool = True
    """Pages have sizes in bytes beside the rounded ones."""
    orders: tuple[SiteOrder, ...] = ()

    @field_validator("page_seconds", "file_seconds")
    @classmethod
    def _a_span(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] > value[1]:
            raise ValueError("the shortest comes first")
        return value

    @model_validator(mode="after")
    def _numbers_differ(self) -> SiteFile:
        numbers = [order.number for order in self.orders]
        if len(set(numbers)) < len(numbers):
            raise ValueError("orders: two have the same number")
        return self

    @classmethod
    def load(cls, path: Path) -> SiteFile:
        """Read a site's file. Raises FarmError with one sentence naming key and value."""
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise FarmError(f"{path} does not exist: name the file of a site.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
            raise FarmError(f"{path} cannot be read: {exc}.") from exc
        try:
            return cls.model_validate(content)
        except ValidationError as exc:
            first = exc.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise FarmError(f"{path}: {where}: {first['msg']}.") from None


def many_orders(count: int, *, files: int = 2, size: int = 20_000) -> tuple[SiteOrder, ...]:
    """Plain orders ``PO-0001`` and so on, for demonstrations and measurements."""
    return tuple(
        SiteOrder(
            number=f"PO-{number:04d}",
            supplier=f"Supplier {number % 7 + 1}",
            files=tuple(
                SiteAttachment(name=f"PO-{number:04d} part {part}.pdf", size=size + part)
                for part in range(1, files + 1)
            ),
        )
        for number in range(1, count + 1)
    )
