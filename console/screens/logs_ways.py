"""What the keys of the Logs screen do: follow, search, choose, open a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.widgets import Input

from console.screens.logs_bars import SearchBar, SourcesBar
from console.screens.logs_choice import Sources, SourcesError, parse_sources
from console.screens.logs_places import LogPlaces
from console.screens.logs_record import RecordView, in_pager
from console.widgets.filter_bar import FilterBar
from console.widgets.log_view import LogView
from engine.log_stream import LogStream, PatternError

if TYPE_CHECKING:
    from engine.insight.watch import Watch


class LogWays(LogPlaces):
    """The ways through the logs; what they look like is the screen's."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: dict[str, int] = {}
        """Attempts that a job may have, of the jobs whose lines the cursor was on."""
        self._begun: tuple[int | None, bool] = (None, True)
        """The cursor's line when the search was begun, and whether the log was followed."""

    # -- the log -----------------------------------------------------------------------------------

    def action_follow(self) -> None:
        self.reader.following = not self.reader.following

    def action_end(self) -> None:
        self.reader.end()

    def action_find(self, kind: str, direction: int) -> None:
        if kind == "match" and not self.reader.chosen.pattern:
            self.console.tell("Nothing is searched for: / begins a search.")
        elif not self.reader.find(kind, direction):
            where = "below" if direction > 0 else "above"
            self.console.tell(f"No {kind} {where} this line.")

    def action_level(self) -> None:
        self._choose(self.reader.chosen.but(level=self.reader.chosen.next_level))

    def action_wrap(self) -> None:
        self.reader.wrap = not self.reader.wrap
        self.console.tell("Long lines are wrapped." if self.reader.wrap else "Long lines are cut.")

    def action_reread(self) -> None:
        super().action_reread()
        self.reader.choose(self.reader.chosen, only=self.reader.only)

    # -- search and logs -------------------------------------------------------------------------

    def action_search(self) -> None:
        self._begun = (self.reader.cursor_key, self.reader.following)
        self._ask(SearchBar, self.reader.chosen.pattern)

    @on(FilterBar.Changed, "SearchBar")
    @on(FilterBar.Kept, "SearchBar")
    def _searched(self, message: FilterBar.Changed | FilterBar.Kept) -> None:
        bar = self.query_one(SearchBar)
        try:
            chosen = self.reader.chosen.but(pattern=message.expression)
        except PatternError as exc:
            bar.error(str(exc), exc.position)
            if isinstance(message, FilterBar.Kept):
                self.call_after_refresh(self._ask_again, bar)
            return
        bar.no_error()
        if chosen.pattern != self.reader.chosen.pattern:
            self._choose(chosen, only=self.reader.only and bool(chosen.pattern))

    @on(FilterBar.Cleared, "SearchBar")
    def _search_ended(self) -> None:
        """Back to where the search began."""
        self._choose(self.reader.chosen.but(pattern=""), only=False)
        key, followed = self._begun
        if followed:
            self.reader.end()
        elif key is not None:
            self.reader.go_to(key)

    def action_only(self) -> None:
        if not self.reader.chosen.pattern:
            self.console.tell("Search with / first; & then shows only what matches.")
            return
        self._choose(self.reader.chosen, only=not self.reader.only)

    def action_sources(self) -> None:
        self._ask(SourcesBar)

    @on(FilterBar.Kept, "SourcesBar")
    @work
    async def _sources_named(self, message: FilterBar.Kept) -> None:
        known = list(await self.console.feed.ask_logs(LogStream.sources))
        bar, present = self.query_one(SourcesBar), self.reader.chosen.shown
        try:
            shown = parse_sources(message.expression, known, present)
        except SourcesError as exc:
            bar.error(str(exc), exc.position)
            self._ask_again(bar)
            return
        bar.no_error()
        self._choose(self.reader.chosen.but(shown=shown))

    # -- the record --------------------------------------------------------------------------------

    @on(LogView.Opened)
    def _opened(self) -> None:
        """Give the record room, and the keys."""
        if self.reader.record is not None:
            self.add_class("-record")
            self.query_one(RecordView).focus()

    @on(RecordView.Paged)
    def _paged(self) -> None:
        record = self.query_one(RecordView).record
        if record is not None and (problem := in_pager(record, self.app.suspend)):
            self.console.tell(problem, tone="bad")

    def action_open(self) -> None:
        self.reader.action_open()

    def action_other_side(self) -> None:
        record = self.reader.record
        if record is None or not record.job:
            self.console.tell("This line is about no job.")
        else:
            self.console.open_job(record.job)

    def action_log_here(self) -> None:
        """The lines of the cursor's job alone; again: all lines."""
        record = self.reader.record
        if self.reader.chosen.job:
            self._choose(self.reader.chosen.but(job=""))
        elif record is not None and record.job:
            self._choose(self.reader.chosen.but(job=record.job))
        else:
            self.console.tell("This line is about no job.")

    def action_back(self) -> None:
        """Out of the record, the only-matches, the job, the search; then of the screen."""
        reader = self.reader
        if isinstance(self.focused, Input):
            super().action_back()
        elif self.has_class("-record"):
            self.remove_class("-record")
            reader.focus()
        elif reader.only:
            self._choose(reader.chosen, only=False)
        elif reader.chosen.job:
            self._choose(reader.chosen.but(job=""))
        elif reader.chosen.pattern:
            self._search_ended()
        elif reader.chosen.shown.names is not None:
            self._choose(reader.chosen.but(shown=Sources()))
        else:
            super().action_back()

    @work(exclusive=True, group="limit")
    async def ask_limit(self) -> None:
        """How many attempts the job of the cursor's line may have."""
        record = self.reader.record
        if record is None or not record.job or record.job in self.limits:
            return
        job_id = record.job

        def limit(watch: Watch) -> int:
            lines = watch.job_lines()
            return next((line.limit for line in lines if line.job.job_id == job_id), 0)

        self.limits[job_id] = await self.console.feed.ask(limit)
        self.show_place()

    def show_place(self) -> None:
        """Where the cursor's line stands."""
