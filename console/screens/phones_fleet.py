"""All phones in figures: how many of each state, what they cost, which guards there are. Pure.

Only guards that the engine has are named here (console-features 6.9 lists more): a watcher of a
silent supervisor is not among them, so it is not shown. A limit of money is where there is one.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from console.plain import plain
from console.screens.phones_columns import dollars
from console.times import span
from console.widgets.tones import Drawn
from engine.insight.values import Overview, ResourceReport
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from engine.config import Settings

_STATES: Final = ("off", "started", "starting", "stopping", "expired", "unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class Guards:
    """What brings phones off when nobody looks, as the settings have it."""

    cloud: bool
    """Phones are the provider's: they boot, idle and are billed."""
    energy_saving: bool
    boot_seconds: float
    local: bool = False
    """They are processes of this host: nobody else has them, and nothing is billed."""
    usd_per_day: float = 0.0
    """At this cost of a day no new job begins; 0 = no limit."""

    @classmethod
    def of(cls, settings: Settings) -> Guards:
        """Those of a work directory."""
        cloud = settings.run.workload == "post_reel" and not is_attached(settings)
        return cls(
            cloud=cloud,
            energy_saving=cloud and settings.phones.energy_saving,
            boot_seconds=settings.phones.boot_timeout_seconds,
            usd_per_day=settings.run.usd_per_day,
        )


def is_attached(settings: Settings) -> bool:
    """The only phone is a device of this host: there is no provider."""
    return settings.run.workload == "post_reel" and settings.phones.device != "geelark"


def counts(report: ResourceReport, *, local: bool = False) -> str:
    """``off 76   started 4   starting 1   stopping 1   expired 0   unknown 0``; ``local``: only
    what there is, in the trade's own words."""
    if local:
        there = [f"{name} {count}" for name, count in report.counts.items() if count]
        return "   ".join(there) or "none is on"
    names = [*_STATES, *(name for name in report.counts if name not in _STATES)]
    return "   ".join(f"{name} {report.counts.get(name, 0)}" for name in names)


def narrow(
    report: ResourceReport, overview: Overview | None, guards: Guards, *, width: int, label: str
) -> list[Drawn]:
    """Three lines; where nothing could be asked, the reason instead of the guards."""
    lines: list[Drawn] = [f" {counts(report, local=guards.local)}"]
    if report.problem:
        why = textwrap.wrap(plain(report.problem), max(20, width - 2))
        return [*lines, *((f" {text}", "bad") for text in why[:2])]
    money = "   ".join(() if guards.local else _money(overview, short=True))
    if guards.cloud:
        word = "stops at 30 min idle" if guards.energy_saving else "off"
        money += f"    energy saving: {word}"
    if not guards.local:
        lines.append(f" {money}")
    released = "stopped and seen off" if guards.cloud else "released"
    lines.append(f" guard: a worker that ends has its {label} {released} (on)")
    return lines


def wide(
    report: ResourceReport,
    overview: Overview | None,
    guards: Guards,
    *,
    width: int,
    label: str,
) -> list[Drawn]:
    """The panel's lines."""
    lines: list[Drawn] = [counts(report, local=guards.local)]
    others = report.others_on
    if others:
        lines.append(f"neither ours nor of this campaign: {others} on (stopped only if chosen)")
    if report.problem:
        lines += [(text, "bad") for text in textwrap.wrap(plain(report.problem), max(20, width))]
    money = [] if guards.local else ["", *_money(overview, short=False)]
    lines += [*money, "", "GUARDS", *guard_lines(guards, label)]
    return lines


def _money(overview: Overview | None, *, short: bool) -> Iterator[str]:
    if overview is None:
        return
    money = overview.money
    if not money.price_per_minute:
        yield "nothing is billed"
        return
    yield f"est. today {dollars(money.today)}"
    now = f"now ${money.per_minute_now:.2f} a minute"
    finish = f"   est. at finish {dollars(money.at_finish)}" if money.at_finish is not None else ""
    yield now if short else f"now est. ${money.per_minute_now:.3f} a minute{finish}"


def guard_lines(guards: Guards, label: str) -> Sequence[str]:
    """What happens by itself, each with whether it is on; what does not is said as well."""
    off = "stopped, seen off" if guards.cloud else "released"
    rows = [
        ("on", "worker ends or dies", f"its {label} is {off}"),
        ("on", "run starts, run ends", f"ours are {off}"),
        ("on", "supervisor gone", f"workers release {plural(label)}, leave"),
    ]
    if guards.cloud:
        saving = "on" if guards.energy_saving else "off"
        rows += [
            ("on", f"starting > {span(guards.boot_seconds)}", "stopped, counts as infra"),
            (saving, "idle for 30 min", "the provider stops it"),
        ]
    if guards.usd_per_day:
        rows.append(("on", f"day costs ${guards.usd_per_day:.2f}", "claims pause"))
    rows.append(("-", "on without a job", "an alarm; S stops it"))
    return [f"{state:<4}{when:<21}{what}" for state, when, what in rows]
