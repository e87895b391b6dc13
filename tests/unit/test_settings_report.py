from __future__ import annotations

from pathlib import Path

import pytest

from engine.commandline.config_commands import config_check, config_show
from engine.config import Settings
from engine.errors import SettingsError
from engine.settings_report import SettingLine, check, show
from engine.workloads import DEFAULTS


def lines(work_dir: Path, **environ: str) -> dict[str, SettingLine]:
    return {line.key: line for line in show(work_dir, environ=environ)}


def test_each_value_is_shown_with_where_it_came_from(tmp_path: Path) -> None:
    toml = tmp_path / "geelark.toml"
    toml.write_text('[run]\nworkers = 4\n[console.keys]\n"app.help" = "f9"\n', encoding="utf-8")
    found = lines(tmp_path, GEELARK_RETRY__MAX_PASSES="5")
    assert found["run.workers"] == ("run.workers", "4", str(toml))
    assert found["run.max_workers"] == ("run.max_workers", "10", "built-in")
    assert found["retry.max_passes"].value == "5"
    assert found["retry.max_passes"].source == "environment GEELARK_RETRY__MAX_PASSES"
    assert found["console.keys"] == ("console.keys", '{"app.help": "f9"}', str(toml))


def test_what_fits_a_trade_better_is_built_in_below_everything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitting = {"run.delay_between_jobs_seconds": 0, "run.workers": 2}
    monkeypatch.setitem(DEFAULTS, "ferry", fitting)
    assert lines(tmp_path)["run.workers"].source == "built-in", "another trade was chosen"
    toml = tmp_path / "geelark.toml"
    toml.write_text('[run]\nworkload = "ferry"\nworkers = 4\n', encoding="utf-8")
    found = lines(tmp_path)
    assert found["run.workers"] == ("run.workers", "4", str(toml))
    assert found["run.delay_between_jobs_seconds"][1:] == ("0.0", "built-in of ferry")
    assert Settings.load(tmp_path, environ={}).run.delay_between_jobs_seconds == 0
    toml.write_text('run = "ferry"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="run = 'ferry' is not allowed"):
        Settings.load(tmp_path, environ={})


def test_a_value_of_the_dotenv_file_names_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("GEELARK_RUN__WORKERS=6\nGEELARK_API_TOKEN=abc\n")
    for name in ("GEELARK_RUN__WORKERS", "GEELARK_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    found = {line.key: line for line in show(tmp_path)}
    assert found["run.workers"].source == f"{tmp_path / '.env'} GEELARK_RUN__WORKERS"
    assert found["GEELARK_API_TOKEN"] == ("GEELARK_API_TOKEN", "set", str(tmp_path / ".env"))


def test_a_secret_is_shown_as_set_or_not_and_never_itself(tmp_path: Path) -> None:
    found = lines(tmp_path, GEELARK_API_TOKEN="marked-token")
    assert found["GEELARK_API_TOKEN"][1:] == ("set", "environment")
    assert found["GEELARK_APP_ID"][1:] == ("not set", "")
    assert "marked-token" not in str(found)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[run]\nwokers = 3\n", ("geelark.toml", "run.wokers", "did you mean run.workers?")),
        ("[console]\nthme = 'dark'\n", ("console.thme", "did you mean console.theme?")),
        ("[console.filters]\nf6 = 'x'\n", ("console.filters.f6", "f2")),
        ("[run]\nworkers = 12\n", ("run.workers = 12", "run.max_workers = 10")),
        ("[console.keys]\n'a.b' = 'x'\n'c.d' = 'x'\n", ("a.b", "c.d", "'x'")),
        ("[console.filters]\nf3 = 'colour:red'\n", ("console.filters.f3", "colour")),
        ("[appium]\nbase_port = 8199\n", ("appium.base_port",)),
    ],
)
def test_a_check_names_the_file_the_key_and_the_nearest_known_one(
    tmp_path: Path, toml: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "geelark.toml").write_text(toml, encoding="utf-8")
    (problem,) = check(tmp_path, environ={})
    for word in words:
        assert word in problem


def test_a_check_tells_everything_that_is_wrong_at_once(tmp_path: Path) -> None:
    (tmp_path / "geelark.toml").write_text("[run]\nworkers = 0\n[posting]\nai = 'maybe'\n")
    problems = check(tmp_path, environ={"GEELARK_RUN_WORKERS": "3"})
    assert [sum(word in problem for problem in problems) for word in ("run.workers", "ai")] == [
        1,
        1,
    ]
    assert any("did you mean GEELARK_RUN__WORKERS?" in problem for problem in problems)


def test_a_saved_filter_may_be_of_jobs_or_of_phones(tmp_path: Path) -> None:
    (tmp_path / "geelark.toml").write_text(
        "[console.filters]\nf2 = 'status:failed'\nf3 = 'phone:acct state:started'\n"
    )
    assert check(tmp_path, environ={}) == []


def test_the_settings_of_a_new_work_directory_are_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, environ={}) == []
    assert config_check(tmp_path) == 0
    assert "in order" in capsys.readouterr().out


def test_a_check_that_finds_something_ends_with_the_status_of_wrong_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "geelark.toml").write_text("[run\n")
    assert config_check(tmp_path) == 2
    assert "cannot be read as TOML" in capsys.readouterr().err
    with pytest.raises(SettingsError):
        config_show(tmp_path, as_json=True)


def test_settings_are_printed_as_one_object_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert config_show(tmp_path, as_json=True) == 0
    out = capsys.readouterr().out.splitlines()
    assert '"key": "run.workers", "value": "3", "source": "built-in"' in "\n".join(out)
