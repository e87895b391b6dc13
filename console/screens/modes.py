"""Makes the screen of each mode when it is first gone to.

Each is loaded then: what only another screen needs would put off the first paint by 0.2 s.
``load_all`` brings them in while nothing else is to be done, so that no key has to wait for it.
"""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from console.screens.base import ConsoleScreen

_AFTERWARDS: Final = (
    "console.screens.ledger",
    "console.screens.logs",
    "console.screens.passes",
    "console.screens.phones",
    "console.screens.job",
    "console.screens.help",
    "console.desk.wire",
    "console.desk.jobs",
    "console.desk.claims",
    "console.desk.phones",
    "console.desk.run",
)
_BREATH_SECONDS: Final = 0.02


def cockpit() -> ConsoleScreen:
    from console.screens.cockpit import CockpitScreen

    return CockpitScreen()


def ledger() -> ConsoleScreen:
    from console.screens.ledger import LedgerScreen

    return LedgerScreen()


def logs() -> ConsoleScreen:
    from console.screens.logs import LogsScreen

    return LogsScreen()


def passes() -> ConsoleScreen:
    from console.screens.passes import PassesScreen

    return PassesScreen()


def phones() -> ConsoleScreen:
    from console.screens.phones import PhonesScreen

    return PhonesScreen()


def load_all() -> None:
    """Load the other screens and what keys lead to; for a thread, after the first paint."""
    for name in _AFTERWARDS:
        importlib.import_module(name)
        time.sleep(_BREATH_SECONDS)  # the message loop shares the interpreter
