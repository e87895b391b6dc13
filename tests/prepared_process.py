"""A process that has imported what short commands need and turns copies of itself into them.

``python -m tests.prepared_process FD`` listens on a socket that it inherits; ``tests.prepared``
sends an order and the files for the command's input and output. POSIX alone can do that.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import time
from typing import Any

ORDER_MAX_BYTES = 150_000
"""Longest order, in bytes: most of it is the environment."""
HANDED_OVER = 4
"""Standard input, output and errors, and the pipe that says how the command ended."""
NEEDED = (
    "engine.aftermath",
    "engine.commandline.cli",
    "engine.commandline.control_commands",
    "engine.commandline.day_commands",
    "engine.commandline.operations",
    "engine.commandline.status_report",
    "engine.commandline.stop_all",
    "engine.insight.watch",
    "engine.workloads.post_reel",
    "simulator.compare",
    "simulator.serve",
    "simulator.work_directory",
    "tests.toy_workload",
)


def main() -> None:
    """Wait for orders; in a copy that got one, become the command."""
    for module in NEEDED:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # the copies share these pages instead of each looking through them
    order = _next_order(socket.socket(fileno=int(sys.argv[1])))
    if order is not None:
        _become(order)


def _next_order(control: socket.socket) -> dict[str, Any] | None:
    """Returns once in every copy; in the original only when nobody can order any more."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    open_ends: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if woken in ready:
                os.read(woken, 4096)
                _bury(open_ends)
            if control not in ready:
                continue
            message, files, _, _ = socket.recv_fds(control, ORDER_MAX_BYTES, HANDED_OVER)
            if not message:
                return None
            pid = os.fork()
            if pid == 0:
                _take_over(files)
                order: dict[str, Any] = json.loads(message)
                return order
            open_ends[pid] = files.pop()
            os.write(open_ends[pid], f"{pid}\n".encode())
            for file in files:
                os.close(file)


def _bury(open_ends: dict[int, int]) -> None:
    """Tell how each copy ended that did."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            end = open_ends.pop(pid)
            with contextlib.suppress(BrokenPipeError):
                os.write(end, f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os.close(end)


def _take_over(files: list[int]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    os.closerange(3, 256)


def _become(order: dict[str, Any]) -> None:
    """The module with these arguments, as if it had just been started."""
    os.chdir(order["cwd"])
    os.umask(order["umask"])
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the process's own
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(  # noqa: SIM115
        2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1
    )
    sys.argv = [order["module"], *order["arguments"]]
    sys.modules.pop(order["module"], None)
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
