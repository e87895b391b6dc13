"""The row above a table: the filter, how much of the table it shows, how it is sorted.

``/ status:failed      14 of 82   3 marked   sort: when v``. What an expression means is decided
elsewhere (console-features 6.4); this row edits it, and shows what is wrong with it and where.
"""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from console.plain import fit, plain
from console.widgets import tones
from console.widgets.painted import Painted
from console.widgets.tones import Run

_MARGIN = 3
_LEAST = 20
_HINT = "enter keeps   esc clears"


class PlainInput(Input):
    """An input that takes no control characters: Textual sends what is pasted on to the terminal.

    Its cursor does not blink, which would cost 1.5 kB/s (console-features 5.4).
    """

    LONGEST: ClassVar[int] = 2_000
    """Characters that it keeps."""

    def __init__(self, value: str = "", *, placeholder: str = "") -> None:
        super().__init__(value, placeholder=placeholder, compact=True, select_on_focus=False)
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """Make what was typed or pasted safe to show."""
        return plain(value[: self.LONGEST])


class FilterBar(Painted):
    """Shows the filter and figures about it; edits the filter in place."""

    PREFIX = "filter-bar"
    COMPONENT_CLASSES: ClassVar[set[str]] = tones.classes("filter-bar")
    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        layout: vertical;
        &.-editing, &.-wrong { height: 2; }
        & > .filter-bar--dim { text-style: dim; }
        & > PlainInput { display: none; margin: 0 0 0 3; width: 20; }
        &.-editing > PlainInput { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear the filter", show=False, id="filter.clear"),
    ]

    class _Said(Message):
        def __init__(self, bar: FilterBar, expression: str) -> None:
            super().__init__()
            self.bar = bar
            self.expression = expression

        @property
        def control(self) -> FilterBar:
            """The bar, for ``@on`` with a selector."""
            return self.bar

    class Changed(_Said):
        """The expression is being typed; sent when the typing rests for a moment."""

    class Kept(_Said):
        """The expression is to stay, and the input is closed."""

    class Cleared(_Said):
        """There is no filter any more, and the input is closed."""

    def __init__(
        self,
        *,
        rest: float = 0.15,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """``rest`` is how long the typing must rest before ``Changed``, in seconds."""
        super().__init__(id=id, classes=classes)
        self._rest = rest
        self._expression = ""
        self._parts: tuple[str, ...] = ()
        self._wrong: tuple[str, int] | None = None
        self._input = PlainInput()
        self._timer: Timer | None = None
        self._came_from: Widget | None = None

    def compose(self) -> ComposeResult:
        """The input, hidden until it is asked for."""
        yield self._input

    @property
    def expression(self) -> str:
        """The filter as it is written, right or wrong; empty for none."""
        return self._expression

    @property
    def editing(self) -> bool:
        """Whether the input is open."""
        return self.has_class("-editing")

    def set_expression(self, expression: str) -> None:
        """Show another expression, such as a saved one; says nothing about it."""
        self._expression = plain(expression)
        with self.prevent(Input.Changed):
            self._input.value = self._expression
        self.redraw()

    def show_status(self, *parts: str) -> None:
        """Show figures at the right end; where room is short, the last ones fall away first."""
        self._parts = tuple(plain(part) for part in parts if part)
        self._size_input()
        self.redraw()

    def error(self, text: str, position: int) -> None:
        """Say under the expression what is wrong with it, and at which character (from 0)."""
        self._wrong = (text, position)
        self.add_class("-wrong")
        self.redraw()

    def no_error(self) -> None:
        """The expression is right."""
        self._wrong = None
        self.remove_class("-wrong")
        self.redraw()

    def edit(self) -> None:
        """Open the input on the expression."""
        if not self.editing:
            self._came_from = self.screen.focused
            self.add_class("-editing")
            self._size_input()
        self.set_expression(self._expression)
        self._input.cursor_position = len(self._expression)
        self._input.focus()

    def action_clear(self) -> None:
        """Take the filter away, close the input, and say so."""
        self.set_expression("")
        self.no_error()
        self._close(self.Cleared(self, ""))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value == self._expression:
            return
        self._expression = event.value
        self._stop_timer()
        self._timer = self.set_timer(self._rest, self._say_changed)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._close(self.Kept(self, self._expression))

    @on(Input.Blurred)
    def _left(self, event: Input.Blurred) -> None:
        event.stop()
        if self.editing and self.app.app_focus:  # not when only the terminal lost its focus
            self._came_from = None
            self._close(self.Kept(self, self._expression))

    def _say_changed(self) -> None:
        self._timer = None
        self.post_message(self.Changed(self, self._expression))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _close(self, message: _Said) -> None:
        self._stop_timer()
        self.remove_class("-editing")
        came_from, self._came_from = self._came_from, None
        if came_from is not None and came_from.is_attached:
            came_from.focus(scroll_visible=False)
        self.redraw()
        self.post_message(message)

    # Drawing

    def on_resize(self) -> None:
        """Give the input the room that the figures leave."""
        self._size_input()

    def _size_input(self) -> None:
        if self.editing and self.size.width:
            self._input.styles.width = self._room(_LEAST)

    def _status(self, least: int) -> str:
        parts = list(self._parts)
        while parts:
            status = "   ".join(parts)
            if self.size.width - _MARGIN - cell_len(status) - 3 >= least:
                return status
            parts.pop()
        return ""

    def _room(self, least: int) -> int:
        """Cells for the expression, beside as many figures as leave it ``least``."""
        status = self._status(least)
        taken = cell_len(status) + 3 if status else 1
        return max(1, self.size.width - _MARGIN - taken)

    def draw(self, y: int, width: int) -> list[Run]:
        """The row itself, and under it what is wrong, or the keys of the input."""
        null = Style.null()
        if y > 0:
            if self._wrong is not None:
                return [(self._complaint(*self._wrong, width), self._palette.style("bad"))]
            return [(" " * _MARGIN + _HINT, self._palette.style("dim"))]
        least = _LEAST if self.editing else min(_LEAST, cell_len(self._expression))
        room = self._room(least)
        status = self._status(least)
        return [(" / ", null), (fit(self._expression, room), null), (f"  {status} ", null)]

    def _complaint(self, text: str, position: int, width: int) -> str:
        """The sentence with a sign under the character, or a number where there is no room."""
        text = plain(text)
        column = _MARGIN + cell_len(self._expression[:position])
        scrolled = self.editing and self._input.scroll_offset.x > 0
        if not scrolled and column + 2 + cell_len(text) <= width:
            return " " * column + "^ " + text
        if not scrolled and column < width and _MARGIN + cell_len(text) + 1 <= column:
            return fit(" " * _MARGIN + text, column) + "^"
        return fit(f"{' ' * _MARGIN}at {position + 1}: {text}", width)
