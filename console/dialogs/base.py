"""The common part of all dialogs (console-features 6.11).

A dialog names its act and the number, lists every target, stands on *no*, and hands back a value.
While it is open its facts stay live: the app shows it the same news as the screen below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from console.dialogs.controls import Choice, Field, KeyButton, TypedWord
from console.dialogs.fact_list import FactList
from console.plain import plain
from console.widgets.lines import Line
from engine.workloads.labels import GENERIC, Labels

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from console.feed import Need
    from engine.insight.values import JobLine, PassReport, ResourceReport
    from engine.insight.watch import Sight
    from engine.log_stream import Batch

T = TypeVar("T")
Control = Choice | TypedWord | Field | Line

NARROW = 90
"""Below this many columns a dialog that would not fit takes the whole window."""
FRAME_ROWS = 6
"""Border, the line for what is wrong, a blank, buttons, keys."""
FRAME_COLUMNS = 5
"""Border and a blank at either side, and room for the scroll bar."""


class Dialog(ModalScreen[T | None], Generic[T]):
    """A question; its result is a value, None for *no*."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", show=False),
        Binding("n,escape", "no", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown", "scroll(10)", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]
    AUTO_FOCUS = "#no"
    NEEDS: ClassVar[frozenset[Need]] = frozenset()
    """News that it wants beside those of the screen below."""
    KEYS: ClassVar[str] = "y / n    tab    up/down list    esc = n"
    YES_KEY: ClassVar[str] = "y"
    NO: ClassVar[str] = "Cancel"
    WIDE: ClassVar[int] = 100
    """Columns that it takes where there is room."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._problem = ""

    @property
    def labels(self) -> Labels:
        """The trade's own words."""
        overview = self.console.latest.overview
        return GENERIC if overview is None else overview.labels

    # -- what a dialog says of itself ------------------------------------------------------------

    def top(self) -> Sequence[Control]:
        """Rows above the list."""
        return ()

    def bottom(self) -> Sequence[Control]:
        """Rows below the list."""
        return ()

    def facts(self, width: int) -> Iterable[Text | str]:
        """The list: sentences (wrapped) and rows (as they are) for so many columns."""
        raise NotImplementedError

    def yes_words(self) -> str:
        """What the act is called, with its number."""
        raise NotImplementedError

    def why_not(self) -> str:
        """Why the act is not possible now; empty when it is."""
        return ""

    def result(self) -> T:
        """What *yes* hands back."""
        raise NotImplementedError

    # -- composition -----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            self._top, self._bottom = tuple(self.top()), tuple(self.bottom())
            yield from cast("tuple[Widget, ...]", self._top)
            yield FactList(id="list")
            yield from cast("tuple[Widget, ...]", self._bottom)
            yield Line(id="problem")
            with Horizontal(id="buttons"):
                yield from self.buttons()
            yield Line(id="dialog-keys")

    def buttons(self) -> Iterable[KeyButton]:
        """*yes* and *no*."""
        yield KeyButton(self.YES_KEY, self.yes_words(), id="yes")
        yield KeyButton("n", self.NO, id="no")

    def on_mount(self) -> None:
        below = self.console.shown
        if below is not None and self.NEEDS:
            self.console.feed.want(below.NEEDS | self.NEEDS)
        self.retitle(self._title)
        self.redraw()

    @property
    def console(self) -> ConsoleApp:
        """The app, by its own type."""
        return cast("ConsoleApp", self.app)

    @property
    def now(self) -> datetime:
        return self.console.now()

    @property
    def narrow(self) -> bool:
        """The window has fewer columns than a dialog wants."""
        return self.app.size.width < NARROW

    def retitle(self, title: str) -> None:
        """Change the words in the upper border."""
        self._title = title
        self.query_one("#box").border_title = Content(plain(title))

    # -- drawing ---------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Show the facts as they are now, in a box that fits them."""
        if not self.is_mounted:
            return
        width, height = self.app.size
        columns = min(width - 12, 68 if self.narrow else self.WIDE)
        rows = self._fill(columns - FRAME_COLUMNS)
        if self.narrow and rows > height - 4:
            columns = width
            rows = self._fill(columns - FRAME_COLUMNS)
        box = self.query_one("#box")
        box.styles.width = columns
        box.styles.height = min(rows, height)
        yes = self.query("#yes")
        if yes:
            yes.only_one(KeyButton).say(self.yes_words(), why_not=self.why_not())
        self.query_one("#problem", Line).say(f" {self._problem}" if self._problem else "")
        self.query_one("#dialog-keys", Line).say(f" {self.KEYS}")

    def _fill(self, width: int) -> int:
        """Put the facts in; rows that the whole dialog wants."""
        lines = [line for fact in self.facts(width) for line in self._wrapped(fact, width)]
        self.query_one("#list", FactList).show(lines)
        controls = sum(
            control.rows(width) if isinstance(control, Choice) else 1
            for control in (*self._top, *self._bottom)
            if control.display
        )
        return controls + len(lines) + FRAME_ROWS

    def _wrapped(self, fact: Text | str, width: int) -> list[Text]:
        if isinstance(fact, Text):
            return [fact]
        if not fact:
            return [Text("")]
        indent = len(fact) - len(fact.lstrip())
        wrapped = Text(plain(fact.strip())).wrap(self.app.console, max(8, width - indent))
        return [Text(" " * indent + line.plain.rstrip()) for line in wrapped]

    def complain(self, problem: str) -> None:
        """Say why it does not go on."""
        self._problem = problem
        self.redraw()

    # -- news ------------------------------------------------------------------------------------

    def show_sight(self, sight: Sight) -> None:
        """The overview changed."""
        self.redraw()

    def show_jobs(self, lines: Sequence[JobLine]) -> None:
        """The ledger's jobs changed."""
        self.redraw()

    def show_passes(self, report: PassReport) -> None:
        """The figures of the passes changed."""

    def show_resources(self, report: ResourceReport) -> None:
        """What is on was asked anew."""
        self.redraw()

    def show_logs(self, batch: Batch) -> None:
        """Lines were written."""

    def show_ages(self, now: datetime) -> None:
        """Time has passed."""

    # -- answers ---------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.call_after_refresh(self.redraw)

    def on_choice_changed(self) -> None:
        self._problem = ""
        self.redraw()

    def on_key(self, event: events.Key) -> None:
        """Whoever simply types the word that is asked for need not go to its field first."""
        if event.character and event.is_printable:
            for wanted in self.query(TypedWord):
                if wanted.display and wanted.take(event.character):
                    event.stop()

    def on_input_changed(self) -> None:
        self._problem = ""
        self.redraw()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """``enter`` in a typed word goes on where the word is right; elsewhere to the next one."""
        if message.input.id == "typed":
            self.action_yes()
        else:
            self.focus_next()

    def on_key_button_pressed(self, message: KeyButton.Pressed) -> None:
        self.run_button(message.button.id or "")

    def run_button(self, name: str) -> None:
        """A button was pressed."""
        if name == "yes":
            self.action_yes()
        else:
            self.action_no()

    def action_yes(self) -> None:
        why_not = self.why_not()
        if why_not:
            self.complain(why_not)
        else:
            self.dismiss(self.result())

    def action_no(self) -> None:
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self.query_one("#list", FactList).scroll_relative(y=by, animate=False)


def heading(words: str) -> Text:
    """A row that begins a part."""
    return Text(words, style="bold", no_wrap=True)


def row(text: str, *, changed: bool = False) -> Text:
    """A row of the list; ``!`` in front where the target changed since the dialog opened."""
    return Text(f"{'!' if changed else ' '} {text}".rstrip(), no_wrap=True)
