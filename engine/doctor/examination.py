"""Ask every question at once, each within its time, and have an answer to each.

A check that fails by itself, or that does not come back, is a finding like any other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from engine.config import Settings
from engine.doctor import android, appium, host, model, ports, provider, terminal
from engine.doctor.finding import (
    Check,
    Finding,
    Level,
    Place,
    fail,
    from_sentence,
    ok,
    warn,
)
from engine.errors import EngineError, SettingsError
from engine.logs import protect_settings, redact

PATIENCE_SECONDS: Final = 25.0
"""Longest examination; each check has a shorter limit of its own."""

SETTINGS_CHECK: Final = "settings"
CHECKS: Final = (
    Check(name="Python", ask=host.python),
    Check(name="adb", ask=android.adb),
    Check(name="Android SDK", ask=android.sdk),
    Check(name="Node", ask=appium.node),
    Check(name="Appium", ask=appium.server),
    Check(name="driver", ask=appium.driver),
    Check(name="ports", ask=ports.free),
    Check(name="phones", ask=provider.access),
    Check(name="model", ask=model.access),
    Check(name="disk", ask=host.disk),
    Check(name="clock", ask=provider.clock),
    Check(name="terminal", ask=terminal.screen),
    Check(name="encoding", ask=terminal.encoding),
)


def examine(
    work_dir: Path, *, checks: Sequence[Check] = CHECKS, patience: float = PATIENCE_SECONDS
) -> list[Finding]:
    """All findings in the order of the checks, within ``patience`` seconds. Raises nothing.

    Settings that cannot be used are a finding; the rest is then asked with the built-in ones.
    """
    try:
        settings = Settings.load(work_dir)
        protect_settings(settings.secrets)
        first = ok(SETTINGS_CHECK, f"of {work_dir}")
    except SettingsError as exc:
        settings = Settings()
        first = from_sentence(SETTINGS_CHECK, Level.FAIL, str(exc))
    return [first, *_ask_all(Place(work_dir=work_dir, settings=settings), checks, patience)]


def _ask_all(place: Place, checks: Sequence[Check], patience: float) -> list[Finding]:
    """A thread each; one that hangs is left behind and does not keep the program from ending."""
    answers: dict[str, Finding] = {}

    def work(check: Check) -> None:
        found = _ask(check, place)
        answers[check.name] = replace(found, found=redact(found.found), remedy=redact(found.remedy))

    threads = [threading.Thread(target=work, args=(check,), daemon=True) for check in checks]
    deadline = time.monotonic() + patience
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [answers.get(check.name) or _silent(check, patience) for check in checks]


def _silent(check: Check, patience: float) -> Finding:
    return warn(check.name, f"no answer within {patience:.0f} s", "look at it by hand")


def _ask(check: Check, place: Place) -> Finding:
    try:
        return check.ask(place)
    except EngineError as exc:
        return from_sentence(check.name, Level.FAIL, str(exc))
    except OSError as exc:
        return warn(check.name, f"could not be looked at ({exc.strerror or exc})", "look by hand")
    except Exception as exc:  # noqa: BLE001 - one broken check must not hide the others
        return fail(
            check.name,
            f"the check itself failed ({type(exc).__name__})",
            "report it, with what is special about this host",
        )


def could_run(findings: Sequence[Finding]) -> bool:
    """Whether nothing stands in the way of a run."""
    return all(finding.level is not Level.FAIL for finding in findings)
