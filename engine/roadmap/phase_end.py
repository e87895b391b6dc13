"""The end of a phase: committed once, pushed once, as the settings say (behaviour B5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.errors import EngineError
from engine.roadmap.barrier import GIT_FAILED, MERGE_FAILED, PUSH_FAILED, Barrier, BarrierError
from engine.roadmap.closing import Closed, Closing, PhaseCommit, phase_message
from engine.roadmap.document import Phase
from engine.roadmap.git_errors import GitError, MergeConflictError, PushFailedError
from engine.roadmap.place import Place
from engine.roadmap.record import Record
from engine.workloads.base import Herald

if TYPE_CHECKING:
    from engine.roadmap.desk import RecordDesk


def finish_interrupted(place: Place, record: Record) -> None:
    """Go on with a phase's fast-forward that the host's end cut short. Raises GitError."""
    closing = _closing(place)
    for phase in place.document.phases:
        pending = _pending(record, phase)
        if pending is not None and not record.phase(phase.number).committed:
            closing.finish_interrupted(pending)


def _closing(place: Place) -> Closing:
    return Closing(place.git, place.integration, branch=place.branch, remote=place.roadmap.remote)


def _pending(record: Record, phase: Phase) -> PhaseCommit | None:
    intent = record.phase(phase.number).intent
    if intent is None:
        return None
    return PhaseCommit(phase=phase.number, commit=intent.commit, base=intent.base, tree=intent.tree)


class PushHeldError(EngineError):
    """The phase is committed and waits for a person's look before it is pushed (B5.6)."""


class PhaseEnd:
    """Closes the phases of one run."""

    def __init__(
        self,
        place: Place,
        desk: RecordDesk,
        herald: Herald,
        barrier: Barrier,
        does: Callable[[str], None],
    ) -> None:
        self._place = place
        self._desk = desk
        self._herald = herald
        self._barrier = barrier
        self._does = does

    def close(self, phase: Phase) -> None:
        """Commit and push what is not yet; a phase that is closed is left alone (B5.3).

        Raises BarrierError, PushHeldError, StopRequested.
        """
        known = self._desk.record.phase(phase.number)
        push = self._place.roadmap.push
        if known.pushed or (known.committed and push == "no"):
            return
        try:
            closed = self._closed(phase, push=push == "yes")
        except MergeConflictError as exc:
            raise BarrierError(str(exc), MERGE_FAILED) from exc
        except PushFailedError as exc:
            self._remember(phase)
            raise BarrierError(str(exc), PUSH_FAILED) from exc
        except GitError as exc:
            raise BarrierError(str(exc), GIT_FAILED) from exc
        self._record(phase, closed)
        if push == "ask" and closed.commit is not None and not closed.pushed:
            raise PushHeldError(
                f"{closed.note} Then run again; with --push it is pushed without asking."
            )

    def _closed(self, phase: Phase, *, push: bool) -> Closed:
        place, record = self._place, self._desk.record
        last = record.group(phase.groups[-1].name)
        closing = _closing(place)
        closed = closing.close(
            phase.number,
            phase_message(phase.number, [(group.id, group.title) for group in phase.groups]),
            gated_tree=last.tree if last is not None else "",
            gates=lambda: self._barrier.run_gates(phase.groups[-1], place.integration.head()),
            pending=_pending(record, phase),
            save=lambda made: self._intend(phase, made),
            push=push,
        )
        if place.roadmap.push == "ask" and closed.commit is not None:
            seen = closing.is_pushed(closed.commit)
            return closed if not seen else Closed(commit=closed.commit, pushed=True)
        return closed

    def _intend(self, phase: Phase, made: PhaseCommit) -> None:
        with self._desk.lock:
            self._desk.record.intend(
                phase.number,
                commit=made.commit,
                base=made.base,
                tree=made.tree,
                at=datetime.now(UTC),
            )

    def _remember(self, phase: Phase) -> None:
        """A push that failed leaves a commit that is made."""
        pending = _pending(self._desk.record, phase)
        if pending is not None:
            self._record(phase, Closed(commit=pending, committed_now=True))

    def _record(self, phase: Phase, closed: Closed) -> None:
        if closed.commit is None:
            self._herald.line(closed.note)
            return
        commit, now = closed.commit.commit, datetime.now(UTC)
        with self._desk.lock:
            record = self._desk.record
            if not record.phase(phase.number).committed:
                record.committed(phase.number, commit=commit, at=now)
            if closed.pushed and not record.phase(phase.number).pushed:
                record.pushed(phase.number, at=now)
        if closed.committed_now:
            self._herald.line(f"Committed: {phase.label} ({commit[:12]}).")
        if closed.pushed_now:
            place = self._place
            self._herald.line(f"Pushed: {phase.label} to {place.roadmap.remote}/{place.branch}.")
        elif closed.note:
            self._herald.line(closed.note)
