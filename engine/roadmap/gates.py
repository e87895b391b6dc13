"""The checks of a group's merged work: commands whose exit status is the verdict (behaviour B3).

Any gate that fails ends the run (B3.2, B-D2); a missing command and a limit that was reached are
failures, not passes (B3.3).
"""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.errors import InputError, StopRequested
from engine.marked import new_marker
from engine.output import one_line
from engine.private_files import explain, open_append
from engine.processes import ProgramError
from engine.roadmap.agent_result import how_it_ended
from engine.roadmap.bounded import BoundedProcess, Ending
from engine.roadmap.log_tail import last_lines, read_end
from engine.roadmap.record import GateResult
from engine.roadmap.run_logs import gate_log
from engine.roadmap.surroundings import resolved
from engine.settings_roadmap import Gate
from engine.workloads.base import ProcessKeeper

ROLE: Final = "gate"
SLOT: Final = "gate"
"""Slot of a gate's marker: gates run in no worker."""
_MEGABYTE: Final = 1024 * 1024
_LONGEST_TEXT: Final = 7000
"""Characters of a gate's output that its result keeps."""
_WORDS: Final = {"typecheck": "Type check", "lint": "Lint", "test": "Tests", "build": "Build"}


@dataclass(frozen=True, kw_only=True, slots=True)
class GateProgress:
    """Which gate runs now, for the operator."""

    name: str
    number: int
    """From 1."""
    total: int
    since: datetime
    log: Path


@dataclass(frozen=True, kw_only=True)
class GatePlace:
    """Where and with what gates run."""

    cwd: Path
    """The merged tree."""
    logs: Path
    """The folder of logs; a gate's is in ``orchestrator`` below it."""
    work_dir: Path
    env: Mapping[str, str]
    """All that a gate gets of the environment."""
    keeper: ProcessKeeper
    log_megabytes: float = 50


def _nobody(_progress: GateProgress | None) -> None:
    """Tells nobody."""


class Gates:
    """The gates of one group, in their order."""

    def __init__(
        self,
        gates: Sequence[Gate],
        place: GatePlace,
        *,
        phase: str,
        group: str,
        stop: Callable[[], bool] = lambda: False,
        tell: Callable[[GateProgress | None], None] = _nobody,
    ) -> None:
        """``stop`` is asked often and ends a gate at once; ``tell`` hears which gate begins, and
        None when none runs any more."""
        self._gates = tuple(gates)
        self._place = place
        self._phase = phase
        self._group = group
        self._stop = stop
        self._tell = tell

    def run_all(self) -> list[GateResult]:
        """Run them one after the other up to the first that does not pass.

        All passed only if there is a result of each and each passed (``all_passed``). Raises
        StopRequested where it was told to stop: then nothing is known of the gate that ran.
        """
        results: list[GateResult] = []
        try:
            for number, gate in enumerate(self._gates, start=1):
                self._pause(0)
                results.append(self._run(gate, number))
                if not results[-1].passed:
                    break
        finally:
            self._tell(None)
        return results

    def all_passed(self, results: Sequence[GateResult]) -> bool:
        """Whether every gate of the list was run and passed."""
        wanted = [gate.name for gate in self._gates]
        return [result.name for result in results if result.passed] == wanted

    def _run(self, gate: Gate, number: int) -> GateResult:
        place = self._place
        log = gate_log(place.logs, phase=self._phase, group=self._group, name=gate.name)
        began = time.monotonic()
        self._tell(
            GateProgress(
                name=gate.name,
                number=number,
                total=len(self._gates),
                since=datetime.now(UTC),
                log=log,
            )
        )
        if not place.cwd.is_dir():
            return self._not_started(gate, log, began, f"its folder {place.cwd} is not there")
        command = resolved(gate.command, place.env)
        if command is None:
            return self._not_started(gate, log, began, _missing(gate))
        try:
            process = BoundedProcess.start(
                place.keeper,
                ROLE,
                command,
                cwd=place.cwd,
                env=place.env,
                log=log,
                marker=new_marker(place.work_dir, SLOT),
            )
        except ProgramError:
            return self._not_started(gate, log, began, _missing(gate))
        except OSError as exc:
            return self._not_started(gate, log, began, f"it could not be started: {explain(exc)}")
        return self._watched(gate, process)

    def _watched(self, gate: Gate, process: BoundedProcess) -> GateResult:
        ending = process.wait(
            limit_seconds=gate.timeout_seconds,
            most_log_bytes=int(self._place.log_megabytes * _MEGABYTE),
            pause=self._pause,
        )
        status = process.exit_status if ending is Ending.EXITED else None
        why = [] if status == 0 else [self._why(gate, ending, status)]
        return GateResult(
            name=gate.name,
            command=shlex.join(gate.command),
            passed=status == 0,
            seconds=process.seconds,
            exit_status=status,
            log=process.log,
            text="\n".join([*why, _shown(process.log)]).rstrip(),
            at=datetime.now(UTC),
        )

    def _why(self, gate: Gate, ending: Ending, status: int | None) -> str:
        if ending is Ending.TIMED_OUT:
            return f"it was ended at its limit of {gate.timeout_seconds:g} s"
        if ending is Ending.LOG_FULL or status is None:
            most = f"{self._place.log_megabytes:g} MB"
            return f"it was ended because its log grew beyond {most}"
        return f"it {how_it_ended(status)}"

    @staticmethod
    def _not_started(gate: Gate, log: Path, began: float, why: str) -> GateResult:
        with contextlib.suppress(OSError), open_append(log) as file:
            file.write(f"{why}\n".encode())
        return GateResult(
            name=gate.name,
            command=shlex.join(gate.command),
            passed=False,
            seconds=time.monotonic() - began,
            exit_status=None,
            log=log,
            text=why,
            at=datetime.now(UTC),
        )

    def _pause(self, seconds: float) -> None:
        if self._stop():
            raise StopRequested("The run was asked to stop while a gate ran.")
        time.sleep(seconds)


def check_gates(gates: Sequence[Gate], env: Mapping[str, str]) -> None:
    """Refuse before anything starts gates whose program is not there (behaviour B2.1).

    Raises InputError naming the gate. A program in a folder may come with the work itself.
    """
    for gate in gates:
        if resolved(gate.command, env) is None:
            raise InputError(f"The gate {gate.name} cannot run: {_missing(gate)}.")


def failure_sentence(result: GateResult, group: str) -> str:
    """``Tests failed for Group B: it ended with exit status 4 (log: …)`` (behaviour B3.2, B7)."""
    word = _WORDS.get(result.name, result.name)
    why = result.text.partition("\n")[0]
    return f"{word} failed for Group {group}: {why} (log: {result.log})"


def _shown(log: Path) -> str:
    return "\n".join(last_lines(read_end(log)))[-_LONGEST_TEXT:]


def _missing(gate: Gate) -> str:
    program = one_line(gate.command[0])
    return (
        f"its command {program!r} was not found; install it so that it is on PATH, or correct "
        f"{gate.name} in roadmap.gates"
    )
