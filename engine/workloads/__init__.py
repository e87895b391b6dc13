"""Which trades there are; each is imported only when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from engine.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.workloads.base import Workload, WorldContext

KNOWN: Mapping[str, str] = {
    "post_reel": "engine.workloads.post_reel:PostReel",
    "roadmap": "engine.workloads.roadmap:Roadmap",
    "downloads": "engine.workloads.downloads:DownloadOrders",
}
"""Name in the settings, and where its class is."""

DEFAULTS: dict[str, Mapping[str, object]] = {
    "roadmap": {
        "run.workers": 4,
        "run.delay_between_jobs_seconds": 0,
        "run.stagger_seconds": 0.2,
        # A coding agent with what it runs while it works: a type check, some tests.
        "host.worker_megabytes": 700,
        "host.worker_cores": 0.25,
    },
    "downloads": {
        "run.workers": 4,
        "run.max_workers": 8,
        "run.delay_between_jobs_seconds": 0,
        "run.stagger_seconds": 0.5,
        "run.recovery_step_seconds": 1,
        "run.idle_poll_seconds": 1,
        "run.max_restarts": 3,
        "run.restart_backoff_seconds": 2,
        "retry.max_passes": 1,
        "host.scaling": True,
        "host.worker_megabytes": 850,
        "host.worker_cores": 0.33,
    },
}
"""Of a trade by its name: built-in values of settings (dotted keys) that fit it better than those
that stand there for all; whatever the settings file, the environment or the command line says
goes before them."""


def load(name: str, context: WorldContext) -> Workload:
    """The workload of that name, or of a ``module:Class`` path for trades outside the engine.

    Raises SettingsError naming what is known.
    """
    path = KNOWN.get(name, name)
    module_name, colon, class_name = path.partition(":")
    if not colon:
        known = ", ".join(KNOWN)
        raise SettingsError(
            f"run.workload = {name!r} is not known; known are {known}, or give module:Class."
        )
    try:
        factory = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as exc:
        raise SettingsError(f"run.workload = {name!r} cannot be loaded: {exc}.") from exc
    return cast("Callable[[WorldContext], Workload]", factory)(context)
