"""An adb program that answers what a test wrote down: a real process, like the real client.

Each rule is matched against the arguments and the standard input; a rule with ``times`` is used up.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_PROGRAM = r"""
import json, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
arguments = sys.argv[2:]
stdin = sys.stdin.read()
with (folder / "calls.jsonl").open("a", encoding="utf-8") as file:
    file.write(json.dumps({"arguments": arguments, "stdin": stdin}) + "\n")
rules = json.loads((folder / "rules.json").read_text(encoding="utf-8"))
text = " ".join(arguments) + "\n" + stdin
for rule in rules:
    if rule["match"] in text and rule["times"] != 0:
        rule["times"] -= 1
        (folder / "rules.json").write_text(json.dumps(rules), encoding="utf-8")
        time.sleep(rule["sleep"])
        out = rule["out"]
        if rule["echo"]:
            out = text.split("echo ", 1)[1].split("\n")[0] + "\n"
        sys.stdout.write(out)
        sys.stderr.write(rule["err"])
        sys.exit(rule["code"])
sys.stderr.write("adb: no rule for " + text)
sys.exit(1)
"""


@dataclass
class AdbRule:
    """What adb says to calls whose arguments or input contain ``match``."""

    match: str
    out: str = ""
    err: str = ""
    code: int = 0
    times: int = -1
    """How often it holds; -1 = always."""
    sleep: float = 0.0
    echo: bool = False
    """Answer an ``echo`` command as a shell does."""


class ScriptedAdb:
    """The program, its rules and what it was asked."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        program = folder / "adb.py"
        program.write_text(_PROGRAM, encoding="utf-8")
        self.command = (sys.executable, str(program), str(folder))

    def rules(self, *rules: AdbRule) -> None:
        text = json.dumps([asdict(rule) for rule in rules])
        (self._folder / "rules.json").write_text(text, encoding="utf-8")

    def good_phone(self, serial: str, *first: AdbRule) -> None:
        """A phone that does everything, after what ``first`` says."""
        self.rules(
            *first,
            AdbRule("disconnect", out=f"disconnected {serial}\n"),
            AdbRule("connect", out=f"connected to {serial}\n"),
            AdbRule("devices", out=f"List of devices attached\n{serial}\tdevice\n\n"),
            AdbRule("glogin", out="login success\n"),
            AdbRule("shell echo", echo=True),
            AdbRule("push", out="clip.mp4: 1 file pushed, 0 skipped. 10.0 MB/s\n"),
            AdbRule("am broadcast", out="Broadcast completed: result=0\n"),
        )

    @property
    def calls(self) -> list[dict[str, Any]]:
        path = self._folder / "calls.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    @property
    def commands(self) -> list[str]:
        return [" ".join(call["arguments"]) for call in self.calls]
