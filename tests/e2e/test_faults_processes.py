"""A supervisor that is held while its workers go on."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.e2e.toy_farm import ToyFarm

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP is POSIX")


def test_workers_finish_their_jobs_while_the_supervisor_is_held(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go submit do", "j1 b until:go submit do")
    run = farm.start("--workers", "2", "--run")
    try:
        farm.wait_for(lambda: len(farm.events("worker_job")) == 2)
        run.send_signal(signal.SIGSTOP)
        (tmp_path / "go").touch()
        farm.wait_for(lambda: farm.statuses() == {"j0": "success", "j1": "success"})
        run.send_signal(signal.SIGCONT)
        out, err = run.communicate(timeout=60)
    finally:
        run.kill()
        run.communicate()
    assert (run.returncode, err) == (0, ""), out
    assert sorted(farm.done()) == ["j0", "j1"]
    assert (farm.lamps(), farm.processes()) == ([], [])


def test_the_last_words_of_a_worker_are_heard_before_it_is_buried(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go submit do", "j1 b crash")
    run = farm.start("--workers", "1", "--run", "--max-passes", "1")
    try:
        farm.wait_for(lambda: farm.events("worker_job"))
        worker = psutil.Process(farm.events("worker_hello")[0]["pid"])
        run.send_signal(signal.SIGSTOP)
        (tmp_path / "go").touch()
        farm.wait_for(lambda: worker.status() == psutil.STATUS_ZOMBIE)
        run.send_signal(signal.SIGCONT)
        farm.wait_for(lambda: farm.events("worker_ended"))
        told = [(event["event"], event.get("job")) for event in farm.events()]
    finally:
        run.kill()
        run.communicate()
    ended = [name for name, _ in told].index("worker_ended")
    assert told.index(("outcome", "j0")) < told.index(("worker_job", "j1")) < ended
