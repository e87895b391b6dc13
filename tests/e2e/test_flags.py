"""Every flag reaches the workers that it concerns (behaviour A1.11): seen from inside a worker."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engine.commandline.cli import parser
from engine.config import Settings
from tests.e2e.toy_farm import ROOT, ToyFarm


def told(farm: ToyFarm) -> dict[str, Any]:
    """The settings with which a worker performed its job."""
    found: dict[str, Any] = json.loads((farm.work_dir / "told.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("flags", "key", "value"),
    [
        (("--workers", "2"), "run.workers", 2),
        (("--max-passes", "7"), "retry.max_passes", 7),
        (("--retry-delay", "4"), "retry.delay_seconds", 4),
        (("--infra-retry-limit", "5"), "retry.infrastructure_limit", 5),
        (("--no-retry-unknown",), "retry.retry_unknown", False),
        (("--no-ai-fallback",), "posting.ai", "never"),
        (("--device", "grapheneos"), "phones.device", "grapheneos"),
        (("--accounts", "a,b"), "accounts", ["a", "b"]),
        (("--campaign", "spring"), "campaign", "spring"),
        (("--state-file", "other.json"), "paths.state_file", "other.json"),
    ],
)
def test_a_worker_has_the_value_of_the_flag(
    tmp_path: Path, flags: tuple[str, ...], key: str, value: object
) -> None:
    assert _at(Settings().model_dump(mode="json"), key) != value, "the default would prove nothing"
    farm = ToyFarm(tmp_path, "j0 a tell submit do")
    result = farm.run(*flags, "--run")
    assert result.returncode == 0, result.stderr
    assert _at(told(farm), key) == value


def test_a_worker_of_a_run_with_the_model_alone_knows_it(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a tell submit do")
    (tmp_path / ".env").write_text("ANTHROPIC_API_KEY=sk-ant-of-this-test\n", encoding="utf-8")
    assert farm.run("--ai-only", "--run").returncode == 0
    assert _at(told(farm), "posting.ai") == "only"


def _at(tree: Any, dotted: str) -> object:
    for key in dotted.split("."):
        tree = tree[key]
    return tree


def test_flags_reach_workers_of_a_run_directory_with_another_name(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a tell submit do", settings='\n[paths]\nrun = "elsewhere"\n')
    assert farm.run("--infra-retry-limit", "5", "--run").returncode == 0
    assert _at(told(farm), "retry.infrastructure_limit") == 5


def test_as_many_workers_work_at_a_time_as_were_asked_for(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, *(f"j{n} k{n} until:go" for n in range(4)))
    run = farm.start("--workers", "4", "--run")
    farm.wait_for(lambda: len(farm.events("worker_job")) == 4)
    assert {event["worker"] for event in farm.events("worker_job")} == {0, 1, 2, 3}
    (tmp_path / "go").touch()
    run.communicate(timeout=30)


def _claims(farm: ToyFarm, job: str) -> int:
    return sum(row["job_id"] == job and row["status"] == "claimed" for row in farm.rows())


def test_max_passes_and_the_infrastructure_limit_bound_the_attempts(tmp_path: Path) -> None:
    for limits, attempts, result in (
        (("--max-passes", "2"), 2, "max_passes_reached"),
        (("--max-passes", "5", "--infra-retry-limit", "4"), 4, "only_non_retryable"),
        (("--infra-retry-limit", "1"), 1, "only_non_retryable"),
    ):
        work_dir = tmp_path / "-".join(limits)
        work_dir.mkdir()
        farm = ToyFarm(work_dir, "j0 a raise:adb")
        run = farm.run(*limits, "--retry-delay", "0", "--run")
        assert f"Result: {result}" in run.stdout
        assert _claims(farm, "j0") == attempts


def test_unknown_errors_are_tried_once_more_unless_switched_off(tmp_path: Path) -> None:
    for flags, attempts in (((), 2), (("--no-retry-unknown",), 1)):
        work_dir = tmp_path / str(attempts)
        work_dir.mkdir()
        farm = ToyFarm(work_dir, "j0 a raise:strange")
        farm.run(*flags, "--retry-delay", "0", "--run")
        assert farm.jobs()["j0"].error_category == "unknown"
        assert _claims(farm, "j0") == attempts


def test_the_retry_delay_passes_between_two_passes(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a times:1:raise:adb submit do")
    run = farm.run("--retry-delay", "2", "--run")
    assert "Waiting 2s before next room" in run.stdout
    first, second = (datetime.fromisoformat(job["ts"]) for job in farm.events("worker_job"))
    # Each is stamped when the supervisor hears of it, a moment after it happened.
    assert (second - first).total_seconds() >= 1.9


def test_help_shows_the_defaults_that_hold() -> None:
    text = parser().format_help()
    settings = Settings()
    for flag, default in (
        ("--workers", settings.run.workers),
        ("--max-passes", settings.retry.max_passes),
        ("--retry-delay", int(settings.retry.delay_seconds)),
        ("--infra-retry-limit", settings.retry.infrastructure_limit),
        ("--state-file", settings.paths.state_file),
        ("--device", settings.phones.device),
    ):
        described = re.search(rf"^ +{flag}\b(.*?)(?=^ +--|^\w|\Z)", text, re.MULTILINE | re.DOTALL)
        assert described is not None, flag
        assert f"({default})" in described[1], flag


def test_each_program_calls_itself_by_its_own_name() -> None:
    for module, name in (("console", "geelark-console"), ("engine.orchestrator", "orchestrator")):
        shown = subprocess.run(
            [sys.executable, "-m", module, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        assert name in shown.stdout.splitlines()[0]
