"""The model's budget: shared by all workers, reserved before a call, settled after it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.config import Settings
from engine.model.budget import BUDGET_FILE, ModelBudget
from engine.model.errors import ModelBudgetError, ModelRateLimitedError
from engine.model.usage import Usage

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TODAY = date(2026, 3, 4)
CALL = Usage(input=1000, output=100)
SMALL = Usage(input=400, output=50)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def budget(tmp_path: Path, clock: Clock | None = None, **limits: float) -> ModelBudget:
    settings = Settings.model_validate({"run": {"timezone": "UTC"}, "model": limits})
    return ModelBudget(tmp_path, settings, now=clock or Clock())


def test_a_call_is_counted_by_what_it_used_not_by_what_was_reserved(tmp_path: Path) -> None:
    book = budget(tmp_path)
    book.reserve("job", CALL).settle(SMALL)
    spent = book.spent_on(TODAY)
    assert (spent.calls, spent.tokens) == (1, 450)
    assert spent.usd == pytest.approx((400 * 0.10 + 50 * 0.50) / 1e6)


def test_prices_of_cached_tokens_are_their_own() -> None:
    prices = Settings().model
    cached = Usage(cache_write=1_000_000, cache_read=1_000_000)
    assert cached.usd(prices) == pytest.approx(0.135)


@pytest.mark.parametrize(
    ("limits", "key"),
    [
        ({"calls_per_job": 2}, "model.calls_per_job"),
        ({"tokens_per_job": 2300}, "model.tokens_per_job"),
        ({"usd_per_job": 0.0004}, "model.usd_per_job"),
        ({"calls_per_day": 2}, "model.calls_per_day"),
        ({"tokens_per_day": 2300}, "model.tokens_per_day"),
        ({"usd_per_day": 0.0004}, "model.usd_per_day"),
    ],
)
def test_each_limit_holds_before_a_call_could_exceed_it(
    tmp_path: Path, limits: dict[str, float], key: str
) -> None:
    book = budget(tmp_path, None, **limits)
    for _ in range(2):
        book.reserve("job", CALL)
    with pytest.raises(ModelBudgetError, match=key.replace(".", r"\.")) as caught:
        book.reserve("job", CALL)
    assert caught.value.error_type == "model_budget"
    assert book.spent_on(TODAY).calls == 2


def test_one_job_that_used_up_its_share_leaves_the_others_theirs(tmp_path: Path) -> None:
    book = budget(tmp_path, calls_per_job=1)
    book.reserve("one", CALL)
    book.reserve("two", CALL)
    with pytest.raises(ModelBudgetError):
        book.reserve("one", CALL)


def test_a_new_day_begins_anew_in_the_operators_zone(tmp_path: Path) -> None:
    clock = Clock()
    settings = Settings.model_validate(
        {"run": {"timezone": "Asia/Tokyo"}, "model": {"calls_per_day": 1}}
    )
    book = ModelBudget(tmp_path, settings, now=clock)
    book.reserve("job", CALL)
    clock.now = NOON + timedelta(hours=2)
    with pytest.raises(ModelBudgetError):
        book.reserve("job", CALL)
    clock.now = NOON + timedelta(hours=4)  # past midnight in Tokyo
    book.reserve("job", CALL)
    assert book.spent_on(date(2026, 3, 5)).calls == 1


def test_a_service_that_asked_for_patience_is_left_alone_by_every_worker(tmp_path: Path) -> None:
    clock = Clock()
    budget(tmp_path, clock).pause(30)
    other = budget(tmp_path, clock)
    with pytest.raises(ModelRateLimitedError) as caught:
        other.reserve("job", CALL)
    assert caught.value.retry_after == 30
    clock.now += timedelta(seconds=31)
    other.reserve("job", CALL)


def test_workers_that_ask_at_once_never_exceed_the_limit(tmp_path: Path) -> None:
    ask = (
        "import sys; from pathlib import Path; from engine.config import Settings\n"
        "from engine.model.budget import ModelBudget; from engine.model.usage import Usage\n"
        "from engine.model.errors import ModelBudgetError\n"
        "s = Settings.model_validate({'model': {'calls_per_day': 10, 'calls_per_job': 99}})\n"
        "book, had = ModelBudget(Path(sys.argv[1]), s), 0\n"
        "for _ in range(8):\n"
        "    try: book.reserve('job', Usage(input=10)); had += 1\n"
        "    except ModelBudgetError: pass\n"
        "print(had)"
    )
    command = (sys.executable, "-c", ask, str(tmp_path))
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sum(int(worker.communicate(timeout=60)[0]) for worker in both) == 10


def test_nothing_is_spent_where_the_book_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / BUDGET_FILE).write_text("{not json", encoding="utf-8")
    book = budget(tmp_path)
    with pytest.raises(ModelBudgetError, match="remove it"):
        book.reserve("job", CALL)
    assert book.spent_on(TODAY).calls == 0
    assert (tmp_path / BUDGET_FILE).read_text(encoding="utf-8") == "{not json"


def test_nothing_is_spent_where_the_book_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / BUDGET_FILE).mkdir()
    with pytest.raises(ModelBudgetError):
        budget(tmp_path).reserve("job", CALL)


def test_old_days_are_forgotten_and_recent_ones_kept(tmp_path: Path) -> None:
    clock = Clock()
    book = budget(tmp_path, clock)
    book.reserve("job", CALL)
    clock.now = NOON + timedelta(days=3)
    book.reserve("job", CALL)
    assert book.spent_on(TODAY).calls == 1
    clock.now = NOON + timedelta(days=40)
    book.reserve("job", CALL)
    assert book.spent_on(TODAY).calls == 0
