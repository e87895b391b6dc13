"""A Markdown text as a row of blocks: headings, paragraphs, tables, list items.

Read by a Markdown parser, so what stands in code, in comments or in quotations is no block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.roadmap.words import MAX_CHARACTERS, Words, words

if TYPE_CHECKING:
    from markdown_it.token import Token

_MAX_NESTING: Final = 100
_LABEL_CHARACTERS: Final = 200


class UnreadableError(ValueError):
    """What cannot be read without losing something; ``what`` is a sentence about the line."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """A heading; ``level`` is 1 for ``#``."""

    level: int
    words: Words
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Paragraph:
    """A short running text between blank lines, outside lists."""

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
_UNCLOSED: Final = " opens here and is never closed."


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a text in their order. Raises UnreadableError."""
    from markdown_it import MarkdownIt  # heavy, and only roadmaps need it

    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable("table")
    # Running text is read below, where it is needed. And a definition such as `[x]: ...` would be
    # taken out of the text, with what stands in it.
    parser.disable(["inline", "text_join", "reference"])
    lines = _LINE_END.split(text)
    tokens = parser.parse(text)
    quoted = 0
    for index, token in enumerate(tokens):
        if token.level >= _MAX_NESTING - 1:  # the parser passes over what is deeper
            raise UnreadableError("this is nested too deeply.", _line(token))
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
        case "paragraph_open" if token.level == 0 and _is_short(tokens[index + 1]):
            return Paragraph(words=_words(tokens[index + 1]), line=line)
        case "table_open":
            return _table(tokens, index)
        case "list_item_open" if tokens[index + 1].type == "paragraph_open":
            return _item(tokens[index + 2], line)
    return None


def _is_short(inline: Token) -> bool:
    """Only a short paragraph can be the name of what follows; long prose is not looked at."""
    return len(inline.content) <= _LABEL_CHARACTERS


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
    """``skip`` leaves out so many leading characters."""
    content = inline.content[skip:]
    if len(content) > MAX_CHARACTERS:
        raise UnreadableError(f"this is longer than {MAX_CHARACTERS} characters.", _line(inline))
    return words(content)


def _line(token: Token) -> int:
    return 1 if token.map is None else token.map[0] + 1


def _refuse_unclosed(token: Token, lines: Sequence[str]) -> None:
    if token.type == "html_block":
        content = token.content.strip().casefold()
        for begin, end, what in _HTML_ENDS:
            if content.startswith(begin):
                if end not in content:
                    raise UnreadableError(f"{what}{_UNCLOSED}", _line(token))
                return
    elif token.type == "fence" and token.map is not None:
        first, behind = token.map
        last = lines[behind - 1].strip(" \t>") if behind <= len(lines) else ""
        if behind - first < 2 or not last.startswith(token.markup) or last.strip(token.markup[0]):
            raise UnreadableError(f"a block of code{_UNCLOSED}", _line(token))
