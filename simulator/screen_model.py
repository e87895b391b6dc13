"""What a person sees on a terminal, kept as text: as much of a VT as full-screen programs use.

Colours are not kept. What a program only asks is collected as answers that a plain xterm gives;
what would reach beyond the screen (the clipboard, the bell) is counted, so that a test can say
that it never did.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from rich.cells import cell_len

_TOKEN = re.compile(
    r"\x1b\[(?P<csi>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b[PX^_](?P<string>[^\x1b]*)\x1b\\"
    r"|\x1b[ -/]+[0-~]"
    r"|\x1b(?P<escape>[0-OQ-WYZ\\`-~])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
)
_CONTINUES = ""
"""The cell to the right of a wide character."""


class ScreenModel:
    """A grid of characters that the bytes of a program are written to."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.alternate = False
        """The program has the other screen, as full-screen programs do."""
        self.cursor_shown = True
        self.modes: set[str] = set()
        """Private modes that are on: ``1000`` (mouse), ``2004`` (bracketed paste)."""
        self.clipboard: list[str] = []
        """What programs tried to put into the clipboard (OSC 52)."""
        self.bells = 0
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._rest = ""
        self._x = self._y = 0
        self._top, self._bottom = 0, rows - 1
        self._cells = self._empty()
        self._other = self._empty()
        self._answers: list[str] = []

    def lines(self) -> list[str]:
        """The rows of the screen, without trailing blanks."""
        return ["".join(row).rstrip() for row in self._cells]

    def answers(self) -> bytes:
        """What the terminal has to send to the program since the last call."""
        answers, self._answers = self._answers, []
        return "".join(answers).encode()

    def resize(self, columns: int, rows: int) -> None:
        """Another size; the program draws anew."""
        self.columns, self.rows = columns, rows
        self._top, self._bottom = 0, rows - 1
        self._cells, self._other = self._empty(), self._empty()
        self._x = self._y = 0

    def feed(self, data: bytes) -> None:
        """Draw what a program wrote; a sequence may be cut anywhere."""
        text = self._rest + self._decode(data)
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                if len(text) - at < 65_536:  # a sequence whose end has not come yet
                    break
                at += 1
                continue
            at = found.end()
            if (printed := found["text"]) is not None:
                self._print(printed)
            elif found["final"] is not None:
                self._csi(found["csi"] + found["between"], found["final"])
            elif found["control"] is not None:
                self._control(found["control"])
            elif found["osc"] is not None:
                self._osc(found["osc"])
            elif found["escape"] is not None:
                self._escape(found["escape"])
        self._rest = text[at:]

    # -- text --------------------------------------------------------------------------------------

    def _print(self, text: str) -> None:
        row = self._cells[self._y]
        if text.isascii() and self._x + len(text) <= self.columns:
            self._put(row, text)
            return
        for character in text:
            width = cell_len(character)
            if width == 0:
                if self._x:
                    row[self._x - 1] += character
                continue
            if self._x + width > self.columns:
                if "7" not in self.modes and self.alternate:  # no wrapping: the last cell
                    self._x = self.columns - width
                else:
                    self._x = 0
                    self._line_feed()
                    row = self._cells[self._y]
            self._clear_halves(row, self._x, width)
            row[self._x] = character
            if width == 2:
                row[self._x + 1] = _CONTINUES
            self._x += width

    def _put(self, row: list[str], text: str) -> None:
        self._clear_halves(row, self._x, len(text))
        row[self._x : self._x + len(text)] = text
        self._x += len(text)

    def _clear_halves(self, row: list[str], x: int, width: int) -> None:
        """A wide character that is overwritten in part is gone as a whole."""
        if x and row[x] == _CONTINUES:
            row[x - 1] = " "
        if x + width < self.columns and row[x + width] == _CONTINUES:
            row[x + width] = " "

    def _control(self, character: str) -> None:
        if character == "\r":
            self._x = 0
        elif character in "\n\v\f":
            self._line_feed()
        elif character == "\b":
            self._x = max(0, self._x - 1)
        elif character == "\t":
            self._x = min(self.columns - 1, (self._x // 8 + 1) * 8)
        elif character == "\a":
            self.bells += 1

    def _line_feed(self) -> None:
        if self._y == self._bottom:
            self._scroll(1)
        else:
            self._y = min(self._y + 1, self.rows - 1)

    def _scroll(self, rows: int) -> None:
        """The scroll region up by rows; down where negative."""
        region = self._cells[self._top : self._bottom + 1]
        count = min(abs(rows), len(region))
        blank = [[" "] * self.columns for _ in range(count)]
        region = region[count:] + blank if rows > 0 else blank + region[: len(region) - count]
        self._cells[self._top : self._bottom + 1] = region

    # -- sequences ---------------------------------------------------------------------------------

    def _csi(self, parameters: str, final: str) -> None:
        if parameters[:1] in ("?", ">", "<", "="):
            self._private(parameters, final)
            return
        numbers = [int(part) if part.isdigit() else 0 for part in parameters.split(";")]
        first = numbers[0]
        if final in "ABCDG`d":
            self._move(final, max(1, first))
        elif final in "Hf":
            self._go(max(1, first) - 1, max(1, numbers[1] if len(numbers) > 1 else 1) - 1)
        elif final in _ERASERS:
            _ERASERS[final](self, first)
        elif final in "ST":
            self._scroll(max(1, first) if final == "S" else -max(1, first))
        elif final == "r":
            bottom = numbers[1] if len(numbers) > 1 and numbers[1] else self.rows
            self._top, self._bottom = max(1, first) - 1, min(bottom, self.rows) - 1
            self._go(0, 0)
        elif final == "n" and first == 6:
            self._answers.append(f"\x1b[{self._y + 1};{self._x + 1}R")
        elif final == "c":
            self._answers.append("\x1b[?62;22c")

    def _private(self, parameters: str, final: str) -> None:
        modes = parameters[1:].rstrip("$").split(";")
        if final == "p" and parameters.startswith("?") and parameters.endswith("$"):
            self._answers.append(f"\x1b[?{modes[0]};0$y")  # a mode that we do not know
        elif final == "h":
            self.modes.update(modes)
        elif final == "l":
            self.modes.difference_update(modes)
        if final in "hl" and {"1049", "1047", "47"} & set(modes):
            self._switch(alternate=final == "h")
        if final in "hl" and "25" in modes:
            self.cursor_shown = final == "h"

    def _switch(self, *, alternate: bool) -> None:
        if alternate is not self.alternate:
            self.alternate = alternate
            self._cells, self._other = self._other, self._cells
        if alternate:
            self._cells = self._empty()
            self.modes.add("7")

    def _move(self, final: str, count: int) -> None:
        moves = {
            "A": (self._y - count, self._x),
            "B": (self._y + count, self._x),
            "C": (self._y, self._x + count),
            "D": (self._y, self._x - count),
            "G": (self._y, count - 1),
            "`": (self._y, count - 1),
            "d": (count - 1, self._x),
        }
        self._go(*moves[final])

    def _go(self, y: int, x: int) -> None:
        self._y = min(max(y, 0), self.rows - 1)
        self._x = min(max(x, 0), self.columns - 1)

    def _erase_screen(self, which: int) -> None:
        above, below = range(self._y), range(self._y + 1, self.rows)
        if which in (0, 1):
            self._erase_line(which)
        for y in {0: below, 1: above}.get(which, range(self.rows)):
            self._cells[y] = [" "] * self.columns

    def _erase_line(self, which: int) -> None:
        begin = self._x if which == 0 else 0
        end = min(self._x + 1, self.columns) if which == 1 else self.columns
        self._cells[self._y][begin:end] = [" "] * (end - begin)

    def _erase_cells(self, count: int) -> None:
        end = min(self._x + max(1, count), self.columns)
        self._cells[self._y][self._x : end] = [" "] * (end - self._x)

    def _osc(self, text: str) -> None:
        kind, _, rest = text.partition(";")
        if kind == "52":
            self.clipboard.append(rest)

    def _escape(self, character: str) -> None:
        if character == "c":
            self.resize(self.columns, self.rows)
        elif character == "M":
            if self._y == self._top:
                self._scroll(-1)
            else:
                self._y = max(0, self._y - 1)

    def _empty(self) -> list[list[str]]:
        return [[" "] * self.columns for _ in range(self.rows)]


_ERASERS: dict[str, Callable[[ScreenModel, int], None]] = {
    "J": ScreenModel._erase_screen,
    "K": ScreenModel._erase_line,
    "X": ScreenModel._erase_cells,
}
