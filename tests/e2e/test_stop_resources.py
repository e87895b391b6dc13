"""Stopping what costs on a live run: drained, paused, seen off, with a receipt."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from engine.run_state import Command, CommandName, RunDirectory
from tests.e2e.toy_farm import ToyFarm


def ask(farm: ToyFarm, name: CommandName, **fields: Any) -> dict[str, Any]:
    run_dir = RunDirectory(farm.work_dir / "run")
    command = Command.model_validate({"name": name, "sent_by": "ana", **fields})
    tail = run_dir.tail()
    run_dir.send(command)
    answer = run_dir.wait_answer(command.id, timeout=40, tail=tail)
    assert answer is not None, f"{name} was not answered"
    return answer


def live(farm: ToyFarm, *flags: str, jobs: int) -> subprocess.Popen[str]:
    run = farm.start(*flags, "--run")
    farm.wait_for(lambda: len(farm.events("worker_job")) >= jobs and len(farm.lamps()) >= jobs)
    return run


def end(farm: ToyFarm, run: subprocess.Popen[str]) -> None:
    assert farm.run("--stop-all").returncode == 0
    run.communicate(timeout=30)


def job_of(farm: ToyFarm, slot: int) -> str:
    return next(str(e["job"]) for e in farm.events("worker_job") if e["worker"] == slot)


def orphan(farm: ToyFarm, number: int) -> None:
    """A lamp that is lit and that no worker looks after."""
    (farm.work_dir / "lamps").mkdir(exist_ok=True)
    (farm.work_dir / "lamps" / f"{number}.json").write_text("{}")


def test_a_working_resource_is_drained_then_stopped_and_claims_are_paused(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, *(f"j{n} k{n} until:go submit do" for n in range(4)))
    run = live(farm, "--workers", "2", jobs=2)
    mine, other = job_of(farm, 1), job_of(farm, 0)
    answer = ask(farm, "stop_resources", ids=("lamp 1",))
    assert answer["ok"], answer
    assert answer["results"] == {"1": "out"}
    assert answer["jobs"] == {mine: "given back, the attempt is not counted"}
    assert farm.statuses()[mine] == "pending"
    assert farm.jobs()[mine].attempts == 0
    assert farm.statuses()[other] == "claimed", "the other worker goes on"
    assert farm.lamps() == ["0.json"]
    states = [(e["resource"], e["state"]) for e in farm.events("command_progress")]
    assert states == [(f"k{mine[1:]}", "draining"), ("lamp 1", "stopping"), ("lamp 1", "off")]
    receipt = Path(answer["receipt"])
    assert receipt.parent == tmp_path / "run" / "receipts"
    if os.name == "posix":
        assert receipt.stat().st_mode & 0o077 == 0
    written = json.loads(receipt.read_text(encoding="utf-8"))
    assert (written["by"], written["ok"], written["paused"]) == ("ana", True, True)
    assert written["jobs"] == [{"job": mine, "became": answer["jobs"][mine]}]
    (resource,) = written["resources"]
    assert (resource["label"], resource["off"], resource["answer"]) == ("lamp 1", True, "out")
    assert resource["asked_at"] <= resource["seen_at"]
    # Nothing starts again by itself; after the resume the worker is back and all is done.
    control = RunDirectory(tmp_path / "run").read_control()
    assert (control.paused, control.paused_by) == (True, "ana")
    claims = len(farm.events("worker_job"))
    (tmp_path / "go").touch()
    farm.wait_for(lambda: farm.statuses()[other] == "success")
    assert len(farm.events("worker_job")) == claims
    assert ask(farm, "resume")["ok"]
    run.communicate(timeout=30)
    assert run.returncode == 0
    assert set(farm.statuses().values()) == {"success"}


def test_past_the_point_of_no_return_the_worker_gets_its_time(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit until:go do", "j1 b")
    run = live(farm, "--workers", "1", jobs=1)
    farm.wait_for(lambda: farm.events("worker_submitted"))
    run_dir, stop = RunDirectory(tmp_path / "run"), Command(name="stop_resources", ids=("0",))
    tail = run_dir.tail()
    run_dir.send(stop)
    farm.wait_for(lambda: farm.events("command_progress"))
    (tmp_path / "go").touch()
    answer = run_dir.wait_answer(stop.id, timeout=30, tail=tail)
    assert answer is not None
    assert answer["jobs"] == {"j0": "success: it was finished first"}
    assert farm.statuses() == {"j0": "success", "j1": "pending"}
    end(farm, run)


def test_a_worker_that_does_not_finish_in_time_leaves_its_job_in_doubt(tmp_path: Path) -> None:
    short = "submitted_shutdown_timeout_seconds = 20"
    farm = ToyFarm(tmp_path, "j0 a submit until:never do")
    toml = tmp_path / "geelark.toml"
    text = toml.read_text().replace(short, "submitted_shutdown_timeout_seconds = 0.5")
    toml.write_text(text.replace("shutdown_timeout_seconds = 10", "shutdown_timeout_seconds = 0.5"))
    run = live(farm, "--workers", "1", jobs=1)
    farm.wait_for(lambda: farm.events("worker_submitted"))
    answer = ask(farm, "stop_resources")
    assert answer["ok"]
    assert "in doubt" in answer["jobs"]["j0"]
    assert farm.jobs()["j0"].in_doubt
    assert farm.lamps() == []
    end(farm, run)


def test_an_idle_resource_is_stopped_and_no_job_is_interrupted(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go submit do")
    run = live(farm, "--workers", "1", jobs=1)
    orphan(farm, 7)
    answer = ask(farm, "stop_resources", ids=("7",))
    assert (answer["ok"], answer["jobs"], answer["paused"]) == (True, {}, False)
    assert farm.lamps() == ["0.json"]
    (tmp_path / "go").touch()
    run.communicate(timeout=30)
    assert run.returncode == 0


def test_what_ended_before_it_could_be_stopped_is_told_to_have_ended(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go submit do")
    run = live(farm, "--workers", "1", jobs=1)
    orphan(farm, 7)
    status = RunDirectory(tmp_path / "run").read_status
    farm.wait_for(lambda: "lamp 7" in [one["label"] for one in (status() or {})["resources"]])
    (tmp_path / "lamps" / "7.json").unlink()
    answer = ask(farm, "stop_resources", ids=("7", "lamp 99"))
    assert answer["results"] == {
        "7": "it had ended already",
        "lamp 99": "there is none of this name",
    }
    assert "NOT OFF" not in answer["detail"]
    (resource,) = answer["resources"]
    assert (resource["label"], resource["off"]) == ("lamp 7", True)
    again = ask(farm, "stop_resources", ids=("lamp 7",))
    assert (again["ok"], again["detail"]) == (True, "1 of 1 seen off; ended already: lamp 7.")
    end(farm, run)


def test_what_refuses_to_stop_and_what_nobody_knows_is_named(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go")
    run = live(farm, "--workers", "1", jobs=1)
    for number in (7, 8):
        orphan(farm, number)
    (tmp_path / "stuck").mkdir()
    (tmp_path / "stuck" / "7").touch()
    answer = ask(farm, "stop_resources", ids=("lamp 7", "lamp 8", "lamp 99"))
    assert not answer["ok"]
    assert answer["results"]["7"] == "it stays lit"
    assert answer["results"]["8"] == "out"
    assert "none of this name" in answer["results"]["lamp 99"]
    assert "NOT OFF: lamp 7" in answer["detail"]
    assert "unknown: lamp 99" in answer["detail"]
    written = json.loads(Path(answer["receipt"]).read_text(encoding="utf-8"))
    assert {r["label"]: r["off"] for r in written["resources"]} == {"lamp 7": False, "lamp 8": True}
    (tmp_path / "stuck" / "7").unlink()
    end(farm, run)


def test_an_undo_outlives_the_supervisor_that_did_it(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go", "j1 b", "j2 c")
    run = live(farm, "--workers", "1", jobs=1)
    skipped = ask(farm, "skip", ids=("j1", "j2"))
    assert skipped["undoable"] == 2
    end(farm, run)
    jobs = len(farm.events("worker_job"))
    run = live(farm, "--workers", "1", jobs=0)
    farm.wait_for(lambda: len(farm.events("worker_job")) > jobs)
    undone = ask(farm, "undo")
    assert (undone["ok"], undone["undone"], undone["undo_of"]) == (True, 2, skipped["id"])
    assert "nothing" in ask(farm, "undo")["detail"]
    (tmp_path / "go").touch()
    run.communicate(timeout=30)
    assert run.returncode == 0


def test_a_requeue_is_undone_as_far_as_nobody_has_claimed_it(tmp_path: Path) -> None:
    farm = ToyFarm(
        tmp_path,
        "j0 a until:open raise:suspended",
        "j1 b raise:suspended",
        "j2 c until:first",
        "j3 d until:go",
    )
    farm.poll_idly(seconds=30)
    (tmp_path / "open").touch()
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: [e["job"] for e in farm.events("worker_job")][-1:] == ["j2"])
    (tmp_path / "open").unlink()
    requeued = ask(farm, "requeue", ids=("j0", "j1"))
    assert requeued["undoable"] == 2
    (tmp_path / "first").touch()
    farm.wait_for(lambda: farm.statuses()["j0"] == "claimed")
    undone = ask(farm, "undo", undo_of=requeued["id"])
    assert (undone["undone"], undone["left"]) == (1, 1)
    assert "1 left (1 claimed)" in undone["detail"]
    assert farm.statuses()["j1"] == "failed"
    held = ask(farm, "hold", target="key:d")
    assert held["undoable"] == 1
    farm.wait_for(lambda: farm.told()["totals"]["blocked"] == {"held by the operator": 1})
    assert "undoable" not in ask(farm, "hold", target="key:d"), "it was held already"
    assert ask(farm, "undo")["detail"] == "hold taken back. d: released."
    (tmp_path / "open").touch()
    (tmp_path / "go").touch()
    run.communicate(timeout=30)
    assert farm.statuses()["j3"] == "success"


def test_a_stop_that_the_end_of_the_run_overtakes_tells_what_was_seen(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit until:go do")
    run = live(farm, "--workers", "1", jobs=1)
    farm.wait_for(lambda: farm.events("worker_submitted"))
    run_dir, stop = RunDirectory(tmp_path / "run"), Command(name="stop_resources")
    tail = run_dir.tail()
    run_dir.send(stop)
    farm.wait_for(lambda: farm.events("command_progress"))
    run_dir.send(Command(name="stop_run"))
    (tmp_path / "stuck").mkdir()
    farm.wait_for(lambda: farm.events("command_taken")[-1]["name"] == "stop_run")
    (tmp_path / "go").touch()
    answer = run_dir.wait_answer(stop.id, timeout=30, tail=tail)
    run.communicate(timeout=30)
    assert answer is not None
    assert answer["jobs"] == {"j0": "success: it was finished first"}
    (resource,) = answer["resources"]
    assert resource["off"] is (resource["seen_at"] is not None) is True
    assert Path(answer["receipt"]).is_file()


def test_what_was_given_up_has_no_moment_at_which_it_was_seen(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    orphan(farm, 7)
    (tmp_path / "stuck").mkdir()
    (tmp_path / "stuck" / "7").touch()
    assert farm.run("--seed-only").returncode == 0
    said = farm.run("--stop-resources", "7", "--json")
    assert said.returncode == 1
    (resource,) = json.loads(said.stdout.splitlines()[-1])["resources"]
    assert (resource["off"], resource["seen_at"]) == (False, None)
    assert resource["given_up_at"]


def test_a_release_that_never_ends_is_answered_all_the_same(tmp_path: Path) -> None:
    limit = "release_timeout_seconds = 0.5\n"
    farm = ToyFarm(tmp_path, "j0 a until:go submit do")
    path = tmp_path / "geelark.toml"
    path.write_text(path.read_text().replace("[run]\n", f"[run]\n{limit}"))
    run = live(farm, jobs=1)
    orphan(farm, 7)
    (tmp_path / "deaf").mkdir()
    (tmp_path / "deaf" / "7").touch()
    answer = ask(farm, "stop_resources", ids=("lamp 7",))
    assert not answer["ok"]
    assert "its release has not ended in time" in str(answer["results"]["7"])
    (tmp_path / "deaf" / "7").unlink()
    (tmp_path / "go").touch()
    run.communicate(timeout=60)
    assert run.returncode == 0
    assert farm.lamps() == []
