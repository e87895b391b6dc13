"""The files that a job's attempts left, for a person to open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.evidence import safe_name
from engine.insight.values import EvidenceFile


def evidence_files(root: Path, job_id: str) -> Sequence[EvidenceFile]:
    """Of every attempt, the oldest first; what cannot be looked at is left out."""
    found: list[tuple[float, EvidenceFile]] = []
    try:
        for path in (root / safe_name(job_id)).glob("*/*"):
            if path.is_file():
                info, folder = path.stat(), path.parent
                file = EvidenceFile(
                    path=path, attempt=folder.name, name=path.name, size=info.st_size
                )
                found.append((_order(folder.name), file))
    except OSError:
        pass
    found.sort(key=lambda item: (item[0], item[1].attempt, item[1].name))
    return tuple(file for _, file in found)


def _order(attempt: str) -> float:
    """``3-2`` is the second folder of attempt 3."""
    number, _, again = attempt.partition("-")
    if not number.isdecimal():
        return float("inf")
    return int(number) + (int(again) / 1000 if again.isdecimal() else 0)
