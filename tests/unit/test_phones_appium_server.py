"""The slot's own Appium server: proved to be ours, watched, bounded; strangers are left alone."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.config import Appium, Phones, Settings
from engine.errors import AppiumError, InternalError, SettingsError, StopRequested
from engine.phones.appium_server import AppiumServer, PortTakenError, port_is_free
from engine.processes import ProcessRegistry
from engine.slot_processes import SlotProcesses
from engine.workloads.base import WorkerSlot
from tests.adb_version_server import adb_server
from tests.family import running_below
from tests.scripted_adb import AdbRule, ScriptedAdb
from tests.scripted_provider import LogBook, Reply, serving

_PROGRAM = r"""
import http.server, json, os, subprocess, sys, threading, time
port = int(sys.argv[sys.argv.index("--port") + 1])
how = sys.argv[1]
print("arguments", *sys.argv[2:], flush=True)
print("token", os.environ.get("GEELARK_API_TOKEN", "none"), os.environ.get("ANDROID_HOME", "-"))
sys.stdout.flush()
print("node", os.environ.get("NODE_OPTIONS"))
print("adb", os.environ.get("ANDROID_ADB_SERVER_PORT"), flush=True)
if how == "ends":
    sys.exit(3)
if how == "fatal":
    print(json.dumps({"level": "error", "message": "Fatal Error: no driver."}), flush=True)
    sys.exit(1)
if how == "mute":
    time.sleep(60)
if how == "family":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        build = {"version": "2.19.0" if how == "old" else "3.8.0"}
        body = json.dumps({"value": {"ready": how != "unready", "build": build}}).encode()
        self.send_response(200 if self.path == "/status" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., AppiumServer]]:
    """Servers whose program behaves as asked; all are stopped at the end."""
    program = tmp_path / "appium.py"
    program.write_text(_PROGRAM, encoding="utf-8")
    made: list[AppiumServer] = []
    others = running_below()  # farms of other tests

    def server(
        how: str = "good", *, port: int = 0, phones: Phones | None = None, **appium: Any
    ) -> AppiumServer:
        limits: dict[str, Any] = {
            "command": (sys.executable, str(program), how),
            "base_port": port or free_port(),
            "health_poll_seconds": 0.02,
            "start_timeout_seconds": 20,
            "stop_timeout_seconds": 2,
        }
        slot = WorkerSlot(
            index=0,
            settings=Settings(
                appium=Appium.model_validate(limits | appium), phones=phones or Phones()
            ),
            work_dir=tmp_path,
            run_id="run-1",
            log=LogBook().log,
            processes=SlotProcesses(ProcessRegistry(tmp_path / "run" / "processes"), 0),
        )
        made.append(AppiumServer(slot))
        return made[-1]

    yield server
    for one in made:
        one.stop()
    assert running_below() <= others


Make = Callable[..., AppiumServer]


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_started_server_is_ready_and_ours(make: Make) -> None:
    server = make()
    assert not server.healthy()
    server.start(time.sleep)
    assert server.healthy()
    assert server.url == f"http://127.0.0.1:{server.port}"
    pid = server.pid
    server.start(time.sleep)
    assert server.pid == pid
    server.stop()
    assert not server.healthy()
    assert server.pid is None
    assert port_is_free("127.0.0.1", server.port)
    server.stop()


def test_server_gets_the_real_programs_arguments(make: Make) -> None:
    server = make()
    server.start(time.sleep)
    said = server.log_path.read_text(encoding="utf-8")
    assert server.log_path.name == "appium_0.log"
    assert (
        f"--address 127.0.0.1 --port {server.port} --use-drivers uiautomator2 "
        "--log-format json --log-timestamp --local-timezone --log-level info\n"
    ) in said


def test_log_is_appended_over_restarts(make: Make) -> None:
    server = make()
    server.start(time.sleep)
    first = server.pid
    server.restart(time.sleep)
    assert server.pid not in (None, first)
    assert server.log_path.read_text(encoding="utf-8").count("arguments --address") == 2


def test_our_secrets_are_not_handed_over_and_the_sdk_is(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEELARK_API_TOKEN", "marked-token")
    server = make(android_home="/opt/sdk")
    server.start(time.sleep)
    assert "token none /opt/sdk" in server.log_path.read_text(encoding="utf-8")


def test_the_heap_of_the_server_is_bounded_beside_what_node_was_told(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--no-deprecation")
    server = make(heap_megabytes=200)
    server.start(time.sleep)
    said = server.log_path.read_text(encoding="utf-8")
    assert "node --no-deprecation --max-old-space-size=200 --max-semi-space-size=2\n" in said
    server.stop()
    unbounded = make(heap_megabytes=0)
    unbounded.start(time.sleep)
    assert "node --no-deprecation\n" in server.log_path.read_text(encoding="utf-8")


def test_stranger_on_the_port_is_named_and_left_alone(make: Make) -> None:
    with serving() as stranger:
        stranger.answer("/status", Reply(raw=b'{"value": {"ready": true}}'))
        port = int(stranger.url.rpartition(":")[2])
        server = make(port=port)
        with pytest.raises(PortTakenError, match=f"Port {port} .*appium.base_port"):
            server.start(time.sleep)
        assert not server.healthy()
        assert stranger.asked == []
        assert not server.log_path.exists()
        assert not port_is_free("127.0.0.1", port)


def test_server_that_ends_at_once_is_an_error_that_names_the_log(make: Make) -> None:
    server = make("ends")
    with pytest.raises(AppiumError, match=r"ended while it was starting; see .*appium_0\.log"):
        server.start(time.sleep)
    assert server.pid is None


@pytest.mark.parametrize("how", ["mute", "unready"])
def test_server_that_does_not_get_ready_is_stopped_after_its_time(make: Make, how: str) -> None:
    server = make(how, start_timeout_seconds=1)
    with pytest.raises(AppiumError, match="was not ready within 1 s"):
        server.start(time.sleep)
    assert server.pid is None
    assert port_is_free("127.0.0.1", server.port)


def test_stop_during_the_start_leaves_no_server(make: Make) -> None:
    server = make("mute")

    def stop(_seconds: float) -> None:
        raise StopRequested("stop")

    with pytest.raises(StopRequested):
        server.start(stop)
    assert server.pid is None


def test_killed_server_is_noticed_and_started_anew(make: Make) -> None:
    server = make()
    server.start(time.sleep)
    process = psutil.Process(server.pid)
    process.kill()
    process.wait(10)
    assert not server.healthy()
    server.start(time.sleep)
    assert server.healthy()


def test_everything_below_the_server_ends_with_it(make: Make) -> None:
    server = make("family")
    server.start(time.sleep)
    assert server.pid is not None
    family = psutil.Process(server.pid).children(recursive=True)
    assert family
    server.stop()
    assert all(has_ended(member) for member in family)


def test_missing_program_names_the_setting(make: Make, tmp_path: Path) -> None:
    server = make(command=(str(tmp_path / "no-appium"),))
    with pytest.raises(InternalError, match=r"no-appium.*appium\.command"):
        server.start(time.sleep)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a file's size")
def test_a_full_disk_while_the_server_is_started_passes_and_leaves_no_server(make: Make) -> None:
    import resource

    server = make()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        with pytest.raises(AppiumError, match=r"started just now: .*make room") as refused:
            server.start(time.sleep)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused.value.retry_soon
    assert server.pid is None
    server.start(time.sleep)
    assert server.healthy()


def test_a_full_log_is_told_and_set_aside_by_the_next_start(make: Make, tmp_path: Path) -> None:
    server = make()
    server.start(time.sleep)
    seen = [server.log_is_full]
    with server.log_path.open("ab") as log:
        log.truncate(21 * 1024 * 1024)
    seen.append(server.log_is_full)
    server.restart(time.sleep)
    assert [*seen, server.log_is_full] == [False, True, False]
    assert server.log_path.with_name("appium_0.log.1").stat().st_size == 21 * 1024 * 1024


def test_server_that_ends_says_why_where_its_log_tells(make: Make) -> None:
    server = make("fatal")
    with pytest.raises(AppiumError, match=r"while it was starting \(Fatal Error: no driver\); see"):
        server.start(time.sleep)


def test_server_of_another_major_version_is_refused_and_stopped(make: Make) -> None:
    server = make("old")
    with pytest.raises(SettingsError, match=r"Appium 2\.19\.0 was found .* version 3 is needed"):
        server.start(time.sleep)
    assert server.pid is None


def test_only_a_dead_or_distrusted_server_is_started_anew(make: Make) -> None:
    server = make()
    assert not server.revive(time.sleep)
    server.start(time.sleep)
    first = server.pid
    assert not server.revive(time.sleep)
    assert server.pid == first
    psutil.Process(first).kill()
    assert server.revive(time.sleep)
    second = server.pid
    assert second not in (None, first)
    server.distrust()
    assert not server.healthy()
    server.start(time.sleep)
    assert server.healthy()
    assert server.pid != second


def test_forwards_of_the_slots_ports_are_removed_before_the_start_and_after_the_stop(
    make: Make, tmp_path: Path
) -> None:
    adb = ScriptedAdb(tmp_path / "adb")
    adb.rules(
        AdbRule(
            "forward --list", out="a tcp:8200 tcp:6790\nb tcp:8209 tcp:6790\nc tcp:8210 tcp:1\n"
        ),
        AdbRule("forward --remove"),
    )
    ask = ["forward --list", "-s a forward --remove tcp:8200", "-s b forward --remove tcp:8209"]
    with adb_server(41) as port:
        server = make(phones=Phones(adb_command=adb.command, adb_server_port=port))
        server.start(time.sleep)
        assert adb.commands == ask
        assert f"adb {port}" in server.log_path.read_text(encoding="utf-8")
        server.stop()
        assert adb.commands == ask + ask


def test_adb_that_cannot_list_its_forwards_is_no_reason_not_to_start(
    make: Make, tmp_path: Path
) -> None:
    adb = ScriptedAdb(tmp_path / "adb")
    adb.rules(AdbRule("forward --list", err="error: protocol fault\n", code=1))
    with adb_server(41) as port:
        server = make(phones=Phones(adb_command=adb.command, adb_server_port=port))
        server.start(time.sleep)
        assert server.healthy()
