"""The words of a rule: what must, or must not, be on a page.

A mark answers with the node that satisfies it, so that a verdict can show its evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from engine.posting import wording
from engine.posting.page import Node, Page, View
from engine.posting.uploads import UploadState, uploads


class Layer(StrEnum):
    """Which part of a page a mark looks at."""

    TOP = "top"
    WHOLE = "whole"


class Mark(Protocol):
    """One condition of a rule."""

    def find(self, page: Page) -> Node | None:
        """The node that satisfies it, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Ids:
    """A node with one of these ids."""

    ids: tuple[str, ...]
    layer: Layer = Layer.TOP

    def find(self, page: Page) -> Node | None:
        return _view(page, self.layer).first(self.ids)

    def __str__(self) -> str:
        return "id " + "|".join(self.ids)


@dataclass(frozen=True, slots=True)
class Says:
    """A node whose own words (never people's) carry one of the phrases."""

    key: str
    match: Callable[[str, str], bool]
    ids: tuple[str, ...] = ()
    """Only on these ids; empty = any."""
    bare: bool = False
    """Only on nodes without id or with a headline's: account notices are drawn so."""
    layer: Layer = Layer.TOP

    def find(self, page: Page) -> Node | None:
        for node in _view(page, self.layer).spoken:
            if self.ids and node.id not in self.ids:
                continue
            if self.bare and node.id and node.id not in HEADLINES:
                continue
            if any(self.match(self.key, words) for words in node.words):
                return node
        return None

    def __str__(self) -> str:
        return f"{self.match.__name__} {self.key!r}"


@dataclass(frozen=True, slots=True)
class Packages:
    """The window in front belongs to one of these packages (a dump may not say)."""

    prefixes: tuple[str, ...]

    def find(self, page: Page) -> Node | None:
        return page.nodes[0] if page.package.startswith(self.prefixes) else None

    def __str__(self) -> str:
        return "package " + "|".join(self.prefixes)


@dataclass(frozen=True, slots=True)
class Foreign:
    """The window in front belongs to an app that is not the one we post with."""

    def find(self, page: Page) -> Node | None:
        return page.nodes[0] if page.package and page.package != page.app else None

    def __str__(self) -> str:
        return "another app's package"


@dataclass(frozen=True, slots=True)
class Uploading:
    """The app reports an upload in this state."""

    state: UploadState

    def find(self, page: Page) -> Node | None:
        if page.covered:
            return None
        return next((item.node for item in uploads(page) if item.state is self.state), None)

    def __str__(self) -> str:
        return f"upload {self.state}"


@dataclass(frozen=True, slots=True)
class Covering:
    """Something lies on top of another screen."""

    def find(self, page: Page) -> Node | None:
        return page.top.nodes[0] if page.covered else None

    def __str__(self) -> str:
        return "an overlay"


@dataclass(frozen=True, slots=True)
class Few:
    """At most this many nodes have words."""

    limit: int

    def find(self, page: Page) -> Node | None:
        spoken = [node for node in page.nodes if node.words]
        return page.nodes[0] if len(spoken) <= self.limit else None

    def __str__(self) -> str:
        return f"at most {self.limit} words"


@dataclass(frozen=True, slots=True)
class OnlyWordsOn:
    """No node but these has words."""

    ids: tuple[str, ...]

    def find(self, page: Page) -> Node | None:
        return page.nodes[0] if all(node.id in self.ids for node in page.spoken) else None

    def __str__(self) -> str:
        return "nothing but " + "|".join(self.ids)


HEADLINES: Final = (
    "igds_headline_headline",
    "igds_headline_emphasized_headline",
    "igds_headline_body",
    "igds_alert_dialog_headline",
    "igds_alert_dialog_subtext",
    "dialog_title",
    "dialog_body",
    "alertTitle",
    "message",
)
"""Where the app puts titles and bodies of its notices."""


def _view(page: Page, layer: Layer) -> View:
    return page if layer is Layer.WHOLE else page.top


def on_page(*ids: str) -> Ids:
    """Anywhere on the page, also below an overlay."""
    return Ids(ids, Layer.WHOLE)


def has(*ids: str) -> Ids:
    return Ids(ids)


def whole(key: str, *ids: str) -> Says:
    """A label that is exactly one of the phrases."""
    return Says(key, wording.whole, ids)


def opens(key: str, *ids: str) -> Says:
    """A label that begins with one of the phrases."""
    return Says(key, wording.opens, ids)


def inside(key: str, *ids: str) -> Says:
    """A text of the app's own that contains one of the phrases."""
    return Says(key, wording.inside, ids)


def titled(key: str) -> Says:
    """A notice whose title begins with one of the phrases."""
    return Says(key, wording.opens, bare=True)


def notes(key: str) -> Says:
    """A notice whose text or buttons contain one of the phrases."""
    return Says(key, wording.inside, bare=True)


def button(key: str) -> Says:
    """A notice with exactly this label, without an id of its own."""
    return Says(key, wording.whole, bare=True)
