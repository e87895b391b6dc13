"""Pace, forecast, money and keys of one moment, from what is known of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from engine.insight.forecast import Ahead, forecast
from engine.insight.looks import Looked
from engine.insight.money import money
from engine.insight.overview import Figures
from engine.insight.pace import Pace, pace
from engine.insight.paced import Paced
from engine.insight.situation import Situation
from engine.insight.standing import Keys

if TYPE_CHECKING:
    from engine.insight.attempts import AttemptFold
    from engine.insight.outlook import Policy
    from engine.insight.values import Attempt


class Reckoner:
    """Works out again only what changed."""

    def __init__(self) -> None:
        self._keys: Paced[Keys] = Paced(Keys(capped=0, free=0, held=0))
        self._pace: tuple[object, Pace] = (None, Pace())

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
        coming, expected = forecast(_ahead(now, policy), speed, as_of)
        known = speed.mean_seconds is not None and now.status is not None
        key = (revision, len(capped), now.standing.today)
        return Figures(
            pace=speed,
            keys=self._keys.get(key, lambda: now.standing.keys(capped)),
            forecast=coming,
            money=money(
                now.resources,
                price=looked.price,
                minutes_before=looked.minutes_before,
                expected_minutes=expected * (speed.mean_seconds or 0.0) / 60 if known else None,
                as_of=as_of,
                zone=now.zone,
                calls=looked.calls_cost,
                limit=now.status.money.limit if now.status is not None else 0.0,
            ),
            stages=policy.retry.max_passes,
        )

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


def _ahead(now: Situation, policy: Policy) -> Ahead:
    status = now.status
    return Ahead(
        open_jobs=now.open_jobs,
        to_retry=now.standing.to_retry,
        stage=policy.current_pass,
        stages=policy.retry.max_passes,
        delay_seconds=policy.retry.retry_delay_seconds,
        waiting_until=status.waiting_until if status is not None else None,
        moving=status is not None and not status.paused,
    )


def _as_of(now: Situation) -> datetime:
    """The moment that figures are of: the run's own last word, so that they stand still between
    two of them; without a run steps of ten seconds."""
    if now.status is not None:
        return now.status.updated_at
    return now.now.replace(second=now.now.second // 10 * 10, microsecond=0)
