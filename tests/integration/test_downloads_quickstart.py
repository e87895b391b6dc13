"""The six quickstart scenarios (behaviour C8) through the public names, with real browsers.

How much faster several workers are is measured by ``python -m benchmarks.downloads``; here the
site's own journal says how many orders were visited at the same time.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.downloads.browser_processes import processes_of
from engine.downloads.folders import OrderFolders
from engine.downloads.profiles import ProfileManager
from engine.parallel.main_app import MainApp
from engine.parallel.processing_session import ProcessingSession
from engine.parallel.resource_monitor import ResourceMonitor
from engine.settings_host import Host
from simulator.order_site import content
from simulator.order_site_file import OrderFault, SiteAttachment, SiteFile, SiteOrder
from tests.logged_in import LoggedIn, logged_in
from tests.order_site import RunningSite, order_site
from tests.real_browser import browser_programs

QUICK: dict[str, Any] = {
    "settle_seconds": 0.1,
    "stall_seconds": 1,
    "page_load_seconds": 30,
    "timeout_retry_seconds": (0.1,),
    "denied_retry_seconds": (0.1,),
}
ROOMY = Host(worker_megabytes=1, worker_cores=0)
"""How many fit on the host of the test is another test's business."""


@pytest.fixture(scope="module")
def who(tmp_path_factory: pytest.TempPathFactory) -> LoggedIn:
    return logged_in(tmp_path_factory.getbasetemp().parent)


def orders(count: int, *, seconds: float = 0.05) -> tuple[SiteOrder, ...]:
    files = (SiteAttachment(name="a.pdf"),)
    return tuple(
        SiteOrder(number=f"PO-{n}", files=files, page_seconds=seconds) for n in range(count)
    )


def site_of(*orders: SiteOrder, session: str = "", meet: int = 0) -> SiteFile:
    return SiteFile(
        needs_login=bool(session),
        sessions=(session,) if session else (),
        page_seconds=(0.02, 0.05),
        render_seconds=0.02,
        file_seconds=(0.0, 0.02),
        meet=meet,
        orders=orders,
    )


def session_on(
    site: RunningSite,
    out: Path,
    *,
    parallel: bool,
    workers: int = 4,
    base: Path | None = None,
    monitor: ResourceMonitor | None = None,
    **more: Any,
) -> ProcessingSession:
    config = {**QUICK, "url": site.template, "base_profile": base, **more}
    return ProcessingSession(
        parallel,
        workers,
        browser_config=config,
        out=out,
        monitor=monitor or ResourceMonitor(ROOMY, max_workers=8),
    )


def given(site: RunningSite) -> list[dict[str, object]]:
    return [{"po_number": order.number} for order in site.site.file.orders]


def complete(site: RunningSite, out: Path) -> set[str]:
    """Orders whose folder says so and holds what the site has."""
    folders = OrderFolders(out)
    found = set()
    for order in site.site.file.orders:
        there = folders.found(order.number)
        if there is not None and there[0].name == "COMPLETED":
            for place, file in enumerate(order.files):
                path = there[1] / file.name
                assert path.read_bytes() == content(site.site.file, order.number, place)
            found.add(order.number)
    return found


@pytest.fixture(autouse=True)
def _nothing_of_ours_changes() -> Iterator[None]:
    """Neither the environment nor the signal handlers of whoever calls (C-D8, C-D10)."""
    browser_programs()
    environment = dict(os.environ)
    handlers = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    yield
    kept = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    environment.pop("PYTEST_CURRENT_TEST", None)
    assert kept == environment
    assert {name: signal.getsignal(name) for name in handlers} == handlers


def test_scenario_1_without_parallel_work_orders_come_one_after_the_other_in_this_process(
    tmp_path: Path,
) -> None:
    with order_site(site_of(*orders(3))) as site:
        app = session_on(site, tmp_path / "out", parallel=False)
        ok, failed, report = app.process_pos(given(site))
        assert (ok, failed, report.mode, report.fell_back) == (3, 0, "sequential", False)
        assert complete(site, tmp_path / "out") == {"PO-0", "PO-1", "PO-2"}
        assert site.journal.most_at_once() == 1
        assert report.workers == 1
        assert not list(tmp_path.rglob("profile-*"))
        assert children() == []


def test_scenario_2_two_workers_share_four_orders_with_separate_profiles(
    tmp_path: Path, who: LoggedIn
) -> None:
    with order_site(site_of(*orders(4), session=who.session, meet=2)) as site:
        app = session_on(site, tmp_path / "out", parallel=True, workers=2, base=who.profile)
        ok, failed, report = app.process_pos(given(site))
        assert (ok, failed, report.mode, report.workers) == (4, 0, "parallel", 2)
        assert len(report.outcomes) == 4
        assert len(complete(site, tmp_path / "out")) == 4
        assert site.journal.most_at_once() == 2
        assert children() == []
        assert processes_of(tmp_path) == []


def test_scenario_3_profiles_are_apart_from_each_other_and_the_base_and_gone_at_the_end(
    tmp_path: Path, who: LoggedIn
) -> None:
    manager = ProfileManager(who.profile, root=tmp_path / "profiles", max_profiles=8)
    first = [manager.create_profile(f"worker-{n}") for n in range(3)]
    more = [manager.create_profile(f"other-{n}") for n in range(4)]
    paths = {*first, *more}
    assert len(paths) == 7
    assert who.profile not in paths
    assert all(manager.validate_profile(path) for path in paths)
    assert manager.cleanup_all_profiles() == 7
    assert not any(path.exists() for path in paths)
    assert (who.profile / "Local State").is_file()


def test_scenario_4_valid_invalid_and_slow_orders_are_all_accounted_for(
    tmp_path: Path, who: LoggedIn
) -> None:
    slow = SiteOrder(number="SLOW", fault=OrderFault.HANG)
    denied = SiteOrder(number="DENIED", fault=OrderFault.DENIED)
    with order_site(site_of(*orders(3), slow, denied, session=who.session)) as site:
        app = session_on(
            site,
            tmp_path / "out",
            parallel=True,
            workers=2,
            base=who.profile,
            page_load_seconds=0.5,
            timeout_retry_seconds=(),
        )
        items: list[dict[str, object]] = [*given(site), {"po_number": "NOWHERE"}, {"po_number": ""}]
        ok, failed, report = app.process_pos([*items, {"po_number": "PO-1"}])
        assert (ok, failed) == (3, 4)
        why = {one.po_number: one.error_type for one in report.outcomes if not one.ok}
        assert why == {
            "SLOW": "page_timeout",
            "DENIED": "access_denied",
            "NOWHERE": "order_not_found",
            "": "",
        }
        assert list(report.repeated) == ["PO-1"]
        assert report.by_state["_COMPLETED"] == 3


def test_scenario_4_sixteen_workers_for_twenty_orders_are_as_many_as_fit(tmp_path: Path) -> None:
    free = psutil.virtual_memory().available / 1_000_000
    monitor = ResourceMonitor(Host(worker_megabytes=free / 3), max_workers=8)
    with order_site(site_of(*orders(20, seconds=0.0))) as site:
        app = session_on(site, tmp_path / "out", parallel=True, workers=16, monitor=monitor)
        ok, failed, report = app.process_pos(given(site))
        assert (ok, failed) == (20, 0)
        assert report.workers < 4
        assert "At most 8 workers are used, not 16 as asked for." in report.notes
        assert any("do not fit on this host now" in note for note in report.notes)


def test_scenario_5_so_many_orders_are_visited_at_once_as_there_are_workers_c_d1(
    tmp_path: Path, who: LoggedIn
) -> None:
    with order_site(site_of(*orders(8), session=who.session, meet=4)) as site:
        app = session_on(site, tmp_path / "out", parallel=True, workers=4, base=who.profile)
        ok, failed, _report = app.process_pos(given(site))
        assert (ok, failed) == (8, 0)
        assert len(complete(site, tmp_path / "out")) == 8
        assert site.journal.most_at_once() == 4


def test_scenario_6_who_says_nothing_gets_one_order_after_the_other_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with order_site(site_of(*orders(2))) as site:
        (tmp_path / "geelark.toml").write_text(
            f'[downloads]\nurl = "{site.template}"\nsettle_seconds = 0.1\n', encoding="utf-8"
        )
        (tmp_path / "orders.csv").write_text("po_number\nPO-0\nPO-1\n", encoding="utf-8")
        app = MainApp()
        assert (app.enable_parallel, app.max_workers) == (False, 4)
        ok, failed, report = app.run(tmp_path / "orders.csv")
        assert (ok, failed, report.mode) == (2, 0, "sequential")
        assert complete(site, tmp_path / "downloads") == {"PO-0", "PO-1"}


def children() -> list[psutil.Process]:
    """Of this process, of which no browser and no worker is left."""
    return [
        one
        for one in psutil.Process().children(recursive=True)
        if one.status() != psutil.STATUS_ZOMBIE and "chrom" in one.name()
    ]
