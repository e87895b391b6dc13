"""What the engine prints: data to stdout, talk to stderr.

A terminal that went away is no reason to stop a run: writing to it fails in silence.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

_CONTROL = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)
} | {code: f"\\u{code:04x}" for code in (*range(0x2028, 0x202F), *range(0x2066, 0x206A))}
"""What a terminal obeys: control characters, further line ends, and turns of the direction."""

_JSON_CONTROL = {code: f"\\u{code:04x}" for code in range(127, 160)}
"""JSON lets them stand as they are; a terminal would obey them."""


def open_streams() -> None:
    """Streams that were closed before we started take what is written, and forget it."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def close_streams() -> None:
    """Write what is left; a reader that has gone does not change the exit status."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def plain(text: str) -> str:
    """Outside text made safe to print: control characters are shown, not obeyed."""
    return text.translate(_CONTROL)


def one_line(text: str) -> str:
    """The same without line breaks and tabs, for names that anybody may have given."""
    return plain(text).replace("\n", "\\n").replace("\t", "\\t")


def say(text: str, *, to: TextIO | None = None) -> bool:
    """Print one line of data; control characters in it are made visible. False: nobody reads."""
    stream = to or sys.stdout
    try:
        stream.write(plain(text) + "\n")
        stream.flush()
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(plain(text).encode(encoding, "backslashreplace").decode(encoding) + "\n")
    except (OSError, ValueError):
        return False
    return True


def complain(text: str) -> None:
    """Print one sentence for the operator to stderr."""
    say(text, to=sys.stderr)


def say_json(value: Mapping[str, Any]) -> bool:
    """Print one JSON object a line. False: nobody reads.

    Control characters are escaped as JSON has it, so that what is read back is what was meant.
    """
    text = inert_json(json.dumps(value, ensure_ascii=False, default=str))
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        text = json.dumps(value, default=str)
    return say(text)


def inert_json(text: str) -> str:
    """JSON with every control character escaped that a terminal would obey; it says the same."""
    return text.translate(_JSON_CONTROL)


def rich_console(*, width: int | None = None) -> Console:
    """A console of rich that does not end the process when its reader has gone."""
    from rich.console import Console

    class Patient(Console):
        def on_broken_pipe(self) -> None:
            """Rich would exit with status 1 here; a run has its own."""

    return Patient(width=width, highlight=False)


def table(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table: drawn on a terminal, aligned text without trailing blanks elsewhere."""
    from rich.box import SIMPLE
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    # Elsewhere than on a terminal a line is as long as it must be: it goes into files and pipes.
    console = rich_console(width=None if sys.stdout.isatty() else 200)
    drawn = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False, show_edge=False)
    for header in headers:
        drawn.add_column(header, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(plain(str(cell))) for cell in row))
    unbounded = console.options.update(max_width=10_000)
    for right, left in ((1, 1), (1, 0), (0, 0)):  # closer together before a cell is folded
        drawn.padding = (0, right, 0, left)
        if Measurement.get(console, unbounded, drawn).maximum <= console.width:
            break
    try:
        if console.is_terminal:
            console.print(drawn)
            return
        with console.capture() as text:
            console.print(drawn)
    except (OSError, ValueError):
        return
    for line in text.get().splitlines():
        say(line.rstrip())
