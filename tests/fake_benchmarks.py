"""Tiny benchmarks, written for one test and run for real, as processes of their own."""

from __future__ import annotations

import importlib
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.catalogue import Benchmark, Figure

Maker = Callable[..., Benchmark]
RATIO = Figure("ratio", "what is left over what was there", least=0.9)
SPEED = Figure("speed_s", "how long it takes", most=2.0, absolute=True)


def benchmark_maker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """Makes a benchmark of this name that runs this code; its module lies in ``folder``."""
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.syspath_prepend(folder)

    def make(
        name: str, code: str, *, figures: Sequence[Figure] = (RATIO, SPEED), **given: Any
    ) -> Benchmark:
        module = f"fake_{name}"
        (folder / f"{module}.py").write_text(textwrap.dedent(code), encoding="utf-8")
        importlib.invalidate_caches()
        return Benchmark(name=name, module=module, about="a test", figures=figures, **given)

    return make
