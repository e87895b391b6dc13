"""``geelark-console explain FILE.xml``: what a dump is taken for, and why, in print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.command_line import main
from engine.posting.explanation import STATES
from tests.labelled_screens import OWN_SCREENS


def explained(capsys: pytest.CaptureFixture[str], name: str, *options: str) -> str:
    assert main(["explain", str(OWN_SCREENS / f"{name}.xml"), *options]) == 0
    return capsys.readouterr().out


def test_the_verdict_comes_with_its_rule_and_the_elements_found(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = explained(capsys, "suspended_with_reason")
    assert told.startswith("suspended_with_reason.xml: suspended\n")
    assert "account    suspended" in told
    assert "rule       suspended_notice (confidence 0.95)" in told
    assert "“Your Instagram account has been suspended”" in told
    assert "fresh: end: The app says that the account is suspended" in told


def test_what_lies_on_top_and_what_is_below_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    told = explained(capsys, "reuse_notice")
    assert "dialog_dismissible" in told.splitlines()[0]
    assert "which lie on top" in told
    assert "below      share_form" in told


def test_rules_that_came_near_say_what_they_lack_or_what_stands_against_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = explained(capsys, "reel_alone")
    assert "reels_tab → reels_feed" in told
    assert "lacks id feed_tab" in told
    draft = explained(capsys, "draft_kept")
    assert "holds too, but stands further down the table" in draft


def test_a_screen_without_a_rule_is_told_as_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    told = explained(capsys, "nobody_knows")
    assert "rule       none holds: unknown" in told


def test_uploads_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "uploads    failed (row): Couldn’t upload" in explained(capsys, "row_failed")


@pytest.mark.parametrize(
    ("name", "state", "step"),
    [
        ("draft_kept", "fresh", "leave a draft that is not ours"),
        ("draft_kept", "captioned", "keep our draft"),
        ("reach_audio_muted", "fresh", "back: a warning about something that is not ours"),
        ("reach_audio_muted", "notice", "share: tap id=igds_alert_dialog_primary_button"),
        ("rules_may_be_broken", "notice", "end: The app warns that the reel may break its rules"),
        ("row_posted", "shared", "published. The app says"),
        ("row_failed", "shared", "end in doubt"),
        ("permission_contacts", "fresh", "tap id=permission_deny_button"),
    ],
)
def test_the_next_step_depends_on_how_far_the_job_is(
    capsys: pytest.CaptureFixture[str], name: str, state: str, step: str
) -> None:
    assert f"{state}: {step}" in explained(capsys, name, "--state", state).replace(
        "tap id=action_sheet_row_text_view: ", ""
    )


def test_json_holds_the_same_with_every_state(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(explained(capsys, "row_posted", "--json"))
    assert (told["kind"], told["rule"]) == ("post_success", "upload_posted")
    assert set(told["steps"]) == set(STATES)
    assert told["near"][0].keys() == {"rule", "kind", "lacks", "against"}


def test_what_a_screen_says_cannot_steer_the_terminal_or_fake_a_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "hostile\n.xml"
    page.write_text(
        '<hierarchy><node text="Try again later\n  account    ok\u009b2J" bounds="[0,0][9,9]"/>'
        "</hierarchy>",
        encoding="utf-8",
    )
    assert main(["explain", str(page)]) == 0
    told = capsys.readouterr().out
    assert "\u009b" not in told
    assert not any(line.startswith("  account    ok") for line in told.splitlines())
    assert main(["explain", str(page), "--json"]) == 0
    assert "\x9b2J" in json.loads(capsys.readouterr().out)["evidence"][0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not a page source"),
        (b"not xml", "is not a page source"),
        (b"<hierarchy/>", "holds no element"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_page_source_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "page.xml"
    file.write_bytes(content)
    assert main(["explain", str(file)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert sentence in told.err
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize("name", ["", "missing.xml", "two\nlines.xml"])
def test_a_folder_or_a_missing_file_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    assert main(["explain", str(tmp_path / name)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
