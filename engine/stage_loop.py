"""The stages of a run, one after the other: workers while a stage has jobs, a wait before the next.

What a stage is made of, the workload's plan says; when claims are paused, nothing is started.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.errors import EngineError, LedgerUnreadableError
from engine.private_files import explain
from engine.processes import ProgramError
from engine.run_text import left_alone, pass_figures, retry_configuration

if TYPE_CHECKING:
    from engine.orchestrator import Orchestrator
    from engine.workloads.base import Stage


class StageLoop:
    """Runs the stages of one supervisor."""

    def __init__(self, run: Orchestrator) -> None:
        self._run = run

    def run(self) -> bool:
        """Every stage to its end; False where the operator stopped the run before."""
        run = self._run
        run.plan = run.workload.stages(run.ledger, run.record.run_id)
        for text in retry_configuration(run.settings.retry):
            run.news.line(text)
        if left := left_alone(run.ledger):
            run.news.line(left)
        for stage in run.plan:
            self._say_ended()
            self._wait_before(stage)
            if run.stopping():
                break
            self._one(stage)
            if run.stopping():
                run.plan.stop()
                break
            run.release_all(why="still held after the pass")
            self._hold_here_if_asked()
        self._say_ended()
        return not run.stopping()

    def _one(self, stage: Stage) -> None:
        run = self._run
        run.stage = stage
        run.phase = "running"
        run.news.emit("stage_started", text=f"Starting {stage.label}", jobs=stage.total_jobs)
        run.workers.new_stage()
        run.workers.order(stage=stage.number)
        while not self._turn():
            run.tick()
        # Between stages nobody claims: what is reset meanwhile waits for its own stage.
        run.workers.order(stage=0)

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
        run.phase = "waiting"
        run.news.emit("waiting", text=f"Waiting {stage.delay_seconds:g}s before next pass")
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
        run.news.emit("paused", text="Paused after this pass; resume to go on.")
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
