"""The ledger is damaged in the middle of a run: nothing is done twice, and no job is lost.

One run; while each of its jobs is at work something else befalls the file.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.toy_farm import ToyFarm

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced")

NOTE = "# look at this one again tomorrow"


def edited(path: Path) -> None:
    """Saved from an editor, with a note between two rows."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-1], NOTE.encode() + b"\n", lines[-1]]))


def resaved(path: Path) -> None:
    """By a spreadsheet: a mark at its beginning, other line ends, under a new inode."""
    rows = csv.reader(io.StringIO(path.read_bytes().decode("utf-8"), newline=""))
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    part = path.with_suffix(".saved")
    part.write_bytes(b"\xef\xbb\xbf" + out.getvalue().encode())
    part.replace(path)


def torn(path: Path) -> None:
    """Its last row ends in the middle."""
    os.truncate(path, path.stat().st_size - 20)


DAMAGES: tuple[Callable[[Path], None], ...] = (edited, resaved, torn)


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> ToyFarm:
    """A run whose jobs wait, one after the other, until their damage is done."""
    names = [damage.__name__ for damage in DAMAGES]
    farm = ToyFarm(
        tmp_path_factory.mktemp("farm"),
        *(f"{name} k{name} until:{name} submit do" for name in names),
        settings="\n[ledger]\nrenew_seconds = 0.5\n",
    )
    run = farm.start("--workers", "1", "--run")
    try:
        for damage, name in zip(DAMAGES, names, strict=True):
            farm.wait_for(partial(in_hand, farm, name))
            damage(farm.ledger_path)
            (farm.work_dir / name).touch()
    finally:
        out, err = run.communicate(timeout=90)
    assert err == "", out
    farm.run("--run")
    return farm


def in_hand(farm: ToyFarm, name: str) -> bool:
    return any(event["job"] == name for event in farm.events("worker_job"))


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: str(damage.__name__))
def test_the_job_that_was_at_work_is_done_once_and_not_lost(
    after: ToyFarm, damage: Callable[[Path], None]
) -> None:
    name = damage.__name__
    assert after.done().count(name) == 1
    job = after.jobs()[name]
    assert job.status == "success" or job.in_doubt


def test_what_a_person_wrote_between_the_rows_is_kept_aside(after: ToyFarm) -> None:
    aside = after.ledger_path.with_name("parallel_progress.quarantine.csv")
    assert NOTE in aside.read_text(encoding="utf-8")


def chattr(change: str, path: Path) -> bool:
    try:
        done = subprocess.run(["chattr", change, str(path)], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def test_an_outcome_waits_for_a_ledger_that_can_only_be_read_for_a_while(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go submit unless:shared:until:shared do", "j1 b")
    run = farm.start("--workers", "1", "--run")
    try:
        farm.wait_for(lambda: in_hand(farm, "j0"))
        (tmp_path / "go").touch()
        farm.wait_for(lambda: farm.events("worker_submitted"))
        if not chattr("+i", farm.ledger_path):
            pytest.skip("no file can be made immutable here (chattr +i)")
        try:
            (tmp_path / "shared").touch()
            log = tmp_path / "logs" / "worker_0.log"
            farm.wait_for(lambda: "outcome_waits" in log.read_text(encoding="utf-8"))
            assert farm.statuses()["j0"] == "claimed"
        finally:
            chattr("-i", farm.ledger_path)
        out, err = run.communicate(timeout=60)
        assert (run.returncode, err) == (0, ""), out
    finally:
        run.kill()
        run.communicate()
    assert farm.statuses() == {"j0": "success", "j1": "success"}
    assert sorted(farm.done()) == ["j0", "j1"]
