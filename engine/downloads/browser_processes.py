"""The processes of a browser, found whatever became of their parents and their environments.

Three ways, as each alone misses some: the inherited marker (``engine.marked``), which Chromium's
children may write over; whoever descends from a marked one; and whose command line names the
folder of a profile.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import psutil

from engine.downloads.profile_owner import OwnerState, owner_of
from engine.marked import SWEEP_SECONDS, end_found, has_ended, is_ours, of_slots, with_marker

_USER_DATA: Final = "--user-data-dir="


def processes_of(profile: Path) -> list[psutil.Process]:
    """Living processes of this user whose command line names a profile's folder, or a file in it;
    never ourselves nor who started us. Raises nothing."""
    names = _spellings(profile)
    return _naming(lambda argument: _names_one(argument, names))


def processes_of_browser(marker: str, profile: Path) -> list[psutil.Process]:
    """All living processes of one browser and its driver, by the marker they were started with and
    the profile's folder."""
    return _families([*with_marker(marker), *processes_of(profile)])


def end_browser(marker: str, profile: Path, *, timeout: float = SWEEP_SECONDS) -> bool:
    """Kill one browser and its driver; True when a look afterwards finds nothing of them."""
    return end_found(lambda: processes_of_browser(marker, profile), timeout)[1]


def end_browsers(
    work_dir: Path,
    slots: Iterable[int | str] | None,
    profiles_root: Path,
    *,
    timeout: float = SWEEP_SECONDS,
) -> list[int]:
    """Kill what the browsers of a work directory left; the pids of what was found.

    ``slots``: only of these (their workers died), beside what uses a profile whose owner is gone;
    None = of all, with everything that uses any profile of the root: only with the run ended.
    Raises nothing.
    """
    kept = None if slots is None else list(slots)
    known: set[psutil.Process] = set()
    root = Path(os.path.realpath(profiles_root))

    def found() -> list[psutil.Process]:
        marked = of_slots(work_dir, kept)
        owned = processes_of(root) if kept is None else _ownerless(root)
        # Who was seen once stays ours, also after his parent died.
        known.update(_families([*marked, *owned]))
        return [process for process in known if not has_ended(process)]

    return sorted(end_found(found, timeout)[0])


def _ownerless(root: Path) -> list[psutil.Process]:
    """Who uses a profile below the root that nobody alive made, or that is there no more."""
    names = _spellings(root)
    gone: dict[Path, bool] = {}

    def ours(argument: str) -> bool:
        for name in names:
            if (at := argument.find(name + os.sep)) >= 0:
                folder = root / argument[at + len(name) + 1 :].partition(os.sep)[0]
                if folder not in gone:
                    owner = owner_of(folder)
                    made_by_gone = owner is not None and owner.state() is OwnerState.GONE
                    gone[folder] = made_by_gone or not folder.exists()
                return gone[folder]
        return False

    return _naming(ours)


def _naming(wanted: Callable[[str], bool]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            arguments = process.cmdline()
            # Chromium's children show theirs as one long text.
            named = any(wanted(argument) for argument in arguments[1:] or arguments)
            if named and _is_browsers(arguments) and is_ours(process):
                found.append(process)
    return _without_us(found)


def _is_browsers(arguments: Sequence[str]) -> bool:
    """A person's ``tail`` or ``ls`` in the folder is no browser of ours; Chromium's processes have
    options, and so has its crash handler (``--database=``)."""
    text = " ".join(arguments)
    return _USER_DATA in text or " --type=" in text or " --database=" in text


def _names_one(argument: str, names: Iterable[str]) -> bool:
    for name in names:
        at = argument.find(name)
        while at >= 0:
            after = argument[at + len(name) : at + len(name) + 1]
            if after in ("", os.sep, "/", " ", '"', "'"):
                return True
            at = argument.find(name, at + 1)
    return False


def _spellings(folder: Path) -> tuple[str, ...]:
    return tuple({os.fspath(folder.absolute()), os.path.realpath(folder)})


def _families(heads: Iterable[psutil.Process]) -> list[psutil.Process]:
    """These and all below them, each once, without us."""
    found: dict[int, psutil.Process] = {}
    for head in heads:
        found[head.pid] = head
        with contextlib.suppress(psutil.Error):
            found |= {child.pid: child for child in head.children(recursive=True)}
    return [process for process in _without_us(list(found.values())) if not has_ended(process)]


def _without_us(found: list[psutil.Process]) -> list[psutil.Process]:
    if not found:
        return []
    line = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    return [process for process in found if process.pid not in line]
