"""What happened is told once, and written in one piece where much happens at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.news import News
from engine.run_state import RunDirectory

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Shown:
    """A display that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def event(self, event: Mapping[str, Any]) -> None:
        self.events.append(str(event["event"]))

    def line(self, text: str) -> None:
        self.events.append(text)

    def status(self, text: str, totals: Mapping[str, Any]) -> None:
        self.events.append(text)

    def close(self) -> None:
        return


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDirectory:
    made = RunDirectory(tmp_path / "run")
    made.create()
    return made


def news_of(run_dir: RunDirectory, shown: Shown) -> News:
    return News(run_dir, shown, "r", lambda: NOW)


def written(run_dir: RunDirectory) -> list[str]:
    return [str(event["event"]) for event in run_dir.events()]


def test_what_is_told_together_is_shown_at_once_and_written_in_its_order(
    run_dir: RunDirectory,
) -> None:
    shown = Shown()
    news = news_of(run_dir, shown)
    with news.together():
        news.emit("one")
        news.alarm("two")
        assert shown.events == ["one", "alarm"]
        assert written(run_dir) == []
    news.emit("three")
    assert written(run_dir) == ["one", "alarm", "three"]


def test_what_was_told_before_a_failure_is_written(run_dir: RunDirectory) -> None:
    news = news_of(run_dir, Shown())

    def fail_in_the_middle() -> None:
        with news.together():
            news.emit("one")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_in_the_middle()
    assert written(run_dir) == ["one"]


def test_news_of_another_thread_meanwhile_is_not_lost(run_dir: RunDirectory) -> None:
    news = news_of(run_dir, Shown())
    with news.together():
        thread = threading.Thread(target=news.emit, args=("elsewhere",))
        thread.start()
        thread.join()
        news.emit("here")
    assert written(run_dir) == ["elsewhere", "here"]
