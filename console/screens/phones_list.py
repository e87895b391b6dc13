"""Which phones are shown, what is said of those that are not, and what leaves the screen. Pure.

The filter at first shows what concerns this campaign: its phones and ours that are on, and those of
ours of which nobody knows. Any other filter searches everything (console-features 6.9).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from console.exports import Exported
from console.screens.phones_columns import (
    ASKING,
    Look,
    cell,
    estimate,
    is_on,
    is_other,
    on_seconds,
)
from console.times import span
from engine.filters import Filter, FilterError, everything, parse, resource_fields
from engine.insight.values import ResourceLine, ResourceReport
from engine.spreadsheet import inert
from engine.workloads.labels import plural

PRESET: Final = "state:started,starting,stopping"
"""The filter at first."""
SAVED: Final[Mapping[str, str]] = {
    "f2": "",
    "f3": PRESET,
    "f4": "is:orphan",
    "f5": "state:unknown",
}
"""Filters behind the keys where what is saved there is not about phones."""
_COPIED: Final = ("phone", "state", "since", "on", "job", "worker", "est", "today", "note")


def filter_of(expression: str, *, now: datetime, marked: Collection[str]) -> Filter[ResourceLine]:
    """Raises FilterError."""
    if not expression.strip():
        return everything()
    return parse(expression, resource_fields(now=now, marked=marked))


def saved_filter(key: str, filters: Mapping[str, str], *, now: datetime) -> str:
    """The operator's own filter of that key, or ours where his is about jobs."""
    expression = filters.get(key, "")
    try:
        filter_of(expression, now=now, marked=())
    except FilterError:
        return SAVED.get(key, "")
    return expression


def chosen(
    lines: Sequence[ResourceLine],
    expression: str,
    *,
    now: datetime,
    marked: Collection[str],
    attached: bool = False,
    local: bool = False,
) -> list[ResourceLine]:
    """The lines that are shown; ``attached``: the only phone is this host's, ``local``: whatever is
    on is, in the trade's own words. Raises FilterError."""
    holds = filter_of(expression, now=now, marked=marked)
    if expression.strip() != PRESET:
        return [line for line in lines if holds(line)]
    return [
        line
        for line in lines
        if (attached or not is_other(line))
        # Nobody knows whether it is on, so it is treated as if it were.
        and (
            holds(line)
            or (line.state == "unknown" and (attached or line.ours))
            or (local and is_on(line))
        )
    ]


# -- sentences -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What stands at the right end of the filter's row."""

    shown: int
    total: int
    marked: int
    hidden: int
    """Marked ones that are not shown."""
    orphans: int
    order: str
    """Empty for the order at first."""
    columns: str


def total_of(report: ResourceReport) -> int:
    """Phones that the provider listed, ours and others, or that our records name."""
    return max(sum(report.counts.values()), len(report.lines))


def freshness(look: Look, *, wide: bool = False) -> str:
    """``read 3s ago``; why it could not be read is told elsewhere."""
    if look.asking:
        return ASKING
    if look.asked_at is None:
        return "never answered"
    seconds = max(0, int((look.now - look.asked_at).total_seconds()))
    age = f"{seconds}s" if seconds < 60 else span(seconds)
    if look.stale:
        return f"last answer {age} ago"
    pace = " (every 15s, every 5s while stopping)" if wide else ""
    return f"read {age} ago{pace}"


def status_parts(figures: Figures, look: Look, *, wide: bool) -> list[str]:
    """``6 of 82``, ``read 3s ago``, ``! 1 without a job``; the first ones matter most."""
    parts = [f"{figures.shown} of {figures.total}{' shown' if wide else ''}"]
    if figures.marked:
        hidden = f" ({figures.hidden} not shown)" if figures.hidden else ""
        parts.append(f"{figures.marked} marked{hidden}")
    parts.append(freshness(look, wide=wide))
    if figures.orphans:
        parts.append(f"! {figures.orphans}{' on' if wide else ''} without a job")
    if figures.order:
        parts.append(f"sort: {figures.order}")
    if wide:
        parts.append(f"columns: {figures.columns}")
    return parts


def rest(report: ResourceReport, shown: Sequence[ResourceLine], look: Look) -> tuple[str, bool]:
    """What is not in the table, or why nothing is known; and whether that is bad news."""
    if report.problem:
        return "! not answered, the reason stands below; shown is what our records say", True
    if look.stale:
        return "! older than a minute: the next answer has not come yet", True
    ids = {line.id for line in shown}
    missing = [line for line in report.lines if line.id not in ids]
    others = sum(is_other(line) and is_on(line) for line in missing)
    parts = []
    if hidden := len(missing) - others:
        parts.append(f"{hidden} more: esc clears the filter")
    if others:
        parts.append(f"{others} of others: esc lists {'it' if others == 1 else 'them'} too")
    if look.asked_at is not None and (counted := total_of(report) - len(report.lines)):
        parts.append(f"{counted} off: only counted")
    return f"({'   '.join(parts)})" if parts else "", False


def emptiness(
    report: ResourceReport, expression: str, label: str, *, attached: bool, local: bool = False
) -> str:
    """Why there is no row, and what to do about it; ``local``: nobody else knows of them."""
    if report.lines and expression.strip() not in ("", PRESET):
        return f"No {label} matches this filter: esc clears it."
    if attached or (local and not report.problem):
        device = f"The {label} is a device attached to this host, and no job has it"
        return f"{device}: nothing is billed." if attached else f"No {label} is on."
    if report.problem:
        return f"Nobody knows which {plural(label)} are on, and our records name none."
    if report.asked_at is None:
        return f"Our records name no {label}; asking the provider which are on..."
    if not total_of(report):
        return f"The provider lists no {label}."
    others = report.others_on
    more = f"; {others} of others {'is' if others == 1 else 'are'} on" if others else ""
    return f"No {label} of ours is on: nothing costs{more}."


def absent(name: str, report: ResourceReport, label: str, *, local: bool = False) -> str:
    """Why a phone that was asked for is not in the list."""
    if local:
        return f"The {label} {name} is not on: it has ended, or there was none of this name."
    if report.problem:
        return f"The {label} {name} is not in our records, and the provider does not answer."
    return f"The {label} {name} is off or unknown to the provider: what is off is only counted."


# -- what leaves -----------------------------------------------------------------------------------


def record(line: ResourceLine, look: Look) -> dict[str, Any]:
    """A phone for JSON."""
    cost = estimate(line, look)
    seconds = on_seconds(line, look)
    return {
        "id": line.id,
        "name": line.label,
        "state": line.state,
        "code": line.code,
        "ours": line.ours,
        "in_campaign": line.in_campaign,
        "without_a_job": line.orphan,
        "since": line.since,
        "on_seconds": None if seconds is None else int(seconds),
        "job": line.job_id,
        "worker": line.slot,
        "phase": line.phase,
        "estimated_cost": None if cost is None else round(cost, 4),
        "posts_today": line.posts_today,
        "cap": line.cap,
        "last_result": line.last_result,
        "rate_30_days": line.rate_30_days,
        "stop_asked_at": line.stopping_since,
        "note": line.note,
        "read_at": look.asked_at,
    }


def copied(lines: Collection[ResourceLine], kind: str, look: Look) -> str:
    """These phones as text, a line each, or as JSON; empty without any."""
    if not lines:
        return ""
    if kind == "json":
        return json.dumps([record(line, look) for line in lines], ensure_ascii=False, default=str)
    return "\n".join("\t".join(map(inert, _texts(line, _COPIED, look))) for line in lines)


def exported(lines: Sequence[ResourceLine], names: Sequence[str], look: Look) -> Exported:
    """These phones with these columns; JSON has everything."""
    return Exported(
        name="phones",
        headers=["estimated_cost" if name == "est" else name for name in names],
        rows=[_texts(line, names, look) for line in lines],
        records=[record(line, look) for line in lines],
    )


def _texts(line: ResourceLine, names: Sequence[str], look: Look) -> list[str]:
    return [cell(line, name, look)[0] for name in names]
