"""The help of a screen: its keys with what they do, the signs and the words (console-features 6.1).

Made from the action table, so that it cannot differ from what the keys do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from console import actions
from console.action_table import JOB, Action
from console.glyphs import drawn
from console.widgets.lines import Line, Rule

if TYPE_CHECKING:
    from console.app import ConsoleApp

GLYPHS: Final = (
    ("+", "success", "nobody acts"),
    (">", "claimed, under way", "a worker acts"),
    (".", "pending", "a worker acts"),
    ("~", "failed or retrying, will be tried again; NEXT says when", "the engine acts"),
    ("x", "failed for good; NEXT says who", "a person acts, or a new file is needed"),
    ("?", "in doubt: past Share, no outcome", "the operator settles it: P or r"),
    ("-", "skipped", "nobody acts"),
    ("!", "attention, in front of any row", "the operator acts"),
)
WORDS: Final = (
    ("STARTING", "a run is coming up"),
    ("RUNNING", "a live run, with its age"),
    ("WAITING", "between two passes"),
    ("PAUSED", "no new claims; running jobs finish (s resumes)"),
    ("DRAINING", "stopping; workers finish or give back"),
    ("SILENT", "the run lives but has said nothing for so long"),
    ("ENDED, FAILED", "how the last run left; nothing runs now"),
    ("NO RUN", "nothing runs here; s offers to start"),
    ("in doubt", "may have been posted; counts against the cap, is never retried by itself"),
    ("held", "no new claims until it is released"),
    ("est.", "an estimate: minutes times the price in the settings"),
)
KEY_WIDTH: Final = 22


class HelpScreen(ModalScreen[None]):
    """Keys, signs and words; any of the closing keys goes back."""

    BINDINGS: ClassVar = [
        Binding("escape,q,question_mark,f1,enter", "close", "Close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, screen: str) -> None:
        """``screen`` is the one whose keys are shown first."""
        super().__init__()
        self._of = screen

    def compose(self) -> ComposeResult:
        app = cast("ConsoleApp", self.app)
        yield Line(id="help-title")
        yield Rule()
        with VerticalScroll(id="help-body"):
            yield Static(Text("\n").join(_lines(self._of, app)), markup=False)
        yield Rule()
        yield Line(id="help-keys")

    def on_mount(self) -> None:
        self.query_one("#help-title", Line).say(f" Help: {self._of.capitalize()}")
        self.query_one("#help-keys", Line).say(" esc Close   j/k Scroll")
        self.query_one("#help-body").focus()

    def action_close(self) -> None:
        self.dismiss(None)

    def action_scroll(self, lines: int) -> None:
        self.query_one("#help-body", VerticalScroll).scroll_relative(y=lines, animate=False)


def _lines(screen: str, app: ConsoleApp) -> Iterator[Text]:
    own: list[Action] = []
    shared: list[Action] = []
    for action in actions.on_screen(screen, observe=app.observe):
        few = len(action.screens) <= 2 or (screen == JOB and action.id.startswith("job."))
        (own if few else shared).append(action)
    for title, group in ((f"KEYS OF {screen.upper()}", own), ("KEYS OF EVERY SCREEN", shared)):
        yield Text(title, style="bold")
        for action in group:
            keys = " ".join(app.signs_of(action))
            asks = f"  (asks: {action.asks})" if action.asks else ""
            yield Text(f"  {keys:<{KEY_WIDTH}} {action.tooltip}{asks}")
        yield Text("")
    yield Text("SIGNS", style="bold")
    for glyph, meaning, who in GLYPHS:
        sign = drawn(glyph, unicode=app.preferences.unicode_glyphs)
        yield Text(f"  {sign:<{KEY_WIDTH}} {meaning}; {who}")
    yield Text("")
    yield Text("WORDS", style="bold")
    for word, meaning in WORDS:
        yield Text(f"  {word:<{KEY_WIDTH}} {meaning}")
