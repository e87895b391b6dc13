"""How far: counts, bar, pace, accounts, money and passes, as lines of the Cockpit.

Values in, text out (console-features 6.5).
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rich.text import Text

from console.plain import fit, plain
from console.screens.cockpit_forecast import eta, to_come_line, whole_eta, workers_line
from console.times import NOTHING, clock, span
from console.widgets.bar import Counts
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from engine.insight.values import Overview, PassLine, PassReport

_MOST_BINS: Final = 12
_LABEL: Final = 15
_RUNNING: Final = "running"
_PLANNED: Final = "planned"


def counts(overview: Overview) -> Counts:
    """What the bar shows."""
    by = overview.by_status
    return Counts(
        success=by.get("success", 0),
        claimed=by.get("claimed", 0),
        pending=by.get("pending", 0),
        retrying=overview.to_retry,
        final=overview.final - overview.in_doubt,
        doubt=overview.in_doubt,
        skipped=by.get("skipped", 0),
    )


def progress(overview: Overview, now: datetime) -> str:
    """``62%   eta 12:38 (12:31-12:47)``."""
    return f"{overview.percent:.0f}%   {whole_eta(overview, now)}"


def counts_line(overview: Overview, width: int) -> str:
    """``JOBS 82  success 51  claimed 4  ...``: the longest form that fits."""
    head = f"JOBS {overview.total}  "
    skipped = overview.by_status.get("skipped", 0)
    forms = _forms(overview, f"  skipped {skipped}" if skipped else "")
    return _longest([*(head + form for form in forms), *forms], width)


def wide_counts_line(overview: Overview, now: datetime, width: int) -> str:
    """The same with everything that has room in a panel, whose title has the number of jobs."""
    skipped = f"  skipped {overview.by_status.get('skipped', 0)}"
    reached = f"  {overview.percent:.0f}%  {eta(overview, now)}"
    forms = [*_forms(overview, skipped + reached), *_forms(overview, reached)]
    return _longest([*(form.replace("  ", "   ") for form in forms[:1]), *forms], width)


def _forms(overview: Overview, more: str) -> list[str]:
    """The counts, from the most words to the fewest."""
    by = overview.by_status
    success, claimed, pending = (by.get(word, 0) for word in ("success", "claimed", "pending"))
    words = f"success {success}  claimed {claimed}  pending {pending}"
    failed = f"failed {overview.to_retry + overview.final}"
    short = f"ok {success}  claimed {claimed}  pending {pending}"
    return [
        f"{words}  {failed}{_split(overview, 'to retry')}{more}",
        f"{words}  {failed}{_split(overview, 'retry')}{more}",
        f"{short}  {failed}{_split(overview, 'retry')}{more}",
        f"{short}  {failed}{more}",
        f"{short}  {failed}",
    ]


def _longest(forms: Sequence[str], width: int) -> str:
    """The first that fits; the last where none does."""
    return next((form for form in forms if len(form) <= width), forms[-1])


def _split(overview: Overview, retry: str) -> str:
    """`` = 8 to retry + 6 final``, and what is in doubt by itself."""
    if not overview.to_retry + overview.final:
        return ""
    text = f" = {overview.to_retry} {retry} + {overview.final - overview.in_doubt} final"
    return text + (f" + {overview.in_doubt} in doubt" if overview.in_doubt else "")


def idle_lines(overview: Overview, width: int, *, most: int) -> list[Text]:
    """Why nothing is running, or why nothing can be read; at most so many rows."""
    words, style = overview.why_idle, "bold"
    if overview.problem:
        words, style = f"! {overview.problem}", "bad"
    elif not overview.live and overview.last_result:
        words = overview.last_result
    rows = textwrap.wrap(plain(words), max(20, width), break_on_hyphens=False)
    if len(rows) > most:
        rows = [*rows[: most - 1], " ".join(rows[most - 1 :])]
    return [Text(row, style=style) for row in rows]


# -- the panel's other lines ----------------------------------------------------------------------


def pace_lines(overview: Overview, now: datetime, width: int) -> list[str]:
    """Pace, accounts, money, and two of the forecast, which are the first to go where rows are few;
    in fewer words where they have no room."""
    return [
        "ok per 10 min  " + _longest(_pace(overview, now), width - _LABEL),
        f"{plain(plural(overview.key_label)):<{_LABEL}}"
        + _longest(_keys(overview), width - _LABEL),
        f"{'money':<{_LABEL}}" + _longest(_money(overview), width - _LABEL),
        f"{'forecast':<{_LABEL}}" + _longest(workers_line(overview, now), width - _LABEL),
        f"{'to come':<{_LABEL}}" + _longest(to_come_line(overview), width - _LABEL),
    ]


def _pace(overview: Overview, now: datetime) -> list[str]:
    bins = list(overview.bins)[-_MOST_BINS:]
    if not bins:
        return ["nothing has ended yet"]
    numbers = [str(good) for _, good, _ in bins]
    rate, median = overview.forecast.per_minute, overview.median_seconds
    now_rate = "" if rate is None else f"   now {rate:.1f} job/min"
    usual = "" if median is None else f"   median {span(median)}"
    p90 = "" if median is None else f"   p90 {span(overview.p90_seconds)}"
    whole = f"{clock(bins[0][0], now)}  {' '.join(numbers)}  {clock(now, now)}"
    few = " ".join(numbers[-6:])
    return [whole + now_rate + usual + p90, few + now_rate + usual + p90, few + now_rate, few]


def _keys(overview: Overview) -> list[str]:
    at_work, labels = overview.by_status.get("claimed", 0), overview.labels
    capped, free, held = overview.keys_capped, overview.keys_free, overview.keys_held
    busy = f"{at_work} {plain(labels.acting)}"
    if capped is None:
        return [f"{busy}   {held} held for a person", f"{busy}   {held} held"]
    long = f"{capped} at today's cap   {free} can still {plain(labels.act)} ({busy})"
    return [
        f"{long}   {held} held for a person",
        f"{capped} at cap   {free} can {plain(labels.act)} ({at_work} now)   {held} held",
    ]


def _money(overview: Overview) -> list[str]:
    money = overview.money
    on = f"{money.on_now} {plain(plural(overview.resource_label, money.on_now))} on"
    if not (money.price_per_minute or money.today):
        return [on]  # nothing is billed in this trade
    end = "" if money.at_finish is None else f", ~${money.at_finish:.2f} at "
    minute = f"${money.per_minute_now:.2f}"
    today = f"${money.today:.2f}" + (f" of ${money.limit:.2f}" if money.limit else "")
    return [
        f"{on}, est. {minute} a minute, {today} today{end}{'finish' * bool(end)}",
        f"{on}, est. {minute}/min, {today} today{end}{'end' * bool(end)}",
        f"est. {today} today, {minute}/min",
    ]


# -- passes ---------------------------------------------------------------------------------------

_HEAD: Final = "  JOBS  OK  INFRA  ACCT CONT UNKN  RATE    TOOK"
_SHORT_HEAD: Final = "  JOBS  OK  FAIL  RATE    TOOK"
"""After the name of the stage."""


def pass_lines(
    report: PassReport, width: int, rows: int, now: datetime, stage: str = "pass"
) -> list[Text | str]:
    """The table of passes in at most ``rows`` lines: the newest, and what comes next; ``stage`` is
    what the trade calls one."""
    if not report.passes:
        return [Text(f"no {stage} has begun", style="dim")]
    room = max(1, rows - 2)
    names = max((len(plain(one.label)) + 1 for one in report.passes if one.label), default=0)
    wide = max(4, min(names, width - len(_SHORT_HEAD)))
    whole = width >= len(_HEAD) + wide
    shown = [_pass(one, now, wide, whole=whole) for one in list(report.passes)[-room:]]
    head = f"{fit(plain(stage).upper(), wide)}{_HEAD if whole else _SHORT_HEAD}"
    lines: list[Text | str] = [Text(head, style="bold"), *shown]
    tail = next_passes(report.passes, stage)
    if tail and len(lines) < rows:
        lines += [""] * (rows - len(lines) > 1)
        lines.append(tail)
    return lines


def _pass(one: PassLine, now: datetime, wide: int, *, whole: bool) -> Text:
    planned = one.state == _PLANNED
    number = f"{'>' * (one.state == _RUNNING)}{plain(one.label) or one.number}"
    name = fit(number, wide, "left" if one.label else "right")
    jobs = f"~{one.jobs}" if planned else str(one.jobs)
    figures = (one.infrastructure, one.account, one.content, one.unknown)
    infra, account, content, unknown = (str(figure or NOTHING) for figure in figures)
    rate = NOTHING if one.rate is None else f"{one.rate:.0f}%"
    took = f"~{clock(one.started, now)}" if planned and one.started else span(one.seconds)
    failed = f"{infra:>5}  {account:>4} {content:>4} {unknown:>4}"
    if not whole:
        failed = f"{sum(figures) or NOTHING:>4}"
    text = f"{name}  {jobs:>4}{one.success or NOTHING:>4}  {failed}  {rate:>4} {took:>7}"
    return Text(text, style="dim" if planned else "")


def next_passes(passes: Sequence[PassLine], stage: str) -> str:
    """``17 to go in pass 2; pass 3 ~15 jobs; then done``; empty without a run."""
    parts = []
    for one in passes:
        if one.state == _RUNNING:
            named = plain(one.label) or f"{stage} {one.number}"
            parts.append(f"{one.result.removeprefix('running, ')} in {named}")
        elif one.state == _PLANNED:
            parts.append(f"{stage} {one.number} ~{one.jobs} jobs")
    return "; ".join([*parts, "then done"]) if parts else ""
