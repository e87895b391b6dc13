"""A screen as a numbered list of what lies on top, short enough to send.

Every text on it is data: JSON on one line an element, with angle brackets escaped, so that nothing
that somebody wrote can leave its place or end the list.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.posting.page import Node
from engine.posting.screen import Screen

_ESCAPED: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>\x85\u2028\u2029"}
"""Brackets, and what some read as the end of a line; none of them is JSON's own."""
LONGEST_TEXT: Final = 160
"""Characters of a text that are sent; the beginning tells what it is."""


@dataclass(frozen=True, slots=True)
class Element:
    number: int
    """What the model calls it; from 1, in document order."""
    node: Node


def elements(screen: Screen, most: int) -> Sequence[Element]:
    """What has a place on the top layer and says something or can be tapped.

    Of a longer screen what can be tapped or is the app's own word comes first.
    """
    nodes = [node for node in screen.page.top.nodes if _worth(node)]
    if len(nodes) > most:
        ranked = sorted(nodes, key=lambda node: (node.authored, not node.clickable, node.index))
        nodes = sorted(ranked[:most], key=lambda node: node.index)
    beside = screen.page.beside
    if beside is not None:
        nodes.append(beside)
    return [Element(number, node) for number, node in enumerate(nodes, start=1)]


def listing(found: Sequence[Element]) -> str:
    """One JSON object a line."""
    return "\n".join(_line(element) for element in found)


def _worth(node: Node) -> bool:
    return not node.bounds.empty and bool(node.words or node.clickable)


def _line(element: Element) -> str:
    node = element.node
    x, y = node.bounds.center
    fields: dict[str, object] = {
        "n": element.number,
        "id": node.id,
        "class": node.cls.rpartition(".")[2],
        "text": _short(node.text),
        "desc": _short(node.desc),
        "tappable": node.clickable or None,
        "by_people": node.authored or None,
        "prompt": node.hint or None,
        "at": [x, y],
    }
    text = json.dumps({key: value for key, value in fields.items() if value}, ensure_ascii=False)
    return text.translate(_ESCAPED)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."
