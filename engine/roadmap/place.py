"""Where one roadmap is worked on: its repository, its document, its trees, its record, its logs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.processes import ProcessRegistry
from engine.roadmap.attempts_left import AttemptsLeft
from engine.roadmap.document import Document
from engine.roadmap.git import Git
from engine.roadmap.git_errors import NotReadyError
from engine.roadmap.grammar import read
from engine.roadmap.integration import Integration
from engine.roadmap.record import Record
from engine.roadmap.run_logs import LOG_FOLDER
from engine.roadmap.selection import Selection
from engine.roadmap.status_files import STATUS_DIR, StatusFiles
from engine.roadmap.surroundings import allowed_environment
from engine.roadmap.worktrees import Worktrees
from engine.run_state import RunDirectory
from engine.slot_processes import SlotProcesses

if TYPE_CHECKING:
    from engine.config import Settings

WORKTREES: Final = ".worktrees"
GIT_LOG: Final = "git.log"
LEDGER: Final = "roadmap_progress.csv"
GATE_SLOT: Final = 0
"""Gates run one at a time, whichever worker's slot has this number."""


def _never() -> bool:
    return False


class Place:
    """One work directory, which is the top folder of a git repository.

    What is read lazily raises InputError (document, record) or GitError.
    """

    def __init__(
        self, settings: Settings, work_dir: Path, *, stop: Callable[[], bool] = _never
    ) -> None:
        """``stop`` says whether git is to end what it does just now."""
        self.settings = settings
        self.roadmap = settings.roadmap
        self.work_dir = work_dir
        self.status_dir = work_dir / STATUS_DIR
        self.ledger_path = self.status_dir / LEDGER
        self.logs = work_dir / settings.paths.logs
        self._stop = stop

    @cached_property
    def document(self) -> Document:
        return read(self.work_dir / self.roadmap.path)

    @cached_property
    def selection(self) -> Selection:
        return Selection.of(self.roadmap, self.document)

    @cached_property
    def git(self) -> Git:
        return Git(self.work_dir, stop=self._stop, log_path=self.logs / LOG_FOLDER / GIT_LOG)

    @cached_property
    def branch(self) -> str:
        """What phases are committed to. Raises GitError where none is checked out."""
        found = self.roadmap.branch or self.git.branch()
        if not found:
            raise NotReadyError(
                f"No branch is checked out in {self.work_dir} (detached HEAD): run `git switch "
                "BRANCH`, and run again."
            )
        return found

    @cached_property
    def worktrees(self) -> Worktrees:
        return Worktrees(self.git, self.work_dir / WORKTREES)

    @cached_property
    def integration(self) -> Integration:
        return Integration(self.git, self.work_dir / WORKTREES)

    @cached_property
    def attempts_left(self) -> AttemptsLeft:
        return AttemptsLeft(self.status_dir / "attempts")

    @cached_property
    def env(self) -> dict[str, str]:
        """All that agents and gates get of our environment."""
        return allowed_environment(self.roadmap.agent_env)

    def record(self) -> Record:
        """As it is on the disk now; only a run's supervisor changes it."""
        return Record.open(self.status_dir)

    def status_files(self, record: Record) -> StatusFiles:
        return StatusFiles(self.work_dir, record)

    def keeper(self, slot: int) -> SlotProcesses:
        run = RunDirectory(self.work_dir / self.settings.paths.run)
        return SlotProcesses(ProcessRegistry(run.processes_path), slot)
