"""One record of the logs as a line on screen: time, source, level, account, words.

Shared by Logs and the Cockpit's log pane, so that a line reads the same in both. The words are
outside text; who draws the segments makes them safe (console-features 6.7).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from console.plain import plain
from console.times import TimeStyle, clock, written

if TYPE_CHECKING:
    from engine.log_stream import Record

Segments = tuple[tuple[str, str], ...]
"""Parts of a line: text, and the style class of ``LogView`` or nothing."""

SUPERVISOR: Final = "orch"
_NO_WORKER: Final = "--"
_TIME: Final = 12
_TIME_SHORT: Final = 8
_LEVEL: Final = 5
_ACCOUNT: Final = 9
_SOURCE: Final = 8
"""The longest name of a foreign log that has room."""
MARK: Final = "*"
"""Stands behind the time of a marked line."""


def segments(
    record: Record,
    *,
    wide: bool,
    style: TimeStyle,
    now: datetime,
    start: datetime | None,
    millis: bool = True,
    count_more: bool = False,
    marked: bool = False,
) -> Segments:
    """The line of a record.

    ``wide`` gives the account a column of its own; ``start`` is the run's, for times since then;
    ``millis`` shows a clock to the thousandth; ``count_more`` ends a record of several lines with
    ``(+14 lines)``; ``marked`` puts a star behind the time.
    """
    if record.kind == "notice":
        return ((_indent(record, wide, _TIME if millis else _TIME_SHORT) + record.text, "notice"),)
    moment = _moment(record, style, now, start, millis)
    return tuple(_parts(record, wide, moment, count_more, MARK if marked else " "))


def continuation(record: Record, *, wide: bool) -> Segments:
    """The line below a record that tells how much more of it there is."""
    more = len(record.more)
    words = f"... {more} more line{'s' * (more != 1)} of this record"
    if wide:
        return ((" " * len(_indent(record, wide, _TIME)) + words, "dim"),)
    return ((f"{_indent(record, wide, _TIME)}{words} (enter opens)", "dim"),)


def place(record: Record) -> str:
    """``worker_3.log:20418``; without the number while it is not counted."""
    name = plain(record.path.name)
    return name if record.line is None else f"{name}:{record.line}"


def whole(record: Record) -> str:
    """The record with all its lines, for the clipboard, a file and a pager."""
    when = "" if record.ts is None else record.ts.isoformat(timespec="milliseconds")
    level = "" if record.kind == "notice" else record.level.value
    words = (when, record.source, level, record.job, record.key, record.text)
    first = " ".join(word for word in words if word)
    return "\n".join(plain(line) for line in (first, *record.more))


def as_json(record: Record) -> str:
    """The record for a program."""
    return json.dumps(
        {
            "time": None if record.ts is None else record.ts.isoformat(),
            "source": record.source,
            "level": record.level.value,
            "job": record.job,
            "key": record.key,
            "text": record.text,
            "lines": list(record.more),
            "file": str(record.path),
            "line": record.line,
            "late": record.late,
        },
        ensure_ascii=False,
    )


def source(record: Record) -> str:
    """``W0``, ``A0``; two dashes for the supervisor, which is no worker."""
    return _NO_WORKER if record.source == SUPERVISOR else record.source[:_SOURCE]


def _indent(record: Record, wide: bool, time: int) -> str:
    """Blanks up to the words, and the source where it stands."""
    if wide:
        return f"{'':{time}}  {source(record):<2}  {'':{_LEVEL}}  {'':{_ACCOUNT}}  "
    return f"{'':{time}} {source(record):<2} {'':{_LEVEL}} "


def _parts(
    record: Record, wide: bool, moment: str, count_more: bool, mark: str
) -> Iterator[tuple[str, str]]:
    yield moment, "dim"
    level = str(record.level)
    late = " (late)" if record.late else ""
    if wide:
        account = f"{record.key or '-':<{_ACCOUNT}}"
        yield f"{mark} {source(record):<2}  {level:<{_LEVEL}}  {account}  ", ""
    else:
        yield f"{mark}{source(record):<2} {level:<{_LEVEL}} ", ""
    yield record.text + late, ""
    if count_more and (more := len(record.more)):
        yield f"   (+{more} lines)" if more > 1 else "   (+1 line)", "dim"


def _moment(
    record: Record, style: TimeStyle, now: datetime, start: datetime | None, millis: bool
) -> str:
    width = _TIME if millis else _TIME_SHORT
    moment = record.ts
    if style is not TimeStyle.CLOCK or moment is None:
        return written(moment, style, now, start).rjust(width)
    local = moment.astimezone(now.tzinfo)
    if local.date() != now.date():
        return clock(moment, now).rjust(width)
    return f"{local:%H:%M:%S.%f}"[:-3] if millis else f"{local:%H:%M:%S}"
