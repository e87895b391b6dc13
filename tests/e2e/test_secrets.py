"""No secret in anything that is written, and none with a child program that needs none (A14.7)."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from simulator.farm_file import FARM_FILE, FarmFile
from simulator.world import Farm
from tests.e2e.farm_day import FarmDay

FAULTS = "".join(
    f'[[faults.script]]\nkind = "{kind}"\naccount = "acct00{number}"\n'
    for number, kind in enumerate(("glogin_refused", "session_lost", "upload_failed"), start=1)
) + '[[faults.script]]\nkind = "http_500"\npath = "upload/getUrl"\n'  # fmt: skip
WRITTEN_BY_A_PERSON = {".env", FARM_FILE}
BETWEEN_LOOKS = 0.04
"""Seconds; a look takes a fifth of it."""


class Watch:
    """Command lines and environments of what runs for a directory, as any user may list them."""

    def __init__(self, day: FarmDay) -> None:
        self._day = day
        self._over = threading.Event()
        self.command_lines: set[str] = set()
        self.environments: dict[str, set[str]] = {}
        """By program: what its processes were given, each in one text."""

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _look(self) -> None:
        """Again and again; each of these programs lasts for several looks."""
        while not self._over.wait(BETWEEN_LOOKS):
            for process in self._day.processes():
                with contextlib.suppress(psutil.Error):
                    words = process.cmdline()
                    self.command_lines.add(" ".join(words))
                    program = next((word for word in words if "." in word and "/" not in word), "")
                    given = "\n".join(f"{k}={v}" for k, v in process.environ().items())
                    self.environments.setdefault(program, set()).add(given)


def found_in(text: str, secrets: Mapping[str, str]) -> set[str]:
    """Which of the secrets stand in a text; as whole words, since one is but six characters."""
    return {
        name
        for name, secret in secrets.items()
        if re.search(rf"(?<![0-9a-zA-Z]){re.escape(secret)}(?![0-9a-zA-Z])", text)
    }


def adb_passwords(day: FarmDay, scratch: Path) -> dict[str, str]:
    """Of every boot that there may have been."""
    file = FarmFile.model_validate(tomllib.loads((day.work_dir / FARM_FILE).read_text()))
    passwords = {}
    for phone in Farm(file, scratch):
        for boot in range(8):
            phone.boots = boot
            passwords[f"adb password of {phone.account.name}, boot {boot}"] = phone.password
    return passwords


@pytest.mark.parametrize("signing", ["token", "key"])
def test_no_secret_is_written_or_shown_and_every_file_is_private(
    tmp_path: Path, signing: str
) -> None:
    day = FarmDay(
        tmp_path / "W", "--accounts", 3, "--workers", 2, "--time-scale", 300, farm=FAULTS,
        GEELARK_LOGS__LEVEL="debug",
    )  # fmt: skip
    file = FarmFile.load(day.work_dir / FARM_FILE)
    secrets = {"token": file.token, "key": file.api_key, **adb_passwords(day, tmp_path / "S")}
    # What an operator keeps in his environment for other programs is nobody's business either.
    secrets["another program's"] = "marked-of-another-program"
    day.env |= {"DATABASE_PASSWORD": secrets["another program's"]}
    if signing == "token":  # and the model is asked for every step, with its own key
        secrets["model key"] = "sk-ant-marked-0123456789"
        day.env |= {"ANTHROPIC_API_KEY": secrets["model key"], "GEELARK_POSTING__AI": "only"}
    if signing == "key":
        (day.work_dir / ".env").unlink()
        day.env |= {"GEELARK_APP_ID": file.app_id, "GEELARK_API_KEY": file.api_key}
    watch = Watch(day)
    with day.served(), watch.watching():
        day.run("--run")
        day.run("--status")
        day.run("--stop-all")
        assert day.statuses() == {"success": 3}, day.output

    assert not found_in("\n".join(watch.command_lines), secrets)
    assert {"simulator.adb", "simulator.appium"} <= set(watch.environments)
    for program in ("simulator.adb", "simulator.appium"):
        assert not found_in("\n".join(watch.environments[program]), secrets), program
    written = [path for path in day.work_dir.rglob("*") if path.is_file()]
    assert any("evidence" in path.parts for path in written)
    assert any(path.name == "model.json" for path in written) is (signing == "token")
    for path in written:
        inside = path.relative_to(day.work_dir)
        if inside.name in WRITTEN_BY_A_PERSON or inside.parts[0] in ("farm", "videos"):
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        assert not found_in(f"{inside}\n{text}", secrets), inside
        assert not re.search(r"Signature=|/oss/|marked-proxy-secret", text), inside
    if sys.platform != "win32":
        open_to_others = subprocess.run(
            ["find", day.work_dir, "-perm", "/077"], capture_output=True, text=True, check=True
        )
        assert open_to_others.stdout.replace(str(day.work_dir / "output.txt"), "").strip() == ""
