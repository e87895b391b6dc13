"""Pictures in the terminal: which graphics, what is refused, and that nobody asks the terminal."""

from __future__ import annotations

import struct
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen

from console.widgets.picture import (
    KEPT_PIXELS,
    LARGEST_BYTES,
    Graphics,
    PictureError,
    fitted,
    forget,
    graphics,
    graphics_here,
    picture_widget,
    read_picture,
)
from tests.console.pilot import drive, screen_lines

CELL = (10, 20)
ROOT = Path(__file__).resolve().parents[2]


def picture(path: Path, size: tuple[int, int] = (54, 96), mode: str = "RGB") -> Path:
    Image.new(mode, size).save(path)
    return path


def png_header(path: Path, width: int, height: int) -> Path:
    """A PNG that claims to be very large, in a few bytes."""
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + body
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(body))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", 0)
        + b"IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )
    return path


# -- which graphics -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "xterm-256color"}, Graphics.HALF_BLOCKS),
        ({}, Graphics.HALF_BLOCKS),
        ({"TERM": "xterm-kitty"}, Graphics.KITTY),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, Graphics.KITTY),
        ({"TERM": "xterm-ghostty"}, Graphics.KITTY),
        ({"TERM": "foot-extra"}, Graphics.SIXEL),
        ({"TERM_PROGRAM": "WezTerm"}, Graphics.SIXEL),
        ({"TERM_PROGRAM": "iTerm.app"}, Graphics.SIXEL),
        ({"TERM_PROGRAM": "mintty"}, Graphics.SIXEL),
        ({"TERM_PROGRAM": "Apple_Terminal"}, Graphics.HALF_BLOCKS),
    ],
)
def test_the_environment_decides_how_a_picture_is_drawn(
    environ: Mapping[str, str], expected: Graphics
) -> None:
    assert graphics(environ, CELL) is expected


@pytest.mark.parametrize(
    "between",
    [
        {"TMUX": "/tmp/tmux"},
        {"STY": "1.pts"},
        {"SSH_CONNECTION": "a b"},
        {"TERM": "screen-256color"},
    ],
)
def test_a_multiplexer_or_a_far_terminal_gets_half_blocks(between: Mapping[str, str]) -> None:
    for environ in ({"KITTY_WINDOW_ID": "1"}, {"TERM_PROGRAM": "WezTerm"}):
        assert graphics({**environ, **between}, CELL) is Graphics.HALF_BLOCKS


def test_sixel_needs_the_size_of_a_cell() -> None:
    assert graphics({"TERM": "foot"}, None) is Graphics.HALF_BLOCKS


def test_without_a_terminal_half_blocks_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITTY_WINDOW_ID", "1")
    assert graphics_here(headless=True) is Graphics.HALF_BLOCKS


# -- what is read ---------------------------------------------------------------------------------


def test_a_picture_is_scaled_down_before_it_is_kept(tmp_path: Path) -> None:
    found = read_picture(picture(tmp_path / "a.png", (4000, 6000)))
    assert found.size[0] <= KEPT_PIXELS[0]
    assert found.size[1] <= KEPT_PIXELS[1]
    assert abs(found.size[0] / found.size[1] - 2 / 3) < 0.01


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "1", "I;16"])
def test_every_kind_of_pixel_is_drawn_in_colour(tmp_path: Path, mode: str) -> None:
    assert read_picture(picture(tmp_path / "a.png", mode=mode)).mode == "RGB"


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n\x00\x00"])
def test_a_file_that_is_no_picture_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "screen.png"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=r"^screen\.png cannot be shown: .* no whole picture\.$"):
        read_picture(path)


def test_a_torn_picture_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "screen.png"
    Image.effect_noise((200, 200), 80).save(path)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(PictureError, match="cannot be shown"):
        read_picture(path)


def test_a_missing_picture_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="No such file"):
        read_picture(tmp_path / "gone.png")


@pytest.mark.parametrize("side", [7_000, 60_000])
def test_a_picture_of_too_many_pixels_is_refused_unread(tmp_path: Path, side: int) -> None:
    with pytest.raises(PictureError, match="more than 40 megapixels"):
        read_picture(png_header(tmp_path / "huge.png", side, side))


def test_a_file_of_too_many_bytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(LARGEST_BYTES + 1_000_000)
    with pytest.raises(PictureError, match="21 MB"):
        read_picture(path)


def test_the_name_of_a_picture_cannot_reach_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(PictureError) as caught:
        read_picture(tmp_path / "a\x1b]52;c;eA==\x07.png")
    assert "\x1b" not in str(caught.value)


# -- how it is drawn ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "room", "cells"),
    [
        ((1080, 1920), (80, 24), (27, 24)),  # as high as there is room
        ((1920, 1080), (40, 24), (40, 11)),  # as wide as there is room
        ((1, 4000), (40, 10), (1, 10)),
        ((4000, 1), (40, 10), (40, 1)),
    ],
)
def test_a_picture_keeps_its_proportions(
    size: tuple[int, int], room: tuple[int, int], cells: tuple[int, int]
) -> None:
    assert fitted(size, room, CELL) == cells


class Album(App[None]):
    """One picture."""

    def __init__(self, shown: Image.Image, how: Graphics) -> None:
        super().__init__()
        self._shown = shown
        self._how = how

    def compose(self) -> ComposeResult:
        yield picture_widget(self._shown, (20, 10), self._how, id="picture")


def test_half_blocks_are_the_picture() -> None:
    upper_red = Image.new("RGB", (10, 10), "red")

    async def script(pilot: Pilot[Any]) -> tuple[list[str], str]:
        strip = pilot.app.screen._compositor.render_strips()[0]
        style = next(iter(strip)).style
        assert style is not None
        assert style.color is not None
        return screen_lines(pilot.app), style.color.get_truecolor().hex

    lines, colour = drive(Album(upper_red, Graphics.HALF_BLOCKS), script)
    assert lines[:10] == ["▀" * 20] * 10
    assert lines[10] == ""
    assert colour == "#ff0000"


@pytest.mark.parametrize("how", list(Graphics))
def test_a_picture_goes_and_survives_a_dialog(how: Graphics) -> None:
    async def script(pilot: Pilot[Any]) -> tuple[int, int]:
        app = pilot.app
        widget = app.query_one("#picture")
        await app.push_screen(ModalScreen())
        await pilot.pause()
        app.pop_screen()
        await pilot.pause()
        size = widget.size
        forget(widget)
        await widget.remove()
        return size.width, size.height

    assert drive(Album(Image.new("RGB", (90, 90)), how), script) == (20, 10)


PROGRAM = """
import os, pty, select, sys
child, terminal = pty.fork()
if child == 0:
    from PIL import Image
    from console.widgets import picture
    for how in picture.Graphics:
        picture.picture_widget(Image.new("RGB", (9, 9)), (9, 9), how, id="picture")
    assert sys.__stdout__.isatty()
    assert "TEXTUAL_CELL_WIDTH" not in os.environ
    print("drawn")
    sys.exit(0)
found = b""
while select.select([terminal], [], [], 30)[0]:
    try:
        more = os.read(terminal, 4096)
    except OSError:
        break
    if not more:
        break
    found += more
_, status = os.waitpid(child, 0)
print(status, found)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
def test_the_terminal_is_asked_nothing() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert ended.stdout.strip() == r"0 b'drawn\r\n'"


def test_the_cockpit_starts_without_decoders() -> None:
    names = "[name for name in ('PIL', 'textual_image') if name in sys.modules]"
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys, console.app, console.screens.job; print({names})"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert ended.stdout.strip() == "[]"
