"""A dialog on the day's cockpit, and made-up targets for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from textual.pilot import Pilot

from console.app import ConsoleApp
from console.dialogs.base import Dialog
from console.dialogs.controls import KeyButton
from console.dialogs.fact_list import FactList
from engine.insight.values import (
    Actor,
    JobLine,
    Overview,
    ResourceLine,
    ResourceReport,
)
from engine.jobs import ErrorCategory, Job, JobStatus
from tests.console.pilot import drive
from tests.console.scene import Scene

T = TypeVar("T")
NOW = datetime(2025, 12, 26, 12, 4, 31, tzinfo=UTC)


def facts(dialog: Dialog[Any]) -> str:
    """The whole list of a dialog, its wrapped sentences in one line."""
    return " ".join(dialog.query_one("#list", FactList).text.split())


class Asked:
    """A dialog on the screen, and what it handed back."""

    def __init__(self, pilot: Pilot[Any], dialog: Dialog[Any]) -> None:
        self.pilot = pilot
        self.dialog = dialog
        self.answers: list[Any] = []

    @property
    def text(self) -> str:
        """Everything in its list, also what is scrolled away."""
        return facts(self.dialog)

    @property
    def yes(self) -> KeyButton:
        return self.dialog.query_one("#yes", KeyButton)

    @property
    def overview(self) -> Overview:
        """What the cockpit below knows."""
        app = self.pilot.app
        assert isinstance(app, ConsoleApp)
        assert app.latest.overview is not None
        return app.latest.overview

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()


def still(dialog: Dialog[Any]) -> Dialog[Any]:
    """Asks for no news of its own: made-up targets are in no ledger and on no provider's list."""
    vars(dialog)["NEEDS"] = frozenset()
    return dialog


def ask(
    scene: Scene,
    dialog: Dialog[Any],
    script: Callable[[Asked], Awaitable[T]],
    size: tuple[int, int] = (80, 24),
) -> T:
    """Show a dialog on the day's cockpit and play a script on it."""

    async def run(pilot: Pilot[Any]) -> T:
        asked = Asked(pilot, dialog)
        await pilot.app.push_screen(still(dialog), asked.answers.append)
        await pilot.pause()
        return await script(asked)

    return drive(scene.app(), run, size)


def a_line(job_id: str, category: ErrorCategory, why: str, **job: Any) -> JobLine:
    made = Job(
        job_id=job_id,
        account=f"acct_{job_id}",
        video_path="",
        caption="",
        status=job.pop("status", JobStatus.FAILED),
        error_category=category,
        error_type=why,
        error="it went wrong",
        attempts=2,
        **job,
    )
    return JobLine(job=made, glyph="x", actor=Actor.ENGINE, next="", limit=3, took=None)


THREE = (
    a_line("DG7", ErrorCategory.INFRASTRUCTURE, "phone_error"),
    a_line("DB1", ErrorCategory.ACCOUNT, "logged_out"),
    a_line("DA4", ErrorCategory.ACCOUNT, "logged_out"),
)


def a_phone(name: str, state: str = "started", **fields: Any) -> ResourceLine:
    made: dict[str, Any] = {
        "id": f"P{name}",
        "label": f"acct_{name}",
        "state": state,
        "ours": True,
        "in_campaign": True,
        "orphan": False,
        "since": NOW - timedelta(minutes=3),
        "job_id": "",
        "slot": None,
        "phase": "",
        "minutes": 3.0,
        "cost": 0.02,
        "posts_today": 0,
        "cap": 1,
        "last_result": "",
        "rate_30_days": None,
        "note": "",
    }
    return ResourceLine(**(made | fields))


def a_report(*lines: ResourceLine, **fields: Any) -> ResourceReport:
    return ResourceReport(lines=lines, asked_at=NOW, **fields)


MIXED = a_report(
    a_phone("033", orphan=True),
    a_phone("017"),
    a_phone("040", "off"),
    a_phone("041", "expired"),
    a_phone("099", ours=False, in_campaign=False),
    others_on=1,
)
