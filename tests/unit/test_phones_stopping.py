"""Phones are stopped and seen stopped, one failing phone never keeping the others on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.phones.cloud import CloudClient
from engine.phones.stopping import StopRound
from tests.scripted_provider import (
    Asked,
    LogBook,
    Provider,
    Reply,
    batch,
    serving,
    settings_for,
    statuses,
)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving() as running:
        yield running


class Fleet:
    """Phones that go off so many looks after they were asked to; refusals by phone."""

    def __init__(self, provider: Provider, states: dict[str, int], *, looks: int = 0) -> None:
        self.states = states
        self.refusals: dict[str, list[int]] = {}
        self.deaf: set[str] = set()
        """Say yes and stay on."""
        self.asked: dict[str, int] = {}
        self.going: dict[str, int] = {}
        self._looks = looks
        provider.rule("phone/stop", self._stop)
        provider.rule("phone/status", self._status)

    def _stop(self, asked: Asked) -> Reply:
        bad: list[Any] = []
        for phone_id in asked.body["ids"]:
            self.asked[phone_id] = self.asked.get(phone_id, 0) + 1
            left = self.refusals.get(phone_id)
            if left:
                bad.append({"code": left.pop(0), "id": phone_id, "msg": ""})
            elif phone_id not in self.deaf:
                self.going.setdefault(phone_id, self._looks)
        return batch([], bad)

    def _status(self, asked: Asked) -> Reply:
        for phone_id in asked.body["ids"]:
            if phone_id in self.going:
                self.going[phone_id] -= 1
                if self.going[phone_id] < 0 and self.states.get(phone_id) in (0, 1):
                    self.states[phone_id] = 2
        return statuses(self.states)(asked)


def a_round(provider: Provider, tmp_path: Path, book: LogBook, **phones: Any) -> StopRound:
    settings = settings_for(provider.url, **phones)
    return StopRound(CloudClient(settings, tmp_path, book.log), settings.phones, book.log)


def names(*ids: str) -> dict[str, str]:
    return {phone_id: f"acc-{phone_id}" for phone_id in ids}


def test_started_and_starting_phones_are_both_stopped_and_seen_off(
    provider: Provider, tmp_path: Path
) -> None:
    fleet = Fleet(provider, {"a": 0, "b": 1}, looks=2)
    done = a_round(provider, tmp_path, LogBook()).run(names("a", "b"))
    assert {key: (one.off, one.detail) for key, one in done.items()} == {
        "a": (True, "seen shut down"),
        "b": (True, "seen shut down"),
    }
    assert fleet.states == {"a": 2, "b": 2}


def test_refused_stop_is_asked_again_until_it_is_taken(provider: Provider, tmp_path: Path) -> None:
    fleet = Fleet(provider, {"a": 0})
    fleet.refusals["a"] = [43005, 43006]
    book = LogBook()
    done = a_round(provider, tmp_path, book).run(names("a"))
    assert done["a"].off
    assert fleet.asked == {"a": 3}
    assert "executing a task" in book.text
    assert "remote control" in book.text


def test_phone_that_refuses_for_ever_is_reported_with_its_reason_and_keeps_nobody_on(
    provider: Provider, tmp_path: Path
) -> None:
    fleet = Fleet(provider, {"a": 0, "b": 0, "c": 0})
    fleet.refusals["b"] = [43006] * 50
    done = a_round(provider, tmp_path, LogBook(), stop_tries=3).run(names("a", "b", "c"))
    assert [done[key].off for key in "abc"] == [True, False, True]
    assert "it is started" in done["b"].detail
    assert "remote control" in done["b"].detail
    assert fleet.asked == {"a": 1, "b": 3, "c": 1}


def test_yes_without_effect_is_asked_again_and_in_the_end_not_believed(
    provider: Provider, tmp_path: Path
) -> None:
    fleet = Fleet(provider, {"a": 0})
    fleet.deaf.add("a")
    began = time.monotonic()
    done = a_round(provider, tmp_path, LogBook(), stop_timeout_seconds=0.3).run(names("a"))
    assert time.monotonic() - began < 2
    assert (done["a"].off, done["a"].detail) == (False, "it is started")
    assert fleet.asked["a"] >= 3


def test_bad_id_that_makes_the_call_fail_as_a_whole_does_not_shield_the_others(
    provider: Provider, tmp_path: Path
) -> None:
    fleet = Fleet(provider, {"a": 0, "b": 0})

    def strict(script: Any) -> Any:
        return lambda asked: Reply(code=40004) if "bad" in asked.body["ids"] else script(asked)

    for path in ("phone/stop", "phone/status"):
        provider.rule(path, strict(provider.scripts[path]))
    done = a_round(provider, tmp_path, LogBook(), stop_tries=2).run(names("a", "bad", "b"))
    assert [done[key].off for key in ("a", "bad", "b")] == [True, False, True]
    assert "40004" in done["bad"].detail
    assert fleet.states == {"a": 2, "b": 2}


def test_unknown_and_expired_phones_count_as_off(provider: Provider, tmp_path: Path) -> None:
    Fleet(provider, {"expired": 3})
    done = a_round(provider, tmp_path, LogBook()).run(names("gone", "expired"))
    assert done["gone"].off
    assert "no such phone" in done["gone"].detail
    assert (done["expired"].off, done["expired"].detail) == (True, "seen expired")


@pytest.mark.parametrize("bad", [Reply(status=503), Reply(drop=True), Reply(raw=b"<html>")])
def test_lost_answers_to_stop_and_status_are_outlived(
    provider: Provider, tmp_path: Path, bad: Reply
) -> None:
    Fleet(provider, {"a": 0})
    for path in ("phone/stop", "phone/status"):
        flaky(provider, path, bad)
    assert a_round(provider, tmp_path, LogBook()).run(names("a"))["a"].off


def flaky(provider: Provider, path: str, bad: Reply) -> None:
    """The first answer of this path is lost."""
    script = provider.scripts[path]
    assert callable(script)
    first = True

    def answer(asked: Asked) -> Reply:
        nonlocal first
        if first:
            first = False
            return bad
        return script(asked)

    provider.rule(path, answer)


def test_provider_that_cannot_be_reached_leaves_every_phone_in_question(tmp_path: Path) -> None:
    with serving() as provider:
        pass
    done = a_round(provider, tmp_path, LogBook(), stop_tries=2).run(names("a", "b"))
    assert [one.off for one in done.values()] == [False, False]
    assert "could not be reached" in done["a"].detail


def test_phone_that_was_off_before_it_was_asked_is_asked_all_the_same(
    provider: Provider, tmp_path: Path
) -> None:
    fleet = Fleet(provider, {"a": 2})
    assert a_round(provider, tmp_path, LogBook()).run(names("a"))["a"].off
    assert fleet.asked == {"a": 1}


def test_phone_whose_start_shows_late_is_stopped_again(provider: Provider, tmp_path: Path) -> None:
    fleet = Fleet(provider, {"a": 2})
    looks = 0
    inner = provider.scripts["phone/status"]
    assert callable(inner)

    def late(asked: Asked) -> Reply:
        nonlocal looks
        looks += 1
        if looks == 2:
            fleet.states["a"] = 1
            fleet.going.clear()
        return inner(asked)

    provider.rule("phone/status", late)
    stopping = a_round(provider, tmp_path, LogBook(), stop_settle_seconds=0.2)
    assert stopping.run(names("a"), just_started=["a"])["a"].off
    assert fleet.states["a"] == 2
    assert fleet.asked["a"] >= 2


def test_large_fleet_goes_in_batches(provider: Provider, tmp_path: Path) -> None:
    ids = [str(number) for number in range(250)]
    fleet = Fleet(provider, dict.fromkeys(ids, 0))
    done = a_round(provider, tmp_path, LogBook()).run(names(*ids))
    assert all(one.off for one in done.values())
    assert set(fleet.states.values()) == {2}
    assert [len(asked.body["ids"]) for asked in provider.calls("phone/stop")] == [100, 100, 50]


def test_nothing_to_stop_asks_nobody(provider: Provider, tmp_path: Path) -> None:
    assert a_round(provider, tmp_path, LogBook()).run({}) == {}
    assert provider.asked == []
