"""Sentences that point at something: whether another try pays, which worker or key stands out.

They point at causes and never act by themselves (console-features 6.8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from engine.insight.day_figures import Share
from engine.insight.run_facts import RunFacts
from engine.insight.spread import ENOUGH
from engine.insight.values import Cluster, Tally
from engine.workloads.labels import plural

WEAK_BELOW: Final = 85.0
"""Percent of success in thirty days below which a key is named."""
_APART: Final = 10.0
"""Points by which a worker fails more often than any other."""
_TRIES_TO_JUDGE: Final = 10
_NAMED: Final = 5
"""Names in one sentence."""
_ROUND_FROM: Final = 20
"""Fewer are told as *so many of so many*."""


def remarks(
    run: RunFacts,
    *,
    clusters: Sequence[Cluster],
    keys: Sequence[Tally],
    workers: Sequence[Tally],
    tries: Mapping[int, Share],
    key_label: str,
) -> list[str]:
    """All that hold; ``tries`` are the attempts of the last seven days by their number."""
    return [
        *_saved(clusters),
        *_last_days(run, tries),
        *_worker_apart(run, workers),
        *_weak_keys(keys, key_label),
    ]


def _saved(clusters: Iterable[Cluster]) -> Iterator[str]:
    clusters = list(clusters)
    again = sum(cluster.tried_again for cluster in clusters)
    saved = sum(cluster.saved for cluster in clusters)
    if again:
        percent = f" ({100 * saved / again:.0f}%)" if again >= ENOUGH else ""
        yield f"saved = ended in success on a later try: {saved} of {again} tried again{percent}"


def _last_days(run: RunFacts, tries: Mapping[int, Share]) -> Iterator[str]:
    parts = []
    for number, share in sorted(tries.items()):
        if number < 2 or share.total < ENOUGH:
            continue
        beyond = number > run.config.infrastructure_limit
        verb = "would have saved" if beyond else "saved"
        parts.append(f"a {ordinal(number)} try {verb} {_share(share)}")
    if parts:
        yield f"last 7 days: {', '.join(parts)}"


def _share(share: Share) -> str:
    if share.total < _ROUND_FROM:
        return f"{share.success} of {share.total}"
    return f"{100 * share.success / share.total:.0f}%"


def _worker_apart(run: RunFacts, workers: Sequence[Tally]) -> Iterator[str]:
    """The one worker that fails clearly more often than each of the others."""
    judged = {tally.name: _failing(tally) for tally in workers if tally.attempts >= ENOUGH}
    if len(judged) < 2:
        return
    worst = max(judged, key=lambda name: judged[name])
    rate = judged.pop(worst)
    tally = next(tally for tally in workers if tally.name == worst)
    if tally.attempts < _TRIES_TO_JUDGE or rate < max(judged.values()) + _APART:
        return
    low, high = f"{min(judged.values()):.0f}", f"{max(judged.values()):.0f}"
    others = f"{low}%" if low == high else f"{low}..{high}%"
    port = run.ports.get(worst)
    ask = f": port {port}?" if port else ""
    yield f"worker {worst} fails {rate:.0f}% of its attempts, the others {others}{ask}"


def _failing(tally: Tally) -> float:
    return 100 * tally.failed / tally.attempts


def _weak_keys(keys: Sequence[Tally], label: str) -> Iterator[str]:
    weak = sorted(
        (tally.rate_30_days, tally.name)
        for tally in keys
        if tally.rate_30_days is not None and tally.rate_30_days < WEAK_BELOW
    )
    if not weak:
        return
    names = ", ".join(name for _, name in weak[:_NAMED])
    more = f" and {len(weak) - _NAMED} more" if len(weak) > _NAMED else ""
    what = f"1 {label} is" if len(weak) == 1 else f"{len(weak)} {plural(label)} are"
    yield f"{what} below {WEAK_BELOW:.0f}% over 30 days: {names}{more}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
