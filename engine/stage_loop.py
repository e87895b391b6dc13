"""The stages of a run, one after the other: workers while a stage has jobs, a wait before the next.

What a stage is made of, the workload's plan says; when claims are paused, nothing is started.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import wait
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from engine.errors import EngineError, LedgerUnreadableError
from engine.private_files import explain
from engine.processes import ProgramError
from engine.run_text import pass_figures

if TYPE_CHECKING:
    from engine.orchestrator import Orchestrator
    from engine.workloads.base import Stage, StagePlan

TURN_SECONDS: Final = 0.05
"""Between two turns while the plan is at work between two stages."""
AT_ONCE_SECONDS: Final = 0.02
"""Most plans decide within this: nobody is told of it."""


class StageLoop:
    """Runs the stages of one supervisor."""

    def __init__(self, run: Orchestrator) -> None:
        self._run = run

    def run(self) -> bool:
        """Every stage to its end; False where the operator stopped the run before."""
        run = self._run
        run.plan = run.workload.stages(run.ledger, run.record.run_id, run.news)
        for text in run.plan.opening():
            run.news.line(text)
        stages = iter(run.plan)
        while (stage := self._next(run.plan, stages)) is not None:
            self._say_ended()
            self._wait_before(stage)
            if run.stopping():
                break
            self._one(stage)
            if run.stopping():
                run.plan.stop()
                break
            if not run.workload.keeps_resource:
                run.release_all(why=f"still held after the {run.workload.labels.stage}")
            self._hold_here_if_asked()
        self._say_ended()
        return not run.stopping()

    def _next(self, plan: StagePlan, stages: Iterator[Stage]) -> Stage | None:
        """Have the plan end the stage before, which may take long, and name the next one.

        Meanwhile commands are heard and the status stays true; a stop goes to the plan at once.
        One that does not end in time is left behind, with what it started. Raises as the plan.
        """
        run = self._run
        future = run.aftermath.in_background(lambda: next(stages, None))
        wait([future], timeout=AT_ONCE_SECONDS)
        before, deadline = run.phase, math.inf
        run.between_stages = True
        try:
            while not future.done():
                if run.stopping():
                    deadline = min(deadline, self._told_to_stop(plan))
                    if time.monotonic() >= deadline:
                        run.news.alarm("What was done between two stages does not end: left so.")
                        return None
                else:
                    run.phase = plan.doing or before
                run.tick(TURN_SECONDS)
            return future.result()
        except BaseException:
            plan.stop()  # whatever ends the run ends what the plan is at
            raise
        finally:
            run.between_stages = False
            run.phase = before

    def _told_to_stop(self, plan: StagePlan) -> float:
        """Tell it, and until when (monotonic) it is waited for; less long if asked again."""
        run, settings = self._run, self._run.settings.run
        run.phase = "stopping"
        plan.stop()
        patience = settings.shutdown_timeout_seconds
        if run.stop_asked > 1:
            patience = settings.forced_shutdown_timeout_seconds
        return time.monotonic() + patience

    def _one(self, stage: Stage) -> None:
        run = self._run
        run.stage = stage
        run.ledger.pass_number = stage.number
        run.phase = "running"
        run.news.emit("stage_started", text=f"Starting {stage.label}", jobs=stage.total_jobs)
        run.workers.new_stage()
        run.workers.order(stage=stage.number)
        while not self._turn():
            run.tick()
        # Between stages nobody claims: what is reset meanwhile waits for its own stage.
        run.workers.order(stage=0)
        run.ledger.pass_number = 0

    def _turn(self) -> bool:
        """Start whom the ledger has work for; True when the stage is over."""
        run = self._run
        try:
            if self._over():
                return True
            if not run.control.paused:
                self._start_workers()
        except LedgerUnreadableError as exc:
            run.patience.bear(exc)
        return False

    def _over(self) -> bool:
        run = self._run
        if run.stopping():
            return True
        if run.aftermath.busy:
            return False
        run.aftermath.mend_ledger()
        if not run.ledger.has_jobs():
            raise LedgerUnreadableError(
                f"{run.ledger_path} has lost its jobs in mid-run: put the file back, then go on "
                "with --run."
            )
        if run.ledger.open_jobs(at_most=1) == 0:
            return True
        if run.workers.hopeless:
            run.news.alarm("Every worker has been given up; jobs are left. See logs/worker_*.log.")
            return True
        return False

    def _start_workers(self) -> None:
        run = self._run
        try:
            worker = run.workers.start_due(run.ledger.open_jobs(at_most=len(run.workers.wanted)))
        except ProgramError as exc:
            raise EngineError(f"A worker process cannot be started: {exc.strerror}.") from exc
        except OSError as exc:
            # A disk may be emptied, and processes end: the workers that live go on meanwhile.
            run.news.alarm(f"A worker process cannot be started just now: {explain(exc)}")
            return
        if worker is not None:
            run.news.emit("worker_started", worker=worker.slot, restarts=worker.restarts)

    def _wait_before(self, stage: Stage) -> None:
        run = self._run
        if stage.delay_seconds <= 0:
            return
        run.phase, label = "waiting", run.workload.labels.stage
        run.news.emit("waiting", text=f"Waiting {stage.delay_seconds:g}s before next {label}")
        self._tick_for(stage.delay_seconds)

    def _hold_here_if_asked(self) -> None:
        """*Pause after this pass*: nothing new begins until the operator resumes."""
        run = self._run
        if not run.control.pause_after_stage:
            return
        try:
            run.control.pause(paused=True)
        except EngineError as exc:
            run.news.alarm(str(exc))
        label = run.workload.labels.stage
        run.news.emit("paused", text=f"Paused after this {label}; resume to go on.")
        while run.control.paused and not run.stopping():
            run.phase = "paused"
            run.tick()

    def _tick_for(self, seconds: float) -> None:
        run = self._run
        until = time.monotonic() + seconds
        run.waiting_until = datetime.fromtimestamp(run.now().timestamp() + seconds, UTC)
        while not run.stopping() and (left := until - time.monotonic()) > 0:
            run.tick(min(left, run.settings.run.supervisor_poll_seconds))
        run.waiting_until = None

    def _say_ended(self) -> None:
        """The figures of the stage that was run last (A8.14); a stopped one has not ended."""
        run = self._run
        if run.stage is None or run.plan is None or run.stopping():
            return
        for figures in run.plan.summary()["passes"]:
            if figures["pass_number"] == run.stage.number:
                text = f"Ended {run.stage.label}: {pass_figures(figures)}"
                run.news.emit("stage_ended", text=text, stage=run.stage.number, **figures)
