"""What must not be after a run, or a stop of everything, has ended: leftovers and wrong files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.downloads.desk import Desk
from benchmarks.downloads.family import described
from benchmarks.downloads.visits import statuses_of
from engine.downloads.attachments import OWN_PREFIX, is_partial
from engine.downloads.folders import FolderState
from engine.downloads.names import order_name
from simulator.order_site_file import SiteOrder

_PATIENCE: Final = 1.0
"""A process that is just ending is no leftover."""
_ROOT_LOCK: Final = ".lock"
"""Of the profiles' folder: it stays, so that two runs never hold different ones."""


def leftovers(desk: Desk, *, finished: bool = True) -> list[str]:
    """What a run left, a line each: processes, records, profiles, scratch, unfinished files.

    ``finished``: the list was worked through; else an order may have a folder to be gone on with.
    """
    return [
        *described(desk.family.left(_PATIENCE)),
        *(f"record {path.name}" for path in _below(desk.run_dir.processes_path)),
        *(
            f"profile {path.name}"
            for path in _below(desk.path / "run" / "profiles")
            if path.name != _ROOT_LOCK
        ),
        *(f"scratch {path.name}" for path in _below(desk.scratch)),
        *(f"browser's scratch {path.name}" for path in _below(desk.path / "run" / "browsers")),
        *_unfinished(desk.out, finished),
    ]


def _unfinished(out: Path, finished: bool) -> Iterator[str]:
    for path in sorted(out.rglob("*")) if out.is_dir() else ():
        if path.is_dir():
            if finished and path.name.endswith(FolderState.WORK.value):
                yield f"folder {path.name}"
        elif path.suffix == ".lock":
            yield f"lock {path.name}"
        elif is_partial(path.name):
            yield f"partial file {path.relative_to(out)}"


def faults(desk: Desk) -> list[str]:
    """What is wrong once a list has been worked through, a sentence each."""
    statuses = statuses_of(desk.rows())
    numbers = {order.number for order in desk.orders}
    said = [f"{number} is not on the list." for number in sorted(statuses.keys() - numbers)]
    for order in desk.orders:
        status = statuses.get(order.number, "nowhere")
        if status != "success":
            said.append(f"{order.number} is {status} in the ledger.")
        said += _faults_of(desk, order)
    folders = {path.name for path in _below(desk.out) if path.is_dir() and path.name[0] != "."}
    wanted = {_folder(desk, order).name for order in desk.orders}
    return said + [f"{name} is no order's folder." for name in sorted(folders - wanted)]


def _faults_of(desk: Desk, order: SiteOrder) -> Iterator[str]:
    folder = _folder(desk, order)
    if not folder.is_dir():
        yield f"{folder.name} is not there."
        return
    files = {path.name: path for path in folder.iterdir() if not path.name.startswith(OWN_PREFIX)}
    truth = desk.site.content(order)
    for name in sorted(files.keys() - truth.keys()):
        yield f"{folder.name} holds {name}, which the page does not list."
    for name, content in truth.items():
        if name not in files:
            yield f"{folder.name} lacks {name}."
        elif files[name].read_bytes() != content:
            yield f"{folder.name}/{name} is not what the site has."


def _folder(desk: Desk, order: SiteOrder) -> Path:
    state = FolderState.COMPLETED if order.files else FolderState.NO_ATTACHMENTS
    return desk.out / f"{order_name(order.number)}{state.value}"


def _below(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
