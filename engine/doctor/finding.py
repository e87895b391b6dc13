"""What a check found, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.config import Settings


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    INFO = "info"
    """Not there and not needed."""
    WARN = "warn"
    """A run works, but something will cost time or be missed."""
    FAIL = "fail"
    """A run could not work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One line of the doctor's screen; never holds a secret."""

    name: str
    """What was looked at, in a word or two."""
    level: Level
    found: str
    remedy: str = ""
    """What the operator does about it; empty where nothing is to be done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The work directory that the checks are about."""

    work_dir: Path
    settings: Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One question; ``ask`` is bounded in time and may raise EngineError with its sentence."""

    name: str
    ask: Callable[[Place], Finding]


def ok(name: str, found: str) -> Finding:
    """All is as it should be."""
    return Finding(name=name, level=Level.OK, found=found)


def info(name: str, found: str) -> Finding:
    """Nothing is wrong; told so that nobody wonders."""
    return Finding(name=name, level=Level.INFO, found=found)


def warn(name: str, found: str, remedy: str) -> Finding:
    """A run works, with a loss."""
    return Finding(name=name, level=Level.WARN, found=found, remedy=remedy)


def fail(name: str, found: str, remedy: str) -> Finding:
    """A run could not work."""
    return Finding(name=name, level=Level.FAIL, found=found, remedy=remedy)


def from_sentence(name: str, level: Level, sentence: str) -> Finding:
    """One of our error sentences, which name the remedy behind their last colon."""
    found, colon, remedy = sentence.rstrip(".").rpartition(": ")
    if not colon:
        return Finding(name=name, level=level, found=remedy)
    return Finding(name=name, level=level, found=found, remedy=remedy)
