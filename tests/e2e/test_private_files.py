"""Whatever the engine makes in a work directory, nobody but its owner may read or enter it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.evidence import EvidenceBundle
from engine.run_state import Command, Control, RunDirectory
from engine.undo import Undoable, UndoBook
from engine.workloads.base import Receipt
from engine.workloads.phone_minutes import PhoneMinutes
from tests.e2e.toy_farm import ROOT, ToyFarm

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")

NOT_OURS = {
    *("geelark.toml", "jobs.txt", "done.log", "may_be_done.log", "confirmed.log", "lamps"),
    "published.txt",
}
"""What the operator and the toy trade made."""


def operate(farm: ToyFarm, *flags: str) -> str:
    """A command of an operator who has no mask at all; what it said."""
    done = subprocess.run(
        [*farm.command(), *flags], cwd=ROOT, umask=0, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def open_to_others(folder: Path) -> Iterator[str]:
    """Files and folders that others may read, write or enter, with their modes."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if inside.parts[0] not in NOT_OURS and path.lstat().st_mode & 0o077:
            yield f"{inside} {path.lstat().st_mode & 0o777:o}"


def test_a_day_leaves_nothing_open_to_others(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a", "j1 b raise:adb", "j2 c raise:doubt", settings="[retry]\n")
    toml = tmp_path / "geelark.toml"
    deeper = '[paths]\nevidence = "kept/by/day/evidence"\nlogs = "kept/by/day/logs"\n'
    toml.write_text(toml.read_text().removesuffix("[retry]\n") + deeper)
    run_dir = RunDirectory(tmp_path / "run")
    (tmp_path / "run" / "commands").mkdir(parents=True, mode=0o700)
    (tmp_path / "run").chmod(0o700)
    (tmp_path / "run" / "commands" / "bad.json").write_text("{")
    (tmp_path / "run" / "commands" / "bad.json").chmod(0o600)

    assert "j1" in operate(farm, "--run", "--max-passes", "1")
    operate(farm, "--export", str(tmp_path / "export.csv"))
    operate(farm, "--reset-day", "--yes")

    made = {path.name for path in tmp_path.rglob("*")}
    assert {"export.csv", "refused", "events.jsonl", "run.json", "orchestrator.log"} <= made
    assert any(name.startswith("parallel_progress_") for name in made)
    assert run_dir.read_run() is not None
    assert list(open_to_others(tmp_path)) == []


def test_what_the_parts_write_is_private_whatever_the_mask(tmp_path: Path) -> None:
    program = f"""
import os; os.umask(0)
from pathlib import Path
from tests.e2e.test_private_files import write_everything
write_everything(Path({str(tmp_path)!r}))
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) >= 8
    assert list(open_to_others(tmp_path)) == []


def write_everything(folder: Path) -> None:
    """Through each door that a day of toys does not open."""
    run_dir = RunDirectory(folder / "a" / "run")
    run_dir.create()
    run_dir.send(Command(name="pause"))
    run_dir.write_control(Control(paused=True))
    run_dir.append_event({"event": "news"})
    UndoBook(run_dir).note(Undoable(id="x", name="hold"))
    bundle = EvidenceBundle(folder / "b" / "c" / "evidence", "job", 1)
    bundle.add("screen.png", b"\x89PNG")
    bundle.finish({"outcome": "failure", "error": "x"})
    receipt = Receipt(id="1", label="phone", released=True, detail="", minutes=1.0)
    PhoneMinutes(folder / "d" / "books").note(receipt, "run")
