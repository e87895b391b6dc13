"""``doctor --install``: pinned packages into a folder of the project, and one sentence if not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.config import Settings
from engine.doctor.install import LOG_NAME, Installation, install
from engine.errors import InputError
from engine.phones.appium_install import Origin, appium_program
from tests.family import running_below, works_in
from tests.node_programs import POSIX_ONLY, NodePrograms

pytestmark = POSIX_ONLY
NODE = "v22.14.0"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NodePrograms:
    """A Node and an npm that work; nothing else is on the PATH."""
    made = NodePrograms(tmp_path / "bin")
    made.node(NODE)
    made.npm()
    monkeypatch.setenv("PATH", made.path)
    monkeypatch.setenv("GEELARK_API_TOKEN", "token-of-ours")
    return made


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate({"paths": {"appium": "tools"}})


def test_it_is_installed_from_the_lockfile_once_and_used_from_then_on(
    programs: NodePrograms, settings: Settings, tmp_path: Path
) -> None:
    said: list[str] = []
    folder = tmp_path / "tools"
    assert install(settings, tmp_path, tell=said.append) == Installation(folder=folder, fresh=True)
    assert install(settings, tmp_path, tell=said.append) == Installation(folder=folder, fresh=False)
    assert len(programs.npm_calls) == 1
    assert programs.npm_calls[0].startswith("ci --ignore-scripts ")
    assert "-g" not in programs.npm_calls[0].split()
    assert len(said) == 1
    assert "appium 3.8.0, appium-uiautomator2-driver 8.7.0" in said[0]
    program = appium_program(settings, tmp_path)
    assert program.origin is Origin.INSTALLED
    program.check()
    assert folder.stat().st_mode & 0o077 == 0


def test_other_pinned_versions_are_installed_over_the_old_ones(
    programs: NodePrograms, settings: Settings, tmp_path: Path
) -> None:
    install(settings, tmp_path)
    (tmp_path / "tools" / ".installed").write_text("of an older lockfile")
    made = tmp_path / "tools" / "node_modules"
    made.rename(tmp_path / "old")  # npm empties it; the scripted one does not
    assert install(settings, tmp_path).fresh
    assert len(programs.npm_calls) == 2


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("npm error code ENOTFOUND", "does not give the packages: check the network"),
        ("npm error code E404", "does not give the packages: check the network"),
        ("npm error code EINTEGRITY", "not the one that was pinned"),
        ("npm error code ENOSPC", "make room"),
        ("npm error code EACCES", "writable"),
        ("npm error something else", "read its log"),
    ],
)
def test_a_failure_of_npm_is_one_sentence_and_leaves_nothing_that_looks_installed(
    programs: NodePrograms, settings: Settings, tmp_path: Path, said: str, words: str
) -> None:
    programs.npm(said=said, code=1)
    with pytest.raises(InputError, match=words) as caught:
        install(settings, tmp_path)
    log = tmp_path / "tools" / LOG_NAME
    assert str(log) in str(caught.value)
    assert said in log.read_text()
    assert appium_program(settings, tmp_path).origin is Origin.PATH
    programs.npm()
    assert install(settings, tmp_path).fresh


def test_an_npm_that_hangs_is_ended_with_all_that_it_started(
    programs: NodePrograms, settings: Settings, tmp_path: Path
) -> None:
    programs.npm(sleep=600)
    with pytest.raises(InputError, match="npm did not finish within"):
        install(settings, tmp_path, limit=0.3)
    assert not [child for child in running_below() if works_in(child) == str(tmp_path / "tools")]


def test_an_old_node_a_missing_node_and_a_missing_npm_are_told_apart(
    programs: NodePrograms, settings: Settings, tmp_path: Path
) -> None:
    (programs.folder / "npm").unlink()
    with pytest.raises(InputError, match="npm was not found"):
        install(settings, tmp_path)
    programs.node("v18.20.4")
    with pytest.raises(InputError, match=r"Node is v18\.20\.4 .*: install Node \^20\.19\.0"):
        install(settings, tmp_path)
    (programs.folder / "node").unlink()
    with pytest.raises(InputError, match="Node was not found"):
        install(settings, tmp_path)
    assert not (tmp_path / "tools").exists()


def test_the_folder_of_another_project_is_left_alone(
    programs: NodePrograms, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({"name": "website"}))
    with pytest.raises(InputError, match=r"another project: set paths\.appium"):
        install(settings, tmp_path)
    assert programs.npm_calls == []
