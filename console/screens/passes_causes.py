"""The tables of causes: why attempts failed, by phone, by worker (console-features 6.8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from console.screens.passes_sheet import Figure, Look, Sheet, count, one_of, rate
from console.times import NOTHING
from console.widgets.tones import Tone
from engine.filters.rows import UNCLASSIFIED
from engine.insight.values import Cluster, Tally

_TONES: Final[dict[str, Tone]] = {"yes": "warn", "once": "warn"}


def _saved(one: Cluster, _look: Look) -> str:
    """Nothing can be saved where nothing was tried again."""
    return str(one.saved) if one.tried_again else NOTHING


_WHY: Final[Figure[Cluster]] = Figure(
    title="WHY", width=18, text=lambda one, _: one.why or UNCLASSIFIED, align="left"
)
_CLUSTERS: Final[dict[str, Figure[Cluster]]] = {
    "why": _WHY,
    "n": count("N", 4, lambda one: one.count),
    "retry": Figure(
        title="RETRY",
        width=8,
        text=lambda one, _: one.retry,
        tone=lambda one: _TONES.get(one.retry, "bad"),
        align="left",
    ),
    "tried": count("TRIED", 5, lambda one: one.tried_again, priority=2),
    "saved": Figure(
        title="SAVED", width=5, text=_saved, value=lambda one: one.saved, kind="number"
    ),
    "used": count("{resources}", 6, lambda one: one.keys, priority=3),
    "workers": Figure(
        title="WORKERS",
        width=9,
        text=lambda one, _: ",".join(one.workers) or NOTHING,
        align="left",
        priority=4,
    ),
    "class": Figure(
        title="CLASS", width=14, text=lambda one, _: str(one.category), align="left", priority=5
    ),
    "last": Figure(
        title="LAST",
        width=5,
        text=lambda one, look: look.moment(one.last),
        value=lambda one: one.last,
        kind="time",
        align="left",
        priority=1,
        ages=True,
    ),
    "sample": Figure(
        title="SAMPLE", width=6, text=lambda one, _: one.sample, align="left", flex=True
    ),
}

FAILED_NOW: Final[Sheet[Cluster]] = Sheet(
    name="failed-now",
    title="Why jobs are failed now",
    key=lambda one: f"{one.why}\0{one.category}",
    figures={**_CLUSTERS, "why": replace(_WHY, title="WHY (failed now)")},
    sets={
        "narrow": "why n retry used last sample",
        "wide": "why n retry used last class sample",
        "all": "why n retry tried used last class workers sample",
    },
    expression=lambda rows: (
        one_of("why", [one.why or UNCLASSIFIED for one in rows]) + " status:=failed"
    ),
    empty="No job is failed now.",
)
"""Jobs that are failed at this moment."""

ATTEMPTS: Final[Sheet[Cluster]] = Sheet(
    name="failed-attempts",
    title="Why attempts failed, whole run",
    key=FAILED_NOW.key,
    figures=_CLUSTERS,
    sets={
        "narrow": "why n retry used last sample",
        "wide": "why n retry tried saved used last sample",
        "all": "why n retry tried saved used last class workers sample",
    },
    expression=lambda rows: one_of("why", [one.why or UNCLASSIFIED for one in rows]),
    empty="No attempt has failed in this run.",
)
"""All failed attempts of the run, and what another try saved."""


# -- by phone, by worker ---------------------------------------------------------------------------

_TALLIES: Final[dict[str, Figure[Tally]]] = {
    "tries": count("TRIES", 5, lambda one: one.attempts, priority=3),
    "ok": count("OK", 3, lambda one: one.success, zero="0"),
    "infra": count("INFRA", 5, lambda one: one.infrastructure, zero="0", priority=2),
    "fail": count("FAIL", 4, lambda one: one.failed, zero="0"),
    "last": Figure(
        title="LAST",
        width=10,
        text=lambda one, _: one.last_why or NOTHING,
        align="left",
        flex=True,
        priority=1,
    ),
}

BY_KEY: Final[Sheet[Tally]] = Sheet(
    name="by-account",
    title="By {resource}, worst first",
    key=lambda one: one.name,
    figures={
        **_TALLIES,
        "account": Figure(title="{resource}", width=12, text=lambda one, _: one.name, align="left"),
        "month": rate("30 DAYS", 7, lambda one: one.rate_30_days),
    },
    sets={
        "narrow": "account tries ok infra last month",
        "wide": "account tries ok infra last month",
        "all": "account tries ok infra fail last month",
    },
    expression=lambda rows: one_of("account", [one.name for one in rows]),
    empty="No attempt has ended yet.",
)
"""Attempts by the job's key; a phone is named by the account that it belongs to."""

BY_WORKER: Final[Sheet[Tally]] = Sheet(
    name="by-worker",
    title="By worker",
    key=lambda one: one.name,
    figures={
        **_TALLIES,
        "w": Figure(
            title="W",
            width=2,
            text=lambda one, _: one.name,
            value=lambda one: (int(one.name), "") if one.name.isdecimal() else (10**9, one.name),
        ),
        "rst": count("RST", 3, lambda one: one.restarts, zero="0"),
    },
    sets={
        "narrow": "w ok fail rst",
        "wide": "w ok fail rst",
        "all": "w tries ok infra fail rst last",
    },
    expression=lambda rows: one_of("worker", [one.name for one in rows]),
    empty="None yet.",
)
"""Attempts by the worker that made them, and how often it was started anew."""
