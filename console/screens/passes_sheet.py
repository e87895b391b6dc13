"""A table as data: what its columns are called, show, are sorted and filtered by.

Pure: values in, cells and text out; the same for passes, causes, phones and workers
(console-features 6.8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar

from console.exports import Exported
from console.plain import Align, fit, plain
from console.times import NOTHING, TimeStyle, span, written
from console.widgets.columns import Column, Sorting
from console.widgets.tones import Drawn, Tone
from engine.filters import Fields
from engine.insight.as_json import as_json
from engine.workloads.labels import plural

T = TypeVar("T")
Kind = Literal["text", "number", "span", "time"]

COPIED_CELL: Final = 60
"""Most characters of a cell in a copied summary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How the operator wants to see things, at this moment."""

    style: TimeStyle
    now: datetime
    start: datetime | None = None
    """Of the run."""
    price: float = 0.0
    """Of one billed minute."""
    key: str = "account"
    resource: str = "phone"
    stage: str = "pass"

    def moment(self, moment: datetime | None, *, seconds: bool = False) -> str:
        """A moment in the operator's style, never with the day: the run's name has it."""
        if moment is None:
            return NOTHING
        if self.style is TimeStyle.CLOCK:
            local = moment.astimezone(self.now.tzinfo)
            return f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
        return written(moment, self.style, self.now, self.start)

    def expected(self, moment: datetime | None) -> str:
        """A moment to come: ``~12:23``; as an age ``in 18:29``."""
        if moment is None:
            return NOTHING
        if self.style is TimeStyle.AGE:
            return f"in {span((moment - self.now).total_seconds())}"
        return f"~{self.moment(moment)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure(Generic[T]):
    """What stands in one column of a table."""

    title: str
    """``{key}``, ``{resource}`` and ``{stage}`` in it are the workload's words, in capitals."""
    width: int
    text: Callable[[T, Look], str]
    value: Callable[[T], Any] | None = None
    """A number, seconds or a moment behind the text, for order and filter."""
    kind: Kind = "text"
    tone: Callable[[T], Tone] | None = None
    align: Align = "right"
    flex: bool = False
    priority: int = 0
    """The highest number falls away first where room is short."""
    ages: bool = False
    """Changes with the time alone, at least in one of the styles."""

    def cell(self, row: T, look: Look) -> Drawn:
        """The text with its tone."""
        text = self.text(row, look)
        return text if self.tone is None else (text, self.tone(row))


@dataclass(frozen=True, slots=True)
class Order:
    """What rows are in order of; no column: as the report has them."""

    column: str = ""
    largest_first: bool = False

    @property
    def sorting(self) -> Sorting | None:
        """For the header of the table."""
        return (self.column, "v" if self.largest_first else "^") if self.column else None

    @property
    def turned(self) -> Order:
        """The other way round."""
        return Order(self.column, not self.largest_first)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet(Generic[T]):
    """One kind of rows, with every column that there is of it."""

    name: str
    """Start of an exported file's name."""
    title: str
    """In words, for copies and notes; formatted as the titles of columns are."""
    key: Callable[[T], str]
    figures: Mapping[str, Figure[T]]
    """By the name that a filter has for them."""
    sets: Mapping[str, str]
    """Names of columns, by the set."""
    expression: Callable[[Sequence[T]], str]
    """Filter of the ledger that finds the jobs of some rows."""
    empty: str
    """Sentence in the place of the rows."""

    def shown(self, which: str) -> list[str]:
        """Names of the columns of a set."""
        return self.sets[which].split()

    def columns(self, which: str, look: Look) -> list[Column]:
        """The columns of a set; what has no room falls away."""
        found = []
        for key in self.shown(which):
            figure = self.figures[key]
            width = figure.width
            if figure.kind == "time" and look.style is not TimeStyle.CLOCK:
                width = max(width, 8)
            found.append(
                Column(
                    key,
                    in_words(figure.title, look),
                    width,
                    figure.align,
                    flex=figure.flex,
                    priority=figure.priority,
                )
            )
        return found

    def following(self, order: Order, which: str) -> Order:
        """The next column to sort by; after the last one the order of the report."""
        keys = ["", *self.shown(which)]
        place = keys.index(order.column) + 1 if order.column in keys else 1
        key = keys[place % len(keys)]
        return Order(key, bool(key) and self.figures[key].kind != "text")

    def sort(self, rows: Sequence[T], order: Order, look: Look) -> list[T]:
        """In this order; rows with nothing in the column come last either way."""
        if not order.column:
            return list(reversed(rows)) if order.largest_first else list(rows)
        figure = self.figures[order.column]
        keyed: list[tuple[Any, T]]
        if figure.value is None:
            texts = [(figure.text(row, look), row) for row in rows]
            keyed = [(text.casefold() if text != NOTHING else None, row) for text, row in texts]
        else:
            keyed = [(figure.value(row), row) for row in rows]
        known = [pair for pair in keyed if pair[0] is not None]
        known.sort(key=lambda pair: pair[0], reverse=order.largest_first)
        return [row for _, row in known] + [row for value, row in keyed if value is None]

    def fields(self, look: Look) -> Fields[T]:
        """What a filter of this table may name."""

        def of_kind(kind: Kind) -> dict[str, Callable[[T], Any]]:
            return {
                name: figure.value
                for name, figure in self.figures.items()
                if figure.kind == kind and figure.value is not None
            }

        return Fields(
            texts={name: self._reader(figure, look) for name, figure in self.figures.items()},
            numbers=of_kind("number"),
            spans=of_kind("span"),
            times=of_kind("time"),
            now=look.now,
        )

    @staticmethod
    def _reader(figure: Figure[T], look: Look) -> Callable[[T], str]:
        return lambda row: figure.text(row, look)

    def exported(self, rows: Sequence[T], which: str, look: Look) -> Exported:
        """The rows as they are shown, and for JSON their values."""
        keys = self.shown(which)
        return Exported(
            name=self.name,
            headers=[in_words(self.figures[key].title, look) for key in keys],
            rows=[[self.figures[key].text(row, look) for key in keys] for row in rows],
            records=[as_json(row) for row in rows],
        )

    def copied(self, rows: Sequence[T], which: str, look: Look) -> list[str]:
        """The rows as aligned lines of text under a title."""
        table = self.exported(rows, which, look)
        lines = [list(table.headers), *([plain(cell) for cell in row] for row in table.rows)]
        widths = [
            min(COPIED_CELL, max(len(line[place]) for line in lines))
            for place in range(len(table.headers))
        ]
        sides: list[Align] = [self.figures[key].align for key in self.shown(which)]
        return [
            "  ".join(
                fit(cell, width, side)
                for cell, width, side in zip(line, widths, sides, strict=True)
            ).rstrip()
            for line in lines
        ]


def count(
    title: str, width: int, read: Callable[[T], int], *, zero: str = NOTHING, priority: int = 0
) -> Figure[T]:
    """A column of counts; ``zero`` stands for none."""
    return Figure(
        title=title,
        width=width,
        text=lambda row, _: str(read(row) or zero),
        value=read,
        kind="number",
        priority=priority,
    )


def rate(title: str, width: int, read: Callable[[T], float | None]) -> Figure[T]:
    """A column of percents; a dash where there are too few to tell."""
    return Figure(
        title=title,
        width=width,
        text=lambda row, _: NOTHING if (found := read(row)) is None else f"{found:.0f}%",
        value=read,
        kind="number",
    )


def seconds(title: str, width: int, read: Callable[[T], float | None], priority: int) -> Figure[T]:
    """A column of durations such as ``4:47``."""
    return Figure(
        title=title,
        width=width,
        text=lambda row, _: span(read(row)),
        value=read,
        kind="span",
        priority=priority,
    )


def in_words(title: str, look: Look) -> str:
    """A title with the workload's words for its keys, resources and stages."""
    return title.format(
        key=plain(look.key).upper(),
        resource=plain(look.resource).upper(),
        resources=plain(plural(look.resource)).upper(),
        stage=plain(look.stage).upper(),
        stages=plain(plural(look.stage)).capitalize(),
    )


def one_of(name: str, values: Sequence[str]) -> str:
    """``why:=adb_timeout,=phone_error``: a word of a filter that means exactly these values."""
    return f"{name}:" + ",".join(f"={_quoted(value)}" for value in values)


def _quoted(value: str) -> str:
    """In quotes where the grammar would end the value early."""
    if value and not any(sign.isspace() or sign in "\"',\\" for sign in value):
        return value
    inside = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'
