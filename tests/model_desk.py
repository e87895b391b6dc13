"""One attempt's adviser with its report, and screens to ask about."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.model.advisor import ModelAdvisor
from engine.model.budget import ModelBudget
from engine.posting.advice import Advice, Question
from engine.posting.screen import Screen
from engine.posting.state import FlowState
from engine.posting.steps import Back, Step
from simulator.app.layout import LAYOUTS
from tests.model_server import ModelServer
from tests.page_source import Part, screen, small_print
from tests.posting_phone import AppDevice, Habits, PostingApp, TimedReport, World

UNKNOWN = screen(
    Part(text="Meet the new insights", clickable=False),
    Part(text="Maybe another time"),
    *small_print(),
)
NOTICE = screen(Part(text="Your profile can't be used right now", clickable=False), *small_print())


class Desk:
    """One attempt's adviser with its report."""

    def __init__(self, server: ModelServer, tmp_path: Path, **options: Any) -> None:
        self.settings = server.settings(**options)
        self.desk = server.desk(tmp_path, **options)
        self.world = World()
        self.report = TimedReport(self.world)
        self.device = AppDevice(PostingApp(self.world, Habits(layout=LAYOUTS[0])))
        self.advisor = self.new_attempt()
        self.book = ModelBudget(tmp_path / "books", self.settings)

    def new_attempt(self) -> ModelAdvisor:
        advisor = self.desk.advisor("job-1")
        assert advisor is not None
        return advisor

    def ask(self, seen: Screen = UNKNOWN, rules: Step | None = None) -> Advice | None:
        question = Question(
            screen=seen,
            step=rules or Back("the screen is not known"),
            state=FlowState(caption="x", unknown_looks=2),
        )
        assert self.advisor.wanted(question)
        return self.advisor.advise(question, self.device, self.report)

    def told(self, text: str) -> list[dict[str, Any]]:
        return [entry for entry in self.report.steps if text in entry["step"]]

    @property
    def failure(self) -> str:
        return str(self.told("the model gave no answer")[-1]["error"])


def now() -> datetime:
    return datetime.now(UTC)
