"""``--status`` of a run whose number of workers follows the host."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.commandline.status_report import collect
from engine.commandline.status_text import show
from engine.commandline.status_watch import follow
from engine.config import Settings
from engine.insight.watch import Watch
from engine.instance import InstanceLock
from engine.run_state import RunDirectory
from tests.toy_workload import write_jobs

SETTINGS = '[run]\nworkload = "tests.toy_workload:ToyWorkload"\n'
FACTS: dict[str, Any] = {
    "cpu": 0.64,
    "memory_used": None,
    "free_bytes": 2_147_483_648,
    "workers": 2,
    "most": 3,
    "leaving": [1],
    "why": "CPU 91 %, the limit is 80 %: one worker less.",
}


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    (tmp_path / "geelark.toml").write_text(SETTINGS, encoding="utf-8")
    write_jobs(tmp_path, "j0 a")
    run_dir = RunDirectory(tmp_path / "run")
    run_dir.create()
    return run_dir


def tell(run: RunDirectory, scaling: dict[str, Any] | None) -> None:
    moment = datetime.now(UTC).isoformat()
    ledger = str(run.path.parent / "parallel_progress.csv")
    status = {"run_id": "r1", "updated_at": moment, "ledger": ledger, "state": "running"}
    run.write_status(status | {"scaling": scaling})


def watch(run: RunDirectory) -> Watch:
    return Watch(run.path.parent, Settings.load(run.path.parent))


def test_the_host_the_workers_and_the_reason_are_told(
    run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = InstanceLock(run.lock_path)
    lock.acquire()
    try:
        tell(run, FACTS)
        report = collect(watch(run))
        show(report)
        told = capsys.readouterr().out
        tell(run, None)
        show(collect(watch(run)))
    finally:
        lock.release()
    assert report["overview"]["scaling"] == FACTS
    assert "Host: CPU 64 %, memory unknown (2.0 GB free); workers 2 of 3." in told
    assert "worker 1 leaves after its job" in told
    assert FACTS["why"] in told
    assert "Host:" not in capsys.readouterr().out, "this run has the workers it was asked for"


def test_watching_tells_another_number_of_workers_and_not_every_share(
    run: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = iter((FACTS | {"cpu": 0.1, "why": "another"}, FACTS | {"workers": 3}))

    def next_look(_seconds: float) -> None:
        told = next(looks, None)
        if told is None:
            raise KeyboardInterrupt
        tell(run, told)

    lock = InstanceLock(run.lock_path)
    lock.acquire()
    try:
        tell(run, FACTS)
        follow(watch(run), as_json=True, pause=next_look)
    finally:
        lock.release()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert '"workers": 3' in lines[1]
