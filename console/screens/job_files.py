"""Evidence files of a job: a small list to open them from, and a picture as large as the window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from console.pager import NoPagerError, page
from console.plain import plain
from console.screens.job_facts import PICTURES
from console.screens.job_texts import megabytes
from console.widgets.columns import Column
from console.widgets.lines import Line
from console.widgets.row_table import RowTable
from engine.private_files import explain

if TYPE_CHECKING:
    from PIL.Image import Image

    from console.app import ConsoleApp
    from engine.insight.values import EvidenceFile

TEXTS: Final = frozenset({".json", ".jsonl", ".xml", ".txt", ".log", ".html", ".csv", ".md"})
"""Endings of evidence files that a pager can show."""
LARGEST_TEXT: Final = 5_000_000
"""Bytes that a pager gets; the rest is said to be left out."""
_COLUMNS: Final = (
    Column("file", "FILE", 24, flex=True),
    Column("attempt", "ATTEMPT", 8),
    Column("size", "SIZE", 9, align="right"),
)
_KEYS: Final = " enter open    y copy the path    esc back"


def read_text(path: Path) -> str:
    """The beginning of a text file; bytes that are no UTF-8 are shown as such. Raises OSError."""
    with path.open("rb") as file:
        found = file.read(LARGEST_TEXT)
        more = bool(file.read(1))
    text = found.decode("utf-8", "backslashreplace")
    return f"{text}\n... the rest is left out; the file is {path}" if more else text


class FilesScreen(ModalScreen[None]):
    """``enter`` opens a file, ``y`` copies its path."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i", "close", show=False),
        Binding("y", "copy_path", show=False),
    ]

    def __init__(self, job_id: str, files: Sequence[EvidenceFile]) -> None:
        super().__init__()
        self._title = f" Evidence of {plain(job_id)} "
        self._files = {str(file.path): file for file in reversed(files)}

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield RowTable(id="files")
            yield Line(id="files-keys")

    def on_mount(self) -> None:
        self.query_one("#box").border_title = Content(self._title)
        table = self.query_one("#files", RowTable)
        table.set_columns(_COLUMNS)
        table.set_rows(list(self._files), self._cell)
        table.focus()
        self.query_one("#files-keys", Line).say(_KEYS)

    @property
    def console(self) -> ConsoleApp:
        """The app, by its own type."""
        return cast("ConsoleApp", self.app)

    def _cell(self, key: str, column: str) -> str:
        file = self._files[key]
        values = {"file": file.name, "attempt": file.attempt, "size": megabytes(file.size)}
        return values[column]

    @on(RowTable.Opened)
    def _open(self, event: RowTable.Opened) -> None:
        event.stop()
        path = self._files[event.key].path
        ending = path.suffix.lower()
        if ending in PICTURES:
            self.app.push_screen(PictureScreen(path))
        elif ending in TEXTS:
            self._page(path)
        else:
            self._copy(path)

    @work(group="files", exclusive=True)
    async def _page(self, path: Path) -> None:
        try:
            text = await self.console.feed.in_background(lambda: read_text(path))
        except OSError as exc:
            self._say(explain(exc))
            return
        try:
            page(text, self.app.suspend)
        except NoPagerError as exc:
            self._copy(path, f" {exc} Its path is copied: {plain(str(path))}")

    def action_copy_path(self) -> None:
        key = self.query_one("#files", RowTable).cursor_key
        if key is not None:
            self._copy(self._files[key].path)

    def _copy(self, path: Path, said: str = "") -> None:
        self.app.copy_to_clipboard(str(path))
        self._say(said or f" Copied: {plain(str(path))}")

    def _say(self, text: str) -> None:
        self.query_one("#files-keys", Line).say(text)

    def action_close(self) -> None:
        self.dismiss(None)


class PictureScreen(ModalScreen[None]):
    """One picture, as large as the window allows."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,i", "close", show=False)]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        yield PictureFrame(id="frame")
        yield Line(id="picture-name")

    def on_mount(self) -> None:
        self.query_one("#picture-name", Line).say(f" {plain(str(self._path))}    esc back")
        self.query_one(PictureFrame).show(self._path)

    def action_close(self) -> None:
        self.dismiss(None)


class PictureFrame(Container):
    """Where a picture stands; what cannot be shown is told in a sentence."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._path: Path | None = None
        self._picture: Image | None = None
        self._drawn: Widget | None = None

    @property
    def console(self) -> ConsoleApp:
        """The app, by its own type."""
        return cast("ConsoleApp", self.app)

    def show(self, path: Path | None) -> None:
        """Show this picture, or none; the one that is shown already is not read again."""
        if path != self._path:
            self._path, self._picture = path, None
            self._draw()

    def on_resize(self) -> None:
        """The picture has another size now."""
        self._draw()

    def on_unmount(self) -> None:
        self._forget()

    @work(group="picture", exclusive=True)
    async def _draw(self) -> None:
        """Read it where it was not yet, and put it in; a change meanwhile begins anew."""
        path = self._path
        room = (self.size.width, self.size.height)
        if path is None or not all(room):
            await self._put(None)
            return
        drawing: Any = await self.console.feed.in_background(_drawing)
        try:
            if self._picture is None:
                self._picture = await self.console.feed.in_background(
                    lambda: drawing.read_picture(path)
                )
        except drawing.PictureError as exc:
            line = Line(id="no-picture")
            await self._put(line)
            line.say(str(exc))
            return
        assert self._picture is not None
        how = drawing.graphics_here(headless=self.app.is_headless)
        await self._put(drawing.picture_widget(self._picture, room, how, id="picture"))

    async def _put(self, widget: Widget | None) -> None:
        self._forget()
        await self.remove_children()
        if widget is not None:
            self._drawn = widget if widget.id == "picture" else None
            await self.mount(widget)

    def _forget(self) -> None:
        if self._drawn is not None:
            _drawing().forget(self._drawn)
            self._drawn = None


def _drawing() -> Any:
    """The module that draws, with its decoders; in the background when it is first needed."""
    from console.widgets import picture

    return picture
