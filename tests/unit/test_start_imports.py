"""What the commands that are asked most often load: names of modules, since times are noise."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import Settings
from engine.jobs import NewJob
from engine.progress import ProgressTracker

DEAR = {
    *("structlog", "rich", "pygments", "asyncio", "trio", "httpx2"),
    *("selenium", "appium", "textual", "anthropic"),
}
"""Packages that take longer to load than ``--help`` takes."""
OF_OTHER_COMMANDS = {
    "engine.orchestrator",
    "engine.supervision",
    "engine.aftermath",
    "engine.commandline.stop_all",
    "engine.commandline.control_commands",
}
ASKED = """
import contextlib, io, json, sys
from engine.commandline.cli import main

with contextlib.redirect_stdout(io.StringIO()) as said:
    try:
        status = main(sys.argv[1:])
    except SystemExit as end:
        status = end.code
print(json.dumps({"status": status, "said": said.getvalue(), "loaded": sorted(sys.modules)}))
"""


def loaded_by(*flags: str) -> tuple[str, set[str]]:
    """What the command said on its standard output, and the modules there are at its end."""
    done = subprocess.run(
        [sys.executable, "-c", ASKED, *flags],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["status"] == 0, done.stderr
    return answer["said"], set(answer["loaded"])


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_help_loads_no_package_that_is_not_of_this_library() -> None:
    said, loaded = loaded_by("--help")
    assert "--status" in said
    assert packages(loaded) & {*DEAR, "pydantic", "psutil", "portalocker"} == set()
    assert loaded & {"engine.config", "engine.progress", *OF_OTHER_COMMANDS} == set()


@pytest.mark.parametrize(("flags", "drawn"), [(["--json"], set[str]()), ([], {"rich"})])
def test_status_loads_only_what_it_asks_and_shows(
    tmp_path: Path, flags: list[str], drawn: set[str]
) -> None:
    ledger = ProgressTracker(tmp_path / "parallel_progress.csv", settings=Settings())
    job = NewJob(job_id="a", account="anna", video_path="a.mp4", caption="")
    ledger.seed(lambda _known: [job])
    said, loaded = loaded_by("--status", *flags, "-C", str(tmp_path))
    assert "pending" in said
    assert packages(loaded) & DEAR <= drawn
    assert loaded & OF_OTHER_COMMANDS == set()
