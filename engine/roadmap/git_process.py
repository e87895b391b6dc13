"""One git process from start to end: its environment, its time, its output.

This is the only place that starts the program. What it writes goes to unnamed files, so that
nothing it leaves behind (a credential daemon, a hook's child) can hold us through a pipe.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import psutil

from engine import processes
from engine.errors import StopRequested
from engine.private_files import explain
from engine.roadmap.git_errors import GitError, GitMissingError, GitTimeoutError, redact

OWNER_VARIABLE: Final = "GEELARK_GIT_OWNER"
"""In the environment of each git process of ours and all below it: ``pid identity``."""
FOLDER_VARIABLE: Final = "GEELARK_GIT_FOLDER"
"""The work directory that it works for."""
OUTPUT_MAX_BYTES: Final = 64 * 1024 * 1024
_LOOK_SECONDS: Final = 0.1
_PAUSE_SECONDS: Final = 0.05
_END_SECONDS: Final = 5.0
"""How long a git process that was asked to end may tidy up before it is killed."""

_SETTINGS: Final = (
    ("core.quotepath", "off"),
    ("color.ui", "never"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("core.editor", ":"),
)
"""Settings of all our commands: no colours, no tidying in the background while we work."""

_REDIRECTS: Final = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_LITERAL_PATHSPECS",
        "GIT_GLOB_PATHSPECS",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
        "GIT_EXTERNAL_DIFF",
        "GIT_DIFF_OPTS",
        "GIT_QUARANTINE_PATH",
        "SSH_ASKPASS",
        "LANGUAGE",
    }
)
"""What would send git to another repository, or make it ask somebody who is not there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GitResult:
    """How one command ended; both outputs as text, undecodable bytes kept by surrogates."""

    status: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        """Whether git says that it did what it was asked for."""
        return self.status == 0

    def line(self) -> str:
        """The only line of an answer."""
        return self.out.strip("\n")

    def names(self) -> list[str]:
        """The parts of an answer that was asked for with ``-z``."""
        return [part for part in self.out.split("\0") if part]


def environment(work_dir: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a git process: the operator's, without redirects and questions."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in _REDIRECTS and not name.startswith(("GIT_TRACE", "GIT_CURL_VERBOSE"))
    }
    ours = {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_EDITOR": ":",
        "GIT_SEQUENCE_EDITOR": ":",
        "GIT_MERGE_AUTOEDIT": "no",
        "GIT_PAGER": "cat",
        "GIT_OPTIONAL_LOCKS": "0",
        OWNER_VARIABLE: f"{os.getpid()} {processes.identity(os.getpid())}",
        FOLDER_VARIABLE: os.fspath(work_dir),
    }
    return {**inherited, **ours, **more}


def command_line(program: str, arguments: Sequence[str]) -> list[str]:
    """The words of the command with the settings that all of ours have."""
    settings = [word for name, value in _SETTINGS for word in ("-c", f"{name}={value}")]
    return [program, *settings, *arguments]


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    text: str | None,
    seconds: float,
    stop: Callable[[], bool],
) -> GitResult:
    """Run one command to its end.

    Raises GitMissingError where there is no such program, GitError where it cannot be started now,
    GitTimeoutError over its time and StopRequested where ``stop`` says so: both after the process
    and all below it have ended.
    """
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        if text is not None:
            given.write(text.encode("utf-8", "surrogateescape"))
            given.seek(0)
        try:
            popen = processes.start(command, env=env, cwd=cwd, stdin=given, stdout=out, stderr=err)
        except OSError as exc:
            if not cwd.is_dir():
                raise GitError(
                    f"The folder {cwd} is gone: bring it back, or start over without it."
                ) from None
            if isinstance(exc, processes.ProgramError):
                raise GitMissingError(
                    f"The program {command[0]!r} was not found or cannot be run: install git, or "
                    "put it on the PATH, and try again."
                ) from None
            raise GitError(f"git could not be started: {explain(exc)}") from None
        _wait(popen, command, seconds=seconds, stop=stop)
        return GitResult(status=popen.returncode, out=_read(out), err=_read(err))


def _wait(
    popen: subprocess.Popen[bytes],
    command: Sequence[str],
    *,
    seconds: float,
    stop: Callable[[], bool],
) -> None:
    deadline = time.monotonic() + seconds
    try:
        while True:
            if _ended_within(popen, min(_LOOK_SECONDS, max(0.0, deadline - time.monotonic()))):
                return
            if stop():
                raise StopRequested("Asked to stop while git was at work.")
            if time.monotonic() >= deadline:
                raise GitTimeoutError(
                    f"`{shown(command)}` did not end within {seconds:g} s and was ended: look at "
                    "what holds it (a slow network, a hook, a question that nobody answers), "
                    "and run again."
                )
    except BaseException:
        _end(popen)
        raise


def _ended_within(popen: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ends in time. Most commands take milliseconds, so no pause is slept through."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # an old kernel, or no file to be had: look as elsewhere
            watched = os.pidfd_open(popen.pid)
            try:
                poll = select.poll()
                poll.register(watched, select.POLLIN)
                if not poll.poll(seconds * 1000):
                    return False
            finally:
                os.close(watched)
    with contextlib.suppress(subprocess.TimeoutExpired):
        popen.wait(seconds)
        return True
    return False


def _end(popen: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(psutil.Error):
        processes.end_tree(psutil.Process(popen.pid), timeout=_END_SECONDS)
    with contextlib.suppress(subprocess.TimeoutExpired):
        popen.wait(_END_SECONDS)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(OUTPUT_MAX_BYTES).decode("utf-8", "surrogateescape")


def shown(command: Sequence[str]) -> str:
    """A command as an operator would type it: without our settings and without secrets."""
    words = list(command)
    first = 1
    while len(words) > first + 1 and words[first] in {"-c", "-C"}:
        first += 2
    return redact(" ".join(["git", *words[first:]]))[:200]


def end_abandoned(work_dir: Path, *, patience: float) -> int:
    """End git processes that one of ours, killed meanwhile, left at work here; how many.

    They are known by the mark in their environment, whose owner no longer lives. What they do is
    wanted, so they may finish it within ``patience`` seconds; a fast-forward of the operator's
    tree, which must not be left half done, within ten times that. Raises nothing.
    """
    left = _still_running(_abandoned(os.fspath(work_dir)), patience)
    delicate = [process for process in left if _fast_forwards(process)]
    _still_running(delicate, 9 * patience)
    ended = 0
    for process in left:
        with contextlib.suppress(psutil.Error):
            ended += processes.end_tree(process, timeout=_END_SECONDS)
    return ended


def _abandoned(folder: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError, ValueError, KeyError):
            marks = process.environ()
            if marks.get(FOLDER_VARIABLE) != folder or process.pid == os.getpid():
                continue
            pid, _, started = marks[OWNER_VARIABLE].partition(" ")
            if processes.identity(int(pid)) != started and _runs(process):
                found.append(process)
    return found


def _still_running(found: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Which of them have not ended in time; one that waits to be buried has."""
    deadline = time.monotonic() + seconds
    left = [process for process in found if _runs(process)]
    while left and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
        left = [process for process in left if _runs(process)]
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _fast_forwards(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "--ff-only" in process.cmdline()
    return False
