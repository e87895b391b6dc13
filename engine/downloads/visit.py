"""One visit of an order: from its page to its folder's last name (behaviour C6.7, C6.8)."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final

from engine.downloads.attachment_list import Listed
from engine.downloads.attachments import Arrival, await_whole, compare, files_in, remove_wrong
from engine.downloads.browser import Browser
from engine.downloads.folders import FolderState, OrderResult, WorkFolder
from engine.downloads.impostors import impostors, named_as_page
from engine.downloads.page import await_page
from engine.downloads.page_errors import (
    AttachmentsMissingError,
    FolderError,
    OrderNotFoundError,
)
from engine.downloads.place import Place
from engine.downloads.tries import pause_before_retry
from engine.errors import EngineError, HoldsRunError, JobError, JobTimeoutError
from engine.jobs import Job, Success
from engine.private_files import explain
from engine.workloads.base import Report

ORDER_TIMEOUT: Final = "order_timeout"
"""``downloads.task_timeout_seconds`` were used up."""
_SUSPECT: Final = ".part"
"""As browsers call what is not whole: a visit that is cut off here leaves nothing that counts."""


class OrderVisit:
    """From the page to the folder's last name."""

    def __init__(
        self, browser: Browser, folder: WorkFolder, job: Job, report: Report, place: Place
    ) -> None:
        self._browser = browser
        self._folder = folder
        self._job = job
        self._report = report
        self._place = place
        self._downloads = place.downloads
        self._arrival: Arrival | None = None

    def run(self) -> Success:
        """Raises JobError; then the folder is ended too, if the order is not tried again."""
        try:
            result = OrderResult.of(self._job.job_id, self._arrive())
            if result.reason:
                raise AttachmentsMissingError(result.reason)
        except HoldsRunError:
            self._keep_evidence()
            raise
        except JobError as exc:
            self._keep_evidence()
            if isinstance(exc, JobTimeoutError):
                exc.error_type = ORDER_TIMEOUT
            exc.retry_after = pause_after(exc, self._job, self._place)
            if exc.retry_after is None:
                self._folder.end(self._failed(exc))
            raise
        self._report.phase("keep")
        self._folder.end(result)
        return Success(evidence=_seen(result))

    def _arrive(self) -> Arrival:
        report = self._report
        report.phase("page")
        listed = self._look()
        report.step("The page is there.", attachments=len(listed))
        try:
            self._arrival = arrival = compare(listed, files_in(self._folder.path))
            if arrival.lacking:
                remove_wrong(self._folder.path, arrival)
                self._fetch(listed, arrival.lacking)
                self._arrival = self._await_files(listed)
            self._refuse_impostors(listed)
        except OSError as exc:
            raise FolderError(explain(exc)) from exc
        return self._arrival

    def _await_files(self, listed: Sequence[Listed]) -> Arrival:
        downloads = self._downloads
        return await_whole(
            self._folder.path,
            listed,
            seconds=downloads.download_seconds,
            settle_seconds=downloads.settle_seconds,
            stall_seconds=downloads.stall_seconds,
            first_look_seconds=downloads.first_look_seconds,
            longest_look_seconds=downloads.longest_look_seconds,
            pause=self._report.pause,
        )

    def _refuse_impostors(self, listed: Sequence[Listed]) -> None:
        """What came instead of a file counts as unfinished until the page was looked at again.

        Raises OSError, and what that look finds: that the login is lost, mostly.
        """
        assert self._arrival is not None
        suspects = impostors(self._folder.path, self._arrival)
        if not suspects:
            return
        aside = {path: path.with_name(f"{path.name}{_SUSPECT}") for path in suspects}
        for path, name in aside.items():
            path.rename(name)
        self._arrival = compare(listed, files_in(self._folder.path))
        self._report.step("Web pages came in place of files.", files=len(aside))
        self._look()
        for path, name in aside.items():
            if named_as_page(path):  # the login still holds: it is what it says
                name.rename(path)
            else:
                name.unlink()
        self._arrival = compare(listed, files_in(self._folder.path))

    def _look(self) -> tuple[Listed, ...]:
        """What the order's page lists. Raises JobError."""
        self._browser.visit(self._job.video_path)
        return await_page(
            self._browser.page, self._downloads, self._job.job_id, pause=self._report.pause
        )

    def _fetch(self, listed: Sequence[Listed], lacking: Sequence[Listed]) -> None:
        wanted = {id(one) for one in lacking}
        self._report.phase("download")
        self._browser.save_into(self._folder.path)
        self._browser.fetch([(place, one) for place, one in enumerate(listed) if id(one) in wanted])
        self._report.step("Downloads were begun.", files=len(wanted))

    def _failed(self, exc: JobError) -> OrderResult:
        """What is said of an order that is not tried again."""
        number = self._job.job_id
        if isinstance(exc, OrderNotFoundError):
            return OrderResult(po_number=number, state=FolderState.PO_NOT_FOUND, reason=str(exc))
        if self._arrival is not None and self._arrival.lacking:
            return OrderResult.of(number, self._arrival)
        return OrderResult(po_number=number, state=FolderState.FAILED, reason=str(exc))

    def _keep_evidence(self) -> None:
        """The page as it is now; without an answer there is none."""
        with contextlib.suppress(EngineError, OSError):
            self._report.evidence("page.png", self._browser.picture())
            self._report.evidence("page.html", self._browser.source())


def pause_after(exc: JobError, job: Job, place: Place) -> float | None:
    """Seconds until the order is tried again by itself; None where that was its last attempt."""
    if job.attempts + 1 >= job.max_attempts:
        return None
    return pause_before_retry(exc, job.attempts, place.downloads)


def _seen(result: OrderResult) -> str:
    if not result.listed:
        return "the page says that the order has no attachments"
    size = sum(file.size for file in result.files)
    return f"{len(result.files)} of {result.listed} attachments, {size} bytes"
