"""Every key of the cockpit, once: bindings, footer, help, palette and the README's table.

Rules of console-features 6.1 and 6.3: a letter means the same on every screen; a small letter is
harmless or reversible, a capital is its bigger form or its reverse; what cannot be undone asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

COCKPIT: Final = "cockpit"
LEDGER: Final = "ledger"
LOGS: Final = "logs"
PASSES: Final = "passes"
PHONES: Final = "phones"
JOB: Final = "job"
MODES: Final = (COCKPIT, LEDGER, LOGS, PASSES, PHONES)
SCREENS: Final = (*MODES, JOB)
TABLES: Final = (COCKPIT, LEDGER, PASSES, PHONES)


class Asks(StrEnum):
    """Whether an action asks before it acts."""

    NO = ""
    IF_NEEDED = "only if needed"
    YES = "yes"
    TYPED = "typed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One thing that a key does."""

    id: str
    """``app.requeue``: its name in the settings file."""
    keys: tuple[str, ...]
    """As Textual names them."""
    method: str
    """Of the screen, without ``action_``; with its arguments."""
    label: str
    """In the footer."""
    tooltip: str
    screens: tuple[str, ...]
    asks: Asks
    acts: bool
    """Changes something: gone where the cockpit only observes."""
    widget: bool
    """Bound by the focused table or log itself; listed here for help and README."""


def act(
    action_id: str,
    keys: str,
    method: str,
    label: str,
    tooltip: str,
    *,
    on: tuple[str, ...] = SCREENS,
    asks: Asks = Asks.NO,
    acts: bool = False,
    widget: bool = False,
) -> Action:
    """A line of the table; ``keys`` are separated by blanks."""
    return Action(
        id=action_id,
        keys=tuple(keys.split()),
        method=method,
        label=label,
        tooltip=tooltip,
        screens=on,
        asks=asks,
        acts=acts,
        widget=widget,
    )


ACTIONS: Final[tuple[Action, ...]] = (
    act("app.cockpit", "1", "go('cockpit')", "Cockpit", "Show the screen Cockpit"),
    act("app.ledger", "2", "go('ledger')", "Ledger", "Show the screen Ledger"),
    act("app.logs", "3", "go('logs')", "Logs", "Show the screen Logs"),
    act("app.passes", "4", "go('passes')", "Passes", "Show the screen Passes"),
    act("app.phones", "5", "go('phones')", "Phones", "Show the screen Phones"),
    act("app.next-pane", "tab", "next_pane", "Pane", "Next pane"),
    act("app.previous-pane", "shift+tab", "previous_pane", "Pane", "Previous pane"),
    act("app.open", "enter", "open", "Open", "Open what is selected", widget=True),
    act("app.back", "escape", "back", "Back", "Close, clear the filter, leave the input"),
    act("app.help", "question_mark f1", "help", "Help", "This screen's keys, glyphs and words"),
    act("app.commands", "colon ctrl+p", "commands", "Cmd", "Commands by name, with arguments"),
    act("app.search", "slash", "search", "Filter", "Filter the table, search the log"),
    act(
        "app.next-issue",
        "exclamation_mark",
        "next_issue",
        "Next issue",
        "Next thing that needs attention",
    ),
    act(
        "app.other-side",
        "g",
        "other_side",
        "Go",
        "Go to the other side: job, phone, log line's job",
        on=(LEDGER, LOGS, PHONES, JOB, COCKPIT),
    ),
    act(
        "app.log-here",
        "l",
        "log_here",
        "Log",
        "The log, at the place that belongs to the selection",
    ),
    act(
        "app.hold",
        "h",
        "hold",
        "Hold",
        "Hold or release the selection: no new claims for it",
        on=(COCKPIT, LEDGER, PHONES, JOB),
        acts=True,
    ),
    act(
        "app.requeue",
        "r",
        "requeue",
        "Requeue",
        "Requeue the selected or marked jobs",
        on=(COCKPIT, LEDGER, PASSES, JOB),
        acts=True,
        asks=Asks.IF_NEEDED,
    ),
    act(
        "app.requeue-all",
        "R",
        "requeue_all",
        "Requeue retryable",
        "Requeue all that may be retried",
        on=(COCKPIT, LEDGER, PASSES),
        acts=True,
        asks=Asks.YES,
    ),
    act(
        "app.pause",
        "s",
        "pause",
        "Run/pause",
        "Pause claims, or resume; running jobs finish",
        acts=True,
    ),
    act(
        "app.stop-phones",
        "S",
        "stop_phones",
        "Stop phones",
        "Stop phones, each seen off",
        acts=True,
        asks=Asks.YES,
    ),
    act(
        "app.undo",
        "u",
        "undo",
        "Undo",
        "Undo the last requeue, skip or hold, for what is not claimed yet",
        acts=True,
    ),
    act("app.copy", "y", "copy('text')", "Copy", "Copy as text"),
    act("app.copy-json", "Y", "copy('json')", "Copy JSON", "Copy as JSON"),
    act(
        "app.export",
        "x",
        "export",
        "Export",
        "Export what is shown: CSV, JSON, Markdown; logs as text",
    ),
    act(
        "app.time-style", "t", "time_style", "Time", "Times as clock, as age, since the run's start"
    ),
    act("app.reread", "ctrl+r", "reread", "Re-read", "Read ledger and phones again"),
    act("app.redraw", "ctrl+l", "redraw", "Redraw", "Draw the screen again"),
    act(
        "app.leave",
        "q",
        "leave",
        "Leave",
        "Leave; a live run goes on unless you say otherwise",
        asks=Asks.YES,
    ),
    act(
        "app.stop-all",
        "Q",
        "stop_everything",
        "Stop all",
        "Stop everything and leave: workers, servers, phones seen off",
        acts=True,
        asks=Asks.TYPED,
    ),
    act(
        "table.move",
        "j k up down pageup pagedown home end",
        "move",
        "Move",
        "Move the cursor",
        on=(*TABLES, LOGS),
        widget=True,
    ),
    act("table.mark", "space", "mark", "Mark", "Mark, and step down", on=TABLES),
    act(
        "table.mark-all",
        "A",
        "mark_all",
        "All shown",
        "Mark all that the filter shows; again: none",
        on=TABLES,
    ),
    act("table.sort", "o", "sort", "Sort", "Sort by the next column", on=TABLES),
    act("table.reverse", "O", "reverse", "Reverse", "Reverse the order", on=TABLES),
    act(
        "table.columns",
        "c",
        "columns",
        "Columns",
        "Show more: columns narrow, wide, all; the whole caption of a job",
        on=(*TABLES, JOB),
    ),
    act("table.filter-2", "f2", "saved_filter('f2')", "F2", "Saved filter F2", on=(LEDGER, PHONES)),
    act("table.filter-3", "f3", "saved_filter('f3')", "F3", "Saved filter F3", on=(LEDGER, PHONES)),
    act("table.filter-4", "f4", "saved_filter('f4')", "F4", "Saved filter F4", on=(LEDGER, PHONES)),
    act("table.filter-5", "f5", "saved_filter('f5')", "F5", "Saved filter F5", on=(LEDGER, PHONES)),
    act(
        "cockpit.dismiss",
        "d",
        "dismiss",
        "Dismiss",
        "Dismiss the attention line; it is kept in the record",
        on=(COCKPIT,),
    ),
    act(
        "cockpit.restart-worker",
        "B",
        "restart_worker",
        "Restart worker",
        "Restart the worker",
        on=(COCKPIT,),
        acts=True,
        asks=Asks.IF_NEEDED,
    ),
    act(
        "ledger.skip",
        "minus",
        "skip",
        "Skip",
        "Skip, or take back in; u undoes",
        on=(LEDGER, JOB),
        acts=True,
    ),
    act(
        "ledger.mark-posted",
        "P",
        "mark_posted",
        "Posted",
        "Mark a job in doubt as posted",
        on=(LEDGER, JOB),
        acts=True,
        asks=Asks.YES,
    ),
    act(
        "ledger.reset-day",
        "D",
        "reset_day",
        "Reset the day",
        "Archive the day's ledger and start an empty one",
        on=(LEDGER,),
        acts=True,
        asks=Asks.TYPED,
    ),
    act("logs.follow", "f", "follow", "Follow", "Follow, or pause", on=(LOGS,)),
    act("logs.end", "G", "end", "End", "To the end, and follow", on=(LOGS,)),
    act("logs.next-error", "e", "find('error', 1)", "Error", "Next error", on=(LOGS,)),
    act(
        "logs.previous-error", "E", "find('error', -1)", "Error back", "Previous error", on=(LOGS,)
    ),
    act("logs.next-warning", "w", "find('warning', 1)", "Warning", "Next warning", on=(LOGS,)),
    act(
        "logs.previous-warning",
        "W",
        "find('warning', -1)",
        "Warning back",
        "Previous warning",
        on=(LOGS,),
    ),
    act("logs.next-match", "n", "find('match', 1)", "Match", "Next match", on=(LOGS,)),
    act(
        "logs.previous-match", "N", "find('match', -1)", "Match back", "Previous match", on=(LOGS,)
    ),
    act(
        "logs.only",
        "ampersand",
        "only",
        "Only",
        "Only matching lines, with two of context",
        on=(LOGS,),
    ),
    act("logs.level", "v", "level", "Level", "Lowest level shown", on=(LOGS,)),
    act("logs.sources", "a", "sources", "Sources", "Which files are shown", on=(LOGS,)),
    act("logs.wrap", "z", "wrap", "Wrap", "Wrap long lines, or cut them", on=(LOGS,)),
    act(
        "logs.mark", "m", "mark_line", "Mark line", "Mark this line, to come back to it", on=(LOGS,)
    ),
    act(
        "logs.go-to-time",
        "apostrophe",
        "go_to_time",
        "Go to time",
        "Go to a time (12:04, -10m) or the mark",
        on=(LOGS,),
    ),
    act(
        "passes.pause-after",
        "p",
        "pause_after_pass",
        "Pause after",
        "Pause after this pass",
        on=(PASSES,),
        acts=True,
    ),
    act(
        "passes.add",
        "plus",
        "add_pass",
        "Add pass",
        "Allow one pass more",
        on=(PASSES,),
        acts=True,
        asks=Asks.YES,
    ),
    act(
        "job.previous",
        "left_square_bracket",
        "previous_job",
        "Previous",
        "Previous job in the filter",
        on=(JOB,),
    ),
    act(
        "job.next", "right_square_bracket", "next_job", "Next", "Next job in the filter", on=(JOB,)
    ),
    act("job.files", "i", "files", "Files", "Evidence files: open, copy the path", on=(JOB,)),
    act(
        "job.same-error",
        "equals_sign",
        "same_error",
        "Same error",
        "Jobs with the same error",
        on=(JOB,),
    ),
)
"""The whole table; its order is the help's."""

FOOTERS: Final[dict[str, str]] = {
    COCKPIT: "app.pause app.stop-phones app.requeue app.open app.next-issue app.help app.commands"
    " app.requeue-all app.search app.time-style app.copy app.export app.undo app.leave",
    LEDGER: "table.mark app.requeue app.open app.search table.sort app.export app.copy app.help"
    " ledger.skip app.hold table.mark-all table.columns app.undo app.commands app.leave",
    LOGS: "logs.follow logs.next-error app.search logs.only logs.level app.time-style app.open"
    " app.help logs.sources logs.next-warning logs.next-match logs.mark logs.go-to-time"
    " app.other-side app.copy app.export app.commands app.leave",
    PASSES: "app.open app.requeue passes.pause-after app.export app.help app.commands passes.add"
    " table.sort app.next-pane app.leave",
    PHONES: "app.stop-phones table.mark app.open app.other-side app.reread app.search app.help"
    " table.mark-all app.hold table.sort app.copy app.export app.commands app.leave",
    JOB: "app.requeue ledger.skip app.hold app.log-here job.files app.copy app.help table.columns"
    " ledger.mark-posted app.other-side app.copy-json job.previous job.next app.commands app.back",
}
"""The footer of each screen, most important first; what does not fit is in the help."""

WORDS: Final[dict[tuple[str, str], str]] = {
    (LOGS, "app.search"): "Search",
    (LOGS, "app.open"): "Record",
    (LOGS, "app.export"): "Save",
    (LEDGER, "app.open"): "Detail",
    (PHONES, "app.open"): "Detail",
    (PHONES, "app.stop-phones"): "Stop...",
    (PASSES, "app.open"): "Jobs of row",
    (PASSES, "app.requeue"): "Requeue row",
    (PHONES, "app.other-side"): "Go to job",
    (JOB, "table.columns"): "Caption",
    (JOB, "app.hold"): "Hold account",
}
"""The same meaning in the words of one screen."""
