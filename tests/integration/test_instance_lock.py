from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import AlreadyRunningError
from engine.instance import InstanceLock

HOLD = """
import sys
from pathlib import Path
from engine.errors import AlreadyRunningError
from engine.instance import InstanceLock
try:
    lock = InstanceLock(Path(sys.argv[1]))
    lock.acquire()
except AlreadyRunningError:
    print("refused", flush=True)
    sys.exit(4)
print("held", flush=True)
sys.stdin.read()
"""


def start_holder(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_word(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_of_many_simultaneous_starts_exactly_one_wins(tmp_path: Path) -> None:
    holders = [start_holder(tmp_path / "instance.lock") for _ in range(12)]
    words = [first_word(holder) for holder in holders]
    for holder in holders:
        holder.communicate()
    assert words.count("held") == 1
    assert words.count("refused") == 11


def test_a_refusal_says_who_holds_the_lock_and_since_when(tmp_path: Path) -> None:
    holder = start_holder(tmp_path / "instance.lock")
    assert first_word(holder) == "held"
    with pytest.raises(AlreadyRunningError, match=rf"process {holder.pid} .* since \d{{4}}-"):
        InstanceLock(tmp_path / "instance.lock").acquire()
    holder.communicate()


def test_a_crashed_holder_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "instance.lock"
    holder = start_holder(path)
    assert first_word(holder) == "held"
    holder.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    holder.communicate()
    lock = InstanceLock(path)
    assert lock.holder() is None
    assert lock.read_record() is not None, "the stale record is still there, and blocks nobody"
    lock.acquire()
    lock.release()


def test_a_stale_heartbeat_of_a_living_holder_is_told_and_not_taken_over(tmp_path: Path) -> None:
    moment = [datetime.now(UTC) - timedelta(hours=1)]
    holder = InstanceLock(tmp_path / "instance.lock", now=lambda: moment[0])
    holder.acquire()
    with pytest.raises(AlreadyRunningError, match="no sign of life for 36"):
        InstanceLock(tmp_path / "instance.lock").acquire()
    holder.release()


def test_looking_who_holds_the_lock_changes_nothing(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "instance.lock")
    assert lock.holder() is None
    assert list(tmp_path.iterdir()) == []
    lock.acquire()
    seen = InstanceLock(tmp_path / "instance.lock").holder()
    assert seen is not None
    assert seen.pid == os.getpid()
    assert json.loads(lock.record_path.read_text())["pid"] == os.getpid()
    lock.release()
    assert InstanceLock(tmp_path / "instance.lock").holder() is None
