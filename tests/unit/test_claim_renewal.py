"""One thread gives signs of life for all claims of a worker, one at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path

from engine.claim_renewal import Renewal
from engine.jobs import Claim
from tests.ledger_days import claimed, seeded

SHORT = 0.01
LONG = 60.0


def claim_of(tmp_path: Path) -> Claim:
    return claimed(seeded(tmp_path / "day.csv", 1))


def renewals() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "renewal"}


def noting(given: queue.Queue[Claim], answer: str = "") -> Callable[[Claim], str]:
    """A renewal that notes each claim, and gives this answer."""

    def renew(held: Claim) -> str:
        given.put(held)
        return answer

    return renew


def never(why: str) -> None:
    raise AssertionError(why)


def test_a_claim_in_hand_is_renewed_again_and_again(tmp_path: Path) -> None:
    given: queue.Queue[Claim] = queue.Queue()
    claim = claim_of(tmp_path)
    renewal = Renewal(noting(given), SHORT)
    held = renewal.begin(claim, never)
    assert [given.get(timeout=10) for _ in range(3)] == [claim] * 3
    renewal.end(held, LONG)


def test_the_claim_kept_for_later_and_the_one_in_hand_are_both_renewed(tmp_path: Path) -> None:
    given: queue.Queue[Claim] = queue.Queue()
    ledger = seeded(tmp_path / "day.csv", 2)
    in_hand, later = claimed(ledger), claimed(ledger)
    renewal = Renewal(noting(given), SHORT)
    first = renewal.begin(in_hand, never)
    second = renewal.begin(later, never)
    wanted = {in_hand.job_id, later.job_id}
    while wanted:
        wanted.discard(given.get(timeout=10).job_id)
    renewal.end(first, LONG)
    while not given.empty():
        given.get()
    assert [given.get(timeout=10) for _ in range(3)] == [later] * 3
    renewal.end(second, LONG)


def test_jobs_one_after_the_other_share_one_thread(tmp_path: Path) -> None:
    claim = claim_of(tmp_path)
    before = renewals()
    renewal = Renewal(lambda _held: "", LONG)
    for _ in range(5):
        renewal.end(renewal.begin(claim, never), LONG)
    assert len(renewals() - before) == 1


def test_a_claim_that_was_taken_back_is_told_once_and_not_renewed_again(tmp_path: Path) -> None:
    told: queue.Queue[str] = queue.Queue()
    asked: queue.Queue[Claim] = queue.Queue()
    renewal = Renewal(noting(asked, "it is gone"), SHORT)
    held = renewal.begin(claim_of(tmp_path), told.put)
    assert told.get(timeout=10) == "it is gone"
    renewal.end(held, LONG)
    assert told.empty()
    assert asked.qsize() == 1


def test_the_end_waits_for_a_sign_of_life_on_its_way(tmp_path: Path) -> None:
    on_its_way, may_end = threading.Event(), threading.Event()
    ended: list[str] = []

    def renew(_held: Claim) -> str:
        on_its_way.set()
        may_end.wait(10)
        ended.append("renewal")
        return ""

    renewal = Renewal(renew, SHORT)
    held = renewal.begin(claim_of(tmp_path), never)
    assert on_its_way.wait(10)
    threading.Timer(0.05, may_end.set).start()
    renewal.end(held, LONG)
    assert ended == ["renewal"]


def test_the_thread_ends_where_nothing_is_held_and_comes_back_with_the_next_claim(
    tmp_path: Path,
) -> None:
    given: queue.Queue[Claim] = queue.Queue()
    claim, before = claim_of(tmp_path), renewals()
    renewal = Renewal(noting(given), SHORT)
    held = renewal.begin(claim, never)
    given.get(timeout=10)
    (thread,) = renewals() - before
    renewal.end(held, LONG)
    thread.join(10)
    assert not thread.is_alive()
    while not given.empty():
        given.get()
    held = renewal.begin(claim, never)
    assert given.get(timeout=10) == claim
    renewal.end(held, LONG)
