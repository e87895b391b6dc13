"""A log holds no secret, no line that nobody wrote, and nothing that a terminal would obey."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from engine import logs
from engine.config import Logs

SECRET = "marked-0123456789"
CODES = "\x1b]52;c;eA==\x07\x9b31m\x1b[2J\r\x7f"
FORGED = f'{CODES}\nts=2026-01-01T00:00:00 level=info event="all done" {SECRET}'


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    logs.protect(SECRET)
    logs.configure(tmp_path / "x.log", Logs())
    yield tmp_path / "x.log"
    logs.configure(None, Logs())


def lines_of(path: Path) -> list[str]:
    written = path.read_bytes().decode("utf-8")
    assert SECRET not in written
    assert not set(written) & {chr(code) for code in (*range(10), *range(11, 32), 127, 0x9B)}
    return written.splitlines()


def test_a_hostile_value_forges_no_line_and_keeps_no_secret(path: Path) -> None:
    log = structlog.get_logger("engine.test")
    log.info(FORGED, job=FORGED, more=[FORGED, {"deep": FORGED}])
    log.bind(account=FORGED).warning("refused")
    logging.getLogger("some.library").warning("said %s", FORGED)
    assert [line.split(" ", 1)[0][:3] for line in lines_of(path)] == ["ts="] * 3


def test_an_exception_is_written_on_one_line_without_its_secret(path: Path) -> None:
    try:
        try:
            raise OSError(FORGED)
        except OSError as exc:
            raise ValueError(f"over {SECRET}") from exc
    except ValueError:
        structlog.get_logger("engine.test").exception("failed")
    (line,) = lines_of(path)
    assert "over ***" in line


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(some.text())
def test_any_text_is_one_line(path: Path, text: str) -> None:
    before = len(path.read_bytes().splitlines()) if path.exists() else 0
    structlog.get_logger("engine.test").info("said", text=text + CODES)
    written = path.read_bytes().decode("utf-8").split("\n")
    assert len(written) == before + 2
