"""The trade of downloads behind the seam: what it seeds, refuses, ranks and puts in order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from engine import workloads
from engine.config import Settings
from engine.downloads.details import details, priority_of
from engine.downloads.folders import FolderState
from engine.downloads.orders import Order
from engine.downloads.place import Place
from engine.downloads.stages import end_folders
from engine.errors import EngineError, InputError, SettingsError
from engine.jobs import Claim, ErrorCategory, Failure
from engine.progress import ProgressTracker
from engine.workloads.base import Workload, WorldContext

URL = "https://shop.example/orders/{po_number}"


def trade(work_dir: Path, **downloads: Any) -> Workload:
    lines = ["[run]", 'workload = "downloads"', "[downloads]", f'url = "{URL}"']
    lines += [f'{key} = "{value}"' for key, value in downloads.items()]
    (work_dir / "geelark.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = Settings.load(work_dir)
    return workloads.load("downloads", WorldContext(settings=settings, work_dir=work_dir))


def write_list(work_dir: Path, *rows: str) -> None:
    text = "\n".join(["po_number,supplier,url,amount", *rows]) + "\n"
    (work_dir / "orders.csv").write_text(text, encoding="utf-8")


def ledger_of(work_dir: Path, workload: Workload) -> ProgressTracker:
    settings = Settings.load(work_dir)
    return ProgressTracker(workload.ledger_path, settings=settings, rank=workload.rank)


def test_each_order_becomes_one_job_and_each_other_row_a_sentence(tmp_path: Path) -> None:
    write_list(
        tmp_path, "PO-1,Acme,,12.50", "PO 2,,https://shop.example/x,", ",Nobody,,", "PO-1,,,"
    )
    workload = trade(tmp_path)
    ledger = ledger_of(tmp_path, workload)
    report = workload.seed(ledger)
    jobs = ledger.jobs()
    assert {job.job_id: (job.account, job.video_path, job.caption) for job in jobs.values()} == {
        "PO-1": ("PO-1", "https://shop.example/orders/PO-1", "Acme, 12.50 (priority 5)"),
        "PO 2": ("PO 2", "https://shop.example/x", "(priority 5)"),
    }
    assert {job.max_attempts for job in jobs.values()} == {4}
    assert report.seeded + sum(report.skipped.values()) == 4
    said = [text.partition("orders.csv ")[2] for text in report.messages]
    assert said[0] == "line 4: it has no po_number."
    assert said[1].startswith("line 5: order PO-1 stands in line 2 already")
    assert len(said) == 2
    assert workload.ledger_path == tmp_path / "orders_progress.csv"


def test_each_list_has_a_ledger_of_its_own_whatever_it_is_called(tmp_path: Path) -> None:
    def ledger_of(orders: Path) -> Path:
        settings = Settings.model_validate({"downloads": {"orders": orders}})
        return Place(settings, tmp_path).ledger_path

    names = ("a/july.csv", "b/july.csv", "july.tsv", "july.CSV", "ju ly.csv")
    elsewhere = [Path(name) for name in names]
    found = {ledger_of(orders) for orders in elsewhere}
    assert len(found) == len(elsewhere)
    assert all(re.fullmatch(r"ju_?ly-[0-9a-f]{8}_progress\.csv", path.name) for path in found)
    assert {path.parent for path in found} == {tmp_path}
    assert ledger_of(tmp_path / "a" / "july.csv") == ledger_of(Path("a/july.csv"))
    assert ledger_of(tmp_path / "july.csv").name == "july_progress.csv"


def test_rows_that_are_added_later_join_the_ledger_and_a_list_that_is_gone_is_gone_on_without(
    tmp_path: Path,
) -> None:
    write_list(tmp_path, "PO-1,,,")
    workload = trade(tmp_path)
    ledger = ledger_of(tmp_path, workload)
    workload.seed(ledger)
    write_list(tmp_path, "PO-1,,,", "PO-2,,,")
    again = trade(tmp_path)
    assert again.seed(ledger).seeded == 1
    (tmp_path / "orders.csv").unlink()
    assert trade(tmp_path).seed(ledger).seeded == 0
    assert list(ledger.jobs()) == ["PO-1", "PO-2"]


def test_urgent_orders_come_first_and_equal_ones_as_they_arrived() -> None:
    texts = [details(Order(po_number="x"), priority) for priority in (5, 1, 10)]
    assert [priority_of(text) for text in texts] == [5, 1, 10]
    assert priority_of("by hand (priority 77)") == priority_of("") == 5
    for wrong in (0, 11):
        with pytest.raises(ValueError, match="1 to 10"):
            details(Order(po_number="x"), wrong)
    hostile = details(Order(po_number="x", supplier="(priority 1)", amount="a\x1b[31m\nb"))
    assert priority_of(hostile) == 5
    assert hostile.isprintable()


@pytest.mark.parametrize(
    ("prepare", "settings", "sentence"),
    [
        (lambda place: None, {}, "There is no list of orders"),
        (write_list, {}, "has no order to work on"),
        (
            lambda place: write_list(place, "PO-1,,,"),
            {"browser_binary": "/nowhere/chromium"},
            "downloads.browser_binary names /nowhere/chromium",
        ),
        (lambda place: write_list(place, "PO-1,,,"), {"out": "geelark.toml"}, "geelark.toml"),
    ],
)
def test_what_could_not_run_is_refused_before_anything_starts(
    tmp_path: Path, prepare: Any, settings: dict[str, str], sentence: str
) -> None:
    prepare(tmp_path)
    workload = trade(tmp_path, **settings)
    with pytest.raises(EngineError) as refused:
        workload.check()
    assert sentence in str(refused.value)
    assert not workload.ledger_path.exists()


def test_an_order_without_an_address_is_refused_with_its_number(tmp_path: Path) -> None:
    write_list(tmp_path, "PO-1,,,")
    settings = Settings.load(tmp_path, overrides={"run.workload": "downloads"})
    workload = workloads.load("downloads", WorldContext(settings=settings, work_dir=tmp_path))
    with pytest.raises(InputError, match=r"PO-1 has no url, and downloads\.url is not set"):
        workload.check()


def test_at_most_eight_browsers_are_driven_at_a_time_c_d15(tmp_path: Path) -> None:
    workload = trade(tmp_path)
    workload.check_workers(8)
    with pytest.raises(SettingsError, match="at most 8"):
        workload.check_workers(9)


def test_folders_of_orders_that_failed_for_good_are_ended_and_no_others(tmp_path: Path) -> None:
    write_list(tmp_path, "PO-1,,,", "PO-2,,,")
    workload = trade(tmp_path)
    ledger = ledger_of(tmp_path, workload)
    workload.seed(ledger)
    folders = Place(Settings.load(tmp_path), tmp_path).folders
    for number in ("PO-1", "PO-2"):
        with folders.working(number):
            pass  # as a killed worker leaves it
    claim = ledger.claim("0")
    assert isinstance(claim, Claim)
    died = Failure(error="Died.", category=ErrorCategory.INFRASTRUCTURE, error_type="worker_died")
    ledger.fail(claim, died)
    end_folders(folders, ledger.failed())
    ends = [folders.found(number) for number in ("PO-1", "PO-2")]
    assert [end[0] for end in ends if end] == [FolderState.FAILED, FolderState.WORK]
    result = folders.result("PO-1")
    assert result is not None
    assert result.reason == "Died."
