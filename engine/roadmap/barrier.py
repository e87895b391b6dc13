"""The barrier behind a group: its branches merged in order, its gates run on what came of it.

A group is complete only when all its tasks succeeded and all gates passed on the merged tree
(behaviour B3.4); which of that was seen goes into the record, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from engine.errors import EngineError, StopRequested
from engine.jobs import JobStatus
from engine.roadmap.document import Group
from engine.roadmap.gates import GatePlace, GateProgress, Gates, failure_sentence
from engine.roadmap.git_errors import GitError, MergeConflictError
from engine.roadmap.jobs_of_groups import tasks_of
from engine.roadmap.place import GATE_SLOT, Place
from engine.workloads.base import Herald

if TYPE_CHECKING:
    from engine.progress import ProgressTracker
    from engine.roadmap.desk import RecordDesk

GATE_FAILED: Final = "gate_failed"
MERGE_FAILED: Final = "merge_failed"
GIT_FAILED: Final = "git_failed"
PUSH_FAILED: Final = "push_failed"
_SHOWN_LINES: Final = 20


class BarrierError(EngineError):
    """The run ends here; ``result`` is the word for it."""

    def __init__(self, message: str, result: str, group: Group | None = None) -> None:
        super().__init__(message)
        self.result = result
        self.group = group


class Barrier:
    """Where the groups of one run come together."""

    def __init__(
        self,
        place: Place,
        desk: RecordDesk,
        herald: Herald,
        stop: Callable[[], bool],
        does: Callable[[str], None],
    ) -> None:
        """``does`` is told in words what takes its time just now."""
        self._place = place
        self._desk = desk
        self._herald = herald
        self._stop = stop
        self._does = does
        self._opened = ""
        """The phase whose tree was made ready last."""

    def open(self, group: Group) -> None:
        """Make ready what the group's tasks start from. Raises BarrierError.

        They start from the phase's branch; its tree, which only the barrier needs, is looked at
        once for each phase, so that a merge half done is refused before an agent begins.
        """
        place = self._place
        try:
            if self._opened == group.phase and self._has_branch(group):
                return
            place.integration.ensure(group.phase, place.git.tip(place.branch))
            self._opened = group.phase
        except GitError as exc:
            raise BarrierError(str(exc), GIT_FAILED, group) from exc

    def _has_branch(self, group: Group) -> bool:
        branch = self._place.integration.branch_of(group.phase)
        return self._place.git.commit_of(f"refs/heads/{branch}") is not None

    def pass_through(self, group: Group, ledger: ProgressTracker) -> None:
        """Merge, check, record. Raises BarrierError, StopRequested; nothing is complete then."""
        place = self._place
        try:
            self._does(f"merging {group.label}")
            place.integration.ensure(group.phase, place.git.tip(place.branch))
            self._merge(group, ledger)
            commit, tree = place.integration.head(), place.integration.tree()
        except GitError as exc:
            raise BarrierError(str(exc), GIT_FAILED, group) from exc
        self.run_gates(group, commit)
        if self._stop():
            raise StopRequested("The run was asked to stop.")
        with self._desk.lock:
            self._desk.record.complete_group(
                group.name,
                at=datetime.now(UTC),
                tasks=[task.id for task in group.tasks],
                gates=self._desk.gates_of(group),
                commit=commit,
                tree=tree,
            )
        self._herald.line(f"Complete: {group.label} ({commit[:12]}).")

    def run_gates(self, group: Group, commit: str) -> None:
        """All gates, on the integration tree as it is. Raises BarrierError, StopRequested."""
        place = self._place
        gates = Gates(
            place.roadmap.gates,
            GatePlace(
                cwd=place.integration.path,
                logs=place.logs,
                work_dir=place.work_dir,
                env=place.env,
                keeper=place.keeper(GATE_SLOT),
                log_megabytes=place.roadmap.log_megabytes,
            ),
            phase=group.phase,
            group=group.id,
            stop=self._stop,
            tell=lambda progress: self._tell(group, progress),
        )
        results = gates.run_all()
        self._desk.saw_gates(group, results, commit)
        if gates.all_passed(results):
            return
        failed = results[-1]
        for line in failed.text.splitlines()[1:][-_SHOWN_LINES:]:
            self._herald.line(f"  {line}")
        raise BarrierError(
            f"{failure_sentence(failed, group.id)}. Nothing later was started: correct it in "
            f"{place.integration.path} and commit there, then run again.",
            GATE_FAILED,
            group,
        )

    def _tell(self, group: Group, progress: GateProgress | None) -> None:
        if progress is not None:
            self._does(f"{group.label}: gate {progress.name} {progress.number}/{progress.total}")

    def _merge(self, group: Group, ledger: ProgressTracker) -> None:
        """Every branch that can be merged is; then those that cannot are told, each by its task.

        One that a person merged meanwhile counts as merged.
        """
        conflicts = []
        for task, job in tasks_of(group, ledger, self._desk.record):
            if job is None or job.status is not JobStatus.SUCCESS:
                continue
            left = self._place.attempts_left.of(job.job_id)
            if left is None:
                raise BarrierError(
                    f"Nobody knows any more on which branch task {task.id} was done (its file in "
                    f"{self._place.status_dir / 'attempts'} is gone): merge it by hand in "
                    f"{self._place.integration.path}, then add {group.name} to completed_tasks.txt,"
                    " or have the group run again.",
                    MERGE_FAILED,
                    group,
                )
            if not left.commit:
                continue
            try:
                self._place.integration.merge(task.id, left.branch, task.title)
            except MergeConflictError as exc:
                conflicts.append(str(exc))
        if conflicts:
            raise BarrierError(" ".join(conflicts), MERGE_FAILED, group)
