"""What the operator wants to stay so: claims paused, accounts and workers held.

Kept in the run directory, so that a restart of the supervisor does not forget it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from engine.errors import EngineError
from engine.private_files import explain

if TYPE_CHECKING:
    from engine.run_state import RunDirectory
    from engine.supervision import Workers


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A day's money limit that paused claims."""

    day: date
    usd: float


class StandingOrders:
    """Tells every worker, present and future, and writes it down."""

    def __init__(
        self,
        run_dir: RunDirectory,
        workers: Workers,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        """``changed`` is called once an order is another. Raises InputError where what was kept
        cannot be read."""
        self._run_dir = run_dir
        self._workers = workers
        self._changed = changed
        self._kept = run_dir.read_control()
        self._apply()

    @property
    def paused(self) -> bool:
        """No new claims for anybody."""
        return self._kept.paused

    @property
    def paused_by(self) -> str:
        """Who paused; empty when nobody is named or nothing is paused."""
        return self._kept.paused_by

    @property
    def paused_at(self) -> datetime | None:
        """Since when it is paused, where that is known."""
        return self._kept.paused_at

    @property
    def paused_why(self) -> str:
        """In words, where the run paused by itself; else empty."""
        return self._kept.paused_why

    @property
    def limit_reached(self) -> LimitReached | None:
        """What paused claims, where it was a day's money limit."""
        day = self._kept.limit_day
        return None if day is None else LimitReached(day, self._kept.limit_usd)

    @property
    def unlimited_day(self) -> date | None:
        """The day for which the operator resumed although its money limit was reached."""
        return self._kept.unlimited_day

    @property
    def pause_after_stage(self) -> bool:
        """Claims are to be paused when the present stage has ended."""
        return self._kept.pause_after_stage

    @property
    def held_keys(self) -> frozenset[str]:
        """No new claims for their jobs."""
        return self._kept.held_keys

    @property
    def held_workers(self) -> frozenset[int]:
        """No new claims for these."""
        return self._kept.held_workers

    def pause(self, *, paused: bool, by: str = "", why: str = "") -> None:
        """No new claims, or claims again; ``by`` names who wants it, ``why`` says it in words where
        the run does so by itself. Who paused first is kept.

        Either way the pause that was wanted after the present stage is done with. Over a pause of
        the money limit, a pause is the operator's own from now on, and a resume holds against the
        limit until the next day.
        """
        limited = self._kept.limit_day
        if paused and self._kept.paused and limited is None:
            if self._kept.pause_after_stage:
                self._change(pause_after_stage=False)
            return
        self._change(
            paused=paused,
            paused_by=by if paused else "",
            paused_at=datetime.now(UTC) if paused else None,
            paused_why=why if paused else "",
            limit_day=None,
            unlimited_day=self._kept.unlimited_day if paused or limited is None else limited,
            pause_after_stage=False,
        )

    def pause_for_limit(self, day: date, usd: float, *, by: str, why: str) -> None:
        """A day's money limit is reached: no new claims until that is void, or somebody resumes."""
        self._change(
            paused=True,
            paused_by=by,
            paused_at=datetime.now(UTC),
            paused_why=why,
            limit_day=day,
            limit_usd=usd,
        )

    def lift_limit(self) -> None:
        """The limit that paused claims does not hold any more: claims again."""
        self._change(paused=False, paused_by="", paused_at=None, paused_why="", limit_day=None)

    def want_pause_after_stage(self) -> None:
        """Pause when the present stage has ended; ``pause`` and ``resume`` replace the wish."""
        self._change(pause_after_stage=True)

    def hold_key(self, key: str, *, held: bool) -> None:
        keys = self.held_keys
        self._change(held_keys=keys | {key} if held else keys - {key})

    def hold_worker(self, slot: int, *, held: bool) -> None:
        slots = self.held_workers
        self._change(held_workers=slots | {slot} if held else slots - {slot})

    def _change(self, **changes: object) -> None:
        """Raises EngineError where it holds now but could not be written down."""
        self._kept = self._kept.model_copy(update=changes)
        self._apply()
        self._changed()
        try:
            self._run_dir.write_control(self._kept)
        except OSError as exc:
            raise EngineError(
                f"It holds now, but not over a restart of the run: {explain(exc)}"
            ) from exc

    def _apply(self) -> None:
        self._workers.held = set(self._kept.held_workers)
        self._workers.order(paused=self._kept.paused, held_keys=sorted(self._kept.held_keys))
