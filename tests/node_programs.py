"""Programs named node and npm that answer what a test wrote down, and packages as npm lays them.

They are real processes on a PATH of their own, so that nothing is fetched and no Node is needed.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

import pytest

POSIX_ONLY = pytest.mark.skipif(
    sys.platform == "win32", reason="the scripted programs are POSIX scripts"
)

_NPM = """\
import json, sys, time
from pathlib import Path
with open({calls!r}, "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
print({said!r})
time.sleep({sleep})
if {code}:
    sys.exit({code})
wanted = json.loads(Path("package.json").read_text())["dependencies"]
for name, version in wanted.items():
    folder = Path("node_modules") / name
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({{"name": name, "version": version}}))
    (folder / "index.js").write_text("")
"""


class NodePrograms:
    """A folder for PATH with nothing in it but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._calls = folder / "npm_calls"

    @property
    def path(self) -> str:
        return str(self.folder)

    @property
    def npm_calls(self) -> list[str]:
        """The arguments of each call of npm."""
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    def node(self, version: str) -> None:
        """A Node of this version; whatever else it is asked to run succeeds."""
        self._program("node", f"print({version!r})")

    def npm(self, *, said: str = "", code: int = 0, sleep: float = 0) -> None:
        """An npm that makes empty packages, or fails with ``code`` after it said something."""
        calls = str(self._calls)
        self._program("npm", _NPM.format(calls=calls, said=said, code=code, sleep=sleep))

    def _program(self, name: str, python: str) -> None:
        script = self.folder / f"{name}.py"
        script.write_text(python, encoding="utf-8")
        program = self.folder / name
        program.write_text(
            f'#!/bin/sh\nexec {shlex.join([sys.executable, "-S", str(script)])} "$@"\n',
            encoding="utf-8",
        )
        program.chmod(0o700)


def lay_package(folder: Path, name: str, **content: object) -> Path:
    """A package as npm would have put it under ``folder``; its script."""
    place = folder / "node_modules" / name
    place.mkdir(parents=True)
    (place / "package.json").write_text(json.dumps({"name": name, **content}), encoding="utf-8")
    script = place / "index.js"
    script.write_text("", encoding="utf-8")
    return script


def lay_sdk(folder: Path) -> Path:
    """An SDK folder with an adb that does nothing; the adb."""
    tools = folder / "platform-tools"
    tools.mkdir(parents=True)
    adb = tools / ("adb.exe" if os.name == "nt" else "adb")
    adb.write_text("#!/bin/sh\n", encoding="utf-8")
    adb.chmod(0o700)
    return adb
