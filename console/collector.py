"""The garbage collector, kept out of the way of the first paint and of every key.

A start makes some hundred thousand objects that nearly all stay, and a ledger of fifty thousand
jobs a million: looking through them again and again takes a third of the time of loading, and one
look through all of them stops the cockpit for a third of a second.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from typing import Final

_YOUNG: Final = 10_000
_NEVER: Final = 1_000_000
_MMAP_THRESHOLD: Final = -3
"""Its number in malloc.h."""
_LARGE: Final = 128 * 1024
_USUAL: Final = gc.get_threshold()


def quick_start() -> None:
    """From now until ``settled`` only the youngest objects are looked through."""
    gc.set_threshold(_YOUNG, 10, _NEVER)


def give_back() -> None:
    """Have large blocks given back to the system when they are freed.

    The C library of Linux keeps them after the first one, and a ledger's worth of lists and tables
    that is worked on from time to time would stay for hours: 20 MB at fifty thousand jobs.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)


def sweep() -> None:
    """Free what the start has left over, before much more is loaded."""
    if gc.get_threshold()[2] == _NEVER:
        gc.collect()


def settled() -> None:
    """What there is now, stays, and is not looked through any more; nothing without a start."""
    if gc.get_threshold()[2] == _NEVER:
        gc.freeze()
        gc.set_threshold(*_USUAL)
