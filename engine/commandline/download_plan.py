"""What a run over a list of orders would do, worked out without starting or writing anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.downloads.folders import FolderState
from engine.downloads.orders import Order
from engine.downloads.page import page_address
from engine.downloads.place import Place
from engine.errors import EngineError
from engine.jobs import Job, JobStatus
from engine.output import one_line
from engine.progress import ProgressTracker
from engine.retry import RetryConfig, is_retryable
from engine.start_checks import refuse_too_many_workers

if TYPE_CHECKING:
    from collections.abc import Mapping

_DONE = frozenset({JobStatus.SUCCESS, JobStatus.SKIPPED})


@dataclass(frozen=True, kw_only=True, slots=True)
class DownloadPlan:
    """Each row of the list with what would become of it."""

    visits: Sequence[str]
    """One line for each order that would be visited, in the order of the list."""
    done: Sequence[str]
    """For each order that has its outcome: the ledger leaves it alone."""
    left: Sequence[str]
    """For each order that failed for good: it is visited again only when somebody requeues it."""
    aside: Sequence[str]
    """For each row that is no order of its own, with its line and the reason."""
    in_the_way: Sequence[str]
    """Sentences on what would keep a run from starting, or an order from being visited."""
    workers: int
    out: Path

    @classmethod
    def of(cls, place: Place) -> DownloadPlan:
        """Look at the list, the ledger and the folders. Raises InputError where the list cannot be
        read."""
        jobs, config = _jobs(place), RetryConfig.from_settings(place.settings)
        visits: list[str] = []
        done: list[str] = []
        left: list[str] = []
        wrong = [*_too_many(place), *_of_the_browser(place)]
        for order in place.orders.orders:
            job = jobs.get(order.po_number)
            try:
                found = place.folders.found(order.po_number)
                address = page_address(order, place.downloads)
            except EngineError as exc:
                wrong.append(str(exc))
                continue
            if job is not None and job.status in _DONE:
                outcome = "left out" if job.status is JobStatus.SKIPPED else _name(found)
                done.append(f"{_who(order)}: {outcome}")
            elif (
                job is not None and job.status is JobStatus.FAILED and not is_retryable(job, config)
            ):
                left.append(f"{_who(order)}: {job.error_type}, {_name(found)}")
            else:
                visits.append(f"{_who(order)} at {one_line(address)}{_folder(found)}")
        return cls(
            visits=visits,
            done=done,
            left=left,
            aside=place.orders.messages(),
            in_the_way=wrong,
            workers=place.settings.run.workers,
            out=place.folders.root,
        )

    def lines(self) -> Iterator[str]:
        """As they are printed; the last one sums up."""
        yield from (f"In the way: {line}" for line in self.in_the_way)
        yield from (f"Set aside: {line}" for line in self.aside)
        yield from (f"Done already: {line}" for line in self.done)
        yield from (f"Failed for good, until --requeue: {line}" for line in self.left)
        yield from (f"Would visit {line}" for line in self.visits)
        yield (
            f"{len(self.visits)} order(s) to visit with at most {self.workers} browser(s), "
            f"{len(self.done)} done already, {len(self.left)} failed for good, "
            f"{len(self.aside)} row(s) set aside, into {self.out}; nothing was started."
        )


def _jobs(place: Place) -> Mapping[str, Job]:
    ledger = ProgressTracker(place.ledger_path, settings=place.settings, cap=0)
    try:
        return ledger.jobs() if ledger.exists() else {}
    finally:
        ledger.close()


def _too_many(place: Place) -> Iterator[str]:
    try:
        refuse_too_many_workers(place.settings)
    except EngineError as exc:
        yield str(exc)


def _of_the_browser(place: Place) -> Iterator[str]:
    """What no browser could be started with; none is."""
    from engine.downloads.profile_making import require_available
    from engine.downloads.programs import find_programs

    try:
        find_programs(place.downloads)
    except EngineError as exc:
        yield str(exc)
    if place.base_profile is None:
        return
    try:
        require_available(place.base_profile)
    except EngineError as exc:
        yield str(exc)


def _who(order: Order) -> str:
    who = ", ".join(one_line(text) for text in (order.supplier, order.amount) if text)
    return f"{one_line(order.po_number)} ({who})" if who else one_line(order.po_number)


def _folder(found: tuple[FolderState, Path] | None) -> str:
    """What becomes of the folder that is there."""
    if found is None:
        return ""
    verb = "goes on in" if found[0] is FolderState.WORK else "takes up"
    return f"; {verb} {found[1].name}"


def _name(found: tuple[FolderState, Path] | None) -> str:
    return "its folder is gone" if found is None else found[1].name
