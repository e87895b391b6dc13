"""Commands to a live run through its directory: every kind, answered when it is true."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psutil

from engine.run_state import Command, CommandName, RunDirectory
from tests.e2e.toy_farm import ToyFarm


class Desk:
    """The operator's side of a run directory: drops a command, waits for its answer."""

    def __init__(self, farm: ToyFarm) -> None:
        self._run_dir = RunDirectory(farm.work_dir / "run")

    def ask(self, name: CommandName, **fields: Any) -> dict[str, Any]:
        command = Command(name=name, **fields)
        tail = self._run_dir.tail()
        self._run_dir.send(command)
        answer = self._run_dir.wait_answer(command.id, timeout=30, tail=tail)
        assert answer is not None, f"{name} was not answered"
        return answer | {"id": command.id}


def live(farm: ToyFarm, *flags: str, jobs: int = 1) -> tuple[subprocess.Popen[str], Desk]:
    run = farm.start(*flags, "--run")
    farm.wait_for(lambda: len(farm.events("worker_job")) >= jobs)
    return run, Desk(farm)


def end(farm: ToyFarm, run: subprocess.Popen[str]) -> None:
    assert farm.run("--stop-all").returncode == 0
    run.communicate(timeout=30)
    assert (farm.lamps(), farm.processes()) == ([], [])


def snapshot(farm: ToyFarm) -> dict[str, Any]:
    status: dict[str, Any] = json.loads((farm.work_dir / "run" / "status.json").read_text())
    return status


def working(farm: ToyFarm) -> dict[int, str]:
    """Job in hand of each worker that has one."""
    return {w["slot"]: w["job"] for w in snapshot(farm)["workers"] if w["job"]}


def test_the_number_of_workers_follows_the_operator_up_and_down(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, *(f"j{n} k{n} until:go{n} submit do" for n in range(6)))
    run, desk = live(farm, "--workers", "1")
    assert desk.ask("set_workers", count=3)["ok"]
    farm.wait_for(lambda: len(working(farm)) == 3)
    fewer = desk.ask("set_workers", count=1)
    assert fewer["ok"]
    farm.wait_for(lambda: set(working(farm)) == {0})
    given_back = [job for job, status in farm.statuses().items() if status == "pending"]
    assert len(given_back) == 5, "workers that were too many gave their jobs back"
    assert desk.ask("set_workers", count=2)["ok"]
    farm.wait_for(lambda: len(working(farm)) == 2)
    for count in (0, 11):
        refused = desk.ask("set_workers", count=count)
        assert not refused["ok"]
        assert "1 to 10" in refused["detail"]
    end(farm, run)


def test_a_worker_is_stopped_and_restarted(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go", "j1 b until:go", "j2 c until:go")
    run, desk = live(farm, "--workers", "1", "--max-passes", "1")
    first = farm.events("worker_hello")[0]["pid"]
    assert desk.ask("restart_worker", slot=0)["ok"]
    assert farm.events("worker_hello")[-1]["pid"] != first
    stopped = desk.ask("stop_worker", slot=0)
    assert stopped["ok"]
    assert "waits" in stopped["detail"], "the last worker: the run waits, it burns no pass"
    assert set(farm.statuses().values()) == {"pending"}
    assert run.poll() is None
    assert desk.ask("restart_worker", slot=0)["ok"]
    (tmp_path / "go").touch()
    run.communicate(timeout=30)
    assert run.returncode == 0
    assert len(farm.events("stage_started")) == 1


def test_a_worker_starts_again_although_the_run_directory_was_deleted(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go", "j1 b until:go")
    run, _ = live(farm, "--workers", "1", "--max-passes", "1")
    first = psutil.Process(farm.events("worker_hello")[0]["pid"])
    shutil.rmtree(tmp_path / "run", ignore_errors=True)
    first.kill()
    farm.wait_for(lambda: farm.events("worker_hello"))
    (tmp_path / "go").touch()
    run.communicate(timeout=30)
    assert run.returncode == 0
    assert set(farm.statuses().values()) == {"success"}


def test_a_stop_is_answered_although_the_worker_is_wanted_again(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit until:go do", "j1 b until:go")
    run, _ = live(farm, "--workers", "2", jobs=2)
    farm.wait_for(lambda: farm.events("worker_submitted"))
    slot = farm.events("worker_submitted")[0]["worker"]
    run_dir, stop = RunDirectory(tmp_path / "run"), Command(name="stop_worker", slot=slot)
    tail = run_dir.tail()
    run_dir.send(stop)
    farm.wait_for(lambda: any(e["id"] == stop.id for e in farm.events("command_taken")))
    run_dir.send(Command(name="restart_worker", slot=slot))
    answer = run_dir.wait_answer(stop.id, timeout=20, tail=tail)
    assert answer is not None
    assert not answer["ok"]
    (tmp_path / "go").touch()
    run.communicate(timeout=30)
    assert run.returncode == 0


def test_a_held_worker_claims_nothing_also_after_a_restart_of_the_run(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, *(f"j{n} k{n} until:go{n} submit do" for n in range(4)))
    run, desk = live(farm, "--workers", "2", jobs=2)
    assert desk.ask("hold", target="worker:1")["ok"]
    assert snapshot(farm)["held"]["workers"] in ([], [1])
    assert desk.ask("hold", target="key:k3")["ok"]
    farm.wait_for(lambda: len(working(farm)) == 2)  # the snapshot comes after the events
    mine = working(farm)
    (tmp_path / f"go{mine[1].removeprefix('j')}").touch()
    farm.wait_for(lambda: farm.statuses()[mine[1]] == "success")
    end(farm, run)
    jobs = len(farm.events("worker_job"))
    run, desk = live(farm, "--workers", "2", jobs=jobs + 1)
    for number in range(4):
        (tmp_path / f"go{number}").touch()
    farm.wait_for(lambda: list(farm.statuses().values()).count("success") == 3)
    assert farm.statuses()["j3"] == "pending", "its key is held"
    assert {e["worker"] for e in farm.events("worker_job")[jobs:]} == {0}, "worker 1 is held"
    run.communicate(timeout=30)
    assert "held by the operator" in snapshot(farm)["totals"]["blocked"]


def test_jobs_are_skipped_requeued_and_taken_back(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go", "j1 b", "j2 c", "j3 d raise:suspended")
    run, desk = live(farm, "--workers", "1")
    skipped = desk.ask("skip", ids=("j1", "j2", "j0", "nobody"))
    assert not skipped["ok"], "not all of them could be"
    assert skipped["results"]["j1"] == skipped["results"]["j2"] == "skipped"
    assert "claimed" in skipped["results"]["j0"]
    undone = desk.ask("undo", undo_of=skipped["id"])
    assert undone["ok"]
    assert farm.statuses()["j1"] == "pending"
    again = desk.ask("undo", undo_of=skipped["id"])
    assert "cannot be taken back" in again["detail"]
    assert desk.ask("skip", where="account:=c")["results"] == {"j2": "skipped"}
    assert desk.ask("unskip", ids=("j2",))["ok"]
    assert not desk.ask("requeue", where="status:failed")["ok"]
    (tmp_path / "go").touch()
    run.communicate(timeout=30)
    assert farm.statuses() == {"j0": "success", "j1": "success", "j2": "success", "j3": "failed"}


def test_a_requeue_is_undone_while_nobody_has_claimed_it(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a raise:suspended", "j1 b until:go", "j2 c submit raise:adb")
    run, desk = live(farm, "--workers", "1")
    farm.wait_for(lambda: farm.statuses()["j0"] == "failed" and working(farm) == {0: "j1"})
    requeued = desk.ask("requeue", ids=("j0",))
    assert requeued["ok"]
    assert farm.statuses()["j0"] == "retrying"
    assert desk.ask("undo", undo_of=requeued["id"])["ok"]
    assert farm.statuses()["j0"] == "failed"
    assert desk.ask("pause")["ok"]
    (tmp_path / "go").touch()
    farm.wait_for(lambda: farm.statuses()["j1"] == "success")
    assert not desk.ask("mark_posted", ids=("j2",))["ok"], "it was never submitted"
    assert desk.ask("resume")["ok"]
    run.communicate(timeout=30)
    assert farm.jobs()["j2"].in_doubt


def test_pause_after_this_pass_and_one_pass_more(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go times:1:raise:adb submit do")
    run, desk = live(farm, "--max-passes", "1")
    assert desk.ask("add_stage")["ok"]
    assert desk.ask("pause_after_stage")["ok"]
    (tmp_path / "go").touch()
    farm.wait_for(lambda: farm.events("paused"))
    farm.wait_for(lambda: snapshot(farm)["state"] == "paused")
    assert farm.done() == []
    assert desk.ask("resume")["ok"]
    run.communicate(timeout=30)
    assert run.returncode == 0
    assert farm.done() == ["j0"]


def test_what_is_paused_stays_paused_and_says_so(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go", "j1 b")
    run, desk = live(farm, "--workers", "1")
    assert desk.ask("pause")["ok"]
    end(farm, run)
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: any("as they were left" in e["text"] for e in farm.events("paused")))
    (tmp_path / "go").touch()
    assert desk.ask("resume")["ok"]
    run.communicate(timeout=30)
    assert run.returncode == 0


def test_nothing_that_lies_in_the_folder_of_commands_ends_a_run(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go")
    run, desk = live(farm)
    folder = tmp_path / "run" / "commands"
    (folder / "folder.json").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.json")
    (folder / "half.json").write_text('{"name": "pau')
    (folder / "unknown.json").write_text('{"name": "self_destruct"}')
    for fields in (
        {"name": "undo", "undo_of": "nothing"},
        {"name": "hold", "target": "moon:1"},
        {"name": "stop_worker", "slot": 77},
        {"name": "requeue", "where": "colour:red"},
        {"name": "requeue"},
    ):
        answer = desk.ask(fields.pop("name"), **fields)  # type: ignore[arg-type] # any name
        assert not answer["ok"]
        assert answer["detail"].endswith(".")
    refused = {e["id"] for e in farm.events("command_answered") if not e["name"]}
    assert {"folder", "half", "unknown"} <= refused
    (tmp_path / "go").touch()
    run.communicate(timeout=30)
    assert run.returncode == 0


def test_a_command_from_before_the_run_is_refused_not_obeyed(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    run_dir = RunDirectory(tmp_path / "run")
    run_dir.create()
    late = Command(name="stop_run")
    run_dir.send(late)
    result = farm.run("--run")
    assert result.returncode == 0, result.stdout
    answers = {event["id"]: event for event in farm.events("command_answered")}
    assert not answers[late.id]["ok"]
    assert "before this run" in answers[late.id]["detail"]


def test_a_sender_does_not_wait_for_a_run_that_has_died(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit until:go do")
    run, _ = live(farm)
    farm.wait_for(lambda: farm.events("worker_submitted"))
    sender = farm.start("--send", "stop_worker", "0")
    farm.wait_for(lambda: farm.events("command_taken"))
    run.kill()
    run.communicate()
    _, complaint = sender.communicate(timeout=20)
    assert sender.returncode == 1
    assert "has not answered stop_worker" in complaint
    (tmp_path / "go").touch()
    assert farm.run("--stop-all").returncode == 0


def test_stop_is_heard_while_an_earlier_run_is_being_put_right(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit until:go do", "j1 b")
    run, _ = live(farm, "--workers", "1")  # another would do the other job
    farm.wait_for(lambda: farm.events("worker_submitted"))
    run.kill()
    run.communicate()
    run = farm.start("--run")
    farm.wait_for(lambda: any("earlier run" in event["text"] for event in farm.events("waiting")))
    farm.wait_for(lambda: snapshot(farm)["state"] == "cleaning up")
    run_dir, stop = RunDirectory(tmp_path / "run"), Command(name="stop_run")
    run_dir.send(stop)
    farm.wait_for(lambda: any(e["id"] == stop.id for e in farm.events("command_taken")))
    (tmp_path / "go").touch()
    run.communicate(timeout=30)
    assert run.returncode == 130
    assert farm.statuses() == {"j0": "success", "j1": "pending"}
