"""The one stage of a downloads run (behaviour E2.3): retries come by delay, inside it.

At its end no folder of an order that has its outcome is left unfinished (C6.8).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.downloads.folders import FolderState, OrderFolders, OrderResult
from engine.downloads.page_errors import FolderError
from engine.jobs import Job
from engine.logger import get_logger
from engine.retry import RetryConfig, RetryPassManager
from engine.workloads.stages import Stage

if TYPE_CHECKING:
    from engine.progress import ProgressTracker

log = get_logger(__name__)


class DownloadStages(RetryPassManager):
    """A pass over all orders, and what is put in order after it."""

    def __init__(
        self,
        ledger: ProgressTracker,
        config: RetryConfig,
        *,
        run_id: str,
        folders: OrderFolders,
    ) -> None:
        super().__init__(ledger, config, run_id=run_id)
        self._folders = folders

    def __iter__(self) -> Iterator[Stage]:
        yield from super().__iter__()
        end_folders(self._folders, self.ledger.failed())


def end_folders(folders: OrderFolders, failed: Iterable[Job]) -> None:
    """Give the folders of orders that failed for good their last name.

    A worker that was killed in its last attempt could not; a folder that cannot be renamed is
    logged, and taken up by the next visit.
    """
    for job in failed:
        with contextlib.suppress(FolderError):
            there = folders.found(job.job_id)
            if there is None or there[0] is not FolderState.WORK:
                continue
        try:
            with folders.working(job.job_id) as folder:
                reason = job.error or "The visit was cut off."
                folder.end(
                    OrderResult(po_number=job.job_id, state=FolderState.FAILED, reason=reason)
                )
        except FolderError as exc:
            log.warning("folder_left", order=job.job_id, reason=str(exc))
