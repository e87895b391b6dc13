"""What a job's row says of its order for people, and how urgent it is (behaviour C4.2, C4.3)."""

from __future__ import annotations

import re
from typing import Final

from engine.downloads.orders import Order
from engine.output import one_line

USUAL_PRIORITY: Final = 5
MOST_URGENT: Final = 1
LEAST_URGENT: Final = 10
_PRIORITY: Final = re.compile(r"\(priority (\d{1,2})\)\Z")


def details(order: Order, priority: int = USUAL_PRIORITY) -> str:
    """Supplier and amount, ending with the priority. Raises ValueError for one that is none."""
    if not MOST_URGENT <= priority <= LEAST_URGENT:
        raise ValueError(f"priority is {priority}: allowed is {MOST_URGENT} to {LEAST_URGENT}.")
    said = ", ".join(one_line(part) for part in (order.supplier, order.amount) if part)
    return f"{said} (priority {priority})".lstrip()


def priority_of(text: str) -> int:
    """What ``details`` ended with; the usual one for a row that somebody changed by hand."""
    found = _PRIORITY.search(text)
    number = int(found[1]) if found else USUAL_PRIORITY
    return number if MOST_URGENT <= number <= LEAST_URGENT else USUAL_PRIORITY
