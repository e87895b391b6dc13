"""The Job screen with room: what, what next, attempts, error, history, log, the last screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size

from console.plain import plain
from console.screens import job_error
from console.screens.job_attempts import attempt_lines
from console.screens.job_files import PictureFrame
from console.screens.job_history import history
from console.screens.job_texts import next_lines, what_box
from console.screens.job_view import JobView
from console.widgets.panel import Panel
from console.widgets.tones import Drawn

_MOST = 5
"""Attempts that are shown, the latest ones."""

_LONG = 36
"""Cells from which on the history has room for all its words."""


class JobBoxes(Vertical):
    """Panels side by side; the picture to the right of error and log where there is one."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="job-top"):
            yield Panel(id="job-what", title="What")
            yield Panel(id="job-next", title="What happens next")
        yield Panel(id="job-attempts", title="Attempts")
        with Horizontal(id="job-lower"):
            with Vertical(id="job-left"):
                with Horizontal(id="job-middle"):
                    yield Panel(id="job-error", footer="l log here   y copy   i files")
                    yield Panel(id="job-history", title="History")
                yield Panel(id="job-log", footer="enter full log")
            yield PictureFrame(id="job-picture")

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._written: tuple[JobView | None, Sequence[Size]] = (None, ())

    def show(self, view: JobView) -> None:
        """Write every panel for the room that it has; again where that changed by writing."""
        self._write("job-what", what_box(view, self._room("job-what").width))
        self._write("job-next", next_lines(view, self._room("job-next").width))
        self._write("job-attempts", attempt_lines(view, self._room("job-attempts").width, _MOST))
        self._write("job-error", job_error.box(view, self._room("job-error").width))
        room = self._room("job-history")
        self._write("job-history", history(view, wide=room.width >= _LONG)[-room.height :])
        room = self._room("job-log")
        self._write("job-log", _around_failure(job_error.log_rows(view, room.width), room.height))
        self.query_one("#job-error", Panel).title = job_error.title(view)
        self.query_one("#job-log", Panel).title = job_error.log_title(view)
        self._written = (view, self._rooms())
        self.call_after_refresh(self._settle)

    def on_resize(self) -> None:
        """Panels get their room after this."""
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        view, rooms = self._written
        if view is not None and self.is_mounted and rooms != self._rooms():
            self.show(view)

    def show_picture(self, path: Path | None) -> None:
        """Show this picture of the last screen, or none."""
        frame = self.query_one(PictureFrame)
        self.set_class(path is not None, "-pictured")
        frame.border_title = Content(plain(path.name)) if path is not None else None
        frame.show(path)

    def _room(self, name: str) -> Size:
        """Cells of a panel's inside; at least one each way."""
        size = self.query_one(f"#{name}", Panel).size
        return Size(max(1, size.width), max(1, size.height))

    def _rooms(self) -> Sequence[Size]:
        return [panel.size for panel in self.query(Panel)]

    def _write(self, name: str, lines: Sequence[Drawn]) -> None:
        self.query_one(f"#{name}", Panel).set_lines(lines)


def _around_failure(lines: Sequence[Drawn], room: int) -> Sequence[Drawn]:
    """As many as there is room for; the failure stands five eighths down all lines."""
    begin = max(0, (len(lines) - room) * 5 // 8)
    return lines[begin : begin + room]
