"""A Markdown text as a row of blocks: headings, paragraphs, tables, list items.

Read by a Markdown parser, so what stands in code, in comments or in quotations is no block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from engine.output import one_line

if TYPE_CHECKING:
    from markdown_it.token import Token

_MAX_NESTING: Final = 100
_BLANKS: Final = re.compile(r"\s+")


class UnclosedError(ValueError):
    """A comment or a block of code is opened and never closed: all below would be lost."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """A heading; ``level`` is 1 for ``#``."""

    level: int
    words: Words
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Paragraph:
    """Running text between blank lines, outside lists."""

    words: Words
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A list item's first paragraph; ``box`` is what stands in its ``[ ]``, None without one."""

    words: Words
    box: str | None
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of a table."""

    cells: tuple[Words, ...]
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table with the names of its columns."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    line: int


Block = Heading | Paragraph | Item | Table

_BOX: Final = re.compile(r"\[(.?)\](?=\s|\Z)")
_LINE_END: Final = re.compile(r"\r\n?|\n")
_HTML_ENDS: Final = (
    ("<!--", "-->", "a comment"),
    ("<![cdata[", "]]>", "a CDATA section"),
    ("<?", "?>", "an instruction"),
    ("<script", "</script>", "a <script>"),
    ("<style", "</style>", "a <style>"),
    ("<pre", "</pre>", "a <pre>"),
    ("<textarea", "</textarea>", "a <textarea>"),
)
"""What begins a block of HTML that blank lines do not end, and what ends it."""


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a text in their order. Raises UnclosedError."""
    from markdown_it import MarkdownIt  # heavy, and only roadmaps need it

    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable("table")
    # A definition such as `[x]: ...` somewhere would turn every ticked box into a link.
    parser.disable("reference")
    lines = _LINE_END.split(text)
    tokens = parser.parse(text)
    quoted = 0
    for index, token in enumerate(tokens):
        quoted += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        _refuse_unclosed(token, lines)
        if not quoted and (block := _block(tokens, index)) is not None:
            yield block


def _block(tokens: Sequence[Token], index: int) -> Block | None:
    token = tokens[index]
    line = _line(token)
    match token.type:
        case "heading_open" if token.level == 0:
            return Heading(level=int(token.tag[1:]), words=_words(tokens[index + 1]), line=line)
        case "paragraph_open" if token.level == 0:
            return Paragraph(words=_words(tokens[index + 1]), line=line)
        case "table_open":
            return _table(tokens, index)
        case "list_item_open" if tokens[index + 1].type == "paragraph_open":
            return _item(tokens[index + 2], line)
    return None


def _item(inline: Token, line: int) -> Item:
    box = _BOX.match(inline.content)
    words = _words(inline, skip=0 if box is None else box.end())
    return Item(words=words, box=None if box is None else box[1], line=line)


def _table(tokens: Sequence[Token], index: int) -> Table:
    rows: list[Row] = []
    cells: list[Words] = []
    for place in range(index + 1, len(tokens)):
        token = tokens[place]
        if token.type == "table_close":
            break
        if token.type in {"th_open", "td_open"}:
            cells.append(_words(tokens[place + 1]))
        elif token.type == "tr_open":
            cells = []
            opened = token
        elif token.type == "tr_close":
            rows.append(Row(cells=tuple(cells), line=_line(opened)))
    columns = tuple(cell.text.casefold() for cell in rows[0].cells)
    return Table(columns=columns, rows=tuple(rows[1:]), line=_line(tokens[index]))


def _words(inline: Token, *, skip: int = 0) -> Words:
    """``skip`` leaves out so many leading characters, which must be plain text."""
    parts: list[str] = []
    strong: list[str] = []
    depth = 0
    leading = True  # nothing but bold text so far
    link = ""
    for child in inline.children or ():
        said = _said(child)
        if skip and child.type == "text":
            said, skip = said[skip:], max(0, skip - len(said))
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


def _said(child: Token) -> str:
    if child.type in {"softbreak", "hardbreak"}:
        return " "
    if child.type == "html_inline":
        return "" if child.content.startswith("<!--") else " "
    return child.content


def _clean(text: str) -> str:
    return one_line(_BLANKS.sub(" ", text).strip())


def _line(token: Token) -> int:
    return 1 if token.map is None else token.map[0] + 1


def _refuse_unclosed(token: Token, lines: Sequence[str]) -> None:
    if token.type == "html_block":
        content = token.content.strip().casefold()
        for begin, end, what in _HTML_ENDS:
            if content.startswith(begin):
                if end not in content:
                    raise UnclosedError(what, _line(token))
                return
    elif token.type == "fence" and token.map is not None:
        first, behind = token.map
        last = lines[behind - 1].strip(" \t>") if behind <= len(lines) else ""
        if behind - first < 2 or not last.startswith(token.markup) or last.strip(token.markup[0]):
            raise UnclosedError("a block of code", _line(token))
