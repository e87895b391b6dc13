"""Downloads under trouble: killed parts, stops, a login that is lost. Nothing is lost or left."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.jobs import JobStatus
from simulator.order_login import logged_in_profile
from simulator.order_site_file import OrderFault, SiteAttachment, SiteOrder
from tests.e2e.downloads_farm import DownloadsFarm, downloads_farm, gone
from tests.logged_in import LoggedIn, logged_in

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def plain(count: int, *, seconds: float | None = None) -> tuple[SiteOrder, ...]:
    """Orders whose pages take the server so long."""
    files = (SiteAttachment(name="a.pdf"),)
    return tuple(
        SiteOrder(number=f"PO-{n}", files=files, page_seconds=seconds) for n in range(count)
    )


@pytest.fixture(scope="module")
def who(tmp_path_factory: pytest.TempPathFactory) -> LoggedIn:
    return logged_in(tmp_path_factory.getbasetemp().parent)


def worker_of(farm: DownloadsFarm, slot: int) -> psutil.Process:
    hello = [one for one in farm.doors.events("worker_hello") if one["worker"] == slot]
    return psutil.Process(hello[-1]["pid"])


def all_complete(farm: DownloadsFarm) -> bool:
    return set(farm.folders().values()) == {"_COMPLETED"} and all(
        farm.files(number) == farm.truth(number) for number in farm.jobs()
    )


def test_c_d6_killed_workers_and_browsers_lose_no_order_and_disturb_no_other_c6_5_c6_6(
    tmp_path: Path, who: LoggedIn
) -> None:
    with downloads_farm(tmp_path, who, *plain(8, seconds=0.5)) as farm:
        run = farm.doors.start("--run")
        farm.doors.wait_for(lambda: len(farm.doors.events("outcome")) >= 2)
        healthy, victim = worker_of(farm, 1), worker_of(farm, 0)
        victim.kill()
        farm.doors.wait_for(lambda: len(farm.doors.events("worker_hello")) >= 3)
        farm.doors.wait_for(lambda: len(farm.doors.events("outcome")) >= 4)
        mains = [p for p in healthy.children(recursive=True) if "--headless=new" in p.cmdline()]
        mains[0].kill()
        run.communicate(timeout=90)
        assert run.returncode == 0
        assert worker_pids(farm, 1) == {healthy.pid}  # C6.6: only the trouble's own was restarted
        assert all_complete(farm)
        assert {job.status for job in farm.jobs().values()} == {JobStatus.SUCCESS}
        assert farm.leftovers() == []


def worker_pids(farm: DownloadsFarm, slot: int) -> set[int]:
    return {one["pid"] for one in farm.doors.events("worker_hello") if one["worker"] == slot}


def test_a_killed_supervisor_leaves_no_browser_and_the_next_run_finishes_c6_3(
    tmp_path: Path, who: LoggedIn
) -> None:
    with downloads_farm(tmp_path, who, *plain(5, seconds=0.5)) as farm:
        run = farm.doors.start("--run")
        farm.doors.wait_for(lambda: farm.doors.events("outcome"))
        browsers = farm.browsers()
        workers = [worker_of(farm, 0), worker_of(farm, 1)]
        for process in (psutil.Process(run.pid), *workers):  # nobody is left to clean up
            process.send_signal(signal.SIGKILL)
        run.communicate(timeout=30)
        again = farm.doors.run("--run")
        assert again.returncode == 0, again.stderr
        assert all(map(gone, browsers))
        assert all_complete(farm)
        assert farm.leftovers() == []


def test_c_d5_c_d8_a_stop_ends_browsers_at_once_and_keeps_what_waits_c6_11(
    tmp_path: Path, who: LoggedIn
) -> None:
    hangs = SiteOrder(number="HANGS", fault=OrderFault.HANG)
    with downloads_farm(tmp_path, who, hangs, *plain(30, seconds=1.0), page=60.0) as farm:
        run = farm.doors.start("--run")
        farm.doors.wait_for(lambda: farm.doors.events("outcome"))
        browsers = farm.browsers()
        assert browsers
        run.send_signal(signal.SIGTERM)
        out, err = run.communicate(timeout=30)
        assert run.returncode == 130
        assert "Result: stopped" in out
        assert err == ""
        assert all(map(gone, browsers))
        statuses = [job.status for job in farm.jobs().values()]
        assert len(statuses) == 31
        assert set(statuses) <= {JobStatus.PENDING, JobStatus.SUCCESS}
        assert statuses.count(JobStatus.PENDING) >= 25
        assert farm.leftovers() == []


def test_a_lost_login_holds_all_orders_for_a_person_and_costs_none_an_attempt(
    tmp_path: Path, who: LoggedIn
) -> None:
    base = tmp_path / "own_base"
    shutil.copytree(who.profile, base, symlinks=True)
    nobody = LoggedIn(base, "another-session")
    with downloads_farm(tmp_path, nobody, *plain(4)) as farm:
        run = farm.doors.start("--run")
        farm.doors.wait_for(lambda: farm.doors.events("alarm"))
        assert "log in once with the base profile" in farm.doors.events("alarm")[0]["text"]
        logged_in_profile(base, farm.site.url, farm.site.site.file)
        assert farm.doors.run("--send", "resume").returncode == 0
        run.communicate(timeout=60)
        assert run.returncode == 0
        assert all_complete(farm)
        assert {job.attempts for job in farm.jobs().values()} == {0}
        assert farm.leftovers() == []


def test_a_login_page_that_comes_in_place_of_a_file_is_never_counted(
    tmp_path: Path, who: LoggedIn
) -> None:
    """On a site that lists no sizes, only a look at what came, and at the page again, tells."""
    base = tmp_path / "own_base"
    shutil.copytree(who.profile, base, symlinks=True)
    page = SiteOrder(number="PAGE", files=(SiteAttachment(name="terms.html", size=40),))
    lost = SiteOrder(
        number="LOST",
        files=(SiteAttachment(name="a.pdf"), SiteAttachment(name="b.html")),
        fault=OrderFault.FILE_LOGIN,
        fault_times=2,
    )
    with downloads_farm(tmp_path, LoggedIn(base, who.session), page, lost) as farm:
        path = tmp_path / "geelark.toml"
        unsized = 'attachment_size = ""\nattachment_size_attribute = ""\n'
        path.write_text(path.read_text() + unsized, encoding="utf-8")
        run = farm.doors.start("--run", "--workers", "1")
        farm.doors.wait_for(lambda: farm.doors.events("alarm"))
        assert farm.folders() == {"PAGE": "_COMPLETED", "LOST": "__WORK"}
        assert farm.files("LOST").keys() <= {"a.pdf.part", "b.html.part", "a.htm.part"}
        logged_in_profile(base, farm.site.url, farm.site.site.file)
        assert farm.doors.run("--send", "resume").returncode == 0
        run.communicate(timeout=60)
        assert run.returncode == 0
        assert all_complete(farm)


def test_c_d12_the_time_of_an_order_is_bounded_whatever_its_page_does(
    tmp_path: Path, who: LoggedIn
) -> None:
    hangs = SiteOrder(number="HANGS", fault=OrderFault.HANG)
    with downloads_farm(tmp_path, who, hangs, *plain(1), page=60.0) as farm:
        path = tmp_path / "geelark.toml"
        limited = path.read_text().replace("settle", "task_timeout_seconds = 4\nsettle")
        path.write_text(
            limited.replace("timeout_retry_seconds = [0.1]", "timeout_retry_seconds = []")
        )
        run = farm.doors.run("--run")
        assert run.returncode == 1
        assert farm.jobs()["HANGS"].error_type == "order_timeout"
        assert farm.folders() == {"HANGS": "_FAILED", "PO-0": "_COMPLETED"}


def test_c6_7_a_damaged_base_profile_ends_the_run_before_any_order(
    tmp_path: Path, who: LoggedIn
) -> None:
    base = tmp_path / "own_base"
    shutil.copytree(who.profile, base, symlinks=True)
    (base / "Local State").write_text("{", encoding="utf-8")
    with downloads_farm(tmp_path, LoggedIn(base, who.session), *plain(2)) as farm:
        run = farm.doors.run("--run")
        assert run.returncode == 1
        assert "is damaged" in run.stderr
        assert "Traceback" not in run.stderr
        assert not farm.place.ledger_path.exists()


def test_a_selector_that_is_none_ends_the_run_with_its_name_and_no_order_is_to_blame(
    tmp_path: Path, who: LoggedIn
) -> None:
    with downloads_farm(tmp_path, who, *plain(2)) as farm:
        path = tmp_path / "geelark.toml"
        path.write_text(path.read_text() + 'found = "div[["\n', encoding="utf-8")
        run = farm.doors.run("--run")
        assert run.returncode == 1
        assert "downloads.found" in run.stderr
        assert "Traceback" not in run.stderr
        assert {job.status for job in farm.jobs().values()} == {JobStatus.PENDING}
        assert farm.leftovers() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with room for one small file."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"no disk of our own can be mounted here: {made.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_on_a_full_disk_nothing_half_counts_and_a_requeue_completes_it(
    tmp_path: Path, small_disk: Path, who: LoggedIn
) -> None:
    large = SiteOrder(number="LARGE", files=(SiteAttachment(name="a.pdf", size=600_000),))
    with downloads_farm(tmp_path, who, *plain(1), large) as farm:
        path = tmp_path / "geelark.toml"
        path.write_text(path.read_text() + f'out = "{small_disk}"\n', encoding="utf-8")
        # One after the other: the large one would take the room of the small one beside it.
        run = farm.doors.run("--run", "--workers", "1")
        assert run.returncode == 1
        assert "Traceback" not in run.stderr
        jobs = farm.jobs()
        assert jobs["PO-0"].status is JobStatus.SUCCESS
        assert jobs["LARGE"].status is JobStatus.FAILED
        assert jobs["LARGE"].error_type in ("attachments_missing", "folder_unusable")
        assert farm.files("PO-0") == farm.truth("PO-0")
        assert farm.folders()["LARGE"] in ("_FAILED", "__WORK")

        subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
        assert farm.doors.run("--requeue", "LARGE").returncode == 0
        assert farm.doors.run("--run").returncode == 0
        assert all_complete(farm)
