"""The supervisor of a pool, as a process below the program that has the pool.

It ends when it is told so through its standard input, and when that closes: whoever had the pool is
gone then, however he died, and nothing of it outlives him (behaviour C2.5, C6.11).
``python -m engine.parallel.pool_process``.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from io import RawIOBase
from pathlib import Path
from typing import Any

from engine import logs, workloads
from engine.config import Settings
from engine.errors import EngineError, ExitCode
from engine.logger import get_logger
from engine.output import complain
from engine.parallel.place import WorkPlace
from engine.private_files import explain
from engine.workloads.base import WorldContext

LOG_NAME = "orchestrator.log"


class Silent:
    """The news of the run are in its events; nobody reads what it prints."""

    def event(self, event: Mapping[str, Any]) -> None:
        return

    def line(self, text: str) -> None:
        return

    def status(self, text: str, totals: Mapping[str, Any]) -> None:
        return

    def close(self) -> None:
        return


class Owner:
    """Who has the pool, at the other end of standard input: each line asks for the stop."""

    def __init__(self, stream: RawIOBase, stop: Callable[[], None]) -> None:
        self._stream = stream
        self._stop = stop
        self.gone = False

    def start(self) -> None:
        threading.Thread(target=self._listen, name="owner", daemon=True).start()

    def _listen(self) -> None:
        while self._stream.readline():
            self._stop()
        self.gone = True
        self._stop()


def run(work_dir: Path, settings: Settings) -> tuple[ExitCode, bool]:
    """Run to the end, or until asked to stop; how it ended, and whether the owner is gone.

    Raises EngineError where it may not or cannot start.
    """
    from engine.orchestrator import Orchestrator

    workload = workloads.load(
        settings.run.workload, WorldContext(settings=settings, work_dir=work_dir)
    )
    workload.check_workers(settings.run.workers)
    workload.check()
    orchestrator = Orchestrator(
        settings=settings,
        work_dir=work_dir,
        workload=workload,
        ledger_path=workload.ledger_path,
        display=Silent(),
    )
    # Unbuffered: a buffered reader's lock, held by that thread at the end, aborts the interpreter.
    orders = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115
    owner = Owner(orders, orchestrator.request_stop)
    owner.start()
    signal.signal(signal.SIGTERM, lambda *_: orchestrator.request_stop())
    return orchestrator.run().exit_code, owner.gone


def main(argv: Sequence[str] | None = None) -> int:
    """One run; the last line of its output says why it could not be."""
    parser = argparse.ArgumentParser(prog="python -m engine.parallel.pool_process")
    parser.add_argument("workdir", type=Path)
    parser.add_argument("settings", type=Path)
    parser.add_argument("--private", action="store_true", help="remove the folder if nobody else")
    arguments = parser.parse_args(argv)
    work_dir: Path = arguments.workdir
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gone = False
    try:
        text = arguments.settings.read_text(encoding="utf-8")
        settings = Settings.from_json(text, work_dir=work_dir)
        logs.configure(work_dir / settings.paths.logs / LOG_NAME, settings.logs, settings.secrets)
        code, gone = run(work_dir, settings)
    except EngineError as exc:
        complain(str(exc))
        code = exc.exit_code
    except OSError as exc:
        complain(explain(exc))
        code = ExitCode.FAILED
    except Exception as exc:  # noqa: BLE001 - the last border: the stack goes to the log, once
        get_logger(__name__).exception("pool_failed")
        complain(f"An error of our own: {type(exc).__name__}; the log has it.")
        code = ExitCode.FAILED
    if gone and arguments.private:
        WorkPlace.of(work_dir).remove()
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
