"""Commands that make a new worktree ready, before its agent begins."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from engine.roadmap.agent import AgentLimits
from engine.roadmap.agent_errors import PreparationFailedError
from engine.roadmap.preparation import Preparation
from engine.roadmap.surroundings import allowed_environment
from engine.settings_roadmap import AGENT_ENV
from engine.slot_processes import SlotProcesses
from tests.agent_rig import AgentRig, marked_alive


def prepare(work_dir: Path, *commands: tuple[str, ...], seconds: float = 30) -> AgentRig:
    rig = AgentRig(work_dir)
    Preparation(
        commands=commands,
        keeper=SlotProcesses(rig.registry, 0),
        cwd=rig.tree,
        env=allowed_environment(AGENT_ENV),
        log=work_dir / "logs" / "orchestrator" / "phase1_groupA_A1_1.log",
        marker=rig.marker,
        limits=AgentLimits(seconds=seconds, log_megabytes=1, grace_seconds=0.2),
    ).run(task="A1", pause=time.sleep)
    return rig


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", code)


def test_the_commands_run_in_their_order_in_the_worktree(tmp_path: Path) -> None:
    write = "open('made', 'a').write('{}')"
    rig = prepare(tmp_path, python(write.format(1)), python(write.format(2)))
    assert (rig.tree / "made").read_text(encoding="utf-8") == "12"
    assert marked_alive(rig.marker) == []


@pytest.mark.parametrize(
    ("command", "why", "seconds"),
    [
        (python("print('no network'); raise SystemExit(7)"), "exit status 7 .*: no network", 30),
        (python("import time; time.sleep(600)"), "was ended: timed out", 0.2),
        (("no-such-program",), "`no-such-program` was not found", 30),
        (("./no-such-program",), "could not be started", 30),
    ],
)
def test_the_first_that_fails_fails_the_attempt_which_may_be_tried_again(
    tmp_path: Path, command: tuple[str, ...], why: str, seconds: float
) -> None:
    with pytest.raises(PreparationFailedError, match=f"worktree of task A1 .*{why}") as caught:
        prepare(tmp_path, command, python("open('later', 'w')"), seconds=seconds)
    assert caught.value.category == "infrastructure"
    assert "phase1_groupA_A1_1.log" in str(caught.value)
    assert not (tmp_path / "tree" / "later").exists()
