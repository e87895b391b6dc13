"""A real Chromium at the simulated site of orders: what a worker's session asks of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.downloads.attachment_list import Listed
from engine.downloads.attachments import Arrival, await_whole
from engine.downloads.browser import Browser
from engine.downloads.browser_errors import BrowserError, PageUnreachableError, SelectorError
from engine.downloads.browser_processes import end_browsers, processes_of
from engine.downloads.page import PageKind, await_page, look
from engine.downloads.page_errors import OrderNotFoundError, PageTimeoutError
from engine.downloads.profiles import ProfileManager
from engine.settings_downloads import Downloads
from simulator.order_login import logged_in_profile
from simulator.order_site import content
from simulator.order_site_file import OrderFault, SiteAttachment, SiteFile, SiteOrder, many_orders
from tests.order_site import RunningSite, order_site
from tests.real_browser import OpenBrowser, browser_programs, open_browser

ODD_NAMES = (
    "Räumung & Maße #7 100%.pdf",
    "../up: what?*.txt",
    'say "yes".csv',
    "naïve 日本.xlsx",
    "drawing.html",
    "macro.exe",
)
ODD = SiteOrder(
    number="PO-ODD",
    files=tuple(SiteAttachment(name=name, size=900 + n) for n, name in enumerate(ODD_NAMES)),
)
TWELVE = SiteOrder(
    number="PO-TWELVE",
    files=tuple(SiteAttachment(name=f"part {n}.pdf", size=500 + n) for n in range(12)),
)
SLOW = SiteOrder(number="PO-SLOW", files=(SiteAttachment(name="slow.pdf"),), page_seconds=0.3)
HANG = SiteOrder(number="PO-HANG", fault=OrderFault.HANG)
SITE = SiteFile(
    orders=(*many_orders(3), ODD, TWELVE, SLOW, HANG),
    page_seconds=(0.0, 0.0),
    file_seconds=(0.0, 0.0),
    render_seconds=0.02,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def site() -> Iterator[RunningSite]:
    with order_site(SITE) as running:
        yield running


@pytest.fixture(scope="module")
def settings(site: RunningSite) -> Downloads:
    # No number is looked for: a page must be told from the one before without it.
    return Downloads(url=site.template, order_number="", settle_seconds=0.1)


@pytest.fixture(scope="module")
def base(place: Path, site: RunningSite) -> Path:
    browser_programs()
    return logged_in_profile(place / "base", site.url, SITE)


@pytest.fixture(scope="module")
def profiles(place: Path, base: Path) -> Iterator[ProfileManager]:
    manager = ProfileManager(base, root=place / "profiles")
    yield manager
    manager.close()


@pytest.fixture(scope="module")
def opened(place: Path, settings: Downloads, profiles: ProfileManager) -> Iterator[OpenBrowser]:
    found = open_browser(place, settings, profile=profiles.create_profile("worker-1"))
    yield found
    found.browser.close()


@pytest.fixture
def browser(opened: OpenBrowser) -> Browser:
    return opened.browser


def visit(
    browser: Browser, site: RunningSite, settings: Downloads, number: str
) -> tuple[Listed, ...]:
    browser.visit(site.template.replace("{po_number}", number))
    return await_page(browser.page, settings, number)


def arrive(browser: Browser, listed: tuple[Listed, ...], folder: Path) -> Arrival:
    folder.mkdir()
    browser.save_into(folder)
    browser.fetch(list(enumerate(listed)))
    return await_whole(
        folder,
        listed,
        seconds=10,
        settle_seconds=0.1,
        stall_seconds=5,
        first_look_seconds=0.02,
        longest_look_seconds=0.1,
    )


def test_a_clone_of_the_base_profile_is_logged_in(
    browser: Browser, site: RunningSite, settings: Downloads
) -> None:
    listed = visit(browser, site, settings, "PO-0001")

    assert [one.name for one in listed] == ["PO-0001 part 1.pdf", "PO-0001 part 2.pdf"]
    assert all(one.link.startswith(f"{site.url}/files/PO-0001/") for one in listed)
    assert len(site.journal.sessions()) == 1


def test_all_attachments_arrive_whole_in_the_folder_of_their_order(
    browser: Browser, site: RunningSite, settings: Downloads, tmp_path: Path
) -> None:
    for number in ("PO-0001", "PO-0002"):
        arrival = arrive(browser, visit(browser, site, settings, number), tmp_path / number)
        assert arrival.whole
        assert not arrival.foreign

    for number in ("PO-0001", "PO-0002"):
        for place in (0, 1):
            path = tmp_path / number / f"{number} part {place + 1}.pdf"
            assert path.read_bytes() == content(SITE, number, place)


def test_names_with_odd_signs_arrive_as_what_the_page_lists(
    browser: Browser, site: RunningSite, settings: Downloads, tmp_path: Path
) -> None:
    arrival = arrive(browser, visit(browser, site, settings, "PO-ODD"), tmp_path / "odd")

    assert [one.name for one, _file in sorted(arrival.complete, key=lambda pair: pair[1].size)] == [
        *ODD_NAMES
    ]
    assert arrival.whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["odd"]


def test_more_files_than_a_page_may_begin_at_once_all_arrive(
    browser: Browser, site: RunningSite, settings: Downloads, tmp_path: Path
) -> None:
    arrival = arrive(browser, visit(browser, site, settings, "PO-TWELVE"), tmp_path / "twelve")

    assert len(arrival.complete) == 12


def test_an_entry_without_an_address_is_fetched_by_a_click_at_its_place(
    browser: Browser, site: RunningSite, settings: Downloads, tmp_path: Path
) -> None:
    one, two = visit(browser, site, settings, "PO-0003")
    folder = tmp_path / "clicked"
    folder.mkdir()
    browser.save_into(folder)
    browser.fetch([(1, Listed(name=two.name, size=two.size))])
    arrival = await_whole(folder, [two], seconds=10, settle_seconds=0.1, stall_seconds=5)

    assert [file.name for _one, file in arrival.complete] == [two.name]
    assert one.name not in {path.name for path in folder.iterdir()}


def test_the_page_before_is_never_taken_for_the_one_that_is_asked_for(
    browser: Browser, site: RunningSite, settings: Downloads
) -> None:
    with pytest.raises(OrderNotFoundError):
        visit(browser, site, settings, "PO-NONE")
    browser.visit(site.template.replace("{po_number}", "PO-SLOW"))
    first = look(browser.page, settings)
    after_none = await_page(browser.page, settings, "PO-SLOW")
    before = visit(browser, site, settings, "PO-0001")
    after_order = visit(browser, site, settings, "PO-SLOW")

    assert first.kind in (PageKind.LOADING, PageKind.FOUND)
    assert [one.name for one in after_none] == ["slow.pdf"]
    assert [one.name for one in before] != ["slow.pdf"]
    assert after_order == after_none


def test_files_of_a_page_that_was_left_are_not_fetched(
    browser: Browser, site: RunningSite, settings: Downloads
) -> None:
    listed = visit(browser, site, settings, "PO-0001")
    asked = len(site.journal.files("PO-0001"))
    browser.visit(site.template.replace("{po_number}", "PO-HANG"))

    with pytest.raises(PageTimeoutError):
        browser.fetch([(0, Listed(name=listed[0].name))])
    assert len(site.journal.files("PO-0001")) == asked


def test_a_page_that_never_answers_is_given_up_in_time_and_another_one_is_visited(
    browser: Browser, site: RunningSite, settings: Downloads
) -> None:
    hurried = settings.model_copy(update={"page_load_seconds": 0.5})
    browser.visit(site.template.replace("{po_number}", "PO-HANG"))
    began = time.monotonic()
    with pytest.raises(PageTimeoutError):
        await_page(browser.page, hurried, "PO-HANG")

    assert time.monotonic() - began < 5
    assert len(visit(browser, site, settings, "PO-0002")) == 2


def test_an_address_that_nobody_listens_at_is_named_as_such(browser: Browser) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # taken, and not listened at
        browser.visit(f"http://127.0.0.1:{held.getsockname()[1]}/")
        with pytest.raises(PageUnreachableError, match="ERR_CONNECTION_REFUSED"):
            await_page(browser.page, Downloads(page_load_seconds=5))


def test_a_page_that_asks_something_is_not_waited_for(
    browser: Browser, settings: Downloads
) -> None:
    browser.visit('data:text/html,<p id="order">1</p><script>alert("Really?")</script>')

    hurried = settings.model_copy(update={"page_load_seconds": 5, "no_attachments": ""})
    assert await_page(browser.page, hurried) == ()


def test_a_page_is_kept_as_evidence(
    browser: Browser, site: RunningSite, settings: Downloads
) -> None:
    visit(browser, site, settings, "PO-0001")

    assert 'id="order-number">PO-0001<' in browser.source()
    assert browser.picture().startswith(b"\x89PNG")


def test_a_browser_is_driven_by_the_thread_that_started_it_alone(browser: Browser) -> None:
    refused: list[BaseException] = []

    def drive() -> None:
        try:
            browser.visit("about:blank")
        except RuntimeError as exc:
            refused.append(exc)

    thread = threading.Thread(target=drive)
    thread.start()
    thread.join()

    assert len(refused) == 1


@pytest.fixture
def doomed(tmp_path: Path, site: RunningSite) -> Iterator[OpenBrowser]:
    """A browser for one test, with a selector that is none."""
    found = open_browser(tmp_path, Downloads(url=site.template, attachment="li[["))
    yield found
    found.browser.close()


def test_a_browser_that_crashes_and_dies_says_so_and_leaves_nothing(
    doomed: OpenBrowser, site: RunningSite, settings: Downloads
) -> None:
    browser = doomed.browser
    with pytest.raises(SelectorError, match="attachment is no CSS selector"):
        visit(browser, site, settings, "PO-0001")
    kill(doomed, "--type=renderer")  # as a host without memory does
    with pytest.raises(BrowserError, match="crashed"):
        await_page(browser.page, settings)
    assert doomed.browser.alive
    kill(doomed, "")
    with pytest.raises(BrowserError, match="died"):
        browser.visit(site.url)
    assert not browser.alive
    browser.close()
    browser.close()
    assert doomed.processes() == 0
    assert not doomed.scratch.exists()


def kill(opened: OpenBrowser, kind: str) -> None:
    """Its processes of this kind; "" = the browser's own."""
    for process in processes_of(opened.profile):
        try:
            command = " ".join(process.cmdline())
        except psutil.Error:
            continue  # it has ended meanwhile
        if kind in command if kind else "--type=" not in command:
            process.kill()


_OWNER = """\
import sys, time
from pathlib import Path
from engine.downloads.profiles import ProfileManager
from engine.settings_downloads import Downloads
from tests.real_browser import open_browser
work, base = map(Path, sys.argv[1:])
profile = ProfileManager(base, root=work / "profiles").create_profile("worker-2")
found = open_browser(work, Downloads(), profile=profile, slot=2)
print("profile", profile, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed as POSIX does")
def test_browsers_of_a_worker_that_was_killed_are_found_and_ended_and_no_others(
    place: Path, base: Path, opened: OpenBrowser
) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(place), str(base)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert owner.stdout is not None
    try:
        with owner.stdout as said:
            profile = next(line.split()[1] for line in said if line.startswith("profile "))
    finally:
        owner.kill()
        owner.wait(10)
    left = processes_of(Path(profile))
    assert left

    ended = end_browsers(place, [2], place / "profiles")

    assert ended
    assert not processes_of(Path(profile))
    assert not any(_lives(process) for process in left)
    assert opened.browser.alive


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
