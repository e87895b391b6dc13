"""The worker's state machine: its real control flow, every transition published and timed.

STARTING, JOB_RUNNING, ERROR_RECOVERY and SHUTDOWN belong to every worker; the readiness states
between the first two belong to the workload's session (behaviour A10.1, A10.2).
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence

from engine.errors import EngineError

STARTING = "STARTING"
JOB_RUNNING = "JOB_RUNNING"
ERROR_RECOVERY = "ERROR_RECOVERY"
SHUTDOWN = "SHUTDOWN"


class IllegalStateError(EngineError):
    """A worker was about to go where its table does not allow; both states are named."""


def transition_table(ready_states: Sequence[str]) -> dict[str, frozenset[str]]:
    """From each state, where it may go.

    Beyond A10.2, a readiness state may fall back to STARTING: a job that is given up before it
    began (claim lost, material refused) is no error to recover from.
    """
    order = [STARTING, *ready_states, JOB_RUNNING]
    anywhere = {ERROR_RECOVERY, SHUTDOWN}
    table: dict[str, frozenset[str]] = {}
    for here, following in itertools.pairwise(order):
        table[here] = frozenset(
            {following, *anywhere} | ({STARTING} if here != STARTING else set())
        )
    kept = {ready_states[-1]} if ready_states else set()
    table[JOB_RUNNING] = frozenset({STARTING, *kept, *anywhere})
    table[ERROR_RECOVERY] = frozenset({STARTING, SHUTDOWN})
    table[SHUTDOWN] = frozenset()
    return table


class Lifecycle:
    """Where a worker is; refuses what the table does not have."""

    def __init__(
        self,
        ready_states: Sequence[str],
        publish: Callable[[str, str, float], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = transition_table(ready_states)
        self._publish = publish
        self._clock = clock
        self._since = clock()
        self.state = STARTING

    def go(self, state: str) -> None:
        """Enter a state; staying is no transition. Raises IllegalStateError."""
        if state == self.state:
            return
        if state not in self._table.get(self.state, frozenset()):
            raise IllegalStateError(f"A worker cannot go from {self.state} to {state}.")
        now = self._clock()
        before, self.state = self.state, state
        spent, self._since = now - self._since, now
        self._publish(before, state, spent)
