"""Running text without its Markdown: what stands in a heading, a cell, a list item."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from engine.output import one_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_CHARACTERS: Final = 20_000
"""Of one running text: some markup takes a time that grows with the square of its length."""
_BLANKS: Final = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """Running text without its markup, on one line; control characters are made visible."""

    text: str
    strong: str = ""
    """The bold text that it begins with."""
    rest: str = ""
    """What follows on that."""
    link: str = ""
    """Where its first link goes."""


def words(markdown: str) -> Words:
    """What a running text says. Raises ValueError when it is longer than ``MAX_CHARACTERS``."""
    if len(markdown) > MAX_CHARACTERS:
        raise ValueError("too long")
    parts: list[str] = []
    strong: list[str] = []
    depth = 0
    leading = True  # nothing but bold text so far
    link = ""
    for child in _parser().parseInline(markdown)[0].children or ():
        said = _said(child)
        depth += (child.type == "strong_open") - (child.type == "strong_close")
        if child.type == "link_open" and not link:
            link = unquote(str(child.attrs.get("href", "")))
        parts.append(said)
        leading = leading and (depth > 0 or not said.strip())
        if leading:
            strong.append(said)
        if child.type == "strong_close" and depth == 0:
            leading = False
    text = _clean("".join(parts))
    bold = _clean("".join(strong))
    return Words(text=text, strong=bold, rest=text[len(bold) :].strip(), link=_clean(link))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # only roadmaps need it

    return MarkdownIt("commonmark")


def _said(child: Token) -> str:
    if child.type in {"softbreak", "hardbreak"}:
        return " "
    if child.type == "html_inline":
        return "" if child.content.startswith("<!--") else " "
    return child.content


def _clean(text: str) -> str:
    return one_line(_BLANKS.sub(" ", text).strip())
