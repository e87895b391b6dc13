"""An Android SDK folder with nothing in it but the light adb, under the name of the real one."""

from __future__ import annotations

import sys
from pathlib import Path


def write_sdk(folder: Path, farm_url: str) -> Path:
    """``platform-tools/adb`` for this farm, also at hand for a person; returns the folder."""
    tools = folder / "platform-tools"
    tools.mkdir(parents=True, mode=0o700)
    command = f'"{sys.executable}" -m simulator.adb --farm {farm_url}'
    if sys.platform == "win32":
        (tools / "adb.bat").write_text(f"@{command} %*\r\n", encoding="utf-8")
    else:
        program = tools / "adb"
        program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        program.chmod(0o700)
    return folder
