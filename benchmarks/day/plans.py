"""What a day waits for: the engine as it comes, and the same with the fixed waits of old.

A plan is a set of the engine's own settings in real seconds; the benchmark divides them by its
scale, so that they shrink as the phones' delays do. Where a setting has gone, the plan says so
instead of passing over it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.config import Settings, public_keys

WAITS: Final = (
    "run.stagger_seconds",
    "run.delay_between_jobs_seconds",
    "run.ahead_idle_seconds",
    "run.idle_poll_seconds",
    "run.supervisor_poll_seconds",
    "run.status_line_seconds",
    "run.recovery_step_seconds",
    "run.recovery_max_seconds",
    "run.restart_backoff_seconds",
    "run.restart_backoff_max_seconds",
    "retry.delay_seconds",
    "retry.capacity_delay_seconds",
    "retry.capacity_delay_max_seconds",
    "posting.first_poll_seconds",
    "posting.poll_seconds",
    "phones.first_poll_seconds",
    "phones.boot_first_look_seconds",
    "phones.boot_poll_seconds",
    "phones.settle_seconds",
    "phones.adb_enable_wait_seconds",
    "phones.adb_poll_seconds",
    "phones.upload_poll_seconds",
    "phones.stop_poll_seconds",
    "phones.stop_settle_seconds",
    "phones.stop_backoff_seconds",
)
"""Settings that somebody sleeps for; bounds of waits are left as the simulator sets them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A name for the table, and what differs from the engine's defaults."""

    name: str
    changes: Mapping[str, float]
    """Dotted setting to real seconds."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Settings that are no waits."""

    def environment(self, scale: float) -> dict[str, str]:
        """Every wait of the plan over ``scale``, as variables that the engine reads."""
        waits = {key: _default(key) for key in WAITS if key in _known()} | {
            key: value for key, value in self.changes.items() if key in _known()
        }
        scaled = {_variable(key): f"{value / scale:.4f}" for key, value in waits.items()}
        return scaled | {_variable(key): text for key, text in self.words.items()}

    def seconds(self, key: str) -> float:
        """One wait in real seconds; 0 where the engine has it no more."""
        if key not in _known():
            return 0.0
        return self.changes.get(key, _default(key))

    def gone(self) -> Sequence[str]:
        """Settings of this plan that the engine has no more: these waits are not in its figures."""
        return sorted(set(self.changes) - _known())


ENGINE: Final = Plan("engine", {})
FIXED: Final = Plan(
    "fixed waits",
    {
        "run.stagger_seconds": 60,
        "run.delay_between_jobs_seconds": 10,
        "run.ahead_idle_seconds": 0,
        "posting.first_poll_seconds": 1,
        "phones.settle_seconds": 5,
        "phones.first_poll_seconds": 2,
        "phones.boot_first_look_seconds": 0,
        "phones.boot_poll_seconds": 2,
        "phones.adb_enable_wait_seconds": 3,
        "phones.adb_poll_seconds": 2,
        "phones.upload_poll_seconds": 2,
        "phones.stop_poll_seconds": 2,
    },
    {"run.stagger": "clock"},
)
"""The waits of earlier systems (behaviour A11.4).

Not in it: their sleeps after each touch, which no setting has, and steps one after the other where
the engine lets steps overlap. So the gain over it is rather too small than too large.
"""


def _known() -> frozenset[str]:
    return frozenset(public_keys())


def _default(key: str) -> float:
    group, _, name = key.partition(".")
    return float(getattr(getattr(Settings(), group), name))


def _variable(key: str) -> str:
    return f"GEELARK_{key.upper().replace('.', '__')}"
