"""The contract of ``ProcessingSession`` and ``MainApp`` (behaviour C5, C-D8, C-D13, C-D15), at a
trade without browsers."""

from __future__ import annotations

import _thread
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import engine.parallel
from engine.config import Settings
from engine.host.samples import MEGABYTE, HostSample
from engine.parallel.main_app import MainApp
from engine.parallel.pool_status import WorkerState
from engine.parallel.processing_session import ProcessingSession
from engine.parallel.resource_monitor import ResourceMonitor
from engine.parallel.session_report import SessionProgress, SessionReport, SessionState
from tests.family import command_line, running_below

TOY = "tests.toy_workload:ToyWorkload"
QUICK = Settings.model_validate(
    {
        "run": {
            "workload": TOY,
            "restart_backoff_seconds": 0.05,
            "recovery_step_seconds": 0.02,
            "max_restarts": 9,
        }
    }
)
GIGABYTE = 1024 * MEGABYTE


class Host:
    """A host that is always the same."""

    def __init__(self, free_gigabytes: float | None = 64) -> None:
        """None: it does not say what it has."""
        self._sample = HostSample(at=0.0)
        if free_gigabytes is not None:
            free = int(free_gigabytes * GIGABYTE)
            self._sample = HostSample(at=0.0, cpu=0.1, cores=16, free=free, total=64 * GIGABYTE)

    def read(self, _roots: object = None) -> HostSample:
        return self._sample


def session(
    parallel: bool,
    workers: int = 2,
    *,
    host: Host | None = None,
    progress: Callable[[SessionProgress], object] | None = None,
    work_dir: Path | None = None,
) -> ProcessingSession:
    monitor = ResourceMonitor(QUICK.host, max_workers=8, reader=host or Host())
    return ProcessingSession(
        parallel,
        workers,
        monitor=monitor,
        settings=QUICK,
        progress=progress,
        work_dir=work_dir,
        workload=TOY,
    )


def po(number: int, script: str = "do") -> dict[str, object]:
    return {"po_number": f"PO{number}", "supplier": script}


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process and no private folder, whatever the test did."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before = running_below()
    yield
    assert running_below() <= before
    assert not list(temporary.glob("*/work-*"))


# -- all orders are accounted for -----------------------------------------------------------------


@pytest.mark.parametrize("parallel", [False, True])
def test_every_order_given_is_ok_or_failed_and_counted_once(parallel: bool) -> None:
    seen: list[SessionProgress] = []
    ours = session(parallel, progress=seen.append)
    given: list[object] = [po(1, "sleep:1.2 do"), po(2), po(1), po(3, "raise:content")]
    given += [{}, {"po_number": ""}, "PO9", {"po_number": "PO7", "url": "ftp://x"}]

    ok, failed, report = ours.process_pos(given)  # type: ignore[arg-type]  # as programs may

    assert (ok, failed) == (2, 5)
    assert report.mode == ("parallel" if parallel else "sequential")
    assert [one.po_number for one in report.outcomes][:3] == ["PO1", "PO2", "PO3"]
    assert all(one.reason for one in report.outcomes if not one.ok)
    assert (list(report.repeated), report.status) == (["PO1"], SessionState.COMPLETED)
    assert report.seconds >= 1.2
    assert len(seen) >= 2, "every second, and at the end"
    for moment in seen:
        assert moment.pending + moment.active + moment.completed + moment.failed == 7
    assert (seen[-1].completed, seen[-1].failed) == (2, 5)
    assert seen[-1].status is SessionState.COMPLETED


def test_a_worker_that_dies_again_and_again_loses_no_order() -> None:
    ok, failed, report = session(True).process_pos([po(1, "crash"), po(2), po(3)])

    assert (ok, failed) == (2, 1)
    lost = next(one for one in report.outcomes if not one.ok)
    assert lost.po_number == "PO1"
    assert lost.reason


def test_nothing_given_is_nothing_done() -> None:
    assert session(True).process_pos([])[:2] == (0, 0)
    with pytest.raises(TypeError, match="list of orders"):
        session(True).process_pos("PO1")  # type: ignore[arg-type]  # as a program may call it


# -- one after the other, or several at once ------------------------------------------------------


def test_who_does_not_ask_for_parallel_work_gets_no_process(tmp_path: Path) -> None:
    ours = ProcessingSession(settings=QUICK, work_dir=tmp_path, workload=TOY)
    before = running_below()

    with ThreadPoolExecutor(1) as other:
        asked = other.submit(_look_and_let_go, ours, tmp_path, 1)
        ok, failed, report = ours.process_pos([po(1, "until:go do"), po(2), po(3)])

    assert asked.result() == (before, ())
    assert (ok, failed, report.mode, report.workers) == (3, 0, "sequential", 1)
    assert len(list(tmp_path.glob("*-sequential"))) == 1


def test_two_workers_do_two_orders_at_the_same_time(tmp_path: Path) -> None:
    ours = session(True, work_dir=tmp_path)

    with ThreadPoolExecutor(1) as other:
        asked = other.submit(_look_and_let_go, ours, tmp_path, 2)
        orders = [po(1, "until:go do"), po(2, "until:go do"), po(3), po(4)]
        ok, failed, report = ours.process_pos(orders)

    assert asked.result()[1] == (WorkerState.PROCESSING, WorkerState.PROCESSING)
    assert (ok, failed, report.mode, report.workers) == (4, 0, "parallel", 2)
    assert {one.mode for one in report.outcomes} == {"parallel"}


@pytest.mark.parametrize(
    ("parallel", "orders", "free", "mode"),
    [
        (False, 9, 64, "sequential"),
        (True, 1, 64, "sequential"),
        (True, 0, 64, "sequential"),
        (True, 2, 64, "parallel"),
        (True, 9, 0.7, "sequential"),
        (True, 9, 0.1, "sequential"),
    ],
)
def test_parallel_is_chosen_where_it_is_wanted_useful_and_fits(
    parallel: bool, orders: int, free: float, mode: str
) -> None:
    assert session(parallel, 4, host=Host(free)).get_processing_mode(orders) == mode


def test_never_more_workers_than_fit_or_than_eight() -> None:
    tight = session(True, 4, host=Host(free_gigabytes=1.0))
    many = session(True, 16)

    _, _, of_tight = tight.process_pos([po(number) for number in range(4)])
    _, _, of_many = many.process_pos([po(1)])

    assert of_tight.workers == 2, "300 MB each, 300 MB stay free (C-D15)"
    assert "2 instead of 4" in of_tight.notes[0]
    assert many.max_workers == 8
    assert "not 16" in of_many.notes[0]


def test_a_host_that_does_not_answer_gets_few_workers() -> None:
    ours = session(True, 4, host=Host(None))

    _, _, report = ours.process_pos([po(number) for number in range(3)])

    assert report.workers == 2
    assert "cannot be read" in report.notes[0]


# -- fallback -------------------------------------------------------------------------------------


def test_what_collapses_in_parallel_is_done_one_after_the_other(tmp_path: Path) -> None:
    ours = session(True)
    go = tmp_path / "go"
    orders = [po(1, f"until:{go} do"), po(2, f"until:{go} do"), po(3, "raise:content")]

    with ThreadPoolExecutor(1) as other:
        killed = other.submit(_kill_supervisors, ours, go)
        ok, failed, report = ours.process_pos(orders)

    assert killed.result() >= 2
    assert (ok, failed, report.fell_back) == (2, 1, True)
    assert (report.mode, report.status) == ("parallel", SessionState.COMPLETED)
    modes = {one.po_number: one.mode for one in report.outcomes}
    assert (modes["PO1"], modes["PO2"]) == ("sequential", "sequential")
    assert any("one after the other" in note for note in report.notes)


def test_without_a_browser_every_order_is_accounted_for_with_the_reason(tmp_path: Path) -> None:
    ours = ProcessingSession(
        True,
        2,
        browser_config={"browser_binary": tmp_path / "none", "url": "http://site/{po_number}"},
        monitor=ResourceMonitor(reader=Host()),
        out=tmp_path / "out",
    )

    ok, failed, report = ours.process_pos([po(1), po(2), {"po_number": ""}])

    assert (ok, failed) == (0, 3)
    assert (report.fell_back, report.status) == (True, SessionState.FAILED)
    assert all(str(tmp_path / "none") in one.reason for one in report.outcomes[:2])


@pytest.mark.parametrize("parallel", [False, True])
def test_what_only_a_person_can_put_right_ends_the_session_with_the_reason(parallel: bool) -> None:
    ok, failed, report = session(parallel).process_pos([po(n, "raise:hold") for n in range(3)])

    assert (ok, failed, report.status) == (0, 3, SessionState.FAILED)
    assert not report.fell_back, "it would meet the same"
    assert all("Nobody is logged in" in one.reason for one in report.outcomes)
    assert {one.attempts for one in report.outcomes} == {0}, "no order is to blame"


# -- stop and interrupt ---------------------------------------------------------------------------


@pytest.mark.parametrize("parallel", [False, True])
def test_a_stop_from_another_thread_ends_it_and_accounts_for_the_rest(parallel: bool) -> None:
    ours = session(parallel)
    found: list[tuple[int, int, SessionReport]] = []
    orders = [po(1), *(po(number, "hang") for number in range(2, 6))]
    work = threading.Thread(target=lambda: found.append(ours.process_pos(orders)))
    work.start()
    until(lambda: ours.get_progress().completed == 1 and ours.get_progress().active)
    with pytest.raises(RuntimeError, match="at work"):
        ours.process_pos([po(9)])

    assert ours.stop_processing(timeout=25)
    work.join()

    ok, failed, report = found[0]
    assert (ok, failed, report.status) == (1, 4, SessionState.FAILED)
    assert all("stopped" in one.reason for one in report.outcomes if not one.ok)
    assert ours.get_progress().failed == 4
    assert ours.stop_processing(), "nothing is done any more"


@pytest.mark.parametrize("parallel", [False, True])
def test_an_interrupt_reaches_the_caller_and_leaves_nothing(parallel: bool) -> None:
    ours = session(parallel)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt() -> None:
        until(lambda: ours.get_progress().active)
        _thread.interrupt_main()

    other = threading.Thread(target=interrupt)
    other.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            ours.process_pos([po(1, "hang"), po(2, "hang")])
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        other.join()
        signal.signal(signal.SIGINT, handlers[0])

    assert signal.getsignal(signal.SIGTERM) == handlers[1]
    progress = ours.get_progress()
    assert (progress.failed, progress.active) == (2, 0)
    assert ours.process_pos([po(3)])[:2] == (1, 0), "the session can be used again"


# -- the entry point and the names ----------------------------------------------------------------


def test_the_main_app_does_lists_from_files_and_is_sequential_by_default(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("po_number,supplier\nPO1,do\n,nobody\nPO2,raise:content\nPO1,do\n")
    app = MainApp(settings=QUICK, workload=TOY)

    ok, failed, report = app.run(orders)

    assert (app.enable_parallel, app.max_workers, report.mode) == (False, 4, "sequential")
    assert (ok, failed, list(report.repeated)) == (1, 2, ["PO1"])
    assert "no po_number" in report.outcomes[-1].reason
    assert app.run([po(1)])[:2] == (1, 0)
    assert app.stop()
    assert capfd.readouterr() == ("", ""), "the program's own streams stay its own"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"max_workers": 0}, ValueError),
        ({"max_workers": "4"}, TypeError),
        ({"enable_parallel": "yes"}, TypeError),
        ({"progress_seconds": 0.1}, ValueError),
        ({"profile_manager": "base"}, TypeError),
        ({"task_timeout": -1}, ValueError),
    ],
)
def test_what_a_session_cannot_be_made_with_is_refused(
    wrong: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        ProcessingSession(**wrong)  # type: ignore[arg-type]  # as a program without types may


def test_every_public_name_can_be_had_from_one_place() -> None:
    for name in engine.parallel.__all__:
        assert getattr(engine.parallel, name).__name__ == name
    with pytest.raises(AttributeError, match="Nothing"):
        engine.parallel.Nothing  # noqa: B018 - asked for, in vain


def _look_and_let_go(
    ours: ProcessingSession, work_dir: Path, active: int
) -> tuple[set[object], tuple[WorkerState, ...]]:
    """What runs while so many orders are in work; then they may end."""
    until(lambda: ours.get_progress().active == active)
    below = set(running_below())
    until(lambda: active == 1 or _at_work(ours) == active)
    states = tuple(
        one.status for one in ours.get_progress().workers if one.status is WorkerState.PROCESSING
    )
    (next(work_dir.iterdir()) / "go").touch()
    return set(below), states


def _at_work(ours: ProcessingSession) -> int:
    workers = ours.get_progress().workers
    return sum(one.status is WorkerState.PROCESSING for one in workers)


def _kill_supervisors(ours: ProcessingSession, go: Path) -> int:
    """Each one that comes, until the rest is done without; then it may end. How many."""
    killed = set()
    while ours.get_progress().mode != "sequential" or not ours.get_progress().active:
        active = ours.get_progress().active
        for process in running_below():
            if active and process not in killed and "pool_process" in command_line(process):
                process.kill()
                killed.add(process)
        time.sleep(0.02)
    go.touch()
    return len(killed)
