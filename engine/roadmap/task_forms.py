"""How a task is written: its id and title, and what says that it is done (behaviour B1.2 to B1.7).

Everything that is refused is refused with its line and the accepted forms (B1.9).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from engine.errors import InputError
from engine.roadmap.words import Words

ACCEPTED: Final = (
    "Accepted forms: '## Phase 1: Title'; below it '### Group A (Parallel)', "
    "'### Group B (Parallel, after A)' or '### Group A: Title'; below that a table with the "
    "columns Feature, Complexity, Spec, Description or Feature, Status, Complexity, Description "
    "and rows such as '| **A1: Title** | ...', or boxes such as '- [ ] **A1: Title**'. Without "
    "groups: '## Phase 3.1: Setup' with boxes such as '- [ ] **T005** [P] text in path'."
)
"""What a document may look like; part of every refusal."""

_ID: Final = r"(?P<letters>[A-Z]{1,8})(?P<number>[0-9]{1,9})"
_TITLED: Final = re.compile(_ID + r"(?:\s*[:–—]\s*|\s+-\s+)(?P<title>.*)", re.DOTALL)
"""``A1: Title``."""
_SPACED: Final = re.compile(_ID + r"(?:\s*[:–—]\s*|\s+-\s+|\s+|\Z)(?P<title>.*)", re.DOTALL)
"""``T005 text``; enough where a box or bold type says that it is a task."""
_BARE: Final = re.compile(_ID + r"\s*:?")
_BESIDE: Final = re.compile(r"\[P\](?:\s+|\Z)")
_BOX_IN_CELL: Final = re.compile(r"\[(.?)\](?=\s|\Z)")
_LEAD: Final = re.compile(r"\A[\s:–—-]+")

_NONE: Final = frozenset({"", "-", "–", "—", "n/a", "none"})
_DONE, _PARTIAL, _NEEDED = "done", "partial", "needed"
_SIGNS: Final[Mapping[str, str]] = (
    dict.fromkeys("✅✔☑✓", _DONE)
    | dict.fromkeys("🔶🔸🟡🟠🚧🔄⏳", _PARTIAL)
    | dict.fromkeys("❌✗✘✖⬜☐🔴⭕", _NEEDED)
)
_WORDS: Final[Mapping[str, str]] = {
    "done": _DONE,
    "complete": _DONE,
    "completed": _DONE,
    "partial": _PARTIAL,
    "partially": _PARTIAL,
    "partially done": _PARTIAL,
    "partially complete": _PARTIAL,
    "in progress": _PARTIAL,
    "needed": _NEEDED,
    "not started": _NEEDED,
    "not done": _NEEDED,
    "missing": _NEEDED,
    "to do": _NEEDED,
    "pending": _NEEDED,
}
_BOXES: Final[Mapping[str, str]] = {
    "": _NEEDED,
    " ": _NEEDED,
    "x": _DONE,
    "X": _DONE,
    "~": _PARTIAL,
    "/": _PARTIAL,
}
_VARIANTS: Final = dict.fromkeys((0xFE0E, 0xFE0F, 0x200D, 0x20E3))
"""What only chooses how a sign is drawn."""


class Refusal:
    """Says of one document what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, line: int, what: str, *, forms: bool = True) -> NoReturn:
        """Raises InputError."""
        tail = f" {ACCEPTED}" if forms else ""
        raise InputError(f"{self._path}, line {line}: {what}{tail}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """What the document says of a task."""

    done: bool = False
    partial: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The beginning of a task: ``**A1: Title**`` or ``**T005** [P] text``."""

    id: str
    letters: str
    title: str
    beside: bool
    """Marked with ``[P]``: may run beside its neighbours."""
    rest: str = ""
    """What stands behind a title that is set off from it."""
    box: str | None = None
    """A box before it in the cell of a table."""


def head(words: Words, *, loose: bool) -> Head | None:
    """The task that a text names at its beginning, or None.

    ``loose``: a box stands before it, so ``T005 text`` is one too.
    """
    whole = _TITLED.fullmatch(words.strong)
    if whole is not None and whole["title"]:
        rest = _LEAD.sub("", words.rest)
        return _head(whole, rest=rest)
    bold = _BARE.fullmatch(words.strong) is not None
    found = (_SPACED if loose or bold else _TITLED).fullmatch(words.text)
    return None if found is None else _head(found)


def head_in_cell(words: Words) -> Head | None:
    """The same in a table, where a box may stand before it."""
    box = _BOX_IN_CELL.match(words.text)
    if box is None:
        return head(words, loose=False)
    text = words.text[box.end() :].strip()
    found = head(Words(text=text), loose=True)
    if found is None:
        return None
    return Head(
        id=found.id, letters=found.letters, title=found.title, beside=found.beside, box=box[1]
    )


def _head(found: re.Match[str], *, rest: str = "") -> Head:
    title = found["title"].strip()
    marked = _BESIDE.match(title)
    if marked is not None:
        title = title[marked.end() :]
    return Head(
        id=found["letters"] + found["number"],
        letters=found["letters"],
        title=title.strip(),
        beside=marked is not None,
        rest=rest,
    )


def optional(words: Words) -> str:
    """The text of a cell; a dash stands for nothing."""
    return "" if words.text.casefold() in _NONE else words.text


def box_progress(box: str, line: int, refuse: Refusal) -> Progress:
    """What a box says. Raises InputError for a sign in it that is none of ours."""
    said = _BOXES.get(box)
    if said is None:
        refuse(line, f"the box [{box}] of a task says neither done '[x]' nor open '[ ]'.")
    return _progress(said)


def status_progress(cell: Words, line: int, refuse: Refusal) -> Progress:
    """What a cell of the column Status says. Raises InputError for a word that is none of ours."""
    text = cell.text.translate(_VARIANTS).strip()
    if text.casefold() in _NONE:
        return Progress()
    box = _BOX_IN_CELL.fullmatch(text)
    if box is not None:
        return box_progress(box[1], line, refuse)
    signs = {_SIGNS[sign] for sign in text if sign in _SIGNS}
    word = "".join(sign for sign in text if sign not in _SIGNS)
    word = " ".join(word.replace("-", " ").replace("_", " ").casefold().split())
    said = signs | ({_WORDS.get(word, word)} if word else set())
    if len(said) != 1 or not said <= {_DONE, _PARTIAL, _NEEDED}:
        refuse(
            line,
            f"the status {cell.text!r} is not one of '✅ Done' (Complete), '🔶 Partial', "
            "'❌ Needed' (Not Started).",
            forms=False,
        )
    return _progress(said.pop())


def _progress(said: str) -> Progress:
    return Progress(done=said == _DONE, partial=said == _PARTIAL)
