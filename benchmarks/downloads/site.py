"""The site of orders as a process of its own, and what it knows to be true."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.catalogue import ROOT
from simulator.order_site import content
from simulator.order_site_file import SiteAttachment, SiteFile, SiteOrder

FILE_SECONDS: Final = (0.5, 1.5)
QUICK_PAGE_SECONDS: Final = (0.3, 0.9)
"""Of the orders that kills meet: there the moment counts, not the wait."""
_PAGES: Final = ((0.75, (2.0, 2.4)), (0.15, (2.4, 4.0)), (0.1, (4.0, 6.0)))
"""Share of the pages and the server's time for them: most are quick, some take long."""
_FILES: Final = (1, 1, 1, 1, 2, 3)
_SIZES: Final = (8_000, 400_000)
_START_SECONDS: Final = 20.0
_LISTENS: Final = re.compile(r"listens on (http://\S+)")


def slow_orders(count: int, dice: random.Random, *, name: str = "PO") -> tuple[SiteOrder, ...]:
    """Orders as they are in practice: the page takes its server two to six seconds."""
    weights = [share for share, _ in _PAGES]
    shares = [round(share * count) for share in weights]
    shares[0] += count - sum(shares)
    seconds = [dice.uniform(*span) for n, (_, span) in zip(shares, _PAGES, strict=True)
               for _ in range(n)]  # fmt: skip
    dice.shuffle(seconds)
    return tuple(_order(f"{name}-{n:03d}", s, dice) for n, s in enumerate(seconds, 1))


def quick_orders(count: int, dice: random.Random, *, name: str) -> tuple[SiteOrder, ...]:
    """Orders whose pages answer in less than a second."""
    return tuple(
        _order(f"{name}-{n:03d}", dice.uniform(*QUICK_PAGE_SECONDS), dice)
        for n in range(1, count + 1)
    )


def _order(number: str, seconds: float, dice: random.Random) -> SiteOrder:
    return SiteOrder(
        number=number,
        supplier=f"Supplier {dice.randint(1, 7)}",
        page_seconds=round(seconds, 3),
        files=tuple(
            SiteAttachment(name=f"{number} part {part}.pdf", size=dice.randint(*_SIZES))
            for part in range(1, dice.choice(_FILES) + 1)
        ),
    )


@dataclass(frozen=True, slots=True)
class Site:
    """It runs; ``file`` is what it serves."""

    file: SiteFile
    url: str
    process: subprocess.Popen[str]

    @property
    def template(self) -> str:
        """For ``downloads.url``."""
        return f"{self.url}/orders/{{po_number}}"

    def content(self, order: SiteOrder) -> Mapping[str, bytes]:
        """Name and bytes of each of an order's files."""
        return {
            one.name: content(self.file, order.number, place)
            for place, one in enumerate(order.files)
        }

    def journal(self) -> Sequence[Mapping[str, Any]]:
        """All requests so far. Raises OSError."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/site/journal", timeout=20) as answer:
            found: Sequence[Mapping[str, Any]] = json.load(answer)
        return found


@contextmanager
def running_site(folder: Path, orders: Sequence[SiteOrder], seed: int) -> Iterator[Site]:
    """A process that serves these orders, ended with the block. Raises RuntimeError."""
    file = SiteFile(seed=seed, file_seconds=FILE_SECONDS, orders=tuple(orders))
    path, log = folder / "site.toml", folder / "site.log"
    path.write_text(_as_toml(file), encoding="utf-8")
    command = [sys.executable, "-m", "simulator", "orders", "--site", str(path)]
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, text=True)
    try:
        yield Site(file, _address(process, log), process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        if found := _LISTENS.search(log.read_text(encoding="utf-8")):
            return found.group(1)
        time.sleep(0.02)
    raise RuntimeError(f"The site did not begin: {log.read_text(encoding='utf-8')}")


def _as_toml(file: SiteFile) -> str:
    """What ``SiteFile.load`` reads as the same; strings of JSON are strings of TOML."""
    lines = [f"seed = {file.seed}", f"file_seconds = {json.dumps(file.file_seconds)}"]
    for order in file.orders:
        files = ", ".join(
            f"{{ name = {json.dumps(one.name)}, size = {one.size} }}" for one in order.files
        )
        lines += [
            "[[orders]]",
            f"number = {json.dumps(order.number)}",
            f"supplier = {json.dumps(order.supplier)}",
            f"page_seconds = {order.page_seconds}",
            f"files = [{files}]",
        ]
    return "\n".join([*lines, ""])
