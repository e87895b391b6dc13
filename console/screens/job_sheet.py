"""The Job screen where there is no room for boxes: sections between rules, to be scrolled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType

from console.screens import job_error
from console.screens.job_attempts import attempt_lines
from console.screens.job_history import history_rows
from console.screens.job_texts import alike_lines, next_lines, what_lines, wrapped
from console.screens.job_view import JobView
from console.widgets import tones
from console.widgets.lines import dash_of
from console.widgets.painted import Painted
from console.widgets.tones import Drawn, Run
from engine.insight.outlook import remedy

_MOST: Final = 12
"""Attempts that are shown, the latest ones."""
_RULE: Final = "\0"
"""Stands for a rule across the sheet."""


class Sheet(Painted, can_focus=True):
    """Lines that scroll under one's keys."""

    PREFIX = "sheet"
    COMPONENT_CLASSES: ClassVar[set[str]] = tones.classes("sheet")
    SCOPED_CSS = False
    DEFAULT_CSS = """
    Sheet { height: 1fr; }
    Sheet > .sheet--dim { text-style: dim; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_rows(-1)", show=False, id="job.up"),
        Binding("down,j", "scroll_rows(1)", show=False, id="job.down"),
        Binding("pageup", "scroll_pages(-1)", show=False, id="job.page-up"),
        Binding("pagedown", "scroll_pages(1)", show=False, id="job.page-down"),
        Binding("home", "scroll_rows(-100000)", show=False, id="job.home"),
        Binding("end", "scroll_rows(100000)", show=False, id="job.end"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: Sequence[Drawn] = ()
        self._top = 0

    def show(self, lines: Sequence[Drawn], *, anew: bool = False) -> None:
        """Show these lines; the place that is scrolled to stays, unless they are another job's."""
        self._lines = lines
        self._top = 0 if anew else self._top
        self.action_scroll_rows(0)

    @property
    def hidden(self) -> int:
        """Rows below what is seen."""
        return max(0, len(self._lines) - self._top - self.size.height)

    def draw(self, y: int, width: int) -> list[Run]:
        """One row; the last one says that there is more."""
        if y == self.size.height - 1 and self.hidden:
            return self._palette.runs((f" ... {self.hidden + 1} more rows: down", "dim"), width)
        at = self._top + y
        if at >= len(self._lines):
            return []
        line = self._lines[at]
        return self._palette.runs(dash_of(self) * width if line == _RULE else line, width)

    def on_resize(self) -> None:
        """There may be less below now."""
        self.action_scroll_rows(0)

    def action_scroll_rows(self, rows: int) -> None:
        last = max(0, len(self._lines) - self.size.height)
        self._top = max(0, min(self._top + rows, last))
        self.redraw()

    def action_scroll_pages(self, pages: int) -> None:
        self.action_scroll_rows(pages * max(1, self.size.height - 2))

    def go_to_section(self, by: int) -> bool:
        """The next section to the top, or the one before, round and round; False if all is seen."""
        last = max(0, len(self._lines) - self.size.height)
        starts = [0, *(at + 1 for at, line in enumerate(self._lines) if line == _RULE)]
        starts = sorted({min(start, last) for start in starts})
        if len(starts) < 2:
            return False
        later = [start for start in starts if start > self._top] or starts[:1]
        sooner = [start for start in starts if start < self._top] or starts[-1:]
        self._top = later[0] if by > 0 else sooner[-1]
        self.redraw()
        return True


def sheet_lines(view: JobView, width: int) -> list[Drawn]:
    """All sections, those of the mock-up first; empty ones fall away."""
    inside = width - 2
    sentences = remedy(view.line.job, view.labels)
    sections: list[list[Drawn]] = [
        _indented(what_lines(view, inside)),
        list(attempt_lines(view, width, _MOST)),
        _indented(job_error.narrow(view, inside)),
        _indented(history_rows(view, inside)),
        _indented(alike_lines(view, inside)),
        _indented(["WHAT HAPPENS NEXT", *next_lines(view, inside)]),
        _indented(wrapped(sentences, inside)),
        _indented([job_error.log_title(view), *job_error.log_rows(view, inside)]),
    ]
    lines: list[Drawn] = []
    for section in sections:
        if section:
            lines += [*([_RULE] if lines else []), *section]
    return lines


def _indented(lines: Sequence[Drawn]) -> list[Drawn]:
    return [_one_in(line) for line in lines]


def _one_in(line: Drawn) -> Drawn:
    if isinstance(line, Text):
        return Text.assemble(" ", line, no_wrap=True)
    if isinstance(line, tuple):
        return f" {line[0]}", line[1]
    return f" {line}" if line else line
