"""The day's money: what resources and paid calls cost so far, and the limit at which claims pause.

Everything is an estimate from our own records and the prices of the settings. The limit stops new
work only: jobs at work finish, so a day may cost a little more than its limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from engine.config import SETTINGS_FILE, Settings
from engine.errors import EngineError
from engine.insight.money import MONEY_LIMIT, NEAR_LIMIT, minutes_on_now
from engine.logger import get_logger
from engine.workloads.labels import plural
from engine.workloads.paid_calls import NO_CALLS, PaidCalls

if TYPE_CHECKING:
    from engine.orchestrator import Orchestrator
    from engine.workloads.base import Workload

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spending:
    """US dollars of one day."""

    day: date
    resources: float
    calls: float
    minutes: float = 0.0
    """Of resources."""
    paid_calls: PaidCalls = NO_CALLS

    @property
    def total(self) -> float:
        return self.resources + self.calls


def spending(workload: Workload, settings: Settings, now: datetime) -> Spending:
    """What the operator's present day has cost. Raises EngineError, OSError of the workload."""
    day = settings.day_of(now)
    held = minutes_on_now(workload.resources(ask=False), now, settings.zone)
    minutes, calls = workload.minutes_on(day) + held, workload.calls_on(day)
    return Spending(
        day=day,
        resources=minutes * workload.price_per_minute,
        calls=calls.usd,
        minutes=minutes,
        paid_calls=calls,
    )


class DailyLimit:
    """Pauses the claims of one run when the day has cost what it may; see ``StandingOrders``."""

    def __init__(self, run: Orchestrator) -> None:
        self._run = run
        self.limit = run.settings.run.usd_per_day
        """US dollars; 0 = none."""
        self.spent: Spending | None = None
        """As of the last look."""
        self._settings_seen = self._settings_stamp()
        self._told: set[tuple[str, date, float]] = set()

    def look(self) -> None:
        """Pause at the limit, say so once; lift what another day or another limit makes void."""
        run = self._run
        self._read_limit()
        try:
            spent = self.spent = spending(run.workload, run.settings, run.now())
        except (EngineError, OSError) as exc:
            log.warning("spending_not_known", error=str(exc))
            return
        kept = run.control.limit_reached
        if kept is not None and (kept.day != spent.day or self._below(kept.usd, spent)):
            run.control.lift_limit()
            run.news.emit("limit_lifted", text="Claims go on: the money limit no longer holds.")
        if not self.limit or run.control.unlimited_day == spent.day:
            return
        if spent.total >= self.limit:
            self._reached(spent)
        elif spent.total >= NEAR_LIMIT * self.limit and self._first("warned", spent):
            run.news.emit(
                "money_warning", text=f"{self._figures(spent)}; claims pause at the limit."
            )

    def facts(self) -> dict[str, Any]:
        """For the status."""
        spent = self.spent
        return {
            "limit": self.limit,
            "spent": round(spent.total, 4) if spent else 0.0,
            "calls": round(spent.calls, 4) if spent else 0.0,
            "unlimited": spent is not None and self._run.control.unlimited_day == spent.day,
        }

    def _reached(self, spent: Spending) -> None:
        run = self._run
        if not run.control.paused:
            try:
                why = self._share(spent)
                run.control.pause_for_limit(spent.day, self.limit, by=MONEY_LIMIT, why=why)
            except EngineError as exc:
                log.warning("pause_not_kept", error=str(exc))
        if self._first("reached", spent):
            run.news.alarm(
                f"The daily money limit is reached: {self._figures(spent)}. Claims are paused; "
                "jobs at work finish. To go on, raise run.usd_per_day, or resume: then there is no "
                "limit until tomorrow.",
                id=MONEY_LIMIT,
            )

    def _figures(self, spent: Spending) -> str:
        label = self._run.workload.labels.resource
        calls = f" ({plural(label)} ${spent.resources:.2f}, calls ${spent.calls:.2f})" * bool(
            spent.calls
        )
        return self._share(spent) + calls

    def _share(self, spent: Spending) -> str:
        return f"about ${spent.total:.2f} of ${self.limit:.2f} is spent today"

    def _first(self, what: str, spent: Spending) -> bool:
        key = (what, spent.day, self.limit)
        first = key not in self._told
        self._told.add(key)
        return first

    def _below(self, paused_at: float, spent: Spending) -> bool:
        """The limit is another one now, and has room."""
        return self.limit != paused_at and (not self.limit or spent.total < self.limit)

    # -- a limit that was raised -------------------------------------------------------------------

    def _settings_stamp(self) -> tuple[int, int] | None:
        try:
            found = (self._run.work_dir / SETTINGS_FILE).stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size)

    def _read_limit(self) -> None:
        """The one setting that is read again while a run is live."""
        stamp = self._settings_stamp()
        if stamp == self._settings_seen:
            return
        self._settings_seen = stamp
        try:
            limit = Settings.load(self._run.work_dir).run.usd_per_day
        except (EngineError, OSError) as exc:
            log.warning("settings_not_read_again", error=str(exc))
            return
        if limit != self.limit:
            self.limit = limit
            said = f"${limit:.2f}" if limit else "none"
            self._run.news.emit("limit_changed", text=f"Daily money limit: {said}.")
