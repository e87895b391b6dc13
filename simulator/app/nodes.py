"""Nodes of a page source: how screens are written down, rendered as XML and hit by a tap.

Screens are written in the units of a phone 720 pixels wide; ``render`` scales them to the phone's
real width. The XML has the attributes, in the order, of UiAutomator2's page source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

APP_PACKAGE: Final = "com.instagram.android"

type_of: Final = {"View": "android.view.View", "ViewGroup": "android.view.ViewGroup"}
"""Short class names outside ``android.widget``."""

Bounds = tuple[int, int, int, int]
"""left, top, right, bottom."""

_ESCAPES: Final = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\n": "&#10;",
        "\r": "&#13;",
        "\t": "&#9;",
    }
)
_TAIL: Final = (
    'text-entry-key="false" dismissable="false" a11y-focused="false" heading="false"'
    ' live-region="0" context-clickable="false" content-invalid="false"'
)


@dataclass(frozen=True, slots=True)
class Node:
    """One view. ``action`` is what a tap on it does: a word that the app's table knows."""

    cls: str
    bounds: Bounds
    children: tuple[Node, ...] = ()
    id: str = ""
    """The resource-id; without a colon it is one of the app's own."""
    text: str = ""
    desc: str = ""
    flags: str = ""
    """C clickable, L long-clickable, S selected, F focusable, O focused, X scrollable, K checkable,
    V checked (of a switch), D disabled."""
    hint: str = ""
    action: str = ""
    package: str = APP_PACKAGE

    @property
    def resource_id(self) -> str:
        """The full resource-id as the page source has it."""
        return f"{self.package}:id/{self.id}" if self.id and ":" not in self.id else self.id

    @property
    def full_class(self) -> str:
        """The Java class name."""
        return self.cls if "." in self.cls else type_of.get(self.cls, f"android.widget.{self.cls}")


def view(
    cls: str,
    bounds: Bounds,
    *children: Node,
    id: str = "",  # noqa: A002 - Android's own word for it
    text: str = "",
    desc: str = "",
    flags: str = "",
    hint: str = "",
    action: str = "",
    package: str = APP_PACKAGE,
) -> Node:
    """A node; one with an action is clickable."""
    if action and "C" not in flags:
        flags = f"C{flags}"
    return Node(cls, bounds, children, id, text, desc, flags, hint, action, package)


def frame(bounds: Bounds, *children: Node, id: str = "") -> Node:  # noqa: A002 - as in view()
    """A FrameLayout that only holds others."""
    return Node("FrameLayout", bounds, children, id)


def nest(ids: Sequence[str], bounds: Bounds, *children: Node) -> Node:
    """A chain of containers ``class/id`` around ``children``, outermost first."""
    inner = children
    for spec in reversed(ids):
        cls, _, name = spec.partition("/")
        inner = (Node(cls or "FrameLayout", bounds, inner, name),)
    return inner[0]


def walk(roots: Sequence[Node]) -> Iterator[Node]:
    """Every node in document order."""
    for node in roots:
        yield node
        yield from walk(node.children)


def hit(roots: Sequence[Node], x: float, y: float) -> Node | None:
    """The clickable node that takes a touch at x, y (screen units): the last drawn one on top."""
    for node in reversed(roots):
        left, top, right, bottom = node.bounds
        if not (left <= x < right and top <= y < bottom):
            continue
        inner = hit(node.children, x, y)
        if inner is not None:
            return inner
        if "C" in node.flags and "D" not in node.flags:
            return node
    return None


def render(roots: Sequence[Node], *, width: int, height: int, scale: float) -> str:
    """The page source of a window; ``width`` and ``height`` are the hierarchy's, in real pixels."""
    parts = [
        (
            "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n"
            f'<hierarchy index="0" class="hierarchy" rotation="0" width="{width}"'
            f' height="{height}">'
        )
    ]
    for index, node in enumerate(roots):
        _render(node, index, scale, parts)
    parts.append("</hierarchy>")
    return "".join(parts)


def _render(node: Node, index: int, scale: float, parts: list[str]) -> None:
    full = node.full_class
    parts.append(f"<{full} {attributes(node, index, scale)}")
    if not node.children:
        parts.append(" />")
        return
    parts.append(">")
    for position, child in enumerate(node.children):
        _render(child, position, scale, parts)
    parts.append(f"</{full}>")


def attributes(node: Node, index: int, scale: float) -> str:
    """The XML attributes of one node."""

    def said(letter: str) -> str:
        return "true" if letter in node.flags else "false"

    left, top, right, bottom = (round(value * scale) for value in node.bounds)
    # An empty field shows its hint as its text, as Android reports it.
    shows_hint = bool(node.hint) and not node.text
    important = "true" if node.text or node.desc or "C" in node.flags or node.hint else "false"
    typed = ' input-type="180225"' if node.hint else ""
    limits = ' multiline="true" max-text-length="2200"' if node.hint else ""
    desc = f' content-desc="{escape(node.desc)}"' if node.desc else ""
    resource = f' resource-id="{node.resource_id}"' if node.id else ""
    hint = f' hint="{escape(node.hint)}"' if node.hint else ""
    return (
        f'index="{index}" package="{node.package}" class="{node.full_class}"'
        f' text="{escape(node.text or node.hint)}"{desc}{resource}'
        f' checkable="{said("K")}" checked="{said("V")}" clickable="{said("C")}"'
        f' enabled="{"false" if "D" in node.flags else "true"}" focusable="{said("F")}"'
        f' focused="{said("O")}" long-clickable="{said("L")}" password="false"'
        f' scrollable="{said("X")}" selected="{said("S")}"'
        f' bounds="[{left},{top}][{right},{bottom}]" displayed="true"{hint}'
        f' a11y-important="{important}" screen-reader-focusable="false"{typed}'
        f' drawing-order="{index + 1}" showing-hint="{"true" if shows_hint else "false"}"'
        f'{limits} {_TAIL} window-id="28"'
    )


def escape(text: str) -> str:
    """``text`` for an XML attribute; characters that XML cannot hold become ``?``."""
    clean = "".join(char if _allowed(char) else "?" for char in text)
    return clean.translate(_ESCAPES)


def _allowed(char: str) -> bool:
    code = ord(char)
    return (
        code in (0x9, 0xA, 0xD)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or code >= 0x10000
    )
