"""Page sources written out for a test: a screen as a list of its elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from engine.posting.page import INSTAGRAM
from engine.posting.recogniser import Recogniser
from engine.posting.screen import Screen


@dataclass(frozen=True, kw_only=True)
class Part:
    """One element."""

    text: str = ""
    desc: str = ""
    id: str = ""
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    clickable: bool = True
    cls: str = "android.widget.Button"
    package: str = INSTAGRAM


def source(parts: Sequence[Part], package: str = INSTAGRAM) -> str:
    """Each part below the one before, where it has no place of its own."""
    lines = [f'<hierarchy><node class="android.widget.FrameLayout" package="{package}" ']
    lines.append('text="" resource-id="" content-desc="" bounds="[0,0][1080,2400]">')
    for number, part in enumerate(parts):
        left, top, right, bottom = part.box
        if part.box == (0, 0, 0, 0):
            left, top, right, bottom = 40, 100 + number * 120, 1040, 200 + number * 120
        full_id = f"{package}:id/{part.id}" if part.id else ""
        lines.append(
            f'<node class="{part.cls}" package="{package}" text={quoteattr(part.text)} '
            f'content-desc={quoteattr(part.desc)} resource-id="{full_id}" '
            f'clickable="{str(part.clickable).lower()}" '
            f'bounds="[{left},{top}][{right},{bottom}]"/>'
        )
    return "".join([*lines, "</node></hierarchy>"])


def screen(*parts: Part, package: str = INSTAGRAM) -> Screen:
    """What the rules make of it."""
    return Recogniser().recognise(source(parts, package))


def small_print() -> list[Part]:
    """Lines that say nothing: with them a page is drawn, and no rule knows what it is."""
    lines = (
        "Figures are shown for a week",
        "They are counted once an hour",
        "A graph follows below",
        "Colours can be chosen",
        "Older figures fade",
    )
    return [Part(text=line, clickable=False, cls="android.widget.TextView") for line in lines]
