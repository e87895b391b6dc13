"""A work directory of downloads, a site, and real runs with real browsers in it."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from engine.config import Settings
from engine.downloads.browser_processes import processes_of
from engine.downloads.place import Place
from engine.jobs import Job
from engine.progress import ProgressTracker
from simulator.order_site import content
from simulator.order_site_file import SiteFile, SiteOrder
from tests.e2e.toy_farm import ToyFarm
from tests.logged_in import LoggedIn
from tests.order_site import RunningSite, order_site

SETTINGS = """\
[run]
workload = "downloads"
workers = 2
stagger_seconds = 0.01
delay_between_jobs_seconds = 0
idle_poll_seconds = 0.1
supervisor_poll_seconds = 0.05
restart_backoff_seconds = 0.05
recovery_step_seconds = 0.05
shutdown_timeout_seconds = 15

[host]
scaling = false
worker_megabytes = 1

[downloads]
url = "{template}"
base_profile = "{base}"
settle_seconds = 0.1
stall_seconds = {stall}
page_load_seconds = {page}
timeout_retry_seconds = [0.1]
rate_limit_retry_seconds = [0.1, 0.1, 0.1]
denied_retry_seconds = [0.1]
"""


class DownloadsFarm:
    """One work directory; its runs are those of ``python -m engine.orchestrator``."""

    def __init__(self, work_dir: Path, site: RunningSite, base: Path, **waits: float) -> None:
        self.work_dir = work_dir
        self.site = site
        settings = {"stall": 1.0, "page": 10.0, **waits}
        (work_dir / "geelark.toml").write_text(
            SETTINGS.format(template=site.template, base=base, **settings), encoding="utf-8"
        )
        self.write_list(order.number for order in site.site.file.orders)
        self.doors = ToyFarm.at(work_dir)

    def write_list(self, numbers: Iterable[str]) -> None:
        """What the operator gives."""
        with (self.work_dir / "orders.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["po_number"], *([number] for number in numbers)])

    @property
    def place(self) -> Place:
        return Place(Settings.load(self.work_dir), self.work_dir)

    def jobs(self) -> dict[str, Job]:
        place = self.place
        return dict(ProgressTracker(place.ledger_path, settings=place.settings).jobs())

    def folders(self) -> dict[str, str]:
        """How the folder of each order ends its name."""
        numbers = {order.number: order.number for order in self.site.site.file.orders}
        found = {number: self.place.folders.found(number) for number in (*numbers, *self.jobs())}
        return {number: there[0].value for number, there in found.items() if there is not None}

    def files(self, number: str) -> dict[str, bytes]:
        """What lies in an order's folder, without our own."""
        there = self.place.folders.found(number)
        assert there is not None
        return {
            path.name: path.read_bytes()
            for path in there[1].iterdir()
            if not path.name.startswith(".order.")
        }

    def truth(self, number: str) -> dict[str, bytes]:
        """What the site has of it."""
        file = self.site.site.file
        order = next(order for order in file.orders if order.number == number)
        return {one.name: content(file, number, place) for place, one in enumerate(order.files)}

    def browsers(self) -> list[psutil.Process]:
        """Processes that use a profile of this work directory."""
        return processes_of(self.place.profiles)

    def leftovers(self) -> list[str]:
        """Processes, profiles, scratch folders and partial files that nobody needs any more."""
        place = self.place
        left = [str(process) for process in self.browsers()]
        left += self.doors.processes()
        for folder in (place.profiles, place.scratch):
            if folder.is_dir():
                left += [path.name for path in folder.iterdir() if path.name != ".lock"]
        for folder in place.folders.root.iterdir():
            left += [str(path) for path in folder.iterdir() if path.name.endswith(".crdownload")]
        return left


@contextmanager
def downloads_farm(
    work_dir: Path, who: LoggedIn, *orders: SiteOrder, **waits: float
) -> Iterator[DownloadsFarm]:
    """A farm with its site, which knows the base profile's login."""
    file = SiteFile(
        sessions=(who.session,),
        page_seconds=(0.02, 0.05),
        render_seconds=0.02,
        file_seconds=(0.0, 0.02),
        retry_after_seconds=0,
        orders=orders,
    )
    with order_site(file) as site:
        yield DownloadsFarm(work_dir, site, who.profile, **waits)


def gone(process: psutil.Process, seconds: float = 20.0) -> bool:
    """Whether it ends in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False
