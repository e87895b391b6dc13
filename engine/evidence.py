"""What an attempt leaves for a person: page source, screenshot, steps, error (behaviour A14).

One folder a job and attempt, private to the user. Its names come from job ids, which anybody may
have written, so they are made safe here and nowhere else. Evidence is a record, never a reason to
fail: what cannot be written is logged and the job goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from engine.logger import get_logger
from engine.logs import redact
from engine.private_files import make_private_dir

STEPS: Final = "steps.jsonl"
ERROR: Final = "error.json"
TERMINAL: Final = "end"
"""Name of the one event that closes a flow record (A14.5)."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
_DIGESTED = re.compile(r"-[0-9a-f]{8}$", re.IGNORECASE)
_NAME_MAX = 80
_CASELESS: Final = sys.platform in ("win32", "darwin")
"""Whether names of files that differ in case only are one name here, as they usually are."""
_END_BYTES: Final = 64 * 1024
"""Read of the end of a record to find its last line; a terminal event of ours is far shorter."""

_log = get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


def safe_name(text: str, *, caseless: bool = _CASELESS) -> str:
    """One path component for any text: never empty, a device name, hidden, or a way out.

    Two different texts never share a name, also where the file system takes ``A`` for ``a``
    (``caseless``): what had to be changed, or could be mistaken, carries a digest of the original.
    """
    name = _UNSAFE.sub("_", text)[:_NAME_MAX].strip("._")
    usable = bool(name) and not _RESERVED.match(name)
    mistakable = _DIGESTED.search(name) or (caseless and name != name.lower())
    if usable and name == text and not mistakable:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name}-{digest}" if usable else f"job-{name}-{digest}"


class EvidenceBundle:
    """The record of one attempt at one job; the folder appears with the first thing written."""

    def __init__(
        self, root: Path, job_id: str, attempt: int, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        """Settle records that a killed worker left of the same job, then take a fresh folder.

        The caller holds the job's claim, so nobody else writes evidence of this job.
        """
        self._now = now
        self._finished = False
        self.job_id = job_id
        self.attempt = attempt
        job_folder = root / safe_name(job_id)
        self.folder = job_folder / str(attempt)
        try:
            if job_folder.is_dir():
                _settle_job(job_folder, now)
            self.folder = _unused(job_folder, attempt)
        except OSError as exc:
            self._warn("", exc)

    def add(self, name: str, content: bytes | str) -> Path | None:
        """Keep a file; a second one of the same name gets a number. None if it was not written."""
        data = redact(content).encode("utf-8", "replace") if isinstance(content, str) else content
        clean = safe_name(name)
        stem, dot, suffix = clean.rpartition(".")
        try:
            self._make_folder()
            path, number = self.folder / clean, 1
            while path.exists():
                number += 1
                path = self.folder / (
                    f"{stem}-{number}{dot}{suffix}" if dot else f"{clean}-{number}"
                )
            path.touch(mode=0o600)
            path.write_bytes(data)
        except OSError as exc:
            self._warn(clean, exc)
            return None
        return path

    def step(self, fields: Mapping[str, object]) -> None:
        """Append one step of the flow; steps after the end belong to nothing and are dropped."""
        if not self._finished:
            self._append({"event": "step", **fields})

    def finish(self, outcome: Mapping[str, object]) -> None:
        """Write the terminal event, once; if it has an ``error``, ``error.json`` too (A14.3)."""
        if self._finished:
            return
        self._append({**outcome, "event": TERMINAL})
        self._finished = True
        if outcome.get("error"):
            kept = (
                sorted(path.name for path in self.folder.glob("*")) if self.folder.is_dir() else []
            )
            record = {"job_id": self.job_id, "attempt": self.attempt, "time": self._time()}
            self.add(ERROR, _json({**record, **outcome, "files": kept}, indent=1))

    def files(self) -> Iterator[Path]:
        return iter(sorted(self.folder.iterdir())) if self.folder.is_dir() else iter(())

    def _append(self, fields: Mapping[str, object]) -> None:
        line = _json({"time": self._time(), **fields})
        try:
            self._make_folder()
            path = self.folder / STEPS
            path.touch(mode=0o600)
            # Half a character, which no text may hold, is written as its escape.
            with path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
                out.write(line + "\n")
        except OSError as exc:
            self._warn(STEPS, exc)

    def _make_folder(self) -> None:
        make_private_dir(self.folder)

    def _time(self) -> str:
        return self._now().isoformat(timespec="milliseconds")

    def _warn(self, name: str, exc: OSError) -> None:
        _log.warning("evidence_not_written", job=self.job_id, file=name, error=str(exc))


def settle_abandoned(root: Path, *, now: Callable[[], datetime] = utc_now) -> int:
    """End every record that has no terminal event; only while no worker runs. Returns how many."""
    settled = 0
    for folder in root.glob("*"):
        try:
            settled += _settle_job(folder, now) if folder.is_dir() else 0
        except OSError as exc:
            _log.warning("evidence_not_settled", folder=str(folder), error=str(exc))
    return settled


def sweep(root: Path, *, days: int, megabytes: float, now: Callable[[], datetime] = utc_now) -> int:
    """Remove attempts older than ``days``, then the oldest until ``megabytes`` hold (A14.8).

    Returns how many attempts were removed. What cannot be removed is logged and left.
    """
    attempts = sorted(_attempts(root))
    oldest = (now() - timedelta(days=days)).timestamp()
    total = sum(size for _, size, _ in attempts)
    removed = 0
    for modified, size, folder in attempts:
        if modified >= oldest and total <= megabytes * 1_000_000:
            break
        try:
            shutil.rmtree(folder)
            if not any(folder.parent.iterdir()):
                folder.parent.rmdir()
        except OSError as exc:
            _log.warning("evidence_not_removed", folder=str(folder), error=str(exc))
            continue
        total -= size
        removed += 1
    return removed


def _attempts(root: Path) -> Iterator[tuple[float, int, Path]]:
    """(last change, bytes, folder) of every attempt."""
    for folder in root.glob("*/*"):
        # A link leads out of the evidence: what lies there is not ours to remove.
        if not folder.is_dir() or folder.is_symlink() or folder.parent.is_symlink():
            continue
        try:
            stats = [path.stat() for path in folder.rglob("*") if path.is_file()]
            modified = max((stat.st_mtime for stat in stats), default=folder.stat().st_mtime)
        except OSError as exc:
            _log.warning("evidence_not_measured", folder=str(folder), error=str(exc))
            continue
        yield modified, sum(stat.st_size for stat in stats), folder


def _unused(job_folder: Path, attempt: int) -> Path:
    """``3``, or ``3-2`` where a given-back claim already used the number."""
    folder, number = job_folder / str(attempt), 1
    while folder.exists():
        number += 1
        folder = job_folder / f"{attempt}-{number}"
    return folder


def _settle_job(job_folder: Path, now: Callable[[], datetime]) -> int:
    settled = 0
    for path in job_folder.glob(f"*/{STEPS}"):
        last = _last_line(path)
        if _is_terminal(last):
            continue
        end = {
            "time": now().isoformat(timespec="milliseconds"),
            "event": TERMINAL,
            "outcome": "abandoned",
            "detail": "the worker ended without writing an outcome",
        }
        torn = bool(last) and not last.endswith(b"\n")
        with path.open("a", encoding="utf-8", newline="\n") as out:
            out.write(("\n" if torn else "") + _json(end) + "\n")
        settled += 1
    return settled


def _last_line(path: Path) -> bytes:
    """With its end, if it has one; no more is read, since a start looks at every record."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _END_BYTES))
        lines = file.read().splitlines(keepends=True)
        if len(lines) == 1:  # perhaps the end of a longer one
            file.seek(0)
            lines = file.read().splitlines(keepends=True)
    return lines[-1] if lines else b""


def _is_terminal(line: bytes) -> bool:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and record.get("event") == TERMINAL


def _json(record: Mapping[str, object], *, indent: int | None = None) -> str:
    """Without protected values, in any depth (A14.7)."""
    return json.dumps(_redacted(record), ensure_ascii=False, default=str, indent=indent)


def _redacted(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(inner) for inner in value]
    return value
