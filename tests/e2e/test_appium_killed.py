"""A day over real adb and real Appium whose Appium is killed in the middle of a job."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sys
from pathlib import Path

import psutil
import pytest

from engine.phones.adb_version import PORT_VARIABLE, server_version
from tests.appium_farm import need_appium
from tests.e2e.farm_day import FarmDay

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
DELAYS = "boot = [20, 40]\nadb_enable = [1, 2]\nadb_offline = [0, 0]\nidle_shutdown = 1e7\n"
LASTING = "glogin_life = 1e7\n"
"""The login to a phone goes on: what is lost here is Appium only."""


class AppiumDay(FarmDay):
    """A day whose processes are known by the adb server that they use."""

    @property
    def adb_ports(self) -> list[int]:
        settings = self.settings
        return [settings.get_adb_server_port(slot) for slot in range(settings.run.workers)]

    def of_appium(self) -> list[psutil.Process]:
        """Appium, its adb children and the adb servers of this day."""
        ports = {str(port) for port in self.adb_ports}
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(PORT_VARIABLE) in ports:
                    found.append(process)
        return found

    def adb_serials(self) -> list[str]:
        """No adb server of ours runs any more, so that none can hold a connection."""
        return [str(port) for port in self.adb_ports if server_version(port) is not None]

    def kill_appium(self, slot: int) -> None:
        path = self.work_dir / "run" / "processes" / f"appium_{slot}.json"
        pid = int(json.loads(path.read_text(encoding="utf-8"))["pid"])
        psutil.Process(pid).send_signal(signal.SIGKILL)


@pytest.mark.timeout(180)
def test_the_job_goes_on_with_a_new_appium_and_no_caption_is_in_a_log(tmp_path: Path) -> None:
    need_appium()
    day = AppiumDay(
        tmp_path / "W", "--appium", "--accounts", 2, "--workers", 1, "--time-scale", 100,
        "--infrastructure", 0, delays=DELAYS + LASTING, GEELARK_APPIUM__LOG_LEVEL="debug",
    )  # fmt: skip
    with day.served():
        run = day.start("--run")
        day.wait_for(lambda: day.in_state("JOB_RUNNING"), 60)
        assert day.of_appium()
        day.kill_appium(0)
        assert run.wait(120) == 0, day.output
        assert day.statuses() == {"success": 2}
        figures = day.compare()
        zeros = ("double_posts", "lost", "in_doubt", "phones_on")
        assert {name: figures[name] for name in zeros} == dict.fromkeys(zeros, 0)
        assert (figures["published"], figures["success"]) == (2, 2)
        assert day.left_behind() == {}
        assert day.of_appium() == []
    logs = {path.name: path.read_text("utf-8") for path in (day.work_dir / "logs").iterdir()}
    assert logs["worker_0.log"].count('event="appium died"') == 1
    for job in day.jobs().values():
        assert job.attempts == 0, "failed attempts"
        words = re.findall(r"\w{3,}", job.caption)
        assert len(words) > 3
        shown = re.compile(r"\W+".join(words[:4]))
        assert [name for name, text in logs.items() if shown.search(text)] == []
    assert re.search(r"--> POST /session/\S+/value [^\n]*\*\*SECURE\*\*", logs["appium_0.log"])
