"""Settings of the roadmap trade: its document, its repository, its agents and its gates.

The names that older scripts take from the environment are checked here too (behaviour B2.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from engine.errors import InputError
from engine.settings_groups import Positive, Section

Command = Annotated[tuple[str, ...], Field(min_length=1)]
"""A program with its arguments; no shell reads it."""

_ALLOWED_TOOLS: Final = (
    *("Read", "Glob", "Grep", "Edit", "Write"),
    *("Bash(npm run:*)", "Bash(npm test:*)", "Bash(npm ci)", "Bash(npx tsc:*)"),
    *("Bash(git status:*)", "Bash(git diff:*)", "Bash(git log:*)"),
)
_REFUSED_TOOLS: Final = (
    *("Bash(git commit:*)", "Bash(git push:*)", "Bash(git checkout:*)", "Bash(git reset:*)"),
    *("WebFetch", "WebSearch"),
)

AGENT_COMMAND: Final = (
    *("claude", "--print", "--output-format", "text", "--permission-mode", "acceptEdits"),
    *("--allowedTools", ",".join(_ALLOWED_TOOLS)),
    *("--disallowedTools", ",".join(_REFUSED_TOOLS)),
)
"""Claude Code in print mode: edits files, runs the project's own scripts, asks nobody, and may do
nothing else (what would need a question is refused)."""

AGENT_ENV: Final = (
    # where programs and their own files are found
    *("PATH", "HOME", "TMPDIR", "TMP", "TEMP", "XDG_*", "CLAUDE_CONFIG_DIR", "NVM_DIR"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
    # who, and in which language
    *("USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TERM"),
    # without these, programs do not start on Windows, or do not find their own files
    *("PATHEXT", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "OS", "NUMBER_OF_PROCESSORS"),
    *("PROCESSOR_*", "USERNAME", "USERDOMAIN", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA"),
    *("LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES*", "COMMONPROGRAMFILES*", "ALLUSERSPROFILE"),
)

_ENV_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_()]*\*?")
_OWN_NAMES: Final = "GEELARK_"
"""Names of this begin so; among them are the provider's keys."""


class Gate(Section):
    """A check that the merged work of a group has to pass."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    """Names its log."""
    command: Command
    """A program with its arguments; its exit status is the verdict."""
    timeout_seconds: Positive = 900


GATES: Final = (
    Gate(name="typecheck", command=("npm", "run", "typecheck")),
    Gate(name="lint", command=("npm", "run", "lint")),
    Gate(name="test", command=("npm", "test"), timeout_seconds=1800),
    Gate(name="build", command=("npm", "run", "build"), timeout_seconds=1800),
)


class Roadmap(Section):
    """A roadmap whose tasks coding agents do (`run.workers` of them at a time)."""

    path: Path = Path("ROADMAP.md")
    """The document of phases, groups and tasks."""
    branch: str = ""
    """Branch that phases are committed to; it has to be checked out. Empty = the one that is."""
    remote: str = Field(default="origin", min_length=1)
    """Where phases are pushed to."""
    push: Literal["yes", "no", "ask"] = "yes"
    """After a phase was committed: push it, leave it, or ask first."""
    allow_dirty: bool = False
    """Start although the working tree has changes that are not committed."""
    phases: str = ""
    """Only these phases (`2`, `2-3`); empty = all."""
    group: str = ""
    """Only this group (`1:D`): its tasks and its gates, no commit; empty = all."""
    task_timeout_seconds: float = Field(default=3600, ge=1)
    """Time of one agent; then it is ended with all that it started."""
    infrastructure_tries: int = Field(default=2, ge=1)
    """Attempts of a task in one run where agents run out of time or their service is down."""
    agent_command: Command = AGENT_COMMAND
    """The agent, a program with its arguments: it reads its task from standard input, works in the
    folder that it is started in, and exits. As built in: Claude Code, which may edit files and run
    the project's npm scripts and nothing else."""
    agent_env: tuple[str, ...] = AGENT_ENV
    """Names of environment variables that agents and gates get (`LC_*` = all that begin so, but
    none that sounds like a secret). `ANTHROPIC_API_KEY` or `HTTPS_PROXY` go to an agent only where
    they are listed here."""
    log_megabytes: Positive = 50
    """An agent or a gate that writes a longer log is ended."""
    prepare: tuple[Command, ...] = ()
    """Commands that are run in each new worktree before its agent, such as `["npm", "ci"]`."""
    gates: tuple[Gate, ...] = GATES
    """`[[roadmap.gates]]` tables with name, command, timeout_seconds: run in this order on the
    merged work of a group; the first that fails stops the run."""

    @field_validator("agent_env")
    @classmethod
    def _passable(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if _ENV_NAME.fullmatch(name) is None:
                raise ValueError(f"{name!r} is no name of a variable (such as HOME or LC_*)")
            if name.upper().rstrip("*").startswith(_OWN_NAMES):
                raise ValueError(f"{name!r} may hold our own secrets, which no agent gets")
        return names

    @field_validator("gates")
    @classmethod
    def _told_apart(cls, gates: tuple[Gate, ...]) -> tuple[Gate, ...]:
        names = [gate.name for gate in gates]
        if len(set(names)) < len(names):
            raise ValueError("each gate must have a name of its own")
        return gates


_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_OVERRIDES: Final = {
    "MAX_PARALLEL_AGENTS": "run.workers",
    "TASK_TIMEOUT": "roadmap.task_timeout_seconds",
}
_DRY_RUN: Final = "DRY_RUN"
_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"", "0", "false", "no", "off"})


def environment_overrides(environ: Mapping[str, str]) -> Mapping[str, object]:
    """Settings by their dotted keys that ``MAX_PARALLEL_AGENTS`` and ``TASK_TIMEOUT`` ask for.

    An empty value is none. Raises InputError naming the variable (behaviour B2.2).
    """
    found: dict[str, object] = {}
    for name, key in _OVERRIDES.items():
        text = environ.get(name, "").strip()
        if not text:
            continue
        if _WHOLE_NUMBER.fullmatch(text) is None or int(text) < 1:
            raise InputError(
                f"{name} = {text[:40]!r} in the environment is not allowed: give a whole number "
                "of at least 1, or unset it."
            )
        found[key] = int(text)
    return found


def dry_run_asked(environ: Mapping[str, str]) -> bool:
    """Whether ``DRY_RUN`` asks for a dry run (behaviour B6.5). Raises InputError naming it."""
    text = environ.get(_DRY_RUN, "").strip().lower()
    if text in _YES or text in _NO:
        return text in _YES
    raise InputError(
        f"{_DRY_RUN} = {text[:40]!r} in the environment is not allowed: give 1 or 0, or unset it."
    )
