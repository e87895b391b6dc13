"""A posting session on a real farm: real adb and Appium commands, real sockets, real processes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import structlog

from engine.config import Settings
from engine.errors import (
    AccountError,
    ClaimLostError,
    InDoubtError,
    JobError,
    NavigationError,
    NotInGeelarkError,
    StopRequested,
)
from engine.jobs import Job, Success
from engine.phones.stations import open_station
from engine.processes import ProcessRegistry
from engine.slot_processes import SlotProcesses
from engine.workloads.base import Receipt, WorkerSlot
from engine.workloads.posting_session import PostingSession
from simulator.app import app_on
from simulator.farm_file import Accounts, FarmFile
from simulator.journal import FARM_FOLDER, TRUTH_FILE, read_journal
from simulator.truth import read_truth
from simulator.world import Farm
from tests.family import command_line, running_below
from tests.farm import new_farm, served
from tests.posting_phone import TimedReport, World


class RealReport(TimedReport):
    """Waits for real and may be asked to stop."""

    def __init__(self) -> None:
        super().__init__(World())
        self.states: list[str] = []
        self.stop_in_phase = ""
        self.lose_claim_at_begin = False

    def state(self, name: str) -> None:
        self.checkpoint()
        self.states.append(name)

    def checkpoint(self) -> None:
        asked = self.stop_in_phase and self.phases and self.phases[-1] == self.stop_in_phase
        if asked and not self.submitted:
            raise StopRequested("The worker was asked to stop.")

    def begin(self) -> None:
        if self.lose_claim_at_begin:
            raise ClaimLostError("job: claimed by another")
        self.checkpoint()

    def pause(self, seconds: float) -> None:
        self.checkpoint()
        time.sleep(seconds)


@dataclass
class Desk:
    """One session with what it told its workload."""

    work_dir: Path
    session: PostingSession
    published: list[str] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    def post(self, job: Job, report: RealReport) -> Success:
        outcome = self.session.perform(job, report)
        assert isinstance(outcome, Success)
        self.session.await_farewell()
        return outcome

    @property
    def reels(self) -> list[tuple[str, str]]:
        return [(reel.account, reel.caption) for reel in read_truth(self.work_dir).reels]

    @property
    def phones_on(self) -> int:
        return len(read_truth(self.work_dir).phones_on)


@contextmanager
def desk(work_dir: Path) -> Iterator[Desk]:
    log = structlog.get_logger("test")
    settings = Settings.load(work_dir)
    slot = WorkerSlot(
        index=0,
        settings=settings,
        work_dir=work_dir,
        run_id="test",
        log=log,
        processes=SlotProcesses(ProcessRegistry(work_dir / "run" / "processes"), 0),
    )
    expected: list[str] = []
    published: list[str] = []
    receipts: list[Receipt] = []
    session = PostingSession(
        slot,
        open_station(settings, work_dir, run_id="test", log=log),
        material=lambda job: Path(job.video_path),
        expected=lambda job: expected.append(job.job_id),
        not_shared=lambda job: expected.remove(job.job_id),
        published=lambda job: published.append(job.job_id),
        released=receipts.append,
    )
    with served(work_dir):
        session.start()
        try:
            yield Desk(work_dir, session, published, receipts)
        finally:
            session.close()
    assert [one for one in running_below() if "simulator.appium" in command_line(one)] == []


def fails_with(kind: type[JobError], action: Callable[[], object]) -> JobError:
    with pytest.raises(kind) as caught:
        action()
    return caught.value


PHASES = ["check", "find", "boot", "connect", "session", "open", "upload",
          "navigate", "caption", "share", "confirm", "stop"]  # fmt: skip


def test_a_job_is_posted_and_its_phone_is_off_afterwards(tmp_path: Path) -> None:
    jobs = new_farm(tmp_path, "--accounts", 2, "--time-scale", 60)
    with desk(tmp_path) as here:
        for job in jobs:
            report = RealReport()
            here.post(job, report)
            assert report.states == ["ADB_PENDING", "ADB_READY", "APPIUM_READY"]
            assert [name for name in dict.fromkeys(report.phases) if name != "send"] == PHASES
            assert report.submits == 1
            assert here.phones_on == 0
        assert here.reels == [(job.account, job.caption) for job in jobs]
        assert here.published == [job.job_id for job in jobs]
        assert all(receipt.released for receipt in here.receipts)


def boots(work_dir: Path) -> int:
    journal = read_journal(work_dir / FARM_FOLDER / TRUTH_FILE)
    return sum(record["event"] == "phone_on" for record in journal)


def test_a_phone_that_boots_ahead_is_used_by_its_own_job_and_else_goes_off(tmp_path: Path) -> None:
    jobs = new_farm(tmp_path, "--accounts", 2, "--time-scale", 60)
    alarms: list[str] = []
    with desk(tmp_path) as here:
        here.session.prepare_next(jobs[1], alarms.append)
        here.post(jobs[0], RealReport())
        assert (here.phones_on, here.reels) == (0, [(jobs[0].account, jobs[0].caption)])
        before = boots(tmp_path)
        here.session.prepare_next(jobs[1], alarms.append)
        report = RealReport()
        here.post(jobs[1], report)
        assert [name for name in dict.fromkeys(report.phases) if name != "send"] == PHASES
        assert here.reels == [(job.account, job.caption) for job in jobs]
        assert (here.phones_on, boots(tmp_path) - before, alarms) == (0, 1, [])


def test_a_full_plan_refuses_a_phone_ahead_and_its_job_is_done_all_the_same(
    tmp_path: Path,
) -> None:
    script = '[[faults.script]]\nkind = "start_no_capacity"\n'
    jobs = new_farm(tmp_path, "--accounts", 1, "--time-scale", 60, farm=script)
    with desk(tmp_path) as here:
        assert [here.session.looks_ahead] == [True]
        here.session.prepare_next(jobs[0], lambda _text: None)
        here.post(jobs[0], RealReport())
        assert (boots(tmp_path), here.phones_on, len(here.reels)) == (1, 0, 1)
        assert not here.session.looks_ahead, "another worker may need the room"


@pytest.mark.parametrize("phase", ["check", "boot"])
def test_a_stop_of_a_job_whose_phone_boots_already_leaves_no_phone_on(
    tmp_path: Path, phase: str
) -> None:
    jobs = new_farm(tmp_path, "--accounts", 1, "--time-scale", 60)
    with desk(tmp_path) as here:
        here.session.prepare_next(jobs[0], lambda _text: None)
        report = RealReport()
        report.stop_in_phase = phase
        with pytest.raises(StopRequested):
            here.session.perform(jobs[0], report)
        assert (here.phones_on, here.reels) == (0, [])


def test_a_suspended_account_leaves_page_and_screenshot_and_no_phone_on(tmp_path: Path) -> None:
    jobs = new_farm(tmp_path, "--accounts", 1, "--time-scale", 60, "--suspended", 1)
    with desk(tmp_path) as here:
        report = RealReport()
        error = fails_with(AccountError, lambda: here.session.perform(jobs[0], report))
        assert error.error_type == "suspended"
        assert "suspended" in str(report.files["page.xml"])
        assert bytes(report.files["screenshot.png"]).startswith(b"\x89PNG")  # type: ignore[arg-type]
        assert (here.phones_on, here.reels, here.published) == (0, [], [])


FAULTS = ("boot_stall", "glogin_refused", "session_lost",
          "connection_dropped", "session_refused")  # fmt: skip


@pytest.mark.timeout(240)
@pytest.mark.parametrize("fault", FAULTS)
def test_an_infrastructure_fault_ends_the_attempt_and_the_next_one_posts(
    tmp_path: Path, fault: str
) -> None:
    script = f'[[faults.script]]\nkind = "{fault}"\n'
    jobs = new_farm(tmp_path, "--accounts", 1, "--time-scale", 60, farm=script)
    with desk(tmp_path) as here:
        report = RealReport()
        error = fails_with(JobError, lambda: here.session.perform(jobs[0], report))
        assert error.category == "infrastructure", error
        assert (here.phones_on, here.reels) == (0, [])
        here.session.recover()
        here.post(jobs[0], RealReport())
        assert here.reels == [(jobs[0].account, jobs[0].caption)]
        assert here.phones_on == 0


def test_a_connection_lost_right_after_share_is_looked_into_and_not_posted_twice(
    tmp_path: Path,
) -> None:
    script = '[[faults.script]]\nkind = "after_share"\n'
    jobs = new_farm(tmp_path, "--accounts", 1, "--time-scale", 60, farm=script)
    with desk(tmp_path) as here:
        try:
            here.post(jobs[0], RealReport())
        except InDoubtError:
            assert here.published == []
        assert len(here.reels) == 1
        assert here.phones_on == 0


def test_jobs_are_posted_once_through_dialogs_and_wrong_pages(tmp_path: Path) -> None:
    restless = "[app]\ndialog_rate = 0.4\nsurprise_rate = 0.1\n"
    jobs = new_farm(tmp_path, "--accounts", 2, "--time-scale", 60, "--seed", 5, farm=restless)
    with desk(tmp_path) as here:
        for job in jobs:
            for _ in range(3):
                # How fast this host is decides what comes when: a step more may be too many.
                with contextlib.suppress(NavigationError):
                    here.post(job, RealReport())
                    break
        assert here.reels == [(job.account, job.caption) for job in jobs]
        assert here.phones_on == 0


def passing_profile(tmp_path: Path) -> int:
    """A seed whose phone has an app build that begins a reel on the own profile."""
    for seed in range(1, 100):
        farm = Farm(FarmFile(seed=seed, accounts=Accounts(count=1)), tmp_path / "seeds" / str(seed))
        (phone,) = farm.phones.values()
        if app_on(phone).habits.layout.tab_bar == "message":
            return seed
    raise AssertionError("no build of that kind")


def test_a_post_without_confirmation_is_found_on_the_own_profile(tmp_path: Path) -> None:
    script = '[[faults.script]]\nkind = "no_confirmation"\n'
    seed = passing_profile(tmp_path)
    jobs = new_farm(
        tmp_path / "W", "--accounts", 1, "--time-scale", 60, "--seed", seed, farm=script
    )
    with desk(tmp_path / "W") as here:
        report = RealReport()
        success = here.post(jobs[0], report)
        assert "13 posts after 12" in success.evidence
        assert len(here.reels) == report.submits == 1
        assert {"doubt-page.xml", "doubt-screenshot.png"} <= set(report.files)
        assert (here.phones_on, here.published) == (0, [jobs[0].job_id])


def test_a_post_without_confirmation_is_a_doubt_where_nobody_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEELARK_POSTING__CHECK_DOUBTS", "false")
    script = '[[faults.script]]\nkind = "no_confirmation"\n'
    jobs = new_farm(tmp_path, "--accounts", 1, "--time-scale", 60, farm=script)
    with desk(tmp_path) as here:
        fails_with(InDoubtError, lambda: here.session.perform(jobs[0], RealReport()))
        assert len(here.reels) == 1
        assert (here.phones_on, here.published) == (0, [])


@pytest.mark.parametrize("phase", ["boot", "connect", "session", "open", "upload", "caption"])
def test_a_stop_in_any_phase_before_share_leaves_no_phone_on(tmp_path: Path, phase: str) -> None:
    jobs = new_farm(tmp_path, "--accounts", 1, "--time-scale", 60)
    with desk(tmp_path) as here:
        report = RealReport()
        report.stop_in_phase = phase
        with pytest.raises(StopRequested):
            here.session.perform(jobs[0], report)
        assert report.phases[-2:] == [phase, "stop"]
        assert (here.phones_on, here.reels) == (0, [])


def test_a_claim_lost_before_the_flow_posts_nothing_and_stops_the_phone(tmp_path: Path) -> None:
    jobs = new_farm(tmp_path, "--accounts", 1, "--time-scale", 60)
    with desk(tmp_path) as here:
        report = RealReport()
        report.lose_claim_at_begin = True
        with pytest.raises(ClaimLostError):
            here.session.perform(jobs[0], report)
        assert (here.phones_on, here.reels) == (0, [])


def test_an_account_without_a_phone_is_told_before_anything_starts(tmp_path: Path) -> None:
    jobs = new_farm(tmp_path, "--accounts", 1, "--time-scale", 60)
    with desk(tmp_path) as here:
        stranger = replace(jobs[0], account="nobody.of.ours")
        fails_with(NotInGeelarkError, lambda: here.session.perform(stranger, RealReport()))
        assert read_truth(tmp_path).billed_minutes == 0
