"""One worker process: claim, perform, record, until nothing is left or it is told to stop.

It owns one slot (ports, log, a session of the workload) and meets the other workers only through
the ledger. Started by the supervisor; talks to it over its standard streams.
"""

from __future__ import annotations

if __name__ == "__main__":  # before all that follows
    from engine.collector import quick_start

    quick_start()

import argparse
import math
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine import collector, logs, processes, workloads
from engine.between_jobs import BetweenJobs
from engine.channel import Orders, WorkerChannel
from engine.claim_holder import ClaimHolder
from engine.errors import (
    AlreadyRunningError,
    ClaimLostError,
    EngineError,
    ExitCode,
    HoldsRunError,
    JobError,
    LedgerError,
    LedgerLockedError,
    LedgerUnreadableError,
    LedgerWriteError,
    StopRequested,
    classify_exception,
)
from engine.evidence import EvidenceBundle
from engine.jobs import Claim, ErrorCategory, Failure, Job, Nothing, Outcome, Success
from engine.lifecycle import ERROR_RECOVERY, SHUTDOWN, STARTING, Lifecycle
from engine.logger import get_logger
from engine.next_job import NextJob
from engine.progress import ProgressTracker
from engine.report import JobReport
from engine.run_state import RunDirectory
from engine.slot_processes import SlotProcesses
from engine.worker_options import parse, resolved
from engine.workloads.base import Session, WorkerSlot, Workload, WorldContext

ALL_JOBS_COMPLETE = "all_jobs_complete"
SHUTDOWN_REQUESTED = "shutdown_requested"
SUPERVISOR_GONE = "supervisor_gone"
RECOVERY_FAILED = "recovery_failed"
LEDGER_UNUSABLE = "ledger_unusable"
"""Told apart from *no more jobs* (A10.6)."""
OUTCOME_NOT_WRITTEN = "outcome_not_written"

CLEAN_EXITS = frozenset({ALL_JOBS_COMPLETE, SHUTDOWN_REQUESTED, SUPERVISOR_GONE})


class _EndWorker(Exception):
    """Flow control: the worker ends for this reason."""


class Worker:
    """The control flow of one worker process."""

    def __init__(
        self,
        slot: WorkerSlot,
        workload: Workload,
        ledger: ProgressTracker,
        channel: WorkerChannel,
    ) -> None:
        self.slot = slot
        self.settings = slot.settings
        self.workload = workload
        self.ledger = ledger
        self.channel = channel
        self.worker_id = str(slot.index)
        self.log = slot.log
        self._claims = ClaimHolder(
            ledger,
            self.settings.ledger,
            self.log,
            alarm=lambda text: channel.send("alarm", text=text),
        )
        self._between = BetweenJobs(self.settings.run.delay_between_jobs_seconds)
        self._next = NextJob(
            self.worker_id, ledger, self._claims, channel, self.settings.run, self.log
        )
        self._wake = threading.Event()
        self._failures_in_a_row = 0
        self._failed_recoveries = 0
        self._held = False
        """It asked for the run to be held, and the supervisor has not answered yet."""
        self.lifecycle = Lifecycle(workload.ready_states, self._publish_state)
        channel.on_stop(self._wake.set)

    # -- the loop --------------------------------------------------------------------------------

    def run(self) -> str:
        """Work until there is nothing left; returns the exit reason."""
        session: Session | None = None
        reason = SHUTDOWN_REQUESTED
        try:
            session = self.workload.open(self.slot)
            while True:
                self._work_once(session)
        except _EndWorker as end:
            reason = str(end)
        finally:
            if self.lifecycle.state != SHUTDOWN:
                self.lifecycle.go(SHUTDOWN)
            self._next.drop()
            if session is not None:
                session.close()
        return reason

    def _work_once(self, session: Session) -> None:
        orders = self.channel.orders
        self._end_if_told(orders)
        if self._held:
            # Else the next job would meet the same before the supervisor's word is here.
            self._held = False
            self.channel.wait(self.settings.run.idle_poll_seconds, seen=orders)
            return
        if orders.stage == 0 or orders.paused:
            self.channel.wait(self.settings.run.idle_poll_seconds, seen=orders)
            return
        found = self._next.take() or self._claim(orders)
        if isinstance(found, Nothing):
            self.channel.send("idle", all_complete=found.all_complete, blocked=found.blocked)
            self.channel.wait(self._idle_seconds(found), seen=orders)
            return
        done = self._handle(session, found)
        lead = math.inf if self._next.held else session.lead_seconds
        pause = self._between.ended(done=done, lead=lead)
        self.channel.wait_until(_stopping, pause)

    def _end_if_told(self, orders: Orders) -> None:
        if orders.orphaned:
            raise _EndWorker(SUPERVISOR_GONE)
        if orders.stop:
            raise _EndWorker(SHUTDOWN_REQUESTED)
        if orders.finish:
            raise _EndWorker(ALL_JOBS_COMPLETE)

    def _claim(self, orders: Orders) -> Claim | Nothing:
        self.ledger.pass_number = orders.stage
        try:
            return self.ledger.claim(self.worker_id)
        except LedgerLockedError as exc:
            self.log.warning("ledger_busy", error=str(exc))
        except LedgerUnreadableError as exc:
            self.log.error("ledger_unusable", error=str(exc))
            raise _EndWorker(LEDGER_UNUSABLE) from exc
        except LedgerWriteError as exc:
            # A full disk may be emptied: nothing was claimed, so waiting costs nothing.
            self.log.error("claim_not_written", error=str(exc))
            self.channel.send("alarm", text=str(exc))
        return Nothing(open_jobs=1, next_due=None, blocked=0)

    def _idle_seconds(self, found: Nothing) -> float:
        longest = self.settings.run.idle_poll_seconds
        if found.next_due is None:
            return longest
        due = (found.next_due - self.ledger.now()).total_seconds()
        return min(longest, max(0.05, due))

    # -- one job ---------------------------------------------------------------------------------

    def _handle(self, session: Session, claim: Claim) -> bool:
        """Perform the job and write what became of it; returns whether it was done."""
        job = claim.job
        log = self.log.bind(job=job.job_id, account=job.account, attempt=claim.attempt)
        log.info("job_claimed")
        self.channel.send("job", job=job.job_id, key=job.account, attempt=claim.attempt)
        bundle = EvidenceBundle(
            self.slot.work_dir / self.settings.paths.evidence, job.job_id, claim.attempt
        )
        report = self._report(session, claim, bundle, log)
        with self._claims.renewing(claim, report.lose_claim):
            outcome = self._perform(session, job, report)
        report.end()
        bundle.finish(report.record(outcome))
        self._record(claim, outcome, report, log)
        if not isinstance(outcome, Success):
            # What went wrong with this one may go wrong with the next, and recovery takes it all.
            self._next.drop()
        self._settle_state(session, outcome)
        return isinstance(outcome, Success)

    def _report(
        self, session: Session, claim: Claim, bundle: EvidenceBundle, log: Any
    ) -> JobReport:
        if not self.channel.orders.must_stop:
            self._wake.clear()
        return JobReport(
            claim=claim,
            keeper=self._claims,
            lifecycle=self.lifecycle,
            bundle=bundle,
            log=log,
            time_limit=self.workload.job_seconds,
            wake=self._wake,
            must_stop=lambda: _must_stop(self.channel),
            publish=self.channel.send,
            too_early=self._between.left,
            meanwhile=lambda: self._next.begin(session),
        )

    def _perform(self, session: Session, job: Job, report: JobReport) -> Outcome | None:
        """The session's outcome; None when the job was dropped or given back."""
        try:
            return session.perform(job, report)
        except ClaimLostError as exc:
            # Not a failed attempt: somebody else owns the job now (A4.7).
            report.log.warning("claim_lost", reason=str(exc))
            return None
        except StopRequested as exc:
            report.log.info("job_given_back", reason=str(exc))
            return None
        except LedgerError as exc:
            # The ledger could not be written before the point of no return: not the job's fault.
            report.log.error("job_given_back", reason=str(exc))
            return None
        except JobError as exc:
            return self._failure(exc, report)
        except Exception as exc:
            report.failed(exc)
            report.log.exception("job_failed_unexpectedly")
            verdict = classify_exception(exc)
            text = f"{type(exc).__name__}: {exc}"
            return Failure(
                error=logs.redact(text), category=verdict.category, error_type=verdict.error_type
            )

    def _failure(self, exc: JobError, report: JobReport) -> Failure | None:
        """What a typed error says; None where the job is given back, as it is not to blame."""
        if isinstance(exc, HoldsRunError):
            report.log.error("run_held", error=str(exc), error_type=exc.error_type)
            self.channel.send("hold", text=str(exc), ends_run=exc.ends_run)
            self._held = True
            return None
        report.failed(exc)
        report.log.warning("job_failed", error=str(exc), error_type=exc.error_type)
        return Failure(
            error=str(exc),
            category=exc.category,
            error_type=exc.error_type,
            retry_soon=exc.retry_soon,
            retry_after_seconds=exc.retry_after,
        )

    def _record(self, claim: Claim, outcome: Outcome | None, report: JobReport, log: Any) -> None:
        """Write the outcome durably; patient with a busy or full disk, loud when it is in vain."""
        try:
            job = self._claims.settle(claim, outcome)
        except ClaimLostError as exc:
            self._late(claim, outcome, exc, log)
            return
        except LedgerError as exc:
            log.critical("outcome_not_written", outcome=str(outcome), error=str(exc))
            self.channel.send(
                "alarm",
                text=f"The outcome of {claim.job_id} could not be written: {exc} "
                f"It was: {outcome!r}; it is kept in the worker's log and evidence.",
            )
            raise _EndWorker(OUTCOME_NOT_WRITTEN) from exc
        log.info("job_ended", status=str(job.status), category=str(job.error_category or ""))
        self.channel.send("outcome", **report.message(job))

    def _late(self, claim: Claim, outcome: Outcome | None, exc: Exception, log: Any) -> None:
        """The claim was taken back meanwhile; a real success behind it is told to a person."""
        log.error("late_outcome", outcome=str(outcome), reason=str(exc))
        if isinstance(outcome, Success):
            self.channel.send(
                "alarm",
                text=f"{claim.job_id} was done ({outcome.evidence}) but its claim had been taken "
                "back: check it and mark it posted.",
            )

    # -- states ----------------------------------------------------------------------------------

    def _settle_state(self, session: Session, outcome: Outcome | None) -> None:
        if self.channel.orders.must_stop:
            return
        faulty = isinstance(outcome, Failure) and outcome.category in (
            ErrorCategory.INFRASTRUCTURE,
            ErrorCategory.UNKNOWN,
            ErrorCategory.INTERNAL,
        )
        if not faulty:
            self._failures_in_a_row = 0
            self.lifecycle.go(STARTING)
            return
        self._failures_in_a_row += 1
        self._recover(session)

    def _recover(self, session: Session) -> None:
        self.lifecycle.go(ERROR_RECOVERY)
        while True:
            try:
                session.recover()
                self._failed_recoveries = 0
                break
            except EngineError as exc:
                self._failed_recoveries += 1
                self.log.error("recovery_failed", error=str(exc), in_a_row=self._failed_recoveries)
                if self._failed_recoveries >= self.settings.run.max_recoveries:
                    self.channel.send("alarm", text=f"Worker {self.worker_id}: {exc}")
                    raise _EndWorker(RECOVERY_FAILED) from exc
                self._back_off(self._failed_recoveries)
        self._back_off(self._failures_in_a_row)
        self.lifecycle.go(STARTING)

    def _back_off(self, in_a_row: int) -> None:
        run = self.settings.run
        seconds = min(run.recovery_max_seconds, run.recovery_step_seconds * in_a_row)
        if self.channel.wait_until(_stopping, seconds):
            self._end_if_told(self.channel.orders)

    def _publish_state(self, before: str, state: str, spent: float) -> None:
        self.log.info("state", state=state, before=before, seconds=round(spent, 3))
        self.channel.send("state", state=state, before=before, seconds=round(spent, 3))


def _stopping(orders: Orders) -> bool:
    return orders.must_stop or orders.finish


def _must_stop(channel: WorkerChannel) -> bool:
    """Whether to leave; who asks goes on, and is not taken for stuck."""
    channel.move()
    return channel.orders.must_stop


# -- the process ----------------------------------------------------------------------------------


def _work(arguments: argparse.Namespace, channel: WorkerChannel) -> str:
    settings = resolved(arguments)
    work_dir: Path = arguments.workdir
    logs.configure(
        work_dir / settings.paths.logs / f"worker_{arguments.worker_id}.log",
        settings.logs,
        settings.secrets,
    )
    log: Any = get_logger("engine.worker").bind(worker=arguments.worker_id)
    log.info("worker_started", pid=os.getpid(), run_id=arguments.run_id)
    workload = workloads.load(
        settings.run.workload, WorldContext(settings=settings, work_dir=work_dir)
    )
    ledger = ProgressTracker(
        arguments.ledger,
        settings=settings,
        run_id=arguments.run_id,
        refuse=lambda job: _refusal(job, channel.orders, workload),
        cap=workload.daily_cap,
        rank=workload.rank,
    )
    workload.attach(ledger)
    registry = processes.ProcessRegistry(RunDirectory(work_dir / settings.paths.run).processes_path)
    slot = WorkerSlot(
        index=arguments.worker_id,
        settings=settings,
        work_dir=work_dir,
        run_id=arguments.run_id,
        log=log,
        processes=SlotProcesses(registry, arguments.worker_id),
        should_stop=lambda: _must_stop(channel),
    )
    channel.beat_within(settings.run.worker_silent_seconds / 4)
    channel.send("hello", pid=os.getpid())
    collector.settled()
    reason = Worker(slot, workload, ledger, channel).run()
    log.info("worker_ended", reason=reason)
    return reason


def _refusal(job: Job, orders: Orders, workload: Workload) -> str | None:
    if job.account in orders.held_keys:
        return "held by the operator"
    return workload.refuse(job)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one worker; exit status 0 only for a clean end (A10.5)."""
    arguments = parse(argv)
    processes.ignore_interrupts()
    channel = WorkerChannel.of_this_process()
    channel.start()
    try:
        reason = _work(arguments, channel)
    except AlreadyRunningError as exc:
        channel.send("exit", reason=str(exc))
        return ExitCode.LOCKED
    except EngineError as exc:
        get_logger("engine.worker").error("worker_failed", error=str(exc))
        channel.send("exit", reason=str(exc))
        return ExitCode.FAILED
    except Exception:  # noqa: BLE001 - the last border: the stack goes to the log, once
        get_logger("engine.worker").exception("worker_crashed")
        channel.send("exit", reason="crashed; its log has the stack")
        return ExitCode.FAILED
    channel.send("exit", reason=reason)
    return ExitCode.DONE if reason in CLEAN_EXITS else ExitCode.FAILED


if __name__ == "__main__":
    collector.leave(main())
