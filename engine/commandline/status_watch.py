"""``--status --watch``: one line, or one JSON object, for every change of the work directory."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from engine.commandline.status_report import SCHEMA, overview_json
from engine.errors import ExitCode
from engine.insight.values import Overview
from engine.output import say, say_json

if TYPE_CHECKING:
    from engine.insight.watch import Watch

LOOK_SECONDS: Final = 0.5
_RESTLESS: Final = ("updated_at",)
_RESTLESS_OF_WORKERS: Final = ("beat", "cpu_percent", "memory_mb")
_RESTLESS_OF_FORECAST: Final = (
    *("done_at", "earliest", "latest", "next_pass_at", "per_minute", "attempts", "others"),
    *("minutes_to_come", "minutes_in_all", "cost_to_come", "cost_in_all"),
    *("calls_to_come", "calls_in_all", "cut_at", "cut_jobs"),
)
_RESTLESS_OF_MONEY: Final = ("minutes_today", "today", "at_finish")
_RESTLESS_OF_SCALING: Final = ("cpu", "memory_used", "free_bytes", "why")
"""What changes all the time while nothing happens: told with a change, and no change itself."""
_COUNTDOWN: Final = re.compile(r"\b\d+:\d\d\b")


def follow(watch: Watch, *, as_json: bool, pause: Callable[[float], None] = time.sleep) -> ExitCode:
    """Tell the present state, then every change, until Ctrl-C or until nobody reads any more."""
    told: object = None
    try:
        while True:
            overview = watch.refresh().overview
            report = overview_json(overview)
            steady = _steady(report)
            if steady != told:
                told = steady
                if not _tell(overview, report, as_json=as_json):
                    return ExitCode.DONE
            pause(LOOK_SECONDS)
    except KeyboardInterrupt:
        return ExitCode.DONE


def _tell(overview: Overview, report: Mapping[str, Any], *, as_json: bool) -> bool:
    """False when nobody reads any more."""
    if as_json:
        return say_json({"event": "change", "schema": SCHEMA, "overview": report})
    return say(line(overview))


def line(overview: Overview) -> str:
    """The state in one line: word, figures, what runs or why nothing does, what needs a person."""
    head = " ".join(part for part in (overview.word, overview.detail) if part)
    if overview.live and overview.stage:
        head += f", {overview.labels.stage} {overview.stage}/{overview.stages}"
    counts = ", ".join(f"{name} {number}" for name, number in overview.by_status.items() if number)
    busy = [
        f"W{one.slot} {one.key} {one.phase or one.state}" for one in overview.workers if one.key
    ]
    parts = [head, counts or "no jobs", "; ".join(busy) or overview.why_idle]
    if overview.attention:
        parts.append(f"! {len(overview.attention)}: {overview.attention[0].text}")
    if overview.problem:
        parts.append(overview.problem)
    return " | ".join(part for part in parts if part)


def _steady(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report without what changes all the time."""
    found = {name: value for name, value in report.items() if name not in _RESTLESS}
    for name in ("detail", "why_idle"):
        found[name] = _COUNTDOWN.sub("", report[name])
    found["workers"] = [_without(one, _RESTLESS_OF_WORKERS) for one in report["workers"]]
    found["forecast"] = _without(report["forecast"], _RESTLESS_OF_FORECAST)
    found["money"] = _without(report["money"], _RESTLESS_OF_MONEY)
    if report["scaling"] is not None:
        found["scaling"] = _without(report["scaling"], _RESTLESS_OF_SCALING)
    return found


def _without(report: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name not in names}
