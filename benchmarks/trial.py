"""One benchmark, run as an operator would run it, and what it told."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import psutil

from benchmarks.catalogue import ROOT, Benchmark, Figure
from benchmarks.last_line import before_last_line, figures_in

_PATIENCE: Final = 20.0
"""Seconds that a benchmark which takes too long has to put away what it started."""
_TAIL: Final = 15
"""Lines of a failed benchmark that are worth showing."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of one benchmark."""

    benchmark: Benchmark
    skipped: str = ""
    """Why it was not run, as a sentence."""
    status: int = 0
    """Its exit status; below 0 the signal that ended it."""
    late: bool = False
    """It was ended because it took too long."""
    seconds: float = 0.0
    printed: str = ""
    said: str = ""
    """What it wrote beside that, for the operator alone: progress, and why it failed."""
    figures: Mapping[str, str] = field(default_factory=dict)
    """As printed, by name."""

    @property
    def lacking(self) -> Sequence[str]:
        """Figures that it should have told and did not."""
        if self.skipped:
            return []
        return [one.name for one in self.benchmark.figures if one.name not in self.figures]

    @property
    def trouble(self) -> str:
        """What went wrong, as a sentence; empty where nothing did."""
        if self.late:
            return f"It was ended after {self.benchmark.longest:g} s."
        if self.status and self.figures:
            return f"Its exit status is {self.status}: a figure is beyond a limit of its own."
        if self.status:
            return f"It ended with exit status {self.status}."
        if self.lacking:
            return f"It did not tell {', '.join(self.lacking)}."
        return ""

    @property
    def tables(self) -> str:
        """What it printed for people."""
        return before_last_line(self.printed)

    @property
    def tail(self) -> str:
        """The end of what it printed and said."""
        lines = [*self.printed.rstrip().splitlines(), *self.said.rstrip().splitlines()]
        return "\n".join(lines[-_TAIL:])

    def told(self) -> Sequence[tuple[Figure, str]]:
        """Every figure with what was measured, the declared ones first; empty where it is lacking.

        One that nobody declared counts as absolute: nothing is known of it.
        """
        declared = [(one, self.figures.get(one.name, "")) for one in self.benchmark.figures]
        known = {one.name for one in self.benchmark.figures}
        others = [
            (Figure(name, "", absolute=True), text)
            for name, text in self.figures.items()
            if name not in known
        ]
        return [*declared, *others]

    def missed(self) -> Sequence[Figure]:
        """Figures that miss their target."""
        return [one for one, text in self.told() if text and not one.met(float(text))]


def run(benchmark: Benchmark, *, root: Path = ROOT) -> Trial:
    """Run it to its end in the checkout ``root``; never raises for what the benchmark does."""
    if reason := benchmark.missing(root):
        return Trial(benchmark=benchmark, skipped=reason)
    began = time.monotonic()
    # Files, not pipes: what a benchmark leaves behind may hold a pipe open for ever.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        process = subprocess.Popen(
            [sys.executable, "-m", benchmark.module, *benchmark.arguments],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=error,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
        late = not _ended(process, benchmark.longest)
        printed, said = _text(out), _text(error)
    return Trial(
        benchmark=benchmark,
        status=process.returncode,
        late=late,
        seconds=time.monotonic() - began,
        printed=printed,
        said=said,
        figures=figures_in(printed),
    )


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace")


def _ended(process: subprocess.Popen[bytes], longest: float) -> bool:
    """Wait for the end, or make one; whether it came by itself."""
    try:
        process.wait(longest)
        return True
    except subprocess.TimeoutExpired:
        _interrupt(process)
        return False
    finally:
        # Ctrl-C has reached the benchmark, too.
        _see_off(process)


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does: so it ends its farm and removes its folders."""
    if sys.platform == "win32":
        process.terminate()
    else:
        process.send_signal(signal.SIGINT)


def _see_off(process: subprocess.Popen[bytes]) -> None:
    """Wait for one that is to end; kill it, and what it started, where it does not."""
    if process.poll() is not None:
        return
    below: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        below = psutil.Process(process.pid).children(recursive=True)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
        return
    for one in below:
        with contextlib.suppress(psutil.Error):
            one.kill()
    process.kill()
    process.wait()
