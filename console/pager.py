"""Text handed to the operator's pager, while the cockpit gives the terminal away."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from textual.app import SuspendNotSupported

from console.plain import plain
from engine.environment import all_but_secrets

_PAGERS: Final = ("less", "more")


class NoPagerError(Exception):
    """There is no pager, or no terminal to give to it; one sentence."""


def page(text: str, suspend: Callable[[], AbstractContextManager[None]]) -> None:
    """Show the text in ``$PAGER``; blocks until it is left. Raises NoPagerError.

    Control characters are made visible first: a pager may send them on to the terminal.
    """
    command = os.environ.get("PAGER") or next(filter(shutil.which, _PAGERS), "")
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as exc:
        raise NoPagerError(f"PAGER is {plain(command)!r}, which is no command.") from exc
    if not words:
        raise NoPagerError("There is no pager here: set PAGER to one.")
    shown = "".join(f"{plain(line.expandtabs(4))}\n" for line in text.splitlines())
    try:
        with suspend():
            subprocess.run(words, input=shown, encoding="utf-8", env=all_but_secrets(), check=False)
    except SuspendNotSupported as exc:
        raise NoPagerError("This terminal cannot be given to a pager.") from exc
    except OSError as exc:
        raise NoPagerError(
            f"The pager {plain(words[0])!r} does not start: {exc.strerror}. Set PAGER."
        ) from exc
