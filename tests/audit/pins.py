"""Every package pinned to one version and one content, in the files that installations use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement

_HASH: Final = re.compile(r"--hash=sha256:[0-9a-f]{64}(?=\s|$)")
_EXACT: Final = re.compile(r"\d+\.\d+\.\d+[0-9A-Za-z.+-]*")
_INTEGRITY: Final = re.compile(r"sha512-[A-Za-z0-9+/]{86}==")
_FOLDER: Final = "node_modules/"


class PinError(Exception):
    """A package that is not pinned; a sentence that names it."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One version of one package."""

    name: str
    version: str


def python_pins(lock: Path) -> list[Pin]:
    """The packages of a lock file for pip. Raises PinError."""
    return [_python_pin(entry, lock) for entry in _entries(lock.read_text(encoding="utf-8"))]


def _entries(text: str) -> Iterator[str]:
    joined = text.replace("\\\n", " ")
    lines = (line.strip() for line in joined.splitlines())
    return (line for line in lines if line and not line.startswith("#"))


def _python_pin(entry: str, lock: Path) -> Pin:
    words = entry.split("--hash", 1)[0].strip()
    try:
        found = Requirement(words)
    except InvalidRequirement as exc:
        raise PinError(f"{lock.name}: {words[:80]!r} is no pinned package.") from exc
    exact = [one.version for one in found.specifier if one.operator == "=="]
    if found.url or len(found.specifier) != 1 or not exact or "*" in exact[0]:
        raise PinError(f"{lock.name}: {found.name} is not pinned to one version.")
    if not _HASH.search(entry):
        raise PinError(f"{lock.name}: {found.name} has no hash.")
    return Pin(found.name, exact[0])


def node_pins(folder: Path) -> list[Pin]:
    """The packages of a ``package-lock.json``; what a package brings along inside itself is held
    by the integrity of that package. Raises PinError."""
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    for name, version in wanted.get("dependencies", {}).items():
        if not _EXACT.fullmatch(version):
            raise PinError(f"package.json: {name} is not pinned to one version.")
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    packages: Mapping[str, Mapping[str, Any]] = lock["packages"]
    return [_node_pin(place, packages) for place in packages if place]


def _node_pin(place: str, packages: Mapping[str, Mapping[str, Any]]) -> Pin:
    name = place.rpartition(_FOLDER)[2]
    carrier = place
    while packages.get(carrier, {}).get("inBundle"):
        carrier = carrier.rpartition(f"/{_FOLDER}")[0]
    if not _INTEGRITY.fullmatch(str(packages.get(carrier, {}).get("integrity", ""))):
        raise PinError(f"package-lock.json: {name} ({place}) has no integrity.")
    return Pin(name, str(packages[place]["version"]))
