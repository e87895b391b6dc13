"""What a work directory holds after so many days of work, laid at once."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from engine.evidence import safe_name
from tests.ledger_days import COLUMNS

ATTEMPTS_KEPT = 5
"""Failed attempts of a day, whose evidence lies there."""


def lay_days(work_dir: Path, today: date, *, days: int, accounts: int, swept: bool) -> None:
    """The days before ``today``: archives, posts, evidence, logs, events, minutes, receipts.

    ``swept``: what expires has expired, as it has where a run starts every day.
    """
    record = []
    for back in range(days, 0, -1):
        day = today - timedelta(days=back)
        names = [f"{day:%Y%m%d}-{number}.mp4" for number in range(accounts)]
        when = datetime.combine(day, time(12), UTC)
        (work_dir / f"parallel_progress_{day:%Y%m%d}.csv").write_bytes(_archive(names, when))
        record += [
            f"acct{number:03d}|{name}|{when.isoformat()}|sha256:{day:%Y%m%d}{number:024x}\n"
            for number, name in enumerate(names)
        ]
        if back <= 30 or not swept:
            _lay_evidence(work_dir / "evidence", names[:ATTEMPTS_KEPT], when)
            _lay_file(work_dir / "logs" / f"worker_{back}.log", b"line\n" * 100, when)
    (work_dir / "all_posted_videos.txt").write_text("".join(record), encoding="utf-8")
    for name in ("events.jsonl", "events.1.jsonl"):
        line = json.dumps({"ts": f"{today}T00:00:00+00:00", "event": "progress", "text": "x" * 80})
        _lay_file(work_dir / "run" / name, f"{line}\n".encode() * 2000, datetime.now(UTC))
    for number in range(min(days, 200)):
        receipt = work_dir / "run" / "receipts" / f"stop-20260101-{number:06}.json"
        _lay_file(receipt, b"{}", datetime.now(UTC))


def _archive(names: list[str], when: datetime) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for number, name in enumerate(names):
        stamp = when.isoformat(timespec="microseconds")
        job = {"job_id": name, "account": f"acct{number:03d}", "video_path": f"videos/{name}"}
        text = {"caption": "A caption of the usual length, with tags. " * 4}
        spent = {"attempts": "0", "max_attempts": "3", "pass_number": "1", "run_id": "r"}
        claim = {"worker_id": "0", "claimed_at": stamp, "updated_at": stamp}
        writer.writerow(job | text | spent | {"status": "pending", "updated_at": stamp})
        writer.writerow(job | spent | claim | {"status": "claimed"})
        done = {"status": "success", "completed_at": stamp, "submitted_at": stamp}
        writer.writerow(job | spent | claim | done)
    return out.getvalue().encode()


def _lay_evidence(root: Path, names: list[str], when: datetime) -> None:
    end = b'{"event": "step"}\n' * 20 + b'{"event": "end", "outcome": "failure"}\n'
    for name in names:
        folder = root / safe_name(name) / "1"
        _lay_file(folder / "steps.jsonl", end, when)
        _lay_file(folder / "screen.png", b"\x89PNG" * 1000, when)


def _lay_file(path: Path, content: bytes, when: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (when.timestamp(), when.timestamp()))
