"""What is known against the pinned packages, asked through pip-audit and npm.

Where they ask is their own configuration. A source that does not answer for every package has not
answered: silence is never taken for a clean bill.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.audit.pins import Pin

_SECONDS: Final = 120
"""Longest wait for either program."""
_ENVIRONMENT: Final = {"PIP_AUDIT_VULNERABILITY_SERVICE": "osv"}
"""One database for both worlds, unless the environment says otherwise."""


class NoAnswerError(Exception):
    """Nobody could be asked, or not about everything; why, in a few words."""


@dataclass(frozen=True, slots=True)
class Hole:
    """One advisory against one pinned package."""

    package: str
    ids: Sequence[str]
    """Its names, the usual one first."""
    about: str = ""

    def __str__(self) -> str:
        return f"{self.package}: {self.ids[0]} {self.about}".strip()


def python_holes(pins: Sequence[Pin], program: Path) -> list[Hole]:
    """Asked by pip-audit. Raises NoAnswerError."""
    if not program.exists():
        raise NoAnswerError("pip-audit is not installed")
    with tempfile.TemporaryDirectory() as folder:
        # Without markers: what is installed on another system only is asked about too.
        asked = Path(folder, "pins.txt")
        asked.write_text("".join(f"{pin.name}=={pin.version}\n" for pin in pins))
        options = ("--no-deps", "--disable-pip", "--format=json", "--progress-spinner=off")
        answer = _answer(
            [str(program), *options, "--timeout=15", "--requirement", str(asked)], Path(folder)
        )
    return list(_python_holes(answer))


def _python_holes(answer: Mapping[str, Any]) -> Iterator[Hole]:
    packages = answer.get("dependencies")
    if not packages:
        raise NoAnswerError("pip-audit reports no package")
    silent = [str(one.get("name")) for one in packages if "vulns" not in one]
    if silent:
        raise NoAnswerError(
            f"pip-audit could ask nothing about {len(silent)} of {len(packages)} packages, "
            f"{silent[0]} among them"
        )
    for one in packages:
        for found in one["vulns"]:
            repaired = ", ".join(found.get("fix_versions", ()))
            about = f"(repaired in {repaired})" if repaired else "(not repaired yet)"
            yield Hole(str(one["name"]), (found["id"], *found.get("aliases", ())), about)


def node_holes(folder: Path) -> list[Hole]:
    """Asked by ``npm audit`` about the lock in a folder. Raises NoAnswerError."""
    npm = shutil.which("npm")
    if npm is None:
        raise NoAnswerError("npm is not installed")
    with tempfile.TemporaryDirectory() as place:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(folder / name, Path(place, name))
        answer = _answer([npm, "audit", "--json", "--package-lock-only"], Path(place))
    return list(_node_holes(answer))


def _node_holes(answer: Mapping[str, Any]) -> Iterator[Hole]:
    if "vulnerabilities" not in answer:
        said = answer.get("message") or "nothing of use"
        raise NoAnswerError(f"npm audit says: {_without_addresses(str(said))}")
    seen = set()
    for found in answer["vulnerabilities"].values():
        for via in found["via"]:
            if isinstance(via, dict):
                known = str(via.get("url", "")).rpartition("/")[2] or str(via.get("source"))
                if (via["name"], known) not in seen:
                    seen.add((via["name"], known))
                    yield Hole(str(via["name"]), (known,), str(via.get("title", "")))


def _answer(command: Sequence[str], folder: Path) -> Mapping[str, Any]:
    """The JSON object that a program prints, whatever its status. Raises NoAnswerError."""
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=_ENVIRONMENT | dict(os.environ),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired as exc:
        raise NoAnswerError(f"{name} did not answer within {_SECONDS} s") from exc
    except (OSError, ValueError) as exc:
        raise NoAnswerError(f"{name} could not ask") from exc
    return answer if isinstance(answer, dict) else {}


def _without_addresses(text: str) -> str:
    """Which registry a host uses is nobody's business in a log."""
    return " ".join("..." if "://" in word else word for word in text.split())
