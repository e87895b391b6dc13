"""Another campaign of the same work directory, without leaving the terminal."""

from __future__ import annotations

import re
from pathlib import Path

from engine.config import SETTINGS_FILE
from simulator.terminal import Terminal
from tests.console.scene import CAMPAIGN, live_day
from tests.e2e.cockpit_seat import POSIX_ONLY, assert_in_order, cockpit, text

pytestmark = POSIX_ONLY
JOBS = re.compile(r"(?i)jobs [1-9]")
"""The ledger that is shown has some."""


def test_a_campaign_is_opened_in_place_and_one_that_is_not_there_is_refused_in_place(
    tmp_path: Path,
) -> None:
    with live_day(tmp_path):
        spring = tmp_path / "campaigns" / "spring"
        (spring / "videos").mkdir(parents=True)
        (spring / "accounts.txt").write_text("a1\n", encoding="utf-8")
        with cockpit(tmp_path, "--campaign", CAMPAIGN, size=(160, 48)) as terminal:
            terminal.wait_for(f"campaign {CAMPAIGN}")
            command(terminal, "campaign sprnig")
            terminal.wait_for(re.compile(r"no campaign 'sprnig': available in .* spring"))
            command(terminal, "campaign spring")
            terminal.wait_for("Jobs 0")
            terminal.wait_for(f"another ledger (campaign {CAMPAIGN})")
            assert terminal.alive
            terminal.send("q")
            terminal.wait_for("esc = n")
            terminal.send("y")
            assert terminal.wait_exit() == 0
            assert_in_order(terminal)


def test_without_a_name_the_campaign_of_the_run_is_shown_while_it_lives_and_afterwards(
    tmp_path: Path,
) -> None:
    with live_day(tmp_path):
        file = tmp_path / SETTINGS_FILE
        named = f'campaign = "{CAMPAIGN}"\n'
        assert named in file.read_text(encoding="utf-8")
        file.write_text(file.read_text(encoding="utf-8").replace(named, ""), encoding="utf-8")
        with cockpit(tmp_path, size=(160, 48)) as terminal:
            terminal.wait_for(JOBS)
            assert f"another ledger (campaign {CAMPAIGN})" not in text(terminal)
    with cockpit(tmp_path, "--observe", size=(160, 48)) as terminal:
        terminal.wait_for(JOBS)


def command(terminal: Terminal, words: str) -> None:
    """Type it into the palette and take what it offers."""
    terminal.send(":")
    terminal.wait_for("Search for commands")
    terminal.send(words)
    terminal.wait_for("Show another campaign")
    terminal.send("enter")
    terminal.wait_gone("Show another campaign")
