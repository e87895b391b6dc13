"""Where keys and commands of the cockpit lead: screens, jobs, phones, logs, files."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, cast

from textual import work

from console import exports, wayfinding
from console.window import Window

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from console.exports import Exported
    from console.selection import Selection
    from engine.insight.values import Attention


class Ways(Window):
    """One method a way; what they need to know is the cockpit's."""

    _issue = ""
    """The attention line shown last by its key."""

    @property
    def _cockpit(self) -> ConsoleApp:
        return cast("ConsoleApp", self)

    @work(group="way", exclusive=True)
    async def _take(self, way: Callable[..., Coroutine[Any, Any, None]], *where: Any) -> None:
        """Go a way; one that was begun and has not ended is left.

        A function, not what it returns: a way that is left before its first step is no coroutine
        that nobody awaits.
        """
        await way(self._cockpit, *where)

    def go(self, mode: str) -> None:
        """Show one of the five screens; pressed again, without the job that lies on it."""
        if self.current_mode != mode:
            self.switch_mode(mode)
        elif len(self.screen_stack) > 1:
            self.pop_screen()

    def next_issue(self) -> None:
        """Go to the next thing that needs attention, round and round."""
        from console.screens.cockpit_attention import waiting

        overview = self._cockpit.latest.overview
        lines = [] if overview is None else waiting(overview, self._cockpit.desk.dismissed)
        if not lines:
            self._cockpit.tell("Nothing needs attention.")
            return
        ids = [line.id for line in lines]
        place = ids.index(self._issue) + 1 if self._issue in ids else 0
        chosen = lines[place % len(lines)]
        self._issue = chosen.id
        self.show_issue(chosen)

    def show_issue(self, issue: Attention) -> None:
        """What a line of attention is about."""
        self._take(wayfinding.show_attention, issue)

    def show_log(self, selection: Selection) -> None:
        """The log at the place that belongs to a selection."""
        self._take(wayfinding.show_log, selection)

    def open_job(self, job_id: str, among: Sequence[str] = ()) -> None:
        """A job's own screen; ``among`` are the jobs that ``[`` and ``]`` step through."""
        self._take(wayfinding.open_job, job_id, among)

    def show_phone(self, label: str) -> None:
        """The Phones screen with this one under the cursor."""
        self._take(wayfinding.show_phone, label)

    def show_jobs(self, expression: str) -> None:
        """The Ledger with this filter."""
        self._take(wayfinding.show_jobs, expression)

    def show_phones(self, expression: str) -> None:
        """The Phones screen with this filter; an empty one lists those of others too."""
        self._take(wayfinding.show_phones, expression)

    def open_campaign(self, name: str) -> None:
        """The same work directory with another campaign, where it has that one."""
        self._take(wayfinding.open_campaign, name)

    def show_help(self, screen: str) -> None:
        """Keys, glyphs and words of a screen."""
        from console.screens.help import HelpScreen

        self.push_screen(HelpScreen(screen))

    async def copy_out(self, text: str) -> None:
        """Copy to the operator's clipboard, or into a file where it is too long for that."""
        await exports.copy_out(self._cockpit, text)

    async def export(self, exported: Exported | None, form: str = "") -> None:
        """Write what is shown to a file; asks for the format unless it is given."""
        await exports.export(self._cockpit, exported, form)
