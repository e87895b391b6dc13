"""The table of passes: what each was, is, or is expected to be (console-features 6.8).

Rates and medians that need five jobs are None in the report, and a dash here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from console.plain import plain
from console.screens.passes_sheet import Figure, Look, Sheet, count, one_of, rate, seconds
from console.times import NOTHING, whole_span
from console.widgets.tones import Tone
from engine.insight.values import PassLine

RUNNING: Final = "running"
PLANNED: Final = "planned"
_TONES: Final[dict[str, Tone]] = {RUNNING: "busy", PLANNED: "dim"}


def took(line: PassLine, look: Look) -> str:
    """How long a pass took; of the running one until this moment."""
    if line.state == PLANNED:
        return NOTHING
    if line.state == RUNNING and line.started is not None:
        return whole_span((look.now - line.started).total_seconds())
    return whole_span(line.seconds)


def _started(line: PassLine, look: Look) -> str:
    if line.state == PLANNED:
        return look.expected(line.started)
    return look.moment(line.started, seconds=True)


def _ended(line: PassLine, look: Look) -> str:
    if line.state == PLANNED:
        return look.expected(line.ended)
    return look.moment(line.ended, seconds=True)


def _cost(line: PassLine, look: Look) -> str:
    """Estimated; a dash where nothing is paid, or nobody knows the price."""
    money = line.minutes * look.price
    about = "~" if line.state == PLANNED else ""
    return f"{about}${money:.2f}" if money > 0 else NOTHING


def _outcome(line: PassLine, look: Look) -> str:
    """The result; of a planned pass its start, which has no column of its own here."""
    if line.state == PLANNED and line.started is not None:
        return f"{line.result} {look.expected(line.started)}"
    return _result(line, look)


def _result(line: PassLine, _look: Look) -> str:
    """With what the trade says of it."""
    return f"{line.result}: {plain(line.note)}" if line.note else str(line.result)


def _tone(line: PassLine) -> Tone:
    return _TONES.get(line.state, "")


_FIGURES: Final[dict[str, Figure[PassLine]]] = {
    "pass": count("{stage}", 4, lambda line: line.number),
    "started": Figure(
        title="STARTED",
        width=8,
        text=_started,
        value=lambda line: line.started,
        kind="time",
        align="left",
        priority=2,
        ages=True,
    ),
    "ended": Figure(
        title="ENDED",
        width=8,
        text=_ended,
        value=lambda line: line.ended,
        kind="time",
        align="left",
        priority=6,
        ages=True,
    ),
    "took": Figure(
        title="TOOK",
        width=7,
        text=took,
        value=lambda line: None if line.state == PLANNED else line.seconds,
        kind="span",
        ages=True,
    ),
    "jobs": Figure(
        title="JOBS",
        width=4,
        text=lambda line, _: f"~{line.jobs}" if line.state == PLANNED else str(line.jobs),
        value=lambda line: line.jobs,
        kind="number",
    ),
    "ok": count("OK", 3, lambda line: line.success),
    "infra": count("INFRA", 5, lambda line: line.infrastructure),
    "acct": count("ACCT", 4, lambda line: line.account),
    "cont": count("CONT", 4, lambda line: line.content),
    "unkn": count("UNKN", 4, lambda line: line.unknown),
    "doubt": count("DOUBT", 5, lambda line: line.in_doubt),
    "rate": rate("RATE", 4, lambda line: line.rate),
    "success": rate("SUCCESS", 7, lambda line: line.rate),
    "speed": Figure(
        title="PER MIN",
        width=7,
        text=lambda line, _: NOTHING if line.per_minute is None else f"{line.per_minute:.1f}",
        value=lambda line: line.per_minute,
        kind="number",
        priority=7,
    ),
    "median": seconds("MEDIAN", 6, lambda line: line.median_seconds, 4),
    "p90": seconds("P90", 5, lambda line: line.p90_seconds, 5),
    "used": count("{resources}", 6, lambda line: line.keys, priority=3),
    "minutes": Figure(
        title="MINUTES",
        width=7,
        text=lambda line, _: NOTHING if line.minutes <= 0 else f"{line.minutes:.0f}",
        value=lambda line: line.minutes,
        kind="number",
        priority=8,
    ),
    "est": Figure(
        title="EST",
        width=6,
        text=_cost,
        value=lambda line: line.minutes,
        kind="number",
        priority=1,
    ),
    "result": Figure(
        title="RESULT",
        width=19,
        text=_result,
        tone=_tone,
        align="left",
        flex=True,
    ),
    "outcome": Figure(
        title="RESULT", width=19, text=_outcome, tone=_tone, align="left", flex=True, ages=True
    ),
}

PASSES: Final[Sheet[PassLine]] = Sheet(
    name="passes",
    title="{stages}",
    key=lambda line: str(line.number),
    figures=_FIGURES,
    sets={
        "narrow": "pass jobs ok infra acct cont unkn doubt rate took outcome",
        "wide": "pass started ended took jobs ok infra acct cont unkn doubt success speed median"
        " p90 used est result",
        "all": "pass started ended took jobs ok infra acct cont unkn doubt success speed median"
        " p90 used minutes est result",
        "times": "pass started ended took speed median p90 used est result",
    },
    expression=lambda lines: one_of("pass", [str(line.number) for line in lines]),
    empty="Nothing has been claimed yet.",
)
"""At 80 columns the second set is ``times``: what the first one has no room for."""

NAMED_PASSES: Final[Sheet[PassLine]] = replace(
    PASSES,
    figures={
        **_FIGURES,
        "pass": Figure(
            title="{stage}",
            width=16,
            text=lambda line, _: plain(line.label) or str(line.number),
            value=lambda line: line.number,
            kind="number",
            align="left",
        ),
    },
)
"""Where the trade has names for its stages."""


def sheet_of(lines: Sequence[PassLine]) -> Sheet[PassLine]:
    """The table that fits these stages."""
    return NAMED_PASSES if any(line.label for line in lines) else PASSES
