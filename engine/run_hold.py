"""What follows when a worker meets what only a person can put right (``HoldsRunError``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from engine.errors import EngineError
from engine.logger import get_logger

if TYPE_CHECKING:
    from engine.control import StandingOrders
    from engine.orchestrator import Orchestrator

log = get_logger(__name__)

BY_THE_RUN: Final = "the run itself"
"""Who paused, as people read it."""


def lift_earlier(control: StandingOrders) -> None:
    """Who starts a run again has looked: what held the one before does not hold this one. Where it
    is not put right, the first job says so again. Raises EngineError."""
    if control.paused_by == BY_THE_RUN:
        control.pause(paused=False)


def hold(run: Orchestrator, slot: int, message: Mapping[str, Any], *, ending: bool) -> None:
    """Pause claims until somebody resumes, with the reason as an alarm; or end the run.

    The first reason stays: other workers meet the same. Raises EngineError, which ends the run.
    """
    why = str(message.get("text"))
    if ending:
        return
    if message.get("ends_run"):
        raise EngineError(why)
    if run.control.paused:
        return
    try:
        run.control.pause(paused=True, by=BY_THE_RUN, why=why.rstrip("."))
    except EngineError as exc:
        log.warning("pause_not_kept", error=str(exc))
    run.news.alarm(f"{why} Claims are paused; resume to go on.", worker=slot)
