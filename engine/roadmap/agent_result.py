"""What an agent's process came to, and whether that is a success (behaviour B2.6)."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.jobs import Success
from engine.roadmap.agent_errors import (
    AgentFailedError,
    AgentRefusedError,
    AgentUnavailableError,
    NothingDoneError,
    with_log,
)
from engine.roadmap.log_tail import last_lines, read_end
from engine.roadmap.service_words import Trouble, trouble_in

_LONGEST_PART: Final = 1000
"""Characters of a summary that are kept."""
_SHOWN_REASON: Final = 300
_PART: Final = re.compile(r"^[\s*#_>`-]*(SUMMARY|TESTS|BLOCKED)[\s*_`]*:[\s*_`]*(.*)$")
_PLACEHOLDER: Final = "<"
"""How the prompt's own example of a summary begins, which some agents repeat."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentResult:
    """One agent process from its start to its end."""

    exit_status: int
    """Below 0: ended by that signal."""
    seconds: float
    summary: str
    """What it says that it did; empty where it says nothing."""
    tests: str
    """What it says of its tests, in its own words: nothing that was observed."""
    blocked: str
    """Why it says that the task cannot be done; empty where it does not say that."""
    log: Path
    tail: tuple[str, ...] = ()
    """The last lines of its log, fit to be shown."""


def read_result(log: Path, *, exit_status: int, seconds: float) -> AgentResult:
    """The result of a process that ended, with what the bounded end of its log says."""
    text = read_end(log)
    parts = _parts(text)
    return AgentResult(
        exit_status=exit_status,
        seconds=seconds,
        summary=parts.get("SUMMARY", ""),
        tests=parts.get("TESTS", ""),
        blocked=parts.get("BLOCKED", ""),
        log=log,
        tail=last_lines(text),
    )


def _parts(text: str) -> dict[str, str]:
    """The last text of each name, up to the next name or an empty line."""
    parts: dict[str, str] = {}
    name = ""
    for line in text.split("\n"):
        if match := _PART.match(line):
            name = match[1]
            if not match[2].startswith(_PLACEHOLDER):
                parts[name] = match[2].strip()
            else:
                name = ""
        elif not line.strip():
            # A heading of its own may be followed by an empty line; a text that began ends there.
            name = name if name and not parts.get(name) else ""
        elif name and len(parts[name]) < _LONGEST_PART:
            parts[name] = f"{parts[name]} {line.strip()}".strip()
    return {name: found[:_LONGEST_PART] for name, found in parts.items()}


def judge(result: AgentResult, changed: Sequence[str], *, task: str) -> Success:
    """Whether a task is done, by how its agent ended, what it changed and what it says.

    ``changed``: the files that differ from where it began; ``task``: its id, for the sentences.
    Raises AgentRefusedError, AgentUnavailableError, AgentFailedError, NothingDoneError.
    """
    done = result.exit_status == 0 and not result.blocked
    trouble = None if done and result.summary else trouble_in(result.tail)
    if done and trouble is None and (changed or result.summary):
        return Success(evidence=_evidence(result, changed))
    fault: AgentRefusedError | AgentUnavailableError | AgentFailedError | NothingDoneError
    if trouble is Trouble.PERSON:
        fault = AgentRefusedError(_sentence(result, f"The agent's service refused task {task}"))
    elif trouble is Trouble.SERVICE:
        said = f"The agent's service was not available for task {task}"
        fault = AgentUnavailableError(_sentence(result, said))
    elif result.blocked:
        how = f"Task {task} is blocked, as its agent says: {result.blocked[:_SHOWN_REASON]}"
        fault = AgentFailedError(with_log(how, result.log))
    elif result.exit_status != 0:
        how = f"Task {task} failed: its agent {how_it_ended(result.exit_status)}"
        fault = AgentFailedError(_sentence(result, how))
    else:
        how = f"Task {task} is not done: its agent changed no file and gave no summary"
        fault = NothingDoneError(_sentence(result, how))
    fault.seen_in(result.log, result.tail)
    raise fault


def _sentence(result: AgentResult, said: str) -> str:
    return with_log(said, result.log, result.tail)


def how_it_ended(exit_status: int) -> str:
    """``ended with exit status 3``, ``was ended by SIGKILL``."""
    if exit_status >= 0:
        return f"ended with exit status {exit_status}"
    try:
        return f"was ended by {signal.Signals(-exit_status).name}"
    except ValueError:
        return f"was ended by signal {-exit_status}"


def _evidence(result: AgentResult, changed: Sequence[str]) -> str:
    files = f"{len(changed)} file{'' if len(changed) == 1 else 's'} changed"
    said = result.summary or "no summary"
    tests = f" Tests: {result.tests}" if result.tests else ""
    return f"{files} in {result.seconds:.0f} s. {said}{tests}"
