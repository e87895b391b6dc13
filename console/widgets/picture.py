"""A picture drawn in the terminal: by its own graphics where it has some, else by half blocks.

To be imported only when a picture is to be shown: the decoders cost start-up time. The library that
draws would ask the terminal what it can do, on the keyboard's own line, which must not happen while
the cockpit runs; so the environment decides, and only half blocks are drawn where it promises
nothing. Pictures come from outside: their bytes and pixels are bounded (console-features 6.10).
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from PIL import Image

from console.plain import plain

if TYPE_CHECKING:
    from textual.widget import Widget

LARGEST_BYTES: Final = 20_000_000
LARGEST_PIXELS: Final = 40_000_000
KEPT_PIXELS: Final = (1200, 1600)
"""What is kept of a picture: more than any terminal shows of it."""
FORMATS: Final = ("PNG", "JPEG", "WEBP")
CELL: Final = (10, 20)
"""Pixels of a cell where the terminal does not tell."""


class PictureError(Exception):
    """A picture that cannot be shown; one sentence."""


class Graphics(StrEnum):
    """How a terminal draws pictures."""

    HALF_BLOCKS = "half blocks"
    SIXEL = "sixel"
    KITTY = "kitty"


def graphics(environ: Mapping[str, str], cell: tuple[int, int] | None) -> Graphics:
    """What the environment promises; half blocks where in doubt.

    A multiplexer passes no graphics on, and over SSH a picture's bytes would delay the keys.
    ``cell`` are the pixels of a cell, without which a sixel picture would cover its neighbours.
    """
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    between = any(name in environ for name in ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY"))
    if between or term.startswith(("screen", "tmux")):
        return Graphics.HALF_BLOCKS
    if "KITTY_WINDOW_ID" in environ or term in ("xterm-kitty", "xterm-ghostty"):
        return Graphics.KITTY
    draws = program in ("WezTerm", "iTerm.app", "mintty") or term.startswith(("foot", "contour"))
    return Graphics.SIXEL if draws and cell is not None else Graphics.HALF_BLOCKS


def graphics_here(*, headless: bool) -> Graphics:
    """How pictures are drawn in this terminal; by half blocks where there is none."""
    return Graphics.HALF_BLOCKS if headless else graphics(os.environ, cell_pixels())


def cell_pixels() -> tuple[int, int] | None:
    """Pixels of a cell as the system knows them; the terminal itself is not asked."""
    try:
        from fcntl import ioctl
        from termios import TIOCGWINSZ
    except ImportError:
        return None  # Windows
    stream = sys.__stdout__
    try:
        if stream is None or not stream.isatty():
            return None
        found = ioctl(stream.fileno(), TIOCGWINSZ, bytes(8))
    except (OSError, ValueError):
        return None
    rows, columns, width, height = memoryview(found).cast("H")
    sizes = (width // columns, height // rows) if rows and columns else (0, 0)
    return sizes if all(sizes) else None


def read_picture(path: Path) -> Image.Image:
    """Decode a picture, no larger than anybody needs. May take a second; raises PictureError."""
    name = plain(path.name)
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise PictureError(
                f"{name} has {size // 1_000_000} MB, which is too much to draw; i copies its path."
            )
        with Image.open(path, formats=FORMATS) as found:
            if found.width * found.height > LARGEST_PIXELS:
                raise Image.DecompressionBombError
            found.draft("RGB", KEPT_PIXELS)
            found.thumbnail(KEPT_PIXELS)
            return found.convert("RGB")
    except PictureError:
        raise
    except Image.DecompressionBombError as exc:
        most = LARGEST_PIXELS // 1_000_000
        raise PictureError(
            f"{name} has more than {most} megapixels, which is too much to draw; i copies its path."
        ) from exc
    except OSError as exc:
        raise PictureError(f"{name} cannot be shown: {_reason(exc)}.") from exc
    except Exception as exc:  # decoders raise whatever a broken file leads them to
        raise PictureError(f"{name} cannot be shown: it is no whole picture.") from exc


def _reason(exc: OSError) -> str:
    """The system's words; the decoder's own errors have no number."""
    return exc.strerror or "it is no whole picture"


def fitted(
    picture: tuple[int, int], room: tuple[int, int], cell: tuple[int, int]
) -> tuple[int, int]:
    """Cells that a picture takes in so much room, keeping its proportions; at least one each."""
    (wide, high), (columns, rows), (cell_wide, cell_high) = picture, room, cell
    by_height = rows * cell_high * wide / max(1, high) / cell_wide
    width = min(columns, max(1, round(by_height)))
    height = width * cell_wide * high / max(1, wide) / cell_high
    return max(1, width), min(rows, max(1, round(height)))


def picture_widget(
    picture: Image.Image,
    room: tuple[int, int],
    how: Graphics,
    *,
    id: str,  # noqa: A002
) -> Widget:
    """A widget that shows the picture in at most so many columns and rows."""
    cell = cell_pixels() or CELL
    widget = cast("Any", _widget_class(how, cell))(picture, id=id)
    widget.styles.width, widget.styles.height = fitted(picture.size, room, cell)
    return cast("Widget", widget)


def forget(widget: Widget) -> None:
    """Let the terminal forget a picture that is no longer shown."""
    cast("Any", widget).image = None


def _widget_class(how: Graphics, cell: tuple[int, int]) -> type[Widget]:
    with _terminal_left_alone(cell):
        from textual_image.widget import HalfcellImage, SixelImage, TGPImage
    by_graphics: dict[Graphics, type[Widget]] = {
        Graphics.HALF_BLOCKS: HalfcellImage,
        Graphics.SIXEL: SixelImage,
        Graphics.KITTY: TGPImage,
    }
    return by_graphics[how]


@contextlib.contextmanager
def _terminal_left_alone(cell: tuple[int, int]) -> Iterator[None]:
    """While the library is imported: it asks a standard output that is a terminal what it can do,
    and takes the size of a cell from these variables where it is none."""
    if "textual_image.widget" in sys.modules:
        yield
        return
    names = {"TEXTUAL_CELL_WIDTH": str(cell[0]), "TEXTUAL_CELL_HEIGHT": str(cell[1])}
    before = {name: os.environ.get(name) for name in names}
    output = sys.__stdout__
    vars(sys)["__stdout__"] = io.StringIO()
    os.environ.update(names)
    try:
        yield
    finally:
        vars(sys)["__stdout__"] = output
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
