"""The orders that a program gives: dictionaries of whatever it read them from, made into orders.

Every one is accounted for: an order, a repetition of one, or refused with the reason (behaviour
C1.3, C5.2, C-D13).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engine.downloads.orders import Order, OrderList, flaw_of
from engine.output import one_line

_FIELDS: Final = ("po_number", "supplier", "url", "amount")
_SHOWN: Final = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """An item of a list that is no order."""

    place: int
    """In the list, from 1."""
    po_number: str
    """Empty where it has none."""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenOrders:
    """A list as it was given: its items = orders + repeated + refused, always."""

    orders: Mapping[str, Order]
    """Distinct, by number, in the order of the list."""
    repeated: tuple[str, ...]
    """Numbers that stand further up; each is done once."""
    refused: tuple[Refused, ...]


def order_of(task: object) -> Order:
    """One order from ``po_number``, ``supplier``, ``url`` and ``amount``; other keys are left.

    Raises TypeError for what is no mapping of plain values, ValueError for an order that cannot be
    worked on; both say what to correct.
    """
    if not isinstance(task, Mapping):
        raise TypeError(
            f"an order must be a dict with po_number, not {type(task).__name__}: give "
            '{"po_number": "…"}.'
        )
    number, supplier, url, amount = (_text(name, task.get(name)) for name in _FIELDS)
    order = Order(po_number=number, supplier=supplier, url=url, amount=amount)
    flaw = flaw_of(order)
    if flaw:
        raise ValueError(f"the order cannot be worked on: {flaw}.")
    return order


def given(items: Iterable[object]) -> GivenOrders:
    """All items of a list, each counted once. Raises nothing for an item."""
    orders: dict[str, Order] = {}
    repeated: list[str] = []
    refused: list[Refused] = []
    for place, item in enumerate(items, start=1):
        try:
            order = order_of(item)
        except (TypeError, ValueError) as exc:
            refused.append(Refused(place=place, po_number=_number(item), reason=str(exc)))
            continue
        if order.po_number in orders:
            repeated.append(order.po_number)
        else:
            orders[order.po_number] = order
    return _counted_once(orders, repeated, refused)


def given_in(found: OrderList) -> GivenOrders:
    """The same of a file."""
    refused = tuple(
        Refused(place=row.line, po_number=row.po_number, reason=row.reason) for row in found.refused
    )
    return _counted_once(
        {order.po_number: order for order in found.orders},
        [row.po_number for row in found.repeated],
        refused,
    )


def _counted_once(
    orders: Mapping[str, Order], repeated: list[str], refused: Iterable[Refused]
) -> GivenOrders:
    """An order that is also given wrongly is one order."""
    numbers, counted = set(orders), []
    for one in refused:
        if one.po_number and one.po_number in numbers:
            repeated.append(one.po_number)
            continue
        numbers.add(one.po_number)
        counted.append(one)
    return GivenOrders(orders=orders, repeated=tuple(repeated), refused=tuple(counted))


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise TypeError(
            f"{name} must be text or a number, not {type(value).__name__}: correct the order."
        )
    if isinstance(value, float) and name == "po_number":
        raise TypeError(f"po_number {value!r} is a fraction: give it as text.")
    return str(value).strip()


def _number(item: object) -> str:
    found = item.get("po_number") if isinstance(item, Mapping) else None
    return one_line(str(found))[:_SHOWN] if isinstance(found, str | int) else ""
