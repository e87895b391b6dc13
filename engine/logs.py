"""Structured logs: one line an event in logfmt, rotated, private, without secrets and codes.

Third-party libraries log through the same file from warning upwards only; none of them ever writes
a request's body there (behaviour A-D32).
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, MutableMapping
from datetime import UTC, datetime, timedelta
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from engine.config import Logs, Secrets
from engine.logger import drop_lines, load_without_rich
from engine.output import plain
from engine.private_files import open_append

REDACTED = "***"
_EXPIRES = re.compile(r"\.log\.\d+$|^(worker|appium|adb)_\d+(\.stderr)?\.log$")
"""Rotated logs, and those of workers: the supervisor and a cockpit hold theirs open."""

_secrets: set[str] = set()
_secrets_lock = threading.Lock()


def protect(*values: str) -> None:
    """From now on these values never reach a log; short ones are ignored (too many false hits)."""
    with _secrets_lock:
        _secrets.update(value for value in values if len(value) >= 4)


def protect_settings(secrets: Secrets) -> None:
    for name in Secrets.ENV:
        value = getattr(secrets, name)
        if isinstance(value, SecretStr):
            protect(value.get_secret_value())


def redact(text: str) -> str:
    """The text with every protected value replaced."""
    for secret in _secrets:
        if secret in text:
            text = text.replace(secret, REDACTED)
    return text


def _make_harmless(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Without secrets, and without what a terminal would obey when the log is looked at there."""
    for key, value in event.items():
        if not isinstance(value, int | float | bool | None):
            event[key] = plain(redact(str(value)))
    return event


class _PrivateRotatingFile(RotatingFileHandler):
    """Rotating log that only its owner may read; opened for append, never truncated (A14.6)."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """By what the file has: the library would format each line twice to know it before."""
        if self.stream is None:
            self.stream = self._open()
        return 0 < self.maxBytes <= os.fstat(self.stream.fileno()).st_size

    def doRollover(self) -> None:
        """Rotate; where that fails (on Windows somebody reads) the file goes on growing."""
        try:
            super().doRollover()
        except OSError:
            if self.stream is None:
                self.stream = self._open()

    def _open(self) -> Any:
        return _text(open_append(Path(self.baseFilename)))


def _text(binary: Any) -> Any:
    import io

    return io.TextIOWrapper(binary, encoding="utf-8", errors="backslashreplace", newline="\n")


def _stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Local time with its offset, so that logs of two hosts can be laid side by side."""
    event["ts"] = datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")
    return event


_FIELDS = ("ts", "level", "worker", "job", "account", "state", "event")


def _before() -> tuple[Any, ...]:
    """What is done with a line at the place that logs it."""
    from structlog import contextvars, stdlib  # dear, and a command that only reads logs nothing

    return (contextvars.merge_contextvars, stdlib.add_log_level, _stamp)


def _formatter() -> logging.Formatter:
    """One line of logfmt, for our events and for what libraries log."""
    from structlog import processors, stdlib

    return stdlib.ProcessorFormatter(
        foreign_pre_chain=list(_before()),
        processors=[
            stdlib.ProcessorFormatter.remove_processors_meta,
            processors.format_exc_info,
            _make_harmless,
            processors.LogfmtRenderer(key_order=_FIELDS, drop_missing=True, bool_as_flag=False),
        ],
    )


def _configure_structlog(level: int) -> None:
    import structlog

    structlog.configure(
        processors=[*_before(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def configure(path: Path | None, settings: Logs, secrets: Secrets | None = None) -> None:
    """Send every log of this process to ``path``; ``None`` sends it nowhere."""
    if secrets is not None:
        protect_settings(secrets)
    handler: logging.Handler
    if path is None:
        handler = logging.NullHandler()
    else:
        load_without_rich()
        handler = _PrivateRotatingFile(
            path,
            maxBytes=int(settings.max_megabytes * 1024 * 1024),
            backupCount=settings.keep,
            encoding="utf-8",
        )
        handler.setFormatter(_formatter())
    level = getattr(logging, settings.level.upper())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for package in ("engine", "__main__"):
        logging.getLogger(package).setLevel(level)
    # Sent nowhere, lines need no structlog, unless somebody else has it and would print with it.
    unheard = path is None and "structlog" not in sys.modules
    drop_lines(drop=unheard)
    if not unheard:
        _configure_structlog(level)
    logging.captureWarnings(True)
    # logging's own complaints (a full disk) must not become tracebacks on an operator's terminal.
    logging.raiseExceptions = False


def within_a_program() -> None:
    """Our lines become those of Python's own logger ``engine``, of which the program that imported
    us says where they go; without a word of it, nowhere. Where it, or ``configure``, has said so of
    structlog before, that stays."""
    import structlog

    if structlog.is_configured():
        return
    structlog.configure(
        processors=[*_before(), structlog.processors.KeyValueRenderer(key_order=["event"])],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("engine").addHandler(logging.NullHandler())


def destination() -> Path | None:
    """File that the logs of this process go to, None before they go to any."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _PrivateRotatingFile):
            return Path(handler.baseFilename)
    return None


def silence(names: Iterable[str]) -> None:
    """Keep libraries quiet that log request bodies even at warning."""
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)


def is_full(path: Path, settings: Logs) -> bool:
    """Whether a log that a child program writes by itself has grown to its size."""
    try:
        return path.stat().st_size >= settings.max_megabytes * 1024 * 1024
    except OSError:
        return False


def rotate(path: Path, settings: Logs) -> None:
    """Set a full log of a child program aside, as ours are, before the child is started anew.

    Never raises: a log that cannot be rotated is written on.
    """
    if not is_full(path, settings):
        return
    with contextlib.suppress(OSError):
        for number in range(settings.keep, 0, -1):
            newer = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
            if newer.exists():
                newer.replace(path.with_name(f"{path.name}.{number}"))


def sweep(
    folder: Path, settings: Logs, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> int:
    """Rotate what workers left on their standard error, and remove logs that are too old (A14.8).

    Only while no worker runs. Returns how many were removed; what cannot be removed is left.
    """
    for path in folder.glob("*.stderr.log"):
        rotate(path, settings)
    oldest = (now() - timedelta(days=settings.keep_days)).timestamp()
    removed = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        if _EXPIRES.search(path.name) is None:
            continue
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
                removed += 1
    return removed
