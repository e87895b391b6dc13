"""One list of orders in a session: what is known of it so far, and how it ended (C5.2, C5.3)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from engine.downloads.orders import Order
from engine.parallel.order_input import GivenOrders, Refused
from engine.parallel.pool_settings import MOST_WORKERS, checked_size
from engine.parallel.pool_status import WorkerInstance
from engine.parallel.session_report import (
    Mode,
    OrderOutcome,
    SessionProgress,
    SessionReport,
    SessionState,
)
from engine.parallel.task_figures import QueueStatus

_NOT_REACHED: Final = "nobody came to it"


class SessionWork:
    """One call of ``process_pos``: what is known so far."""

    def __init__(self, orders: GivenOrders, refused: tuple[Refused, ...]) -> None:
        self.orders = orders
        self.refused = refused
        self.left: dict[str, Order] = dict(orders.orders)
        for one in refused:
            self.left.pop(one.po_number, None)
        self.outcomes: dict[str, OrderOutcome] = {}
        self.began = time.monotonic()
        self.ended: float | None = None
        self.status = SessionState.INITIALIZING
        self.begun_as: Mode = "sequential"
        self.mode: Mode = "sequential"
        self.workers = 1
        self.fell_back = False
        self.notes: list[str] = []
        self.why = ""
        """Why what is left was not done."""

    def take(self, ended: Mapping[str, OrderOutcome]) -> None:
        """These orders have their outcome; the first one counts."""
        for number, outcome in ended.items():
            if self.left.pop(number, None) is not None:
                self.outcomes[number] = outcome

    def progress(self, now: QueueStatus, workers: Sequence[WorkerInstance]) -> SessionProgress:
        """With what is under way, which is no part of ``outcomes`` yet."""
        elapsed = (self.ended or time.monotonic()) - self.began
        ended = list(self.outcomes.values())
        completed = now.completed + sum(one.ok for one in ended)
        failed = now.failed + sum(not one.ok for one in ended)
        tried = completed + failed
        left = len(self.outcomes) + len(self.left) - tried
        over = self.status in (SessionState.COMPLETED, SessionState.FAILED)
        if over:
            failed, left = failed + left, 0
        rest = elapsed / tried * left if tried else None
        return SessionProgress(
            status=self.status,
            total=completed + failed + left + len(self.refused),
            pending=left - now.active,
            active=now.active,
            completed=completed,
            failed=failed + len(self.refused),
            elapsed_seconds=elapsed,
            remaining_seconds=0.0 if over else rest,
            mode=self.mode,
            workers=workers,
            notes=tuple(self.notes),
        )

    def report(self) -> SessionReport:
        """How it ended; every order has an outcome."""
        done = dict(self.outcomes)
        for number in self.left:
            reason = f"{_NOT_REACHED}: {self.why}" if self.why else _NOT_REACHED
            done[number] = OrderOutcome(po_number=number, ok=False, reason=reason)
        refused = [
            OrderOutcome(po_number=one.po_number, ok=False, reason=one.reason)
            for one in self.refused
        ]
        in_order = [done[number] for number in self.orders.orders if number in done]
        return SessionReport(
            status=self.status,
            mode=self.begun_as,
            workers=self.workers,
            outcomes=(*in_order, *refused),
            repeated=self.orders.repeated,
            fell_back=self.fell_back,
            notes=tuple(self.notes),
            seconds=time.monotonic() - self.began,
        )


def as_given(orders: Mapping[str, Order]) -> list[dict[str, object]]:
    return [
        {
            "po_number": order.po_number,
            "supplier": order.supplier,
            "url": order.url,
            "amount": order.amount,
        }
        for order in orders.values()
    ]


def most_workers(max_workers: object) -> tuple[int, int]:
    """How many at most, and how many were asked for where that was more."""
    if isinstance(max_workers, int) and not isinstance(max_workers, bool):
        return checked_size(min(max_workers, MOST_WORKERS), "max_workers"), (
            max_workers if max_workers > MOST_WORKERS else 0
        )
    return checked_size(max_workers, "max_workers"), 0
