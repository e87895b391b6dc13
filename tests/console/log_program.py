"""A program with one log, for a real terminal: its keys do to the log what an engine might do."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from console.widgets.log_view import LogLine, LogView

LEVELS = ("INFO", "INFO", "ERROR", "DEBUG")


class OtherScreen(Screen[None]):
    """Hides the log."""

    def compose(self) -> ComposeResult:
        yield Static("another screen")


class LogProgram(App[None]):
    """A head, a log of a hundred lines, a foot."""

    CSS = "Screen { background: #101418; } .log-view--cursor { background: #304050; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [  # noqa: RUF012 - as Textual has it
        ("1", "arrive(1)"),
        ("2", "arrive(2)"),
        ("9", "arrive(15)"),
        ("w", "toggle_wrap"),
        ("p", "pause"),
        ("f", "filter"),
        ("o", "other"),
        ("t", "toast"),
        ("R", "repaint"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.log_view = LogView()
        self._count = 0
        self._toast = False

    def compose(self) -> ComposeResult:
        yield Static("the head of the screen")
        yield self.log_view
        yield Static("the foot of the screen")

    def on_mount(self) -> None:
        self.log_view.focus()
        self.action_arrive(100)

    def action_arrive(self, count: int) -> None:
        """That many lines arrive in one batch; some are longer than the screen is wide."""
        keys = range(self._count, self._count + count)
        self._count += count
        self.log_view.append([self._line(key) for key in keys])

    def _line(self, key: int) -> LogLine:
        text = f"entry {key:05} " + "words " * (key * 7 % 23)
        return LogLine(key, ((f"12:00 W{key % 5} ", "dim"), (text, "")), LEVELS[key % 4])

    def action_toggle_wrap(self) -> None:
        self.log_view.wrap = not self.log_view.wrap

    def action_pause(self) -> None:
        self.log_view.pause()

    def action_filter(self) -> None:
        self.log_view.replace([line for line in self.log_view.lines if line.key % 3])

    def action_other(self) -> None:
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            self.push_screen(OtherScreen())

    def action_toast(self) -> None:
        self._toast = not self._toast
        if self._toast:
            self.notify("a message over the log", timeout=600)
        else:
            self.clear_notifications()

    def action_repaint(self) -> None:
        """Draw everything anew, whatever is on the terminal."""
        self.log_view.refresh()
        self.screen.refresh()


if __name__ == "__main__":
    LogProgram().run()
