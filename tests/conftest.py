"""What makes the suite cheaper on a slow machine without changing what a test sees."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

import pytest

YOUNG, MIDDLE, OLD = 20_000, 50, 100
"""How many objects are made between two looks of the garbage collector at each generation."""

# Else every process that a test starts compiles all our modules anew, wherever that is forbidden.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: looking through them again and again took a quarter."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


@pytest.fixture(autouse=True, scope="session")
def styles_parsed_once() -> Iterator[None]:
    """Where the cockpit is among the tests, its style sheets are parsed once for all of them."""
    if "textual.css.stylesheet" not in sys.modules:
        yield
        return
    from tests.parsed_styles import parsed_once

    with parsed_once():
        yield
