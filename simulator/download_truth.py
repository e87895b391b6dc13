"""What the folders of downloaded orders hold, held against what the site has and sent."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from engine.downloads.attachments import OWN_PREFIX, is_partial
from engine.downloads.folders import FolderState, OrderFolders
from simulator.order_site import OrderSite, content

_STATES: Final[Mapping[str, FolderState]] = {
    "completed": FolderState.COMPLETED,
    "partial": FolderState.PARTIAL,
    "no_attachments": FolderState.NO_ATTACHMENTS,
    "not_found": FolderState.PO_NOT_FOUND,
    "failed": FolderState.FAILED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DownloadTruth:
    """The figures of a list, and what is not as it should be."""

    orders: int
    states: Mapping[FolderState, int]
    leftovers: int
    """Processes, profiles and what else browsers wrote, folders and files that were not ended."""
    wrong: Sequence[str]
    """One sentence for each order, or file, that is not as the site has it."""

    @property
    def agrees(self) -> bool:
        """Whether all is as the site has it, and nothing was left."""
        return not (self.wrong or self.leftovers)

    def line(self) -> str:
        """The figures, in one line."""
        ends = {name: self.states.get(state, 0) for name, state in _STATES.items()}
        figures = {"orders": self.orders, **ends, "leftovers": self.leftovers}
        return " ".join(f"{name}={value}" for name, value in figures.items())


def read_truth(
    site: OrderSite, wanted: Mapping[str, FolderState], work_dir: Path, out: Path, run: Path
) -> DownloadTruth:
    """Compare each order's folder below ``out`` with how it has to end and what the site sent.

    ``run`` is the run directory of the work directory.
    """
    folders = OrderFolders(out)
    states: Counter[FolderState] = Counter()
    wrong: list[str] = []
    for number, state in wanted.items():
        found = folders.found(number)
        if found is None:
            wrong.append(f"{number} has no folder, expected was {state}.")
            continue
        states[found[0]] += 1
        if found[0] is not state:
            wrong.append(f"{number} ended as {found[0]}, expected was {state}.")
        wrong += _untrue(site, number, found[1], whole=found[0] is FolderState.COMPLETED)
    folders_left = [*_folders_in(run / "profiles"), *_folders_in(run / "browsers")]
    left = [*_unfinished(out), *folders_left, *_processes_of(work_dir)]
    return DownloadTruth(orders=len(wanted), states=states, leftovers=len(left), wrong=wrong)


def _untrue(site: OrderSite, number: str, folder: Path, *, whole: bool) -> list[str]:
    """Files that are not to the byte what the site sent for this order; or that lack."""
    order = next((one for one in site.file.orders if one.number == number), None)
    files = order.files if order else ()
    true = {file.name: content(site.file, number, place) for place, file in enumerate(files)}
    sent = {one.file for one in site.journal.files(number) if one.whole_file}
    there = {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if not path.name.startswith(OWN_PREFIX)
    }
    said = [
        f"{number}: {name} is not what the site sent."
        for name, data in there.items()
        if name not in sent or true.get(name) != data
    ]
    return said + [f"{number}: {name} is lacking." for name in true if whole and name not in there]


def _unfinished(out: Path) -> list[Path]:
    return [
        path
        for path in out.rglob("*")
        if path.name.endswith(FolderState.WORK.value) or is_partial(path.name)
    ]


def _folders_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _processes_of(work_dir: Path) -> list[psutil.Process]:
    """Browsers and drivers name the work directory on their command lines."""
    found = []
    ours = {process.pid for process in (psutil.Process(), *psutil.Process().parents())}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid not in ours and any(str(work_dir) in word for word in process.cmdline()):
                found.append(process)
    return found
