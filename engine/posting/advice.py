"""The seam to somebody who can be asked where no rule applies: a question, and what may come back.

The posting flow knows this protocol only. Who answers (``engine.model``), what that costs and how
it fails is not its business; what is done with an answer is decided here, never by the adviser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from engine.posting.page import Page, fold
from engine.posting.rule import FURNITURE
from engine.posting.screen import Screen
from engine.posting.state import FlowState
from engine.posting.steps import Step

if TYPE_CHECKING:
    from engine.phones.device import Device
    from engine.workloads.base import Report

LEAST_PROOF: Final = (2, 8)
"""Words and characters of a proof at least: a bare word such as "disabled" proves nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What the next step is asked for."""

    screen: Screen
    step: Step
    """What the rules would do."""
    state: FlowState
    history: Sequence[str] = ()
    """Steps taken so far, oldest first."""
    looping: bool = False
    """The rules' step was taken again and again to no effect."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """One step, or a verdict as a ``Fail`` with the words that prove it."""

    step: Step
    words: str = ""
    """Of a verdict: as they stand on the screen."""


class Advisor(Protocol):
    """Somebody who can be asked for the next step before Share."""

    def wanted(self, question: Question) -> bool:
        """Whether this question is one to ask; costs nothing."""
        ...

    def advise(self, question: Question, device: Device, report: Report) -> Advice | None:
        """The advice; None where there is none, so that the rules' own step is taken.

        A failing adviser does not fail a job that rules can finish. Raises a JobError only where
        the rules are not to decide (``--ai-only``), and what the report raises.
        """
        ...


def proven(words: str, page: Page, *, account: bool) -> bool:
    """The words stand on the page as the app's own, in one element, at word borders.

    What people wrote proves nothing, nor does a single word. Against an account nothing counts
    that another app shows or that stands beside ordinary content: a notice about the account fills
    a page or a dialog of the app itself.
    """
    said = fold(words)
    least_words, least_length = LEAST_PROOF
    if len(said.split()) < least_words or len(said) < least_length:
        return False
    foreign = page.package not in ("", page.app)
    if account and (foreign or FURNITURE.find(page) is not None):
        return False
    return any(_stands(said, text) for node in page.top.spoken for text in node.words)


def _stands(said: str, text: str) -> bool:
    start = text.find(said)
    while start >= 0:
        end = start + len(said)
        before = start == 0 or not (text[start - 1].isalnum() and said[0].isalnum())
        after = end == len(text) or not (text[end].isalnum() and said[-1].isalnum())
        if before and after:
            return True
        start = text.find(said, start + 1)
    return False
