"""The garbage collector, kept out of the way of the first paint and of every key.

A start makes some hundred thousand objects that nearly all stay, and a ledger of fifty thousand
jobs a million: looking through them again and again takes a third of the time of loading, and one
look through all of them stops the cockpit for a third of a second.
"""

from __future__ import annotations

import gc
from typing import Final

_YOUNG: Final = 10_000
_NEVER: Final = 1_000_000
_USUAL: Final = gc.get_threshold()


def quick_start() -> None:
    """From now until ``settled`` only the youngest objects are looked through."""
    gc.set_threshold(_YOUNG, 10, _NEVER)


def settled() -> None:
    """What there is now, stays, and is not looked through any more; nothing without a start."""
    if gc.get_threshold()[2] == _NEVER:
        gc.freeze()
        gc.set_threshold(*_USUAL)
