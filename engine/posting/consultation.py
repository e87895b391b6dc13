"""Asking for advice before Share, and what is done with it: our own guard has the last word.

An adviser takes seconds. So its answer is held against the screen as it is *then*: an element must
still be there, a verdict must still stand, and whatever rules see meanwhile comes first.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from engine.errors import AccountError
from engine.posting.advice import Advice, Question, proven
from engine.posting.harmless import objection
from engine.posting.navigator import next_step
from engine.posting.page import Node
from engine.posting.screen import Screen
from engine.posting.steps import EnterCaption, Fail, Share, Step, Tap, Wait

if TYPE_CHECKING:
    from engine.phones.device import Device
    from engine.posting.advice import Advisor
    from engine.posting.state import FlowState
    from engine.workloads.base import Report

_PLAIN_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
REMEMBERED: Final = 8
"""Steps that an adviser is told of."""

Look = Callable[["FlowState"], Screen]


class Consultation:
    """The adviser of one upload; without one every step is the rules' own."""

    def __init__(
        self,
        advisor: Advisor | None,
        device: Device,
        report: Report,
        look: Look,
        *,
        poll_seconds: float,
    ) -> None:
        self._advisor = advisor
        self._device = device
        self._report = report
        self._look = look
        self._poll = poll_seconds
        self._history: deque[str] = deque(maxlen=REMEMBERED)

    def remember(self, screen: Screen, step: Step) -> None:
        """By ids and kinds only: what is written on a page is not for the history."""
        target = f" {_name(step.node)}" if isinstance(step, Tap) else ""
        self._history.append(f"on {screen.kind}: {type(step).__name__.lower()}{target}")

    def advised(
        self, screen: Screen, step: Step, state: FlowState, *, looping: bool = False
    ) -> tuple[Screen, Step]:
        """The rules' step, or an adviser's where it is to be asked, with the screen it is for.

        Never asked about Share or the end of a job: those are the rules' alone. Raises what
        ``Advisor.advise`` and a look raise.
        """
        if self._advisor is None or state.submitted or isinstance(step, Share | Fail):
            return screen, step
        question = Question(
            screen=screen, step=step, state=state, history=tuple(self._history), looping=looping
        )
        if not self._advisor.wanted(question):
            return screen, step
        advice = self._advisor.advise(question, self._device, self._report)
        if advice is None:
            return screen, step
        return self._checked(advice, screen, state)

    def _checked(self, advice: Advice, asked: Screen, state: FlowState) -> tuple[Screen, Step]:
        if isinstance(advice.step, Fail):
            # As with rules: what ends a job is only believed when a second look says the same.
            self._report.pause(self._poll)
        now = self._look(state)
        rules = next_step(now, state)
        if isinstance(rules, Share):
            return now, rules
        if isinstance(rules, Fail):
            return now, Wait("what the rules see now has to be seen again")
        return now, self._still_right(advice, asked, now, rules, state)

    def _still_right(
        self, advice: Advice, asked: Screen, now: Screen, rules: Step, state: FlowState
    ) -> Step:
        match advice.step:
            case Fail(error=error):
                stands = proven(advice.words, now.page, account=isinstance(error, AccountError))
                return advice.step if stands else Wait("the verdict was seen once, then no more")
            case Tap(node=node):
                return self._tap(node, advice.step, now, rules, state)
            case EnterCaption():
                return rules if isinstance(rules, EnterCaption) else Wait("no caption is due")
            case Share():
                return Wait("Share is not to be advised")
            case _ if (now.kind, now.rule) != (asked.kind, asked.rule):
                return Wait("the screen changed while advice was asked")
        return advice.step

    def _tap(self, node: Node, step: Step, now: Screen, rules: Step, state: FlowState) -> Step:
        here = same_element(node, now)
        if here is None:
            return Wait("what was to be tapped is gone")
        if isinstance(rules, Tap) and same(rules.node, here):
            return rules
        why = objection(here, now, state)
        if why:
            self._report.step("advice refused", step=str(step), reason=why)
            return Wait("the advice was refused")
        return Tap(here, "advised")


def _name(node: Node) -> str:
    """An id as programmers write it; pages of the web may have any text for one."""
    return node.id if _PLAIN_ID.fullmatch(node.id) else "an element"


def same(one: Node, other: Node) -> bool:
    """The same element in two readings of a page."""
    return (one.full_id, one.text, one.desc, one.bounds) == (
        other.full_id,
        other.text,
        other.desc,
        other.bounds,
    )


def same_element(node: Node, screen: Screen) -> Node | None:
    """Where the element is now on what lies on top; None where it is gone."""
    beside = screen.page.beside
    candidates = (*screen.page.top.nodes, *((beside,) if beside is not None else ()))
    return next((other for other in candidates if same(node, other)), None)
