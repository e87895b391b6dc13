"""How the number of workers follows the host: two lines of the Cockpit, where a run is scaled.

Values in, text out (behaviour C7.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from rich.text import Text

from console.plain import fit, plain
from console.times import NOTHING
from engine.host.samples import gigabytes
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from engine.insight.scaling import Load, Scaling
    from engine.insight.values import Overview

_HEAD: Final = "HOST  "
_SIGNS: Final[Mapping[Load, tuple[str, str]]] = {
    "": ("", ""),
    "high": ("!", "warn"),
    "very high": ("!!", "bad"),
}
"""What stands before a share, and its tone."""


def lines(overview: Overview, width: int) -> list[Text]:
    """CPU, memory, workers, pace; and why there are as many. Empty where a run is not scaled."""
    found = overview.scaling
    if found is None:
        return []
    forms = [_facts(overview, found, whole=whole) for whole in (True, False)]
    facts = next((form for form in forms if form.cell_len <= width), forms[-1])
    why = plain(found.why) or "The host has not been looked at yet."
    return [facts, Text(fit(" " * len(_HEAD) + why, max(20, width)))]


def workers_title(overview: Overview) -> str:
    """``Workers 3 of 4``: the box's title where a run is scaled; else empty."""
    found = overview.scaling
    return "" if found is None else f"Workers {found.workers} of {found.most}"


def _facts(overview: Overview, found: Scaling, *, whole: bool) -> Text:
    gap = "   " if whole else "  "
    text = Text(_HEAD)
    text.append("cpu ")
    text.append(*_share(found.cpu, found.cpu_load))
    text.append(f"{gap}{'memory' if whole else 'mem'} ")
    text.append(*_share(found.memory_used, found.memory_load))
    if whole and found.free_bytes is not None:
        text.append(f", {gigabytes(found.free_bytes)} free")
    text.append(f"{gap}workers {found.workers} of {found.most}")
    if found.leaving:
        text.append(f"{gap}{_leaving(found)}", "warn")
    rate = overview.forecast.per_minute
    if rate is not None:
        text.append(f"{gap}{rate:.1f} {plain(plural(overview.key_label))}/min")
    return text


def _share(share: float | None, load: Load) -> tuple[str, str]:
    sign, tone = _SIGNS[load]
    return (NOTHING if share is None else f"{sign}{share * 100:.0f}%", tone)


def _leaving(found: Scaling) -> str:
    """``W2 leaves``, ``W1, W3 leave``."""
    names = ", ".join(f"W{slot}" for slot in found.leaving)
    return f"{names} {'leaves' if len(found.leaving) == 1 else 'leave'}"
