"""A profile of a real browser that is logged in at the site of orders: the base that runs clone."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Final

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver

from engine.downloads.browser_options import options_for
from engine.downloads.browser_processes import end_browser
from engine.downloads.driver_connection import connection_to
from engine.downloads.driver_process import DriverProcess
from engine.downloads.programs import find_programs
from engine.marked import new_marker
from engine.private_files import make_private_dir
from engine.processes import ProcessRegistry
from engine.settings_downloads import Downloads
from engine.slot_processes import SlotProcesses
from simulator.errors import FarmError
from simulator.order_site_file import SiteFile

_PAGE_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.05


def logged_in_profile(
    folder: Path, url: str, file: SiteFile, settings: Downloads | None = None
) -> Path:
    """Log in at ``url`` with the site's own user and a browser whose profile is ``folder``, as a
    person would, and close that browser.

    ``settings`` say which browser. Raises FarmError where the login does not succeed, InputError
    without a browser, BrowserError.
    """
    wanted = settings or Downloads()
    programs = find_programs(wanted)
    make_private_dir(folder)
    with tempfile.TemporaryDirectory(prefix="login-") as name:
        scratch = Path(name)
        marker = new_marker(scratch, 0)
        process = DriverProcess.start(
            programs,
            keeper=SlotProcesses(ProcessRegistry(scratch / "processes"), 0),
            marker=marker,
            log=scratch / "driver.log",
            scratch=make_private_dir(scratch / "t"),
            seconds=wanted.browser_start_seconds,
            pause=time.sleep,
        )
        try:
            driver = WebDriver(
                command_executor=connection_to(process.url, programs.name, _PAGE_SECONDS),
                options=options_for(programs, wanted, profile=folder, scratch=scratch),
            )
            _log_in(driver, url, file)
            driver.quit()  # cookies are on the disk only once it has ended by itself
        except WebDriverException as exc:
            raise FarmError(f"The browser could not log in at {url}: {exc.msg}.") from exc
        finally:
            process.stop(0)
            end_browser(marker, folder)
    return folder


def _log_in(driver: WebDriver, url: str, file: SiteFile) -> None:
    driver.get(f"{url}/login")
    _await(driver, "#log-in")
    driver.find_element(By.ID, "user").send_keys(file.user)
    driver.find_element(By.ID, "password").send_keys(file.password)
    driver.find_element(By.ID, "log-in").click()
    _await(driver, "#home")


def _await(driver: WebDriver, selector: str) -> None:
    deadline = time.monotonic() + _PAGE_SECONDS
    while not driver.find_elements(By.CSS_SELECTOR, selector):
        if time.monotonic() >= deadline:
            raise FarmError(f"The site showed no {selector} within {_PAGE_SECONDS:g} s.")
        time.sleep(_LOOK_SECONDS)
