"""One real browser with one profile, driven by one thread (behaviour C6.10).

It is asked over its driver's protocol with a bounded wait for each answer; whatever became of it,
``close`` leaves no process and no file of it but the profile, which belongs to whoever made it.
"""

from __future__ import annotations

import base64
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import psutil
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.webdriver import WebDriver

from engine.downloads import browser_fetching
from engine.downloads.attachment_list import Listed
from engine.downloads.browser_errors import (
    TROUBLE,
    BrowserError,
    PageSilentError,
    shown_error,
    start_trouble,
    trouble,
)
from engine.downloads.browser_fetching import DownloadPace, fetch_arguments
from engine.downloads.browser_options import options_for
from engine.downloads.browser_processes import end_browser, processes_of, processes_of_browser
from engine.downloads.driver_connection import connection_to
from engine.downloads.driver_process import DriverProcess
from engine.downloads.page import Page, PageChangedError
from engine.downloads.page_errors import PageTimeoutError
from engine.downloads.page_snapshot import BLANK, NOTHING, SCRIPT, Looks, Snapshot
from engine.downloads.profile_removal import remove_tree
from engine.downloads.programs import BrowserPrograms, unsandboxed
from engine.downloads.time_limit import TimeLimit
from engine.logger import get_logger
from engine.private_files import explain, make_private_dir
from engine.settings_downloads import Downloads
from engine.workloads.base import ProcessKeeper

__all__ = ["Browser", "BrowserError", "BrowserPage", "unsandboxed"]

log = get_logger(__name__)

SOURCE_CHARACTERS: Final = 2_000_000
LOOK_SECONDS: Final = 2.0
"""Longest wait of one look: until a server has answered, the browser lets no script into the page,
and who is to stop must not wait for it."""
CLOSE_SECONDS: Final = 10.0
"""All of ``close``."""
_QUIT_SECONDS: Final = 3.0
"""For the browser's own farewell."""
_KILL_SECONDS: Final = 3.0
_FARE_WELL_LOOK: Final = 0.02
_SOURCE_SCRIPT: Final = (
    "return (document.documentElement ? document.documentElement.outerHTML : '')"
    ".slice(0, arguments[0])"
)
Answer = TypeVar("Answer")


class BrowserPage:
    """The page that was last visited, as ``engine.downloads.page`` asks it."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def now(self) -> Page:
        """One look; before the page that was asked for is there, nothing is found in it.

        Raises PageChangedError, SelectorError, PageUnreachableError, BrowserError.
        """
        return self._browser.snapshot()

    @property
    def address(self) -> str:
        return self.now().address

    def find(self, selector: str) -> Sequence[Any]:
        return self.now().find(selector)


class Browser:
    """A browser, its driver and its scratch folder; made by ``start``."""

    def __init__(
        self,
        *,
        settings: Downloads,
        driver_process: DriverProcess,
        marker: str,
        scratch: Path,
        profile: Path,
        pause: Callable[[float], object],
    ) -> None:
        self._settings = settings
        self._process = driver_process
        self._marker = marker
        self._scratch = scratch
        self._profile = profile
        self._pause = pause
        self._thread = threading.get_ident()
        self._driver: WebDriver | None = None
        self._main: psutil.Process | None = None
        self._looks = Looks(settings)
        self._pace = DownloadPace(pause)
        self._seen: Snapshot = NOTHING
        self._script_seconds = 0.0
        self._closed = False

    @classmethod
    def start(
        cls,
        programs: BrowserPrograms,
        settings: Downloads,
        *,
        keeper: ProcessKeeper,
        marker: str,
        log: Path,
        scratch: Path,
        profile: Path | None,
        pause: Callable[[float], object],
    ) -> Browser:
        """A browser that is ready to visit pages.

        ``marker``: of this browser alone (``engine.marked.new_marker``). ``scratch``: a folder of
        this browser alone, made here and removed by ``close``. ``profile``: None = an empty one in
        ``scratch``. Raises BrowserError, InputError where only the operator can help, and what
        ``pause`` raises; nothing is left then.
        """
        try:
            make_private_dir(scratch)
            data = profile or make_private_dir(scratch / "profile")
            make_private_dir(scratch / "downloads")
        except OSError as exc:
            raise BrowserError(explain(exc)) from None
        try:
            process = DriverProcess.start(
                programs,
                keeper=keeper,
                marker=marker,
                log=log,
                scratch=scratch,
                seconds=settings.browser_start_seconds,
                pause=pause,
            )
        except BaseException:
            _remove(scratch)
            raise
        browser = cls(
            settings=settings,
            driver_process=process,
            marker=marker,
            scratch=scratch,
            profile=data,
            pause=pause,
        )
        try:
            browser._begin(programs)
        except BaseException:
            with contextlib.suppress(BrowserError):
                browser.close()
            raise
        return browser

    def _begin(self, programs: BrowserPrograms) -> None:
        seconds = self._settings.browser_start_seconds
        connection = connection_to(self._process.url, programs.name, seconds)
        options = options_for(
            programs, self._settings, profile=self._profile, scratch=self._scratch
        )
        try:
            self._driver = WebDriver(command_executor=connection, options=options)
            connection.client_config.timeout = self._settings.browser_answer_seconds
        except TROUBLE as exc:
            raise start_trouble(
                exc,
                name=programs.name,
                seconds=seconds,
                browser=str(programs.browser),
                driver=str(programs.driver),
            ) from exc
        self._main = self._browser_process()
        self.save_into(self._scratch / "downloads")

    # Pages

    def visit(self, address: str) -> None:
        """Begin to load a page; the one before no longer counts. Raises BrowserError."""
        self._seen = NOTHING
        # Nothing of the page before may be taken for the next one's, nor lead it elsewhere: it goes
        # first, and what follows on the empty page can only be what is asked for here.
        self._obeyed(self._park)
        self._obeyed(lambda driver: driver.get(address))

    def _park(self, driver: WebDriver) -> None:
        tabs = driver.window_handles
        if len(tabs) > 1:  # opened by a page, or by a file that the browser shows
            for tab in tabs[1:]:
                driver.switch_to.window(tab)
                driver.close()
            driver.switch_to.window(tabs[0])
        driver.execute("executeCdpCommand", {"cmd": "Page.navigate", "params": {"url": BLANK}})

    @property
    def page(self) -> Page:
        """The page that was last visited."""
        return BrowserPage(self)

    def snapshot(self) -> Snapshot:
        """One look at it, as ``BrowserPage.now``."""
        try:
            seconds = min(LOOK_SECONDS, self._settings.browser_answer_seconds)
            answer = self._script(SCRIPT, *self._looks.arguments, seconds=seconds)
            snapshot = self._looks.read(answer)
        except PageSilentError:
            return NOTHING
        except ValueError:
            raise PageChangedError from None
        if snapshot.error:
            raise shown_error(snapshot.error)
        self._seen = snapshot
        return snapshot

    # Files

    def save_into(self, folder: Path) -> None:
        """Downloads that begin from now on go there. Raises BrowserError.

        A download that was asked for earlier and whose answer comes only now goes there, too: a
        browser that still owes files of one order (``Arrival.whole`` is false) is closed before
        another order is begun.
        """
        parameters = {"behavior": "allow", "downloadPath": str(folder.absolute())}
        command = {"cmd": "Browser.setDownloadBehavior", "params": parameters}
        self._obeyed(lambda driver: driver.execute("executeCdpCommand", command))

    def fetch(self, listed: Sequence[tuple[int, Listed]]) -> None:
        """Begin the downloads of these: the place on the page, and what is listed there.

        Those with a link are fetched by it, those without by a click at that place. Raises
        PageTimeoutError where the page is not the one any more that was looked at last,
        BrowserError, and what the pause raises.
        """
        if self._seen is NOTHING:
            raise PageTimeoutError("The page is not there yet: its files cannot be fetched.")
        for part in self._pace.parts(listed):
            arguments = fetch_arguments(self._settings, self._seen.document, part)
            try:
                begun = self._script(browser_fetching.SCRIPT, *arguments)
            except PageChangedError:
                begun = False
            if begun is not True:
                raise PageTimeoutError("The page was drawn anew while its files were fetched.")

    # Evidence

    def source(self) -> str:
        """The page as HTML, at most SOURCE_CHARACTERS of it. Raises BrowserError."""
        try:
            seconds = min(LOOK_SECONDS, self._settings.browser_answer_seconds)
            return str(self._script(_SOURCE_SCRIPT, SOURCE_CHARACTERS, seconds=seconds))
        except PageChangedError:
            raise BrowserError("The page was drawn anew while it was read.") from None

    def picture(self) -> bytes:
        """What a window of the browser shows, as PNG. Raises BrowserError."""
        return base64.b64decode(self._obeyed(lambda one: one.get_screenshot_as_base64()))

    # Life

    @property
    def alive(self) -> bool:
        """Whether driver and browser live; asks the processes, never the browser (C6.10)."""
        return not self._closed and self._process.alive and _lives(self._main)

    def close(self) -> None:
        """End browser and driver, see them gone, and remove the scratch folder; within 10 s.

        Safe to repeat. Raises BrowserError where something of it is still there.
        """
        self._require_own_thread()
        self._closed = True
        deadline = time.monotonic() + CLOSE_SECONDS
        driver, self._driver = self._driver, None
        if driver is not None:
            self._fare_well(driver)
        self._process.stop(0)
        end_browser(self._marker, self._profile, timeout=_KILL_SECONDS)
        _remove(self._scratch, max(0.5, deadline - time.monotonic()))
        left = processes_of_browser(self._marker, self._profile)
        if left or self._scratch.exists():
            what = f"{len(left)} processes" if left else f"the folder {self._scratch}"
            raise BrowserError(f"A browser was closed, and {what} of it cannot be removed.")

    def _fare_well(self, driver: WebDriver) -> None:
        """Ask it to end, so that its profile is whole; what it answers does not matter."""
        connection: Any = driver.command_executor
        connection.client_config.timeout = _QUIT_SECONDS
        if self._process.alive and _lives(self._main):
            with contextlib.suppress(*TROUBLE):
                driver.execute(Command.QUIT)
        with contextlib.suppress(*TROUBLE):
            connection.close()

    # Within

    def _asked(self, ask: Callable[[WebDriver], Answer]) -> Answer:
        """The browser's answer. Raises BrowserError or PageChangedError, and nothing else."""
        self._require_own_thread()
        if self._driver is None:
            raise BrowserError("The browser was closed.")
        if not self.alive:
            raise BrowserError("The browser died.")
        try:
            return ask(self._driver)
        except TROUBLE as exc:
            seconds = self._settings.browser_answer_seconds
            raise trouble(exc, seconds=seconds, alive=self._still_alive()) from exc

    def _obeyed(self, ask: Callable[[WebDriver], Answer]) -> Answer:
        """The same where no page is asked. Raises BrowserError, and nothing else."""
        try:
            return self._asked(ask)
        except PageChangedError:
            raise BrowserError("The browser lost the page while it was driven.") from None

    def _script(self, script: str, *arguments: object, seconds: float | None = None) -> object:
        """What a script in the page returns, in so many seconds. Raises PageSilentError too."""
        limit = seconds or self._settings.browser_answer_seconds
        if limit != self._script_seconds:
            self._asked(lambda driver: driver.set_script_timeout(limit))
            self._script_seconds = limit
        answer: object = self._asked(lambda driver: driver.execute_script(script, *arguments))
        return answer

    def _still_alive(self) -> bool:
        """A browser that dies breaks its driver's connection a moment before it is gone."""
        deadline = time.monotonic() + 10 * _FARE_WELL_LOOK
        while self.alive and time.monotonic() < deadline:
            time.sleep(_FARE_WELL_LOOK)
        return self.alive

    def _require_own_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("a browser is driven by the thread that started it (C6.10)")

    def _browser_process(self) -> psutil.Process | None:
        """The browser's own process, as the driver names it, else by its command line."""
        capabilities = self._driver.caps if self._driver is not None else {}
        number = capabilities.get("goog:processID") or capabilities.get("ms:processID")
        if isinstance(number, int):
            with contextlib.suppress(psutil.Error):
                return psutil.Process(number)
        mains = [one for one in processes_of(self._profile) if not _is_part(one)]
        return mains[0] if mains else None


def _is_part(process: psutil.Process) -> bool:
    try:
        return any("--type=" in argument for argument in process.cmdline())
    except psutil.Error:
        return True


def _lives(process: psutil.Process | None) -> bool:
    if process is None:
        return False
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _remove(folder: Path, seconds: float = 2.0) -> None:
    try:
        remove_tree(folder, TimeLimit(seconds))
    except (OSError, TimeoutError) as exc:
        log.warning("browser_scratch_left", path=str(folder), reason=str(exc))
