"""What makes the suite cheaper on a slow machine without changing what a test sees."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

YOUNG, MIDDLE, OLD = 20_000, 50, 100
"""How many objects are made between two looks of the garbage collector at each generation."""

# Else every process that a test starts compiles all our modules anew, wherever that is forbidden.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Workers of tests are small: a small host must not refuse them the room that real ones need.
os.environ.setdefault("GEELARK_HOST__WORKER_MEGABYTES", "1")


# How long an example takes says how busy the machine is.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# What collecting makes, stays: modules and tests.
gc.disable()


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: looking through them again and again took a quarter."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.enable()


@pytest.fixture(autouse=True, scope="session")
def styles_parsed_once() -> Iterator[None]:
    """Where the cockpit is among the tests, its style sheets are parsed once for all of them."""
    if "textual.css.stylesheet" not in sys.modules:
        yield
        return
    from tests.parsed_styles import parsed_once

    with parsed_once():
        yield
