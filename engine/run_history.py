"""What happened in each pass of a run, for the plan of its stages (A8.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.insight.attempts import AttemptFold, PassHistory

if TYPE_CHECKING:
    from engine.progress import ProgressTracker


class RunHistory:
    """The passes of one run, from the same fold of attempts that people are shown.

    Only claims that the run itself made count; what an earlier system left claimed and this run put
    in doubt happened in no pass of it.
    """

    def __init__(self, ledger: ProgressTracker, run_id: str) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._fold: AttemptFold | None = None

    def passes(self) -> dict[int, PassHistory]:
        """Every pass so far, by number; costs only what is new in the ledger."""
        if self._fold is None:
            # What stands before the run's own rows is no claim of it, and may be very much.
            self._fold = AttemptFold(since=self._ledger.mark_before(self._run_id))
        self._fold.update(self._ledger)
        return self._fold.passes(self._run_id)
