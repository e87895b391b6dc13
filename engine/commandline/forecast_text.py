"""The forecast in words, from the JSON of an overview: when, what it takes, what another worker
changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

_BASES: Final = {"run": "of this run", "days": "of the last 30 days"}


def forecast_lines(overview: Mapping[str, Any]) -> Sequence[str]:
    """Two lines, a third where a limit or midnight comes first; fewer where nobody can tell."""
    forecast = overview["forecast"]
    left = _count(forecast["jobs_left"], "job")
    if not forecast["done_at"]:
        moving = overview["word"] == "RUNNING" and forecast["jobs_left"]
        if not moving or forecast["basis"]["attempts"]:
            return ()
        return (f"{left} to go; when all will be done is unknown: too few attempts tell.",)
    now = overview["updated_at"]
    lines = [_when(forecast, left, now), _what(forecast, overview)]
    cut = _cut(forecast, now)
    return [*lines, cut] if cut else lines


def _when(forecast: Mapping[str, Any], left: str, now: str) -> str:
    """``17 jobs to go, 1.0 a minute: done at about 12:38 (est, 12:31 to 12:47, from 37 ...).``"""
    rate = "" if forecast["per_minute"] is None else f", {forecast['per_minute']:.1f} a minute"
    again = forecast["next_pass_jobs"]
    more = f", with about {_count(again, 'job')} in the next pass" if again else ""
    early, late = _clock(forecast["earliest"], now), _clock(forecast["latest"], now)
    between = "" if early == late else f", {early} to {late}"
    basis = forecast["basis"]
    told = f"from {_count(basis['attempts'], 'attempt')} {_BASES[basis['source']]}"
    done = _clock(forecast["done_at"], now)
    return f"{left} to go{rate}: done at about {done} (est{between}; {told}){more}."


def _what(forecast: Mapping[str, Any], overview: Mapping[str, Any]) -> str:
    """``To come (est): 62 phone-min, $0.43, 12 calls; in all today ... 6 workers: 12:31.``"""
    parts = [
        f"{_count(one['workers'], 'worker')}: "
        + (one["why_not"] or f"{_clock(one['done_at'], overview['updated_at'])}{_change(one)}")
        for one in forecast["others"]
    ]
    with_others = "; ".join(parts)
    label, price = overview["resource_label"], overview["money"]["price_per_minute"]
    to_come = _amounts(forecast, "to_come", label) if price or forecast["calls_in_all"] else ""
    if not to_come:
        return f"With {with_others}."
    in_all = _amounts(forecast, "in_all", label)
    return f"To come (est): {to_come}; today in all {in_all}. With {with_others}."


def _amounts(forecast: Mapping[str, Any], which: str, label: str) -> str:
    calls = forecast[f"calls_{which}"]
    parts = [f"{forecast[f'minutes_{which}']:.0f} {label}-min", f"${forecast[f'cost_{which}']:.2f}"]
    if forecast["calls_in_all"]:
        parts.append(_count(calls, "model call"))
    return ", ".join(parts)


def _change(other: Mapping[str, Any]) -> str:
    """`` (7 min sooner)``, `` (no sooner)``."""
    minutes = round(other["sooner_seconds"] / 60)
    if not minutes:
        return " (no sooner)" if other["sooner_seconds"] >= 0 else " (hardly later)"
    return f" ({abs(minutes)} min {'sooner' if minutes > 0 else 'later'})"


def _cut(forecast: Mapping[str, Any], now: str) -> str:
    left = _count(forecast["cut_jobs"], "job")
    if forecast["cut"] == "money":
        at = _clock(forecast["cut_at"], now)
        return f"The daily money limit pauses claims at about {at} (est): {left} left then."
    return f"Midnight comes before the end (est): {left} after it." if forecast["cut"] else ""


def _clock(text: str, now: str) -> str:
    """``12:38``, with the day where it is another one."""
    moment, today = (datetime.fromisoformat(one).astimezone() for one in (text, now))
    return f"{moment:%H:%M}" if moment.date() == today.date() else f"{moment:%d %b %H:%M}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
