"""Elements that a client of one session has found, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element

from simulator import appium_elements as elements

ELEMENT_KEY: Final = "element-6066-11e4-a52e-4f735466cecf"
Json = Any
_STATUS: Final = {
    "invalid session id": 404,
    "no such element": 404,
    "stale element reference": 404,
    "unknown command": 404,
    "invalid selector": 400,
    "invalid argument": 400,
    "invalid element state": 400,
}


class WebDriverError(Exception):
    """An error as the WebDriver protocol names it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    @property
    def status(self) -> int:
        """The HTTP status of its answer."""
        return _STATUS.get(self.kind, 500)


class ElementBook:
    """References to elements; each is looked for anew on the screen of the moment."""

    def __init__(self, source: Callable[[], str]) -> None:
        """``source`` gives the page source; what it raises is passed on."""
        self._source = source
        self._elements: dict[str, tuple[tuple[int, ...], str, str]] = {}

    def find(self, using: str, value: str, within: str = "") -> list[dict[str, str]]:
        """References to every match. Raises WebDriverError."""
        root = elements.parse(self._source())
        try:
            found = elements.find(root, using, value)
        except elements.BadSelector as exc:
            raise WebDriverError("invalid selector", str(exc)) from None
        path = self._elements[within][0] if within in self._elements else ()
        return [
            self._reference(one)
            for one in found
            if one.path[: len(path)] == path and one.path != path
        ]

    def find_one(self, using: str, value: str, within: str = "") -> dict[str, str]:
        """A reference to the first match. Raises WebDriverError."""
        found = self.find(using, value, within)
        if not found:
            text = "An element could not be located on the page using the given search parameters."
            raise WebDriverError("no such element", text)
        return found[0]

    def _reference(self, found: elements.Found) -> dict[str, str]:
        name = f"00000000-0000-{len(self._elements):04x}-ffff-{len(found.path):012x}"
        element = found.element
        self._elements[name] = (found.path, element.tag, element.get("resource-id", ""))
        return {ELEMENT_KEY: name, "ELEMENT": name}

    def element(self, name: str) -> Element:
        """The element as it stands on the screen now. Raises WebDriverError when it is gone."""
        if name not in self._elements:
            raise WebDriverError(
                "no such element", f"The element identified by '{name}' is unknown"
            )
        path, tag, resource_id = self._elements[name]
        node = elements.at(elements.parse(self._source()), path)
        if node is None or node.tag != tag or node.get("resource-id", "") != resource_id:
            raise WebDriverError(
                "stale element reference",
                "The previously found element is not present in the current view anymore",
            )
        return node

    def centre(self, name: str) -> tuple[float, float]:
        """The middle of the element, in pixels. Raises WebDriverError."""
        left, top, right, bottom = elements.bounds(self.element(name))
        return (left + right) / 2, (top + bottom) / 2

    def rect(self, name: str) -> dict[str, int]:
        """Where the element is. Raises WebDriverError."""
        left, top, right, bottom = elements.bounds(self.element(name))
        return {"x": left, "y": top, "width": right - left, "height": bottom - top}

    def field(self, name: str, text: str) -> str:
        """The resource-id of an element that takes ``text``. Raises WebDriverError."""
        resource_id = self.element(name).get("resource-id", "")
        if not resource_id:
            text = f"Cannot set the element to '{text}'. Did you interact with the correct element?"
            raise WebDriverError("invalid element state", text)
        return resource_id

    def taps(self, sources: Sequence[Mapping[str, Json]]) -> Iterator[tuple[float, float]]:
        """Points that W3C actions tap: a pointer that goes down and up where it is.

        Swipes do nothing. Raises WebDriverError.
        """
        for source in sources:
            if source.get("type") != "pointer":
                continue
            here = (0.0, 0.0)
            pressed: tuple[float, float] | None = None
            for action in source.get("actions", ()):
                kind = action.get("type")
                if kind == "pointerMove":
                    here = self._moved(here, action)
                elif kind == "pointerDown":
                    pressed = here
                elif kind == "pointerUp" and pressed == here:
                    yield here

    def _moved(self, here: tuple[float, float], action: Mapping[str, Json]) -> tuple[float, float]:
        origin = action.get("origin", "viewport")
        x, y = float(action.get("x", 0)), float(action.get("y", 0))
        if isinstance(origin, Mapping):
            left, top = self.centre(str(origin.get(ELEMENT_KEY) or origin.get("ELEMENT")))
            return left + x, top + y
        return (here[0] + x, here[1] + y) if origin == "pointer" else (x, y)
