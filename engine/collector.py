"""Python's garbage collector, kept out of the way of the start and the end of a process.

What modules make at their import stays, and what is there at the end goes with the process: to look
for garbage in it meanwhile was a sixth of all that a short run of three processes computes.
"""

from __future__ import annotations

import gc
import sys
from typing import Final, NoReturn

_YOUNG: Final = 10_000
"""Objects made between two looks while modules are imported: a few times, not some hundred."""
_USUAL: Final = gc.get_threshold()


def quick_start() -> None:
    """From now until ``settled`` it looks more seldom; to be called before the imports."""
    gc.set_threshold(_YOUNG, *_USUAL[1:])


def settled() -> None:
    """What there is now, stays, and is not looked through any more; work begins."""
    gc.freeze()
    gc.set_threshold(*_USUAL)


def leave(status: int) -> NoReturn:
    """End the process in order, without a last look through all that there is.

    Raises SystemExit.
    """
    gc.freeze()
    sys.exit(status)
