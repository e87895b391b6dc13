"""The only bridge to the engine: one thread looks at files, a pool asks and sends.

Blocking calls of the engine happen here and nowhere else in the cockpit. What they find comes back
as messages, at most a few a second, and only of the kinds that the visible screen shows
(style 5.4): a hidden screen costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from console import collector
from console.log_tallies import LogTallies
from console.messages import (
    FeedFailed,
    JobsChanged,
    LogsArrived,
    Looked,
    PassesChanged,
    ResourcesChanged,
)
from engine.errors import EngineError
from engine.private_files import explain

if TYPE_CHECKING:
    from textual.message import Message

    from engine.insight.watch import Watch
    from engine.log_stream import LogStream

T = TypeVar("T")
log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.25
"""Between two looks at the files; one stat costs 10 us (console-features 5.3)."""
LOG_SECONDS: Final = 0.12
"""Between two looks at the logs while they are shown: a line is on screen within 0.25 s."""
AWAY_SECONDS: Final = 2.0
"""The same while the terminal has not the focus."""
PAINT_SECONDS: Final = 1.0
"""The first whole look does not wait longer for the first paint."""
ASK_SECONDS: Final = 15.0
"""Between two questions to the provider while they are shown (console-features 6.9)."""
ASK_STOPPING_SECONDS: Final = 5.0
ASK_AWAY_SECONDS: Final = 60.0


class Need(StrEnum):
    """A kind of news that a screen shows; the overview always comes."""

    JOBS = "jobs"
    PASSES = "passes"
    LOGS = "logs"
    RESOURCES = "resources"


class Feed:
    """What the cockpit knows, looked up in the background."""

    def __init__(self, watch: Watch, logs: LogStream, post: Callable[[Message], object]) -> None:
        self._watch = watch
        self._logs = logs
        self.tallies = LogTallies()
        """Figures of all logs; to be asked through ``ask_logs`` only."""
        self._post = post
        self._needs: frozenset[Need] = frozenset()
        self._away = False
        self._wake = threading.Event()
        self._closed = False
        self._questions: list[tuple[Callable[[], object], Future[Any]]] = []
        self._lock = threading.Lock()
        self._opened = threading.Event()
        """The message loop takes news."""
        self._painted = threading.Event()
        """The first news are on the screen."""
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="operator")
        self._shown: dict[str, object] = {}
        """The last thing posted of each kind: what is the same is not posted again."""
        self._asked = float("-inf")
        self._asking: Future[None] | None = None
        self._stopping = False

    # -- from the message loop -------------------------------------------------------------------

    def look_ahead(self) -> None:
        """Look for the first time while the app is still being made; told after ``start``."""
        self._thread.start()

    def start(self) -> None:
        """Tell the app what is found from now on."""
        self._opened.set()
        if not self._thread.is_alive():
            self._thread.start()

    def painted(self) -> None:
        """The first news have been drawn."""
        self._painted.set()

    def close(self) -> None:
        """End the looking; commands under way are left to the engine, which answers on disk."""
        self._closed = True
        for event in (self._wake, self._opened, self._painted):
            event.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def want(self, needs: frozenset[Need]) -> None:
        """What the visible screen shows; it is told at the next look, which is now."""
        with self._lock:
            for need in needs - self._needs:
                self._shown.pop(need, None)
            self._needs = needs
        self._wake.set()

    def away(self, *, away: bool) -> None:
        """The operator looks elsewhere: look less often."""
        self._away = away
        self._wake.set()

    def reread(self) -> None:
        """Look at once, and ask the provider again."""
        self._asked = float("-inf")
        self._wake.set()

    async def ask(self, question: Callable[[Watch], T]) -> T:
        """Put a question to the engine's watch, on its own thread. Raises what it raises."""
        return await self._on_feed(lambda: question(self._watch))

    async def ask_logs(self, question: Callable[[LogStream], T]) -> T:
        """The same for the logs."""
        return await self._on_feed(lambda: question(self._logs))

    async def in_background(self, work: Callable[[], T]) -> T:
        """Something slow that is neither: commands, starts, exports.

        Cancelled where the cockpit is being left: nobody is there to hear of it.
        """
        if self._closed:
            raise asyncio.CancelledError
        return await asyncio.wrap_future(self._pool.submit(work))

    async def _on_feed(self, question: Callable[[], T]) -> T:
        future: Future[Any] = Future()
        with self._lock:
            self._questions.append((question, future))
        self._wake.set()
        answer: T = await asyncio.wrap_future(future)
        return answer

    # -- on the feed's thread --------------------------------------------------------------------

    def _run(self) -> None:
        self._first_look()
        while not self._closed:
            self._wake.clear()
            began = time.monotonic()
            self._answer_questions()
            self._look_safely()
            pause = AWAY_SECONDS if self._away else LOOK_SECONDS
            self._rest(began + pause)

    def _first_look(self) -> None:
        """A long ledger's counts at once; its jobs when they are painted, for both threads share
        one interpreter. A short ledger is read while the app is being made."""
        counts = None
        with contextlib.suppress(EngineError, OSError):  # told by the look that follows
            counts = self._watch.glance()
            if counts is None:
                self._watch.refresh()
        self._opened.wait()
        if counts is None:
            self._look_safely()
        else:
            self._post(Looked(counts))
        self._painted.wait(PAINT_SECONDS)
        collector.sweep()
        if counts is not None:
            with contextlib.suppress(EngineError, OSError):
                self._watch.refresh()
        collector.settled()

    def _rest(self, until: float) -> None:
        """Wait for the next look at everything; shown logs are looked at in between."""
        while True:
            left = max(0.02, until - time.monotonic())
            often = Need.LOGS in self._needs and not self._away
            if self._wake.wait(min(left, LOG_SECONDS) if often else left):
                return
            if time.monotonic() >= until:
                return
            self._look_at_logs()

    def _answer_questions(self) -> None:
        with self._lock:
            waiting, self._questions = self._questions, []
        for question, future in waiting:
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(question())
            except Exception as exc:  # noqa: BLE001 - whoever asked gets it
                future.set_exception(exc)

    def _look_safely(self) -> None:
        try:
            self._look()
        except EngineError as exc:
            self._news("failed", str(exc), FeedFailed)
        except OSError as exc:
            self._news("failed", explain(exc), FeedFailed)
        except Exception as exc:  # noqa: BLE001 - the next look may do better, and must come
            self._tell_own_error(exc)
        else:
            self._shown.pop("failed", None)

    def _look(self) -> None:
        needs = self._needs
        sight = self._watch.refresh()
        self._news("sight", sight, Looked)
        if Need.JOBS in needs:
            self._news(Need.JOBS, self._watch.job_lines(), JobsChanged)
        if Need.PASSES in needs:
            self._news(Need.PASSES, self._watch.pass_report(), PassesChanged)
        self._look_at_logs()
        if Need.RESOURCES in needs:
            self._ask_when_due()

    def _look_at_logs(self) -> None:
        """A flood is read in several looks, the next of which follows at once."""
        batch = self._logs.poll()
        self.tallies.add(batch.records)
        if Need.LOGS in self._needs and batch:
            self._post(LogsArrived(batch))
        if batch.behind:
            self._wake.set()

    def _news(self, kind: str, value: T, message: Callable[[T], Message]) -> None:
        if self._shown.get(kind) is not value:
            self._shown[kind] = value
            self._post(message(value))

    def _tell_own_error(self, exc: Exception) -> None:
        text = f"An error of our own: {type(exc).__name__}; logs/console.log has its details."
        if self._shown.get("own error") != text:
            self._shown["own error"] = text
            log.error("feed_failed", exc_info=exc)
            self._post(FeedFailed(text))

    def _ask_when_due(self) -> None:
        """The provider may take its time, so it is asked on another thread, one at a time."""
        if self._asking is not None and not self._asking.done():
            return
        every = ASK_STOPPING_SECONDS if self._stopping else ASK_SECONDS
        if self._away:
            every = ASK_AWAY_SECONDS
        if time.monotonic() - self._asked < every:
            return
        self._asked = time.monotonic()
        self._asking = self._pool.submit(self._ask_provider)

    def _ask_provider(self) -> None:
        try:
            report = self._watch.ask_resources()
        except Exception as exc:  # noqa: BLE001 - nobody else would hear of it
            self._tell_own_error(exc)
            return
        self._stopping = any(line.state == "stopping" for line in report.lines)
        self._post(ResourcesChanged(report))
