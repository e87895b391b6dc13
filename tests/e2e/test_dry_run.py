"""The rehearsal of a run: everything it says, nothing it does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.toy_farm import ToyFarm
from tests.toy_workload import ToyWorkload


class PricedToy(ToyWorkload):
    """A lamp costs six cents a minute."""

    @property
    def price_per_minute(self) -> float:
        return 0.06


def priced(farm: ToyFarm) -> ToyFarm:
    toml = farm.work_dir / "geelark.toml"
    text = toml.read_text().replace(
        "tests.toy_workload:ToyWorkload", "tests.e2e.test_dry_run:PricedToy"
    )
    toml.write_text(text)
    return farm


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


def rehearse(farm: ToyFarm, *flags: str, status: int = 0) -> dict[str, Any]:
    before = everything(farm.work_dir)
    result = farm.run(*flags, "--run", "--dry-run", "--json")
    assert result.returncode == status, result.stderr
    assert everything(farm.work_dir) == before
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_a_dry_run_of_a_new_day_tells_its_jobs_and_changes_nothing(tmp_path: Path) -> None:
    farm = priced(ToyFarm(tmp_path, "j0 a", "j1 b", "j2 a"))
    plan = rehearse(farm, "--workers", "2", "--max-passes", "4")
    assert (plan["event"], plan["seeds"], plan["problems"]) == ("plan", True, [])
    assert [job["job_id"] for job in plan["jobs"]] == ["j0", "j1", "j2"]
    assert (plan["keys"], plan["workers"], plan["passes"]) == (["a", "b"], 2, 4)
    assert plan["slots"] == [{"bench": 0}, {"bench": 1}]
    assert plan["est_seconds"] is None, "no day has been run yet"
    assert plan["est_cost_ceiling"] > 0
    # Two rounds of two workers, one more because a's jobs wait for each other.
    attempt = plan["est_cost_ceiling"] / 0.06 * 60 / len(plan["jobs"])
    assert plan["est_seconds_ceiling"] >= 3 * attempt


def test_more_workers_than_the_settings_allow_are_told_with_all_else(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    plan = rehearse(farm, "--workers", "11", status=1)
    assert plan["problems"] == ["--workers must be 1 to 10 (run.max_workers), not 11."]
    refused = farm.run("--workers", "11", "--run")
    assert (refused.returncode, "1 to 10" in refused.stderr) == (1, True)


def test_a_dry_run_tells_what_is_left_and_what_it_will_cost(tmp_path: Path) -> None:
    jobs = [f"j{n} k{n} sleep:0.3 submit do" for n in range(6)]
    farm = priced(ToyFarm(tmp_path, *jobs, "j6 k6 raise:suspended", "j7 k7 raise:adb"))
    assert farm.run("--workers", "2", "--max-passes", "1", "--run").returncode == 1
    assert farm.run("--skip", "j6").returncode == 0
    plan = rehearse(farm, "--workers", "2")
    assert (plan["seeds"], plan["jobs"]) == (False, [{"job_id": "j7", "key": "k7", "again": True}])
    assert 0 < plan["est_seconds"] < 60
    assert plan["est_seconds"] < plan["est_seconds_ceiling"]
    assert 0 < plan["est_cost"] < plan["est_cost_ceiling"]


def test_what_is_in_the_way_of_a_run_is_told_at_once(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go")
    run = farm.start("--run")
    farm.wait_for(lambda: farm.events("worker_job"))
    result = farm.run("--run", "--dry-run", "--accounts", "b", "--json")
    assert result.returncode == 1
    problems = json.loads(result.stdout)["problems"]
    assert any("A run is live here" in problem for problem in problems)
    assert any("--accounts restricts seeding" in problem for problem in problems)
    assert farm.run("--stop-all").returncode == 0
    run.communicate(timeout=30)


def test_a_dry_run_in_words_ends_with_what_it_did_not_do(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    result = farm.run("--run", "--dry-run")
    assert "1 jobs would be seeded" in result.stdout
    assert "At the latest: " in result.stdout
    assert result.stdout.splitlines()[-1] == "Nothing was started and nothing was written."
    refused = farm.run("--status", "--dry-run")
    assert refused.returncode == 1
    assert "--dry-run rehearses --run" in refused.stderr
