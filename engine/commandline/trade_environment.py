"""A command of a trade's own: its flags become settings in the environment of this process.

So they hold here, in the run that the cockpit starts, and in every command that it sends beside
one; the environment goes before the settings file as a command line does.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.commandline import cli

if TYPE_CHECKING:
    from engine.config import Settings

Cockpit = Callable[[Path, bool], int]
"""Opens the cockpit on a work directory, only to observe or not; returns the exit status."""
WORKLOAD_KEY: Final = "run.workload"
_MOST_BYTES: Final = 4 * 1024 * 1024
_ABOUT: Final[Mapping[str, Sequence[str]]] = {
    "downloads": ("downloads.orders", "downloads.out", "downloads.url"),
    "roadmap": ("roadmap.path", "roadmap.phases", "roadmap.group"),
}
"""Of a trade by its name: the settings that say what its run is about."""


def split_line(
    given: Sequence[str],
    prog: str,
    parser: Callable[[bool], argparse.ArgumentParser],
    positional: str,
) -> tuple[argparse.Namespace, list[str]]:
    """A trade's own flags with its one positional, and what is the engine's.

    ``parser`` is made with and without the positional: in ``--skip JOB`` the job is the engine's.
    """
    if {"-h", "--help"} & set(given):
        parser(True).parse_args(["--help"])
    ours = cli.parser(prog).parse_known_args(given)[1]
    found: str | None = getattr(parser(True).parse_args(ours), positional)
    left = list(given)
    if found is not None:
        left.remove(found)
    arguments, rest = parser(False).parse_known_args(left)
    setattr(arguments, positional, None if found is None else Path(found))
    return arguments, rest


def whole(text: str) -> int:
    """A whole number of at least 1, as a flag's type."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)


def variable(key: str) -> str:
    """The name of a setting in the environment."""
    return "GEELARK_" + key.upper().replace(".", "__")


def into_environment(wanted: Mapping[str, object], environ: MutableMapping[str, str]) -> None:
    """Set these settings, by their dotted keys."""
    for key, value in wanted.items():
        plain = isinstance(value, str) and not _is_json(value)
        environ[variable(key)] = str(value) if plain else json.dumps(value)


def of_latest_run(run_dir: Path) -> Mapping[str, object]:
    """Trade of the run that lives here or was the last one, and what it was about, by dotted keys.

    Empty where there was none, or nothing can be read of it.
    """
    from engine.private_files import read_own
    from engine.run_state import RunDirectory

    try:
        tree = json.loads(read_own(RunDirectory(run_dir).settings_path, _MOST_BYTES))
        trade = tree["run"]["workload"]
        keys = [key.split(".") for key in _ABOUT.get(trade, ())]
        about = {".".join(key): tree[key[0]][key[1]] for key in keys}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {WORKLOAD_KEY: trade, **about}


def lives(work_dir: Path, settings: Settings) -> bool:
    """Whether a run is live in the work directory; not where this user may not know."""
    from engine.instance import InstanceLock
    from engine.run_state import RunDirectory

    run_dir = RunDirectory(work_dir / settings.paths.run)
    stale = settings.run.heartbeat_stale_seconds
    try:
        return InstanceLock(run_dir.lock_path, stale_after=stale).holder() is not None
    except OSError:
        return False  # whose place it is, the start that follows says


def follow_live_run(work_dir: Path, settings: Settings, environ: MutableMapping[str, str]) -> bool:
    """Mean the trade and the list of the run that lives here, unless the environment names a trade;
    returns whether that changed anything."""
    if variable(WORKLOAD_KEY) in environ or not lives(work_dir, settings):
        return False
    found = of_latest_run(work_dir / settings.paths.run)
    now = json.loads(settings.to_json())
    if found.get(WORKLOAD_KEY) not in _ABOUT or all(
        value == _at(now, key) for key, value in found.items()
    ):
        return False
    into_environment(found, environ)
    return True


def _at(tree: Mapping[str, Mapping[str, object]], key: str) -> object:
    section, _, name = key.partition(".")
    return tree[section][name]


def _is_json(text: str) -> bool:
    """Whether a text would be read as something else than text: ``2`` names a phase."""
    try:
        return not isinstance(json.loads(text), str) or text.startswith('"')
    except ValueError:
        return False
