from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import InputError, SettingsError
from engine.roadmap.surroundings import allowed_environment, resolved
from engine.settings_roadmap import AGENT_ENV, dry_run_asked, environment_overrides


def load(work_dir: Path, toml: str) -> Settings:
    (work_dir / "geelark.toml").write_text(toml, encoding="utf-8")
    return Settings.load(work_dir, environ={})


def test_defaults_are_the_four_gates_and_an_agent_without_dangerous_permissions() -> None:
    roadmap = Settings().roadmap
    assert [" ".join(gate.command) for gate in roadmap.gates] == [
        "npm run typecheck",
        "npm run lint",
        "npm test",
        "npm run build",
    ]
    assert (roadmap.task_timeout_seconds, roadmap.infrastructure_tries) == (3600, 2)
    assert roadmap.agent_command[:2] == ("claude", "--print")
    assert "bypassPermissions" not in roadmap.agent_command
    assert not any("dangerous" in word for word in roadmap.agent_command)


def test_b_d5_the_documented_environment_names_have_an_effect(tmp_path: Path) -> None:
    environ = {"MAX_PARALLEL_AGENTS": "6", "TASK_TIMEOUT": " 90 ", "HOME": "/"}
    settings = Settings.load(tmp_path, overrides=environment_overrides(environ), environ={})
    assert settings.run.workers == 6
    assert settings.roadmap.task_timeout_seconds == 90
    assert environment_overrides({"MAX_PARALLEL_AGENTS": ""}) == {}


@pytest.mark.parametrize("name", ["MAX_PARALLEL_AGENTS", "TASK_TIMEOUT"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "four", "٣", "1e3", "9" * 5000])
def test_a_wrong_environment_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(InputError, match=f"^{name} = .*whole number of at least 1") as caught:
        environment_overrides({name: value})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("value", "asked"),
    [("1", True), ("true", True), ("YES", True), ("0", False), ("", False), ("no", False)],
)
def test_dry_run_is_asked_for_by_its_name(value: str, asked: bool) -> None:
    assert dry_run_asked({"DRY_RUN": value}) is asked
    assert not dry_run_asked({})


def test_a_doubtful_dry_run_is_refused() -> None:
    with pytest.raises(InputError, match="DRY_RUN = 'maybe'"):
        dry_run_asked({"DRY_RUN": "maybe"})


@pytest.mark.parametrize(
    ("toml", "parts"),
    [
        ("task_timeout_seconds = 0\n", ("roadmap.task_timeout_seconds", "1")),
        ("infrastructure_tries = 0\n", ("roadmap.infrastructure_tries",)),
        ("push = 'force'\n", ("roadmap.push", "'yes', 'no' or 'ask'")),
        ("agent_command = []\n", ("roadmap.agent_command",)),
        ("agent_env = ['*']\n", ("roadmap.agent_env", "HOME or LC_*")),
        ("agent_env = ['GEELARK_API_TOKEN']\n", ("roadmap.agent_env", "our own secrets")),
        ("agent_env = ['geelark_*']\n", ("roadmap.agent_env", "our own secrets")),
        (
            "[[roadmap.gates]]\nname = '../x'\ncommand = ['true']\n",
            ("roadmap.gates.0.name",),
        ),
        (
            "[[roadmap.gates]]\nname = 'a'\ncommand = ['x']\n" * 2,
            ("roadmap.gates", "a name of its own"),
        ),
    ],
)
def test_a_wrong_value_names_its_key(tmp_path: Path, toml: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, f"[roadmap]\n{toml}")
    for part in parts:
        assert part in str(caught.value)


def test_a_star_lets_nothing_through_that_sounds_like_a_secret() -> None:
    environ = {
        "LC_ALL": "C",
        "XDG_CONFIG_HOME": "/x",
        "XDG_API_TOKEN": "marked",
        "GEELARK_APP_ID": "marked",
        "ANTHROPIC_API_KEY": "listed",
        "NPM_TOKEN": "marked",
    }
    assert allowed_environment(AGENT_ENV, environ) == {"LC_ALL": "C", "XDG_CONFIG_HOME": "/x"}
    assert allowed_environment(["ANTHROPIC_API_KEY"], environ) == {"ANTHROPIC_API_KEY": "listed"}
    assert allowed_environment(["GEELARK_APP_ID", "ANTHROPIC_*"], environ) == {}


def test_a_program_is_looked_for_on_the_childs_own_path(tmp_path: Path) -> None:
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    env = {"PATH": str(tmp_path)}
    assert resolved(["tool", "-x"], env) == [str(program), "-x"]
    assert resolved(["tool"], {"PATH": str(tmp_path / "none")}) is None
    assert resolved(["./tool"], {}) == ["./tool"]
