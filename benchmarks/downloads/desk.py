"""A work directory of downloads: its settings, its commands, and what lies in it."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.catalogue import ROOT
from benchmarks.downloads.family import MARK, Family
from benchmarks.downloads.site import Site
from engine.run_state import RunDirectory
from simulator.order_site_file import SiteOrder

_RUNS: Final = (sys.executable, "-m", "engine.orchestrator")
STOP_ALL_SECONDS: Final = 90.0


@dataclass
class Desk:
    """One operator's directory below ``base``, with these orders of the site."""

    base: Path
    site: Site
    profile: Path
    """Logged in; never to be changed."""
    orders: Sequence[SiteOrder]
    settings: Mapping[str, object] = field(default_factory=dict)
    """Dotted keys, such as ``run.workers``."""
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def path(self) -> Path:
        return self.base / "work"

    @property
    def scratch(self) -> Path:
        """The folder for temporary files of all that a run starts."""
        return self.base / "tmp"

    @property
    def out(self) -> Path:
        return self.path / "downloads"

    @property
    def run_dir(self) -> RunDirectory:
        return RunDirectory(self.path / "run")

    @property
    def family(self) -> Family:
        if self._family is None:
            self._family = Family(self.base, self.token)
        return self._family

    _family: Family | None = field(default=None, init=False, repr=False)

    def make(self) -> None:
        """The directory with its list and its settings."""
        self.path.mkdir(parents=True)
        self.scratch.mkdir(mode=0o700)
        with (self.path / "orders.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("po_number", "supplier"))
            writer.writerows((one.number, one.supplier) for one in self.orders)
        (self.path / "geelark.toml").write_text(self._settings(), encoding="utf-8")

    def _settings(self) -> str:
        wanted = {
            "run.workload": "downloads",
            "downloads.url": self.site.template,
            "downloads.base_profile": str(self.profile),
            **self.settings,
        }
        sections: dict[str, list[str]] = {}
        for name, value in wanted.items():
            section, _, key = name.partition(".")
            sections.setdefault(section, []).append(f"{key} = {json.dumps(value)}")
        return "\n".join(
            line for section, keys in sections.items() for line in (f"[{section}]", *keys, "")
        )

    # -- commands --------------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("GEELARK_")},
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.scratch),
            MARK: self.token,
        }

    def start(self) -> subprocess.Popen[bytes]:
        """The run as an operator begins it, in a session of its own."""
        return self._popen("--run")

    def stop_all(self) -> tuple[int, float]:
        """``--stop-all``: its exit status (-1: it did not end) and seconds."""
        began = time.monotonic()
        popen = self._popen("--stop-all", "--yes")
        return waited(popen, STOP_ALL_SECONDS), time.monotonic() - began

    def _popen(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.base / "output.txt").open("ab") as out:
            return subprocess.Popen(
                [*_RUNS, "-C", str(self.path), *words],
                cwd=self.path,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """All that its commands printed so far."""
        with contextlib.suppress(FileNotFoundError):
            return (self.base / "output.txt").read_text(encoding="utf-8", errors="replace")
        return ""

    # -- what it tells ---------------------------------------------------------------------------

    def rows(self) -> list[dict[str, str]]:
        """Whole rows of the ledger, as they were appended."""
        with contextlib.suppress(FileNotFoundError):
            text = (self.path / "orders_progress.csv").read_text(encoding="utf-8")
            whole = text[: text.rfind("\n") + 1]
            return list(csv.DictReader(whole.splitlines(keepends=True)))
        return []

    def events(self, *names: str) -> Iterable[dict[str, Any]]:
        """Events of these names, oldest first."""
        return (one for one in self.run_dir.events() if one["event"] in names)


def waited(popen: subprocess.Popen[bytes], seconds: float) -> int:
    """Exit status; -1 where it did not end in time and was killed."""
    try:
        return popen.wait(seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(popen.pid, signal.SIGKILL)
        popen.wait()
        return -1
