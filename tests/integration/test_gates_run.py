"""Gates are observed, never assumed: real commands, their statuses, limits and logs."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from engine.errors import InputError, StopRequested
from engine.marked import new_marker
from engine.processes import ProcessRegistry
from engine.roadmap.gates import GatePlace, GateProgress, Gates, check_gates, failure_sentence
from engine.roadmap.surroundings import allowed_environment
from engine.settings_roadmap import AGENT_ENV, Gate
from engine.slot_processes import SlotProcesses
from tests.agent_rig import marked_alive

PASSES = "print('fine')"
FAILS = "print('\\x1b[31m1 failed\\x1b[0m'); raise SystemExit(4)"
HANGS = "import time; open('hangs', 'w').close(); time.sleep(600)"


def gate(name: str, code: str, *, timeout_seconds: float = 30) -> Gate:
    command = (sys.executable, "-I", "-S", "-c", code)
    return Gate(name=name, command=command, timeout_seconds=timeout_seconds)


class GateRig:
    def __init__(self, work_dir: Path) -> None:
        self.tree = work_dir / "tree"
        self.tree.mkdir()
        self.told: list[GateProgress | None] = []
        self.stop = threading.Event()
        self.logs = work_dir / "logs" / "orchestrator"
        self.place = GatePlace(
            cwd=self.tree,
            logs=work_dir / "logs",
            work_dir=work_dir,
            env=allowed_environment(AGENT_ENV),
            keeper=SlotProcesses(ProcessRegistry(work_dir / "run" / "processes"), 0),
            log_megabytes=1,
        )

    def gates(self, *gates: Gate) -> Gates:
        return Gates(
            gates, self.place, phase="1", group="B", stop=self.stop.is_set, tell=self.told.append
        )


@pytest.fixture
def rig(tmp_path: Path) -> GateRig:
    return GateRig(tmp_path)


def test_all_gates_run_in_their_order_in_the_merged_tree(rig: GateRig) -> None:
    note = "import os; open('order', 'a').write('{}\\n')"
    gates = rig.gates(*(gate(name, note.format(name)) for name in ("typecheck", "lint", "test")))
    results = gates.run_all()
    assert gates.all_passed(results)
    assert (rig.tree / "order").read_text(encoding="utf-8").split() == ["typecheck", "lint", "test"]
    assert [(told.name, told.number, told.total) for told in rig.told if told] == [
        ("typecheck", 1, 3),
        ("lint", 2, 3),
        ("test", 3, 3),
    ]
    assert rig.told[-1] is None


def test_b_d2_a_lint_failure_stops_the_run_like_any_other_and_no_later_gate_runs(
    rig: GateRig,
) -> None:
    gates = rig.gates(gate("typecheck", PASSES), gate("lint", FAILS), gate("test", PASSES))
    passed, failed = gates.run_all()
    assert passed.passed
    assert passed.text == "fine"
    assert not gates.all_passed([passed, failed])
    assert (failed.passed, failed.exit_status) == (False, 4)
    assert failed.text == "it ended with exit status 4\n1 failed"
    said = f"Lint failed for Group B: it ended with exit status 4 (log: {failed.log})"
    assert failure_sentence(failed, "B") == said
    assert failed.log.parent == rig.logs
    assert failed.log.name.startswith("gate_1_B_lint_")


def test_gates_that_were_not_run_have_not_passed(rig: GateRig) -> None:
    gates = rig.gates(gate("typecheck", PASSES), gate("lint", PASSES))
    assert not gates.all_passed(gates.run_all()[:1])
    assert not gates.all_passed([])
    assert rig.gates().all_passed([])


@pytest.mark.parametrize("program", ["no-such-gate", "./no-such-gate"])
def test_a_missing_command_is_a_failure(rig: GateRig, program: str) -> None:
    (result,) = rig.gates(Gate(name="lint", command=(program,)), gate("test", PASSES)).run_all()
    assert (result.passed, result.exit_status) == (False, None)
    assert f"{program!r} was not found" in result.text
    assert program in result.log.read_text(encoding="utf-8")


def test_a_missing_command_is_told_before_anything_starts(rig: GateRig) -> None:
    check_gates([gate("lint", PASSES), Gate(name="own", command=("./check",))], rig.place.env)
    with pytest.raises(InputError, match="gate build cannot run: its command 'no-such-gate' was"):
        check_gates([Gate(name="build", command=("no-such-gate", "run"))], rig.place.env)


def test_a_merged_tree_that_is_gone_fails_its_gates(rig: GateRig) -> None:
    rig.tree.rmdir()
    (result,) = rig.gates(gate("test", PASSES)).run_all()
    assert f"{rig.tree} is not there" in failure_sentence(result, "B")


def test_a_gate_over_its_limit_is_ended_and_has_failed(rig: GateRig) -> None:
    (result,) = rig.gates(gate("test", HANGS, timeout_seconds=0.3)).run_all()
    assert (result.passed, result.exit_status) == (False, None)
    assert "ended at its limit of 0.3 s" in result.text
    assert result.seconds < 5


def test_a_gate_that_prints_without_end_is_ended_and_has_failed(rig: GateRig) -> None:
    (result,) = rig.gates(gate("test", "while True: print('x' * 1000)")).run_all()
    assert "log grew beyond 1 MB" in result.text
    assert result.log.stat().st_size < 1.1 * 1024 * 1024


def test_a_stop_ends_a_gate_at_once_and_nothing_is_known_of_it(rig: GateRig) -> None:
    def stop_when_it_runs() -> bool:
        return (rig.tree / "hangs").exists()

    gates = Gates([gate("test", HANGS)], rig.place, phase="1", group="B", stop=stop_when_it_runs)
    with pytest.raises(StopRequested):
        gates.run_all()


def test_what_a_gate_leaves_running_is_ended(rig: GateRig) -> None:
    server = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', "
        "'import time; time.sleep(600)'], start_new_session=True)"
    )
    (result,) = rig.gates(gate("test", server)).run_all()
    assert result.passed
    home, _, _token = new_marker(rig.place.work_dir, "gate").rpartition(".")
    assert marked_alive(home) == []
