"""A run of downloads: real site, real engine, real browsers, and folders that equal the truth."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from engine.jobs import JobStatus
from simulator.order_site_file import OrderFault, SiteAttachment, SiteOrder
from tests.e2e.downloads_farm import DownloadsFarm, downloads_farm
from tests.logged_in import LoggedIn, logged_in


def files(*names: str, size: int = 20_000) -> tuple[SiteAttachment, ...]:
    return tuple(SiteAttachment(name=name, size=size + place) for place, name in enumerate(names))


MIXED = (
    SiteOrder(number="PO-1", files=files("offer.pdf", "Größe & Preis (1).pdf", size=300_000)),
    SiteOrder(number="po-1", files=files("offer.pdf")),
    SiteOrder(number="PO-2"),
    SiteOrder(number="PO-3", files=files("a.pdf"), fault=OrderFault.DENIED),
    SiteOrder(number="PO-4", fault=OrderFault.NOT_FOUND),
    SiteOrder(number="PO-5", files=files("a.pdf"), fault=OrderFault.ERROR_500, fault_times=1),
    SiteOrder(number="PO-6", files=files("a.pdf"), fault=OrderFault.RATE_LIMITED, fault_times=3),
    SiteOrder(
        number="PO-7",
        files=files("a.pdf", "b.pdf"),
        fault=OrderFault.FILE_500,
        fault_files=(1,),
    ),
    SiteOrder(number="PO-8", files=files("a.pdf"), fault=OrderFault.HANG),
    SiteOrder(number="PO-9", files=files("a.pdf"), fault=OrderFault.WRONG_SIZE),
    SiteOrder(number="PO-10", files=files("a.pdf"), fault=OrderFault.CUT_OFF, fault_times=1),
)


@pytest.fixture(scope="module")
def who(tmp_path_factory: pytest.TempPathFactory) -> LoggedIn:
    return logged_in(tmp_path_factory.getbasetemp().parent)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, who: LoggedIn) -> Iterator[DownloadsFarm]:
    """A run over orders of every kind, at its end."""
    with downloads_farm(tmp_path_factory.mktemp("mixed"), who, *MIXED, page=3.0) as farm:
        run = farm.doors.run("--run")
        assert run.returncode == 1, run.stderr
        assert "Traceback" not in run.stderr
        yield farm


def test_each_order_ends_in_exactly_one_state_with_all_that_its_page_lists_c6_8(
    ended: DownloadsFarm,
) -> None:
    assert ended.folders() == {
        "PO-1": "_COMPLETED",
        "po-1": "_COMPLETED",
        "PO-2": "_NO_ATTACHMENTS",
        "PO-3": "_FAILED",
        "PO-4": "_PO_NOT_FOUND",
        "PO-5": "_COMPLETED",
        "PO-6": "_COMPLETED",
        "PO-7": "_PARTIAL",
        "PO-8": "_FAILED",
        "PO-9": "_FAILED",
        "PO-10": "_COMPLETED",
    }
    for number, state in ended.folders().items():
        if state == "_COMPLETED":
            assert ended.files(number) == ended.truth(number), number
    assert ended.files("PO-7") == {"a.pdf": ended.truth("PO-7")["a.pdf"]}


def test_c_d13_c_d14_the_ledger_accounts_for_each_order_with_its_reason(
    ended: DownloadsFarm,
) -> None:
    jobs = ended.jobs()
    assert len(jobs) == len(MIXED)
    assert {number: job.error_type for number, job in jobs.items() if job.error_type} == {
        "PO-3": "access_denied",
        "PO-4": "order_not_found",
        "PO-7": "attachments_missing",
        "PO-8": "page_timeout",
        "PO-9": "attachments_missing",
    }
    done = {number for number, job in jobs.items() if job.status is JobStatus.SUCCESS}
    failed = {number for number, job in jobs.items() if job.status is JobStatus.FAILED}
    assert len(done) + len(failed) == len(MIXED)
    assert jobs["PO-7"].error == "1 of 2 attachments: b.pdf did not arrive."


def test_c_d7_each_kind_is_visited_as_often_as_it_may_and_no_order_twice_at_once_c6_7(
    ended: DownloadsFarm,
) -> None:
    journal = ended.site.journal
    visits = {order.number: len(journal.pages(order.number)) for order in MIXED}
    assert visits == {
        **dict.fromkeys(("PO-1", "po-1", "PO-2", "PO-4", "PO-10"), 1),
        **dict.fromkeys(("PO-3", "PO-5", "PO-7", "PO-8", "PO-9"), 2),
        "PO-6": 4,
    }
    for number in visits:
        if number == "PO-8":
            continue  # its answers never come
        spans = sorted((page.start, page.end) for page in journal.pages(number))
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    files_of_complete = journal.files("PO-1")
    assert len(files_of_complete) == len(MIXED[0].files)


def test_c_d10_workers_are_processes_each_with_a_profile_of_its_own_and_nothing_stays(
    ended: DownloadsFarm,
) -> None:
    pids = {event["pid"] for event in ended.doors.events("worker_hello")}
    assert len(pids) == len(ended.doors.events("worker_started"))
    assert ended.site.journal.sessions()  # logged in by the base's cookie alone
    assert not [one for one in ended.site.journal.requests if one.kind == "login"]
    assert ended.leftovers() == []


def test_a_repeat_reuses_folders_and_fetches_only_what_is_lacking_c6_8(
    ended: DownloadsFarm,
) -> None:
    before = len(ended.site.journal.requests)
    assert ended.doors.run("--requeue", "PO-7", "PO-1").returncode in (0, 1)
    assert ended.doors.run("--requeue", "PO-7").returncode in (0, 1)
    again = ended.doors.run("--run")
    assert again.returncode == 1, again.stderr
    asked = ended.site.journal.requests[before:]
    assert {one.order for one in asked} == {"PO-7"}
    assert {one.file for one in asked if one.kind == "file"} == {"b.pdf"}
    assert ended.folders()["PO-7"] == "_PARTIAL"
