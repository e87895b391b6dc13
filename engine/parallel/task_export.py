"""A queue's tasks as text for other programs: JSON, CSV or YAML (behaviour C4.1).

Texts come from outside: no spreadsheet takes a cell for a formula, no reader of YAML a text for
anything else. YAML is written as the part of it that JSON is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from engine.parallel.tasks import ProcessingTask
from engine.spreadsheet import inert

COLUMNS: Final = (
    "task_id",
    "priority",
    "status",
    "retry_count",
    "assigned_worker",
    "assigned_at",
    "completed_at",
    "next_retry_at",
    "last_error",
    "error_type",
    "url",
    "details",
)
_ESCAPED: Final = {
    code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF)
} | dict.fromkeys(range(0xD800, 0xE000), "\\ufffd")
"""JSON lets these stand as they are; for YAML they end a line, or are no text at all."""


def as_json(tasks: Sequence[ProcessingTask]) -> str:
    """An array of objects."""
    return json.dumps([_row(one) for one in tasks], indent=1) + "\n"


def as_csv(tasks: Sequence[ProcessingTask]) -> str:
    """A header and one row a task."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for one in tasks:
        writer.writerow({name: inert(str(value)) for name, value in _row(one).items()})
    return text.getvalue()


def as_yaml(tasks: Sequence[ProcessingTask]) -> str:
    """A sequence of mappings; every text is quoted."""
    if not tasks:
        return "[]\n"
    return "".join(_item(_row(one)) for one in tasks)


FORMATS: Final[Mapping[str, Callable[[Sequence[ProcessingTask]], str]]] = {
    "json": as_json,
    "csv": as_csv,
    "yaml": as_yaml,
}


def _row(task: ProcessingTask) -> Mapping[str, object]:
    found = task.to_dict()
    return {name: found[name] for name in COLUMNS}


def _item(row: Mapping[str, object]) -> str:
    lines = [f"{name}: {_scalar(value)}" for name, value in row.items()]
    return "- " + "\n  ".join(lines) + "\n"


def _scalar(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPED)
