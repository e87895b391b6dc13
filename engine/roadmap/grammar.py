"""Reads a roadmap: blocks of Markdown become phases, groups and tasks (behaviour B1).

Three ways of writing are read (tables, tables with a status, lists of boxes); whatever looks like a
task and cannot be placed is refused with its line, so that nothing is lost in silence (B1.9).
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Final

from engine.errors import InputError
from engine.private_files import explain
from engine.roadmap.document import Document
from engine.roadmap.draft import Draft
from engine.roadmap.headings import group_heading, holds_no_tasks, phase_heading
from engine.roadmap.markdown import Block, Heading, Item, Paragraph, Table, UnreadableError, blocks
from engine.roadmap.task_forms import Refusal
from engine.roadmap.task_list import listed_task, mentioned_task
from engine.roadmap.task_table import is_task_table, named_tasks, table_tasks

MAX_BYTES: Final = 256 * 1024
"""Of a roadmap; one of four phases and 61 tasks takes less than twenty thousand. What is made to
be slow to read takes a few seconds at most."""
_LINE_END: Final = re.compile(r"\r\n?|\n")


def read(path: Path) -> Document:
    """The roadmap in a file.

    Raises InputError, naming the line and the accepted forms, for what is no sound roadmap.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{path} is not a plain file: name the roadmap's document.")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as exc:
        raise InputError(f"There is no roadmap at {path}: make one or name another.") from exc
    except OSError as exc:
        raise InputError(explain(exc)) from exc
    except ValueError as exc:  # a name that no file can have
        raise InputError(f"{str(path)!r} cannot be the name of a file.") from exc
    if len(content) > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES} bytes: it is no roadmap; split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        raise InputError(f"{path}, line {line}: not UTF-8 text; save it as UTF-8.") from exc
    return parse(text, path)


def parse(text: str, path: Path) -> Document:
    """The roadmap in a text; ``path`` is what its errors name. Raises InputError like ``read``."""
    refuse = Refusal(path)
    text = "\n".join(_LINE_END.split(text.removeprefix("\ufeff")))
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        refuse(line, "this is not a text file (it holds a NUL).", forms=False)
    reader = _Reader(path)
    try:
        for block in blocks(text):
            reader.take(block)
    except UnreadableError as exc:
        refuse(exc.line, exc.what, forms=False)
    return reader.draft.finish()


class _Reader:
    """Walks the blocks and knows where it stands: in which phase, group and kind of section."""

    def __init__(self, path: Path) -> None:
        self._refuse = Refusal(path)
        self.draft = Draft(path)
        self._section = 0
        """Counts headings, so that tasks know their neighbours."""
        self._passing: int | None = None
        """The level of the heading below which nothing is a task; None outside such a section."""
        self._label_passes = False
        """The last line in bold type, such as *Deliverables*, says that no tasks follow."""

    def take(self, block: Block) -> None:
        """The next block. Raises InputError for what cannot be placed."""
        if isinstance(block, Heading):
            self._take_heading(block)
            return
        if isinstance(block, Table):
            self._take_table(block)
        elif self._passing is not None:
            return
        elif isinstance(block, Paragraph):
            words = block.words
            if words.text.endswith(":") or (words.strong and not words.rest.strip(": ")):
                self._label_passes = holds_no_tasks(words.text)
        elif not self._label_passes:
            self._take_item(block)

    def _take_heading(self, heading: Heading) -> None:
        self._section += 1
        self._label_passes = False
        if self._passing is not None and heading.level > self._passing:
            return
        self._passing = None
        phase = phase_heading(heading, self._refuse)
        if phase is not None:
            self.draft.open_phase(phase, heading.line)
            return
        group = group_heading(heading, self._refuse)
        if group is not None:
            self.draft.open_group(group, heading.level, heading.line)
            return
        self.draft.leave(heading.level)
        if holds_no_tasks(heading.words.text):
            self._passing = heading.level

    def _take_table(self, table: Table) -> None:
        if not is_task_table(table):
            return
        passes = self._passing is not None or self._label_passes
        if self.draft.in_group and not passes:
            for task in table_tasks(table, self._refuse):
                self.draft.add(task)
        else:  # an overview may name tasks; what stands only there would be lost
            for task_id, line in named_tasks(table):
                self.draft.mention(task_id, line)

    def _take_item(self, item: Item) -> None:
        listed = listed_task(item, self._section, self._refuse)
        if listed is None:
            self.draft.mention(mentioned_task(item), item.line)
        elif self.draft.in_group:
            self.draft.add(listed.task)
        else:
            self.draft.add_listed(listed)
