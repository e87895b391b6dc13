"""A phone in memory for tests of the flow: the farm's posting app behind our Device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from engine.errors import NavigationError
from simulator.app.machine import ElementMissing, Habits, PostingApp
from simulator.app.phone_world import Delay, GalleryItem, Publication, UploadOutcome
from simulator.farm_file import AccountState

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


@dataclass
class World:
    """The app's world, with its own clock; it keeps what was really published."""

    account_state: AccountState = AccountState.OK
    username: str = "clay.and.kiln"
    seed: str = "a phone"
    step_delay: float = 0.0
    outcome: UploadOutcome = UploadOutcome.POSTED
    upload_seconds: float = 6.0
    files: list[GalleryItem] = field(default_factory=list)
    published: list[tuple[str, str]] = field(default_factory=list)
    at: float = 1000.0

    def now(self) -> float:
        return self.at

    def delay(self, name: Delay) -> float:
        return self.step_delay if name is Delay.STEP else 2.0

    def gallery(self) -> Sequence[GalleryItem]:
        return self.files

    def publish(self, video: str, caption: str) -> Publication:
        self.published.append((video, caption))
        return Publication(upload_seconds=self.upload_seconds, outcome=self.outcome)


def video(name: str = "reel.mp4", seconds: float = 20.0) -> GalleryItem:
    return GalleryItem(
        name=name, taken_at=datetime(2025, 12, 26, 9, 30, tzinfo=UTC), duration=seconds
    )


class AppDevice:
    """Device over a PostingApp; ``before_each`` may raise to play a broken connection."""

    def __init__(
        self, app: PostingApp, before_each: Callable[[str], None] = lambda call: None
    ) -> None:
        self.app = app
        self.before_each = before_each
        self.taps: list[tuple[int, int]] = []

    def source(self) -> str:
        self.before_each("source")
        return self.app.source()

    def tap(self, x: int, y: int) -> None:
        self.before_each("tap")
        self.taps.append((x, y))
        self.app.tap(x, y)

    def set_text(self, resource_id: str, text: str) -> None:
        self.before_each("set_text")
        try:
            self.app.set_text(resource_id, text)
        except ElementMissing as exc:
            raise NavigationError(f"There is no field {resource_id} on the screen.") from exc

    def press_back(self) -> None:
        self.before_each("press_back")
        self.app.back()

    def open_app(self, package: str) -> None:
        self.before_each("open_app")
        self.app.launch(package)

    def close_app(self, package: str) -> None:
        self.before_each("close_app")
        self.app.terminate(package)

    def screenshot(self) -> bytes:
        return self.app.screenshot()

    def close(self) -> None:
        pass


class TimedReport:
    """A Report whose waits move the world's clock; it remembers what it was told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.submits = 0
        self.steps: list[dict[str, Any]] = []
        self.phases: list[str] = []
        self.alarms: list[str] = []
        self.files: dict[str, bytes | str] = {}
        self.stop_at: Callable[[], None] = lambda: None
        self.on_submit: Callable[[], None] = lambda: None

    @property
    def log(self) -> FilteringBoundLogger:
        logger: FilteringBoundLogger = structlog.get_logger()
        return logger

    @property
    def submitted(self) -> bool:
        return self.submits > 0

    def state(self, name: str) -> None:
        self.checkpoint()

    def phase(self, name: str) -> None:
        self.phases.append(name)
        self.checkpoint()

    def step(self, text: str, **fields: object) -> None:
        self.steps.append({"step": text, **fields})

    def alarm(self, text: str) -> None:
        self.alarms.append(text)

    def start_clock(self) -> None:
        pass

    def begin(self) -> None:
        self.checkpoint()

    def submit(self) -> None:
        self.on_submit()
        self.submits += 1

    def remaining(self, bound: float) -> float:
        return bound

    def checkpoint(self) -> None:
        if not self.submitted:
            self.stop_at()

    def pause(self, seconds: float) -> None:
        self.checkpoint()
        self.world.at += seconds

    def evidence(self, name: str, content: bytes | str) -> None:
        self.files[name] = content


__all__ = ["AppDevice", "Habits", "PostingApp", "TimedReport", "World", "video"]
