"""What is known of a roadmap's run for good: ``run/roadmap.json`` (behaviour B4.1, B5.3, B6.3).

Groups that are complete with the gates that proved it, phases with their commit and push, and what
was last written into the status files. Written whole or not at all, durably, by one run at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from engine.errors import InputError
from engine.private_files import UntrustedFileError, explain, read_own, write_atomically
from engine.roadmap.document import GROUP_PREFIX, Document

RECORD_NAME: Final = "roadmap.json"
_MAX_BYTES: Final = 64 * 1024 * 1024
_GATE_TEXT: Final = 8_000
"""Characters kept of what a gate printed; all of it is in its log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateResult:
    """What one gate was seen to do."""

    name: str
    command: str
    passed: bool
    seconds: float
    exit_status: int | None
    """None: it did not end by itself, or never began."""
    log: Path
    text: str
    """The end of what it printed, or why it could not be run."""
    at: datetime
    """When it ended; with its zone."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GroupRecord(_Part):
    """A group that is complete."""

    at: AwareDatetime
    by_hand: bool = False
    """An operator's word in ``completed_tasks.txt``; no gate was seen (B4.3)."""
    tasks: tuple[str, ...] = ()
    """Ids of the tasks that it had then."""
    gates: tuple[GateResult, ...] = ()
    commit: str = ""
    """What the gates ran on."""
    tree: str = ""
    """The tree of that commit: as long as it is the same, they need not run again (B3.5)."""


class TakenBack(_Part):
    """A completion that an operator took out of ``completed_tasks.txt``."""

    at: AwareDatetime
    times: int = Field(ge=1)
    """How often so far; the group's jobs of the next time are told apart by it."""


class Intent(_Part):
    """The commit of a phase that is about to become part of the branch."""

    commit: str
    base: str
    """What the branch was at."""
    tree: str = ""
    at: AwareDatetime


class PhaseRecord(_Part):
    """How far the closing of a phase has come; each step is set only once it was seen."""

    intent: Intent | None = None
    commit: str = ""
    """The commit that the branch has."""
    committed: AwareDatetime | None = None
    pushed: AwareDatetime | None = None


class CompletedView(_Part):
    """What ``completed_tasks.txt`` held of our own before and after we wrote it last.

    Both are kept until the file was seen written, so that a crash between the two is never taken
    for an edit by hand.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    seen_written: bool = True


class _Content(_Part):
    version: Literal[1] = 1
    groups: dict[str, GroupRecord] = Field(default_factory=dict)
    """Complete groups by their names, ``PHASE_1:A``."""
    taken_back: dict[str, TakenBack] = Field(default_factory=dict)
    phases: dict[str, PhaseRecord] = Field(default_factory=dict)
    """By their numbers."""
    completed_view: CompletedView = CompletedView()


class Record:
    """The record of a work directory; every change is on the disk before its method returns.

    A change raises OSError where it cannot be written; nothing has changed then.
    """

    def __init__(self, path: Path, content: _Content) -> None:
        self.path = path
        self._content = content

    @classmethod
    def open(cls, run_folder: Path) -> Self:
        """The record in this folder; an empty one where there is none yet.

        Raises InputError for a file that cannot be understood.
        """
        path = run_folder / RECORD_NAME
        try:
            content = _Content.model_validate_json(read_own(path, _MAX_BYTES))
        except FileNotFoundError:
            content = _Content()
        except UntrustedFileError as exc:
            raise InputError(_unreadable(path, exc.strerror or "")) from exc
        except OSError as exc:
            raise InputError(explain(exc)) from exc
        except ValidationError as exc:
            error = exc.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in error["loc"]) or "its text"
            raise InputError(_unreadable(path, f"{where}: {error['msg']}")) from exc
        return cls(path, content)

    # -- groups ----------------------------------------------------------------------------------

    @property
    def complete(self) -> frozenset[str]:
        """Names of the groups that are complete, by gates or by hand."""
        return frozenset(self._content.groups)

    @property
    def by_hand(self) -> frozenset[str]:
        """Names of those that an operator declared complete."""
        return frozenset(name for name, group in self._content.groups.items() if group.by_hand)

    def group(self, name: str) -> GroupRecord | None:
        """How the group became complete; None while it is not. Matched exactly (B4.4)."""
        return self._content.groups.get(name)

    def taken_back(self, name: str) -> TakenBack | None:
        """When and how often its completion was taken back by hand; None: never."""
        return self._content.taken_back.get(name)

    def round(self, name: str) -> int:
        """The how-manieth time the group is done: 1, and one more for each time taken back."""
        back = self.taken_back(name)
        return 1 if back is None else back.times + 1

    def complete_group(
        self,
        name: str,
        *,
        at: datetime,
        tasks: Sequence[str],
        gates: Sequence[GateResult],
        commit: str,
        tree: str,
    ) -> None:
        """Its tasks succeeded and all these gates passed on this commit (B3.4).

        Raises ValueError where a gate did not pass: nothing is complete that was not gated.
        """
        if not all(gate.passed for gate in gates):
            raise ValueError(f"{name} cannot be complete: a gate did not pass")
        group = GroupRecord(
            at=at,
            tasks=tuple(tasks),
            gates=tuple(_cut(gate) for gate in gates),
            commit=commit,
            tree=tree,
        )
        self._save(groups=self._content.groups | {name: group})

    def outgrown(self, document: Document) -> list[str]:
        """Sentences on tasks that were added to a group after it was complete: they do not run."""
        said = []
        for group in document.groups():
            known = self.group(group.name)
            ids = [task.id for task in group.tasks]
            more = [] if known is None else [i for i in ids if i not in known.tasks]
            if known is not None and known.tasks and more:
                said.append(
                    f"{group.name} is complete, but not with {', '.join(more)}, which the roadmap "
                    "now has in it: to run what is not done, take its line out of "
                    "status/completed_tasks.txt."
                )
        return said

    # -- phases ----------------------------------------------------------------------------------

    def phase(self, number: str) -> PhaseRecord:
        """How far its closing has come."""
        return self._content.phases.get(number, PhaseRecord())

    def intend(self, number: str, *, commit: str, base: str, tree: str, at: datetime) -> None:
        """The commit is made and is about to become part of the branch."""
        intent = Intent(commit=commit, base=base, tree=tree, at=at)
        self._save_phase(number, PhaseRecord(intent=intent))

    def committed(self, number: str, *, commit: str, at: datetime) -> None:
        """The branch was seen to have this commit."""
        intent = self.phase(number).intent
        self._save_phase(number, PhaseRecord(intent=intent, commit=commit, committed=at))

    def pushed(self, number: str, *, at: datetime) -> None:
        """The remote was seen to have its commit."""
        was = self.phase(number)
        self._save_phase(
            number,
            PhaseRecord(intent=was.intent, commit=was.commit, committed=was.committed, pushed=at),
        )

    # -- the view of completed groups ------------------------------------------------------------

    @property
    def completed_view(self) -> CompletedView:
        """What ``completed_tasks.txt`` holds of ours, as far as we know."""
        return self._content.completed_view

    def take_edits(
        self,
        *,
        added: Sequence[str],
        removed: Sequence[str],
        found: Sequence[str],
        at: datetime,
        tasks: Mapping[str, Sequence[str]],
    ) -> None:
        """Edits by hand become facts, together with what the file is about to hold.

        ``found`` is what it holds of ours now, ``tasks`` the ids that each group has. One write, so
        that no crash can part them. The phase of a group that is taken back is open again: it is
        closed anew once it is complete.
        """
        groups = {name: kept for name, kept in self._content.groups.items() if name not in removed}
        for name in added:
            if name not in groups:
                ids = tuple(tasks.get(name, ()))
                groups[name] = GroupRecord(at=at, by_hand=True, tasks=ids)
        back = dict(self._content.taken_back)
        for name in removed:
            back[name] = TakenBack(at=at, times=self.round(name))
        reopened = {name.removeprefix(GROUP_PREFIX).split(":")[0] for name in removed}
        phases = dict(self._content.phases)
        for number in reopened:
            phases.pop(number, None)
        view = CompletedView(before=tuple(found), after=tuple(groups), seen_written=False)
        self._save(groups=groups, taken_back=back, phases=phases, completed_view=view)

    def saw_view_written(self) -> None:
        """The file was replaced; from now on it differs from ``after`` only by hands."""
        after = self._content.completed_view.after
        self._save(completed_view=CompletedView(before=after, after=after))

    # -- writing ---------------------------------------------------------------------------------

    def _save_phase(self, number: str, phase: PhaseRecord) -> None:
        self._save(phases=self._content.phases | {number: phase})

    def _save(self, **changed: object) -> None:
        content = self._content.model_copy(update=changed)
        write_atomically(self.path, content.model_dump_json(indent=1) + "\n", durable=True)
        self._content = content


def _cut(gate: GateResult) -> GateResult:
    if len(gate.text) <= _GATE_TEXT:
        return gate
    return replace(gate, text=gate.text[-_GATE_TEXT:])


def _unreadable(path: Path, why: str) -> str:
    return (
        f"{path} cannot be read ({why}). Bring back a copy of it, or move it away: the groups in "
        "status/completed_tasks.txt are then taken as completed by hand, the tasks' results stay "
        "in the ledger, and a phase whose commit the branch has is not committed again."
    )
