"""The same command to a live run and through the command line, with the same answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.config import Settings
from engine.launch import RunOptions, start_detached
from engine.remote import Answer, Remote
from engine.run_state import Command, CommandName, RunDirectory
from tests.e2e.toy_farm import ToyFarm

Send = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _toy_trade_for_children(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ToyFarm.environment().items():
        monkeypatch.setenv(name, value)


def remote(farm: ToyFarm) -> Remote:
    return Remote(farm.work_dir, Settings.load(farm.work_dir), "")


def send(farm: ToyFarm, name: CommandName, **fields: Any) -> Answer:
    return remote(farm).send(Command.model_validate({"name": name, **fields}))


def end(farm: ToyFarm) -> None:
    assert remote(farm).stop_all().ok
    assert farm.lamps() == []


def test_stop_all_tells_what_it_sees_while_it_works(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go")
    start_detached(tmp_path, RunOptions(workers=1))
    farm.wait_for(lambda: farm.events("worker_job") and farm.lamps())
    heard: list[tuple[str, str]] = []
    answer = remote(farm).stop_all(
        heard=lambda event: heard.append((str(event["state"]), str(event["resource_id"])))
    )
    assert answer.ok, answer
    assert heard == [("stopping", "0"), ("off", "0")]
    assert answer.more["jobs"] == {"j0": "given back, the attempt is not counted"}
    assert Path(answer.more["receipt"]).is_file()


def test_a_live_run_answers_what_it_did(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go", "j1 b", "j2 c")
    start_detached(tmp_path, RunOptions(workers=1))
    farm.wait_for(lambda: farm.events("worker_job") and farm.lamps())
    skipped = send(farm, "skip", ids=("j1", "j0"))
    assert (skipped.ok, skipped.live, skipped.undoable) == (False, True, 1)
    assert skipped.results["j1"] == "skipped"
    assert send(farm, "undo", undo_of=skipped.id).results == {"j1": "pending again"}
    paused = send(farm, "pause")
    assert paused.ok
    assert RunDirectory(tmp_path / "run").read_control().paused_by
    refused = send(farm, "stop_worker", slot=9)
    assert (refused.ok, refused.detail) == (False, "There is no worker 9; there are 0.")
    stopped = send(farm, "stop_resources", ids=("lamp 0",))
    assert stopped.ok
    assert stopped.more["jobs"] == {"j0": "given back, the attempt is not counted"}
    assert Path(stopped.more["receipt"]).is_file()
    ended = send(farm, "stop_run")
    assert ended.ok
    farm.wait_for(lambda: not remote(farm).live)


def test_without_a_run_jobs_are_changed_and_taken_back_all_the_same(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "-j0 a", "j1 b")
    assert farm.run("--seed-only").returncode == 0
    skipped = send(farm, "skip", ids=("-j0", "nobody"))
    assert (skipped.ok, skipped.live, skipped.undoable) == (False, False, 1)
    assert skipped.results == {"-j0": "skipped", "nobody": "not in the ledger"}
    assert skipped.detail == "skip: 1 of 2 jobs."
    undone = send(farm, "undo", undo_of=skipped.id)
    assert (undone.ok, farm.statuses()["-j0"]) == (True, "pending")
    by_filter = send(farm, "skip", where="account:b")
    assert by_filter.results == {"j1": "skipped"}
    assert send(farm, "unskip", ids=("j1",)).ok
    nothing = send(farm, "skip", where="account:zzz")
    assert not nothing.ok
    assert "No job matches" in nothing.detail


def test_a_hold_before_the_start_is_obeyed_by_the_next_run(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a", "j1 b")
    held = send(farm, "hold", target="key:b")
    assert (held.ok, held.undoable) == (True, 1)
    assert "the next one obeys" in held.detail
    assert send(farm, "pause").ok
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: any("as they were left" in e["text"] for e in farm.events("paused")))
    assert send(farm, "resume").live
    run.communicate(timeout=30)
    assert farm.statuses() == {"j0": "success", "j1": "pending"}
    assert send(farm, "release", target="key:b").ok
    assert not RunDirectory(tmp_path / "run").read_control().held_keys
    wrong = send(farm, "hold", target="moon:1")
    assert (wrong.ok, wrong.live) == (False, False)
    assert "key:NAME" in wrong.detail


def test_what_needs_a_run_says_that_there_is_none(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    assert "No run is live" in send(farm, "set_workers", count=2).detail
    assert send(farm, "stop_run").ok, "it is true already"


def test_resources_are_stopped_without_a_run_and_what_stays_on_is_named(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    (tmp_path / "lamps").mkdir()
    for number in (3, 4):
        (tmp_path / "lamps" / f"{number}.json").write_text("{}")
    (tmp_path / "stuck").mkdir()
    (tmp_path / "stuck" / "4").touch()
    one = send(farm, "stop_resources", ids=("lamp 3",))
    assert (one.ok, one.results, farm.lamps()) == (True, {"3": "out"}, ["4.json"])
    receipt = json.loads(Path(one.more["receipt"]).read_text(encoding="utf-8"))
    assert [entry["off"] for entry in receipt["resources"]] == [True]
    rest = send(farm, "stop_resources")
    assert not rest.ok
    assert "NOT OFF: lamp 4" in rest.detail
    typed = farm.run("--stop-resources", "lamp 4")
    assert typed.returncode == 1
    assert "COULD NOT BE STOPPED it stays lit" in typed.stdout


def test_a_crashed_runs_job_is_settled_when_its_resource_is_stopped(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go")
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: farm.events("worker_job") and farm.lamps())
    run.kill()
    run.communicate()
    answer = send(farm, "stop_resources")
    assert answer.ok, answer
    assert farm.lamps() == []
    assert farm.statuses() == {"j0": "pending"}


def test_the_day_is_reset_only_when_nothing_speaks_against_it(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit raise:doubt")
    assert "does not exist" in remote(farm).reset_day(confirmed=False).detail
    assert farm.run("--workers", "1", "--run").returncode == 1
    refused = remote(farm).reset_day(confirmed=False)
    assert (refused.ok, "in doubt" in refused.detail) == (False, True)
    done = remote(farm).reset_day(confirmed=True)
    assert done.ok
    assert Path(done.more["archive"]).is_file()
    assert farm.statuses() == {}


def test_a_command_for_a_run_that_has_died_says_that_nobody_takes_it(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit until:go do")
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: farm.events("worker_submitted"))
    command = Command(name="stop_worker", slot=0)
    asked = remote(farm)
    run.kill()
    run.communicate()
    late = asked.send(command, timeout=20)
    assert (late.ok, late.live) == (False, False)
    assert "No run is live" in late.detail
    (tmp_path / "go").touch()
    end(farm)
