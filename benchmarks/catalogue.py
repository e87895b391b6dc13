"""What a benchmark is: its command, and what the figures of its last line mean.

The benchmarks that there are stand in ``benchmarks.declared``.
"""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Figure:
    """One ``name=number`` of a benchmark's last line."""

    name: str
    meaning: str
    least: float | None = None
    """The target, where less is a miss."""
    most: float | None = None
    """The target, where more is a miss."""
    absolute: bool = False
    """A time, a rate or a size: how fast the machine is, and what else it does, is in it. The
    others are ratios and counts, which another machine tells alike."""

    @property
    def target(self) -> str:
        """As it is shown; empty for none."""
        bounds = [f"≥ {self.least:g}"] if self.least is not None else []
        bounds += [f"≤ {self.most:g}"] if self.most is not None else []
        return " and ".join(bounds)

    def met(self, measured: float) -> bool:
        """Whether the target is reached; True where there is none. No number misses every one."""
        enough = self.least is None or measured >= self.least
        return enough and (self.most is None or measured <= self.most)


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """A module that prints its tables and, last, a line of ``name=number`` words."""

    name: str
    module: str
    about: str
    """What is measured, in half a sentence."""
    arguments: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    needs: str = ""
    """A path beside the module's checkout without which there is nothing to measure."""
    tables: bool = False
    """All that is printed before the last line belongs into the document, too."""
    seconds: float = 60.0
    """About how long it takes on two idle cores."""
    longest: float = 300.0
    """Seconds after which it is ended."""

    @property
    def command(self) -> str:
        """As a person types it in the checkout."""
        return shlex.join(["python", "-m", self.module, *self.arguments])

    def missing(self, root: Path = ROOT) -> str:
        """Why it cannot be run here, as a sentence; empty where it can."""
        if not _exists(self.module):
            return f"{self.module} is not part of this checkout."
        if self.needs and not (root / self.needs).exists():
            return f"{self.needs} is not beside this checkout."
        return ""


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # a package above it
        return False
