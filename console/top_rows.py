"""The two rows on top of every screen: run, pass, state, time; modes, phones on, money."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from console.action_table import MODES
from console.plain import plain
from console.times import age, zone_name
from console.widgets.lines import ends
from engine.insight.values import Overview

WIDE = 120
_TONES = {"RUNNING": "bold", "SILENT": "bold reverse", "FAILED": "bold reverse"}


def short_run(run_id: str) -> str:
    """``1121-0203`` for ``20261121T020306-ab12cd``; other ids as they are, cut."""
    day, separator, rest = run_id.partition("T")
    if separator and len(day) == 8 and day.isdecimal():
        return f"{day[4:]}-{rest[:4]}"
    return plain(run_id)[:12]


def clock_text(overview: Overview, now: datetime) -> str:
    """The time, a widget of its own, so that a second costs only its own cells.

    Without a run nothing changes by the second, and an idle cockpit sends nothing.
    """
    when = f"{now:%H:%M:%S}" if overview.live else f"{now:%H:%M}"
    return f" {when} {zone_name(now)}"


def state_row(overview: Overview, now: datetime, width: int, *, who: str, extra: str = "") -> Text:
    """Row 1 before the clock; ``extra`` is something under way, such as ``stopping 3 of 6``."""
    parts = ["geelark-console"]
    if width >= WIDE and overview.campaign:
        parts.append(f"campaign {plain(overview.campaign)}")
    if overview.run_id:
        parts.append(f"run {short_run(overview.run_id)}")
    if overview.live and overview.stage:
        parts.append(f"PASS {overview.stage}/{overview.stages}")
    left = Text(" " + " | ".join(parts) + " | ")
    left.append(overview.word, style=_TONES.get(overview.word, "bold"))
    detail = overview.detail
    if not detail and overview.live and overview.started_at is not None:
        detail = age(overview.started_at, now)
    if detail:
        left.append(f" {plain(detail)}")
    if extra:
        left.append(f" | {plain(extra)}")
    if width >= WIDE:
        if overview.live and overview.pid is not None:
            left.append(f" | orchestrator pid {overview.pid}")
            left.append(f", beat {age(overview.updated_at, now)}")
        left.append(f" | {plain(who)}")
    return left


def modes_row(mode: str, overview: Overview, width: int) -> Text:
    """Row 2: the five screens with the present one in brackets; what is on, and its cost."""
    gap = "  " if width >= WIDE else ""
    left = Text()
    for number, name in enumerate(MODES, 1):
        title = f"{number} {name.capitalize()}"
        left.append(f"[{title}]" if name == mode else f" {title} ", style="bold" * (name == mode))
        left.append(gap)
    money = overview.money
    if width >= WIDE:
        right = f"{overview.resource_label}s on {money.on_now}   est. ${money.today:.2f} today"
    else:
        right = f"{overview.resource_label}s on {money.on_now}  ~${money.today:.2f}"
    return ends(left, Text(right), width)
