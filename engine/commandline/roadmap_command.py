"""``geelark-console roadmap``: the same run, ledger and screens for the tasks of a document.

Its own flags become settings, for this process and for the run that the cockpit starts; everything
else on the line is a command of the engine (``--status``, ``--stop-all``, ``--requeue`` …).
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Final

from engine.commandline import cli
from engine.commandline.trade_environment import (
    WORKLOAD_KEY,
    Cockpit,
    into_environment,
    split_line,
    whole,
)
from engine.errors import ExitCode, InputError
from engine.output import say
from engine.settings_roadmap import dry_run_asked, environment_overrides

WORKLOAD: Final = "roadmap"
_FLAGS: Final[Mapping[str, str]] = {
    "phases": "roadmap.phases",
    "group": "roadmap.group",
    "max_parallel": "run.workers",
    "task_timeout": "roadmap.task_timeout_seconds",
    "branch": "roadmap.branch",
    "remote": "roadmap.remote",
    "push": "roadmap.push",
    "allow_dirty": "roadmap.allow_dirty",
}
"""Setting of each flag."""
EPILOG: Final = """\
examples:
  %(prog)s --plan
  %(prog)s --dry-run
  %(prog)s docs/ROADMAP.md --phases 2-3 --max-parallel 4
  %(prog)s --group 1:D --headless
  %(prog)s --status
  %(prog)s --stop-all

On a terminal this opens the cockpit, in which a run is started by its key;
without one, or with --headless, it runs to the end. Every command of the
engine (see geelark-console --help) works behind it on the same run. The
names MAX_PARALLEL_AGENTS, TASK_TIMEOUT and DRY_RUN of the environment count
too; a flag goes before them.

exit status: 0 done, 1 refused, failed, or tasks left, 2 usage or settings,
4 another run is live in this repository, 130 stopped
"""


def parser(prog: str, *, with_path: bool = True) -> argparse.ArgumentParser:
    """The flags of its own."""
    words = argparse.ArgumentParser(
        prog=prog,
        description="Runs the tasks of a roadmap with coding agents: groups one after the other, "
        "each behind its gates, phases committed and pushed.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if with_path:
        words.add_argument(
            "path", nargs="?", metavar="PATH", help="the document, or its repository"
        )
    words.add_argument("--plan", action="store_true", help="print what there is, run nothing")
    words.add_argument(
        "--dry-run", action="store_true", help="print what would be launched, run nothing"
    )
    words.add_argument("--headless", action="store_true", help="run here, without the cockpit")
    words.add_argument("--observe", action="store_true", help="cockpit that only watches")
    words.add_argument("--phases", metavar="N[-M]", help="only these phases")
    words.add_argument("--group", metavar="N:X", help="only this group and its gates, no commit")
    words.add_argument("--max-parallel", type=whole, metavar="N", help="agents at a time (4)")
    words.add_argument("--task-timeout", type=whole, metavar="S", help="seconds of a task (3600)")
    words.add_argument("--branch", help="branch that has to be checked out")
    words.add_argument("--remote", help="where phases are pushed to (origin)")
    push = words.add_mutually_exclusive_group()
    push.add_argument("--push", dest="push", action="store_const", const="yes", help="without ask")
    push.add_argument(
        "--no-push", dest="push", action="store_const", const="no", help="commit only"
    )
    words.add_argument(
        "--allow-dirty",
        action="store_const",
        const=True,
        help="start although there are uncommitted changes; no agent sees them",
    )
    return words


def roadmap(given: Sequence[str], *, prog: str, cockpit: Cockpit | None) -> int:
    """Run one command of the roadmap trade; ``cockpit`` where there is a terminal for it.

    Raises EngineError; returns the exit status otherwise.
    """
    arguments, rest = split_line(
        given, prog, lambda with_path: parser(prog, with_path=with_path), "path"
    )
    top = _top(arguments.path)
    _configure(arguments, top, os.environ)
    commands = cli.chosen_command(cli.parser(prog).parse_args(rest))
    if arguments.plan:
        return _plan(top)
    if arguments.dry_run or (commands in (None, "run") and dry_run_asked(os.environ)):
        return _dry_run(top)
    if commands is not None:
        return cli.main(["-C", str(top), *rest], prog=prog)
    if arguments.headless or cockpit is None:
        return cli.main(["-C", str(top), *rest, "--run"], prog=prog)
    _make_room(top)
    return cockpit(top, arguments.observe)


def _top(path: Path | None) -> Path:
    """The top folder of the repository that the path lies in. Raises InputError, GitError."""
    from engine.roadmap.git import Git

    path = Path() if path is None else path
    folder = path if path.is_dir() else path.parent
    if not folder.is_dir() or not (path.is_dir() or path.is_file()):
        raise InputError(
            f"There is no roadmap at {path}: give its file, or the repository's folder."
        )
    folder = folder.resolve()
    found = Git(folder).run("rev-parse", "--show-toplevel", env={"GIT_CEILING_DIRECTORIES": ""})
    # Where it is no repository, the check before a run says so in its own sentence.
    return Path(found.line()) if found.ok and found.line() else folder


def _configure(arguments: argparse.Namespace, top: Path, environ: MutableMapping[str, str]) -> None:
    """Settings for this process and for the run that it may start: by the environment, which goes
    before the settings file as a command line does. Raises InputError."""
    wanted: dict[str, object] = {WORKLOAD_KEY: WORKLOAD, **environment_overrides(environ)}
    for flag, key in _FLAGS.items():
        value = getattr(arguments, flag)
        if value is not None:
            wanted[key] = value
    path: Path | None = arguments.path
    if path is not None and not path.is_dir():
        wanted["roadmap.path"] = _inside(path.resolve(), top.resolve())
    into_environment(wanted, environ)


def _inside(document: Path, top: Path) -> str:
    """The document as the repository names it. Raises InputError where it lies elsewhere."""
    if not document.is_relative_to(top):
        raise InputError(
            f"The roadmap {document} lies outside the repository {top}, where no agent could read "
            "it: copy it in and commit it."
        )
    return document.relative_to(top).as_posix()


def _make_room(top: Path) -> None:
    """Where a run will write: the cockpit opens on a place that has it. Raises GitError."""
    from engine.roadmap.git import Git
    from engine.roadmap.own_files import hide_own_folders
    from engine.roadmap.readiness import check_place, check_version

    git = Git(top)
    check_version(git)
    check_place(git)
    hide_own_folders(top)


def _plan(top: Path) -> int:
    """Print the plan; changes nothing (B1.10)."""
    from engine.config import Settings
    from engine.roadmap.place import Place
    from engine.roadmap.plan_text import plan_lines

    place = Place(Settings.load(top), top)
    record = place.record()
    for line in plan_lines(place.selection, complete=record.complete, by_hand=record.by_hand):
        say(line)
    return ExitCode.DONE


def _dry_run(top: Path) -> int:
    """Say what would be launched, in order; starts no agent, no gate, no commit (B6.5)."""
    from engine.config import Settings
    from engine.progress import ProgressTracker
    from engine.roadmap.jobs_of_groups import SETTLED, tasks_of
    from engine.roadmap.place import Place

    settings = Settings.load(top)
    place = Place(settings, top)
    record = place.record()
    ledger = ProgressTracker(place.ledger_path, settings=settings, cap=0)
    agent = Path(place.roadmap.agent_command[0]).name
    number = 0
    for warning in place.selection.warnings(record.complete):
        say(f"Note: {warning}")
    for group in place.selection.groups:
        if group.name in record.complete:
            say(f"Complete already: {group.label}")
            continue
        jobs = dict(tasks_of(group, ledger, record)) if ledger.exists() else {}
        for task in group.tasks:
            job = jobs.get(task)
            done = task.done or (job is not None and job.status in SETTLED)
            number += not done
            word = "Done already:" if done else f"Would launch {agent} for"
            say(f"{word} {task.id}: {task.title} ({group.label})")
    say(f"{number} task(s), {settings.run.workers} at a time; nothing was started.")
    return ExitCode.DONE
