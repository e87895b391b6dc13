"""Opens the cockpit on a work directory, and leaves the terminal as it was.

Everything that may be wrong with the place is said in one sentence before the screen is taken.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from engine import logs
from engine.campaign import Campaign
from engine.commandline.trade_environment import follow_live_run
from engine.config import SETTINGS_FILE, Settings
from engine.errors import ExitCode, InputError, SettingsError
from engine.insight.watch import Watch
from engine.instance import InstanceLock
from engine.log_stream import LogStream
from engine.output import complain, say
from engine.private_files import make_private_dir
from engine.run_state import RunDirectory

if TYPE_CHECKING:
    from console.app import ConsoleApp

LOG_NAME: Final = "console.log"
FAR_FPS: Final = 15
"""Most repaints a second over SSH (console-features 5.2)."""
SWITCH_SECONDS: Final = 0.001
"""How long the feed may keep the interpreter when a key or a paint waits for it."""


def open_cockpit(
    work_dir: Path,
    *,
    overrides: Mapping[str, object],
    observe: bool,
    continue_day: bool,
) -> int:
    """Show the cockpit until the operator leaves it; returns the exit status.

    Raises EngineError where there is nothing that could be shown.
    """
    _check_place(work_dir)
    sys.setswitchinterval(SWITCH_SECONDS)
    chosen = dict(overrides)
    while True:
        app, log = _ready(work_dir, chosen, observe=observe)
        app.continue_day = continue_day
        app.feed.look_ahead()
        status = app.run(mouse=app.preferences.mouse)
        if not app.next_campaign:
            return _after(app, status, log)
        chosen["campaign"] = app.next_campaign


def _ready(
    work_dir: Path, overrides: Mapping[str, object], *, observe: bool
) -> tuple[ConsoleApp, Path | None]:
    """The cockpit before it takes the screen, and where its own log is."""
    settings = settings_shown(work_dir, overrides)
    far = bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))
    _tell_textual(settings, far=far)
    from console.key_settings import wrong_keys

    wrong = wrong_keys(settings.console.keys, work_dir / SETTINGS_FILE)
    if wrong:
        raise SettingsError("\n".join(wrong))
    _refuse_foreign(work_dir, settings)
    log = _open_log(work_dir, settings)
    from console.app import ConsoleApp
    from console.keyboard import forgive_wrong_bytes

    forgive_wrong_bytes()
    app = ConsoleApp(
        watch=Watch(work_dir, settings),
        logs=LogStream(work_dir / settings.paths.logs),
        now=lambda: datetime.now(UTC).astimezone(settings.zone),
        observe=observe,
        far=far,
    )
    return app, log


def settings_shown(work_dir: Path, overrides: Mapping[str, object]) -> Settings:
    """Where no trade is named, that of the run is meant which lives here. Where no campaign is
    named, that of the run is meant which lives here, or was the last one.

    A ledger of no campaign is never hidden by a campaign's run that has ended.
    """
    settings = Settings.load(work_dir, overrides=overrides)
    if not overrides.get("campaign") and follow_live_run(work_dir, settings, os.environ):
        settings = Settings.load(work_dir, overrides=overrides)
    record = RunDirectory(work_dir / settings.paths.run).read_run()
    if settings.campaign or record is None or not record.campaign:
        return settings
    lives = _instance(work_dir, settings).holder() is not None
    if (work_dir / settings.paths.ledger).exists() and not lives:
        return settings
    try:
        Campaign.load(record.campaign, settings, work_dir)
    except InputError:  # It was moved, deleted or disabled since.
        return settings
    return Settings.load(work_dir, overrides={**overrides, "campaign": record.campaign})


def _instance(work_dir: Path, settings: Settings) -> InstanceLock:
    return InstanceLock(work_dir / settings.paths.run / "instance.lock")


def _tell_textual(settings: Settings, *, far: bool) -> None:
    """Textual reads these once, when it is first imported: nothing of it is, before this."""
    fps = min(settings.console.fps, FAR_FPS) if far else settings.console.fps
    os.environ.setdefault("TEXTUAL_FPS", str(fps))
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    # How long the rest of a sequence behind an escape is waited for, in ms. Textual looks every 100
    # ms whether it is over: with its own 100 an escape alone would often be heard after 200 only.
    os.environ.setdefault("ESCDELAY", "50")


def _check_place(work_dir: Path) -> None:
    """A folder that holds nothing of ours is most likely a wrong one."""
    signs = (SETTINGS_FILE, ".env", "accounts.txt", "campaigns", "run")
    try:
        if not work_dir.is_dir():
            raise InputError(
                f"The work directory {work_dir} does not exist; make it, or name another."
            )
        names = {path.name for path in work_dir.iterdir()}
    except PermissionError as exc:
        raise InputError(
            f"The work directory {work_dir} cannot be read: run as its owner."
        ) from exc
    if not names & set(signs) and not any(name.endswith(".csv") for name in names):
        raise InputError(
            f"{work_dir} is no work directory: it has no {SETTINGS_FILE}, no accounts.txt, no "
            "campaigns and no ledger. Change to yours, or name it: geelark-console WORKDIR."
        )


def _refuse_foreign(work_dir: Path, settings: Settings) -> None:
    """The run directory is private to whoever runs here."""
    run = work_dir / settings.paths.run
    try:
        if run.exists():
            next(run.iterdir(), None)
    except PermissionError as exc:
        raise InputError(
            f"The run in {work_dir} belongs to another user: open the cockpit as that user."
        ) from exc


def _open_log(work_dir: Path, settings: Settings) -> Path | None:
    """What goes wrong in the cockpit itself is told there; it can do without."""
    path = work_dir / settings.paths.logs / LOG_NAME
    try:
        make_private_dir(path.parent)
        logs.configure(path, settings.logs, settings.secrets)
    except OSError:
        logs.configure(None, settings.logs, settings.secrets)
        return None
    return path


def _after(app: ConsoleApp, status: int | None, log: Path | None) -> int:
    """What is left to say when the screen has been given back."""
    work_dir, settings = app.watched.work_dir, app.settings
    failure = app.failure
    # A terminal that went away takes its input with it: that is no error of ours.
    if failure is not None or (app.last_words and _somebody_is_there()):
        told = structlog.get_logger("console")
        told.error("cockpit_failed", exc_info=failure, last_words=app.last_words)
        what = "its terminal input" if failure is None else type(failure).__name__
        complain(
            f"The cockpit met an error of its own: {what}. "
            f"Please report it with {log or 'what you did'}; runs are not touched by it."
        )
        status = ExitCode.FAILED
    holder = _instance(work_dir, settings).holder()
    if holder is not None:
        say(f"The run goes on (process {holder.pid}). Watch it again: geelark-console {work_dir}")
    return int(status or 0)


def _somebody_is_there() -> bool:
    return sys.__stdin__ is not None and sys.__stdin__.isatty()
