"""What a heading opens: a phase, a group, or something that holds no tasks (B1.2, B1.3, B1.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from engine.roadmap.markdown import Heading
from engine.roadmap.task_forms import Refusal

PHASE_LEVEL: Final = 2

_PHASE: Final = re.compile(
    r"Phase\s+(?P<number>[0-9]{1,6}(?:\.[0-9]{1,6}){0,5})(?:\s*[:–—]\s*(?P<title>.*)|\s+-\s+(?P<dashed>.*)|\s*)",
    re.IGNORECASE,
)
_NEARLY_PHASE: Final = re.compile(r"Phase\s+\S+\s*[:–—]", re.IGNORECASE)
_GROUP: Final = re.compile(
    r"(?i:Group)\s+(?P<id>[A-Z]{1,8})(?:\s*[:–—]\s*(?P<title>.*)|\s+-\s+(?P<dashed>.*)"
    r"|\s*(?P<bare>\(.*\))|\s*)"
)
_NEARLY_GROUP: Final = re.compile(r"Group\s+(?:\S+\s*[:–—(]|\S{1,3}\s*\Z)", re.IGNORECASE)
_IN_BRACKETS: Final = re.compile(r"(?P<before>.*?)\s*\((?P<inside>[^()]*)\)\Z")
_AFTER: Final = re.compile(r"after\s+(?P<ids>.+)", re.IGNORECASE)
_ID: Final = re.compile(r"(?:[Gg]roup\s+)?(?P<id>[A-Z]{1,8})")
_BETWEEN_IDS: Final = re.compile(r"\s*(?:[,+&/]|\band\b)\s*")

_WITHOUT_TASKS: Final = frozenset(
    {
        "acceptance criteria",
        "agent assignment",
        "agent assignments",
        "blocking dependencies",
        "complete when",
        "completion criteria",
        "critical path",
        "definition of done",
        "deliverable",
        "deliverables",
        "dependencies",
        "exit criteria",
        "legend",
        "overview",
        "phase overview",
        "risk",
        "risk assessment",
        "risk mitigation",
        "risk register",
        "risks",
        "status legend",
        "success criteria",
        "success metrics",
        "summary",
        "timeline",
    }
)
_DECORATION: Final = re.compile(r"\A\W+")
"""Signs before the name, such as a rocket."""
_PARALLEL: Final = re.compile(r"parallel\s*(?:[,;]\s*|\s+(?=after)|\Z)", re.IGNORECASE)
_PREFIX: Final = re.compile(r"\A\W*(?:(?:phase\s+[0-9.]+|group\s+[a-z]+)\b[\s:–—-]*)?")
_SUFFIX: Final = re.compile(r"(?:\s*\([^()]*\))?\W*\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseHeading:
    """``## Phase 3.1: Setup``."""

    number: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupHeading:
    """``### Group B (Parallel, after A)`` or ``### Group B: Title``."""

    id: str
    title: str
    after: tuple[str, ...]


def phase_heading(heading: Heading, refuse: Refusal) -> PhaseHeading | None:
    """The phase that it opens, or None. Raises InputError for what was nearly one."""
    if heading.level != PHASE_LEVEL:
        return None
    text = _DECORATION.sub("", heading.words.text)
    found = _PHASE.fullmatch(text)
    if found is not None:
        return PhaseHeading(number=found["number"], title=(found["title"] or found["dashed"] or ""))
    if _NEARLY_PHASE.match(text) and not holds_no_tasks(text):
        refuse(heading.line, f"{text!r} is not the heading of a phase with a number.")
    return None


def group_heading(heading: Heading, refuse: Refusal) -> GroupHeading | None:
    """The group that it opens, or None. Raises InputError for what was nearly one."""
    if heading.level <= PHASE_LEVEL:
        return None
    text = _DECORATION.sub("", heading.words.text)
    found = _GROUP.fullmatch(text)
    if found is None:
        if _NEARLY_GROUP.match(text) and not holds_no_tasks(text):
            refuse(heading.line, f"{text!r} is not the heading of a group (capital letters).")
        return None
    title = (found["title"] or found["dashed"] or "").strip()
    if found["bare"] is not None:
        title = found["bare"]
    title, after = _conditions(title, heading.line, refuse)
    if found["bare"] is not None and title:
        refuse(heading.line, f"{title} of group {found['id']} is not understood.")
    return GroupHeading(id=found["id"], title=title, after=after)


def holds_no_tasks(text: str) -> bool:
    """Whether what stands under this is no task: deliverables, critical path and such (B1.8)."""
    name = _SUFFIX.sub("", _PREFIX.sub("", text.casefold()))
    return " ".join(name.split()) in _WITHOUT_TASKS


def _conditions(title: str, line: int, refuse: Refusal) -> tuple[str, tuple[str, ...]]:
    """Title and dependencies; brackets that name no condition belong to the title."""
    found = _IN_BRACKETS.fullmatch(title)
    if found is None:
        return title, ()
    inside = found["inside"].strip()
    if inside.casefold() == "sequential":
        refuse(
            line,
            "tasks of a group run at the same time, so it cannot be sequential: give each task "
            "a group of its own.",
        )
    parallel = _PARALLEL.match(inside)
    if parallel is None and _AFTER.fullmatch(inside) is None:
        return title, ()
    if parallel is not None:
        inside = inside[parallel.end() :]
        if not inside:
            return found["before"], ()
    condition = _AFTER.fullmatch(inside)
    if condition is None:
        refuse(line, f"({found['inside']}) is not understood.")
    ids = [_ID.fullmatch(part.strip()) for part in _BETWEEN_IDS.split(condition["ids"])]
    if None in ids:
        refuse(line, f"'after {condition['ids']}' does not name groups by their letters.")
    return found["before"], tuple(dict.fromkeys(match["id"] for match in ids if match is not None))
