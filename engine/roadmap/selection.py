"""Which groups a run does: all, a range of phases, or one group alone (behaviour B6.6, B6.7)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol, Self

from engine.errors import InputError
from engine.roadmap.document import Document, Group, Phase, phase_order

_NUMBER: Final = r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,5}"
_RANGE: Final = re.compile(rf"(?P<first>{_NUMBER})(?:\s*-\s*(?P<last>{_NUMBER}))?")
_GROUP: Final = re.compile(rf"(?:PHASE_)?{_NUMBER}:[A-Z]{{1,8}}")


class Wishes(Protocol):
    """What the settings say of it; empty texts stand for everything."""

    @property
    def phases(self) -> str:
        """``2-3``, ``2`` or empty."""

    @property
    def group(self) -> str:
        """``1:D`` or empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """The groups of one run, in the order of the document."""

    document: Document
    groups: tuple[Group, ...]
    single: bool = False
    """One group alone: its tasks and its gates, no commit (B6.7)."""

    @classmethod
    def of(cls, wishes: Wishes, document: Document) -> Self:
        """Raises InputError, naming what there is, for what the document does not have."""
        phases, group = wishes.phases.strip(), wishes.group.strip()
        if phases and group:
            raise InputError(
                f"Phases {phases!r} and group {group!r} are both asked for: leave one of them out."
            )
        if group:
            return cls(document=document, groups=(_group(group, document),), single=True)
        if phases:
            chosen = _phases(phases, document)
            return cls(document=document, groups=tuple(g for phase in chosen for g in phase.groups))
        return cls(document=document, groups=tuple(document.groups()))

    def closing_phase(self, group: Group) -> Phase | None:
        """The phase that this group is the last one of, which is then to be committed.

        None for every other group, and where one group runs alone (B5.1, B6.7).
        """
        if self.single:
            return None
        phase = self.document.phase(group.phase)
        return phase if phase.groups[-1] == group else None

    def warnings(self, complete: Collection[str]) -> list[str]:
        """Sentences on what stands above the selection and is not complete (B6.6).

        ``complete`` holds names of groups such as ``PHASE_1:A``.
        """
        first = self.groups[0]
        said = []
        for phase in self.document.phases:
            left = [
                group.id
                for group in phase.groups
                if group.ordinal < first.ordinal and group.name not in complete
            ]
            if left:
                names = ("group " if len(left) == 1 else "groups ") + ", ".join(left)
                said.append(
                    f"Phase {phase.number} is not complete ({names}), and this run leaves that "
                    "out: what it does may need it."
                )
        return said


def _group(wanted: str, document: Document) -> Group:
    if _GROUP.fullmatch(wanted) is None:
        there = ", ".join(f"{group.phase}:{group.id}" for group in document.groups())
        raise InputError(
            f"{wanted!r} names no group: write phase and letters as in 1:D. There are {there}."
        )
    return document.group(wanted)


def _phases(wanted: str, document: Document) -> tuple[Phase, ...]:
    found = _RANGE.fullmatch(wanted)
    there = ", ".join(phase.number for phase in document.phases)
    if found is None:
        raise InputError(
            f"{wanted!r} names no phases: write one as in 2 or a range as in 2-3. There are "
            f"{there}."
        )
    first = document.phase(found["first"])
    last = document.phase(found["last"] or found["first"])
    low, high = phase_order(first.number), phase_order(last.number)
    if low > high:
        raise InputError(f"{wanted!r} goes backwards: write {last.number}-{first.number}.")
    return tuple(p for p in document.phases if low <= phase_order(p.number) <= high)
