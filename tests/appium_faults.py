"""How a fault over real adb and real Appium is expected to be told."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from engine.config import Settings
from engine.errors import AppiumError, ConnectionDroppedError, JobError, retry_decision
from engine.jobs import ErrorCategory
from engine.phones.device import Device
from tests.appium_farm import until

APP = "com.instagram.android"
LIMITS = Settings().retry
BUSY = 3
"""Times as long as alone everything may take while other tests have the host's cores."""


def fails(
    kind: type[JobError], action: Callable[[], object], *, within: float, error_type: str = ""
) -> JobError:
    """The action's error: of this type, tried again as all infrastructure is, and in time."""
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        action()
    assert time.monotonic() - began < within * BUSY
    error = caught.value
    assert type(error) is kind
    assert error.error_type == (error_type or kind.default_type)
    again = error.category is ErrorCategory.INFRASTRUCTURE
    assert retry_decision(error.category, 1, LIMITS) is again
    assert not retry_decision(error.category, LIMITS.infrastructure_limit, LIMITS)
    assert "\n" not in str(error)
    assert str(Path.home()) not in str(error)
    return error


def known_as_ended(device: Device) -> None:
    """Until Appium has heard that the phone's server ended; before, it tells the broken line."""

    def told() -> bool:
        with pytest.raises((AppiumError, ConnectionDroppedError)) as caught:
            device.source()
        return isinstance(caught.value, AppiumError)

    until(told)


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
