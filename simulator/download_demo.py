"""Orders of the simulated site, downloaded by real browsers with the real command.

``python -m simulator downloads`` makes the site, a base profile that a browser logged in, a work
directory with the list, and runs it. The last line says what is true in the end, by the site's own
account of what it has.
"""

from __future__ import annotations

import asyncio
import csv
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from engine.downloads.folders import FolderState
from engine.downloads.programs import find_programs
from engine.errors import EngineError
from engine.settings_downloads import Downloads
from simulator.download_truth import read_truth
from simulator.errors import FarmError
from simulator.order_login import logged_in_profile
from simulator.order_site import running_site
from simulator.order_site_file import OrderFault, SiteFile, SiteOrder, many_orders

UNKNOWN: Final = "PO-9999"
"""An order that is on the list and not on the site."""
_SLOW: Final = 4
"""Times as long as another takes the slow page."""
_TOLD: Final = 5
"""Sentences on what is not as it should be."""
_LIST: Final = "orders.csv"
_OUT: Final = "downloads"
_RUN: Final = "run"
_MET: Final[Sequence[Mapping[str, object]]] = (
    {"files": ()},
    {"fault": OrderFault.DENIED},
    {"fault": OrderFault.CUT_OFF, "fault_times": 1},
    {"fault": OrderFault.FILE_500, "fault_files": (1,)},
    {"fault": OrderFault.RATE_LIMITED, "fault_times": 1},
    {"fault": OrderFault.ERROR_500, "fault_times": 1},
    {"fault": OrderFault.NOT_FOUND},
)
"""What happens to those who visit the second order, which is slow, the third, and so on."""


def demo_site(orders: int, *, seconds: float) -> SiteFile:
    """A site of so many orders, less the one that only the list has; ``seconds`` of a page."""
    plain = many_orders(orders - 1, files=2, size=60_000)
    met = [{"page_seconds": _SLOW * seconds}, *_MET]
    changed = [
        order.model_copy(update=dict(met[place - 1])) if 1 <= place <= len(met) else order
        for place, order in enumerate(plain)
    ]
    return SiteFile(page_seconds=(0.5 * seconds, 1.5 * seconds), orders=tuple(changed))


def wanted_states(site: SiteFile) -> Mapping[str, FolderState]:
    """How the folder of each order of the list has to end."""
    return {order.number: _state(order) for order in site.orders} | {
        UNKNOWN: FolderState.PO_NOT_FOUND
    }


def _state(order: SiteOrder) -> FolderState:
    lasting = order.fault is not None and order.fault_times == 0
    if order.fault is OrderFault.NOT_FOUND:
        return FolderState.PO_NOT_FOUND
    if lasting:
        return FolderState.PARTIAL if order.fault_files else FolderState.FAILED
    return FolderState.COMPLETED if order.files else FolderState.NO_ATTACHMENTS


def write_work_directory(work_dir: Path, site: SiteFile, url: str, base: Path) -> None:
    """``geelark.toml`` and the list, in which one order stands twice."""
    work_dir.mkdir(parents=True, exist_ok=True)
    (work_dir / "geelark.toml").write_text(
        _settings(url, base, pace=site.page_seconds[1]), encoding="utf-8"
    )
    rows = [
        (order.number, order.supplier, f"{100 + place}.00")
        for place, order in enumerate(site.orders)
    ]
    rows += [(UNKNOWN, "Nobody", ""), rows[0]]
    with (work_dir / _LIST).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("po_number", "supplier", "amount"))
        writer.writerows(rows)


def download_demo(*, keep: Path | None, orders: int, seconds: float, cockpit: bool) -> int:
    """Make the site and the work directory, run the list, say what became of it.

    0 where all is as the site has it. Raises FarmError, also where there is no browser.
    """
    try:
        find_programs(Downloads())
    except EngineError as exc:
        raise FarmError(str(exc)) from exc
    folder = Path(tempfile.mkdtemp(prefix="geelark-orders-")) if keep is None else keep.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise FarmError(f"{folder} holds files already: name an empty folder, or a new one.")
    folder.mkdir(parents=True, exist_ok=True)
    # The command hears Ctrl-C itself, and stops its run; we wait for it.
    signal.signal(signal.SIGINT, lambda *_: None)
    return asyncio.run(_demo(folder, demo_site(orders, seconds=seconds), cockpit=cockpit))


async def _demo(folder: Path, file: SiteFile, *, cockpit: bool) -> int:
    work_dir = folder / "work"
    async with running_site(file) as (site, url):
        print(
            f"A site of {len(file.orders)} orders on {url}; some are slow, denied, cut off, gone.\n"
            f"A browser logs in once, into {folder / 'base-profile'}.",
            flush=True,
        )
        try:
            base = await asyncio.to_thread(
                logged_in_profile, folder / "base-profile", url, file, Downloads()
            )
        except EngineError as exc:
            raise FarmError(str(exc)) from exc
        write_work_directory(work_dir, file, url, base)
        command = [sys.executable, "-m", "console", "download", _LIST]
        status = await asyncio.to_thread(
            subprocess.call, command if cockpit else [*command, "--headless"], cwd=work_dir
        )
        truth = read_truth(site, wanted_states(file), work_dir, work_dir / _OUT, work_dir / _RUN)
    for sentence in truth.wrong[:_TOLD]:
        print(sentence)
    print(f"Look at it: ls {work_dir / _OUT}")
    print(truth.line(), flush=True)
    # Orders are left by design: 1 is what the command ends with then.
    return abs(status) if abs(status) > 1 else int(not truth.agrees)


def _settings(url: str, base: Path, *, pace: float) -> str:
    """``pace`` is the longest time of a usual page: patience and pauses follow it, shorter than the
    built-in ones, as somebody watches."""
    pause = min(1.0, pace)
    return "\n".join(
        [
            "[run]",
            'workload = "downloads"',
            "",
            "[downloads]",
            f"url = {json.dumps(url + '/orders/{po_number}')}",
            f"base_profile = {json.dumps(str(base))}",
            f"stall_seconds = {1 + pace:g}",
            f"timeout_retry_seconds = [{pause:g}, {2 * pause:g}]",
            f"rate_limit_retry_seconds = [{2 * pause:g}, {3 * pause:g}]",
            f"denied_retry_seconds = [{pause:g}]",
            "",
        ]
    )
