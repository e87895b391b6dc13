"""The way back in the log view of the Logs screen, and from one thing in it to the next."""

from __future__ import annotations

from collections.abc import Callable

from textual import events, work

from console.screens import logs_page
from console.screens.logs_follower import LogFollower
from console.screens.logs_lines import RecordLine, lines_of
from console.widgets.log_view import LogView
from engine.log_stream import Level, Record


class LogReader(LogFollower):
    """Reads what is older where the view goes up beyond its first line, and goes to places."""

    # -- older -------------------------------------------------------------------------------------

    def action_cursor(self, lines: int) -> None:
        if lines < 0 and self._window.cursor == 0:
            self.fetch_older()
        super().action_cursor(lines)

    def action_page(self, pages: int) -> None:
        if pages < 0 and self._window.cursor == 0:
            self.fetch_older()
        super().action_page(pages)

    def action_home(self) -> None:
        if self._window.cursor == 0:
            self.fetch_older()
        super().action_home()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        if self._window.rows()[:1] and self._window.rows()[0] == (0, 0):
            self.fetch_older()

    def fetch_older(self) -> None:
        """Read what was before the first line, from memory or the disk."""
        if not self._gate.locked():
            self._fetch_older()

    @work(group="log-older")
    async def _fetch_older(self) -> None:
        self.console.tell("Reading older lines.")
        found, more = await self.reach(
            lambda record: False, most=logs_page.OLDER_RECORDS, seconds=logs_page.OLDER_SECONDS
        )
        if found:
            self.console.tell(f"{found} older records are above.")
        elif more:
            self.console.tell("Nothing that fits was found so far; the same key reads on.")
        else:
            self.console.tell("These logs have nothing older.")

    async def reach(
        self,
        until: Callable[[Record], bool],
        *,
        most: int = logs_page.REACH_RECORDS,
        seconds: float = logs_page.REACH_SECONDS,
    ) -> tuple[int, bool]:
        """Put older records above, up to one of which ``until`` holds; how many, and whether there
        may be more."""
        async with self._gate:
            self.pause()
            page, lines, feed = self.page, self.record_lines, self.console.feed
            top = lines[0].record if lines else None
            if self._older is None:
                self._older = await feed.ask_logs(
                    lambda stream: logs_page.before(stream, page.chosen, top)
                )
            older = self._older

            def read() -> tuple[list[Record], bool, set[int]]:
                wanted = page.chosen.matches if page.only else page.chosen.passes
                found, more = logs_page.fetch(
                    older, wanted, most=most, seconds=seconds, until=until
                )
                searched = page.chosen.regex is not None
                hits = {r.seq for r in found if searched and page.chosen.hits(r)}
                return found, more, hits

            found, more, hits = await feed.in_background(read)
            page.hits |= hits
            made = [line for record in found for line in lines_of(record, self.writing)]
            if made:
                self.replace([*made, *lines])
        self._go_on()
        return len(found), more

    def on_log_view_follow_changed(self, message: LogView.FollowChanged) -> None:
        """Following lets the first lines go: the way back begins at others then."""
        if message.following:
            self._older = None

    # -- places ------------------------------------------------------------------------------------

    def find(self, kind: str, direction: int) -> bool:
        """Go to the next ``error``, ``warning`` or ``match``; at the end, to the newest one."""
        lines = self.record_lines
        here = self._window.cursor
        if here is None:
            here = len(lines)
        ahead = range(here + 1, len(lines)) if direction > 0 else range(here - 1, -1, -1)
        is_it = self._kind(kind)
        at = next((n for n in ahead if is_it(lines[n])), None)
        if at is None and direction > 0 and self.following:
            at = next((n for n in range(len(lines) - 1, -1, -1) if is_it(lines[n])), None)
        return at is not None and self.go_to(lines[at].key)

    def _kind(self, kind: str) -> Callable[[RecordLine], bool]:
        if kind == "match":
            hits = self.page.hits
            return lambda line: not line.below and line.record.seq in hits
        level = Level.ERROR if kind == "error" else Level.WARN
        return lambda line: not line.below and line.record.level is level

    def go_to_record(self, record: Record) -> bool:
        """Put the cursor on a record; False where it is not among the lines."""
        return self.go_to(record.seq * 2)

    def go_to_moment(self, at: float) -> bool:
        """The first line that is not before this (seconds since the epoch)."""
        lines = self.record_lines
        place = logs_page.nearest(lines, at)
        return place is not None and self.go_to(lines[place].key)
