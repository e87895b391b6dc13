"""`python -m benchmarks.check`: what it says of bounds that are kept and that are broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bounds import CHECKS, Bound, Check
from benchmarks.catalogue import Benchmark, Figure
from benchmarks.check import main
from benchmarks.day.counts import counting, pauses, syncs
from benchmarks.last_line import figures_in
from tests.fake_benchmarks import Maker, benchmark_maker

LOOKS = Bound(
    figure=Figure("looks", "looks a touch", most=2),
    reason="a healthy build has 1.2",
    suspects="a screen asked for twice",
)
SHARE = Bound(
    figure=Figure("share", "limit over wall", least=0.5),
    reason="a healthy build has 0.9",
    suspects="a sleep",
    calm=Figure("waited", "for a free core", most=2),
)
PAUSES = """
import threading
import time

time.sleep(0.001)
event = threading.Event()
event.wait(0.002)
event.set()
event.wait(5)
thread = threading.Thread(target=time.sleep, args=(0.004,))
thread.start()
thread.join()
"""
"""Passed in full: three thousandths of a second, and four more beside the main thread."""


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    return benchmark_maker(tmp_path, monkeypatch)


def check(benchmark: Benchmark) -> Check:
    return Check(benchmark, (LOOKS, SHARE), "python -m fake --much")


def test_bounds_that_are_kept_are_a_line_each(
    make: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make("kept", "print('looks=1.2 share=0.91 waited=1 others=3')", figures=())
    assert main([], checks=[check(one)]) == 0
    said = capsys.readouterr().out
    assert "looks" in said
    assert "BROKEN" not in said
    assert figures_in(said)["broken"] == "0"


def test_a_broken_bound_says_what_it_was_what_it_may_be_and_where_to_look(
    make: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make("broken", "print('looks=2.4 share=0.91 waited=1')", figures=())
    assert main([], checks=[check(one)]) == 1
    said = capsys.readouterr().out
    assert (
        "looks (looks a touch) is 2.4 and must be ≤ 2: it may be a screen asked for twice; "
        "`python -m fake --much` shows more." in said
    )
    assert figures_in(said)["broken"] == "1"


def test_only_what_is_broken_twice_is_broken(
    tmp_path: Path, make: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "measured before"
    code = f"""
        from pathlib import Path
        mark = Path({str(mark)!r})
        print(f"looks=1 share={{0.9 if mark.exists() else 0.3}} waited=1")
        mark.touch()
        """
    assert main([], checks=[check(make("busy", code, figures=()))]) == 0
    assert "0.9" in capsys.readouterr().out


def test_what_depends_on_time_is_not_judged_on_a_busy_machine(
    make: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    busy = make("busy", "print('looks=1 share=0.1 waited=9')", figures=())
    assert main([], checks=[check(busy)]) == 0
    assert "too busy" in capsys.readouterr().out
    counted = make("counted", "print('looks=3 share=0.1 waited=9')", figures=())
    assert main([], checks=[check(counted)]) == 1


def test_a_figure_that_is_not_told_breaks_its_bound(
    make: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], checks=[check(make("silent", "print('looks=1')", figures=()))]) == 1
    assert "share was not told by `python -m fake_silent`." in capsys.readouterr().out


def test_a_benchmark_that_fails_is_shown_and_the_next_one_is_checked(
    make: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    fails = make("fails", "raise SystemExit('No farm started.')", figures=())
    kept = make("kept", "print('looks=1.2 share=0.91 waited=1')", figures=())
    assert main([], checks=[check(fails), check(kept)]) == 1
    said = capsys.readouterr().out
    assert "It ended with exit status 1." in said
    assert "No farm started." in said
    last = figures_in(said)
    assert (last["bounds"], last["broken"]) == ("4", "2")


def test_every_bound_has_a_reason_and_a_suspect() -> None:
    for one in CHECKS:
        assert one.bounds
        assert not one.benchmark.missing()
        for bound in one.bounds:
            assert bound.figure.target, bound.figure.name
            assert bound.reason, bound.figure.name
            assert bound.suspects, bound.figure.name


def test_flushes_and_pauses_of_a_worker_are_counted_and_those_of_others_are_not(
    tmp_path: Path,
) -> None:
    calls = [name for name in ("fsync", "fdatasync") if hasattr(os, name)]
    (tmp_path / "report.py").write_text(PAUSES, encoding="utf-8")
    code = "import os, sys\nimport report\nwith open(sys.argv[1], 'w') as file:\n" + "".join(
        f"    os.{name}(file.fileno())\n" for name in calls
    )
    environment = {**os.environ, **counting(tmp_path)}
    for role in ("engine.worker", "engine.orchestrator"):
        command = [sys.executable, "-c", code, str(tmp_path / "file"), role]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True)
        assert syncs(tmp_path) == len(calls)
        assert pauses(tmp_path) == pytest.approx(0.001 + 0.002)
