"""Text from outside is shown as it is, and nothing of it is obeyed, on any screen.

Captions, names, errors, log lines, events, what the provider answers and names of files may hold
markup, escape codes, clipboard sequences, wide and right-to-left characters, a line of a megabyte
and bytes that are no text (console-features 5.5 and 8, item 5).
"""

from __future__ import annotations

import csv
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from simulator.terminal import Terminal
from tests.console.scene import CAMPAIGN, live_day
from tests.e2e.cockpit_seat import (
    POSIX_ONLY,
    assert_in_order,
    assert_obeyed_nothing,
    cockpit,
    text,
)

pytestmark = POSIX_ONLY
MARKUP = "[/b][@click=app.quit]go[/]"
CODES = "\x1b]52;c;ZXZpbA==\x07\x1b]0;owned\x07\x1b[?1049l\x1b[2J\x9b31m\x07"
WORLD = "你好🎉e\u0301"
TURNED = "\u202eleft\u2066"
HOSTILE = f"{MARKUP} {WORLD} {TURNED} {CODES}"
BROKEN = b"\xff\xfe\xc3( [/b] broken\n"
MEGABYTE = "x" * 1_000_000
LONG = 40.0
"""Seconds after which nothing more comes, on a machine that is busy with other tests."""


class _Provider(BaseHTTPRequestHandler):
    """Somebody else's phone with a hostile name is on; all else is refused in hostile words."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        phone = {"id": "P900", "serialName": f"[/b]{HOSTILE}", "status": 0}
        listed = {"total": 1, "page": 1, "pageSize": 100, "items": [phone]}
        known = self.path.endswith("phone/list")
        said = {"code": 0, "data": listed} if known else {"code": 40001, "msg": HOSTILE, "data": {}}
        answer = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing into the output of the tests."""


@contextmanager
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def hostile_day(tmp_path: Path) -> Iterator[Path]:
    """The day of the pictures with hostile text in every place that outside text gets to."""
    with provider() as url, live_day(tmp_path):
        settings = tmp_path / "geelark.toml"
        settings.write_text(settings.read_text().replace("http://127.0.0.1:9", url))
        (tmp_path / ".env").write_text("GEELARK_API_TOKEN=any\n")
        spoil_ledger(tmp_path / "campaigns" / CAMPAIGN / "progress.csv")
        spoil_logs(tmp_path / "logs")
        spoil_run(tmp_path / "run")
        for folder in (path for path in (tmp_path / "evidence").rglob("*") if path.is_dir()):
            (folder / f"{MARKUP.replace('/', '_')}{WORLD}\x1b[31m.txt").write_text(HOSTILE)
        yield tmp_path


def spoil_ledger(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names, rows = list(reader.fieldnames or ()), list(reader)
    for row in rows:
        row["caption"] = HOSTILE
        row["account"] = f"[/b]{row['account']}{WORLD}"
        row["error"] = f"{HOSTILE} {row['error']}" if row["error"] else ""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def spoil_logs(folder: Path) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = f'ts={now} level=error worker=0 job={MARKUP} account=[/b]a event="{HOSTILE}"\n'
    for name in ("worker_0.log", "orchestrator.log", "appium_0.log", f"{MARKUP[1:3]}_1.log"):
        path = folder / name.replace("/", "_")
        with path.open("ab") as file:
            file.write(BROKEN)
            file.write(f"[/b] {HOSTILE}{MEGABYTE}{HOSTILE}\n".encode())
            file.write(line.encode())


def spoil_run(run: Path) -> None:
    now = datetime.now(UTC).isoformat()
    path = run / "status.json"
    status = json.loads(path.read_text(encoding="utf-8"))
    status["updated_at"] = now
    for worker in status["workers"]:
        worker |= {"key": f"[/b]{HOSTILE}", "phase": HOSTILE, "state": MARKUP, "beat": now}
        worker["exit_reason"] = HOSTILE
    status["result"] = HOSTILE
    path.write_text(json.dumps(status), encoding="utf-8")
    event = {"ts": now, "run_id": status["run_id"], "event": "note", "text": HOSTILE}
    with (run / "events.jsonl").open("ab") as file:
        file.write(BROKEN + json.dumps(event | {"job": MARKUP, "key": HOSTILE}).encode() + b"\n")


def visit(terminal: Terminal, key: str, name: str) -> str:
    terminal.send(key)
    terminal.wait_for(f"{key} {name}]", LONG)
    terminal.wait_for("[/b]", LONG)
    return text(terminal)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=str)
def test_hostile_text_is_shown_on_every_screen_and_nothing_of_it_is_obeyed(
    hostile_day: Path, size: tuple[int, int]
) -> None:
    with cockpit(hostile_day, "--campaign", CAMPAIGN, "--observe", size=size) as terminal:
        for key, name in (("2", "Ledger"), ("3", "Logs"), ("1", "Cockpit")):
            visit(terminal, key, name)
        terminal.send("5")
        terminal.wait_for("1 of others: esc", LONG)
        terminal.send("escape")
        terminal.wait_for(re.compile(r"^.[ >!] *\[/b\].* started "), LONG)
        terminal.send("4")
        terminal.wait_for("4 Passes]", LONG)
        visit(terminal, "2", "Ledger")
        terminal.send("enter")
        terminal.wait_gone("2 Ledger]", LONG)
        terminal.wait_for("[/b]", LONG)
        terminal.send("i")
        terminal.quiet(0.3, LONG)
        terminal.send("escape")
        terminal.quiet(0.3, LONG)
        terminal.send("?")
        terminal.quiet(0.3, LONG)
        terminal.send("escape")
        terminal.quiet(0.3, LONG)
        assert terminal.alive
        assert_obeyed_nothing(terminal)
        sent = terminal.output().decode("utf-8", "strict")
        assert "\u202e" not in sent, "what would turn the row around is made visible"
        assert "\u2066" not in sent
        assert "\x9b" not in sent
        terminal.send("q")
        assert terminal.wait_exit(LONG) == 0
        assert_in_order(terminal)
    log = (hostile_day / "logs" / "console.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
