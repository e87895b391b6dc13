"""How the cockpit's window begins and ends, whatever is shown in it.

It draws without colours where the environment wants none, leaves in order when its terminal goes
away, and keeps an error of its own off the operator's terminal.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from io import StringIO
from pathlib import Path

from rich.console import Console, RenderableType
from textual.app import App
from textual.filter import Monochrome, NoColor
from textual.worker import WorkerFailed


def _stylesheet() -> Path:
    """The one stylesheet: in the package where it is installed, at the top of a checkout."""
    here = Path(__file__).resolve().parent
    packed = here / "styles.tcss"
    return packed if packed.exists() else here.parent / "styles.tcss"


HANGUP_SECONDS = 1.0
"""Time to unmount once the terminal has gone."""


class Window(App[int], inherit_bindings=False):
    """A Textual app that is a good guest in a terminal."""

    CSS_PATH = _stylesheet()

    def __init__(self, *, light_lines: bool = False) -> None:
        """``light_lines``: boxes and rules of line-drawing characters instead of ASCII."""
        self._light_lines = light_lines
        super().__init__()
        if self.no_color:
            # Textual would turn colours into greys, which are colours to a terminal.
            self._filters = [
                NoColor() if isinstance(one, Monochrome) else one for one in self._filters
            ]
        self.last_words = ""
        """Of a part of Textual that could not go on; empty where all went well."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Names for the stylesheet that no theme has: what boxes and rules are drawn with."""
        return {"box": "solid" if self._light_lines else "ascii"}

    def leave_on_hangup(self) -> None:
        """Leave in order when the terminal goes away.

        Textual installs no handlers: without these a hang-up kills it before it can unmount.
        """
        loop = asyncio.get_running_loop()
        for name in ("SIGHUP", "SIGTERM"):
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                    loop.add_signal_handler(number, self._leave_now, name)

    def _leave_now(self, name: str) -> None:
        """Nothing keeps a cockpit alive whose terminal has gone, not even an answer under way."""
        self.exit(0)
        if name == "SIGHUP":
            end = threading.Timer(HANGUP_SECONDS, os._exit, (0,))
            end.daemon = True
            end.start()

    @property
    def failure(self) -> BaseException | None:
        """An error of our own that ended the cockpit; told once the screen is given back."""
        failure = self._exception
        # A worker's own error is the one that has a stack.
        return failure.error if isinstance(failure, WorkerFailed) else failure

    def panic(self, *renderables: RenderableType) -> None:
        """Textual's own threads end the app so, without an exception that we could see."""
        told = StringIO()
        Console(file=told, width=120).print(*renderables)
        self.last_words = told.getvalue()
        super().panic(*renderables)

    def _print_error_renderables(self) -> None:
        """Textual would print the stack on the operator's terminal; it belongs into the log."""
        if self.is_headless:
            super()._print_error_renderables()
        else:
            self._exit_renderables.clear()
