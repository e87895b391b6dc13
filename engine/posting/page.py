"""A UiAutomator2 page source, parsed once: its nodes, and which of them lie on top.

Overlays keep the screen below them in the tree, so a page has two views: everything, and the top
layer, which is all that a person could touch. What the app shows is told from what people wrote
(captions, names, bios, messages) by the ids and containers of such text.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Final

from engine.errors import AppiumError

_BOUNDS = re.compile(r"\[(-?\d{1,9}),(-?\d{1,9})\]\[(-?\d{1,9}),(-?\d{1,9})\]")
_BAD_REFERENCE = re.compile(r"&#(?:x[0-9a-fA-F]{1,9}|\d{1,9});")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACE = re.compile(r"\s+")

INSTAGRAM: Final = "com.instagram.android"

CONTENT_IDS: Final = frozenset(
    {
        "action_bar_title",
        "action_bar_username_container",
        "caption_input_text_view",
        "clips_author_username",
        "clips_caption_component",
        "comment_composer_text_view",
        "direct_text_message_text_view",
        "metadata_location_row",
        "profile_header_banner_item_title",
        "profile_header_bio_text",
        "profile_header_follow_context_text",
        "profile_header_full_name_above_vanity",
        "reel_viewer_text_container",
        "reel_viewer_title",
        "row_comment_textview_comment",
        "row_feed_comment_textview_layout",
        "row_feed_photo_profile_name",
        "row_feed_profile_header",
        "row_recommended_user_fullname",
        "row_recommended_user_username",
        "row_user_info",
        "message_content",
        "pog_bubble_text",
        "reel_caption",
        "row_inbox_digest",
        "row_inbox_username",
        "row_newsfeed_text",
        "row_user_username",
        "search_edit_text",
        "secondary_label",
        "social_context_text",
        "suggested_entity_card_context",
        "suggested_entity_card_name",
        "thread_title",
        "username",
    }
)
"""Nodes whose words, and those below them, were written by people."""

CONTENT_CLASSES: Final = ("IgTextLayoutView", "WebView")
"""Classes that hold captions, comments, or a page of the web."""

CONTENT_PREFIXES: Final = ("comment_", "direct_text_", "netego_su_card_", "row_comment_")
"""Beginnings of further such ids."""

SHEETS: Final = frozenset({"layout_container_bottom_sheet"})
OTHER_SHEETS: Final = frozenset(
    {"bottom_sheet_container", "bottom_sheet_container_view", "design_bottom_sheet"}
)
"""Where a build draws its sheets without the container that the others have."""
DIMMERS: Final = frozenset({"background_dimmer"})
_BARS: Final = ("action_bar", "snackbar", "toast", "section_", "feed_tab", "profile_tab")
DIALOGS: Final = frozenset(
    {
        "aerr_close",
        "aerr_wait",
        "alertTitle",
        "alertTitleContainer",
        "appirater_title_area",
        "buttonPanel",
        "dialog_title",
        "dialog_container",
        "igds_alert_dialog_auxiliary_button",
        "igds_alert_dialog_cancel_button",
        "igds_alert_dialog_headline",
        "igds_alert_dialog_primary_button",
        "igds_alert_dialog_subtext",
        "parentPanel",
        "permission_message",
    }
)
"""Ids that only a dialog has; the dialog is what follows the first of them."""


class PageUnreadableError(AppiumError):
    """The page source is not a page: broken, empty, or no hierarchy."""


@dataclass(frozen=True, slots=True)
class Bounds:
    left: int
    top: int
    right: int
    bottom: int

    @property
    def center(self) -> tuple[int, int]:
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2

    @property
    def empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top

    def holds(self, other: Bounds) -> bool:
        """The other's middle lies inside."""
        x, y = other.center
        return self.left <= x <= self.right and self.top <= y <= self.bottom


@dataclass(frozen=True, slots=True)
class Node:
    """One element; ``id`` is the resource-id after the slash."""

    index: int
    """Place in document order."""
    id: str
    full_id: str
    text: str
    desc: str
    cls: str
    package: str
    bounds: Bounds
    clickable: bool
    authored: bool
    """Its words were written by people, not by the app."""
    hint: bool = False
    """The text is the field's prompt, not its content."""
    words: tuple[str, ...] = field(default=())
    """Text and description, folded for matching; empty ones left out."""

    @property
    def label(self) -> str:
        return self.text or self.desc

    def __str__(self) -> str:
        if self.id:
            return f"id={self.id}"
        return f"desc={self.desc}" if self.desc else f"text={self.text}"


def fold(text: str) -> str:
    """Case, kind of apostrophe and white space do not count in wording."""
    return _SPACE.sub(" ", text.replace("’", "'").replace("…", "...")).strip().casefold()


class View:
    """Some nodes of a page, found by id quickly."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes

    @cached_property
    def by_id(self) -> Mapping[str, Sequence[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            if node.id:
                found.setdefault(node.id, []).append(node)
        return MappingProxyType(found)

    @cached_property
    def spoken(self) -> Sequence[Node]:
        """Nodes with words of the app's own."""
        return [node for node in self.nodes if node.words and not node.authored]

    @cached_property
    def lines(self) -> str:
        """All words of the app's own, one a line: a quick look before the nodes are asked."""
        return "\n".join(words for node in self.spoken for words in node.words)

    def first_like(self, prefixes: tuple[str, ...]) -> Node | None:
        """The first node whose id begins so."""
        hits = [self.by_id[name][0] for name in self.by_id if name.startswith(prefixes)]
        return min(hits, key=lambda node: node.index, default=None)

    def first(self, ids: Iterable[str]) -> Node | None:
        hits = [self.by_id[name][0] for name in ids if name in self.by_id]
        return min(hits, key=lambda node: node.index, default=None)


class Page(View):
    """A whole page source."""

    def __init__(
        self, nodes: Sequence[Node], app: str = INSTAGRAM, *, layered: bool = True
    ) -> None:
        """``layered`` is False for what a layer covers: it is one layer itself."""
        super().__init__(nodes)
        self._layered = layered
        self.app = app
        """Package of the app that we post with."""
        self.seen: dict[Hashable, Node | None] = {}
        """What the marks of rules have found here."""

    @classmethod
    def parse(cls, source: str, app: str = INSTAGRAM) -> Page:
        """Raises PageUnreadableError."""
        root = _root(source)
        nodes = [node for node in _walk(root) if not node.bounds.empty or node.words or node.id]
        if not nodes:
            raise PageUnreadableError("The page source holds no element.")
        return cls(nodes, app)

    @cached_property
    def nameless(self) -> bool:
        """No node has an id: a record of words alone, never what a phone tells."""
        return not self.by_id

    @cached_property
    def package(self) -> str:
        """Of the window in front: that of the first node; empty where dumps do not say."""
        return next((node.package for node in self.nodes if node.package), "")

    @cached_property
    def top(self) -> View:
        """What lies on top: a dialog, else the uppermost sheet, else the whole page."""
        layers = (
            (DIALOGS, self._dialog),
            (SHEETS, self._sheet),
            (OTHER_SHEETS, self._sheet),
            (DIMMERS, self._dimmed),
        )
        for ids, layer in layers if self._layered else ():
            anchors = [node for name in ids for node in self.by_id.get(name, ())]
            view = layer(anchors) if anchors else None
            if view is not None:
                return view
        return self

    @cached_property
    def below(self) -> View | None:
        """What the top layer covers; None where it covers nothing that we can see."""
        if self.top is self:
            return None
        covered = {node.index for node in self.top.nodes}
        rest = [node for node in self.nodes if node.index not in covered]
        return View(rest) if any(node.words for node in rest) else None

    @cached_property
    def beside(self) -> Node | None:
        """The dimmed part above a sheet, which closes the sheet when touched; None without one.

        The dimmer itself reaches behind the sheet: its middle may lie on a button of the sheet.
        """
        dimmer = self.first(("background_dimmer",))
        if dimmer is None:
            return None
        box, end = dimmer.bounds, dimmer.bounds.bottom
        if self.covered:
            end = min((node.bounds.top for node in self.top.nodes if node.words), default=end)
        sheet = self.first(SHEETS) or self.first(OTHER_SHEETS)
        free = Bounds(box.left, box.top, box.right, sheet.bounds.top if sheet else end)
        return None if free.empty else replace(dimmer, bounds=free)

    @property
    def covered(self) -> bool:
        return self.top is not self

    def _dialog(self, anchors: Sequence[Node]) -> View | None:
        first = min(node.index for node in anchors)
        return View([node for node in self.nodes if node.index >= first])

    def _dimmed(self, anchors: Sequence[Node]) -> View | None:
        """What is drawn after the dimmer, where no container of a sheet is known."""
        last = max(node.index for node in anchors)
        after = [node for node in self.nodes if node.index > last]
        # A sheet that comes or goes is dimmed already; bars of the page may be drawn after it.
        drawn = [node for node in after if node.words and not node.id.startswith(_BARS)]
        return View(after) if len(drawn) > 1 else None

    def _sheet(self, anchors: Sequence[Node]) -> View | None:
        sheet = max(anchors, key=lambda node: node.index)
        inside = [
            node
            for node in self.nodes
            if node.index >= sheet.index and sheet.bounds.holds(node.bounds)
        ]
        return View(inside) if any(node.words for node in inside) else None


def _root(source: str) -> ET.Element:
    try:
        return ET.fromstring(source)
    except ET.ParseError as broken:
        # Some builds write characters that XML cannot hold; without them the page is readable.
        cleaned = _NOT_XML.sub("", _BAD_REFERENCE.sub(_keep_reference, source))
        if cleaned == source:
            raise PageUnreadableError(f"The page source is not XML: {broken}.") from broken
        try:
            return ET.fromstring(cleaned)
        except ET.ParseError as exc:
            raise PageUnreadableError(f"The page source is not XML: {exc}.") from exc


def _keep_reference(match: re.Match[str]) -> str:
    body = match.group()[2:-1]
    code = int(body[1:], 16) if body[0] in "xX" else int(body)
    allowed = code <= 0x10FFFF and not _NOT_XML.match(chr(code))
    return match.group() if allowed else ""


def _walk(root: ET.Element) -> Iterator[Node]:
    """Nodes in document order; ``authored`` is passed down from containers of people's words."""
    stack: list[tuple[ET.Element, bool]] = [(child, False) for child in reversed(root)]
    index = 0
    while stack:
        element, inherited = stack.pop()
        node = _node(element, index, inherited)
        yield node
        index += 1
        stack.extend((child, node.authored) for child in reversed(element))


def _node(element: ET.Element, index: int, inherited: bool) -> Node:
    get = element.attrib.get
    full_id = get("resource-id", "")
    short = full_id.rpartition("/")[2]
    cls = get("class", element.tag)
    text, desc = get("text", ""), get("content-desc", "")
    box = _BOUNDS.match(get("bounds", ""))
    return Node(
        index=index,
        id=short,
        full_id=full_id,
        text=text,
        desc=desc,
        cls=cls,
        package=get("package", ""),
        bounds=Bounds(*map(int, box.groups())) if box else Bounds(0, 0, 0, 0),
        clickable=get("clickable") == "true",
        authored=inherited
        or short in CONTENT_IDS
        or short.startswith(CONTENT_PREFIXES)
        or cls.endswith(CONTENT_CLASSES),
        hint=get("showing-hint") == "true",
        words=tuple(dict.fromkeys(fold(part) for part in (text, desc) if part.strip())),
    )
