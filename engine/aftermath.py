"""What dead workers and crashed runs leave behind, found and put right.

Processes by their record, resources by the workload's registry, claims by the ledger; never by name
and only what is ours (architecture 2, behaviour A12.9, A12.10).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from engine.config import Settings
from engine.errors import EngineError, LedgerError
from engine.jobs import ErrorCategory, Failure, Job
from engine.leftovers import HalfWritten
from engine.logger import get_logger
from engine.news import News
from engine.private_files import explain
from engine.processes import ProcessRecord, ProcessRegistry
from engine.progress import ProgressTracker
from engine.supervision import Workers
from engine.worker_process import WorkerProcess, WorkerState
from engine.workloads.base import Receipt, Workload

T = TypeVar("T")
log = get_logger(__name__)

DEATHS_OF_ONE_JOB = 3
"""Workers that may die over a job before its attempt counts as failed."""


@dataclass(frozen=True, slots=True)
class _Burial:
    """Releasing what a dead worker held, and until when that is waited for."""

    release: Future[Sequence[Receipt]]
    ended: list[ProcessRecord]
    """Processes that it left, once they were ended."""
    deadline: float


class Aftermath:
    """Cleans up behind one run's workers, and behind whatever ran before."""

    def __init__(
        self,
        *,
        settings: Settings,
        registry: ProcessRegistry,
        workload: Workload,
        ledger: ProgressTracker,
        news: News,
        run_id: str,
        half_written: HalfWritten = HalfWritten(()),  # noqa: B008 - holds nothing
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._workload = workload
        self._ledger = ledger
        self._news = news
        self._run_id = run_id
        self._half_written = half_written
        self._cleaning: dict[int, _Burial] = {}
        self._deaths: Counter[str] = Counter()
        """Workers that died over each job."""
        self._mended = 0
        """Rows that were written back to the ledger so far."""
        self.when_done: Callable[[], None] = _nobody
        """Called, from any thread, when something in the background has ended."""
        self._unsettled = False
        """A dead worker's claims are still to be settled."""

    @property
    def busy(self) -> bool:
        """Something that a dead worker held is still being released."""
        return bool(self._cleaning)

    def in_background(self, work: Callable[[], T]) -> Future[T]:
        """Do something slow without holding up the supervisor's loop, or the process's end."""
        future: Future[T] = Future()
        threading.Thread(target=_fulfil, args=(future, work), name="release", daemon=True).start()
        future.add_done_callback(lambda _: self.when_done())
        return future

    def settle_all(self) -> None:
        """No worker lives: give back, or put in doubt, every claim."""
        self._settle(lambda _job: False)
        self._restore_doubts()
        with self._patient("doubts_not_kept"):
            keep_doubts(self._ledger, self._workload)

    def bury(self, worker: WorkerProcess, *, clean: bool) -> None:
        """A worker ended: begin to release what it held. Its claim is settled when that is done,

        so that nobody takes the job while its resources are still being released.
        """
        reason = worker.given_up or worker.view.exit_reason or worker.how_it_ended()
        if worker.view.job_id and not clean:
            self._deaths[worker.view.job_id] += 1
        self._news.emit("worker_ended", worker=worker.slot, clean=clean, reason=reason)
        worker.enter(WorkerState.CLEANING)
        worker.view.leave_all()
        worker.view.exit_reason = "" if clean else reason
        slot, bound = worker.slot, self._settings.run.release_timeout_seconds
        ended: list[ProcessRecord] = []
        release = self.in_background(lambda: self._release_slot(slot, ended))
        self._cleaning[slot] = _Burial(release, ended, time.monotonic() + bound)

    def finish_burials(self, workers: Workers, *, stopping: bool) -> None:
        """Settle the claims of workers whose holdings are released; plan their return."""
        for slot, burial in list(self._cleaning.items()):
            if not burial.release.done() and time.monotonic() < burial.deadline:
                continue
            del self._cleaning[slot]
            why = f"left by worker {slot}"
            for record in burial.ended:
                tell_ended(self._news.emit, record, why=why)
            self.tell(receipts_of(burial.release), why=why)
            self.remove_half_written()
            self._unsettled = True
            self._return(workers, workers.slots[slot], stopping=stopping)

    def settle_dead(self, workers: Workers) -> None:
        """Give back, or put in doubt, the claims of workers that live no more; patiently."""
        if not self._unsettled:
            return
        with self._patient("claims_not_settled"):
            self._settle(lambda job: self._claim_alive(job, workers))
            self._unsettled = False

    def remove_half_written(self) -> None:
        """What processes that died in the middle of a write left beside its place."""
        text = self._half_written.remove()
        if text:
            self._news.emit("half_written_removed", text=text)

    def take_back_stale(self, workers: Workers) -> None:
        """Take back claims whose lease ran out without an owner who is at them (A4.9): a ledger
        saved over by an older copy may name a worker who has long done with the job."""
        with self._patient("stale_claims_not_taken_back"):
            taken = self._ledger.release_stale_claims(
                lambda job: self._claim_alive(job, workers) and self._at_work(job, workers)
            )
            for job in taken:
                self._news.emit(
                    "claim_taken_back", job=job.job_id, key=job.account, status=str(job.status)
                )
            self._restore_doubts()

    def mend_ledger(self) -> None:
        """Write back what a ledger whose end was cut off has lost; patiently."""
        with self._patient("ledger_not_mended"):
            mended = self._ledger.mend()
            if mended > self._mended:
                self._news.alarm(
                    f"The ledger had lost its end: {mended - self._mended} rows were written back, "
                    "as this run knew them. Look at what cut the file off."
                )
                self._mended = mended

    def last(self, meanwhile: Callable[[], None]) -> list[Receipt]:
        """The end of a run: no process and no resource of ours stays; returns the receipts.

        ``meanwhile`` is called while they are waited for. A ledger that cannot be written is no
        reason to leave a resource on: it comes last.
        """
        end_left_processes(self._registry, self._settings, self._news.emit, patience=0)
        receipts = list(receipts_of(self._reclaim_all(meanwhile)))
        self.tell(receipts, why="at the end of the run")
        if self._ledger.exists():
            self.settle_all()
        return receipts

    def release_all(self, meanwhile: Callable[[], None], *, why: str) -> None:
        """Release whatever is ours; ``meanwhile`` as above. Raises EngineError where the workload

        cannot say what that is; what has not ended in time is an alarm.
        """
        future = self._reclaim_all(meanwhile)
        self.tell(future.result() if future.done() else receipts_of(future), why=why)

    def _reclaim_all(self, meanwhile: Callable[[], None]) -> Future[Sequence[Receipt]]:
        future = self.in_background(lambda: self._workload.reclaim(None))
        deadline = time.monotonic() + self._settings.run.release_timeout_seconds
        while not future.done() and time.monotonic() < deadline:
            meanwhile()
        return future

    @contextmanager
    def _patient(self, event: str) -> Iterator[None]:
        """A ledger that is busy, gone, or on a full disk is tried again at the next turn."""
        try:
            yield
        except LedgerError as exc:
            log.warning(event, error=str(exc))

    # -- parts -----------------------------------------------------------------------------------

    def _release_slot(self, slot: int, ended: list[ProcessRecord]) -> Sequence[Receipt]:
        timeout = self._settings.run.process_stop_seconds
        ended += self._registry.end(self._registry.records(slot=slot), timeout=timeout)
        return self._workload.reclaim([slot])

    def _return(self, workers: Workers, worker: WorkerProcess, *, stopping: bool) -> None:
        if not worker.wanted or stopping:
            worker.enter(WorkerState.STOPPED)
            return
        if not worker.view.exit_reason:
            worker.enter(WorkerState.WAITING)
            return
        wait = workers.plan_restart(worker)
        if wait is None:
            self._news.alarm(
                f"Worker {worker.slot} died {worker.restarts + 1} times and is given up: "
                f"{worker.view.exit_reason}.",
                worker=worker.slot,
            )
        else:
            self._news.emit("worker_backoff", worker=worker.slot, seconds=wait)

    def _settle(self, alive: Callable[[Job], bool]) -> None:
        for job in self._ledger.settle_dead(alive, self._blame):
            self._news.emit(
                "claim_settled", job=job.job_id, key=job.account, status=str(job.status)
            )

    def _restore_doubts(self) -> None:
        """What the ledger lost of jobs that may be done (it was truncated, or saved over)."""
        with self._patient("doubts_not_restored"):
            for job in self._ledger.restore_doubts(self._workload.traces):
                self._news.emit("doubt_restored", job=job.job_id, key=job.account, text=job.error)

    def _blame(self, job: Job) -> Failure | None:
        """A job over which several workers died is a failed attempt: it may be what kills them."""
        deaths = self._deaths[job.job_id]
        if deaths < DEATHS_OF_ONE_JOB:
            return None
        self._deaths[job.job_id] = 0
        return Failure(
            error=f"{deaths} workers died over this job, one after the other.",
            category=ErrorCategory.INFRASTRUCTURE,
            error_type="worker_died",
        )

    def _claim_alive(self, job: Job, workers: Workers) -> bool:
        """Whether the claim's owner is a worker of ours that lives, or is yet to be buried."""
        if job.run_id != self._run_id or not job.worker_id.isdecimal():
            return False
        slot = int(job.worker_id)
        if slot in self._cleaning:
            return True
        worker = workers.slots.get(slot)
        return (
            worker is not None
            and worker.popen is not None
            and worker.started_at is not None
            and job.claimed_at is not None
            and job.claimed_at >= worker.started_at
        )

    def _at_work(self, job: Job, workers: Workers) -> bool:
        """Whether the claim's owner says that it holds this job, or is being buried."""
        slot = int(job.worker_id)
        return slot in self._cleaning or job.job_id in workers.slots[slot].view.jobs

    def tell(self, receipts: Sequence[Receipt], *, why: str) -> None:
        """What became of each, to whoever watches."""
        self._news.receipts(receipts, label=self._workload.labels.resource, why=why)


def end_left_processes(
    registry: ProcessRegistry,
    settings: Settings,
    emit: Callable[..., None],
    *,
    patience: float | None = None,
    give_up: Callable[[], bool] = lambda: False,
) -> None:
    """End recorded processes of an earlier run; a worker may first finish a submitted job.

    A worker whose supervisor is gone leaves by itself (A10.10); it is given that time, unless the
    operator gives up waiting.
    """
    bound = settings.run.submitted_shutdown_timeout_seconds if patience is None else patience
    workers = [record for record in registry.records(role="worker") if record.process()]
    if workers and bound:
        emit("waiting", text=f"{len(workers)} workers of an earlier run are finishing their jobs.")
    deadline = time.monotonic() + bound
    while any(record.process() for record in workers) and time.monotonic() < deadline:
        if give_up():
            break
        time.sleep(0.2)
    for record in registry.end(registry.records(), timeout=settings.run.process_stop_seconds):
        tell_ended(emit, record, why="left by an earlier run")


def keep_doubts(ledger: ProgressTracker, workload: Workload) -> None:
    """See that whatever outlives the ledger knows of its doubts too. Raises LedgerError."""
    for job in ledger.doubts():
        workload.may_be_done(job)


def tell_ended(emit: Callable[..., None], record: ProcessRecord, *, why: str) -> None:
    """A process that nobody looked after any more was ended, or what it had left."""
    emit("process_ended", role=record.role, slot=record.slot, pid=record.pid, why=why)


def _nobody() -> None:
    """Tells nobody."""


def _fulfil(future: Future[T], work: Callable[[], T]) -> None:
    try:
        future.set_result(work())
    except BaseException as exc:  # noqa: BLE001 - whoever asked for it hears of it
        future.set_exception(exc)


def receipts_of(future: Future[Sequence[Receipt]]) -> Sequence[Receipt]:
    """What was released; a release that failed as a whole, or has not ended, is one receipt that

    says so. Never waits.
    """
    try:
        return future.result(timeout=0)
    except TimeoutError:
        why = "its release has not ended in time"
    except EngineError as exc:
        why = str(exc)
    except Exception as exc:
        log.exception("release_failed")
        why = explain(exc) if isinstance(exc, OSError) else f"{type(exc).__name__}: {exc}"
    return [Receipt(id="?", label="?", released=False, detail=why)]
