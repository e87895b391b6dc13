"""``ResourceMonitor`` under its contract's name: its states, its decisions and their history."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping

import pytest

from engine.host.samples import MEGABYTE, HostSample
from engine.parallel.resource_monitor import ResourceMonitor

GB = 1024 * MEGABYTE


class Host:
    """Tells a new look each time, of a host whose memory is set."""

    def __init__(self) -> None:
        self.free = 8.0
        self.asked = threading.Event()

    def read(self, roots: Mapping[str, int]) -> HostSample:
        sample = HostSample(
            at=time.monotonic(), cpu=0.2, cores=4, free=int(self.free * GB), total=16 * GB
        )
        self.asked.set()
        return sample


@pytest.fixture
def monitor() -> Iterator[ResourceMonitor]:
    monitor = ResourceMonitor(max_workers=2, reader=Host())
    yield monitor
    monitor.stop()


def test_it_is_inactive_until_it_is_started_and_after_it_is_stopped(
    monitor: ResourceMonitor,
) -> None:
    assert monitor.state == "inactive"
    assert monitor.decide(workers=1, busy=1, waiting=3) is None, "nothing was seen"
    monitor.start()
    assert monitor.state == "monitoring"
    monitor.stop()
    monitor.stop()
    assert monitor.state == "inactive"


def test_what_the_host_uses_now_is_told_without_a_start(monitor: ResourceMonitor) -> None:
    assert (monitor.current.cpu, monitor.current.free) == (0.2, 8 * GB)
    assert monitor.size(99).proposed == 26, "of 8 GB less 300 MB, 300 MB for each"


def test_one_less_is_scaling_down_until_it_is_gone() -> None:
    host = Host()
    host.free = 0.4
    monitor = ResourceMonitor(max_workers=2, reader=host)
    monitor.start()
    try:
        decision = None
        until = time.monotonic() + 10
        while decision is None and time.monotonic() < until:
            host.asked.wait(1)
            decision = monitor.decide(workers=2, busy=2, waiting=3)
        assert decision is not None
        assert (decision.before, decision.after) == (2, 1)
        assert monitor.history == (decision,)
        assert monitor.state == "scaling_down"
        monitor.decide(workers=1, busy=1, waiting=3, leaving=1)
        assert monitor.state == "scaling_down"
        monitor.decide(workers=1, busy=1, waiting=3)
        assert monitor.state == "monitoring"
    finally:
        monitor.stop()


def test_less_than_one_worker_is_refused() -> None:
    with pytest.raises(ValueError, match="give 1 or more"):
        ResourceMonitor(max_workers=0)
