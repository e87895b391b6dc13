"""The sentences of the Passes screen: limits, pace, what comes next, what it may end with.

Pure: the report and the overview in, lines out (console-features 6.8).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from console.plain import plain
from console.screens.passes_lines import PLANNED
from console.screens.passes_sheet import Look
from console.times import expected, span
from console.top_rows import short_run
from console.widgets.chart import Bucket
from engine.insight.values import Cluster, Overview, PassReport
from engine.retry import PassResult
from engine.workloads.labels import plural

NO_LEDGER: Final = "There is no ledger yet"
NO_PROJECTION: Final = (
    "none: it needs 20 jobs of the same class and pass number in the last seven days"
)
_WAITS: Final = (
    (("yes", "once"), "retryable"),
    (("person",), "for a person"),
    (("content",), "for a new file"),
    (("operator",), "in doubt"),
    (("no",), "not retried"),
)


def known(report: PassReport) -> bool:
    """Whether there is a ledger to speak of."""
    return bool(report.limits)


def heading(report: PassReport, overview: Overview | None) -> list[str]:
    """The run, or the last one and how it ended; then its limits, one by one."""
    if not known(report):
        return [NO_LEDGER]
    if not report.run_id:
        return ["no run yet", *_limits(report)]
    run = f"run {short_run(report.run_id)}"
    if overview is None or overview.live:
        return [run, *_limits(report)]
    begun = (line for line in reversed(report.passes) if line.state != PLANNED)
    result = next((line.result for line in begun), "")
    return [f"last {run}{f', ended {result}' if result else ''}", *_limits(report)]


def _limits(report: PassReport) -> list[str]:
    parts = report.limits.split(", ")
    return [", ".join(parts[:2]), *parts[2:]]


def title(report: PassReport, overview: Overview | None, look: Look, *, wide: bool) -> str:
    """The same in the edge of a panel."""
    parts = heading(report, overview)
    stages = plain(plural(look.stage)).capitalize()
    if not report.run_id:
        return "   ".join([stages, *parts[1:]])
    parts[0] = f"{stages} of {'the ' if parts[0].startswith('last') else ''}{parts[0]}"
    return "     ".join(parts) if wide else "   ".join(parts).replace("infrastructure", "infra")


def short_heading(report: PassReport, overview: Overview | None, width: int) -> str:
    """The same in one narrow row, with as much blank between the parts as there is room for."""
    parts = heading(report, overview)
    row = " " + "   ".join(parts).replace("infrastructure", "infra")
    return row if len(row) <= width else row.replace("   ", "  ")


# -- pace and chart --------------------------------------------------------------------------------


def pace(report: PassReport, overview: Overview | None, look: Look, width: int) -> str:
    """``OK PER 10 MIN  10:27 [4 6 5] 12:04      projection 64..69 of 82``; where room is short the
    newest of the figures stay."""
    if not report.bins:
        return " OK PER 10 MIN  nothing has ended yet"
    expected = projected(report)
    right = f"   projection {expected}" if expected else ""
    zone = look.now.tzinfo
    tail = f"] {_end(report, overview, look.now):%H:%M}"
    bins = list(report.bins)
    while True:
        start = bins[0][0].astimezone(zone)
        numbers = " ".join(str(good) for _, good, _ in bins)
        left = f" OK PER 10 MIN  {start:%H:%M} [{numbers}{tail}"
        if len(bins) == 1 or len(left) + len(right) <= width:
            return left + right.rjust(max(0, width - len(left) - 1))
        del bins[0]


def _end(report: PassReport, overview: Overview | None, now: datetime) -> datetime:
    """Until when the figures go: now, or the end of the last pass."""
    ends = [line.ended for line in report.passes if line.ended and line.state != PLANNED]
    if ends and overview is not None and not overview.live:
        return max(ends).astimezone(now.tzinfo)
    return now


def projected(report: PassReport) -> str:
    """``64..69 of 82``; empty where nothing can be said."""
    found = report.projection
    if found is None:
        return ""
    ends = str(found.low) if found.low == found.high else f"{found.low}..{found.high}"
    return f"{ends} of {found.total}"


def buckets(report: PassReport, look: Look) -> list[Bucket]:
    """For the chart."""
    zone = look.now.tzinfo
    return [
        Bucket(f"{start.astimezone(zone):%H:%M}", good, bad) for start, good, bad in report.bins
    ]


def marks(report: PassReport, overview: Overview | None, look: Look) -> str:
    """``pass 1 10:27   pass 2 11:46   eta 12:38``: what the chart's axis is marked with."""
    zone = look.now.tzinfo
    parts = [
        f"{plain(line.label) or f'{look.stage} {line.number}'} "
        f"{'~' if line.state == PLANNED else ''}"
        f"{line.started.astimezone(zone):%H:%M}"
        for line in report.passes
        if line.started is not None
    ]
    if overview is not None and overview.live and overview.forecast.done_at is not None:
        parts.append(f"eta {expected(overview.forecast.done_at, look.now)}")
    return "   ".join(parts)


def projection(report: PassReport, overview: Overview | None) -> str:
    """The projection pass by pass, or why there is none; nothing without a live run."""
    if report.projection is not None:
        return f"projection  {report.projection.text}"
    if overview is None or not overview.live or not report.passes:
        return ""
    return f"projection  {NO_PROJECTION}"


# -- what comes next -------------------------------------------------------------------------------


def parts(report: PassReport, overview: Overview | None, look: Look) -> list[str]:
    """What comes next, part by part; the first with the time until the next pass while waiting."""
    found = report.next_text.split("; ") if report.next_text else []
    until = None if overview is None or not overview.live else overview.waiting_until
    if until is not None:
        wait = f"next {look.stage} in {span((until - look.now).total_seconds())}"
        return [wait, *found]
    if found and overview is not None and overview.live:
        found[0] = f"next: {found[0]}"
    return found


def next_lines(parts: Sequence[str], width: int) -> list[str]:
    """The parts in as few rows as they need."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + 2 + len(part) <= width - 1:
            lines[-1] += f"; {part}"
        else:
            lines.append(f" {part}")
    return lines


def ends_line(report: PassReport, overview: Overview | None) -> str:
    """With which results the run may end; nothing without a live run."""
    if overview is None or not overview.live:
        return ""
    if any(line.label for line in report.passes):
        return ""  # a trade of its own stages has its own words for their end
    last = f"after {overview.labels.stage} {overview.stages}, {PassResult.MAX_PASSES_REACHED}"
    return f"ends {PassResult.ALL_COMPLETE}, {PassResult.ONLY_NON_RETRYABLE} or, {last}"


def waiting(clusters: Sequence[Cluster]) -> str:
    """``failed now: 8 retryable, 5 for a person, 1 for a new file``."""
    found = [
        f"{count} {words}"
        for kinds, words in _WAITS
        if (count := sum(one.count for one in clusters if one.retry in kinds))
    ]
    return f"failed now: {', '.join(found)}" if found else ""


def about_causes(report: PassReport) -> list[str]:
    """Remarks that belong under the causes: whether another try pays."""
    return [remark for remark in report.remarks if _of_tries(remark)]


def about_places(report: PassReport) -> list[str]:
    """Remarks that point at a worker or a phone."""
    return [remark for remark in report.remarks if not _of_tries(remark)]


def _of_tries(remark: str) -> bool:
    return remark.startswith(("saved = ", "last 7 days"))


def summary(
    report: PassReport,
    overview: Overview | None,
    look: Look,
    tables: Sequence[tuple[str, Sequence[str]]],
) -> str:
    """The screen as text for a chat or a ticket; ``tables`` are titles with their lines."""
    return "\n".join(plain(line) for line in _summary(report, overview, look, tables)) + "\n"


def _summary(
    report: PassReport,
    overview: Overview | None,
    look: Look,
    tables: Sequence[tuple[str, Sequence[str]]],
) -> Iterator[str]:
    state = "" if overview is None else f", {overview.word} at {look.now:%H:%M:%S %Z}"
    yield f"{'; '.join(heading(report, overview))}{state}"
    for title, lines in tables:
        yield from ("", title, *lines)
    told = [*report.remarks, projection(report, overview), *parts(report, overview, look)]
    yield ""
    yield from filter(None, told)


def as_text(record: object) -> str:
    """A record as JSON for people."""
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"
