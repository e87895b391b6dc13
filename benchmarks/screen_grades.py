"""Poorer copies of a page source, as other tools record screens.

A recogniser that only reads full page sources is easily fooled by its own luck: here the same
screen is told once more without its tree, its classes and its packages (``element_list``), and
once more by its words alone (``text_only``).
"""

from __future__ import annotations

import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

_LIST: Final = ("resource-id", "text", "content-desc", "clickable", "bounds")
_WORDS: Final = ("text", "content-desc", "bounds")
_ID: Final = re.compile(r'resource-id="(?:[\w.]+:id/)?(\w+)"')
_DROPPABLE: Final = ("class", "package", "clickable", "bounds", "content-desc", "text")


def element_list(source: str) -> str:
    """Flat nodes that have words or can be clicked; ids without package, no class, no tree."""
    return _flat(source, _LIST)


def text_only(source: str) -> str:
    """Flat nodes that have words: no ids, nothing that tells what can be clicked."""
    return _flat(source, _WORDS)


def worn(source: str, seed: str, share: float = 0.1) -> str:
    """The same tree with a share of its attributes lost at random, ids excepted."""
    dice = random.Random(seed)
    root = ET.fromstring(source)
    for node in root.iter():
        for name in _DROPPABLE:
            if name in node.attrib and dice.random() < share:
                del node.attrib[name]
    return ET.tostring(root, encoding="unicode")


def without_each_id(source: str) -> Iterator[str]:
    """The same page once for each of its ids, with that one renamed: another build of the app."""
    for name in sorted(set(_ID.findall(source))):
        yield re.sub(
            rf'(resource-id="(?:[\w.]+:id/)?){re.escape(name)}"', r'\1another_name"', source
        )


GRADES: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {"element_list": element_list, "text_only": text_only}
)


def _flat(source: str, kept: tuple[str, ...]) -> str:
    root = ET.Element("hierarchy")
    for node in ET.fromstring(source).iter():
        fields = {name: node.get(name, "") for name in kept}
        said = fields["text"].strip() or fields["content-desc"].strip()
        if not said and fields.get("clickable") != "true":
            continue
        if "resource-id" in fields:
            fields["resource-id"] = fields["resource-id"].rpartition("/")[2]
        ET.SubElement(root, "node", {name: value for name, value in fields.items() if value})
    return ET.tostring(root, encoding="unicode")
