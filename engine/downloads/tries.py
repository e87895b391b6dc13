"""When an order is visited again, by what went wrong (behaviour C6.7, C4.5).

Each kind has its own pauses in ``[downloads]``: three pauses are three retries, four visits in all.
Meanwhile the order waits in the ledger, and its worker does others.
"""

from __future__ import annotations

from engine.downloads.page_errors import AccessDeniedError, OrderFault, RateLimitedError
from engine.errors import InfrastructureError, JobError
from engine.settings_downloads import Downloads


def pause_before_retry(error: JobError, attempts: int, settings: Downloads) -> float | None:
    """Seconds until the next visit, after ``attempts`` that failed before this one; None where this
    was the last."""
    pauses = _pauses(error, settings)
    return pauses[attempts] if attempts < len(pauses) else None


def most_attempts(settings: Downloads) -> int:
    """Visits that an order may have in all, whatever goes wrong."""
    kinds = (
        settings.timeout_retry_seconds,
        settings.rate_limit_retry_seconds,
        settings.denied_retry_seconds,
    )
    return 1 + max(map(len, kinds))


def _pauses(error: JobError, settings: Downloads) -> tuple[float, ...]:
    if isinstance(error, RateLimitedError):
        return settings.rate_limit_retry_seconds
    if isinstance(error, AccessDeniedError):
        return settings.denied_retry_seconds
    if isinstance(error, OrderFault):
        return ()
    # A page, a file, a browser, a disk: what took too long or broke may do better next time.
    return settings.timeout_retry_seconds if isinstance(error, InfrastructureError) else ()
