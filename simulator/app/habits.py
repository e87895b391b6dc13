"""How the app of one phone behaves, beside what its world decides."""

from __future__ import annotations

import random
from dataclasses import dataclass

from simulator.app.layout import Layout, layout_for


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """How this phone's app behaves beside what its world decides."""

    layout: Layout
    dialog_rate: float = 0.0
    """Chance that a dialog comes up each time a page opens."""
    surprise_rate: float = 0.0
    """Chance, after each touch, that something comes in between that nobody asked for."""
    asks_for_photos: bool = False
    """Android asks once before the first gallery."""
    asks_before_sharing: bool = False
    """The share form's button is Next, and a notice on audio comes before the reel is posted."""
    leftover: bool = False
    """A failed upload of an earlier day lies above the feed."""

    @classmethod
    def of(cls, seed: str) -> Habits:
        """What a phone is like by its seed."""
        dice = random.Random(f"habits:{seed}")
        return cls(
            layout=layout_for(seed),
            asks_for_photos=dice.random() < 0.3,
            asks_before_sharing=dice.random() < 0.1,
        )
