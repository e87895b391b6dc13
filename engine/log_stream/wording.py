"""A logfmt line in words: what happened first, then its other fields in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PAIR: Final = re.compile(r'([^\s="]+)=(?:"((?:[^"\\]|\\.)*)(?:"|\\?$)|(\S*))|(\S+)', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_OWN_COLUMNS: Final = frozenset({"ts", "level", "job", "account", "key"})
_LEADS: Final = ("text", "error", "reason")
"""The field that says most, told right after the event's name."""
_SPOKEN: Final = "said"
"""Event of a line that was talk: its name adds nothing to its text."""
_SCALED: Final = "scaled"
"""Event of another number of workers: ``workers 2 -> 3`` and the reason say all of it."""
_QUIET: Final = frozenset({"debug", "info"})
_LONG: Final = frozenset({"exception", "stack"})


def fields(line: str) -> dict[str, str]:
    """The fields of a logfmt line, in order; words outside of any are under the empty name."""
    found: dict[str, str] = {}
    for name, quoted, bare, word in _PAIR.findall(line):
        if name:
            found[name] = _unescape(quoted) if quoted else bare.replace('\\"', '"')
        else:
            found[""] = f"{found['']} {word}" if "" in found else word
    return found


def words(found: Mapping[str, str], *, own_worker: bool) -> tuple[str, tuple[str, ...]]:
    """One line for a person, and the lines of values that have several (a stack trace).

    ``own_worker``: the line stands in its worker's own log, so that its number is known already.
    """
    more: list[str] = []
    if found.get("event") == _SCALED and found.get("text"):
        before, after = found.get("before", "?"), found.get("after", "?")
        return f"workers {before} -> {after}: {_one_line(found['text'], more)}", tuple(more)
    hidden = _OWN_COLUMNS | {"attempt"} if _attempt_is_known(found) else _OWN_COLUMNS
    rest = {name: value for name, value in found.items() if value and name not in hidden}
    worker = rest.pop("worker", "")
    event = rest.pop("event", "").replace("_", " ")
    lead = next((rest.pop(name) for name in _LEADS if name in rest), "")
    start = _opening(event, _one_line(lead, more), worker="" if own_worker else worker)
    parts = [start] if start else []
    state = rest.pop("state", "")
    if state:
        parts[:] = [f"{start} {state}" if event.endswith("state") else f"{start}, state {state}"]
    for name, value in rest.items():
        shown = _last_line(value, more) if name in _LONG else _one_line(value, more)
        if name == event:
            parts[0] = f"{parts[0]} {shown}"
        else:
            parts.append(f"{name.replace('_', ' ')} {shown}".strip())
    return ", ".join(parts).replace("\n", " "), tuple(more)


def _attempt_is_known(found: Mapping[str, str]) -> bool:
    """Every line of a job carries its attempt; it is told where the job begins or ends, and where
    something went wrong, which may count tries of its own."""
    quiet = found.get("level", "info").lower() in _QUIET
    return bool(found.get("job")) and quiet and not found.get("event", "").startswith("job")


def _opening(event: str, lead: str, *, worker: str) -> str:
    if worker:
        event = f"worker {worker} {event.removeprefix('worker ')}".rstrip()
    if not lead:
        return event
    return lead if event in ("", _SPOKEN) else f"{event}: {lead}"


def _one_line(value: str, more: list[str]) -> str:
    first, newline, others = value.partition("\n")
    if newline:
        more += others.split("\n")
    return first


def _last_line(value: str, more: list[str]) -> str:
    """A stack trace says what happened in its last line; all of it goes below."""
    lines = value.rstrip("\n").split("\n")
    if len(lines) > 1:
        more += lines
    return lines[-1]


def _unescape(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], quoted)
