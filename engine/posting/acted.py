"""Whether a touch arrived, and whether a screen shows that a step has had its effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import TouchUnknownError
from engine.posting.navigator import CAPTION
from engine.posting.page import Node
from engine.posting.screen import Screen
from engine.posting.state import FlowState
from engine.posting.steps import EnterCaption, Step, Tap

if TYPE_CHECKING:
    from engine.workloads.base import Report


def arrives(touch: Callable[[], None], report: Report) -> bool:
    """Touch, and say whether it surely arrived; else the next look shows what came of it.

    Not for Share: what may have been shared is in doubt. Raises the device's errors.
    """
    try:
        touch()
    except TouchUnknownError as exc:
        report.step("look whether the touch arrived", error=str(exc))
        return False
    return True


@dataclass(slots=True)
class Acted:
    """What is expected of one step."""

    step: Step
    before: Screen
    state: FlowState
    in_vain: bool = False
    """The step failed at once: whatever has changed is the screen to go on with."""

    def shown_by(self, now: Screen) -> bool:
        """The screen is another one; of steps that stay on theirs, the field holds the caption, or
        what was tapped is gone. A page that merely redrew itself shows nothing."""
        if self.in_vain or (now.kind, now.rule) != (self.before.kind, self.before.rule):
            return True
        match self.step:
            case EnterCaption():
                field = now.find(*CAPTION)
                return field is not None and self.state.caption_stands(field.text, hint=field.hint)
            case Tap(node=node, stays=True):
                return not any(_alike(node, other) for other in now.page.top.nodes)
        return False


def _alike(one: Node, other: Node) -> bool:
    """Perhaps the same element, wherever it is now."""
    return (one.full_id, one.text, one.desc) == (other.full_id, other.text, other.desc)
