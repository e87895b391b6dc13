"""Messages that cross from the feed to the screens, and between widgets and screens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from engine.insight.values import JobLine, PassReport, ResourceReport
    from engine.insight.watch import Sight
    from engine.log_stream import Batch


class Newest(Message):
    """Carries the newest of its kind: an unread older one is dropped (style 5.4)."""

    bubble = False

    def can_replace(self, message: Message) -> bool:
        return type(message) is type(self)


class Looked(Newest):
    """The overview as of the last look."""

    def __init__(self, sight: Sight) -> None:
        super().__init__()
        self.sight = sight


class JobsChanged(Newest):
    """The ledger's jobs, in file order."""

    def __init__(self, lines: Sequence[JobLine]) -> None:
        super().__init__()
        self.lines = lines


class PassesChanged(Newest):
    """The passes of the run."""

    def __init__(self, report: PassReport) -> None:
        super().__init__()
        self.report = report


class ResourcesChanged(Newest):
    """What is on, as the provider and our records say."""

    def __init__(self, report: ResourceReport) -> None:
        super().__init__()
        self.report = report


class LogsArrived(Message):
    """New lines of the logs; every one of them counts, so none replaces another."""

    bubble = False

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self.batch = batch


class FeedFailed(Newest):
    """Something could not be read; one sentence."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
