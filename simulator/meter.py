"""What the phones cost: whole minutes between started and off, with a cap a phone and day."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from simulator.farm_file import Money

MINUTE = 60.0
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Charge:
    """One running period of a phone."""

    flow_id: int
    phone: str
    minutes: int
    amount: float
    """US dollars."""
    capped: bool
    """The daily cap took something off."""
    ended: float
    """Simulated seconds."""


class Meter:
    """Adds up simulated minutes; a begun minute counts whole."""

    def __init__(self, money: Money) -> None:
        self._money = money
        self._spent: defaultdict[tuple[str, int], float] = defaultdict(float)
        self.charges: list[Charge] = []
        self.total_minutes = 0

    @staticmethod
    def minutes(ready: float, until: float) -> int:
        """Billed minutes of a phone that was started at ``ready``; 0 if it never was."""
        return max(0, math.ceil((until - ready) / MINUTE)) if ready < until else 0

    def charge(self, phone: str, ready: float, off: float, *, own: bool = True) -> Charge:
        """Close a running period. ``own`` False: other people's minutes, not on our bill."""
        minutes = self.minutes(ready, off)
        amount = self._amount(phone, ready, minutes) if minutes else 0.0
        full = minutes * self._money.price_per_minute
        made = Charge(
            flow_id=len(self.charges) + 1,
            phone=phone,
            minutes=minutes,
            amount=amount if own else 0.0,
            capped=amount < full - 1e-9,
            ended=off,
        )
        if own:
            self.charges.append(made)
            self.total_minutes += minutes
        return made

    @property
    def spent(self) -> float:
        return sum(charge.amount for charge in self.charges)

    @property
    def balance(self) -> float:
        """What is left in the wallet; never below zero."""
        return max(0.0, self._money.balance - self.spent)

    def _amount(self, phone: str, ready: float, minutes: int) -> float:
        amount = 0.0
        for minute in range(minutes):
            key = (phone, int((ready + minute * MINUTE) // DAY))
            price = min(self._money.price_per_minute, self._money.daily_cap - self._spent[key])
            self._spent[key] += max(0.0, price)
            amount += max(0.0, price)
        return amount
