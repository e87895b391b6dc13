"""``geelark-console download``: its flags, which list it means, its dry run, what it refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console import cockpit_start, command_line
from engine.commandline.download_command import download
from engine.config import Settings
from engine.errors import ExitCode, InputError, SettingsError
from engine.instance import InstanceLock
from engine.jobs import NewJob
from engine.progress import ProgressTracker
from engine.run_state import RunDirectory

PROG = "geelark-console download"
ORDERS = """\
po_number,supplier,amount
PO-1,Acme,12.00
PO-2,,
PO-1,Acme,12.00
,Nobody,
PO-3,Beta,
"""
URL = "https://shop.example/orders/{po_number}"


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """The command sets variables of this process, for the run that it may start."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@dataclass
class Seat:
    """A work directory, and the terminal of who works there."""

    work_dir: Path
    opened: list[tuple[Path, bool]] = field(default_factory=list)

    def cockpit(self, work_dir: Path, observe: bool) -> int:
        self.opened.append((work_dir, observe))
        return 7

    def types(self, *words: str, terminal: bool = True) -> int:
        cockpit = self.cockpit if terminal else None
        return download(words, prog=PROG, cockpit=cockpit)

    @property
    def settings(self) -> Settings:
        """As this process, and a run that it starts, see them."""
        return Settings.load(self.work_dir)

    def ran(self, orders: str, *, trade: str = "downloads") -> None:
        """Leave what a run over that list leaves."""
        settings = Settings.load(
            self.work_dir,
            overrides={"run.workload": trade, "downloads.orders": orders, "downloads.url": URL},
        )
        run = RunDirectory(self.work_dir / settings.paths.run)
        run.create()
        run.settings_path.write_text(settings.to_json(), encoding="utf-8")


@pytest.fixture
def seat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seat:
    monkeypatch.chdir(tmp_path)
    for name, version in (("browser", "Chromium 150.0.1.2"), ("driver", "ChromeDriver 150.0.1.2")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{version}'\n", encoding="utf-8")
        program.chmod(0o700)
    (tmp_path / "geelark.toml").write_text(
        f"[downloads]\nurl = {json.dumps(URL)}\n"
        f"browser_binary = {json.dumps(str(tmp_path / 'browser'))}\n"
        f"driver_binary = {json.dumps(str(tmp_path / 'driver'))}\n",
        encoding="utf-8",
    )
    (tmp_path / "orders.csv").write_text(ORDERS, encoding="utf-8")
    return Seat(tmp_path)


@pytest.fixture
def live(seat: Seat) -> Iterator[Seat]:
    """Another process has a run over ``july.csv`` here."""
    seat.ran("july.csv")
    lock = InstanceLock(seat.work_dir / "run" / "instance.lock")
    lock.acquire()
    yield seat
    lock.release()


def test_on_a_terminal_the_cockpit_opens_with_the_flags_as_settings(seat: Seat) -> None:
    flags = ["--workers", "2", "--base-profile", "buyer", "--out", "kept", "--browser", "edge"]
    flags += ["--url", "http://other.example/{po_number}", "--max-passes=2", "--observe"]
    assert seat.types("orders.csv", *flags) == 7
    assert seat.opened == [(seat.work_dir, True)]
    settings = seat.settings
    assert (settings.run.workload, settings.run.workers) == ("downloads", 2)
    assert settings.retry.max_passes == 2
    assert settings.downloads.orders == seat.work_dir / "orders.csv"
    assert settings.downloads.base_profile == seat.work_dir / "buyer"
    assert settings.downloads.out == seat.work_dir / "kept"
    assert settings.downloads.browser == "edge"
    assert settings.downloads.url == "http://other.example/{po_number}"


def test_paths_are_those_of_whoever_types_them_also_with_another_work_directory(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = seat.work_dir / "lists"
    elsewhere.mkdir()
    (elsewhere / "2026.csv").write_text(ORDERS, encoding="utf-8")
    monkeypatch.chdir(elsewhere)
    assert seat.types("2026.csv", "-C", "..") == 7
    assert seat.opened == [(seat.work_dir, False)]
    assert seat.settings.downloads.orders == elsewhere / "2026.csv"


def test_what_is_not_given_is_left_to_the_settings_file(seat: Seat) -> None:
    with (seat.work_dir / "geelark.toml").open("a", encoding="utf-8") as file:
        file.write('out = "kept"\n[run]\nworkers = 3\n')
    assert seat.types() == 7
    assert seat.settings.run.workers == 3
    assert seat.settings.downloads.out == Path("kept")


def test_jobs_named_on_the_line_are_no_list(seat: Seat) -> None:
    seat.ran("july.csv")
    with pytest.raises(SystemExit) as usage:
        seat.types("orders.csv", "more.csv")
    assert usage.value.code == 2
    assert seat.types("--skip", "PO-1") == ExitCode.FAILED  # there is no ledger yet
    assert seat.settings.downloads.orders == Path("july.csv")


@pytest.mark.parametrize(
    "words",
    [("--workers", "0"), ("--browser", "netscape"), ("--base-profle", "x"), ("--workers", "two")],
)
def test_a_wrong_flag_is_a_usage_error_of_this_command(
    seat: Seat, words: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as usage:
        seat.types("orders.csv", *words)
    assert usage.value.code == 2
    assert f"usage: {PROG}" in capsys.readouterr().err
    assert not seat.opened


def test_help_names_its_own_flags(seat: Seat, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        seat.types("--help")
    assert end.value.code == 0
    told = capsys.readouterr().out
    assert "--base-profile" in told
    assert "--stop-all" in told


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("missing.csv",), "There is no list of orders"),
        (("orders.csv", "--dry-run", "--status"), "--dry-run starts nothing"),
        (("orders.csv", "--observe", "--run"), "--observe is for the cockpit"),
        (("orders.csv", "-C", "nowhere"), "nowhere does not exist"),
        (("orders.csv", "--run", "--status"), "cannot be given together"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence_and_opens_nothing(
    seat: Seat, words: Sequence[str], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        seat.types(*words)
    assert not seat.opened


def test_a_wrong_value_on_the_line_is_told_as_such_and_set_nowhere(seat: Seat) -> None:
    with pytest.raises(SettingsError, match=r"command line: downloads\.url = 'shop' is not"):
        seat.types("orders.csv", "--url", "shop")
    assert seat.settings.downloads.url == URL


def test_a_missing_list_is_told_with_its_remedy_by_the_console_without_a_traceback(
    seat: Seat, capsys: pytest.CaptureFixture[str]
) -> None:
    (seat.work_dir / "orders.csv").unlink()
    for words in (["download", "--dry-run"], ["download", "--headless"]):
        assert command_line.main(words) == ExitCode.FAILED
        said = capsys.readouterr().err.strip().splitlines()
        assert len(said) == 1
        assert "There is no list of orders" in said[0]
    assert not (seat.work_dir / "downloads").exists()


# -- the dry run -----------------------------------------------------------------------------------


def _below(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


def test_a_dry_run_accounts_for_every_row_and_writes_nothing(
    seat: Seat, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("PO-2_FAILED", "PO-3__WORK"):
        (seat.work_dir / "downloads" / name).mkdir(parents=True)
    before = _below(seat.work_dir)
    assert seat.types("orders.csv", "--dry-run") == ExitCode.DONE
    assert _below(seat.work_dir) == before
    path = seat.work_dir / "orders.csv"
    assert capsys.readouterr().out.splitlines() == [
        f"Set aside: {path} line 4: order PO-1 stands in line 2 already; it is done once.",
        f"Set aside: {path} line 5: it has no po_number.",
        "Would visit PO-1 (Acme, 12.00) at https://shop.example/orders/PO-1",
        "Would visit PO-2 at https://shop.example/orders/PO-2; takes up PO-2_FAILED",
        "Would visit PO-3 (Beta) at https://shop.example/orders/PO-3; goes on in PO-3__WORK",
        (
            "3 order(s) to visit with at most 4 browser(s), 0 done already, 0 failed for good, "
            f"2 row(s) set aside, into {seat.work_dir / 'downloads'}; nothing was started."
        ),
    ]
    assert not seat.opened


def test_a_dry_run_leaves_alone_what_has_its_outcome_or_waits_for_a_person(
    seat: Seat, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = ProgressTracker(seat.work_dir / "orders_progress.csv", settings=seat.settings, cap=0)
    jobs = [
        NewJob(job_id=one, account=one, video_path=f"https://shop.example/{one}", caption="x")
        for one in ("PO-1", "PO-2")
    ]
    ledger.seed(lambda _known: jobs)
    ledger.skip(["PO-2"])
    ledger.close()
    assert seat.types("orders.csv", "--dry-run") == ExitCode.DONE
    told = capsys.readouterr().out
    assert "Done already: PO-2: left out\n" in told
    assert "2 order(s) to visit with at most 4 browser(s), 1 done already" in told


@pytest.mark.parametrize(
    ("lacks", "sentence"),
    [
        ("base profile", "is no user data folder of Chromium or Edge"),
        ("address", "Order PO-1 has no url, and downloads.url is not set: give one of them."),
        ("browser", "names /no/browser, and there is no such program"),
        ("room", "--workers must be 1 to 8 (run.max_workers), not 20."),
    ],
)
def test_a_dry_run_tells_what_a_run_would_refuse_to_start_without(
    seat: Seat, lacks: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"base profile": ["--base-profile", "base"], "room": ["--workers", "20"]}
    (seat.work_dir / "base").mkdir()
    if lacks == "address":
        (seat.work_dir / "geelark.toml").unlink()
    if lacks == "browser":
        os.environ["GEELARK_DOWNLOADS__BROWSER_BINARY"] = "/no/browser"
    assert seat.types("orders.csv", "--dry-run", *given.get(lacks, [])) == ExitCode.FAILED
    told = capsys.readouterr().out
    assert any(line.startswith("In the way: ") and sentence in line for line in told.splitlines())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"po_number\n,\n", "has no order to work on"),
        (b"supplier\nAcme\n", "one of them must be po_number"),
        (b"\xff\xfep\0o\0", "is UTF-16 text"),
        (b"po_number,link,url\nPO-1,,\n", "several columns for url"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_before_the_screen_is_taken(
    seat: Seat, content: bytes, sentence: str
) -> None:
    (seat.work_dir / "orders.csv").write_bytes(content)
    for flag in ("--dry-run", "--workers=2"):
        with pytest.raises(InputError, match=sentence):
            seat.types("orders.csv", flag)
    assert not seat.opened


# -- which list is meant ---------------------------------------------------------------------------


def test_a_command_without_a_list_means_the_one_that_ran_last(
    seat: Seat, capsys: pytest.CaptureFixture[str]
) -> None:
    seat.ran("july.csv")
    assert seat.types("--requeue", "PO-1") == ExitCode.FAILED
    assert "july_progress.csv" in capsys.readouterr().err
    assert seat.settings.downloads.orders == Path("july.csv")


def test_a_command_with_a_list_means_that_one(
    seat: Seat, capsys: pytest.CaptureFixture[str]
) -> None:
    seat.ran("july.csv")
    assert seat.types("orders.csv", "--requeue", "PO-1") == ExitCode.FAILED
    assert "orders_progress.csv" in capsys.readouterr().err


def test_a_run_without_a_list_takes_that_of_the_settings_whatever_ran_last(seat: Seat) -> None:
    seat.ran("july.csv")
    assert seat.types() == 7
    assert seat.settings.downloads.orders == Path("orders.csv")


def test_the_cockpit_without_a_list_opens_on_the_live_run(live: Seat) -> None:
    (live.work_dir / "orders.csv").unlink()
    assert live.types() == 7
    assert live.settings.downloads.orders == Path("july.csv")


def test_a_run_of_another_trade_tells_nothing_of_lists(seat: Seat) -> None:
    seat.ran("july.csv", trade="roadmap")
    assert seat.types("--skip", "PO-1") == ExitCode.FAILED
    assert seat.settings.downloads.orders == Path("orders.csv")


def test_the_plain_cockpit_opens_on_the_live_run_of_this_trade(live: Seat) -> None:
    settings = cockpit_start.settings_shown(live.work_dir, {})
    assert settings.run.workload == "downloads"
    assert settings.downloads.orders == Path("july.csv")
    assert live.settings == settings  # so it is for the commands that it sends


def test_the_plain_cockpit_leaves_the_settings_alone_where_no_run_lives(seat: Seat) -> None:
    seat.ran("july.csv")
    assert cockpit_start.settings_shown(seat.work_dir, {}).run.workload == "post_reel"
