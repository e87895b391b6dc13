"""The two rows on top of every screen: run, pass, state, time; modes, phones on, money."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from console.action_table import MODES, PASSES, PHONES
from console.plain import fit, plain
from console.times import age, beat, zone_name
from console.widgets.lines import ends
from engine.insight.values import Overview
from engine.workloads.labels import plural

WIDE: Final = 120
CLOCKLESS: Final = 40
"""Below this width there is no clock."""
_DROPPED: Final = ("process", "who", "campaign", "program", "run", "pass", "extra")
"""Parts of row 1 in the order in which they go."""
_TONES: Final = {"RUNNING": "bold", "SILENT": "bold reverse", "FAILED": "bold reverse"}


def short_run(run_id: str) -> str:
    """``1121-0203`` for ``20261121T020306-ab12cd``; other ids as they are, cut."""
    day, separator, rest = run_id.partition("T")
    if separator and len(day) == 8 and day.isdecimal():
        return f"{day[4:]}-{rest[:4]}"
    return plain(run_id)[:12]


def clock_text(overview: Overview, now: datetime, width: int) -> str:
    """The time, a widget of its own, so that a second costs only its own cells.

    Without a run nothing changes by the second, and an idle cockpit sends nothing. A window that
    has hardly room for the state has none for the time.
    """
    if width < CLOCKLESS:
        return ""
    when = f"{now:%H:%M:%S}" if overview.live else f"{now:%H:%M}"
    return f" {when} {zone_name(now)}"


def state_row(
    overview: Overview, now: datetime, room: int, *, who: str, wide: bool, extra: str = ""
) -> Text:
    """Row 1 before the clock; ``extra`` is something under way, such as ``stopping 3 of 6``.

    Parts that have no room go whole, what matters least first; the state's word always stays.
    """
    state = Text(overview.word, style=_TONES.get(overview.word, "bold"))
    detail = plain(_detail(overview, now))
    parts = {
        "program": "geelark-console",
        "campaign": f"campaign {plain(overview.campaign)}" if wide and overview.campaign else "",
        "run": f"run {short_run(overview.run_id)}" if overview.run_id else "",
        "pass": f"{plain(overview.labels.stage).upper()} {overview.stage}/{overview.stages}"
        if overview.live and overview.stage
        else "",
        "state": f"{state.plain} {detail}" if detail else state.plain,
        "extra": plain(extra),
        "process": _process(overview, now) if wide else "",
        "who": plain(who) if wide else "",
    }
    kept = {name: part for name, part in parts.items() if part}
    for name in _DROPPED:
        if cell_len(_joined(kept)) <= room:
            break
        kept.pop(name, None)
    if cell_len(_joined(kept)) > room:
        kept = {"state": fit(state.plain, max(0, room - 1)).rstrip()}
    row = Text(_joined(kept))
    start = row.plain.index(kept["state"])
    row.stylize(state.style, start, start + min(len(state.plain), len(kept["state"])))
    return row


def _joined(parts: Mapping[str, str]) -> str:
    return " " + " | ".join(parts.values())


def _detail(overview: Overview, now: datetime) -> str:
    """What is said of the state, else its age."""
    if overview.detail or not overview.live or overview.started_at is None:
        return overview.detail
    return age(overview.started_at, now)


def _process(overview: Overview, now: datetime) -> str:
    if not overview.live or overview.pid is None:
        return ""
    return f"orchestrator pid {overview.pid}, beat {beat(overview.updated_at, now)}"


def modes_row(mode: str, overview: Overview, width: int) -> Text:
    """Row 2: the five screens with the present one in brackets; what is on, and its cost.

    Where they have no room, the money goes first, then the other screens' names.
    """
    money = overview.money
    wide = width >= WIDE
    on = f"{plain(plural(overview.resource_label))} on {money.on_now}"
    right = f"{on}   est. ${money.today:.2f} today" if wide else f"{on}  ~${money.today:.2f}"
    if not (money.price_per_minute or money.today):
        right = on  # nothing is billed in this trade
    names = _titles(overview)
    left = _modes(mode, names, gap="  " * wide, named=True)
    for end in (right, on, ""):
        if left.cell_len + cell_len(end) < width:
            return ends(left, Text(end), width)
    return _modes(mode, names, gap="", named=False)


def _titles(overview: Overview) -> Mapping[str, str]:
    """What the screens are called; two of them by what the trade shows there."""
    words = {PASSES: overview.labels.stage, PHONES: overview.labels.resource}
    named = {name: plural(plain(word)).capitalize() for name, word in words.items()}
    return {name: named.get(name, name.capitalize()) for name in MODES}


def _modes(mode: str, names: Mapping[str, str], *, gap: str, named: bool) -> Text:
    left = Text()
    for number, name in enumerate(MODES, 1):
        here = name == mode
        title = f"{number} {names[name]}" if named or here else str(number)
        around = f"[{title}]" if here else f" {title} " if named else title
        left.append(around, style="bold" * here)
        left.append(gap)
    return left
