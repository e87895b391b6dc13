"""Whether this build wastes more than one may: a check for CI, under two minutes on two cores.

    python -m benchmarks.check

Small benchmarks are run and their ratios and counts compared with ``benchmarks.bounds``. Times are
not compared: they are those of the machine. One that breaks a bound is measured a second time, and
only what is broken then counts; what depends on time is not judged at all where the machine is too
busy. So a busy moment fails nobody. For each broken bound one
sentence says what it is, what it may be, and which command shows more; the exit status is 1 then.
The last line is for programs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.bounds import CHECKS, Bound, Check
from benchmarks.trial import Trial, run
from engine.output import plain

SECOND_CHANCE: Final = 50.0
"""Seconds: what took longer is not measured twice, so that the check ends within two minutes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was measured for one bound."""

    check: Check
    bound: Bound
    measured: str
    """As it was printed; empty where the benchmark did not tell."""
    calm: bool = True
    """The machine was not too busy for it to mean anything."""

    @property
    def kept(self) -> bool:
        """Whether nothing speaks against it."""
        if not self.measured:
            return False
        return not self.calm or self.bound.figure.met(float(self.measured))

    @property
    def line(self) -> str:
        """For the table."""
        figure = self.bound.figure
        busy = "" if self.calm else "  not judged: the machine is too busy"
        broken = "" if self.kept else "  BROKEN"
        name = self.check.benchmark.name
        return f"{name:<9}{figure.name:<25}{self.measured:>7}  {figure.target}{busy}{broken}"

    @property
    def sentence(self) -> str:
        """What is broken, what it may be, and where to look."""
        figure, command = self.bound.figure, self.check.benchmark.command
        if not self.measured:
            return f"{figure.name} was not told by `{command}`."
        return (
            f"{figure.name} ({figure.meaning}) is {self.measured} and must be {figure.target}: "
            f"it may be {self.bound.suspects}; `{self.check.more}` shows more."
        )


def judge(check: Check, trial: Trial) -> Sequence[Verdict]:
    """Every bound of a check against what was measured."""
    return [
        Verdict(check, one, trial.figures.get(one.figure.name, ""), _calm(one, trial))
        for one in check.bounds
    ]


def _calm(bound: Bound, trial: Trial) -> bool:
    if bound.calm is None or (told := trial.figures.get(bound.calm.name)) is None:
        return True
    return bound.calm.met(float(told))


def examine(check: Check) -> tuple[Sequence[Verdict], Trial]:
    """Measure, and once more where a bound is broken and there is time; what came last."""
    trial = run(check.benchmark)
    verdicts = judge(check, trial)
    if trial.trouble or trial.seconds > SECOND_CHANCE or all(one.kept for one in verdicts):
        return verdicts, trial
    again = run(check.benchmark)
    return judge(check, again), again


def _say(verdicts: Sequence[Verdict], trial: Trial) -> int:
    """Print them; how many are broken. A benchmark that failed breaks all its bounds at once."""
    name = trial.benchmark.name
    if trial.trouble or trial.skipped:
        print(f"{name}: {trial.skipped or trial.trouble} It said last:\n{plain(trial.tail)}")
        return max(1, len(verdicts))
    for one in verdicts:
        print(one.line)
    return sum(not one.kept for one in verdicts)


def main(arguments: Sequence[str] | None = None, *, checks: Sequence[Check] = CHECKS) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)
    began = time.monotonic()
    examined = [examine(check) for check in checks]
    broken = sum(_say(verdicts, trial) for verdicts, trial in examined)
    for verdicts, trial in examined:
        if not trial.trouble and not trial.skipped:
            for one in verdicts:
                if not one.kept:
                    print(one.sentence)
    bounds = sum(len(check.bounds) for check in checks)
    print(f"bounds={bounds} broken={broken} seconds={time.monotonic() - began:.0f}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
