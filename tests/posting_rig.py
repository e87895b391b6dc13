"""A phone on which something comes in between at a chosen moment, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from engine.config import Settings
from engine.errors import InDoubtError, JobError
from engine.posting.advice import Advisor
from engine.posting.flow import PostingFlow
from engine.posting.publication_check import PublicationCheck, Question
from engine.posting.recogniser import Recogniser
from engine.posting.screen import Screen
from simulator.app.layout import LAYOUTS, Layout
from simulator.app.nodes import hit
from tests.posting_phone import AppDevice, Habits, PostingApp, TimedReport, World, video

CAPTION: Final = "Slow mornings ☕️ #coffee\n\nسلام, “quoted”, commas; 100 %"
SETTINGS: Final = Settings()
ACTS: Final = frozenset({"open_app", "close_app", "tap", "set_text", "press_back"})


class RememberingRecogniser(Recogniser):
    """Judges each page source once: many cases show the same screens."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Screen] = {}

    def recognise(self, source: str) -> Screen:
        if source not in self._known:
            self._known[source] = super().recognise(source)
        return self._known[source]


RECOGNISER: Final = RememberingRecogniser()


class Rig:
    """One phone, one post, and perhaps one interruption."""

    def __init__(
        self, layout: Layout = LAYOUTS[0], *, world: World | None = None, **habits: bool | float
    ) -> None:
        self.world = world or World()
        if not self.world.files:
            self.world.files.append(video())
        self.app = PostingApp(self.world, replace(Habits(layout=layout), **habits))  # type: ignore[arg-type] # all are bool but the rates
        self.device = AppDevice(self.app, self._before)
        self.report = TimedReport(self.world)
        self.acts = 0
        self.shares = 0
        """Touches that reached a button which publishes."""
        self.screens: list[Screen] = []
        self._act: Callable[[], None] = lambda: None
        self._at = -1
        self._early = False

    def interrupted(
        self, act: Callable[[PostingApp], None], at: int, *, early: bool = False
    ) -> Rig:
        """``act`` happens after the ``at``-th act, or just before it, too late to be seen."""
        self._act, self._at, self._early = lambda: act(self.app), at, early
        return self

    def _before(self, call: str) -> None:
        due = self.acts == self._at
        if call == "source" and due and not self._early:
            self._happen()
        if call not in ACTS:
            return
        if due and self._early:
            self._happen()
        self.acts += 1

    def _happen(self) -> None:
        act, self._act, self._at = self._act, lambda: None, -1
        act()

    def post(self, caption: str = CAPTION, *, advisor: Advisor | None = None) -> str:
        """The flow and, after a doubt, the check. "posted", "in doubt", or the error's type."""
        flow = PostingFlow(
            self.device,
            SETTINGS,
            self.report,
            recogniser=RECOGNISER,
            advisor=advisor,
            clock=self.world.now,
            reconnect=lambda: self.device,
        )
        try:
            flow.post(caption)
        except InDoubtError as doubt:
            self.error: JobError | None = doubt
            return self._settled(flow)
        except JobError as exc:
            self.error = exc
            return exc.error_type
        return "posted"

    def _settled(self, flow: PostingFlow) -> str:
        if not self.report.submitted:
            return "in doubt"
        check = PublicationCheck(
            self.device, SETTINGS, self.report, recogniser=RECOGNISER, clock=self.world.now
        )
        known = flow.state
        question = Question(
            caption=known.caption,
            posts_before=known.own_posts,
            shared_at=known.shared_at,
            reports_before=known.before,
        )
        return "posted" if check.answer(question).proof else "in doubt"

    @property
    def published(self) -> list[str]:
        return [caption for _, caption in self.world.published]

    def told(self) -> str:
        """The steps in order, to read a failure by."""
        lines = [
            f"{step.get('screen', '')}/{step.get('rule', '')}: {step['step']}"
            for step in self.report.steps
        ]
        return "\n".join([*lines, f"error: {getattr(self, 'error', None)}"])


def touches(app: PostingApp, x: float, y: float) -> str:
    """What a touch there would do."""
    scale = app.habits.layout.scale
    node = hit(app._shown(), x / scale, y / scale)
    return "" if node is None else node.action
