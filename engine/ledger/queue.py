"""Which job comes next, without looking at all of them.

Jobs wait in file order, one queue for each key (behaviour A4.2: a key is in one job at a time), and
the keys' first jobs in one queue over all. Nothing is searched: a job that went elsewhere is
dropped when it comes to the front, and a key that may not be used now is parked until it may.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterator
from typing import Final

_ORDERS: Final = (1 << 32) - 1
"""The bits of a place that tell the order in the file; those above it are the rank."""


class KeyedQueue:
    """Jobs by their places in the file (``order``), to be taken lowest first, at most one a key.

    With a rank, the lowest rank comes first, and among equal ones the lowest order. Nothing but
    these numbers is ever compared (behaviour C4.3).
    """

    def __init__(self, rank: Callable[[int], int] | None = None) -> None:
        """``rank``: of the job with that order, asked when it is let in."""
        self._rank = rank
        self._by_key: dict[str, list[int]] = {}
        self._fronts: list[tuple[int, str]] = []
        self._parked: set[str] = set()
        self._arrived = array("I")
        """Pushed, and not in the queues yet: they are built when somebody takes a job. Who only
        looks at a ledger never does, and a place in the queues is ten times as large."""
        self._arrived_keys: list[str] = []

    def push(self, order: int, key: str) -> None:
        self._arrived.append(order)
        self._arrived_keys.append(key)

    def _let_in(self) -> None:
        if not self._arrived:
            return
        arrived, keys = self._arrived, self._arrived_keys
        self._arrived, self._arrived_keys = array("I"), []
        for order, key in zip(arrived, keys, strict=True):
            self._add(order, key)

    def _add(self, order: int, key: str) -> None:
        place = order if self._rank is None else self._rank(order) << 32 | order
        queue = self._by_key.setdefault(key, [])
        heapq.heappush(queue, place)
        if queue[0] == place and key not in self._parked:
            heapq.heappush(self._fronts, (place, key))

    def unpark(self, key: str) -> None:
        """The key may be usable again."""
        if key in self._parked:
            self._parked.discard(key)
            self._show(key)

    def unpark_all(self) -> None:
        for key in list(self._parked):
            self.unpark(key)

    def candidates(
        self, waiting: Callable[[int, str], bool], usable: Callable[[str], bool]
    ) -> Iterator[int]:
        """Waiting jobs of usable keys, lowest first, one a key.

        A candidate that is not taken must be removed with ``drop`` before the next is asked for.
        """
        while True:
            self._let_in()
            if not self._fronts:
                return
            place, key = self._fronts[0]
            order = place & _ORDERS
            queue = self._by_key.get(key)
            if key in self._parked or not queue or queue[0] != place:
                heapq.heappop(self._fronts)
            elif not waiting(order, key):
                self.drop(order, key)
            elif not usable(key):
                heapq.heappop(self._fronts)
                self._parked.add(key)
            else:
                yield order

    def drop(self, order: int, key: str) -> None:
        """Take the first job of a key out; its next one comes to the front."""
        self._let_in()
        queue = self._by_key[key]
        while queue and queue[0] & _ORDERS == order:
            heapq.heappop(queue)
        if queue:
            self._show(key)
        else:
            del self._by_key[key]

    def _show(self, key: str) -> None:
        queue = self._by_key.get(key)
        if queue:
            heapq.heappush(self._fronts, (queue[0], key))
