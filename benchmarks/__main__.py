"""Every benchmark, one after the other, and its figures into docs/performance.md.

    python -m benchmarks                 # all; make bench does the same
    python -m benchmarks --only ledger   # one, and only its part of the document
    python -m benchmarks --list

Each runs as a process of its own, as its command in the list. One that fails is said to have failed
in its part of the document, and the others go on; the exit status is 1 then. A figure that misses
its target does not fail: how fast a machine is belongs to no build. What must not get worse is
checked by ``python -m benchmarks.check``. The last line is for programs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks import host, report
from benchmarks.catalogue import ROOT, Benchmark
from benchmarks.declared import BENCHMARKS
from benchmarks.trial import Trial, run
from engine.output import plain

DOCUMENT: Final = ROOT / "docs" / "performance.md"
_SELDOM: Final = 1.0
"""Times a second that the waiting line moves: it must not take what is measured."""


def measure(benchmarks: Sequence[Benchmark], document: Path, console: Console) -> list[Trial]:
    """Run them, a line on the console for each, and write each into the document once it is done.

    Raises DocumentError before anything runs where the document has no place for one of them,
    OSError where it cannot be read or written.
    """
    report.check_places(document.read_text(encoding="utf-8"), benchmarks, document)
    trials = []
    for one in benchmarks:
        # Before the run: during it the machine is busy with the benchmark itself.
        measured_on = report.measured_on(host.machine())
        words = f"{one.name}: about {one.seconds:.0f} s, {one.command}"
        with console.status(words, refresh_per_second=_SELDOM):
            trial = run(one)
        console.print(progress(trial), markup=False, highlight=False, soft_wrap=True)
        text = document.read_text(encoding="utf-8")
        document.write_text(
            report.with_trial(text, trial, measured_on), encoding="utf-8", newline="\n"
        )
        trials.append(trial)
    return trials


def progress(trial: Trial) -> str:
    """One line on how it went; below it what a failed one said last."""
    name = f"{trial.benchmark.name:<16}"
    if trial.skipped:
        return f"{name} skipped: {trial.skipped}"
    took = f"{name} {trial.seconds:4.0f} s "
    if trial.trouble:
        tail = "".join(f"\n    {line}" for line in plain(trial.tail).splitlines())
        return f"{took} FAILED: {trial.trouble}{tail}"
    targets = [one for one, _ in trial.told() if one.target]
    missed = [one.name for one in trial.missed()]
    said = f"{len(targets) - len(missed)} of {len(targets)} targets" if targets else "no targets"
    return f"{took} {said}{', not: ' + ', '.join(missed) if missed else ''}"


def targets(trials: Sequence[Trial]) -> Table:
    """Every figure that has a target, ratios and counts first."""
    table = Table("figure", "measured", "target", "met", "of", box=None)
    rows = [
        (one, text, trial)
        for trial in trials
        for one, text in trial.told()
        if one.target and trial.figures
    ]
    for figure, text, trial in sorted(rows, key=lambda row: row[0].absolute):
        met = report.verdict(figure, text)
        table.add_row(figure.name, text, figure.target, met, trial.benchmark.name)
    return table


def last_line(trials: Sequence[Trial], seconds: float) -> str:
    """For programs."""
    told = [pair for trial in trials for pair in trial.told() if pair[0].target]
    failed = sum(bool(trial.trouble) for trial in trials)
    skipped = sum(bool(trial.skipped) for trial in trials)
    missed = sum(len(trial.missed()) for trial in trials)
    return (
        f"benchmarks={len(trials)} failed={failed} skipped={skipped} targets={len(told)} "
        f"missed={missed} seconds={seconds:.0f}"
    )


def _listed(benchmarks: Sequence[Benchmark]) -> Table:
    table = Table("name", "about s", "command", "measures", box=None)
    for one in benchmarks:
        table.add_row(one.name, f"{one.seconds:.0f}", one.command, one.about)
    return table


def main(
    arguments: Sequence[str] | None = None,
    *,
    benchmarks: Sequence[Benchmark] = BENCHMARKS,
    document: Path = DOCUMENT,
) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="this one alone; may be given again"
    )
    parser.add_argument("--list", action="store_true", help="what there is, and run nothing")
    options = parser.parse_args(arguments)
    console = Console()
    if options.list:
        console.print(_listed(benchmarks))
        return 0
    names = [one.name for one in benchmarks]
    if unknown := sorted(set(options.only or ()) - set(names)):
        print(f"No benchmark is named {unknown[0]!r}: {', '.join(names)}.", file=sys.stderr)
        return 2
    chosen = [one for one in benchmarks if not options.only or one.name in options.only]
    began = time.monotonic()
    try:
        trials = measure(chosen, document, console)
    except (report.DocumentError, OSError) as exc:
        print(exc, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if (table := targets(trials)).row_count:
        console.print(table)
    print(last_line(trials, time.monotonic() - began))
    return 1 if any(trial.trouble for trial in trials) else 0


if __name__ == "__main__":
    sys.exit(main())
