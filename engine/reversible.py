"""The operator's commands that can be taken back: on jobs, on claims, and the undo itself.

A live run and the command line without one carry them out through the same class, so that both
answer in the same words (console-features 7).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from engine import job_control
from engine.errors import InputError
from engine.logger import get_logger
from engine.undo import Undoable, UndoableName, UndoBook

if TYPE_CHECKING:
    from engine.control import StandingOrders
    from engine.progress import ProgressTracker
    from engine.run_state import Command, RunDirectory
    from engine.workloads.base import Workload

log = get_logger(__name__)

Answer = Mapping[str, Any]
"""``ok``, ``detail``, often ``results`` by name; ``undoable`` counts what an undo may take back."""

JOBS: Final = frozenset({"requeue", "skip", "unskip", "mark_posted"})
CLAIMS: Final = frozenset({"hold", "release", "pause", "resume"})
_OPPOSITE: Final[Mapping[str, UndoableName]] = {
    "hold": "release",
    "release": "hold",
    "pause": "resume",
    "resume": "pause",
}
_HELD: Final = {True: "held", False: "released"}


class Reversible:
    """Carries out what can be taken back, and takes it back."""

    def __init__(
        self,
        *,
        run_dir: RunDirectory,
        ledger: ProgressTracker,
        workload: Workload,
        control: Callable[[], StandingOrders],
        slots: Callable[[], Collection[int]],
    ) -> None:
        """``control`` is asked for when it is needed; ``slots`` names the workers that may be
        held."""
        self._book = UndoBook(run_dir)
        self._ledger = ledger
        self._workload = workload
        self._orders = control
        self._slots = slots

    def jobs(self, command: Command, named: Sequence[str], matched: Sequence[str] = ()) -> Answer:
        """Requeue, skip, unskip or mark posted these jobs; ``matched`` were chosen by a filter.

        Raises InputError, LedgerError.
        """
        change = job_control.change(
            command.name, named, self._ledger, self._workload, matched=matched
        )
        answer = {
            "ok": change.ok,
            "results": change.results,
            "changed": list(change.changed),
            "detail": change.detail,
        }
        if not change.undoable:
            return answer
        ledger = str(self._ledger.path)
        kept = self._note(command, ledger=ledger, jobs=change.changed, fixed=change.fixed)
        return {**answer, **kept}

    def claims(self, command: Command) -> Answer:
        """Hold, release, pause or resume. Raises InputError for a target that is none."""
        changed, text = self._order(command.name, command.target, command.sent_by)
        answer = {"ok": True, "detail": text}
        return {**answer, **self._note(command, target=command.target)} if changed else answer

    def undo(self, command: Command) -> Answer:
        """Take a command back, the last one where none is named. Raises InputError."""
        entry = self._book.find(command.undo_of)
        if entry is None:
            raise InputError(
                f"The command {command.undo_of!r} cannot be taken back."
                if command.undo_of
                else "There is nothing that could be taken back."
            )
        if entry.jobs:
            undone = job_control.take_back(entry, self._ledger)
            self._book.forget(entry.id)
            return {
                "ok": undone.left == 0,
                "results": undone.results,
                "detail": undone.detail,
                "undone": undone.undone,
                "left": undone.left,
                "undo_of": entry.id,
            }
        self._refuse_later_pause(entry)
        _, text = self._order(_OPPOSITE[entry.name], entry.target, command.sent_by)
        self._book.forget(entry.id)
        detail = f"{entry.name} taken back. {text}"
        return {"ok": True, "detail": detail, "undone": 1, "left": 0, "undo_of": entry.id}

    # -- claims ------------------------------------------------------------------------------------

    def _order(self, name: str, target: str, by: str) -> tuple[bool, str]:
        """(whether anything changed, what is true now)."""
        if name in ("pause", "resume"):
            control = self._orders()
            before = control.paused
            control.pause(paused=name == "pause", by=by)
            text = "No new claims." if control.paused else "Claims go on."
            return before is not control.paused, text
        return self._hold(target, held=name == "hold")

    def _hold(self, target: str, *, held: bool) -> tuple[bool, str]:
        kind, _, name = target.partition(":")
        control = self._orders()
        if kind == "worker":
            slot = int(name) if name.isdecimal() else -1
            if slot not in self._slots():
                raise InputError(f"There is no worker {name!r}.")
            changed = (slot in control.held_workers) is not held
            control.hold_worker(slot, held=held)
            return changed, f"Worker {name}: {_HELD[held]}."
        if kind not in ("key", "resource") or not name:
            raise InputError("Hold and release take worker:N, key:NAME or resource:LABEL.")
        # A resource's label is the key of the jobs that use it.
        changed = (name in control.held_keys) is not held
        control.hold_key(name, held=held)
        return changed, f"{name}: {_HELD[held]}."

    # -- undo --------------------------------------------------------------------------------------

    def _refuse_later_pause(self, entry: Undoable) -> None:
        """A pause that came after this one (a stop of resources) is not taken back with it.

        Raises InputError.
        """
        if entry.name != "pause":
            return
        control = self._orders()
        if control.paused and control.paused_at is not None and control.paused_at > entry.at:
            by = f" by {control.paused_by}" if control.paused_by else ""
            raise InputError(f"Claims were paused again since{by}: take that back with resume.")

    def _note(self, command: Command, **fields: Any) -> Answer:
        """Remember what may be taken back; a disk that keeps no undo hinders no command."""
        entry = Undoable.model_validate(
            {"id": command.id, "name": command.name, "by": command.sent_by, **fields}
        )
        try:
            self._book.note(entry)
        except OSError as exc:
            log.warning("undo_not_kept", command=command.id, error=str(exc))
            return {}
        return {"undoable": entry.count}
