"""A run that was started by somebody else outlives him."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from engine.errors import AlreadyRunningError, EngineError
from engine.instance import InstanceLock
from engine.launch import RunOptions, start_detached
from tests.e2e.toy_farm import ROOT, ToyFarm

STARTER = """\
import sys, time
from pathlib import Path
from engine.launch import RunOptions, start_detached
started = start_detached(Path(sys.argv[1]), RunOptions(workers=1))
print(started.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _toy_trade_for_children(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ToyFarm.environment().items():
        monkeypatch.setenv(name, value)


def holder(farm: ToyFarm) -> int | None:
    record = InstanceLock(farm.work_dir / "run" / "instance.lock").holder()
    return record.pid if record is not None else None


def test_a_detached_run_survives_the_death_of_its_starter(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go submit do")
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        cwd=ROOT,
        env=farm.environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    assert holder(farm) == pid
    farm.wait_for(lambda: farm.events("worker_job"))
    if sys.platform != "win32":
        # As a closed terminal does it: the whole session of the starter is hung up.
        os.killpg(starter.pid, signal.SIGHUP)
    else:
        starter.kill()
    starter.communicate(timeout=60)
    run = psutil.Process(pid)
    assert holder(farm) == pid, "the run goes on"
    (tmp_path / "go").touch()
    run.wait(60)
    assert farm.statuses() == {"j0": "success"}
    output = tmp_path / "logs" / "orchestrator.out.log"
    assert "all_complete" in output.read_text(encoding="utf-8")
    if os.name == "posix":
        assert output.stat().st_mode & 0o077 == 0, "only its owner may read it"


def test_a_run_that_cannot_begin_says_why(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    (tmp_path / "geelark.toml").write_text('[run]\nworkload = "tests.nowhere:Nothing"\n')
    with pytest.raises(EngineError, match=r"tests\.nowhere"):
        start_detached(tmp_path, RunOptions(workers=1))
    assert holder(farm) is None


def test_a_wrong_choice_is_refused_by_the_run_itself(tmp_path: Path) -> None:
    ToyFarm(tmp_path, "j0 a")
    with pytest.raises(EngineError, match="1 to 10"):
        start_detached(tmp_path, RunOptions(workers=11))


def test_no_second_run_is_started_beside_a_live_one(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go")
    started = start_detached(tmp_path, RunOptions(workers=1))
    with pytest.raises(AlreadyRunningError, match=str(started.pid)):
        start_detached(tmp_path, RunOptions(workers=1))
    assert farm.run("--stop-all").returncode == 0
    assert holder(farm) is None


def test_what_many_runs_have_said_does_not_grow_for_ever(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit do", settings="\n[logs]\nmax_megabytes = 1\n")
    output = tmp_path / "logs" / "orchestrator.out.log"
    output.parent.mkdir()
    output.write_bytes(b"x" * 1_100_000)
    started = start_detached(tmp_path, RunOptions(workers=1))
    farm.wait_for(lambda: farm.statuses() == {"j0": "success"} and holder(farm) is None)
    assert started.output == output
    assert output.stat().st_size < 100_000
    assert output.with_name("orchestrator.out.log.1").stat().st_size == 1_100_000
