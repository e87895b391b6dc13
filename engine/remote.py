"""The operator's commands from wherever he sits: to the live run, or through the command line.

With a live run a command is dropped into its run directory and its answer waited for. Without one
the same thing is done by the command line, run as a process of its own, so that a cockpit calls
nothing that cannot be typed (console-features 7). Refusals are answers, never exceptions.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import IO, Any, Final

from engine import processes
from engine.commands import ANSWER_SECONDS
from engine.config import Settings
from engine.errors import ExitCode
from engine.instance import InstanceLock, user_name
from engine.launch import command_line
from engine.private_files import explain
from engine.reversible import CLAIMS, JOBS
from engine.run_state import Command, RunDirectory

LONGEST: Final = ANSWER_SECONDS + 30
"""Seconds after which an answer is not waited for any more."""
END_SECONDS: Final = 5.0
"""For the last words of a process that has ended."""

Heard = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What became of a command."""

    ok: bool
    detail: str
    """One sentence for the operator."""
    results: Mapping[str, str] = field(default_factory=dict)
    """What became of each job or resource."""
    id: str = ""
    """The command's; what ``undo`` takes."""
    live: bool = False
    """A live run answered, not the command line."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Everything else that was answered: ``undoable``, ``jobs``, ``resources``, ``receipt``, …"""

    @property
    def undoable(self) -> int:
        """How much ``undo`` may take back."""
        found = self.more.get("undoable", 0)
        return found if isinstance(found, int) else 0


class Remote:
    """One work directory's commands; every call blocks until the answer is true."""

    def __init__(self, work_dir: Path, settings: Settings, campaign: str = "") -> None:
        """``campaign`` names the ledger that job commands mean; the settings' own where empty."""
        self._work_dir = work_dir
        self._campaign = campaign or settings.campaign
        self._run_dir = RunDirectory(work_dir / settings.paths.run)
        self._lock = InstanceLock(
            self._run_dir.lock_path, stale_after=settings.run.heartbeat_stale_seconds
        )

    @property
    def live(self) -> bool:
        """A run holds the work directory now."""
        return self._lock.holder() is not None

    def send(self, command: Command, timeout: float = LONGEST) -> Answer:
        """Have a command carried out; never raises for a refusal. Safe to call from a thread."""
        if not command.sent_by:
            command = command.model_copy(update={"sent_by": user_name()})
        if self.live and (command.name not in JOBS or self._same_campaign()):
            return self._ask_live_run(command, timeout)
        return self._ask_command_line(command, timeout)

    def reset_day(self, confirmed: bool) -> Answer:
        """Archive the day; ``confirmed``: although jobs are in doubt or phones recorded as on."""
        return self._typed(["--reset-day", *(["--yes"] if confirmed else [])], LONGEST)

    def retry_all_failed(self) -> Answer:
        """Requeue everything that may be tried again (the operator's ``R``)."""
        return self._typed(["--retry-all-failed"], LONGEST)

    def stop_all(self, timeout: float = 2 * LONGEST, heard: Heard | None = None) -> Answer:
        """Stop the run, its workers, servers and phones; the process outlives its caller.

        ``heard`` is told each ``command_progress`` as it comes, from a thread of its own.
        """
        return self._typed(["--stop-all"], timeout, heard=heard)

    # -- a live run --------------------------------------------------------------------------------

    def _same_campaign(self) -> bool:
        """The live run has the jobs that are meant; another campaign's are changed beside it."""
        record = self._run_dir.read_run()
        return record is None or Path(record.campaign).name == Path(self._campaign).name

    def _ask_live_run(self, command: Command, timeout: float) -> Answer:
        tail = self._run_dir.tail()
        try:
            self._run_dir.send(command)
        except OSError as exc:
            return Answer(ok=False, detail=explain(exc), id=command.id, live=True)
        event = self._run_dir.wait_answer(command.id, timeout, tail=tail, alive=lambda: self.live)
        if event is not None:
            return _answer(event, ok=bool(event.get("ok")), command_id=command.id, live=True)
        detail = f"The run has not answered {command.name} within {timeout:g} s; see its log."
        if not self.live:
            detail = f"The run ended before it answered {command.name}."
        return Answer(ok=False, detail=detail, id=command.id, live=True)

    # -- the command line --------------------------------------------------------------------------

    def _ask_command_line(self, command: Command, timeout: float) -> Answer:
        if command.name in JOBS:
            flags = [f"--{command.name.replace('_', '-')}", *(["-"] if command.ids else [])]
            if command.where:
                flags.append(f"--where={command.where}")
            return self._typed(flags, timeout, lines=command.ids)
        if command.name == "stop_resources":
            names = ["-"] if command.ids else []
            return self._typed(["--stop-resources", *names], timeout, lines=command.ids)
        if command.name == "undo":
            return self._typed(["--send", "undo", *_word(command.undo_of)], timeout)
        if command.name in CLAIMS:
            return self._typed(["--send", command.name, *_word(command.target)], timeout)
        if command.name == "stop_run":
            return Answer(ok=True, detail="No run is live.", id=command.id)
        detail = "No run is live here, so there is nobody to take the command."
        return Answer(ok=False, detail=detail, id=command.id)

    def _typed(
        self,
        flags: Sequence[str],
        timeout: float,
        lines: Sequence[str] = (),
        heard: Heard | None = None,
    ) -> Answer:
        """Run the command line; names go through its standard input, never into arguments."""
        campaign = [f"--campaign={self._campaign}"] if self._campaign else []
        command = command_line(self._work_dir, ["--json", *campaign, *flags])
        try:
            process = processes.start(
                command,
                env={**os.environ, "PYTHONUTF8": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as exc:
            return Answer(ok=False, detail=explain(exc))
        given = "".join(f"{line}\n" for line in lines).encode()
        try:
            if heard is None:
                out, talk = process.communicate(given, timeout=timeout)
            else:
                out, talk = _listen(process, heard, timeout)
        except subprocess.TimeoutExpired:
            # It goes on: a stop that was begun must come to its end.
            detail = f"{flags[0]} has not ended within {timeout:g} s; it goes on by itself."
            return Answer(ok=False, detail=detail)
        return _spoken(out, talk, process.returncode)


def _listen(process: subprocess.Popen[bytes], heard: Heard, timeout: float) -> tuple[bytes, bytes]:
    """Both outputs to their end, progress told meanwhile. Raises subprocess.TimeoutExpired."""
    said: dict[str, list[bytes]] = {"out": [], "talk": []}

    def read(name: str, stream: IO[bytes] | None) -> None:
        for line in stream or ():
            said[name].append(line)
            event = _object(line.decode("utf-8", "replace")) if name == "out" else None
            if event is not None and event.get("event") == "command_progress":
                heard(event)

    streams = {"out": process.stdout, "talk": process.stderr}
    readers = [Thread(target=read, args=item, daemon=True) for item in streams.items()]
    if process.stdin is not None:
        process.stdin.close()
    for reader in readers:
        reader.start()
    process.wait(timeout)
    for reader in readers:
        reader.join(END_SECONDS)
    return b"".join(said["out"]), b"".join(said["talk"])


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _word(text: str) -> list[str]:
    return [text] if text else []


def _spoken(out: bytes, talk: bytes, status: int) -> Answer:
    """The command line's answer: its last JSON object, else the last thing it said."""
    ok = status == ExitCode.DONE
    said = [line for line in talk.decode("utf-8", "replace").splitlines() if line.strip()]
    last = said[-1] if said else f"It ended with status {status}."
    for line in reversed(out.decode("utf-8", "replace").splitlines()):
        event = _object(line)
        if event is not None:
            return _answer(event, ok=ok, live=False, command_id="", otherwise=last)
    return Answer(ok=ok, detail=last)


def _answer(
    event: Mapping[str, Any], *, ok: bool, live: bool, command_id: str, otherwise: str = ""
) -> Answer:
    results = event.get("results")
    known = {"ok", "detail", "results", "id", "event", "ts", "run_id", "name"}
    return Answer(
        ok=ok,
        detail=str(event.get("detail") or otherwise),
        results=results if isinstance(results, dict) else {},
        id=str(event.get("id") or command_id),
        live=live,
        more={name: value for name, value in event.items() if name not in known},
    )
