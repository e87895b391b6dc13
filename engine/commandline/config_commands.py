"""``config show`` and ``config check``: the settings, and what is wrong with them, in print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import ExitCode, InputError
from engine.output import complain, say, say_json, table
from engine.settings_report import check, show


def config_show(work_dir: Path, as_json: bool) -> int:
    """Print every setting with where it came from. Raises SettingsError, InputError."""
    _need(work_dir)
    lines = show(work_dir)
    if as_json:
        for line in lines:
            say_json({"event": "setting", **line._asdict()})
    else:
        table("Settings", ("key", "value", "from"), lines)
    return ExitCode.DONE


def config_check(work_dir: Path, *, also: Callable[[Path], Sequence[str]] | None = None) -> int:
    """Print what is wrong, one sentence a line; exit status 2 where anything is.

    ``also`` finds what only a caller can know: the cockpit's keys.
    """
    _need(work_dir)
    problems = [*check(work_dir), *(also(work_dir) if also is not None else ())]
    for problem in problems:
        complain(problem)
    if problems:
        return ExitCode.USAGE
    say(f"The settings of {work_dir} are in order.")
    return ExitCode.DONE


def _need(work_dir: Path) -> None:
    if not work_dir.is_dir():
        raise InputError(f"The work directory {work_dir} does not exist; make it, or name another.")
