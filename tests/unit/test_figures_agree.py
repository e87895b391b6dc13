"""The same figures wherever they are shown: run end, ``--status --json``, Cockpit, Ledger."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.commandline.status_report import collect
from engine.jobs import Claim, ErrorCategory, Failure, JobStatus
from engine.progress import ProgressTracker
from tests.watched_place import Place

KEYS = tuple("abcdefg")


def happen(place: Place, chance: random.Random) -> None:
    """Something that a worker or the operator does."""
    ledger, names = place.ledger, [f"j-{key}" for key in KEYS]
    some = chance.sample(names, 2)
    match chance.randrange(8):
        case 0 | 1 | 2:
            claim = ledger.claim(chance.choice("01"))
            if isinstance(claim, Claim) and chance.random() < 0.8:
                end(place, claim, chance)
        case 3:
            ledger.requeue(some)
        case 4:
            ledger.undo_requeue(some)
        case 5:
            ledger.skip(some)
        case 6:
            ledger.unskip(some)
        case _:
            ledger.mark_posted(some)
    place.forward(seconds=chance.randrange(90))


def end(place: Place, claim: Claim, chance: random.Random) -> None:
    if chance.random() < 0.4:
        place.ledger.mark_submitted(claim)
    if chance.random() < 0.4:
        place.ledger.succeed(claim)
    else:
        category = chance.choice(list(ErrorCategory))
        place.ledger.fail(claim, Failure(error="x", category=category, error_type="adb_timeout"))


def agree(place: Place) -> None:
    watch = place.watch()
    seen = watch.refresh().overview
    anew = ProgressTracker(place.ledger.path, settings=place.settings, now=place.now)
    totals = anew.figures()
    anew.close()
    assert dict(seen.by_status) == totals.by_status
    assert (seen.total, seen.in_doubt) == (totals.total, totals.in_doubt)
    assert seen.to_retry + seen.final == totals.failed
    assert sum(number for _, number in seen.retry_why) == seen.to_retry
    assert sum(number for *_, number in seen.final_why) == seen.final
    lines = watch.job_lines()
    assert Counter(str(line.job.status) for line in lines) == +Counter(totals.by_status)
    failed = Counter(line.glyph for line in lines if line.job.status is JobStatus.FAILED)
    assert failed["~"] == seen.to_retry
    assert (failed["x"] + failed["?"], failed["?"]) == (seen.final, seen.in_doubt)


@hypothesis_settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_cockpit_counts_what_the_ledger_counts_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)
    place = Place(tmp_path_factory.mktemp("day"))
    place.seed(*KEYS)
    for _ in range(20):
        happen(place, chance)
        agree(place)
    status = collect(place.watch())
    shown, ledger = status["overview"], status["ledger"]
    assert shown["by_status"] == {name: ledger[name] for name in shown["by_status"]}
    assert (shown["total"], shown["in_doubt"]) == (ledger["total"], ledger["in_doubt"])
    assert shown["blocked"] == ledger["blocked"]
