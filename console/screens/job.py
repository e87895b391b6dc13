"""The Job screen: one job whole, with its attempts, its error and what may follow.

Mock-ups and rules in console-features 6.10. Facts are asked when the job or its ledger changes; the
phase that is under way comes with every look.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer

from console.action_table import JOB
from console.actions import bindings
from console.feed import Need
from console.plain import fit
from console.screens import job_report, job_texts
from console.screens.base import ConsoleScreen
from console.screens.job_asking import Asked, ask, view_of
from console.screens.job_boxes import JobBoxes
from console.screens.job_error import same_error
from console.screens.job_files import FilesScreen
from console.screens.job_sheet import Sheet, sheet_lines
from console.screens.job_view import JobView
from console.selection import Selection
from console.widgets.lines import Line, Rule
from engine.filters.rows import changed_at
from engine.jobs import JobStatus
from engine.workloads.labels import GENERIC

if TYPE_CHECKING:
    from console.exports import Exported
    from engine.insight.values import JobLine
    from engine.insight.watch import Sight

NEWS_SECONDS: Final = 1.0
"""Between two looks because of news."""
TALL: Final = 40
"""Rows from which on boxes have room, where it is wide too."""
ROOMY: Final = 140
"""Columns from which on the title says all its words."""


class JobScreen(ConsoleScreen):
    """One job; ``[`` and ``]`` step through those that it was opened among."""

    NAME = JOB
    NEEDS = frozenset({Need.JOBS})
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(JOB),
        Binding("enter", "log_here", show=False, id="job.open"),
    ]

    def __init__(self, job_id: str, among: Sequence[str] = ()) -> None:
        super().__init__()
        self.job_id = job_id
        self.among = tuple(among)
        self._asked = Asked(job_id)
        self._lines: Sequence[JobLine] | None = None
        self._looked = float("-inf")
        self._timer: Timer | None = None
        self._whole_caption = False

    def head(self) -> Iterator[Line]:
        yield Line(id="job-title")
        yield Rule(id="under-modes")

    def body(self) -> ComposeResult:
        yield Sheet(id="job-sheet")
        yield JobBoxes(id="job-boxes")

    def on_mount(self) -> None:
        self.query_one(Sheet).focus()

    # -- news ------------------------------------------------------------------------------------

    def show_latest(self) -> None:
        super().show_latest()
        self._show()

    def show_sight(self, sight: Sight) -> None:
        """What its worker is at, when the next pass begins."""
        self._show()

    def show_jobs(self, lines: Sequence[JobLine]) -> None:
        """Something in the ledger changed: look, at once the first time, then not too often."""
        if lines is self._lines:
            return
        self._lines = lines
        if self._timer is None:
            wait = self._looked + NEWS_SECONDS - time.monotonic()
            if wait > 0:
                self._timer = self.set_timer(wait, self._look)
            else:
                self._look()

    def show_ages(self, now: datetime) -> None:
        view = self._view
        if view is not None and view.line.job.status is JobStatus.CLAIMED:
            self._show()

    def _look(self) -> None:
        self._timer = None
        self._looked = time.monotonic()
        self._ask()

    @work(group="job", exclusive=True)
    async def _ask(self) -> None:
        job_id = self.job_id
        found = await ask(self.console, job_id, self._asked)
        if job_id == self.job_id:
            self._asked = found
            self._show()

    # -- showing ---------------------------------------------------------------------------------

    @property
    def _view(self) -> JobView | None:
        """Everything that is known of the job now; None while or where there is nothing."""
        return view_of(self.console, self._asked, whole_caption=self._whole_caption)

    def _show(self, *, anew: bool = False) -> None:
        """Write everything for this size; what is the same is not drawn again."""
        if not self.is_mounted or not self.query("#job-title"):
            return
        view, (width, height) = self._view, self.size
        self._show_title(view, width)
        boxed = self.wide and height >= TALL and view is not None
        self.set_class(boxed, "-boxed")
        if view is None:
            self.query_one(Sheet).show(
                job_texts.wrapped(f" {self._asked.why_empty}", width, hang=1)
            )
        elif boxed:
            self._show_boxes(view)
        else:
            self.query_one(Sheet).show(sheet_lines(view, width), anew=anew)

    def _show_title(self, view: JobView | None, width: int) -> None:
        number = self.among.index(self.job_id) + 1 if self.job_id in self.among else 0
        count = len(self.among) if number else 0
        right = job_texts.place(number, count, wide=width >= ROOMY)
        title = job_texts.title(view, self.job_id, wide=self.wide)
        room = max(1, width - len(right) - 1)
        self.query_one("#job-title", Line).say(f"{fit(title, room)} {right}")

    def _show_boxes(self, view: JobView) -> None:
        boxes = self.query_one(JobBoxes)
        boxes.show(view)
        picture = view.facts.screenshot if self.console.preferences.screenshot else None
        boxes.show_picture(None if picture is None else picture.path)

    # -- what a key acts on ----------------------------------------------------------------------

    def selection(self) -> Selection:
        view = self._view
        if view is None:
            return Selection()
        job, when = view.line.job, changed_at(view.line.job)
        return Selection(
            jobs=(job.job_id,),
            keys=(job.account,) if job.account else (),
            time="" if when is None else when.isoformat(),
            log_line=view.facts.detail.log,
        )

    def copied(self, kind: str) -> str:
        view, written = self._view, job_report.text if kind != "json" else job_report.as_json_text
        return "" if view is None else written(view)

    def exported(self) -> Exported | None:
        view = self._view
        return None if view is None else job_report.exported(view)

    # -- keys ------------------------------------------------------------------------------------

    def action_go(self, mode: str) -> None:
        """The screen that it lies on is shown by its number too."""
        if mode == self.app.current_mode:
            self.app.pop_screen()
        else:
            super().action_go(mode)

    def action_previous_job(self) -> None:
        self._step(-1)

    def action_next_job(self) -> None:
        self._step(1)

    def _step(self, by: int) -> None:
        count = len(self.among)
        if count < 2 or self.job_id not in self.among:
            self.console.tell("It was opened alone: there is no job before or after it.")
            return
        place = self.among.index(self.job_id) + by
        if not 0 <= place < count:
            self.console.tell(f"This is the {'first' if by < 0 else 'last'} of {count}.")
            return
        self.job_id = self.among[place]
        self._asked, self._whole_caption = Asked(self.job_id), False
        self._show(anew=True)
        self._look()

    def action_columns(self) -> None:
        self._whole_caption = not self._whole_caption
        self._show()
        text = "text" if self._view is None else self._view.labels.text
        self.console.tell(f"The whole {text}." if self._whole_caption else f"The {text}, cut.")

    def action_files(self) -> None:
        view = self._view
        files = () if view is None else view.facts.detail.evidence
        if files:
            self.app.push_screen(FilesScreen(self.job_id, files))
        else:
            self.console.tell("No evidence was kept of this job.")

    def action_same_error(self) -> None:
        view = self._view
        if view is None or not (view.line.job.error or view.line.job.error_type):
            self.console.tell("This job has no error.")
            return
        self.console.show_jobs(same_error(view.line.job))

    def action_other_side(self) -> None:
        """The job's phone."""
        view = self._view
        if view is None or not view.line.job.account:
            words = GENERIC if view is None else view.labels
            text = f"It has no {words.key}, so there is no {words.resource} to go to."
            self.console.tell(text)
        else:
            self.console.show_phone(view.line.job.account)

    def action_search(self) -> None:
        self.console.tell("Nothing to filter here: esc goes back to the table.")

    def action_next_pane(self) -> None:
        self._next_section(1)

    def action_previous_pane(self) -> None:
        self._next_section(-1)

    def _next_section(self, by: int) -> None:
        if self.has_class("-boxed") or not self.query_one(Sheet).go_to_section(by):
            self.console.tell("Everything is on the screen.")

    def action_reread(self) -> None:
        super().action_reread()
        self._look()
