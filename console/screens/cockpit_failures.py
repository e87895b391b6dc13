"""What fails, and whether it is tried again: two lines where it is narrow, else a table.

Values in, text out (console-features 6.5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rich.text import Text

from console.plain import plain
from console.screens.cockpit_workers import Clockwork
from console.times import written
from console.widgets.columns import Column
from console.widgets.tones import Drawn
from engine.workloads.labels import Labels, plural

if TYPE_CHECKING:
    from engine.insight.values import Cluster, Overview

RETRIED: Final = ("yes", "once")
"""What ``Cluster.retry`` says of failures that are tried again."""
COLUMNS: Final = (
    Column("why", "WHY", 15, flex=True, priority=0),
    Column("n", "N", 4, align="right", priority=1),
    Column("retry", "RETRY", 8, priority=2),
    Column("keys", "PHONES", 6, align="right", priority=9),
    Column("last", "LAST", 7, priority=8),
)


def columns(labels: Labels) -> tuple[Column, ...]:
    """The columns under the trade's own titles."""
    title = plural(labels.resource).upper()
    return tuple(replace(one, title=title) if one.key == "keys" else one for one in COLUMNS)


SORTS: Final = ("", "why", "n", "last")
"""Columns that the failures may be in order of; the first is the report's own order."""
_REMEDIES: Final[Mapping[str, str]] = {"person": " -> a person", "operator": " -> your word"}
"""Who must act, where that is not the failure's own word."""
_NAME: Final = re.compile(r"[a-z0-9_]+")


# -- two lines ------------------------------------------------------------------------------------


def retry_line(overview: Overview) -> Text:
    """``TO RETRY 8   adb_timeout 4   appium_crash 2 ...``."""
    line = Text(f"{f'TO RETRY {overview.to_retry}':<12} ")
    if not overview.to_retry:
        line.append("nothing waits for another try", style="dim")
    line.append("   ".join(f"{plain(why)} {number}" for why, number in overview.retry_why))
    return line


def final_line(overview: Overview) -> Text:
    """``FINAL 6      logged_out 3 + verification 2 -> a person      corrupted_video 1 ...``."""
    line = Text(f"{f'FINAL {overview.final}':<12} ")
    if not overview.final:
        line.append("nothing has failed for good", style="dim")
    groups: dict[str, list[str]] = {}
    for why, who, number in overview.final_why:
        groups.setdefault(who, []).append(f"{plain(why)} {number}")
    line.append(
        "   ".join(" + ".join(kinds) + _REMEDIES.get(who, "") for who, kinds in groups.items())
    )
    return line


# -- the table ------------------------------------------------------------------------------------


def key_of(cluster: Cluster) -> str:
    """The row's key."""
    return f"{cluster.category}/{cluster.why}"


def cell(cluster: Cluster, column: str, clockwork: Clockwork) -> Drawn:
    """One cell of a row of failures."""
    match column:
        case "why":
            return cluster.why
        case "n":
            return str(cluster.count)
        case "retry":
            return cluster.retry if cluster.retry in RETRIED else (cluster.retry, "warn")
        case "keys":
            return str(cluster.keys)
        case _:
            return written(cluster.last, clockwork.style, clockwork.now, clockwork.start)


def ordered(clusters: Sequence[Cluster], column: str, *, reverse: bool) -> list[Cluster]:
    """The failures in order of a column; without one as the report has them."""
    if not column:
        return list(clusters)

    def rank(cluster: Cluster) -> tuple[float, str]:
        if column == "why":
            return (0.0, cluster.why)
        if column == "n":
            return (cluster.count, cluster.why)
        return (_seconds(cluster.last), cluster.why)

    return sorted(clusters, key=rank, reverse=reverse)


def _seconds(moment: datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()


def summary(clusters: Sequence[Cluster], width: int) -> str:
    """``8 will be retried, 5 need a person, 1 a new file``; in fewer words where it is narrow."""
    kinds = (
        (RETRIED, "will be retried", "retried"),
        (("person",), "need a person", "person"),
        (("content",), "a new file", "file"),
        (("operator",), "your word", "in doubt"),
        (("no",), "no more", "no more"),
    )
    long, short = [], []
    for answers, words, word in kinds:
        number = sum(cluster.count for cluster in clusters if cluster.retry in answers)
        if number:
            long.append(f"{number} {words}")
            short.append(f"{number} {word}")
    text = ", ".join(long)
    return text if len(text) <= width else ", ".join(short)


def expression(clusters: Sequence[Cluster]) -> str:
    """A filter that finds exactly these failed jobs in the ledger."""
    if all(_NAME.fullmatch(cluster.why) for cluster in clusters):
        return "status:failed,retrying why:" + ",".join(f"={cluster.why}" for cluster in clusters)
    return "job:" + ",".join(f"={job}" for cluster in clusters for job in cluster.job_ids)


def jobs(clusters: Sequence[Cluster]) -> tuple[str, ...]:
    """Their jobs, each once."""
    return tuple(dict.fromkeys(job for cluster in clusters for job in cluster.job_ids))
