"""Pace, forecast, money and keys of one moment, from what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from engine.insight.forecast import Ahead, forecast, impossible, passes_ahead, with_workers
from engine.insight.forecast_values import (
    NOTHING,
    PAST_DAYS,
    THIS_RUN,
    Forecast,
    PassAhead,
    WithWorkers,
)
from engine.insight.looks import Looked
from engine.insight.measured import AttemptCost, Measured, RunMeasured
from engine.insight.money import money
from engine.insight.operators_day import day_began
from engine.insight.overview import Figures
from engine.insight.pace import Pace, pace
from engine.insight.paced import Paced
from engine.insight.prospect import ahead_of, day_of
from engine.insight.situation import Situation
from engine.insight.standing import Keys

if TYPE_CHECKING:
    from engine.config import Settings
    from engine.insight.attempts import AttemptFold
    from engine.insight.outlook import Policy
    from engine.insight.values import Attempt, Money


class Reckoner:
    """Works out again only what changed."""

    def __init__(self, settings: Settings, past: Callable[[], Measured] = Measured) -> None:
        """``past``: what attempts of the days before took; asked where the run has too few."""
        self._settings = settings
        self._past = past
        self._keys: Paced[Keys] = Paced(Keys(capped=0, free=0, held=0))
        self._pace: tuple[object, Pace] = (None, Pace())
        self._measured = RunMeasured()
        self._forecast: tuple[object, Forecast] = (None, NOTHING)
        self._last: tuple[Ahead, AttemptCost, datetime] | None = None
        """What the last forecast was made of."""

    def figures(
        self,
        now: Situation,
        looked: Looked,
        policy: Policy,
        *,
        fold: AttemptFold,
        capped: Collection[str],
        revision: object,
    ) -> Figures:
        """``capped``: keys whose cap was used up outside this ledger. ``revision`` changes with
        every row of the ledger."""
        as_of = _as_of(now)
        speed = self._speed(now, policy, fold, as_of, revision)
        cost = self._cost(now, policy, fold, as_of)
        spent = _money(now, looked, as_of)
        day = day_of(now, looked, spent, self._measured.ended_today, as_of)
        per_minute = speed.per_minute
        ahead = ahead_of(now, policy, self._settings, day=day, per_minute=per_minute, as_of=as_of)
        self._last = (ahead, cost, as_of) if cost is not None and ahead.moving else None
        known = (ahead, cost, as_of)
        if known != self._forecast[0]:
            self._forecast = (known, forecast(ahead, cost, as_of))
        coming = self._forecast[1]
        key = (revision, len(capped), now.standing.today)
        return Figures(
            pace=speed,
            keys=self._keys.get(key, lambda: now.standing.keys(capped)),
            forecast=coming,
            money=replace(spent, at_finish=coming.cost_in_all),
            stages=policy.retry.max_passes,
        )

    def passes_ahead(self) -> Sequence[PassAhead]:
        """Those of the last forecast; none where nobody can tell."""
        return passes_ahead(*self._last) if self._last is not None else ()

    def with_workers(self, workers: int) -> WithWorkers:
        """The last forecast with another number of workers."""
        if self._last is None:
            most = self._settings.run.max_workers
            return WithWorkers(workers=workers, why_not=impossible(workers, most))
        ahead, cost, as_of = self._last
        return with_workers(ahead, cost, as_of, workers)

    def _speed(
        self, now: Situation, policy: Policy, fold: AttemptFold, as_of: datetime, revision: object
    ) -> Pace:
        attempts: Sequence[Attempt] = fold.attempts
        live = now.status is not None
        if not live and attempts:
            as_of = attempts[-1].claimed_at
        run_id = fold.last_run_id if now.status is None else now.status.run_id
        between = now.status is not None and now.status.waiting_until is not None
        key = (revision, as_of, run_id, policy.current_pass, between)
        if key != self._pace[0]:
            found = pace(
                attempts,
                run_id=run_id,
                as_of=as_of,
                live=live,
                present_pass=policy.current_pass,
                between=between,
            )
            self._pace = (key, found)
        return self._pace[1]

    def _cost(
        self, now: Situation, policy: Policy, fold: AttemptFold, as_of: datetime
    ) -> AttemptCost | None:
        """What an attempt takes, of a live run."""
        if now.status is None:
            return None
        began = day_began(as_of, now.zone)
        measured = self._measured.follow(fold.attempts, now.status.run_id, began)
        pause = self._settings.run.delay_between_jobs_seconds
        found = measured.cost(THIS_RUN, policy.current_pass, pause=pause)
        return found or self._past().cost(PAST_DAYS, pause=pause)


def _money(now: Situation, looked: Looked, as_of: datetime) -> Money:
    return money(
        now.resources,
        price=looked.price,
        minutes_before=looked.minutes_before,
        expected_minutes=None,
        as_of=as_of,
        zone=now.zone,
        calls=looked.calls.usd,
        limit=now.status.money.limit if now.status is not None else 0.0,
    )


def _as_of(now: Situation) -> datetime:
    """The moment that figures are of: the run's own last word, so that they stand still between
    two of them; without a run steps of ten seconds."""
    if now.status is not None:
        return now.status.updated_at
    return now.now.replace(second=now.now.second // 10 * 10, microsecond=0)
