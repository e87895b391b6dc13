"""The scripted agent, with which tests, benchmark and demo measure, does what its script says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.coding_agent import agent_command


class Desk:
    """Runs the agent with a script, in a folder of its own."""

    def __init__(self, folder: Path, script: dict[str, Any]) -> None:
        self.tree = folder / "tree"
        self.tree.mkdir()
        self.script = folder / "script.json"
        self.script.write_text(json.dumps(script), encoding="utf-8")

    def run(self, task: str = "A1") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            agent_command(self.script),
            cwd=self.tree,
            input=f"Do this.\nTask: {task}\nGo.\n",
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def journal(self, task: str = "A1") -> list[str]:
        """Starts and ends of a task, without pids and times."""
        path = self.script.with_name("script.json.attempts") / task
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        return [f"{word} {attempt}" for word, attempt, *_ in lines]


def test_each_attempt_has_steps_of_its_own_and_the_last_ones_stay(tmp_path: Path) -> None:
    attempts = [[{"exit": 3}], [{"kill": 15}], [{"write": "done", "text": "try {attempt}"}]]
    desk = Desk(tmp_path, {"A1": attempts})
    statuses = [desk.run().returncode for _attempt in range(4)]
    assert statuses[0] == 3
    assert statuses[1] not in {0, 3}
    assert statuses[2:] == [0, 0]
    assert (desk.tree / "done").read_text(encoding="utf-8") == "try 4"
    assert desk.journal() == [
        *("start 1", "end 1", "start 2", "start 3", "end 3", "start 4", "end 4"),
    ]


def test_a_task_without_a_script_writes_a_file_of_its_own_and_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {})
    done = desk.run("AA2")
    assert done.stdout == "SUMMARY: Did AA2.\nTESTS: 1 passed.\n"
    assert (desk.tree / "work" / "AA2.txt").read_text(encoding="utf-8") == "AA2\n"


def test_steps_for_all_tasks_append_delete_run_and_wait(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit(6)"]
    steps = [
        {"append": "shared", "text": "{task} "},
        {"write": "gone"},
        {"delete": "gone"},
        {"until": "script.json"},
        {"run": command},
    ]
    desk = Desk(tmp_path, {"*": steps})
    assert [desk.run(task).returncode for task in ("A1", "B2")] == [6, 6]
    assert (desk.tree / "shared").read_text(encoding="utf-8") == "A1 B2 "
    assert [path.name for path in desk.tree.iterdir()] == ["shared"]


@pytest.mark.parametrize(
    ("arguments", "prompt", "said"),
    [
        (["--what"], "Task: A1\n", "Usage"),
        (["--script", "script.json"], "no task here", "no line that begins with 'Task: '"),
        (["--script", "script.json"], "Task: A1\n", "a step that nobody knows: ['dance']"),
    ],
)
def test_a_wrong_use_is_one_sentence(
    tmp_path: Path, arguments: list[str], prompt: str, said: str
) -> None:
    (tmp_path / "script.json").write_text('{"A1": [{"dance": 1}]}', encoding="utf-8")
    command = [sys.executable, "-m", "simulator.coding_agent", *arguments]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, input=prompt, capture_output=True, text=True,
        timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
