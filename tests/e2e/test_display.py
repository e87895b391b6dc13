"""A run and the terminal that it was started from: the run is the more important of the two."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.toy_farm import ROOT, ToyFarm

if sys.platform == "win32":
    pytest.skip("terminals, closed descriptors and held pipes are POSIX", allow_module_level=True)

import pty

JOBS = tuple(f"j{n} k{n} until:go submit do" for n in range(4))


def environment() -> dict[str, str]:
    return ToyFarm.environment() | {"TERM": "xterm-256color"}


def test_a_lost_terminal_does_not_end_the_run(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, *JOBS)
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        farm.command("--workers", "2", "--run"),
        cwd=ROOT,
        env=environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - this test has no other threads
    )
    os.close(theirs)
    farm.wait_for(lambda: len(farm.events("worker_job")) == 2)
    shown = os.read(ours, 65536)
    assert b"Run " in shown
    os.close(ours)
    (tmp_path / "go").touch()
    assert run.wait(60) == 0
    assert set(farm.statuses().values()) == {"success"}


def _take_terminal() -> None:
    """Make the pseudo-terminal the controlling one, so that its loss is a real SIGHUP."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_terminal_that_is_held_does_not_hold_the_run(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, *JOBS)
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(write_end, b"." * 4096):
            continue
    os.set_blocking(write_end, True)
    run = subprocess.Popen(
        farm.command("--workers", "2", "--run"),
        cwd=ROOT,
        env=environment(),
        stdout=write_end,
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    (tmp_path / "go").touch()
    farm.wait_for(lambda: farm.events("run_ended"))
    assert set(farm.statuses().values()) == {"success"}
    assert (farm.lamps(), farm.processes()) == ([], [])
    os.close(read_end)
    assert run.wait(30) == 0


@pytest.mark.parametrize("redirection", [">&-", ">&- 2>&-", "| true"])
def test_closed_streams_neither_stop_a_run_nor_change_its_exit_status(
    tmp_path: Path, redirection: str
) -> None:
    farm = ToyFarm(tmp_path, "j0 a", "j1 b raise:suspended")
    line = " ".join(farm.command("--run")) + f" {redirection}"
    line += "; exit ${PIPESTATUS[0]}" if "|" in redirection else ""
    run = subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1, "a job is left failed"
    assert "Traceback" not in run.stderr
    assert "Exception ignored" not in run.stderr
    assert farm.statuses() == {"j0": "success", "j1": "failed"}


def test_hangup_alone_is_ignored_and_term_still_stops(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, *JOBS)
    run = farm.start("--run")
    farm.wait_for(lambda: farm.events("worker_job"))
    run.send_signal(signal.SIGHUP)
    assert farm.run("--send", "pause").returncode == 0, "it lives and hears"
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=30)
    assert run.returncode == 130
