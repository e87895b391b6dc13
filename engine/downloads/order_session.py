"""A worker's session: one browser with one throw-away profile, over all its orders (C6.2, C6.10).

An attempt is one visit: the page is opened, what its list lacks in the order's folder is fetched,
and the folder is ended by its last name (C6.8). A folder whose order is tried again later stays
``__WORK``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from engine.downloads.browser import Browser
from engine.downloads.folders import FolderState, OrderResult
from engine.downloads.page_errors import (
    BaseProfileDamagedError,
    BaseProfileError,
    FolderError,
    OrderFault,
    PageTimeoutError,
    ProfileFailedError,
    ProgramsError,
    RateLimitedError,
    SiteFaultError,
)
from engine.downloads.place import Place
from engine.downloads.profiles import ProfileManager
from engine.downloads.programs import find_programs
from engine.downloads.visit import OrderVisit, pause_after
from engine.errors import (
    HoldsRunError,
    InputError,
    InternalError,
    JobError,
)
from engine.jobs import Job, Success
from engine.marked import new_marker
from engine.parallel.errors import (
    ProfileCorruptedError,
    ProfileError,
    ProfileLockedError,
    ProfileMissingError,
    ProfilePermissionError,
    ProfileSpaceError,
)
from engine.private_files import explain, make_private_dir
from engine.workloads.base import Ahead, Report, WorkerSlot

if TYPE_CHECKING:
    from pathlib import Path

PROFILE_READY: Final = "PROFILE_READY"
BROWSER_READY: Final = "BROWSER_READY"
_NEEDS_A_PERSON: Final = (
    ProfileLockedError,
    ProfileMissingError,
    ProfilePermissionError,
    ProfileSpaceError,
)
"""All other workers would meet the same."""
_NOT_THE_BROWSERS_DOING: Final = (OrderFault, PageTimeoutError, RateLimitedError, SiteFaultError)
"""And nothing is on its way in it."""


class OrderSession:
    """What one worker holds; used by its main thread only."""

    def __init__(self, slot: WorkerSlot, place: Place) -> None:
        self._slot = slot
        self._place = place
        self._downloads = place.downloads
        self._profiles: ProfileManager | None = None
        self._browser: Browser | None = None
        self._suspect = False
        """What went wrong last may be the browser's doing."""

    @property
    def lead_seconds(self) -> float:
        return 0.0

    @property
    def looks_ahead(self) -> bool:
        return False

    def prepare_next(self, job: Job, alarm: Callable[[str], None]) -> Ahead:
        raise InternalError("An order is not begun before the one in hand has ended.")

    # -- one order -------------------------------------------------------------------------------

    def perform(self, job: Job, report: Report) -> Success:
        """One visit. Raises JobError, StopRequested, ClaimLostError."""
        if self._suspect:  # an order that ended otherwise may still have files on their way
            self._let_go()
        self._suspect = True
        try:
            success = self._visit(job, report)
        except HoldsRunError:
            # Who puts it right changes the base: the next browser starts from that.
            self._let_go()
            raise
        except JobError as exc:
            self._suspect = not isinstance(exc, _NOT_THE_BROWSERS_DOING)
            raise
        self._suspect = False
        return success

    def _visit(self, job: Job, report: Report) -> Success:
        try:
            browser = self._ready(report)
        except HoldsRunError:
            raise
        except JobError as exc:
            exc.retry_after = pause_after(exc, job, self._place)
            if exc.retry_after is None:
                self._end_unvisited(job, str(exc))
            raise
        report.start_clock()
        report.begin()
        try:
            with self._place.folders.working(job.job_id) as folder:
                return OrderVisit(browser, folder, job, report, self._place).run()
        except FolderError as exc:
            exc.retry_after = pause_after(exc, job, self._place)
            raise

    def _end_unvisited(self, job: Job, reason: str) -> None:
        with contextlib.suppress(FolderError), self._place.folders.working(job.job_id) as folder:
            folder.end(OrderResult(po_number=job.job_id, state=FolderState.FAILED, reason=reason))

    # -- browser and profile ---------------------------------------------------------------------

    def _ready(self, report: Report) -> Browser:
        """The browser, started where there is none. Raises JobError, StopRequested."""
        if self._browser is not None and not self._browser.alive:
            report.step("The browser had ended; another one is started.")
            self._let_go()
        if self._browser is not None:
            report.state(PROFILE_READY)
            report.state(BROWSER_READY)
            return self._browser
        report.phase("profile")
        profile = self._new_profile()
        report.state(PROFILE_READY)
        report.phase("browser")
        try:
            make_private_dir(self._place.scratch)
            self._browser = Browser.start(
                find_programs(self._downloads),
                self._downloads,
                keeper=self._slot.processes,
                marker=new_marker(self._slot.work_dir, self._slot.index),
                log=self._place.log_of(self._slot.index),
                scratch=self._place.scratch / str(self._slot.index),
                profile=profile,
                pause=report.pause,
            )
        except InputError as exc:
            raise ProgramsError(str(exc)) from exc
        except OSError as exc:
            raise ProfileFailedError(explain(exc)) from exc
        report.state(BROWSER_READY)
        return self._browser

    def _new_profile(self) -> Path | None:
        """A clone of the base, or an empty one. Raises JobError, StopRequested."""
        if not self._downloads.own_profiles:
            return None
        try:
            if self._profiles is None:
                self._profiles = ProfileManager(
                    self._place.base_profile,
                    root=self._place.profiles,
                    max_megabytes=self._downloads.profile_megabytes,
                    stop=self._slot.should_stop,
                )
            self._profiles.cleanup_all_profiles()
            return self._profiles.create_profile(f"worker-{self._slot.index}")
        except ProfileCorruptedError as exc:
            raise BaseProfileDamagedError(str(exc)) from exc
        except _NEEDS_A_PERSON as exc:
            raise BaseProfileError(str(exc)) from exc
        except ProfileError as exc:
            raise ProfileFailedError(str(exc)) from exc

    def _let_go(self) -> None:
        """No browser and no profile any more."""
        browser, self._browser = self._browser, None
        try:
            if browser is not None:
                browser.close()
        finally:
            if self._profiles is not None:
                with contextlib.suppress(ProfileError):
                    self._profiles.cleanup_all_profiles()

    def recover(self) -> None:
        """Another browser with another profile, unless what failed was none of its doing."""
        if self._suspect or (self._browser is not None and not self._browser.alive):
            self._let_go()
        self._suspect = False

    def close(self) -> None:
        self._let_go()
        profiles, self._profiles = self._profiles, None
        if profiles is not None:
            profiles.close()
