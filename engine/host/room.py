"""Whether a run fits on this host as it is now: asked before any of its workers is started.

A dry run asks it as well, and whoever only looks before a start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.host.monitor import look
from engine.host.samples import HostSample, gigabytes
from engine.host.sizing import Sizing, size

if TYPE_CHECKING:
    from engine.settings_host import Host


def check_room(workers: int, host: Host, sample: Callable[[], HostSample] = look) -> Sequence[str]:
    """What should be known of a start with so many workers: one sentence each, mostly none.

    A run that is scaled begins with one, so only that one has to fit. Raises InputError where the
    memory has no room. Takes a second at most.
    """
    seen = sample()
    first = size(1 if host.scaling else workers, seen, host)
    first.check()
    return (*first.warnings, *_later(size(workers, seen, host))) if host.scaling else first.warnings


def check_more(more: int, host: Host, sample: Callable[[], HostSample] = look) -> None:
    """Raise InputError where a run that is under way cannot have so many workers more.

    One that is scaled adds them when there is room. Takes a second at most.
    """
    if host.scaling or more < 1:
        return
    found = size(more, sample(), host)
    if found.refusal:
        need, free = gigabytes(found.need_bytes), gigabytes(found.free)
        raise InputError(
            f"There is no room for {more} more workers: each needs {need} of memory and {free} are "
            f"free, of which {gigabytes(found.keep_bytes)} stay free. Close other programs (or "
            "lower host.worker_megabytes if a worker needs less)."
        )


def _later(wanted: Sizing) -> Sequence[str]:
    """Of a run that is scaled: whether all that it may come to would fit now."""
    if wanted.safe is None or wanted.proposed >= wanted.wanted:
        return ()
    now = f"{max(1, wanted.proposed)} of {wanted.wanted}"
    begins = "The run begins with 1 worker and adds others while there is room for them"
    return (f"{begins}: now for about {now}.",)
