from __future__ import annotations

from pathlib import Path

import pytest

from engine.commandline.cli import main


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    lines: list[str] = captured.err.strip().splitlines()
    assert len(lines) == 1, "one sentence"
    return lines[0]


@pytest.mark.parametrize("command", ["--run", "--status", "--seed-only", "--stop-all"])
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--max-passes", "0"], ("--max-passes", "at least 1")),
        (["--retry-delay", "-1"], ("--retry-delay", "negative")),
        (["--infra-retry-limit", "0"], ("--infra-retry-limit", "at least 1")),
        (["--workers", "0"], ("--workers", "at least 1")),
        (["--retry-include-non-retryable"], ("--retry-all-failed",)),
        (["--ai-only", "--no-ai-fallback"], ("--ai-only", "--no-ai-fallback")),
        (["--campaign", "x", "--accounts", "a"], ("--campaign", "--accounts")),
        (["--campaign", "x", "--state-file", "s.json"], ("--campaign", "--state-file")),
        (["--accounts", " , "], ("--accounts",)),
    ],
)
def test_a_wrong_flag_is_refused_in_one_sentence_and_nothing_is_touched(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    flags: list[str],
    words: tuple[str, ...],
) -> None:
    assert main(["-C", str(tmp_path), command, *flags]) == 1
    sentence = complaint(capsys)
    for word in words:
        assert word in sentence
    assert list(tmp_path.iterdir()) == []


def test_too_many_workers_are_refused_with_the_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(tmp_path), "--run", "--workers", "11"]) == 1
    assert "1 to 10" in complaint(capsys)


@pytest.mark.parametrize(
    ("first", "second"),
    [("--status", "--run"), ("--reset-day", "--run"), ("--stop-all", "--status")],
)
def test_two_commands_that_exclude_each_other_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], first: str, second: str
) -> None:
    assert main(["-C", str(tmp_path), first, second]) == 1
    sentence = complaint(capsys)
    assert first in sentence
    assert second in sentence


@pytest.mark.parametrize("command", ["--run", "--status"])
def test_the_model_alone_needs_its_key_and_says_so_in_one_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    assert main(["-C", str(tmp_path), "--ai-only", command]) == 1
    sentence = complaint(capsys)
    assert "--ai-only" in sentence
    assert "ANTHROPIC_API_KEY" in sentence
    assert list(tmp_path.iterdir()) == []


def test_a_setting_that_needs_the_key_is_refused_with_it_only_for_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setenv("GEELARK_POSTING__AI", "only")
    assert main(["-C", str(tmp_path), "--run"]) == 2
    assert "posting.ai" in complaint(capsys)


def test_no_command_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "Retry Configuration" in capsys.readouterr().out


def test_help_groups_the_retry_flags_and_shows_examples(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    group = text.split("Retry Configuration:")[1].split("\n\n")[0]
    for flag in ("--max-passes", "--retry-delay", "--infra-retry-limit", "--no-retry-unknown"):
        assert flag in group
    for example in (
        "--workers 3 --run",
        "--workers 3 --max-passes 5 --retry-delay 60 --run",
        "--workers 3 --no-retry-unknown --run",
        "--status",
        "--stop-all",
        "--seed-only",
    ):
        assert example in text.split("examples:")[1]


def test_an_unknown_flag_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--wrokers", "3"])
    assert end.value.code == 2


def test_a_missing_work_directory_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(tmp_path / "nowhere"), "--status"]) == 1
    assert str(tmp_path / "nowhere") in complaint(capsys)


def test_a_wrong_setting_is_named_with_its_file_value_and_what_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "geelark.toml").write_text("[posting]\nmax_posts_per_account_per_day = 9\n")
    assert main(["-C", str(tmp_path), "--status"]) == 2
    sentence = complaint(capsys)
    for part in ("geelark.toml", "posting.max_posts_per_account_per_day", "9", "4"):
        assert part in sentence
