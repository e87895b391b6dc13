"""What is so before the cockpit takes the screen."""

from __future__ import annotations

import subprocess
import sys


def test_the_way_to_the_cockpit_loads_no_textual() -> None:
    """It reads its repaints a second and its escape's delay when it is first imported."""
    code = (
        "import sys, console.command_line, console.cockpit_start\n"
        "print(*(name for name in sys.modules if name.partition('.')[0] == 'textual'))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not ended.stdout.strip()
