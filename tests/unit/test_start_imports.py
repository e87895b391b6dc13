"""What the commands that are asked most often load: names of modules, since times are noise."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
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
    "engine.taxonomy.classifier",
}
ASKED = """
import contextlib, io, json, sys
from engine.commandline.cli import main

opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
with contextlib.redirect_stdout(io.StringIO()) as said:
    try:
        status = main(sys.argv[1:])
    except SystemExit as end:
        status = end.code
answer = {"status": status, "said": said.getvalue(), "loaded": sorted(sys.modules)}
print(json.dumps({**answer, "ledger": sum(name.endswith("progress.csv") for name in opened)}))
"""


@dataclass(frozen=True)
class Answered:
    """A command that went well."""

    said: str
    loaded: set[str]
    """The modules there are at its end."""
    ledger: int
    """How often it opened the ledger."""


def asked(*flags: str) -> Answered:
    done = subprocess.run(
        [sys.executable, "-c", ASKED, *flags],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer.pop("status") == 0, done.stderr
    return Answered(answer["said"], set(answer["loaded"]), answer["ledger"])


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_help_loads_no_package_that_is_not_of_this_library() -> None:
    answered = asked("--help")
    assert "--status" in answered.said
    foreign = {*DEAR, "pydantic", "psutil", "portalocker"}
    assert packages(answered.loaded) & foreign == set()
    assert answered.loaded & {"engine.config", "engine.progress", *OF_OTHER_COMMANDS} == set()


@pytest.mark.parametrize(("flags", "drawn"), [(["--json"], set[str]()), ([], {"rich"})])
def test_status_loads_only_what_it_asks_and_shows(
    tmp_path: Path, flags: list[str], drawn: set[str]
) -> None:
    ledger = ProgressTracker(tmp_path / "parallel_progress.csv", settings=Settings())
    job = NewJob(job_id="a", account="anna", video_path="a.mp4", caption="")
    ledger.seed(lambda _known: [job])
    answered = asked("--status", *flags, "-C", str(tmp_path))
    assert "pending" in answered.said
    assert packages(answered.loaded) & DEAR <= drawn
    assert answered.loaded & OF_OTHER_COMMANDS == set()
    assert answered.ledger == 1, "it is read once"


LOGGED = """
import sys
from pathlib import Path
from engine import logs
from engine.config import Logs
from engine.logger import get_logger

logs.configure(Path(sys.argv[1]), Logs())
get_logger("engine.test").info("said")
print("rich" in sys.modules)
import rich.console
"""


def test_a_log_in_a_file_loads_no_rich_and_leaves_it_to_be_had(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    command = [sys.executable, "-c", LOGGED, str(log)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False"]
    assert "event=said" in log.read_text(encoding="utf-8")


CALLED = """
import sys
from pathlib import Path
from engine import logs
from engine.config import Logs, Settings
from engine.errors import NetworkError
from engine.logger import get_logger
from engine.phones.budget import CallBudget
from engine.phones.transport import CloudTransport

logs.configure(None, Logs())
phones = {"api_url": "http://127.0.0.1:9", "http_retries": 0}
settings = Settings.model_validate({"phones": phones, "secrets": {"api_token": "a token"}})
budget = CallBudget(Path(sys.argv[1]), per_minute=100, per_hour=100)
transport = CloudTransport(settings, budget, get_logger("engine.test"))
try:
    transport.call("phone/list", {}, doing="look", safe=True, pause=lambda seconds: None)
except NetworkError:
    print(*({"httpx2", "httpcore2", "trio", "anyio", "attr"} & sys.modules.keys()))
import anyio
"""


def test_a_call_to_the_provider_loads_no_asynchronous_library(tmp_path: Path) -> None:
    """Loading them takes longer than the call."""
    command = [sys.executable, "-c", CALLED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert set(done.stdout.split()) == {"httpx2", "httpcore2"}
