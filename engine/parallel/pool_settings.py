"""What a pool or a session is set to: the trade's built-in values, and what the caller gave."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from engine.config import Downloads, Settings
from engine.output import one_line

DOWNLOADS: Final = "downloads"
MOST_WORKERS: Final = 8
"""Behaviour C2.2."""
STOP_SECONDS: Final = 15.0
"""A worker that is told to stop has this long; half the time of ``stop`` (behaviour C7.5)."""
FORCED_STOP_SECONDS: Final = 3.0

_WITHOUT_A_FILE: Final = Path(__file__).parent
"""No settings file lies there: what is built in counts, and the environment."""

BrowserConfig = Downloads | Mapping[str, Any]


def checked_size(size: object, name: str = "pool_size") -> int:
    """Raises TypeError, ValueError."""
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError(f"{name} must be a whole number, not {type(size).__name__}.")
    if not 1 <= size <= MOST_WORKERS:
        raise ValueError(f"{name} is {size}: allowed is 1 to {MOST_WORKERS}.")
    return size


def task_limit(seconds: object) -> float:
    """Raises TypeError, ValueError."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"task_timeout must be seconds, not {type(seconds).__name__}.")
    if not 1 <= seconds <= 86_400:
        raise ValueError(f"task_timeout is {seconds:g} s: allowed is 1 to 86400.")
    return float(seconds)


def resolved(
    *,
    browser_config: BrowserConfig | None,
    task_timeout: float,
    out: Path | None,
    settings: Settings | None,
    workload: str,
) -> Settings:
    """All settings, places made absolute: who works does so in another folder than the caller.

    Without ``settings`` those that are built in for the trade, and the environment's. Raises
    TypeError, ValueError for a browser configuration that is none, SettingsError.
    """
    base = settings
    if base is None:
        overrides = {"run.workload": workload, "host.scaling": False}
        base = Settings.load(_WITHOUT_A_FILE, overrides=overrides)
    downloads = _downloads(browser_config, base.downloads)
    places = {
        "out": (out or downloads.out).absolute(),
        "base_profile": downloads.base_profile and downloads.base_profile.absolute(),
        "orders": Path("orders.csv"),
        "task_timeout_seconds": task_timeout,
    }
    run = {
        "workload": workload,
        "max_workers": MOST_WORKERS,
        "delay_between_jobs_seconds": 0.0,
        "supervisor_poll_seconds": min(0.2, base.run.supervisor_poll_seconds),
        "idle_poll_seconds": min(1.0, base.run.idle_poll_seconds),
        "stagger_seconds": min(0.5, base.run.stagger_seconds),
        "shutdown_timeout_seconds": min(STOP_SECONDS, base.run.shutdown_timeout_seconds),
        "submitted_shutdown_timeout_seconds": STOP_SECONDS,
        "forced_shutdown_timeout_seconds": FORCED_STOP_SECONDS,
    }
    return base.model_copy(
        update={
            "downloads": downloads.model_copy(update=places),
            "run": base.run.model_copy(update=run),
            "retry": base.retry.model_copy(update={"max_passes": 1}),
            "paths": base.paths.model_copy(update={"run": Path("run"), "logs": Path("logs")}),
        }
    )


def with_workers(settings: Settings, workers: int) -> Settings:
    return settings.model_copy(update={"run": settings.run.model_copy(update={"workers": workers})})


def with_base_profile(settings: Settings, base: Path | None) -> Settings:
    downloads = settings.downloads.model_copy(update={"base_profile": base})
    return settings.model_copy(update={"downloads": downloads})


def without_profiles(settings: Settings) -> Settings:
    """One order after the other in the caller's process: no profile is made (behaviour C8, 1), but
    where a base says who is logged in. That is copied as ever: the base itself is never used."""
    if settings.downloads.base_profile is not None:
        return settings
    downloads = settings.downloads.model_copy(update={"own_profiles": False})
    return settings.model_copy(update={"downloads": downloads})


def _downloads(given: BrowserConfig | None, base: Downloads) -> Downloads:
    if given is None:
        return base
    if isinstance(given, Downloads):
        return given
    if not isinstance(given, Mapping):
        raise TypeError(
            f"browser_config must be Downloads settings or a dict, not {type(given).__name__}."
        )
    try:
        return Downloads.model_validate({**base.model_dump(), **given})
    except ValidationError as exc:
        first = exc.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "it"
        raise ValueError(f"browser_config: {one_line(name)}: {first['msg']}.") from None
