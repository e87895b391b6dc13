from __future__ import annotations

import io
import json
import os
import threading
import time

from engine.channel import WorkerChannel


class Pipe:
    """A real pipe: what a supervisor holds of its worker."""

    def __init__(self, beat_seconds: float = 3600) -> None:
        reading, writing = os.pipe()
        self.worker_end = os.fdopen(reading, "rb")
        self.supervisor_end = os.fdopen(writing, "wb", buffering=0)
        self.said = io.BytesIO()
        self.channel = WorkerChannel(self.worker_end, self.said, beat_seconds=beat_seconds)
        self.channel.start()

    def tell(self, **order: object) -> None:
        self.supervisor_end.write(json.dumps(order).encode() + b"\n")


def test_orders_add_up_and_a_stop_is_never_taken_back() -> None:
    pipe = Pipe()
    pipe.tell(stage=2, held_keys=["x"])
    pipe.tell(paused=True)
    pipe.tell(stop=True)
    pipe.tell(stop=False, paused=False)
    assert pipe.channel.wait_until(lambda orders: orders.stop and not orders.paused, 10)
    orders = pipe.channel.orders
    assert (orders.stage, orders.held_keys, orders.must_stop) == (2, frozenset({"x"}), True)
    pipe.supervisor_end.close()


def test_orders_that_came_before_the_wait_are_not_slept_through() -> None:
    pipe = Pipe()
    seen = pipe.channel.orders
    pipe.tell(stage=1)
    assert pipe.channel.wait_until(lambda orders: orders.stage == 1, 10)
    began = time.monotonic()
    pipe.channel.wait(60, seen=seen)
    assert time.monotonic() - began < 30
    pipe.supervisor_end.close()


def test_a_supervisor_that_is_gone_is_noticed() -> None:
    pipe = Pipe()
    told = threading.Event()
    pipe.channel.on_stop(told.set)
    pipe.supervisor_end.close()
    assert told.wait(10)
    assert pipe.channel.orders.orphaned


def test_a_stray_line_is_no_order() -> None:
    pipe = Pipe()
    pipe.supervisor_end.write(b"some library prints\n[1, 2]\n")
    pipe.tell(stage=1)
    assert pipe.channel.wait_until(lambda orders: orders.stage == 1, 10)
    assert not pipe.channel.orders.must_stop
    pipe.supervisor_end.close()


def test_messages_are_one_json_object_a_line_whatever_they_hold() -> None:
    pipe = Pipe()
    pipe.channel.send("outcome", error='line\nbreak "quoted" \U0001f600')
    lines = pipe.said.getvalue().splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["error"] == 'line\nbreak "quoted" \U0001f600'
    pipe.supervisor_end.close()


def test_a_worker_gives_signs_of_life_until_its_supervisor_is_gone() -> None:
    reading, writing = os.pipe()
    heard, said = os.pipe()
    with os.fdopen(reading, "rb") as orders, os.fdopen(heard, "rb") as supervisor:
        channel = WorkerChannel(orders, os.fdopen(said, "wb", buffering=0), beat_seconds=0.01)
        channel.start()
        first, second = supervisor.readline(), supervisor.readline()
        assert first == second == b'{"event": "beat"}\n'
        os.close(writing)
        assert channel.wait_until(lambda orders: orders.orphaned, 10)
