"""The table of jobs, with a last line of its own for rows that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.style import Style
from textual.strip import Strip

from console.widgets import tones
from console.widgets.row_table import RowTable
from console.widgets.tones import Palette

UNREAD: Final = "\0unread"
"""Key of the last line; no job's id has a NUL in it."""


class JobTable(RowTable):
    """Rows are jobs; the line of rows that could not be read is no job and takes no mark."""

    unread = ""
    """What the last line says."""

    @property
    def jobs(self) -> Sequence[str]:
        """Ids of the jobs in their order."""
        keys = self.keys
        return keys[:-1] if keys and keys[-1] == UNREAD else keys

    def toggle_mark(self) -> None:
        """Mark the job under the cursor, or take its mark away, and step down."""
        if self.cursor_key != UNREAD:
            super().toggle_mark()

    def mark_all_shown(self) -> None:
        """Mark all jobs of the table; if they are all marked, take their marks away."""
        shown = set(self.jobs)
        unmarked = shown - self.marked
        self.set_marks(self.marked | unmarked if unmarked else self.marked - shown)

    def _line(self, y: int) -> Strip:
        row = self._top + y - 1
        if y == 0 or row >= len(self._keys) or self._keys[row] != UNREAD:
            return super()._line(y)
        palette = Palette(self, "row-table")
        here = row == self._cursor
        sentence = palette.runs((self.unread, "warn"), max(0, self.size.width - 3))
        return tones.strip(
            [(">  " if here else "   ", Style.null()), *sentence],
            self.size.width,
            under=self.rich_style,
            over=palette.style("cursor") if here else None,
        )
