"""The processes below the tests' own, seen as an operator would: what has ended is not there."""

from __future__ import annotations

import psutil

from tests import prepared


def running_below(pid: int | None = None) -> set[psutil.Process]:
    """Processes that run below ``pid``, or below this one.

    A zombie has ended and waits only for its parent, the tests' own process, to bury it: whatever
    earlier test started it does not make a later one fail. The process that waits for the tests'
    short commands belongs to no test.
    """
    waits = prepared.process()
    children = psutil.Process(pid).children(recursive=True)
    return {child for child in children if child.pid != waits and _runs(child)}


def command_line(process: psutil.Process) -> str:
    """How it was started; nothing when it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def works_in(process: psutil.Process) -> str:
    """Its working folder; nothing when it has just ended."""
    try:
        return process.cwd()
    except psutil.Error:
        return ""


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
