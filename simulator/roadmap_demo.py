"""A sample project whose roadmap is done in a minute: repository, bare remote, agent, gates.

``python -m simulator roadmap`` makes it and runs it; the agent is the scripted one, all else is
real: git, the gates, the commits and the push. The last line says what is true in the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from simulator.coding_agent import agent_command
from simulator.errors import FarmError

_ROADMAP: Final = """\
# Roadmap of a sample project

## Phase 1: Foundation

### Group A (Parallel)

| Feature | Complexity | Spec | Description |
|---|---|---|---|
| **A1: Greeting** | Low | - | A module that greets |
| **A2: Farewell** | Low | - | A module that says goodbye |
| **A3: Numbers** | Low | - | A module that adds |

### Group B (Parallel, after A)

| Feature | Complexity | Spec | Description |
|---|---|---|---|
| **B1: Command line** | Medium | - | Says hello to a name |
| **B2: Help** | Low | - | Says how it is used |

## Phase 2: Polish

### Group C (Parallel)

| Feature | Complexity | Spec | Description |
|---|---|---|---|
| **C1: Translations** | Medium | - | Greets in three languages |
| **C2: Manual** | Low | - | A page for people |
"""
_TASKS: Final = ("A1", "A2", "A3", "B1", "B2", "C1", "C2")
_PHASES: Final = 2
_STEPS: Final = (
    {"print": "Reading the roadmap and the specification of {task}."},
    {"write": "sample/{task}.py", "text": '"""Made for {task}."""\n\nNAME = "{task}"\n'},
)
_SUMMARY: Final = {"summary": "Wrote sample/{task}.py.", "tests": "1 passed"}
_COMPILES: Final = (sys.executable, "-m", "compileall", "-q", "sample")
_LOOK: Final = (
    "import pathlib, sys; files = sorted(pathlib.Path('sample').glob('*.py')); "
    "print(*files, sep='\\n'); sys.exit(not files)"
)
_THERE: Final = (sys.executable, "-c", _LOOK)
_GIT_SECONDS: Final = 60


def sample_project(folder: Path, *, seconds: float) -> Path:
    """Make the project, its remote and its agent's script below ``folder``; the project.

    ``seconds`` is what the agent takes for a task. Raises FarmError where git cannot do it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FarmError(f"{folder} holds files already: name an empty folder, or a new one.")
    folder.mkdir(parents=True, exist_ok=True)
    project, script = folder / "project", folder / "agent.json"
    _git(folder, "init", "--quiet", "--bare", "remote.git")
    _git(folder, "init", "--quiet", "project")
    _git(folder / "remote.git", "symbolic-ref", "HEAD", "refs/heads/main")
    _git(project, "symbolic-ref", "HEAD", "refs/heads/main")
    _git(project, "config", "user.name", "Sample Operator")
    _git(project, "config", "user.email", "operator@example.com")
    _git(project, "config", "commit.gpgsign", "false")
    _git(project, "remote", "add", "origin", "../remote.git")
    (project / "ROADMAP.md").write_text(_ROADMAP, encoding="utf-8")
    (project / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")
    script.write_text(json.dumps(_script(seconds), indent=1), encoding="utf-8")
    (project / "geelark.toml").write_text(_settings(script), encoding="utf-8")
    _git(project, "add", "ROADMAP.md", ".gitignore")
    _git(project, "commit", "--quiet", "-m", "Begin")
    _git(project, "push", "--quiet", "origin", "main")
    return project


def roadmap_demo(*, keep: Path | None, seconds: float, cockpit: bool) -> int:
    """Make the project, run its roadmap, say what became of it; the worst exit status.

    Raises FarmError.
    """
    folder = Path(tempfile.mkdtemp(prefix="geelark-roadmap-")) if keep is None else keep.resolve()
    project = sample_project(folder, seconds=seconds)
    print(
        f"A roadmap of {_PHASES} phases and {len(_TASKS)} tasks in {project}, with a bare remote "
        "beside it.\nIts agent is a script: no service is asked, nothing is paid.",
        flush=True,
    )
    command = [sys.executable, "-m", "console", "roadmap", str(project)]
    status = subprocess.call(command if cockpit else [*command, "--headless"])
    line, agrees = _truth(folder, project)
    print(f"Look at it: git -C {project} log --stat")
    print(line, flush=True)
    return max(abs(status), 0 if agrees else 1)


def _truth(folder: Path, project: Path) -> tuple[str, bool]:
    """What the agent's own notes, git and the remote say, against what the run recorded."""
    notes = folder / "agent.json.attempts"
    ends = [
        (path.name, line.split()[2])
        for path in (sorted(notes.iterdir()) if notes.is_dir() else ())
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("end ")
    ]
    worked = {name for name, status in ends if status == "0"}
    pushed = _git(folder / "remote.git", "log", "--format=%s", "main").splitlines()
    phases = sum(subject.startswith("Complete Phase ") for subject in pushed)
    files = _git(folder / "remote.git", "ls-tree", "-r", "--name-only", "main").splitlines()
    there = {Path(name).stem for name in files if name.startswith("sample/")}
    book = project / "status" / "completed_tasks.txt"
    complete = book.read_text(encoding="utf-8").splitlines() if book.is_file() else []
    claimed = {task for task in _TASKS if any(line.endswith(f":{task[0]}") for line in complete)}
    false = len(claimed - (worked & there)) if phases == _PHASES else len(claimed - worked)
    agrees = not false and len(there) == len(_TASKS) and phases == _PHASES
    figures = {
        "tasks": len(_TASKS),
        "done": len(worked),
        "attempts": len(ends),
        "at_remote": len(there),
        "phases_pushed": phases,
        "false_complete": false,
    }
    return " ".join(f"{name}={value}" for name, value in figures.items()), agrees


def _script(seconds: float) -> Mapping[str, Sequence[Mapping[str, object]]]:
    begin, write = _STEPS
    return {"*": [begin, {"sleep": seconds}, write, _SUMMARY]}


def _settings(script: Path) -> str:
    """``geelark.toml`` of the project: the scripted agent, two gates."""
    return "\n".join(
        [
            "[host]",
            "worker_megabytes = 100",  # a scripted agent is a small program
            "",
            "[roadmap]",
            f"agent_command = {json.dumps(agent_command(script))}",
            "",
            "[[roadmap.gates]]",
            'name = "build"',
            f"command = {json.dumps(_COMPILES)}",
            "",
            "[[roadmap.gates]]",
            'name = "test"',
            f"command = {json.dumps(_THERE)}",
            "",
        ]
    )


def _git(folder: Path, *words: str) -> str:
    """What git wrote. Raises FarmError."""
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise FarmError(f"git could not be run ({exc}): install it, and try again.") from exc
    if done.returncode:
        raise FarmError(f"git {words[0]} failed: {done.stderr.strip()[-500:]}")
    return done.stdout.strip()
