"""The list of orders that the operator gives: a CSV file as people and spreadsheets write it.

Every row is accounted for: it is an order, a repetition of one, or refused with its line and the
reason (behaviour C1.3, C5.2, C-D13).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from engine.errors import InputError
from engine.ledger.rows import name_flaw
from engine.output import one_line
from engine.sources.source_files import not_utf8
from engine.spreadsheet import as_meant

MOST_BYTES: Final = 20 * 1024 * 1024
"""Of a list; a hundred thousand orders with their addresses take half of it."""
MOST_ORDERS: Final = 100_000
LONGEST_NUMBER: Final = 200
_LONGEST_CELL: Final = 2_000
_SHOWN: Final = 60

_COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    "po_number": frozenset(
        {"ponumber", "po", "pono", "purchaseorder", "purchaseordernumber", "ordernumber"}
    ),
    "supplier": frozenset({"supplier", "suppliername", "vendor"}),
    "url": frozenset({"url", "link", "address"}),
    "amount": frozenset({"amount", "total"}),
}
_SEPARATORS: Final = (",", ";", "\t")
_SEPARATOR_LINE: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE | re.DOTALL)
"""What a spreadsheet may write as its first line."""
_NO_WORD: Final = re.compile(r"[\W_]+")
_KEPT_AS_TEXT: Final = re.compile(r'="([^"]*)"')
"""How a spreadsheet keeps the zeros before a number."""
_SHORTENED: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
"""What a spreadsheet makes of a long number."""
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One order as its row has it."""

    po_number: str
    """The job's id and its exclusive key."""
    supplier: str = ""
    url: str = ""
    """Of its page; empty = made of ``downloads.url``."""
    amount: str = ""
    line: int = 0
    """Where it stands in the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """A row that is no order of its own."""

    line: int
    po_number: str
    """Empty where it has none."""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderList:
    """All rows of a file: ``rows`` = orders + repeated + refused, always."""

    path: Path
    orders: tuple[Order, ...]
    """Distinct, in the order of the file."""
    repeated: tuple[SetAside, ...]
    """Rows whose order stands further up."""
    refused: tuple[SetAside, ...]
    """Rows that cannot be worked on: no number, a wrong address."""

    @property
    def rows(self) -> int:
        """Rows that hold anything, without the header."""
        return len(self.orders) + len(self.repeated) + len(self.refused)

    def messages(self) -> list[str]:
        """One sentence for each row that is no order of its own, by line."""
        aside = sorted((*self.repeated, *self.refused), key=lambda row: row.line)
        return [f"{self.path} line {row.line}: {row.reason}." for row in aside]


def read_orders(path: Path) -> OrderList:
    """The orders of a file. Raises InputError where it is missing, no CSV text, or has no order."""
    text = _text(path)
    separator, header, rows = _table(path, text)
    places = _places(path, header, separator)
    orders: dict[str, Order] = {}
    repeated: list[SetAside] = []
    refused: list[SetAside] = []
    for line, cells in rows:
        order = _order(line, cells, places)
        why = flaw_of(order) or _too_wide(cells, header)
        first = orders.get(order.po_number)
        if why:
            number = order.po_number[:LONGEST_NUMBER]
            refused.append(SetAside(line=line, po_number=number, reason=why))
        elif first is not None:
            repeated.append(_repetition(order, first))
        else:
            orders[order.po_number] = order
        if len(orders) > MOST_ORDERS:
            raise InputError(
                f"{path} has more than {MOST_ORDERS} orders: split it into several files."
            )
    if not orders:
        found = refused[0].reason if refused else "it has no rows below its header"
        raise InputError(f"{path} has no order to work on ({found}): add a row with a po_number.")
    return OrderList(
        path=path,
        orders=tuple(orders.values()),
        repeated=tuple(repeated),
        refused=tuple(refused),
    )


def _text(path: Path) -> str:
    try:
        if not path.is_file() and path.exists():
            raise InputError(f"{path} is no file: name the CSV file with the orders.")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"There is no list of orders {path}: name a CSV file.") from None
    except OSError as exc:
        raise InputError(
            f"{path} cannot be read ({exc.strerror}): make it readable for this user."
        ) from exc
    if len(content) > MOST_BYTES:
        raise InputError(f"{path} is larger than {MOST_BYTES} bytes: split it into several files.")
    if content.startswith(_UTF_16):
        raise InputError(
            f'{path} is UTF-16 text: save it as "CSV UTF-8" in the spreadsheet and try again.'
        )
    if b"\0" in content:
        raise InputError(f"{path} is no CSV text: save the list as CSV in the spreadsheet.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError(not_utf8(path, exc)) from None


def _table(path: Path, text: str) -> tuple[str, Sequence[str], Iterator[tuple[int, list[str]]]]:
    """Separator, header, and rows with the line on which each begins."""
    told = _SEPARATOR_LINE.match(text)
    separators = (told.group(1),) if told else _SEPARATORS
    header_only = text[told.end() :] if told else text
    separator = next(
        (one for one in separators if "po_number" in _fields(_first(path, header_only, one))),
        separators[0],
    )
    rows = _rows(path, text, separator, skip=1 if told else 0)
    first = next(rows, None)
    return separator, first[1] if first else [], rows


def _first(path: Path, text: str, separator: str) -> Sequence[str]:
    return next((cells for _line, cells in _rows(path, text, separator)), [])


def _rows(
    path: Path, text: str, separator: str, *, skip: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything. Raises InputError, also where a quote is never closed: what follows
    it would be lost in one cell."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for number, cells in enumerate(reader):
            if number >= skip and any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as exc:
        raise InputError(
            f"{path} cannot be read as CSV from line {line} on ({exc}): correct the quotes there, "
            "or save it again as CSV."
        ) from exc


def _fields(header: Sequence[str]) -> Mapping[str, list[int]]:
    """Places of the columns that are known."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(header):
        plain = _NO_WORD.sub("", name).casefold()
        for field, spellings in _COLUMNS.items():
            if plain in spellings:
                found.setdefault(field, []).append(place)
    return found


def _places(path: Path, header: Sequence[str], separator: str) -> Mapping[str, int]:
    fields = _fields(header)
    if "po_number" not in fields:
        names = ", ".join(one_line(name.strip())[:_SHOWN] for name in header[:10]) or "none"
        raise InputError(
            f"{path} has the columns {names}; one of them must be po_number: name it so in the "
            "first line (supplier, url and amount may follow)."
        )
    for field, places in fields.items():
        if len(places) > 1:
            names = ", ".join(one_line(header[place].strip())[:_SHOWN] for place in places)
            raise InputError(f"{path} has several columns for {field} ({names}): leave one.")
    return {field: places[0] for field, places in fields.items()}


def _order(line: int, cells: Sequence[str], places: Mapping[str, int]) -> Order:
    def cell(field: str) -> str:
        place = places.get(field, len(cells))
        found = cells[place].strip() if place < len(cells) else ""
        kept = _KEPT_AS_TEXT.fullmatch(found)
        return kept.group(1).strip() if kept else as_meant(found)

    return Order(
        po_number=cell("po_number"),
        supplier=cell("supplier"),
        url=cell("url"),
        amount=cell("amount"),
        line=line,
    )


def flaw_of(order: Order) -> str | None:
    """Why this order cannot be worked on, or None."""
    shown = one_line(order.po_number[:_SHOWN])
    flaw = _number_flaw(order.po_number, shown)
    if flaw:
        return flaw
    if any(len(cell) > _LONGEST_CELL for cell in (order.supplier, order.url, order.amount)):
        return f"order {shown} has a cell of more than {_LONGEST_CELL} characters"
    if order.url and not is_page(order.url):
        return f"the url of order {shown} is no http or https address without a password in it"
    return None


def _number_flaw(number: str, shown: str) -> str | None:
    if not number:
        return "it has no po_number"
    if len(number) > LONGEST_NUMBER:
        return f"its po_number {shown}… is longer than {LONGEST_NUMBER} characters"
    if _SHORTENED.fullmatch(number):
        return f"a spreadsheet has shortened its po_number to {shown}: format that column as text"
    flaw = name_flaw(number)
    if flaw is None and not number.isprintable():
        flaw = "it has characters that cannot be shown"
    return f"its po_number {shown!r} cannot be used: {flaw}" if flaw else None


def _too_wide(cells: Sequence[str], header: Sequence[str]) -> str | None:
    """A comma in an unquoted cell moves all that follows into the wrong columns."""
    if any(cell.strip() for cell in cells[len(header) :]):
        return "it has more cells than the header: quote the cell that has a separator in it"
    return None


def _repetition(order: Order, first: Order) -> SetAside:
    shown = one_line(order.po_number[:_SHOWN])
    same = (order.supplier, order.url, order.amount) == (first.supplier, first.url, first.amount)
    differs = "" if same else ", with other details, which are not used"
    return SetAside(
        line=order.line,
        po_number=order.po_number,
        reason=f"order {shown} stands in line {first.line} already{differs}; it is done once",
    )


def is_page(address: str) -> bool:
    """Whether a browser may be sent there: plain http or https, a host, nobody's password."""
    if not address.isprintable() or " " in address or "\\" in address:
        return False
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
