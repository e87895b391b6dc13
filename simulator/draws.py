"""Seeded chance: delays and faults depend on the thing and its occurrence, not on who came first.

Two runs of the same farm file give the n-th boot of a phone the same delay and the same fault,
however the workers' calls interleave.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from simulator.farm_file import (
    INFRASTRUCTURE_KINDS,
    FaultKind,
    Faults,
    ScriptedFault,
)


def chance(seed: int, *what: object) -> random.Random:
    """A generator of its own for one occurrence of one thing."""
    return random.Random(f"{seed}|" + "|".join(str(part) for part in what))


class Delays:
    """Durations in simulated seconds, drawn by name."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count: Counter[tuple[str, str]] = Counter()

    def draw(self, name: str, key: str, span: tuple[float, float]) -> float:
        """The next duration ``name`` of the thing ``key``."""
        self._count[name, key] += 1
        return chance(self._seed, "delay", name, key, self._count[name, key]).uniform(*span)


class FaultDraws:
    """Which fault strikes where; scripted faults come before rates."""

    def __init__(self, seed: int, faults: Faults) -> None:
        self._seed = seed
        self._faults = faults
        self._count: Counter[tuple[FaultKind, str]] = Counter()

    def of_boot(self, key: str, account: str, boot: int) -> FaultKind | None:
        """The infrastructure fault of this boot, if any."""
        for fault in self._scripted(INFRASTRUCTURE_KINDS, account):
            if fault.strikes(boot):
                return fault.kind
        dice = chance(self._seed, "infrastructure", key, boot)
        if dice.random() >= self._faults.infrastructure:
            return None
        weights = [self._faults.weights.get(kind, 1.0) for kind in INFRASTRUCTURE_KINDS]
        if not any(weights):
            return None
        return dice.choices(INFRASTRUCTURE_KINDS, weights)[0]

    def at_boot(self, kind: FaultKind, key: str, account: str, boot: int) -> bool:
        """Whether a fault with its own rate strikes at this boot."""
        if any(fault.strikes(boot) for fault in self._scripted((kind,), account)):
            return True
        return self._by_rate(kind, key, boot)

    def draw(self, kind: FaultKind, key: str, account: str = "") -> bool:
        """Whether ``kind`` strikes now; each call is one more occurrence for ``key``."""
        self._count[kind, key] += 1
        occurrence = self._count[kind, key]
        if any(fault.strikes(occurrence) for fault in self._scripted((kind,), account)):
            return True
        return self._by_rate(kind, key, occurrence)

    def at_request(self, kind: FaultKind, path: str, account: str, key: str) -> bool:
        """Whether an HTTP fault strikes a request to ``path`` about the phone ``key``.

        Scripts count the requests to the path (of the account, where one is named), rates those
        about the phone.
        """
        if not self._faults.script and not self._faults.rates.get(kind):
            return False
        for number, fault in enumerate(self._faults.script):
            if fault.kind is not kind or fault.path not in ("", path):
                continue
            if fault.account not in ("", account):
                continue
            place = f"script {number}"
            self._count[kind, place] += 1
            if fault.strikes(self._count[kind, place]):
                return True
        self._count[kind, f"{path} {key}"] += 1
        return self._by_rate(kind, f"{path} {key}", self._count[kind, f"{path} {key}"])

    def _scripted(self, kinds: Sequence[FaultKind], account: str) -> list[ScriptedFault]:
        return [
            fault
            for fault in self._faults.script
            if fault.kind in kinds and fault.account in ("", account)
        ]

    def _by_rate(self, kind: FaultKind, key: str, occurrence: int) -> bool:
        rate = self._faults.rates.get(kind, 0.0)
        return rate > 0 and chance(self._seed, kind, key, occurrence).random() < rate
