"""The words of a rule: what must, or must not, be on a page.

A mark answers with the node that satisfies it, so that a verdict can show its evidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from engine.posting import wording
from engine.posting.page import Node, Page, View
from engine.posting.uploads import UploadState, uploads

_SCRAMBLED: Final = re.compile(r"[a-z0-9_]{2,3}|0_resource_name_obfuscated")


class Layer(StrEnum):
    """Which part of a page a mark looks at."""

    TOP = "top"
    WHOLE = "whole"


class Mark(Hashable, Protocol):
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
class IdsLike:
    """A node whose id begins with one of these: builds differ in what follows."""

    prefixes: tuple[str, ...]
    layer: Layer = Layer.TOP

    def find(self, page: Page) -> Node | None:
        return _view(page, self.layer).first_like(self.prefixes)

    def __str__(self) -> str:
        return "id " + "|".join(f"{prefix}…" for prefix in self.prefixes)


@dataclass(frozen=True, slots=True)
class Says:
    """A node whose own words (never people's) carry one of the phrases."""

    key: str
    match: Callable[[str, str], bool]
    ids: tuple[str, ...] = ()
    """Only on these ids; empty = any."""
    layer: Layer = Layer.TOP

    def find(self, page: Page) -> Node | None:
        view = _view(page, self.layer)
        if not wording.may_stand(self.key, view.lines):
            return None
        for node in view.spoken:
            if self.ids and node.id not in self.ids:
                continue
            if any(self.match(self.key, words) for words in node.words):
                return node
        return None

    def __str__(self) -> str:
        where = f" on {'|'.join(self.ids)}" if self.ids else ""
        return f"{_SAYS[self.match]} “{self.key}”{where}"


_SAYS: Final[Mapping[Callable[[str, str], bool], str]] = {
    wording.whole: "a label of",
    wording.opens: "a text that opens with",
    wording.inside: "a text with",
}


@dataclass(frozen=True, slots=True)
class Several:
    """At least so many different phrases of this meaning, each a label of its own."""

    key: str
    count: int
    layer: Layer = Layer.TOP

    def find(self, page: Page) -> Node | None:
        view = _view(page, self.layer)
        if not wording.may_stand(self.key, view.lines):
            return None
        said: dict[str, Node] = {}
        for node in view.spoken:
            for words in node.words:
                if wording.whole(self.key, words):
                    said.setdefault(words.rstrip(","), node)
        return next(iter(said.values())) if len(said) >= self.count else None

    def __str__(self) -> str:
        return f"{self.count} labels of “{self.key}”"


@dataclass(frozen=True, slots=True)
class Furniture:
    """Anything that only a working screen of the app shows, on the top layer.

    An account notice fills a page or a dialog: beside any of this, words are somebody's words.
    Told by ids; by words only in records that keep no ids.
    """

    ids: tuple[str, ...]
    prefixes: tuple[str, ...]

    def find(self, page: Page) -> Node | None:
        view = page.top
        node = view.first(self.ids) or view.first_like(self.prefixes)
        if node is not None or not page.nameless:
            return node
        return inside("furniture").find(page) or whole("furniture_labels").find(page)

    def __str__(self) -> str:
        return "a working screen of the app"


@dataclass(frozen=True, slots=True)
class Nameless:
    """No node has an id: words are all there is to judge by."""

    def find(self, page: Page) -> Node | None:
        return page.nodes[0] if page.nameless else None

    def __str__(self) -> str:
        return "no ids at all"


@dataclass(frozen=True, slots=True)
class Scrambled:
    """Several ids of a few characters, which the app that we post with never has."""

    count: int = 5

    def find(self, page: Page) -> Node | None:
        hits = [name for name in page.by_id if _SCRAMBLED.fullmatch(name)]
        return page.by_id[hits[0]][0] if len(hits) >= self.count else None

    def __str__(self) -> str:
        return f"{self.count} scrambled ids"


@dataclass(frozen=True, slots=True)
class Packages:
    """The window in front belongs to a package with one of these parts (a dump may not say)."""

    parts: tuple[str, ...]

    def find(self, page: Page) -> Node | None:
        return page.nodes[0] if any(part in page.package for part in self.parts) else None

    def __str__(self) -> str:
        return "package with " + "|".join(self.parts)


@dataclass(frozen=True, slots=True)
class PackageIs:
    """The window in front belongs to exactly one of these packages."""

    names: tuple[str, ...]

    def find(self, page: Page) -> Node | None:
        return page.nodes[0] if page.package in self.names else None

    def __str__(self) -> str:
        return "package " + "|".join(self.names)


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
    """At most this many nodes have words, of so many characters altogether; 0 = any number."""

    limit: int
    characters: int = 0

    def find(self, page: Page) -> Node | None:
        spoken = [node for node in page.nodes if node.words]
        length = sum(len(node.words[0]) for node in spoken)
        short = not self.characters or length <= self.characters
        return page.nodes[0] if len(spoken) <= self.limit and short else None

    def __str__(self) -> str:
        short = f" of {self.characters} characters" if self.characters else ""
        return f"at most {self.limit} texts{short}"


@dataclass(frozen=True, slots=True)
class Among:
    """Not more than this many nodes have words of the app's own: a page, not a list."""

    limit: int

    def find(self, page: Page) -> Node | None:
        spoken = page.top.spoken
        return page.nodes[0] if 0 < len(spoken) <= self.limit else None

    def __str__(self) -> str:
        return f"a page of at most {self.limit} texts"


@dataclass(frozen=True, slots=True)
class OnlyWordsOn:
    """No node but these has words."""

    ids: tuple[str, ...]

    def find(self, page: Page) -> Node | None:
        return page.nodes[0] if all(node.id in self.ids for node in page.spoken) else None

    def __str__(self) -> str:
        return "nothing but " + "|".join(self.ids)


def look(mark: Mark, page: Page) -> Node | None:
    """What a mark finds; asked once for each page, since many rules share their marks."""
    try:
        return page.seen[mark]
    except KeyError:
        node = page.seen[mark] = mark.find(page)
        return node


def _view(page: Page, layer: Layer) -> View:
    return page if layer is Layer.WHOLE else page.top


def on_page(*ids: str) -> Ids:
    """Anywhere on the page, also below an overlay."""
    return Ids(ids, Layer.WHOLE)


def has(*ids: str) -> Ids:
    """On the top layer."""
    return Ids(ids)


def like(*prefixes: str) -> IdsLike:
    """On the top layer, by the beginnings of ids."""
    return IdsLike(prefixes)


def several(key: str, count: int = 2) -> Several:
    return Several(key, count)


def whole(key: str, *ids: str) -> Says:
    """A label that is exactly one of the phrases."""
    return Says(key, wording.whole, ids)


def opens(key: str, *ids: str) -> Says:
    """A label that begins with one of the phrases."""
    return Says(key, wording.opens, ids)


def inside(key: str, *ids: str) -> Says:
    """A text of the app's own that contains one of the phrases."""
    return Says(key, wording.inside, ids)
