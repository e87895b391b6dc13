"""What a page lists against what lies in the order's folder: complete before counted (C6.8, C6.9).

A file counts once it has its final name, its size has settled and is the listed one, and each
listed attachment has a file of its own. Browsers change names (signs that a file system refuses,
a number after a second file of one name, long names cut): such a file is still recognised.
"""

from __future__ import annotations

import math
import re
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from engine.downloads.attachment_list import Listed
from engine.downloads.names import as_browsers_write
from engine.output import one_line
from engine.polling import growing
from engine.private_files import patiently

PARTIAL_SUFFIXES: Final = (".crdownload", ".part", ".partial", ".tmp", ".download", ".opdownload")
"""What browsers call a file until it is whole."""
_PLACEHOLDERS: Final = (".com.google.chrome.", ".org.chromium.chromium.", ".com.microsoft.edge.")
_NUMBERED: Final = re.compile(r" ?\((\d{1,4})\)$")
_CUT_FROM: Final = 60
"""Characters from which a name may have been cut by the browser."""
_WRONG_FOR: Final = 6
"""Times as long as a right size has to stay, before a wrong one is taken for the last word."""
_LEAST_PAUSE: Final = 0.001
"""Seconds."""
_NAMED: Final = 5
"""Files that a sentence names at most."""


class Verdict(StrEnum):
    """What the files of an order amount to; PARTIAL is neither success nor failure (C6.9)."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    NO_ATTACHMENTS = "no attachments"


@dataclass(frozen=True, slots=True)
class Present:
    """A plain file in the folder."""

    name: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What has arrived of what a page lists."""

    complete: tuple[tuple[Listed, Present], ...] = ()
    wrong: tuple[tuple[Listed, Present], ...] = ()
    """There by name and not of the listed size: on its way, cut off, or listed wrongly."""
    missing: tuple[Listed, ...] = ()
    under_way: tuple[Present, ...] = ()
    """Files that a browser has not finished."""
    foreign: tuple[Present, ...] = ()
    """Files that no listed attachment accounts for."""

    @property
    def whole(self) -> bool:
        """Every listed attachment is there, and nothing is still being written."""
        return not (self.wrong or self.missing or self.under_way)

    @property
    def lacking(self) -> tuple[Listed, ...]:
        """What would have to be fetched (again)."""
        return (*(listed for listed, _file in self.wrong), *self.missing)

    @property
    def verdict(self) -> Verdict:
        """COMPLETED only where nothing is lacking; what is under way belongs to what is lacking."""
        if not (self.complete or self.lacking):
            return Verdict.NO_ATTACHMENTS
        if not self.lacking:
            return Verdict.COMPLETED
        return Verdict.PARTIAL if self.complete else Verdict.FAILED

    def reason(self) -> str:
        """What is lacking, in one sentence; empty where nothing is."""
        said = [
            f"{one_line(file.name)} has {file.size} bytes, listed are {listed.size or 'some'}"
            for listed, file in self.wrong[:_NAMED]
        ]
        said += [f"{_called(listed)} did not arrive" for listed in self.missing[:_NAMED]]
        more = len(self.lacking) - len(said)
        said += [f"{more} more are lacking"] if more > 0 else []
        total = len(self.complete) + len(self.lacking)
        return f"{len(self.complete)} of {total} attachments: {'; '.join(said)}." if said else ""


def files_in(folder: Path) -> tuple[Present, ...]:
    """Plain files of the folder by name, without links, folders and our own. Raises OSError."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(OWN_PREFIX):
            continue
        try:
            info = path.lstat()
        except FileNotFoundError:
            continue  # renamed to its final name, or thrown away, since the folder was read
        if stat.S_ISREG(info.st_mode):
            found.append(Present(path.name, info.st_size))
    return tuple(found)


OWN_PREFIX: Final = ".order."
"""Our own files in an order's folder begin so, and so does no attachment: browsers drop the dot."""


def compare(listed: Sequence[Listed], files: Iterable[Present]) -> Arrival:
    """Which file is which attachment, each at most once: the plainest likeness first."""
    everything = tuple(files)
    under_way = _under_way(listed, everything)
    free = {file.name: file for file in everything if file not in under_way}
    ours: dict[int, Present] = {}
    for alike in (_same, _as_written, _numbered, _cut):
        _take(listed, free, ours, alike, fitting=True)
    _take_renamed(listed, free, ours)
    wrong: dict[int, Present] = {}
    for alike in (_same, _as_written, _numbered, _cut):
        _take(listed, free, wrong, alike, fitting=False, taken=ours)
    return Arrival(
        complete=tuple((listed[place], ours[place]) for place in sorted(ours)),
        wrong=tuple((listed[place], wrong[place]) for place in sorted(wrong)),
        missing=tuple(
            one for place, one in enumerate(listed) if place not in ours and place not in wrong
        ),
        under_way=under_way,
        foreign=tuple(free.values()),
    )


def await_whole(
    folder: Path,
    listed: Sequence[Listed],
    *,
    seconds: float,
    settle_seconds: float,
    stall_seconds: float = math.inf,
    first_look_seconds: float = 0.05,
    longest_look_seconds: float = 1.0,
    pause: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Arrival:
    """What has arrived once all is whole and has stayed so for ``settle_seconds``, or in time.

    Earlier where nothing changed for ``stall_seconds``, and where every file has its final name
    and one of them keeps a wrong size. Looks further apart the longer it takes. ``pause`` may raise
    to end the wait. What is not settled at the end is not counted as complete. Raises OSError where
    the folder cannot be read.
    """
    deadline = clock() + seconds
    seen, since = files_in(folder), clock()
    arrival = compare(listed, seen)
    for wait in growing(first_look_seconds, longest_look_seconds):
        quiet = clock() - since
        enough = min(stall_seconds, _enough(arrival, settle_seconds))
        left = deadline - clock()
        if quiet >= enough or left <= 0:
            break
        pause(min(wait, left, max(_LEAST_PAUSE, enough - quiet)))
        now = files_in(folder)
        if now != seen:
            seen, since = now, clock()
            arrival = compare(listed, seen)
    return arrival if clock() - since >= settle_seconds else _unsettled(arrival)


def _enough(arrival: Arrival, settle_seconds: float) -> float:
    """Seconds without a change after which nothing more is to come."""
    if arrival.whole:
        return 0.0 if _surely_ended(arrival) else settle_seconds
    ended = not (arrival.under_way or arrival.missing)
    return _WRONG_FOR * settle_seconds if ended else math.inf


def _surely_ended(arrival: Arrival) -> bool:
    """A file of just the listed bytes under its final name is not on its way any more; an empty one
    may be the browser's place for it."""
    return all(
        one.size is not None and one.size.exact and one.size.least > 0
        for one, _file in arrival.complete
    )


def is_partial(name: str) -> bool:
    """Whether browsers call a file so that they have not finished."""
    folded = name.casefold()
    return folded.endswith(PARTIAL_SUFFIXES) or folded.startswith(_PLACEHOLDERS)


def remove_wrong(folder: Path, arrival: Arrival) -> None:
    """Make room for fetching again what is there by name and not of its size: a browser would put
    a number after the second one. Raises OSError."""
    for _listed, file in arrival.wrong:
        patiently(partial((folder / file.name).unlink, missing_ok=True))


def _unsettled(arrival: Arrival) -> Arrival:
    """Without a listed exact size nobody can tell whether a file that still changes is whole."""
    sure = tuple(
        (one, file) for one, file in arrival.complete if one.size is not None and one.size.exact
    )
    unsure = tuple(pair for pair in arrival.complete if pair not in sure)
    return Arrival(
        complete=sure,
        wrong=(*arrival.wrong, *unsure),
        missing=arrival.missing,
        under_way=arrival.under_way,
        foreign=arrival.foreign,
    )


def _under_way(listed: Sequence[Listed], files: Sequence[Present]) -> tuple[Present, ...]:
    """Files with a partial name, unless one is listed under just that name, and what they will
    become, where a browser has put an empty file of the final name beside them."""
    names = {as_browsers_write(one.name) for one in listed}
    begun = [
        file
        for file in files
        if is_partial(file.name) and as_browsers_write(file.name) not in names
    ]
    becoming = {file.name.rpartition(".")[0] for file in begun}
    return tuple(file for file in files if file in begun or file.name in becoming)


Alike = Callable[[str, str], bool]
"""Whether a file's name (second) can be that of a listed one (first)."""


def _take(
    listed: Sequence[Listed],
    free: dict[str, Present],
    ours: dict[int, Present],
    alike: Alike,
    *,
    fitting: bool,
    taken: Mapping[int, Present] = {},
) -> None:
    """Give free files to listed attachments that have none, the most exactly listed first."""
    for place in sorted(range(len(listed)), key=lambda place: _vagueness(listed[place])):
        one = listed[place]
        if place in ours or place in taken or not one.name:
            continue
        for name, file in free.items():
            if one.fits(file.size) is fitting and alike(one.name, name):
                ours[place] = free.pop(name)
                break


def _take_renamed(
    listed: Sequence[Listed], free: dict[str, Present], ours: dict[int, Present]
) -> None:
    """A file under a name of its own is an attachment's where its exact size says so alone."""
    for place, one in enumerate(listed):
        if place in ours or one.size is None or not one.size.exact or one.size.least == 0:
            continue
        size = one.size
        files = [file for file in free.values() if size.fits(file.size)]
        rivals = [
            other
            for number, other in enumerate(listed)
            if number != place and number not in ours and other.fits(size.least)
        ]
        if len(files) == 1 and not rivals:
            ours[place] = free.pop(files[0].name)


def _vagueness(one: Listed) -> int:
    return one.size.most - one.size.least if one.size is not None else 1 << 60


def _same(wanted: str, name: str) -> bool:
    return wanted == name


def _as_written(wanted: str, name: str) -> bool:
    return as_browsers_write(wanted) == as_browsers_write(name)


def _numbered(wanted: str, name: str) -> bool:
    """``offer (1).pdf`` for a second ``offer.pdf``."""
    stem, suffix = _parts(name)
    plain, times = _NUMBERED.subn("", stem)
    return bool(times) and (plain, suffix) == _parts(wanted)


def _cut(wanted: str, name: str) -> bool:
    """The beginning of a long name with its suffix, numbered or not."""
    stem, suffix = _parts(name)
    long_stem, wanted_suffix = _parts(wanted)
    begun = _NUMBERED.sub("", stem)
    return suffix == wanted_suffix and len(begun) >= _CUT_FROM and long_stem.startswith(begun)


def _parts(name: str) -> tuple[str, str]:
    path = PurePosixPath(as_browsers_write(name).replace("/", "_"))
    return path.stem, path.suffix


def _called(listed: Listed) -> str:
    return one_line(listed.name) if listed.name else "an attachment without a name"
