"""The workload ``roadmap``: tasks of a document, each done by a coding agent in a tree of its own.

A group is a stage, its gates are the exit gate, a phase that is complete is committed and pushed
(behaviour B). The supervisor, the ledger and the cockpit know nothing of it but labels.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.jobs import Job, Trace
from engine.roadmap.at_work import AtWork, Note
from engine.roadmap.jobs_of_groups import new_jobs, refuse_reordered
from engine.roadmap.place import LEDGER, Place
from engine.roadmap.status_files import STATUS_DIR
from engine.workloads.base import (
    Herald,
    Labels,
    Receipt,
    ResourceState,
    SeedReport,
    Session,
    StagePlan,
    WorkerSlot,
    WorldContext,
)
from engine.workloads.minutes import minutes_of, minutes_on
from engine.workloads.paid_calls import NO_CALLS, PaidCalls

if TYPE_CHECKING:
    from engine.progress import ProgressTracker
    from engine.roadmap.desk import RecordDesk

_ENDING_SECONDS: Final = 60.0
"""For making, committing and removing a tree, beside the time of its agent."""
_DONE_ALREADY: Final = "done already, as the roadmap says"
_COMPLETE: Final = "in a group that is complete"


class Roadmap:
    """Phases of groups of tasks in a git repository."""

    name = "roadmap"
    labels = Labels(
        key="task",
        resource="agent",
        stage="group",
        content="specification",
        text="task text",
        act="run",
        acting="running",
        done="done",
        doubtful="done",
    )
    daily = False
    own_stages = True
    grows = False
    keeps_resource = False
    ready_states: tuple[str, ...] = ("TREE_READY",)
    cap_refusal = ""
    rank = None
    daily_cap = 0
    price_per_minute = 0.0

    def __init__(self, context: WorldContext) -> None:
        self._settings = context.settings
        self._work_dir = context.work_dir
        self._stopping = threading.Event()
        self._place = Place(context.settings, context.work_dir, stop=self._stopping.is_set)
        run = context.work_dir / context.settings.paths.run
        self._at_work = AtWork(run / "agents")
        self._ledger: ProgressTracker | None = None
        self._said: Sequence[str] = ()
        self._herald: Herald | None = None
        """Of the run that this process supervises."""

    # -- what it is ------------------------------------------------------------------------------

    @property
    def ledger_path(self) -> Path:
        return self._work_dir / STATUS_DIR / LEDGER

    @property
    def attempt_seconds(self) -> float:
        """The agent's time, that of each command before it, and git's."""
        commands = 1 + len(self._settings.roadmap.prepare)
        return self._settings.roadmap.task_timeout_seconds * commands + 2 * _ENDING_SECONDS

    @property
    def job_seconds(self) -> float:
        """Longer than an agent may take: its own limit ends it, and says so by the task's name."""
        return self._settings.roadmap.task_timeout_seconds + _ENDING_SECONDS

    def slot_facts(self, index: int) -> Mapping[str, object]:
        note = next((note for note in self._at_work.notes() if note.slot == index), None)
        return {} if note is None else {"worktree": Path(note.worktree).name, "log": note.log}

    def attach(self, ledger: ProgressTracker) -> None:
        self._ledger = ledger

    # -- before anything starts ------------------------------------------------------------------

    def check(self) -> None:
        """Refuse what could not run: the document, the agent, the gates, the repository (B2.1).

        What a killed run left half done in the repository is put right before it is looked at.
        Raises InputError, GitError, AlreadyRunningError.
        """
        from engine.progress import ProgressTracker
        from engine.roadmap.agent import check_agent
        from engine.roadmap.gates import check_gates
        from engine.roadmap.own_files import hide_own_folders
        from engine.roadmap.readiness import check, check_place, check_version

        place, roadmap = self._place, self._settings.roadmap
        check_version(place.git)
        check_place(place.git)
        _ = place.selection
        record = place.record()
        check_agent(roadmap.agent_command, place.env)
        check_gates(roadmap.gates, place.env)
        hide_own_folders(self._work_dir)
        self._put_right()
        made = [
            phase.commit
            for phase in (record.phase(one.number) for one in place.document.phases)
            if phase.commit and not phase.pushed
        ]
        self._said = check(
            place.git,
            branch=roadmap.branch,
            remote="" if roadmap.push == "no" else roadmap.remote,
            allow_dirty=roadmap.allow_dirty,
            ours=made,
        ).warnings
        ledger = ProgressTracker(self.ledger_path, settings=self._settings, cap=0)
        try:
            refuse_reordered(place.document, ledger, record)
        finally:
            ledger.close()

    def _put_right(self) -> None:
        """Go on with what a killed run left, while no other run lives (B6.8)."""
        from engine.instance import run_lock
        from engine.roadmap.phase_end import finish_interrupted

        self.ledger_path.parent.mkdir(mode=0o700, exist_ok=True)
        lock = run_lock(self.ledger_path, stale_after=self._settings.run.heartbeat_stale_seconds)
        lock.acquire()
        try:
            self._place.worktrees.recover()
            finish_interrupted(self._place, self._place.record())
        finally:
            lock.release()

    def check_workers(self, count: int) -> None:
        """A worker needs nothing that could run out but this host's own means."""

    def notices(self) -> Sequence[str]:
        """What the repository said when it was looked at before a run."""
        return self._said

    # -- jobs ------------------------------------------------------------------------------------

    def seed(self, ledger: ProgressTracker, *, dry_run: bool = False) -> SeedReport:
        place, record = self._place, self._place.record()
        wanted = new_jobs(place.document, record)
        every = list(place.document.tasks())
        done = sum(task.done for _, task in every)
        skipped = {_DONE_ALREADY: done, _COMPLETE: len(every) - done - len(wanted)}
        new = wanted
        if not dry_run:
            new = list(ledger.seed(lambda known: [j for j in wanted if j.job_id not in known]))
        return SeedReport(
            seeded=len(new),
            skipped={reason: count for reason, count in skipped.items() if count > 0},
            keys_used=len({job.account for job in new}),
            plan=[(job.job_id, job.account, job.video_path) for job in new],
        )

    def stages(self, ledger: ProgressTracker, run_id: str, herald: Herald) -> StagePlan:
        from engine.roadmap.run_logs import sweep
        from engine.roadmap.stages import RoadmapStages

        self._herald = herald
        sweep(self._place.logs, self._settings.logs)
        return RoadmapStages(
            self._place,
            desk=self._desk,
            ledger=ledger,
            run_id=run_id,
            herald=herald,
            stopping=self._stopping,
        )

    @cached_property
    def _desk(self) -> RecordDesk:
        from engine.roadmap.desk import RecordDesk

        return RecordDesk(self._place)

    def publish(self, ledger: ProgressTracker) -> None:
        """The status files (B4), once the run has begun with its stages."""
        if self._herald is None:
            return
        for sentence in self._desk.write_views(ledger):
            self._herald.line(sentence)

    def open(self, slot: WorkerSlot) -> Session:
        from engine.roadmap.task_session import TaskSession

        # A stop ends the agent; git itself finishes what it began, within its bounds.
        return TaskSession(slot, Place(slot.settings, slot.work_dir), self._at_work)

    def refuse(self, job: Job) -> str | None:
        chosen = {group.name for group in self._place.selection.groups}
        if job.job_id.rpartition(":")[0] not in chosen:
            return "not in the phases or the group of this run"
        return None

    # -- records ---------------------------------------------------------------------------------

    def confirmed(self, job: Job) -> None:
        """Nothing outlives the ledger but what git has."""

    def may_be_done(self, job: Job) -> None:
        """A task has no point of no return: it is done again (E4.1)."""

    def not_done(self, job: Job) -> None:
        """As above."""

    def traces(self) -> Sequence[Trace]:
        return ()

    # -- agents at work --------------------------------------------------------------------------

    def resources(self, *, ask: bool, patient: bool = True) -> Sequence[ResourceState]:
        return [_state(note) for note in self._at_work.notes()]

    def reclaim(self, slots: Sequence[int] | None) -> Sequence[Receipt]:
        """End what agents and gates left, wherever it went, and see it gone."""
        from engine.marked import end_leftovers

        ended = end_leftovers(self._work_dir, slots)
        notes = [note for note in self._at_work.notes() if slots is None or note.slot in slots]
        for note in notes:
            self._at_work.end(note.slot)
        return [_receipt(note, len(ended)) for note in notes]

    def release(self, ids: Sequence[str]) -> Sequence[Receipt]:
        """End these agents; their workers see it and judge it. Names are ids or tasks."""
        from engine.marked import end_leftovers

        receipts = []
        known = {name: note for note in self._at_work.notes() for name in (note.id, note.task)}
        for wanted in ids:
            note = known.get(wanted)
            if note is None:
                receipts.append(
                    Receipt(id=wanted, label=wanted, released=True, detail="no such agent works")
                )
                continue
            receipts.append(_receipt(note, len(end_leftovers(self._work_dir, [note.slot]))))
        return receipts

    def minutes_used(self, run_id: str) -> float:
        return minutes_of(self._ledger, run_id)

    def minutes_on(self, day: date) -> float:
        return minutes_on(self._ledger, day, self._settings)

    def calls_on(self, day: date) -> PaidCalls:
        return NO_CALLS

    def limited_until(self) -> datetime | None:
        return None


def _state(note: Note) -> ResourceState:
    now = datetime.now(UTC)
    return ResourceState(
        kind="agent",
        id=note.id,
        label=note.task,
        state="started",
        ours=True,
        slot=note.slot,
        job_id=note.job_id,
        since=note.since,
        minutes=max(0.0, (now - note.since).total_seconds() / 60),
        note=note.log,
    )


def _receipt(note: Note, ended: int) -> Receipt:
    minutes = max(0.0, (datetime.now(UTC) - note.since).total_seconds() / 60)
    detail = f"{ended} processes ended" if ended else "it had ended already"
    return Receipt(id=note.id, label=note.task, released=True, detail=detail, minutes=minutes)
