"""What was measured, written between the markers of a document; the words around stay as they are.

Each benchmark has a place of its own, so that one may be measured again alone::

    <!-- NAME: measured by `make bench` -->
    <!-- end of NAME -->
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import host
from benchmarks.catalogue import Benchmark, Figure
from benchmarks.trial import Trial
from engine.output import plain

_NOISE: Final = "Absolute times, rates and sizes; on a shared machine they are noise:"
_HEAD: Final = ("| figure | meaning | measured | target | met |", "|---|---|---|---|---|")


class DocumentError(Exception):
    """The document has no place for a benchmark; the message says which and what to do."""


def begin_marker(name: str) -> str:
    """The line above what is written of a benchmark."""
    return f"<!-- {name}: measured by `make bench` -->"


def end_marker(name: str) -> str:
    """The line below it."""
    return f"<!-- end of {name} -->"


def check_places(text: str, benchmarks: Sequence[Benchmark], document: Path) -> None:
    """Raises DocumentError where a benchmark's markers do not stand there once, in order."""
    for one in benchmarks:
        if len(_place(one.name).findall(text)) != 1:
            raise DocumentError(
                f"{document} has no place for the benchmark {one.name}: put the lines "
                f"{begin_marker(one.name)!r} and {end_marker(one.name)!r} into it once, "
                "where its figures belong."
            )


def with_trial(text: str, trial: Trial, measured_on: str) -> str:
    """The document with this benchmark's part written anew; all else to the letter."""
    name = trial.benchmark.name
    part = "\n".join([begin_marker(name), *_part(trial, measured_on), end_marker(name)])
    return _place(name).sub(lambda _: part, text)


def measured_on(machine: str) -> str:
    """Date, machine and commit of the measurements that follow."""
    return f"{host.today()}, {host.commit()}, {machine}"


def _place(name: str) -> re.Pattern[str]:
    begin, end = re.escape(begin_marker(name)), re.escape(end_marker(name))
    return re.compile(rf"^{begin}$.*?^{end}$", re.MULTILINE | re.DOTALL)


def _part(trial: Trial, measured_on: str) -> Sequence[str]:
    lines = [f"`{trial.benchmark.command}`", ""]
    if trial.skipped:
        return [*lines, f"Not measured: {trial.skipped}"]
    lines.append(f"{measured_on}; took {trial.seconds:.0f} s.")
    if trial.trouble:
        lines += ["", f"**Failed.** {trial.trouble}"]
    told = trial.told() if trial.figures else []
    ratios = [(one, text) for one, text in told if not one.absolute]
    absolute = [(one, text) for one, text in told if one.absolute]
    if ratios:
        lines += ["", *_HEAD, *(_row(one, text) for one, text in ratios)]
    if absolute:
        lines += ["", _NOISE, "", *_HEAD, *(_row(one, text) for one, text in absolute)]
    if trial.benchmark.tables and trial.figures:
        lines += ["", "```text", plain(trial.tables).replace("```", "'''"), "```"]
    return lines


def _row(figure: Figure, text: str) -> str:
    cells = (f"`{figure.name}`", figure.meaning, text or "not told", figure.target)
    return f"| {' | '.join(cells)} | {verdict(figure, text)} |"


def verdict(figure: Figure, text: str) -> str:
    """ "yes" or "no"; empty without a target or a measurement."""
    if not figure.target or not text:
        return ""
    return "yes" if figure.met(float(text)) else "no"
