"""Checks of the terminal: size and colours for the cockpit, and the encoding of what is printed."""

from __future__ import annotations

import codecs
import os
import sys
from typing import Final, TextIO

from engine.doctor.finding import Finding, Place, info, ok, warn

_COLUMNS, _LINES = 80, 24
"""The smallest terminal that the cockpit's screens are made for."""
_TERMINAL, _ENCODING = "terminal", "encoding"
_COLOURS: Final = {"truecolor": "16 million colours", "256": "256 colours", "windows": "16 colours"}


def screen(_place: Place) -> Finding:
    """Whether the cockpit can draw here, and how."""
    stream = _terminal()
    term = os.environ.get("TERM", "")
    if stream is None:
        return info(_TERMINAL, "none here: --run and --status need none, the cockpit does")
    if term == "dumb":
        return warn(_TERMINAL, "cannot draw (TERM=dumb)", "use another one for the cockpit")
    size = os.get_terminal_size(stream.fileno())
    shown = f"{size.columns}x{size.lines}, {_colours(stream)}" + (f" ({term})" if term else "")
    if size.columns < _COLUMNS or size.lines < _LINES:
        return warn(
            _TERMINAL, shown, f"make it {_COLUMNS}x{_LINES} or larger, or parts are cut off"
        )
    return ok(_TERMINAL, shown)


def _terminal() -> TextIO | None:
    streams = (sys.__stdout__, sys.__stderr__, sys.__stdin__)
    return next((stream for stream in streams if stream is not None and stream.isatty()), None)


def _colours(stream: TextIO) -> str:
    from rich.console import Console

    console = Console(file=stream)
    if console.no_color or console.color_system is None:
        return "no colours"
    return _COLOURS.get(console.color_system, "16 colours")


def encoding(_place: Place) -> Finding:
    """Captions and names hold any character; elsewhere than in UTF-8 they are shown escaped."""
    name = getattr(sys.stdout, "encoding", None) or "ascii"
    language = next(
        (os.environ[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if os.environ.get(key)), ""
    )
    shown = name.lower() + (f" ({language})" if language else "")
    if codecs.lookup(name).name == "utf-8":
        return ok(_ENCODING, shown)
    remedy = "set PYTHONUTF8=1" if sys.platform == "win32" else "set LANG=C.UTF-8"
    return warn(_ENCODING, f"{shown}: captions are shown escaped", remedy)
