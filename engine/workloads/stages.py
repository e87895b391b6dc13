"""The stages of a run as a trade plans them, and how it tells the operator of its own work.

A stage is a retry pass, or a group of jobs with an exit gate (behaviour E2.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """An ordered step of a run: a retry pass, a group, a session of downloads."""

    number: int
    label: str
    """Shown to the operator: ``pass 2/3``."""
    total_jobs: int
    delay_seconds: float = 0.0
    """To wait before it begins; a stop ends the wait at once."""


class Herald(Protocol):
    """Tells the operator what happens; may be called from any thread, waits for nobody."""

    def line(self, text: str) -> None:
        """Talk: shown and logged, no event."""
        ...

    def alarm(self, text: str, **fields: Any) -> None:
        """What a person should look at; the same text again and again is told now and then."""
        ...

    def emit(self, event: str, **fields: Any) -> None:
        """Something for ``events.jsonl``, with fields that JSON can hold."""
        ...


class StagePlan(Protocol):
    """The stages of a run, decided one at a time from what the ledger says.

    Iterating ends the stage before (its exit gate) and yields the next; after the last one
    ``result`` says how the run ended. A plan that is asked to stop yields no further stage.

    Each step of the iteration runs on a thread of its own, one after the other, and may take its
    time. Meanwhile the supervisor's thread may use all else that is here, so that must not wait.
    No worker claims between two stages; the ledger's ``pass_number`` is 0 then.
    """

    def __iter__(self) -> Iterator[Stage]: ...

    def opening(self) -> Sequence[str]:
        """What a run says of its limits before its first stage: lines for the operator."""
        ...

    @property
    def doing(self) -> str:
        """What it does between two stages, in words (``checking group A``); empty = nothing that
        takes time."""
        ...

    @property
    def result(self) -> str:
        """How the run ended: ``all_complete`` is success, ``stopped`` the operator's wish, every
        other word a failure."""
        ...

    @property
    def max_passes(self) -> int:
        """Stages that there may be at most, with those that the operator added."""
        ...

    def summary(self) -> Mapping[str, Any]:
        """The stages with their figures, JSON-ready.

        ``passes`` has one entry a stage, with the figures of ``engine.retry.PassStats`` and, where
        the trade has them, a ``label`` (what people call the stage), a ``result`` (``passed``) and
        a ``note`` (why its gate failed). With labels, stages to come may stand there too, with
        their ``total_jobs`` and no ``start_time``. ``limits``: what its stages are limited to, in
        words, where it is not retries. ``why``: one sentence on the result, where the
        word alone does not tell.
        """
        ...

    def stop(self) -> None:
        """No new stage after the present one; the result becomes ``stopped``.

        What it does between two stages ends at once, with every process that it started. May be
        called more than once.
        """
        ...

    def add_stage(self) -> None:
        """Allow one stage more than configured (the operator's *add a pass*)."""
        ...
