"""The stages of a roadmap's run: a group is one, with its barrier and its gates; a phase closes.

The plan works on a thread of its own between two stages; the supervisor's thread asks it meanwhile
for figures only. What is complete is said by the record, never by a history of commits (B6.3).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.errors import StopRequested
from engine.insight.attempts import PassHistory
from engine.jobs import ErrorCategory, Job, JobStatus
from engine.retry import STOPPED, PassResult, PassStats, RetryConfig, stats_of
from engine.roadmap.barrier import Barrier, BarrierError
from engine.roadmap.document import Group, Phase
from engine.roadmap.jobs_of_groups import OPEN, SETTLED, new_jobs, tasks_of
from engine.roadmap.phase_end import PhaseEnd, PushHeldError
from engine.run_history import RunHistory
from engine.workloads.base import Herald, Stage

if TYPE_CHECKING:
    from engine.progress import ProgressTracker
    from engine.roadmap.desk import RecordDesk
    from engine.roadmap.place import Place

STAGE_FAILED: Final = "stage_failed"
"""Tasks of a group failed: no gate ran and nothing later was started (B2.8)."""
HELD: Final = "push_waits"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entered:
    """A group that this run began with."""

    group: Group
    note: str = ""


class RoadmapStages:
    """The plan of one run."""

    max_passes: int

    def __init__(
        self,
        place: Place,
        *,
        desk: RecordDesk,
        ledger: ProgressTracker,
        run_id: str,
        herald: Herald,
        stopping: threading.Event,
    ) -> None:
        """``stopping`` is set by ``stop`` and looked at by git and gates."""
        self._place = place
        self._desk = desk
        self._ledger = ledger
        self._run_id = run_id
        self._herald = herald
        self._stopping = stopping
        self._entered: dict[str, _Entered] = {}
        self._result: str = STOPPED
        self._why = ""
        self.doing = ""
        self.max_passes = max(group.ordinal for group in place.document.groups())
        self._barrier = Barrier(place, desk, herald, stopping.is_set, self._does)
        self._phase_end = PhaseEnd(place, desk, herald, self._barrier, self._does)

    # -- the plan --------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Stage]:
        try:
            self._begin()
            for group in self._place.selection.groups:
                if not self._desk.is_complete(group):
                    yield from self._tasks_of(group)
                    if self._stopping.is_set() or not self._tasks_done(group):
                        return
                    self._barrier.pass_through(group, self._ledger)
                phase = self._place.selection.closing_phase(group)
                if phase is not None:
                    self._close(phase)
                if self._stopping.is_set():
                    return
            self._result = PassResult.ALL_COMPLETE
        except StopRequested:
            self._stopping.set()
        except BarrierError as exc:
            self._end(exc.result, str(exc), exc.group)
        except PushHeldError as exc:
            self._end(HELD, str(exc))
        finally:
            self.doing = ""

    def _begin(self) -> None:
        """Take what hands changed into account, and record what is new in the document."""
        place = self._place
        self.doing = "looking at the repository"
        for sentence in (*self._desk.take_hand_edits(), *self._desk.outgrown()):
            self._herald.line(sentence)
        wanted = new_jobs(place.document, self._desk.record)
        self._ledger.seed(lambda known: [job for job in wanted if job.job_id not in known])
        self._leave_out_done_by_hand()

    def _leave_out_done_by_hand(self) -> None:
        """Groups that were declared complete are not run: their open jobs are left out (B4.3)."""
        record = self._desk.record
        ids = [
            job.job_id
            for group in self._place.document.groups()
            if group.name in record.by_hand
            for _, job in tasks_of(group, self._ledger, record)
            if job is not None and job.status in (JobStatus.PENDING, JobStatus.FAILED)
        ]
        if ids:
            self._ledger.skip(ids)

    def _tasks_of(self, group: Group) -> Iterator[Stage]:
        """The group's tasks; once more those that failed for want of time or of a service."""
        self.doing = f"preparing {group.label}"
        self._barrier.open(group)
        # A person has started the run again: what failed before is tried again (B6.2).
        again = self._ids(group, JobStatus.FAILED)
        for tries_left in range(self._place.roadmap.infrastructure_tries, 0, -1):
            if again:
                self._ledger.reset_for_pass(group.ordinal, _one_of(again))
            waiting = sum(job.status in OPEN for job in self._jobs(group))
            if not waiting:
                return
            self._entered[group.name] = _Entered(group=group)
            self.doing = ""
            yield Stage(number=group.ordinal, label=_label(group), total_jobs=waiting)
            if self._stopping.is_set():
                return
            again = self._to_try_again(group)
            if not again or tries_left == 1:
                return
            self._herald.line(
                f"{_capital(group.label)}: {len(again)} of its tasks ran out of time or had no "
                "service, and are tried once more."
            )

    def _to_try_again(self, group: Group) -> frozenset[str]:
        """Infrastructure failures, where nothing else keeps the group from being complete."""
        failed = [job for job in self._jobs(group) if job.status is JobStatus.FAILED]
        if any(job.error_category is not ErrorCategory.INFRASTRUCTURE for job in failed):
            return frozenset()
        return frozenset(job.job_id for job in failed)

    def _tasks_done(self, group: Group) -> bool:
        """Whether the barrier may be passed; says why not (B2.8)."""
        left = [job for job in self._jobs(group) if job.status not in SETTLED]
        if not left:
            return True
        failed = [job for job in left if job.status is JobStatus.FAILED]
        number = f"{len(left)} of {len(group.tasks)} tasks"
        first = f": {failed[0].error}" if failed else " are not done"
        self._end(
            STAGE_FAILED,
            f"{_capital(group.label)} failed, {number} ({', '.join(j.account for j in left)})"
            f"{first}. No gate was run and nothing later was started: correct what is wrong, then "
            "run again; only these tasks are done again.",
            group,
        )
        return False

    def _close(self, phase: Phase) -> None:
        self.doing = f"closing {phase.label}"
        self._phase_end.close(phase)

    # -- what others ask -------------------------------------------------------------------------

    def opening(self) -> Sequence[str]:
        """What this run does and may do."""
        place, roadmap = self._place, self._place.roadmap
        chosen, every = len(place.selection.groups), len(list(place.document.groups()))
        gates = ", ".join(gate.name for gate in roadmap.gates) or "none"
        push = {"yes": f"pushed to {roadmap.remote}", "no": "not pushed", "ask": "kept for review"}
        end = f"phases are committed and {push[roadmap.push]}"
        return (
            f"Groups: {chosen} of {every}; gates after each: {gates}.",
            f"A task may take {roadmap.task_timeout_seconds:g}s; {end}.",
            *place.selection.warnings(self._desk.complete),
        )

    @property
    def result(self) -> str:
        return STOPPED if self._stopping.is_set() else self._result

    def summary(self) -> Mapping[str, Any]:
        # Asked while the plan is at work: a history of its own is nobody else's.
        history = RunHistory(self._ledger, self._run_id).passes()
        begun = sorted(self._entered.values(), key=lambda one: one.group.ordinal)
        last = begun[-1].group.ordinal if begun else 0
        coming = (one for one in self._place.selection.groups if one.ordinal > last)
        return {
            "result": self.result,
            "why": self._why,
            "limits": self._limits,
            "config": self._retries.model_dump(),
            "passes_allowed": self.max_passes,
            "passes": [
                *(self._figures(one, history) for one in begun),
                *(self._to_come(group) for group in coming if not self._desk.is_complete(group)),
            ],
        }

    @property
    def _retries(self) -> RetryConfig:
        """What is tried again by itself, in the words of those that have passes."""
        return RetryConfig(
            max_passes=self.max_passes,
            retry_delay_seconds=0,
            infrastructure_retry_limit=self._place.roadmap.infrastructure_tries,
            unknown_error_is_retryable=False,
        )

    @property
    def _limits(self) -> str:
        chosen, every = len(self._place.selection.groups), self.max_passes
        gates = ", ".join(gate.name for gate in self._place.roadmap.gates) or "none"
        return f"{chosen} of {every} groups, one after the other; gates: {gates}"

    def _figures(self, one: _Entered, history: Mapping[int, PassHistory]) -> dict[str, Any]:
        number = one.group.ordinal
        figures = stats_of(number, history.get(number, PassHistory())).to_dict()
        result = {"result": "complete"} if self._desk.is_complete(one.group) else {}
        return {**figures, "label": one.group.label, "note": one.note, **result}

    @staticmethod
    def _to_come(group: Group) -> dict[str, Any]:
        waiting = sum(not task.done for task in group.tasks)
        stats = PassStats(pass_number=group.ordinal, total_jobs=waiting)
        return {**stats.to_dict(), "label": group.label}

    def stop(self) -> None:
        self._stopping.set()

    def add_stage(self) -> None:
        """A roadmap has the groups that it has."""

    # -- parts -----------------------------------------------------------------------------------

    def _does(self, what: str) -> None:
        self.doing = what

    def _end(self, result: str, why: str, group: Group | None = None) -> None:
        self._result, self._why = result, why
        if group is not None:
            self._entered[group.name] = _Entered(group=group, note=why)
        self._herald.alarm(why)

    def _jobs(self, group: Group) -> list[Job]:
        found = tasks_of(group, self._ledger, self._desk.record)
        return [job for _, job in found if job is not None]

    def _ids(self, group: Group, status: JobStatus) -> frozenset[str]:
        return frozenset(job.job_id for job in self._jobs(group) if job.status is status)


def _one_of(ids: frozenset[str]) -> Callable[[Job], bool]:
    return lambda job: job.job_id in ids


def _label(group: Group) -> str:
    return f"{group.label}: {group.title}" if group.title else group.label


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
