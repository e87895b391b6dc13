"""``doctor --install``: the pinned Appium and its driver, put into a folder of the project by npm.

Never globally. What is installed is exactly what the committed lockfile names, by its hashes; no
script of a package is run. Where npm fetches packages from is the business of its own settings.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import portalocker
import psutil

from engine.doctor.appium import said
from engine.environment import all_but_secrets
from engine.errors import InputError
from engine.phones.appium_install import PINNED, STAMP_NAME, install_folder, installed_script
from engine.phones.appium_versions import pinned_node_range, pinned_versions, satisfies
from engine.phones.registry import private_lock
from engine.private_files import make_private_dir, open_append, write_atomically
from engine.processes import end_tree, start

if TYPE_CHECKING:
    from engine.config import Settings

LIMIT_SECONDS: Final = 900.0
"""Longest installation; it takes 15 s on a good line, and 150 MB."""
LOG_NAME: Final = "install.log"
_FIRST_START_SECONDS: Final = 120.0
"""Longest first start of Appium, in which it writes down what drivers it has."""
_FILES: Final = ("package.json", "package-lock.json")
_ARGUMENTS: Final = (
    "ci",
    "--ignore-scripts",
    "--omit=dev",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--fetch-timeout=30000",
)
_REASONS: Final[Mapping[str, str]] = {
    r"ENOSPC|EDQUOT": "the disk is full: make room",
    r"EINTEGRITY": "a package is not the one that was pinned: check the npm registry in use",
    r"EACCES|EPERM|EROFS": "the folder cannot be written: make it writable for this user",
    r"ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT"
    r"|E40[0-9]|E5\d\d|CERT_\w+|\w+_CERT\w*": (
        "npm's registry does not give the packages: check the network and `npm config get registry`"
    ),
}
"""npm's error codes, and what to say about them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """What there is after ``install``."""

    folder: Path
    fresh: bool
    """Installed just now; else it was there already."""


def is_installed(settings: Settings, work_dir: Path) -> bool:
    """Whether the pinned versions are in their folder, from this very lockfile."""
    folder = install_folder(settings, work_dir)
    return installed_script(folder) is not None and _stamp(folder) == _identity()


def install(
    settings: Settings,
    work_dir: Path,
    *,
    tell: Callable[[str], object] = lambda _text: None,
    limit: float = LIMIT_SECONDS,
) -> Installation:
    """Put the pinned versions into their folder within ``limit`` seconds; at once if there.

    ``tell`` gets a line for the operator before something that takes long. Raises InputError in
    one sentence (no Node, no npm, no network, no room), OSError where the folder cannot be made.
    """
    folder = install_folder(settings, work_dir)
    if is_installed(settings, work_dir):
        return Installation(folder=folder, fresh=False)
    node, npm = _node(), _npm()
    _refuse_strange(folder)
    make_private_dir(folder)
    tell(f"Installing {described()}; this takes half a minute, log {folder / LOG_NAME}")
    try:
        with private_lock(folder / ".lock", limit):
            if not is_installed(settings, work_dir):
                _install(folder, node, npm, limit)
    except portalocker.LockException:
        raise InputError(
            f"Somebody else has been installing into {folder} for {limit / 60:.0f} "
            "minutes: wait for it, or end it, and try again."
        ) from None
    return Installation(folder=folder, fresh=True)


def described() -> str:
    """The pinned packages with their versions."""
    return ", ".join(f"{name} {version}" for name, version in pinned_versions().items())


def _install(folder: Path, node: str, npm: str, limit: float) -> None:
    (folder / STAMP_NAME).unlink(missing_ok=True)
    (folder / LOG_NAME).unlink(missing_ok=True)
    for name in _FILES:
        write_atomically(folder / name, (PINNED / name).read_text(encoding="utf-8"))
    _run(folder, (npm, *_ARGUMENTS), "npm", limit)
    # Written by Appium now, so that five workers that start at once have nothing to write.
    script = str(folder / "node_modules" / "appium" / "index.js")
    listing = (node, script, "driver", "list", "--installed", "--json")
    _run(folder, listing, "The installed Appium", min(_FIRST_START_SECONDS, limit))
    write_atomically(folder / STAMP_NAME, _identity())


def _run(folder: Path, command: Sequence[str], name: str, limit: float) -> None:
    """Run one step in the folder, its output into the log. Raises InputError."""
    log = folder / LOG_NAME
    with open_append(log) as output:
        process = start(
            command,
            env=all_but_secrets(APPIUM_HOME=str(folder)),
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        code = process.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        raise InputError(
            f"{name} did not finish within {limit / 60:.0f} minutes: check the network and {log}, "
            "and try again."
        ) from None
    finally:
        if process.poll() is None:
            end_tree(psutil.Process(process.pid), timeout=5)
            process.wait()
    if code != 0:
        raise InputError(f"{name} failed, {_reason(log)}; {log} has the whole of it.")


def _reason(log: Path) -> str:
    """What npm's codes in the log mean, with the remedy."""
    text = log.read_text(encoding="utf-8", errors="replace")
    for pattern, words in _REASONS.items():
        if re.search(rf"\b({pattern})\b", text):
            return words
    return "for a reason of its own: read its log and try again"


def _node() -> str:
    """The Node program. Raises InputError where it is missing or too old."""
    wanted = pinned_node_range()
    path = shutil.which("node")
    if path is None:
        raise InputError(f"Node was not found, and Appium needs it: install Node {wanted}.")
    version = said((path, "--version"))
    if not version or not satisfies(version, wanted):
        raise InputError(f"Node is {version or 'broken'} ({path}): install Node {wanted}.")
    return path


def _npm() -> str:
    path = shutil.which("npm")
    if path is None:
        raise InputError("npm was not found, and it fetches Appium: install it beside Node.")
    return path


def _refuse_strange(folder: Path) -> None:
    """Raises InputError where the folder is another project's: npm would empty it."""
    theirs = folder / "package.json"
    if not theirs.exists():
        return
    try:
        name = json.loads(theirs.read_text(encoding="utf-8"))["name"]
    except (OSError, ValueError, KeyError, TypeError):
        name = None
    if name != json.loads((PINNED / "package.json").read_text(encoding="utf-8"))["name"]:
        raise InputError(f"{folder} is the folder of another project: set paths.appium to one "
                         "that does not exist yet.")  # fmt: skip


def _stamp(folder: Path) -> str:
    try:
        return (folder / STAMP_NAME).read_text(encoding="utf-8")
    except OSError:
        return ""


def _identity() -> str:
    """Tells the pinned versions from any others."""
    content = b"".join((PINNED / name).read_bytes() for name in _FILES)
    return hashlib.sha256(content).hexdigest()
