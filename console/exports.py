"""What leaves the cockpit: copies to the operator's clipboard, and files of what is shown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from console.amounts import counted
from console.plain import plain
from engine.output import inert_json
from engine.private_files import explain, make_private_dir, write_atomically
from engine.spreadsheet import inert

if TYPE_CHECKING:
    from console.app import ConsoleApp

CLIPBOARD_BYTES: Final = 50_000
"""Terminals drop longer clipboard sequences (console-features 6.3)."""
FOLDER: Final = "exports"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What is shown, ready to be written."""

    name: str
    """Start of the file name: ``ledger``, ``passes``."""
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    records: Sequence[Mapping[str, Any]] = ()
    """The same for JSON; made of headers and rows where it is empty."""
    text: str = ""
    """Logs: plain text instead of a table."""

    @property
    def formats(self) -> tuple[str, ...]:
        """Formats that it can be written in."""
        return ("txt",) if self.text else ("csv", "json", "md")

    def written(self, form: str) -> str:
        """Its content in one format."""
        if form == "txt":
            return self.text
        if form == "json":
            records = self.records or [
                dict(zip(self.headers, row, strict=True)) for row in self.rows
            ]
            text = json.dumps(list(records), ensure_ascii=False, indent=1, default=str)
            return inert_json(text) + "\n"
        return self._markdown() if form == "md" else self._csv()

    def _csv(self) -> str:
        """Cells that neither a spreadsheet nor a terminal obeys."""
        out = io.StringIO()
        usual, quoted = csv.writer(out), csv.writer(out, quoting=csv.QUOTE_ALL)
        usual.writerow(self.headers)
        for row in self.rows:
            cells = [inert(plain(cell)) for cell in row]
            # Elsewhere a semicolon parts the cells, so that another one could begin behind it.
            (quoted if any(";" in cell for cell in cells) else usual).writerow(cells)
        return out.getvalue()

    def _markdown(self) -> str:
        lines = [self.headers, ["---"] * len(self.headers), *self.rows]
        return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return plain(text).replace("|", "\\|")


def _writable(text: str) -> str:
    """Halves of characters, which a log can hold and no file, with a sign in their place."""
    return text.encode("utf-8", "replace").decode("utf-8")


async def copy_out(app: ConsoleApp, text: str) -> None:
    """Copy to the operator's clipboard (OSC 52), or into a file where it is too long for that."""
    text = _writable(text)
    if not text:
        app.tell("There is nothing to copy here.")
    elif len(text.encode("utf-8")) <= CLIPBOARD_BYTES:
        app.copy_to_clipboard(text)
        app.tell(f"Sent to the terminal's clipboard: {counted(len(text), 'character')}.")
    else:
        await _save(app, "copy", "txt", lambda: text)


async def export(app: ConsoleApp, exported: Exported | None, form: str = "") -> None:
    """Write what is shown to a file; asks for the format where there is a choice."""
    if exported is None or not (exported.rows or exported.text):
        app.tell("There is nothing to export here.")
        return
    if form and form not in exported.formats:
        known = ", ".join(exported.formats)
        app.tell(f"{form} is no format for this; there is {known}.", tone="bad")
        return
    if not form and len(exported.formats) > 1:
        from console.dialogs.choice import ChoiceDialog

        keys = {"c": "csv", "j": "json", "m": "md"}
        lines = (f"{counted(len(exported.rows), 'row')}, in the order that is shown.",)
        chosen = await app.push_screen_wait(ChoiceDialog("Export", lines, keys))
        if chosen is None:
            return
        form = chosen
    form = form or exported.formats[0]
    await _save(app, exported.name, form, lambda: exported.written(form))


async def _save(app: ConsoleApp, name: str, form: str, text: Callable[[], str]) -> None:
    """Rows of a large table are made where they keep nobody waiting."""
    folder = app.watched.work_dir / FOLDER
    path = folder / f"{name}-{app.now():%Y%m%d-%H%M%S}.{form}"

    def write() -> Path:
        make_private_dir(folder)
        write_atomically(path, _writable(text()))
        return path

    try:
        app.tell(f"Written to {await app.feed.in_background(write)}")
    except OSError as exc:
        app.tell(explain(exc), tone="bad")
