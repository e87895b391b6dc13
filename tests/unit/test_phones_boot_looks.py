"""One look at all phones that boot: asked once a poll, told to each who waits, once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.errors import JobError
from engine.phones.boot_looks import LOOKS_FILE, BootLooks
from engine.phones.cloud import CloudClient
from engine.phones.codes import PhoneMissingError
from engine.phones.phone import Phone, PhoneStatus
from tests.scripted_provider import (
    Asked,
    LogBook,
    Provider,
    Reply,
    Script,
    batch,
    serving,
    settings_for,
    statuses,
)

EVERY = 2.0
WORKERS = 10


@dataclass
class Room:
    """Workers of one work directory, each waiting for a phone; the clock is the test's."""

    provider: Provider
    books: Path
    at: float = 1_000_000.0
    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(str, range(99)), 1))

    def __post_init__(self) -> None:
        self.provider.rule("phone/status", statuses(self.states))
        self.cloud = CloudClient(settings_for(self.provider.url), self.books, LogBook().log)

    def wait_for(self, phone_id: str) -> BootLooks:
        phone = Phone(id=phone_id, serial_name=f"acc{phone_id}")
        return BootLooks(self.cloud, self.books, phone, every=EVERY, now=lambda: self.at)

    @property
    def asked(self) -> list[list[str]]:
        return [sorted(call.body["ids"]) for call in self.provider.calls("phone/status")]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with serving() as provider:
        (tmp_path / "books").mkdir()
        room = Room(provider, tmp_path / "books")
        yield room
        room.cloud.close()


def look(waiting: BootLooks) -> PhoneStatus | None:
    return waiting.next(time.sleep)


def test_ten_workers_that_wait_make_one_call_a_poll(room: Room) -> None:
    with ExitStack() as stack:
        waits = [stack.enter_context(room.wait_for(str(one))) for one in range(WORKERS)]
        for _ in range(3):
            assert [look(one) for one in waits] == [PhoneStatus.STARTING] * WORKERS
            assert [look(one) for one in waits] == [None] * WORKERS
            room.at += EVERY
        assert room.asked == [sorted(str(one) for one in range(WORKERS))] * 3


def test_who_began_to_wait_after_the_look_is_not_told_of_it(room: Room) -> None:
    with room.wait_for("1") as first:
        look(first)
        room.states["2"] = 0
        with room.wait_for("2") as second:
            assert look(second) is None
            room.at += EVERY
            assert look(first) is PhoneStatus.STARTING
            assert look(second) is PhoneStatus.STARTED
    assert room.asked == [["1"], ["1", "2"]]


def test_phone_that_nobody_waits_for_any_more_is_not_asked_for(room: Room) -> None:
    with room.wait_for("1") as first:
        with room.wait_for("2") as second:
            look(second)
        look(first)
        room.at += EVERY
        look(first)
    assert room.asked == [["1", "2"], ["1"]]
    room.at += EVERY
    with room.wait_for("3") as third:
        look(third)
    assert room.asked[-1] == ["3"]


def test_phone_that_is_gone_is_told_to_its_own_worker_only(room: Room) -> None:
    del room.states["2"]
    with room.wait_for("1") as first, room.wait_for("2") as second:
        assert look(first) is PhoneStatus.STARTING
        with pytest.raises(PhoneMissingError):
            look(second)


def test_bad_id_that_fails_the_whole_call_keeps_nobody_waiting(room: Room) -> None:
    answers = statuses(room.states)

    def strict(asked: Asked) -> Reply:
        return Reply(code=40004) if "bad" in asked.body["ids"] else answers(asked)

    room.provider.rule("phone/status", strict)
    with room.wait_for("1") as first, room.wait_for("bad") as second:
        assert look(first) is PhoneStatus.STARTING
        room.at += EVERY
        with pytest.raises(JobError, match="40004"):
            look(second)
        room.at += EVERY
        assert look(first) is PhoneStatus.STARTING


def silent_about(phone_id: str, answers: Script) -> Script:
    def answer(asked: Asked) -> Reply:
        ids = [one for one in asked.body["ids"] if one != phone_id]
        reply = answers(Asked(path=asked.path, body={"ids": ids}, headers={}))
        return reply if ids else batch([], [])

    return answer


def test_phone_that_the_answer_does_not_mention_was_not_seen(room: Room) -> None:
    room.provider.rule("phone/status", silent_about("1", statuses(room.states)))
    with room.wait_for("1") as first, pytest.raises(JobError, match="did not answer"):
        look(first)


@pytest.mark.parametrize("seconds", [-86_400.0, 86_400.0])
def test_clock_that_is_set_keeps_nobody_waiting(room: Room, seconds: float) -> None:
    with room.wait_for("1") as first:
        look(first)
        room.at += seconds
        assert look(first) is PhoneStatus.STARTING


SEEN = {"since": 1_000_000.0, "looks": 1, "status": 1, "code": None}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        '{"asked": 1, "phones": {"1": {"x": 1}}}',
        json.dumps({"asked": 1e6, "phones": {"1": SEEN | {"since": "yesterday"}}}),
        json.dumps({"asked": 1e6, "phones": {"1": SEEN | {"status": 99}}}),
    ],
)
def test_file_that_cannot_be_read_counts_as_empty(room: Room, content: str) -> None:
    with room.wait_for("1") as first:
        (room.books / LOOKS_FILE).write_text(content, encoding="utf-8")
        assert look(first) is PhoneStatus.STARTING


def test_without_books_each_asks_for_itself(room: Room) -> None:
    room.books.rmdir()
    with room.wait_for("1") as first, room.wait_for("2") as second:
        assert [look(first), look(second), look(first)] == [PhoneStatus.STARTING] * 3
    assert room.asked == [["1"], ["2"], ["1"]]
