"""Whether a browser has a user data folder open, told from the locks that Chromium keeps there.

On Linux ``SingletonLock`` is a link to ``HOST-PID``, a name of nothing: it must be read as a link,
for it never "exists". On Windows ``lockfile`` is held open for writing and goes with the browser.
What cannot be told counts as open.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil

from engine.downloads.profile_content import LOCK_FILE, LOCK_LINKS
from engine.output import one_line


def browser_in(folder: Path) -> str:
    """Who has the folder open, fit to be shown (``process 42``); empty where nobody has.

    Raises OSError where the folder cannot be looked into.
    """
    return _by_link(folder / LOCK_LINKS[0]) or _by_file(folder / LOCK_FILE)


def _by_link(link: Path) -> str:
    try:
        target = os.fspath(link.readlink())
    except FileNotFoundError:
        return ""
    except OSError:
        # No link: no Chromium made it, so it tells nothing. A folder that is closed to us raises.
        link.lstat()
        return ""
    host, _, number = target.rpartition("-")
    if not (host and number.isascii() and number.isdigit() and len(number) < 10):
        return f"an unknown program ({one_line(target)[:80]!r} in its lock)"
    if host != socket.gethostname():
        return f"process {number} on the host {one_line(host)[:80]}"
    return f"process {number}" if _lives(int(number)) else ""


def _lives(pid: int) -> bool:
    """One that was killed has ended, also where nobody buries orphans, as in many containers."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _by_file(file: Path) -> str:
    """Windows refuses to open what the browser holds; elsewhere the file means nothing."""
    if os.name != "nt":
        return ""
    try:
        with file.open("r+b"):
            return ""
    except FileNotFoundError:
        return ""
    except PermissionError:
        return "a browser"
