"""The status files of a roadmap: views that the engine writes and people read (behaviour B4).

What an operator changes in ``completed_tasks.txt`` counts: an added line skips a group, a removed
one runs it again (B4.3). A change is what differs from what we last wrote; while a write of ours
may be half done, a missing line is never taken for one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from engine.errors import InputError
from engine.output import one_line
from engine.private_files import UntrustedFileError, explain, read_own, write_atomically
from engine.roadmap.document import Document, natural_order
from engine.roadmap.facts import Facts, TaskState
from engine.roadmap.group_report import begun, report, report_name
from engine.roadmap.record import Record

STATUS_DIR: Final = "status"
ROADMAP_TASKS: Final = "roadmap_tasks.txt"
COMPLETED_TASKS: Final = "completed_tasks.txt"
IN_PROGRESS_TASKS: Final = "in_progress_tasks.txt"
PENDING_TASKS: Final = "pending_tasks.txt"

_MAX_BYTES: Final = 8 * 1024 * 1024
_TRIES: Final = 20
"""How often the file is read anew when somebody saves it at the moment we replace it."""
_SHOWN: Final = 80
"""Characters of a line that is not understood, in the sentence about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HandEdits:
    """What an operator changed in ``completed_tasks.txt`` since we last wrote it."""

    added: tuple[str, ...] = ()
    """Names of groups that are to count as complete."""
    removed: tuple[str, ...] = ()
    """Names of groups that are to be run again."""
    remarks: tuple[str, ...] = ()
    """Sentences on what was found in it and has no effect."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    def and_then(self, later: HandEdits) -> HandEdits:
        """These edits and those that were made while they were taken over."""
        return HandEdits(
            added=self.added + later.added,
            removed=self.removed + later.removed,
            remarks=tuple(dict.fromkeys(self.remarks + later.remarks)),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What the file holds."""

    content: bytes | None
    """None: there is no such file."""
    ours: frozenset[str] = frozenset()
    """Names of groups that the document or the record knows."""
    foreign: tuple[str, ...] = ()
    """Every other line, in its order; they are kept."""


class StatusFiles:
    """Writes the views of a work directory; raises OSError where one cannot be written."""

    def __init__(self, work_dir: Path, record: Record) -> None:
        self._work_dir = work_dir
        self._record = record
        self.folder = work_dir / STATUS_DIR
        self.completed_path = self.folder / COMPLETED_TASKS

    # -- what hands changed ----------------------------------------------------------------------

    def hand_edits(self, document: Document) -> HandEdits:
        """What was changed by hand, without taking it over.

        Raises InputError where the file cannot be read.
        """
        return self._edits(self._look(document), document)

    def take_hand_edits(self, document: Document, now: datetime) -> HandEdits:
        """Take over what was changed by hand, and write the file anew where it must differ.

        Raises InputError where the file cannot be read.
        """
        taken = HandEdits()
        for _ in range(_TRIES):
            found = self._look(document)
            edits = self._edits(found, document)
            taken = taken.and_then(edits)
            view = self._record.completed_view
            if edits or set(view.after) != self._record.complete or found.ours != set(view.after):
                self._record.take_edits(
                    added=edits.added,
                    removed=edits.removed,
                    found=sorted(found.ours),
                    at=now,
                    tasks={g.name: [task.id for task in g.tasks] for g in document.groups()},
                )
            text = self._completed_text(found)
            if found.content == text.encode():
                break
            if self._look(document).content == found.content:
                write_atomically(self.completed_path, text, durable=True)
                break
        else:
            raise InputError(
                f"{self.completed_path} is changed all the time by another program: end that, "
                "and start again."
            )
        if not self._record.completed_view.seen_written:
            self._record.saw_view_written()
        return taken

    def _edits(self, found: _Found, document: Document) -> HandEdits:
        view, complete = self._record.completed_view, self._record.complete
        if found.content is None:
            # Whoever deletes the whole file hardly means to run everything over finished work.
            gone = view.seen_written and bool(view.after)
            return HandEdits(remarks=(self._deleted(),) if gone else ())
        named = frozenset(group.name for group in document.groups())
        written = {*view.before, *view.after}
        certain = set(view.before) & set(view.after)
        added = (found.ours & named) - complete - written
        removed = (certain & complete) - found.ours
        return HandEdits(
            added=_sorted(added),
            removed=_sorted(removed),
            remarks=tuple(self._unknown(line) for line in found.foreign if line[0] != "#"),
        )

    def _deleted(self) -> str:
        return (
            f"{self.completed_path} was deleted as a whole; that takes nothing back, and it is "
            "written anew. To run a group again, remove its line."
        )

    def _unknown(self, line: str) -> str:
        return (
            f"{self.completed_path}: the line {one_line(line)[:_SHOWN]!r} names no group of the "
            "roadmap and has no effect; it is kept. A group is written as in PHASE_1:A."
        )

    def _look(self, document: Document) -> _Found:
        path = self.completed_path
        try:
            content = read_own(path, _MAX_BYTES)
            text = content.decode("utf-8-sig")
        except FileNotFoundError:
            return _Found(content=None)
        except UntrustedFileError as exc:
            raise InputError(
                f"{path} cannot be used ({exc.strerror}): move it away; it is then written anew."
            ) from exc
        except OSError as exc:
            raise InputError(explain(exc)) from exc
        except UnicodeDecodeError as exc:
            raise InputError(f"{path} is not UTF-8 text: save it as such or move it away.") from exc
        view = self._record.completed_view
        known = {group.name for group in document.groups()} | self._record.complete
        known |= {*view.before, *view.after}
        lines = [line.strip() for line in text.splitlines()]
        return _Found(
            content=content,
            ours=frozenset(line for line in lines if line in known),
            foreign=tuple(dict.fromkeys(line for line in lines if line and line not in known)),
        )

    def _completed_text(self, found: _Found) -> str:
        return _text([*_sorted(self._record.complete), *found.foreign])

    # -- all views -------------------------------------------------------------------------------

    def write(self, document: Document, facts: Facts, now: datetime) -> HandEdits:
        """Bring every view up to date, after taking over what was changed by hand.

        A file is replaced whole, and only when it changes.
        """
        edits = self.take_hand_edits(document, now)
        every, running, pending = [], [], []
        for group, task in document.tasks():
            line = f"{group.job_id(task)}:{task.title}"
            every.append(line)
            state = facts.of(group, task).state
            if state is TaskState.RUNNING:
                running.append(line)
            elif (
                state is TaskState.PENDING
                and not task.done
                and group.name not in self._record.complete
            ):
                pending.append(line)
        self._replace(self.folder / ROADMAP_TASKS, _text(every))
        self._replace(self.folder / IN_PROGRESS_TASKS, _text(running))
        self._replace(self.folder / PENDING_TASKS, _text(pending))
        for group in document.groups():
            path = self._work_dir / report_name(group)
            if begun(group, self._record, facts) or path.exists():
                self._replace(path, report(document, group, self._record, facts))
        return edits

    def _replace(self, path: Path, text: str) -> None:
        try:
            if read_own(path, _MAX_BYTES) == text.encode():
                return
        except OSError:
            pass  # not there, or not ours: it is replaced, or the replacing says why not
        write_atomically(path, text)


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=natural_order))


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
