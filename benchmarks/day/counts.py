"""What the workers of a run ask their host for: flushes to the disk, and seconds to wait.

Python imports a module named ``sitecustomize`` before anything else; the one written here wraps
the calls that flush and those that wait, and leaves a byte, or a line, for each. So the engine is
measured as it comes. Waits are what was *asked* for and passed in full, of the main thread alone,
with the file that asked: a host that is busy does not lengthen them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_FOLDER: Final = "counted"
_COUNTED: Final = "DAY_COUNTED"
_ASKER: Final = "report.py"
"""Every pause of a job is one of its report's; others wait for processes, locks and the next job.
"""
_CODE: Final = f"""\
import os
import sys


def _note(name, text):
    path = os.path.join(os.environ["{_COUNTED}"], name)
    descriptor = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(descriptor, text.encode())
    os.close(descriptor)


def _counting_flushes(call):
    def counted(file):
        call(file)
        _note("syncs", ".")

    return counted


def _count_waits():
    import threading
    import time

    sleep, wait, main = time.sleep, threading.Event.wait, threading.main_thread()

    def note(seconds):
        if threading.current_thread() is main:
            asker = os.path.basename(sys._getframe(2).f_code.co_filename)
            _note("waits", f"{{asker}} {{seconds:.6f}}\\n")

    def slept(seconds):
        sleep(seconds)
        note(seconds)

    def waited(event, timeout=None):
        over = wait(event, timeout)
        if timeout is not None and not over:
            note(timeout)
        return over

    time.sleep, threading.Event.wait = slept, waited


if "engine.worker" in sys.orig_argv and "{_COUNTED}" in os.environ:
    for _name in ("fsync", "fdatasync"):
        if hasattr(os, _name):
            setattr(os, _name, _counting_flushes(getattr(os, _name)))
    _count_waits()
"""


def counting(work_dir: Path) -> dict[str, str]:
    """Variables for a run in this directory whose workers are to be counted."""
    folder = work_dir / _FOLDER
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_CODE, encoding="utf-8")
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths), _COUNTED: str(folder)}


def syncs(work_dir: Path) -> int:
    """Flushes of all workers together."""
    path = work_dir / _FOLDER / "syncs"
    return path.stat().st_size if path.exists() else 0


def pauses(work_dir: Path) -> float:
    """Seconds that the jobs of all workers together asked to wait."""
    path = work_dir / _FOLDER / "waits"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return sum(float(asked) for asker, asked in map(str.split, lines) if asker == _ASKER)
