"""One budget of the model for all workers of a work directory: calls, tokens, money.

Each call is reserved at its highest possible cost before it is made and settled by what the
service counted after it, under a lock on one file of the books. So the limits hold also
where several workers ask at once, and a worker that dies in a call has paid for it. Where the file
cannot be read or written nothing is spent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import portalocker
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from engine.model.errors import ModelBudgetError, ModelRateLimitedError
from engine.model.usage import Usage
from engine.phones.registry import private_lock
from engine.private_files import write_atomically
from engine.workloads.paid_calls import PaidCalls

if TYPE_CHECKING:
    from engine.config import Settings

BUDGET_FILE: Final = "model_budget.json"
_LOCK_SECONDS: Final = 5.0
_KEPT_DAYS: Final = 35


class Spent(BaseModel):
    """Used so far, reserved calls included."""

    model_config = ConfigDict(extra="forbid")

    calls: int = Field(default=0, ge=0)
    tokens: int = Field(default=0, ge=0)
    usd: float = Field(default=0.0, ge=0)

    def add(self, calls: int, tokens: int, usd: float) -> None:
        self.calls = max(0, self.calls + calls)
        self.tokens = max(0, self.tokens + tokens)
        self.usd = max(0.0, round(self.usd + usd, 9))


class _Book(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    days: dict[date, Spent] = {}
    """By the operator's calendar day."""
    jobs_day: date | None = None
    jobs: dict[str, Spent] = {}
    """Of ``jobs_day`` only."""
    paused_until: AwareDatetime | None = None
    """The service asked for patience; nobody calls it before."""

    def turn_to(self, today: date) -> None:
        if self.jobs_day != today:
            self.jobs_day, self.jobs = today, {}
        oldest = today - timedelta(days=_KEPT_DAYS)
        self.days = {day: spent for day, spent in self.days.items() if day > oldest}


class Reservation:
    """One call that may be made; settled with what it used, or given back unused."""

    def __init__(self, budget: ModelBudget, job_id: str, today: date, most: Usage) -> None:
        self._budget = budget
        self._job_id = job_id
        self._day = today
        self._most = most

    def settle(self, used: Usage) -> None:
        """Replace what was reserved by what was used. Raises ModelBudgetError."""
        self._budget.settle(self._job_id, self._day, self._most, used)


class ModelBudget:
    """Says whether a call may be made; every process of a work directory asks the same file."""

    def __init__(
        self,
        books: Path,
        settings: Settings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path = books / BUDGET_FILE
        self._settings = settings
        self._limits = settings.model
        self._now = now

    def reserve(self, job_id: str, most: Usage) -> Reservation:
        """Take one call of at most this usage.

        Raises ModelBudgetError naming what is used up, ModelRateLimitedError during a pause.
        """
        with self._book() as book:
            today = self._settings.day_of(self._now())
            book.turn_to(today)
            if book.paused_until is not None and self._now() < book.paused_until:
                until = book.paused_until.isoformat(timespec="seconds")
                raise ModelRateLimitedError(
                    f"The model's service asked for patience until {until}.",
                    retry_after=(book.paused_until - self._now()).total_seconds(),
                )
            day = book.days.setdefault(today, Spent())
            job = book.jobs.setdefault(job_id, Spent())
            price = most.usd(self._limits)
            for spent, scope in ((job, "job"), (day, "day")):
                used_up = self._used_up(spent, scope, most.tokens, price)
                if used_up:
                    raise ModelBudgetError(used_up)
            for spent in (job, day):
                spent.add(1, most.tokens, price)
        return Reservation(self, job_id, today, most)

    def settle(self, job_id: str, day: date, most: Usage, used: Usage) -> None:
        """See ``Reservation.settle``."""
        tokens = used.tokens - most.tokens
        usd = used.usd(self._limits) - most.usd(self._limits)
        with self._book() as book:
            if day in book.days:
                book.days[day].add(0, tokens, usd)
            if book.jobs_day == day and job_id in book.jobs:
                book.jobs[job_id].add(0, tokens, usd)

    def pause(self, seconds: float) -> None:
        """The service asked to be left alone for so long: all workers heed it."""
        until = self._now() + timedelta(seconds=seconds)
        with self._book() as book:
            book.paused_until = max(until, book.paused_until or until)

    def spent_on(self, day: date) -> Spent:
        """Used on a day; zero where the file does not say so."""
        try:
            return self._read().days.get(day, Spent())
        except ModelBudgetError:
            return Spent()

    def calls_on(self, day: date) -> PaidCalls:
        """The same for estimates."""
        spent = self.spent_on(day)
        return PaidCalls(made=spent.calls, usd=spent.usd, limit=self._limits.calls_per_day)

    def _used_up(self, spent: Spent, scope: str, tokens: int, usd: float) -> str:
        checks: Mapping[str, tuple[float, float]] = {
            f"calls_per_{scope}": (spent.calls + 1, getattr(self._limits, f"calls_per_{scope}")),
            f"tokens_per_{scope}": (
                spent.tokens + tokens,
                getattr(self._limits, f"tokens_per_{scope}"),
            ),
            f"usd_per_{scope}": (spent.usd + usd, getattr(self._limits, f"usd_per_{scope}")),
        }
        for key, (would_be, limit) in checks.items():
            if would_be > limit:
                return (
                    f"The model's budget of this {scope} is used up: another call could exceed "
                    f"model.{key} = {limit:g} (so far {spent.calls} calls, {spent.tokens} tokens, "
                    f"${spent.usd:.4f})."
                )
        return ""

    @contextmanager
    def _book(self) -> Iterator[_Book]:
        """The book, written back at the end unless something was raised."""
        try:
            with private_lock(self.path.with_suffix(".lock"), _LOCK_SECONDS):
                book = self._read()
                yield book
                write_atomically(self.path, book.model_dump_json(indent=1))
        except (OSError, portalocker.LockException) as exc:
            raise ModelBudgetError(
                f"The model's budget in {self.path} cannot be kept ({type(exc).__name__}), so "
                "nothing is spent: make it and its folder writable."
            ) from exc

    def _read(self) -> _Book:
        try:
            return _Book.model_validate_json(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return _Book()
        except (OSError, ValueError, ValidationError) as exc:
            raise ModelBudgetError(
                f"The model's budget in {self.path} cannot be read, so nothing is spent: remove it "
                "to begin anew."
            ) from exc
