"""What of the Cockpit leaves it: rows as text and JSON for the clipboard, tables for a file.

Values in, text out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from console.exports import Exported
from console.log_text import whole
from console.screens import cockpit_failures, cockpit_workers
from console.screens.cockpit_workers import Clockwork
from console.widgets.tones import Drawn

if TYPE_CHECKING:
    from engine.insight.values import Attention, Cluster, WorkerLine
    from engine.log_stream import Record


def words(drawn: Drawn) -> str:
    """The text of a cell."""
    if isinstance(drawn, Text):
        return drawn.plain
    return drawn if isinstance(drawn, str) else drawn[0]


def as_json(value: Any) -> str:
    """One of the engine's values, with moments in ISO form."""
    return json.dumps(asdict(value), ensure_ascii=False, indent=1, default=_simple)


def _simple(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def worker_row(worker: WorkerLine, clockwork: Clockwork) -> list[str]:
    """All columns of a worker."""
    columns = cockpit_workers.ALL
    return [words(cockpit_workers.cell(worker, column.key, clockwork)) for column in columns]


def workers(lines: Sequence[WorkerLine], clockwork: Clockwork) -> Exported:
    """The table of workers."""
    return Exported(
        name="workers",
        headers=[column.title for column in cockpit_workers.ALL],
        rows=[worker_row(line, clockwork) for line in lines],
    )


def failure_row(cluster: Cluster, clockwork: Clockwork) -> list[str]:
    """All columns of one type of failure."""
    columns = cockpit_failures.COLUMNS
    return [words(cockpit_failures.cell(cluster, column.key, clockwork)) for column in columns]


def failures(clusters: Sequence[Cluster], clockwork: Clockwork) -> Exported:
    """The table of failures."""
    return Exported(
        name="failed",
        headers=[column.title for column in cockpit_failures.COLUMNS],
        rows=[failure_row(cluster, clockwork) for cluster in clusters],
    )


def attention(lines: Sequence[Attention]) -> Exported:
    """The lines of attention."""
    return Exported(
        name="attention",
        headers=("LEVEL", "SINCE", "TEXT"),
        rows=[
            (str(line.level), line.since.isoformat() if line.since else "", line.text)
            for line in lines
        ],
    )


def log(records: Sequence[Record]) -> Exported:
    """The lines of the log pane."""
    return Exported(name="log", text="".join(f"{whole(found)}\n" for found in records))
