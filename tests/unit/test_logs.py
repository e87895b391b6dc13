"""Logs: rotated without losing a line, old ones removed, a child's own log set aside."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from engine import logs
from engine.config import Logs

SMALL = Logs(max_megabytes=0.001, keep=2)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Whatever a test configures ends with it."""
    raises = logging.raiseExceptions
    yield
    logs.configure(None, Logs())
    logging.captureWarnings(False)
    logging.raiseExceptions = raises
    structlog.reset_defaults()


def all_text(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("*.log*")) if path.is_file())


def write(path: Path, lines: int) -> None:
    logs.configure(path, SMALL)
    log: Any = structlog.get_logger("engine.test")
    for number in range(lines):
        log.info("line", number=number, padding="x" * 60)


def test_a_log_is_rotated_by_size_and_stays_private(tmp_path: Path) -> None:
    write(tmp_path / "w.log", 60)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["w.log", "w.log.1", "w.log.2"]
    for path in tmp_path.iterdir():
        assert path.stat().st_size <= 1200
        if sys.platform != "win32":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    write(tmp_path / "w.log", 1)
    assert "number=59" in all_text(tmp_path)


def test_no_line_is_lost_where_a_log_cannot_be_rotated(tmp_path: Path) -> None:
    (tmp_path / "w.log.1").mkdir()
    (tmp_path / "w.log.1" / "in the way").touch()
    (tmp_path / "w.log.2").mkdir()
    (tmp_path / "w.log.2" / "in the way").touch()
    write(tmp_path / "w.log", 40)
    text = (tmp_path / "w.log").read_text()
    assert [f"number={number} " in text for number in range(40)] == [True] * 40


def test_a_childs_log_is_set_aside_when_it_is_full_and_never_truncated(tmp_path: Path) -> None:
    path = tmp_path / "appium_0.log"
    for content in ("a" * 2000, "b" * 2000, "c" * 2000, "d"):
        logs.rotate(path, SMALL)
        with path.open("a") as out:
            out.write(content)
    assert {p.name: p.read_text()[0] for p in tmp_path.iterdir()} == {
        "appium_0.log": "d", "appium_0.log.1": "c", "appium_0.log.2": "b",
    }  # fmt: skip
    logs.rotate(path, SMALL)
    assert path.read_text() == "d"


def test_rotated_logs_have_an_age_limit(tmp_path: Path) -> None:
    old = (datetime.now(UTC) - timedelta(days=31)).timestamp()
    for name in ("w.log", "w.log.1", "w.log.2"):
        (tmp_path / name).touch()
    os.utime(tmp_path / "w.log", (old, old))
    os.utime(tmp_path / "w.log.2", (old, old))
    logs.sweep(tmp_path, Logs())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["w.log", "w.log.1"]
    logs.sweep(tmp_path / "nowhere", Logs())


LINES_NOWHERE_THEN_SOMEWHERE = """
import sys
from pathlib import Path
from engine import logs
from engine.config import Logs
from engine.logger import get_logger

log = get_logger("engine.test")
logs.configure(None, Logs())
log.bind(worker=1).error("unheard")
assert "structlog" not in sys.modules
logs.configure(Path(sys.argv[1]), Logs())
log.bind(worker=1).error("heard")
"""


def test_lines_sent_nowhere_cost_nothing_and_those_sent_somewhere_are_all_there(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LINES_NOWHERE_THEN_SOMEWHERE, str(tmp_path / "x.log")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (line,) = (tmp_path / "x.log").read_text(encoding="utf-8").splitlines()
    for word in ("level=error", "worker=1", "event=heard"):
        assert word in line
