"""The command line of one worker process, and the settings that it stands for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from engine.config import Settings


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line of a worker process; exits with a sentence where it is none."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.worker", description="One worker; started by the orchestrator."
    )
    parser.add_argument("worker_id", type=int)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--workdir", type=Path, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--settings", type=Path, help="what the supervisor resolved, as JSON")
    parser.add_argument("--delay", type=float, help="seconds between two jobs")
    parser.add_argument("--device", choices=("geelark", "grapheneos"))
    return parser.parse_args(argv)


def resolved(arguments: argparse.Namespace) -> Settings:
    """The supervisor's settings, else those of the work directory, with the options of the line."""
    work_dir: Path = arguments.workdir
    if arguments.settings is not None:
        text = arguments.settings.read_text(encoding="utf-8")
        settings = Settings.from_json(text, work_dir=work_dir)
    else:
        settings = Settings.load(work_dir)
    run, phones = settings.run, settings.phones
    if arguments.delay is not None:
        run = run.model_copy(update={"delay_between_jobs_seconds": arguments.delay})
    if arguments.device is not None:
        phones = phones.model_copy(update={"device": arguments.device})
    return settings.model_copy(update={"run": run, "phones": phones})
