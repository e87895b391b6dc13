"""How many workers fit before a start: never more are proposed than were found to be safe."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.host.samples import MEGABYTE, HostSample
from engine.host.sizing import Sizing, size
from engine.settings_host import Host

BROWSER = Host(worker_megabytes=400, worker_cores=1 / 3)


def sized(
    wanted: int,
    *,
    free: float | None,
    cores: float | None = 2,
    host: Host = BROWSER,
) -> Sizing:
    """``free`` in megabytes."""
    count = None if free is None else int(free * MEGABYTE)
    return size(wanted, HostSample(at=0, free=count, cores=cores), host)


@pytest.mark.parametrize(
    ("wanted", "free", "cores", "proposed", "risk", "stagger"),
    [
        (4, 8000, 2, 4, "low", 0.5),
        (4, 2700, 2, 4, "medium", 2),
        (4, 2000, 2, 4, "high", 2),
        (4, 1899, 2, 3, "medium", 2),  # 699 MB are left by three
        (16, 16000, 2, 6, "low", 0.5),
        (16, 16000, 6, 16, "low", 0.5),
        (4, 16000, 0.2, 1, "low", 0.5),
        (4, 699, 2, 0, "high", 2),
        (4, 0, 2, 0, "high", 2),
        (4, None, 2, 4, "medium", 2),
        (16, None, 2, 6, "medium", 2),
        (16, None, None, 16, "medium", 2),
    ],
)
def test_what_is_proposed(
    *,
    wanted: int,
    free: float | None,
    cores: float | None,
    proposed: int,
    risk: str,
    stagger: float,
) -> None:
    found = sized(wanted, free=free, cores=cores)
    assert (found.proposed, found.risk, found.stagger_seconds) == (proposed, risk, stagger)


@given(
    wanted=st.integers(1, 200),
    free=st.none() | st.integers(0, 64_000),
    cores=st.none() | st.floats(0.1, 128),
    megabytes=st.floats(1, 4000),
    each=st.floats(0, 4),
)
def test_the_proposal_is_never_above_the_safe_number(
    wanted: int, free: int | None, cores: float | None, megabytes: float, each: float
) -> None:
    host = Host(worker_megabytes=megabytes, worker_cores=each)
    found = sized(wanted, free=free, cores=cores, host=host)
    assert 0 <= found.proposed <= wanted
    if found.safe is not None:
        assert found.proposed <= found.safe
    if free is not None and found.proposed:
        assert found.proposed * megabytes <= free - 300 + 1e-6, "what is kept free stays free"


def test_a_start_that_does_not_fit_is_refused_with_figures_and_a_remedy() -> None:
    with pytest.raises(InputError) as refused:
        sized(4, free=1200).check()
    assert str(refused.value) == (
        "4 workers need 1.6 GB of memory (400 MB each); 1.2 GB are free, of which 300 MB stay "
        "free: at most 2 fit. To go on, start with --workers 2, or close other programs (or lower "
        "host.worker_megabytes if a worker needs less)."
    )


def test_where_not_even_one_fits_no_number_is_offered() -> None:
    text = sized(1, free=500).refusal
    assert "not even one fits" in text
    assert re.search(r"--workers \d", text) is None


def test_what_fits_is_not_refused_and_nothing_is_warned_of() -> None:
    found = sized(4, free=8000)
    found.check()
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (sized(4, free=2000), "4 workers leave about 400 MB of 2.0 GB of memory free"),
        (sized(8, free=64_000), "8 workers are more than the 2 cores of this host can serve (6)"),
        (sized(2, free=None), "The free memory of this host cannot be read"),
    ],
)
def test_what_is_near_the_edge_is_warned_of_and_not_refused(found: Sizing, words: str) -> None:
    found.check()
    (text,) = found.warnings
    assert words in text
    assert "lower run.workers" in text


def test_what_one_worker_needs_is_the_operators_to_say() -> None:
    assert sized(4, free=1200, host=Host(worker_megabytes=200)).refusal == ""


def test_a_trade_that_hardly_uses_the_cpu_is_not_bound_by_it() -> None:
    found = sized(100, free=64_000, host=Host(worker_megabytes=100, worker_cores=0))
    assert (found.by_cpu, found.proposed) == (None, 100)


def test_no_worker_at_all_cannot_be_wanted() -> None:
    with pytest.raises(ValueError, match="at least 1 worker"):
        sized(0, free=1000)
