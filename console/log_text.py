"""One record of the logs as a line on screen: time, source, level, account, words.

Shared by Logs and the Cockpit's log pane, so that a line reads the same in both. The words are
outside text; who draws the segments makes them safe (console-features 6.7).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from console.times import TimeStyle, clock, written

if TYPE_CHECKING:
    from engine.log_stream import Record

Segments = tuple[tuple[str, str], ...]
"""Parts of a line: text, and the style class of ``LogView`` or nothing."""

SUPERVISOR: Final = "orch"
_NO_WORKER: Final = "--"
_TIME: Final = 12
_TIME_SHORT: Final = 8
_ACCOUNT: Final = 9


def segments(
    record: Record,
    *,
    wide: bool,
    style: TimeStyle,
    now: datetime,
    start: datetime | None,
    millis: bool = True,
    count_more: bool = False,
) -> Segments:
    """The line of a record.

    ``wide`` gives the account a column of its own; ``start`` is the run's, for times since then;
    ``millis`` shows a clock to the thousandth; ``count_more`` ends a record of several lines with
    ``(+14 lines)``.
    """
    if record.kind == "notice":
        return ((record.text, "notice"),)
    return tuple(_parts(record, wide, _moment(record, style, now, start, millis), count_more))


def source(record: Record) -> str:
    """``W0``, ``A0``; two dashes for the supervisor, which is no worker."""
    return _NO_WORKER if record.source == SUPERVISOR else record.source


def _parts(record: Record, wide: bool, moment: str, count_more: bool) -> Iterator[tuple[str, str]]:
    yield moment, "dim"
    level = str(record.level)
    if wide:
        yield f"  {source(record):<2}  {level:<5}  {record.key or '-':<{_ACCOUNT}}  ", ""
    else:
        yield f" {source(record):<2} {level:<5} ", ""
    yield record.text, ""
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
