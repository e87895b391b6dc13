"""Finding elements in a page source: the locator strategies that an Android client uses."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

Test = Callable[[ET.Element], bool]
_SELECTOR_CALL: Final = re.compile(r'\.(\w+)\(("(?:[^"\\]|\\.)*"|true|false|\d+)\)')
_SELECTORS: Final = {
    "text": ("text", "equals"),
    "textContains": ("text", "contains"),
    "textStartsWith": ("text", "starts-with"),
    "textMatches": ("text", "matches"),
    "description": ("content-desc", "equals"),
    "descriptionContains": ("content-desc", "contains"),
    "descriptionStartsWith": ("content-desc", "starts-with"),
    "descriptionMatches": ("content-desc", "matches"),
    "resourceId": ("resource-id", "equals"),
    "resourceIdMatches": ("resource-id", "matches"),
    "className": ("class", "equals"),
    "packageName": ("package", "equals"),
    "clickable": ("clickable", "equals"),
    "enabled": ("enabled", "equals"),
    "selected": ("selected", "equals"),
    "checked": ("checked", "equals"),
    "focused": ("focused", "equals"),
    "scrollable": ("scrollable", "equals"),
    "index": ("index", "equals"),
}
_STEP: Final = re.compile(r"(//?)([\w.*$]+)((?:\[[^\]]*\])*)")
_ATTRIBUTE_TEST: Final = re.compile(
    r"""^(?:@([\w-]+)\s*=\s*|(contains|starts-with)\(@([\w-]+)\s*,\s*)(["'])(.*?)\4\)?$"""
)
_ALIASES: Final = {
    "contentDescription": "content-desc",
    "resourceId": "resource-id",
    "className": "class",
    "name": "content-desc",
}


class BadSelector(Exception):
    """The selector cannot be read."""


@dataclass(frozen=True, slots=True)
class Found:
    """One element: where it stood in the tree, and what it was."""

    path: tuple[int, ...]
    element: ET.Element


def parse(source: str) -> ET.Element:
    """The hierarchy of a page source."""
    return ET.fromstring(source.encode())


def find(root: ET.Element, using: str, value: str) -> list[Found]:
    """Elements in document order. Raises BadSelector."""
    match using:
        case "id":
            return _matching(root, lambda node: _has_id(node, value))
        case "accessibility id":
            return _matching(root, lambda node: node.get("content-desc") == value)
        case "class name":
            return _matching(root, lambda node: node.get("class") == value)
        case "-android uiautomator":
            return _by_selector(root, value)
        case "xpath":
            return _by_xpath(root, value)
    raise BadSelector(f"Locator Strategy '{using}' is not supported for this session")


def at(root: ET.Element, path: tuple[int, ...]) -> ET.Element | None:
    """The element at a path, if there is one."""
    node = root
    for index in path:
        if index >= len(node):
            return None
        node = node[index]
    return node


def bounds(element: ET.Element) -> tuple[int, int, int, int]:
    """left, top, right, bottom in pixels."""
    left, top, right, bottom = (int(n) for n in re.findall(r"-?\d+", element.get("bounds", "")))
    return left, top, right, bottom


def attribute(element: ET.Element, name: str) -> str | None:
    """An attribute by any of the names that the driver takes."""
    if name == "name":
        return element.get("content-desc") or element.get("text")
    return element.get(_ALIASES.get(name, name))


def _walk(node: ET.Element, path: tuple[int, ...] = ()) -> Iterator[Found]:
    for index, child in enumerate(node):
        yield Found((*path, index), child)
        yield from _walk(child, (*path, index))


def _matching(root: ET.Element, test: Test) -> list[Found]:
    return [found for found in _walk(root) if test(found.element)]


def _has_id(node: ET.Element, value: str) -> bool:
    resource_id = node.get("resource-id", "")
    return resource_id == value or (":" not in value and resource_id.endswith(f":id/{value}"))


def _compare(how: str, name: str, value: str) -> Test:
    def test(node: ET.Element) -> bool:
        has = node.get(name)
        if has is None:
            return False
        if how == "contains":
            return value in has
        if how == "starts-with":
            return has.startswith(value)
        if how == "matches":
            return re.fullmatch(value, has, re.DOTALL) is not None
        return has == value

    return test


def _by_selector(root: ET.Element, text: str) -> list[Found]:
    """``new UiSelector().text("…").clickable(true).instance(1)``."""
    compact = text.strip().rstrip(";")
    if not compact.startswith("new UiSelector()"):
        raise BadSelector(f"Could not parse expression `{text}`")
    tests: list[Test] = []
    instance = None
    for name, raw in _SELECTOR_CALL.findall(compact):
        value = re.sub(r"\\(.)", r"\1", raw[1:-1]) if raw.startswith('"') else raw
        if name == "instance":
            instance = int(value)
        elif name in _SELECTORS:
            attribute_name, how = _SELECTORS[name]
            tests.append(_compare(how, attribute_name, value))
        else:
            raise BadSelector(f"Could not parse expression `{text}`: UiSelector has no {name}()")
    found = _matching(root, lambda node: all(test(node) for test in tests))
    return found if instance is None else found[instance : instance + 1]


def _by_xpath(root: ET.Element, text: str) -> list[Found]:
    """Steps ``//tag[tests][n]`` with equality, contains, starts-with, and, or."""
    steps = _STEP.findall(text)
    if not steps or "".join("".join(step) for step in steps) != text:
        raise BadSelector(f"Unable to locate an element with the xpath expression {text}")
    current = [Found((), root)]
    for axis, tag, predicates in steps:
        following: dict[tuple[int, ...], Found] = {}
        for origin in current:
            reached = list(_walk(origin.element, origin.path))
            if axis == "/":
                reached = [one for one in reached if len(one.path) == len(origin.path) + 1]
            kept = [one for one in reached if tag in ("*", one.element.tag)]
            for predicate in re.findall(r"\[([^\]]*)\]", predicates):
                kept = _filtered(kept, predicate.strip(), text)
            following |= {one.path: one for one in kept}
        current = [following[path] for path in sorted(following)]
    return current


def _filtered(found: list[Found], predicate: str, text: str) -> list[Found]:
    if predicate.isdigit():
        place = int(predicate)
        return found[place - 1 : place]
    test = _predicate(predicate, text)
    return [one for one in found if test(one.element)]


def _predicate(predicate: str, text: str) -> Test:
    parts = _split(predicate, " or ")
    if len(parts) > 1:
        either = [_predicate(part, text) for part in parts]
        return lambda node: any(test(node) for test in either)
    parts = _split(predicate, " and ")
    if len(parts) > 1:
        both = [_predicate(part, text) for part in parts]
        return lambda node: all(test(node) for test in both)
    match = _ATTRIBUTE_TEST.match(predicate.strip())
    if match is None:
        raise BadSelector(f"Unable to locate an element with the xpath expression {text}")
    equals, function, argument, _, value = match.groups()
    name = equals or argument
    return _compare(function or "equals", _ALIASES.get(name, name), value)


def _split(predicate: str, word: str) -> list[str]:
    """Parts between ``word``, quoted text left whole."""
    parts = [""]
    quote = ""
    index = 0
    while index < len(predicate):
        char = predicate[index]
        if not quote and predicate.startswith(word, index):
            parts.append("")
            index += len(word)
            continue
        if char in "\"'" and quote in ("", char):
            quote = "" if quote else char
        parts[-1] += char
        index += 1
    return parts
