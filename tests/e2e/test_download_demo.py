"""Orders of the simulated site, by the real command and a real browser, held against the site."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import ExitCode
from tests.e2e.toy_farm import ROOT
from tests.real_browser import browser_programs

SECONDS = 0.2
"""Of a page, and of what is waited for it."""


@pytest.mark.timeout(180)
def test_a_list_is_downloaded_to_the_byte_each_order_ends_as_it_should_and_nothing_is_left(
    tmp_path: Path,
) -> None:
    """Slow, empty, denied, cut off, partial, rate limited, broken, gone, and unknown orders."""
    browser_programs()
    words = ["--orders", "10", "--seconds", str(SECONDS), "--keep", str(tmp_path / "demo")]
    ended = subprocess.run(
        [sys.executable, "-m", "simulator", "downloads", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    told = ended.stdout.splitlines()
    assert told[-1] == (
        "orders=10 completed=5 partial=1 no_attachments=1 not_found=2 failed=1 leftovers=0"
    ), ended.stdout + ended.stderr
    assert ended.returncode == ExitCode.DONE

    # Afterwards, without naming the list: that of the run which was the last one here.
    looked = subprocess.run(
        [sys.executable, "-m", "console", "download", "--status", "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path / "demo" / "work",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert looked.returncode == ExitCode.DONE
    assert "orders_progress.csv" in looked.stdout
    assert '"success": 6' in looked.stdout
    assert '"keys_capped": null' in looked.stdout
