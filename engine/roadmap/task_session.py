"""A worker's session: one agent at a time, each in a working tree of its own (behaviour B2.3 on).

What an attempt leaves is committed on its branch whatever became of it, and only then is its tree
removed; the next attempt starts from where the group started (E4.9).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import ContentError, EngineError, InfrastructureError, InternalError, JobError
from engine.jobs import Job, Success
from engine.marked import end_leftovers, new_marker
from engine.roadmap import changes
from engine.roadmap.agent import AgentLimits, AgentProcess
from engine.roadmap.agent_errors import AgentFailedError, TaskFault
from engine.roadmap.agent_result import AgentResult, judge
from engine.roadmap.at_work import AtWork, Note
from engine.roadmap.attempts_left import AttemptLeft
from engine.roadmap.document import Group, Task
from engine.roadmap.git_errors import AgentHistoryError, GitError
from engine.roadmap.no_push import push_disabled
from engine.roadmap.place import Place
from engine.roadmap.preparation import Preparation
from engine.roadmap.prompt import prompt_for
from engine.roadmap.run_logs import agent_log
from engine.roadmap.worktrees import Worktree
from engine.workloads.base import PHASE_STOP, Ahead, Report, WorkerSlot

TREE_READY = "TREE_READY"


class WorktreeError(InfrastructureError):
    """git could not make, commit or remove the attempt's tree just now."""

    default_type = "worktree_failed"


class TaskSession:
    """What one worker holds: nothing between two tasks."""

    def __init__(self, slot: WorkerSlot, place: Place, at_work: AtWork) -> None:
        self._slot = slot
        self._place = place
        self._at_work = at_work

    @property
    def lead_seconds(self) -> float:
        return 0.0

    @property
    def looks_ahead(self) -> bool:
        return False

    def prepare_next(self, job: Job, alarm: Callable[[str], None]) -> Ahead:
        raise InternalError("A task is not begun before the one in hand has ended.")

    def perform(self, job: Job, report: Report) -> Success:
        """One attempt. Raises JobError, StopRequested, ClaimLostError."""
        attempt = _Attempt(self._slot, self._place, self._at_work, job, report)
        try:
            return attempt.run()
        except AgentHistoryError as exc:
            raise AgentFailedError(str(exc)) from exc
        except GitError as exc:
            raise WorktreeError(str(exc)) from exc
        finally:
            with contextlib.suppress(EngineError):
                report.phase(PHASE_STOP)
            attempt.put_away()

    def recover(self) -> None:
        """Nothing of the slot lives on; its tree is put right by the next attempt."""
        end_leftovers(self._slot.work_dir, [self._slot.index])
        self._at_work.end(self._slot.index)

    def close(self) -> None:
        self.recover()


class _Attempt:
    """From a new tree to its removal."""

    def __init__(
        self, slot: WorkerSlot, place: Place, at_work: AtWork, job: Job, report: Report
    ) -> None:
        self._slot = slot
        self._place = place
        self._at_work = at_work
        self._job = job
        self._report = report
        self._group, self._task = _task_of(place, job)
        self._tree: Worktree | None = None
        self._message = f"Task {self._task.id}: {self._task.title}\n"

    def run(self) -> Success:
        place, report = self._place, self._report
        report.phase("worktree")
        base = place.git.tip(place.integration.branch_of(self._group.phase))
        log = agent_log(
            place.logs, phase=self._group.phase, group=self._group.id, task=self._task.id
        )
        self._note(log)
        self._tree = tree = place.worktrees.add(
            self._group.phase, self._task.id, self._job.attempts + 1, base=base
        )
        report.step("A working tree was made.", branch=tree.branch, base=base[:12], log=str(log))
        report.state(TREE_READY)
        env = {**place.env, **push_disabled(place.git, tree.path)}
        marker = new_marker(self._slot.work_dir, self._slot.index)
        self._prepare(tree.path, env, log, marker)
        report.start_clock()
        report.begin()
        report.phase("agent")
        result = AgentProcess.begin(
            self._slot.processes,
            place.roadmap.agent_command,
            prompt=prompt_for(place.document, self._group, self._task, top=place.work_dir),
            task=self._task.id,
            cwd=tree.path,
            env=env,
            log=log,
            marker=marker,
        ).finish(task=self._task.id, limits=self._limits, pause=report.pause)
        report.phase("commit")
        return self._judge(tree, result)

    @property
    def _limits(self) -> AgentLimits:
        return AgentLimits(
            seconds=self._place.roadmap.task_timeout_seconds,
            log_megabytes=self._place.roadmap.log_megabytes,
        )

    def _note(self, log: Path) -> None:
        worktree = self._place.worktrees.folder / f"{self._task.id}.{self._job.attempts + 1}"
        self._at_work.begin(
            Note(
                slot=self._slot.index,
                job_id=self._job.job_id,
                task=self._task.id,
                since=datetime.now(UTC),
                log=str(log),
                worktree=str(worktree),
                pid=os.getpid(),
            )
        )

    def _prepare(self, tree: Path, env: dict[str, str], log: Path, marker: str) -> None:
        if not self._place.roadmap.prepare:
            return
        self._report.phase("prepare")
        Preparation(
            commands=self._place.roadmap.prepare,
            keeper=self._slot.processes,
            cwd=tree,
            env=env,
            log=log,
            marker=marker,
            limits=self._limits,
        ).run(task=self._task.id, pause=self._report.pause)

    def _judge(self, tree: Worktree, result: AgentResult) -> Success:
        """Commit what the agent did, and say whether it is a success; written down first."""
        git = self._place.git
        committed = self._place.worktrees.commit_all(tree, self._message)
        changed: list[str] = []
        if committed.commit:
            changed = changes.files_changed(git, tree.base, committed.commit)
            stat = changes.diff_stat(git, tree.base, committed.commit)
            self._report.step("The agent's changes were committed.", commit=committed.commit)
            self._report.evidence("changes.txt", stat + "\n")
        for name in committed.left_out:
            self._report.step("Left out: it looks like a secret or a log.", file=name)
        left = AttemptLeft(
            job_id=self._job.job_id,
            branch=tree.branch,
            base=tree.base,
            commit=committed.commit or "",
            seconds=result.seconds,
            summary=result.summary,
            tests=result.tests,
            files=len(changed),
            log=str(result.log),
            at=datetime.now(UTC),
        )
        try:
            success = judge(result, changed, task=self._task.id)
        except JobError as exc:
            if isinstance(exc, TaskFault):
                self._report.evidence("log_end.txt", "\n".join(exc.tail) + "\n")
            self._place.attempts_left.write(left.model_copy(update={"result": str(exc)}))
            raise
        told = left.model_copy(update={"succeeded": True, "result": success.evidence})
        self._place.attempts_left.write(told)
        return success

    def put_away(self) -> None:
        """Commit what is left and remove the tree; what cannot be is put right by the next run."""
        tree = self._tree
        if tree is not None:
            try:
                self._place.worktrees.put_away(tree, self._message)
            except (EngineError, OSError) as exc:
                self._report.log.warning("worktree_left", path=str(tree.path), error=str(exc))
        self._at_work.end(self._slot.index)


def _task_of(place: Place, job: Job) -> tuple[Group, Task]:
    """Raises ContentError where the document has no such task any more."""
    try:
        task = place.document.task(job.job_id)
        group = place.document.group(job.job_id.rpartition(":")[0])
    except EngineError as exc:
        raise ContentError(
            f"The roadmap has no task {job.account} any more: put it back, or skip the job ({exc})",
            error_type="task_gone",
        ) from exc
    return group, task
