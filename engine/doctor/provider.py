"""Checks of the phones' provider: whether it lets us in, and whether our clocks agree."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from engine.doctor.finding import Finding, Place, fail, info, ok, warn
from engine.errors import PhoneError
from engine.logger import get_logger
from engine.phones.cloud import CloudClient
from engine.phones.codes import ApiError, RateLimitedError
from engine.phones.phone import ShortPause
from engine.phones.signing import refuse_without_token
from engine.phones.stations import open_station
from engine.phones.transport import LostAnswerError

if TYPE_CHECKING:
    from engine.config import Settings

ANSWER_SECONDS: Final = 8.0
"""Longest wait for one answer of the provider."""
_PHONES, _CLOCK = "phones", "clock"
_TOLERATED: Final = timedelta(seconds=30)
_ANOTHER_DAY: Final = timedelta(hours=1)
"""From here on the calendar day, and with it the daily limit of an account, is often wrong."""


def access(place: Place) -> Finding:
    """One call that only tells whether we are let in, or a look for the attached device."""
    settings, log = place.settings, get_logger(__name__)
    if settings.phones.device == "grapheneos":
        open_station(settings, place.work_dir, run_id="", log=log).check()
        return ok(_PHONES, f"device {settings.phones.device_serial} is attached")
    refuse_without_token(settings, place.work_dir)
    cloud = CloudClient(_hasty(settings), place.work_dir / settings.paths.books, log)
    began = time.monotonic()
    try:
        cloud.check_token(ShortPause(0))
    except ApiError as exc:
        return _refused(exc)
    except PhoneError as exc:
        return warn(_PHONES, str(exc).rstrip("."), "ask again then")
    except LostAnswerError as exc:
        return fail(_PHONES, str(exc).rstrip("."), "check the network and phones.api_url")
    finally:
        cloud.close()
    took = round((time.monotonic() - began) * 1000)
    return ok(_PHONES, f"token accepted by {settings.phones.api_url} in {took} ms")


def _refused(exc: ApiError) -> Finding:
    """The provider's own no, without our trace number; its remedy stands behind a semicolon."""
    said = str(exc).partition(": ")[2].partition(" (code")[0]
    reason, _, remedy = said.partition("; ")
    found = f"refused: {reason} (code {exc.code})"
    if isinstance(exc, RateLimitedError):
        return warn(_PHONES, found, "ask again later")
    return fail(_PHONES, found, remedy or "look into the provider's panel")


def _hasty(settings: Settings) -> Settings:
    """The same settings with one short try."""
    bound = min(settings.phones.http_timeout_seconds, ANSWER_SECONDS)
    changed = {"http_retries": 0, "http_timeout_seconds": bound}
    return settings.model_copy(update={"phones": settings.phones.model_copy(update=changed)})


def clock(place: Place) -> Finding:
    """Our clock against the date in an answer of the provider; needs no token."""
    settings = place.settings
    if settings.phones.device == "grapheneos":
        return info(_CLOCK, "not compared: no provider is asked")
    theirs = _their_time(settings.phones.api_url)
    if theirs is None:
        return warn(
            _CLOCK,
            f"not compared: no dated answer from {settings.phones.api_url}",
            "check the network, phones.api_url, and the time by hand",
        )
    ahead = datetime.now(UTC) - theirs
    shown = f"{abs(ahead).total_seconds():.0f} s {'ahead of' if ahead > timedelta() else 'behind'}"
    shown += " the provider's"
    remedy = "have the system set its clock from the network (NTP)"
    if abs(ahead) > _ANOTHER_DAY:
        return fail(_CLOCK, shown, remedy)
    if abs(ahead) > _TOLERATED:
        return warn(_CLOCK, shown, remedy)
    zone = settings.run.timezone or datetime.now().astimezone().tzname()
    return ok(_CLOCK, f"agrees with the provider's; days are those of {zone}")


def _their_time(url: str) -> datetime | None:
    """What any answer of theirs is dated; None where there is none."""
    import httpx2

    try:
        answer = httpx2.head(url, timeout=ANSWER_SECONDS, follow_redirects=False)
        stamp = parsedate_to_datetime(answer.headers["date"])
    except (httpx2.HTTPError, KeyError, ValueError):
        return None
    return stamp if stamp.tzinfo is not None else stamp.replace(tzinfo=UTC)
