"""Each bad input: one sentence with the remedy, a non-zero exit, and nothing changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from engine.config import Settings
from simulator.ports import free_block
from tests import prepared
from tests.adb_version_server import adb_server
from tests.e2e.toy_farm import ROOT, ToyFarm
from tests.farm import new_farm, served
from tests.node_programs import lay_package

Preparation = Callable[[Path], AbstractContextManager[object]]
LEDGER = "parallel_progress.csv"
HEADER = "job_id,account,video_path,caption,status,worker_id,claimed_at,completed_at,error,attempts"
OURS = {"logs/orchestrator.log", f".{LEDGER}.run.lock"}
"""What a command that was refused may have written, besides lock files of the run directory."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A work directory that could be published at once, and its farm."""
    work_dir = tmp_path_factory.mktemp("farm") / "day"
    new_farm(work_dir, "--accounts", 2, "--workers", 2, "--time-scale", 50)
    with served(work_dir):
        yield work_dir


def run(
    work_dir: Path, *flags: str, limit: int | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """What an operator types; ``limit`` is the size that files may grow to, a full disk's like."""
    words = ("-C", str(work_dir), *flags)
    env = {**_clean_environment(), "PYTHONPATH": str(ROOT), **environment}
    if limit is None:
        return prepared.run("engine.orchestrator", *words, env=env)
    command = [sys.executable, "-m", "engine.orchestrator", *words]
    return subprocess.run(
        ["bash", "-c", f'ulimit -f {limit}; exec "$@"', "bash", *command],
        cwd=ROOT,
        # A byte code file that is cut off by the limit would break every later start.
        env={**env, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GEELARK_")}


def contents(work_dir: Path) -> dict[str, str]:
    """Every file with its content, but for logs and locks."""
    found = {}
    for path in sorted(work_dir.rglob("*")):
        name = path.relative_to(work_dir).as_posix()
        if path.is_file() and name not in OURS and path.suffix != ".lock":
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def refused(
    result: subprocess.CompletedProcess[str], exit_code: int, words: tuple[str, ...]
) -> None:
    sentence = result.stderr.strip()
    assert result.returncode == exit_code, result.stderr + result.stdout
    assert result.stdout == ""
    assert len(sentence.splitlines()) == 1, sentence
    assert sentence.endswith((".", "?"))
    for word in words:
        assert word in sentence
    assert "Traceback" not in sentence


@contextlib.contextmanager
def _nothing(_work_dir: Path) -> Iterator[None]:
    yield


def _without(name: str) -> Preparation:
    @contextlib.contextmanager
    def prepare(work_dir: Path) -> Iterator[None]:
        (work_dir / name).unlink()
        yield

    return prepare


def _with(name: str, content: str | bytes) -> Preparation:
    @contextlib.contextmanager
    def prepare(work_dir: Path) -> Iterator[None]:
        data = content.encode() if isinstance(content, str) else content
        (work_dir / name).write_bytes(data)
        yield

    return prepare


def _changed(before: str, after: str) -> Preparation:
    @contextlib.contextmanager
    def prepare(work_dir: Path) -> Iterator[None]:
        path = work_dir / "geelark.toml"
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")
        yield

    return prepare


def _folder(name: str) -> Preparation:
    @contextlib.contextmanager
    def prepare(work_dir: Path) -> Iterator[None]:
        (work_dir / name).mkdir()
        yield

    return prepare


@contextlib.contextmanager
def _port_taken(work_dir: Path) -> Iterator[None]:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", Settings.load(work_dir, environ={}).appium.base_port + 2))
        stranger.listen()
        yield


@contextlib.contextmanager
def _adb_port_taken(work_dir: Path) -> Iterator[None]:
    port = free_block(2)
    with (
        socket.create_server(("127.0.0.1", port + 1)),
        _changed("adb_command = [", f"adb_server_port = {port}\nadb_command = [")(work_dir),
    ):
        yield


def _appium_package(version: str) -> Preparation:
    """An Appium of this version whose own folder, named in the environment, holds no driver."""

    @contextlib.contextmanager
    def prepare(work_dir: Path) -> Iterator[None]:
        script = lay_package(work_dir.parent, "appium", version=version)
        with (
            _changed('"-m", "simulator.appium"', f'"{script}"')(work_dir),
            pytest.MonkeyPatch.context() as environment,
        ):
            environment.setenv("APPIUM_HOME", str(work_dir.parent))
            yield

    return prepare


@contextlib.contextmanager
def _sdk_without_adb(work_dir: Path) -> Iterator[None]:
    home = Path(Settings.load(work_dir, environ={}).appium.android_home)
    empty = work_dir.parent / "sdk"
    (empty / "platform-tools").mkdir(parents=True)
    with _changed(str(home), str(empty))(work_dir):
        yield


@contextlib.contextmanager
def _other_adb_server(_work_dir: Path) -> Iterator[None]:
    with adb_server(32) as port, pytest.MonkeyPatch.context() as environment:
        environment.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        yield


JOB = "j1,acct001,videos/a.mp4,words,{status},,{claimed},,,0\n"
CASES: dict[str, tuple[Preparation, tuple[str, ...], int, tuple[str, ...]]] = {
    "missing token": (_without(".env"), (), 2, ("token", "GEELARK_API_TOKEN", ".env")),
    "wrong token": (
        _with(".env", "GEELARK_API_TOKEN=nonsense"),
        (),
        3,
        ("refused", "token", "GEELARK_API_TOKEN", ".env"),
    ),
    "unreadable .env": (_with(".env", b"\xff\xfe\x00="), (), 2, (".env", "NAME=value")),
    "no accounts file": (_without("accounts.txt"), (), 1, ("accounts.txt", "make it")),
    "empty accounts file": (_with("accounts.txt", "# none\n"), (), 1, ("accounts.txt", "add")),
    "no job source": (_without("scheduler_state.json"), (), 1, ("scheduler_state.json", "make it")),
    "broken job source": (
        _with("scheduler_state.json", '{"jobs": ['),
        (),
        1,
        ("scheduler_state.json", "repair"),
    ),
    "unknown account": (_nothing, ("--accounts", "nobody"), 1, ("--accounts", "nobody", "correct")),
    "unknown campaign": (_nothing, ("--campaign", "nope"), 1, ("'nope'", "campaigns", "make")),
    "unknown CSV header": (_with(LEDGER, "a,b\n1,2\n"), (), 1, (LEDGER, "a, b", "restore")),
    "corrupt ledger": (_with(LEDGER, bytes(range(256)) * 9), (), 1, (LEDGER, "restore")),
    "ledger that is a folder": (_folder(LEDGER), (), 1, (LEDGER, "Is a directory")),
    "ledger of an earlier date": (
        _with(
            LEDGER,
            f"{HEADER}\n{JOB.format(status='success', claimed='2024-01-01T10:00:00')}",
        ),
        (),
        1,
        (LEDGER, "2024-01-01", "--reset-day", "--continue-day"),
    ),
    "port taken by a stranger": (_port_taken, (), 2, ("Port", "worker 1", "appium.base_port")),
    "port of an own adb server taken": (
        _adb_port_taken,
        (),
        2,
        ("Port", "worker 1", "its adb server", "phones.adb_server_port"),
    ),
    "unreadable posted record": (
        _folder("all_posted_videos.txt"),
        (),
        1,
        ("all_posted_videos.txt", "cannot be read", "restore"),
    ),
    "broken settings file": (_with("geelark.toml", "[run\n"), (), 2, ("geelark.toml", "correct")),
    "unknown setting": (
        _with("geelark.toml", "[run]\nwrokers = 2\n"),
        (),
        2,
        ("geelark.toml", "run.wrokers", "run.workers"),
    ),
    "missing adb": (
        _changed('adb_command = ["', 'adb_command = ["/nowhere'),
        (),
        2,
        ("adb program", "/nowhere", "phones.adb_command"),
    ),
    "missing Appium": (
        _changed('\ncommand = ["', '\ncommand = ["/nowhere'),
        (),
        2,
        ("Appium program", "/nowhere", "appium.command"),
    ),
    "Appium of another major version": (
        _appium_package("2.19.0"),
        (),
        2,
        ("Appium 2.19.0", "version 3 is needed", "doctor --install", "appium.command"),
    ),
    "Appium without its driver": (
        _appium_package("3.8.0"),
        (),
        2,
        ("no UiAutomator2 driver", "doctor --install"),
    ),
    "SDK that is not there": (
        _changed('android_home = "', 'android_home = "/nowhere'),
        (),
        2,
        ("Android SDK folder /nowhere", "platform-tools", "appium.android_home"),
    ),
    "SDK without adb": (
        _sdk_without_adb,
        (),
        2,
        ("has no adb in its platform-tools", "appium.android_home"),
    ),
    "adb server of another version": (
        _other_adb_server,
        (),
        2,
        ("1.0.32", "end each other", "phones.adb_command", "kill-server"),
    ),
    "provider not reached": (
        _changed('api_url = "http://127.0.0.1', 'api_url = "http://127.0.0.2'),
        (),
        3,
        ("could not be reached", "phones.api_url"),
    ),
    "run folder that is a file": (_with("run", "x"), (), 1, ("run", "File exists", "move away")),
    "logs folder that is a file": (_with("logs", "x"), (), 1, ("logs", "File exists", "move away")),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_sentence_and_changes_nothing(
    day: Path, tmp_path: Path, case: str
) -> None:
    prepare, flags, exit_code, words = CASES[case]
    work_dir = shutil.copytree(day, tmp_path / "w")
    with prepare(work_dir):
        before = contents(work_dir)
        result = run(work_dir, *flags, "--run")
        refused(result, exit_code, words)
        assert contents(work_dir) == before


def test_a_full_disk_is_one_sentence_and_changes_nothing(day: Path, tmp_path: Path) -> None:
    work_dir = shutil.copytree(day, tmp_path / "w")
    before = contents(work_dir)
    refused(run(work_dir, "--run", limit=0), 1, ("run", "make room"))
    assert contents(work_dir) == before


def test_a_full_disk_keeps_nobody_from_looking_or_stopping(day: Path, tmp_path: Path) -> None:
    work_dir = shutil.copytree(day, tmp_path / "w")
    assert run(work_dir, "--status", limit=0).returncode == 0
    stopped = run(work_dir, "--stop-all", limit=0)
    assert stopped.returncode == 0, stopped.stderr
    assert "no phone that we started is on" in stopped.stdout


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder in which nobody, root included, can make or change a file."""
    if sys.platform == "win32":
        pytest.skip("a folder cannot be made read-only on Windows")
    if os.geteuid() != 0:
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(0o700)
        return
    if shutil.which("chattr") is None or _immutable(folder, "+"):
        pytest.skip("root writes everywhere, and this file system has no immutable folders")
    try:
        yield
    finally:
        _immutable(folder, "-")


def _immutable(folder: Path, sign: str) -> int:
    return subprocess.run(["chattr", f"{sign}i", folder], check=False).returncode


def test_a_read_only_disk_is_one_sentence_and_changes_nothing(day: Path, tmp_path: Path) -> None:
    work_dir = shutil.copytree(day, tmp_path / "w")
    before = contents(work_dir)
    with read_only(work_dir):
        refused(run(work_dir, "--run"), 1, ("logs", "writable"))
        looked = run(work_dir, "--status")
        assert looked.returncode == 0, looked.stderr
    assert contents(work_dir) == before


def test_a_second_instance_is_one_sentence_and_changes_nothing(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a hang")
    first = farm.start("--run")
    # Until its only worker hangs in the job and has nothing more to tell.
    running = {"event": "worker_state", "state": "JOB_RUNNING"}.items()
    farm.wait_for(lambda: any(running <= event.items() for event in farm.events()))
    ledger, events = farm.ledger_path.read_bytes(), len(farm.events())
    refused(run(tmp_path, "--run"), 4, (f"process {first.pid}", "--status", "--stop-all"))
    assert farm.ledger_path.read_bytes() == ledger
    assert len(farm.events()) == events
    assert farm.run("--stop-all").returncode == 0
    first.communicate(timeout=30)


def test_a_broken_ledger_hides_neither_phones_nor_their_stop(day: Path, tmp_path: Path) -> None:
    work_dir = shutil.copytree(day, tmp_path / "w")
    (work_dir / LEDGER).write_text("a,b\n")
    for flag, word in (("--status", "No phone is on"), ("--stop-all", "Everything of ours")):
        result = run(work_dir, flag)
        assert result.returncode == 1
        assert word in result.stdout
        assert "is not a ledger" in result.stderr


def test_without_token_or_network_stop_all_says_what_it_cannot_know(
    day: Path, tmp_path: Path
) -> None:
    work_dir = shutil.copytree(day, tmp_path / "w")
    (work_dir / ".env").unlink()
    stopped = run(work_dir, "--stop-all")
    assert stopped.returncode == 0, "nothing of ours was on"
    assert "unknown" in stopped.stdout
    looked = run(work_dir, "--status")
    assert looked.returncode == 0
    assert "phones: unknown" in looked.stdout
    assert "GEELARK_API_TOKEN" in looked.stdout


def test_a_bug_is_one_sentence_and_its_stack_is_in_the_log(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "not-a-job")
    before = contents(tmp_path)
    result = farm.run("--run")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "orchestrator.log" in result.stderr
    assert "Traceback" in (tmp_path / "logs" / "orchestrator.log").read_text()
    assert {name: digest for name, digest in contents(tmp_path).items() if name in before} == before
