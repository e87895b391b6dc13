"""The Cockpit's lines from values: rooms, figures, workers, failures, attention, plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

from console.absence import Absence, happened
from console.screens import (
    cockpit_attention,
    cockpit_failures,
    cockpit_figures,
    cockpit_plan,
    cockpit_rooms,
    cockpit_workers,
)
from console.screens.cockpit_lines import Pick
from console.screens.cockpit_out import words
from console.screens.cockpit_rooms import AROUND, Wanted
from console.screens.cockpit_workers import Clockwork, Times
from console.times import TimeStyle
from engine.insight.forecast_values import Basis, Forecast, WithWorkers
from engine.insight.values import (
    Attention,
    Cluster,
    Level,
    Money,
    Overview,
    PassLine,
    PassReport,
    PhaseTimes,
    UsualTimes,
    WorkerLine,
)
from engine.jobs import ErrorCategory
from engine.plan import PlannedJob, RunPlan
from engine.workloads.post_reel import PostReel

NOW = datetime(2025, 12, 26, 12, 4, 31, tzinfo=UTC)
START = datetime(2025, 12, 26, 10, 27, 10, tzinfo=UTC)
CLOCK = Clockwork(now=NOW, style=TimeStyle.CLOCK, start=START)


def overview(**other: Any) -> Overview:
    """The moment of the design's picture."""
    values: dict[str, Any] = {
        "word": "RUNNING", "detail": "", "live": True, "run_id": "r", "campaign": "podcast",
        "started_at": START, "updated_at": NOW, "pid": 1, "stage": 2, "stages": 3,
        "waiting_until": None, "paused": False, "key_label": "account",
        "resource_label": "phone", "labels": PostReel.labels, "total": 82,
        "by_status": {"success": 51, "claimed": 4, "pending": 13, "failed": 14, "skipped": 0},
        "in_doubt": 0, "to_retry": 8, "final": 6,
        "retry_why": (("adb_timeout", 4), ("appium_crash", 2)),
        "final_why": (
            ("logged_out", "person", 3), ("verification", "person", 2),
            ("corrupted_video", "content", 1),
        ),
        "blocked": {}, "quarantined": 0, "percent": 62.2, "keys_capped": 51, "keys_free": 26,
        "keys_held": 5, "bins": ((START, 4, 1), (START, 6, 2)), "median_seconds": 292.0,
        "p90_seconds": 460.0,
        "forecast": Forecast(
            jobs_left=17, per_minute=1.0, done_at=NOW.replace(hour=12, minute=38),
            next_pass_jobs=15, next_pass_at=None,
        ),
        "money": Money(
            price_per_minute=0.007, on_now=6, per_minute_now=0.042, minutes_today=700.0,
            today=4.82, at_finish=6.0,
        ),
        "why_idle": "", "workers": (), "held_keys": frozenset(), "held_workers": frozenset(),
        "attention": (),
    }  # fmt: skip
    return Overview(**(values | other))


def worker(slot: int = 0, **other: Any) -> WorkerLine:
    values: dict[str, Any] = {
        "slot": slot, "state": "job", "since": START, "job_id": "DM6m1Econ4x", "key": "acct_017",
        "phase": "posting", "phase_since": NOW - timedelta(seconds=161), "submitted": False,
        "beat": NOW - timedelta(seconds=1), "cpu_percent": 12.0, "memory_mb": 181.0, "port": 4723,
        "success": 11, "failed": 9, "restarts": 0, "slow": False,
    }  # fmt: skip
    return WorkerLine(**(values | other))


def cluster(why: str, count: int, retry: str, *jobs: str) -> Cluster:
    return Cluster(
        why=why, category=ErrorCategory.INFRASTRUCTURE, count=count, retry=retry, tried_again=0,
        saved=0, keys=count, workers=("0",), last=NOW, sample="", job_ids=jobs,
    )  # fmt: skip


# -- rooms ----------------------------------------------------------------------------------------


def wanted(height: int, workers: int, attention: int = 3) -> Wanted:
    return Wanted(
        height=height, workers=workers, header=True, attention=attention, since=False, idle=0,
        failures=5,
    )  # fmt: skip


@pytest.mark.parametrize("height", [24, 30, 40, 48, 60])
@pytest.mark.parametrize("workers", [0, 1, 5, 8, 10, 30])
def test_the_parts_fill_the_screen_and_each_has_a_row(height: int, workers: int) -> None:
    narrow = cockpit_rooms.narrow(wanted(height, workers))
    parts = (narrow.jobs, narrow.middle, narrow.why, narrow.attention, narrow.log)
    assert sum(parts) == height - AROUND
    assert narrow.middle >= 3
    assert narrow.attention >= 2
    assert narrow.log >= 2
    wide = cockpit_rooms.wide(wanted(height, workers))
    assert sum((wide.jobs, wide.middle, wide.attention, wide.log)) == height - AROUND
    assert wide.middle - wide.notes >= 4
    assert wide.attention >= 3
    assert wide.log >= 1


def test_five_workers_leave_three_lines_of_log_and_few_leave_more() -> None:
    assert cockpit_rooms.narrow(wanted(24, 5)).log == 1 + 3
    assert cockpit_rooms.narrow(wanted(24, 2)).log == 1 + 6


def test_ten_workers_keep_two_lines_for_attention_and_log() -> None:
    rooms = cockpit_rooms.narrow(wanted(24, 10))
    assert (rooms.middle, rooms.attention, rooms.log) == (1 + 9, 1 + 1, 1 + 1)


# -- figures --------------------------------------------------------------------------------------


def test_the_counts_read_as_in_the_design() -> None:
    assert cockpit_figures.counts_line(overview(), 78) == (
        "JOBS 82  success 51  claimed 4  pending 13  failed 14 = 8 to retry + 6 final"
    )


@pytest.mark.parametrize(
    ("capped", "said"),
    [
        (
            51,
            "51 at today's cap   26 can still post (4 posting)   5 held for a person",
        ),
        (None, "4 posting   5 held for a person"),
    ],
)
def test_keys_at_their_cap_are_told_where_there_is_one(capped: int | None, said: str) -> None:
    lines = cockpit_figures.pace_lines(overview(keys_capped=capped), NOW, 100)
    assert f"accounts       {said}" in lines


def test_large_counts_take_fewer_words_and_are_never_cut() -> None:
    many = {"success": 12_345, "claimed": 4321, "pending": 23_456, "skipped": 1234}
    large = overview(total=50_000, by_status=many, to_retry=4567, final=2345)
    for width in (60, 70, 78, 100):
        line = cockpit_figures.counts_line(large, width)
        assert len(line) <= width
        assert "23456" in line
        assert len(cockpit_figures.wide_counts_line(large, NOW, width + 20)) <= width + 20


def test_what_is_in_doubt_is_told_apart_from_what_failed_for_good() -> None:
    doubtful = overview(in_doubt=2)
    assert "8 to retry + 4 final + 2 in doubt" in cockpit_figures.counts_line(doubtful, 120)
    assert cockpit_figures.counts(doubtful).doubt == 2
    assert cockpit_figures.counts(doubtful).final == 4


def test_the_progress_says_when_it_will_be_done_or_that_nobody_knows() -> None:
    assert cockpit_figures.progress(overview(), NOW) == "62%   eta 12:38"
    unknown = replace(overview().forecast, done_at=None)
    assert cockpit_figures.progress(overview(forecast=unknown), NOW) == "62%   eta -"


def foreseen(**other: Any) -> Forecast:
    """The forecast of the design's picture, with all that it tells."""
    other_workers = (
        WithWorkers(workers=4, done_at=NOW.replace(minute=47), sooner_seconds=-540.0),
        WithWorkers(workers=6, done_at=NOW.replace(minute=31), sooner_seconds=420.0),
    )
    known = replace(
        overview().forecast, earliest=NOW.replace(minute=31), latest=NOW.replace(minute=52),
        workers=5, minutes_to_come=62.0, minutes_in_all=762.0, cost_to_come=0.43,
        cost_in_all=5.25, calls_to_come=12, calls_in_all=140,
        basis=Basis(source="run", attempts=37), others=other_workers,
    )  # fmt: skip
    return replace(known, **other)


def test_the_range_stands_behind_the_eta_and_what_a_limit_leaves_in_its_place() -> None:
    def note(**forecast: Any) -> str:
        return cockpit_figures.progress(overview(forecast=foreseen(**forecast)), NOW)

    assert note() == "62%   eta 12:38 (12:31-12:52)"
    same = NOW.replace(minute=38)
    assert note(earliest=same, latest=same) == "62%   eta 12:38"
    at = NOW.replace(minute=10)
    assert note(cut="money", cut_at=at, cut_jobs=9) == "62%   limit 12:10, 9 left"
    assert note(cut="midnight", cut_jobs=9) == "62%   eta 12:38, 9 after midnight"


def test_three_numbers_of_workers_stand_beside_each_other_with_what_they_take() -> None:
    lines = cockpit_figures.pace_lines(overview(forecast=foreseen()), NOW, 102)
    assert lines[3] == (
        "forecast       4 workers 12:47   5 workers 12:38 (12:31-12:52)   6 workers 12:31   "
        "from 37 attempts"
    )
    assert lines[4] == (
        "to come        62 phone-min, est. $0.43, 12 model calls; today in all 762 min, $5.25, "
        "140 calls"
    )
    fewer, _ = foreseen().others
    at_most = (fewer, WithWorkers(workers=6, why_not="run.max_workers allows 5 at most"))
    limited = cockpit_figures.pace_lines(overview(forecast=foreseen(others=at_most)), NOW, 102)
    assert "4: 12:47   6: not possible" in limited[3]
    for width in (40, 55, 70):
        lines = cockpit_figures.pace_lines(overview(forecast=foreseen()), NOW, width)
        assert all(len(line) <= width for line in lines[3:])
        assert "12:38" in lines[3]


def test_a_forecast_that_nobody_can_make_says_why() -> None:
    unknown = replace(overview().forecast, done_at=None)
    lines = cockpit_figures.pace_lines(overview(forecast=unknown), NOW, 100)
    assert lines[3:] == ["forecast       too few attempts tell", "to come        -"]
    without = overview(forecast=unknown, live=False)
    assert cockpit_figures.pace_lines(without, NOW, 100)[3] == "forecast       -"


@pytest.mark.parametrize("width", [70, 100])
def test_pace_accounts_and_money_fit_their_panel(width: int) -> None:
    lines = cockpit_figures.pace_lines(overview(), NOW, width)
    assert all(len(line) <= width for line in lines)
    assert "median 4:52" in lines[0]
    assert "26 can" in lines[1]
    assert "$4.82 today" in lines[2]


def test_money_is_told_with_the_limit_of_the_day_where_there_is_one() -> None:
    limited = replace(overview().money, limit=12.0)
    lines = cockpit_figures.pace_lines(overview(money=limited), NOW, 100)
    assert "$4.82 of $12.00 today" in lines[2]


def test_why_nothing_runs_is_told_whole_in_two_rows() -> None:
    sentence = "The last run began 2025-12-26 10:27:10 and did not end by itself: the next goes on."
    idle = overview(live=False, last_result=sentence, why_idle="No run is live.")
    rows = cockpit_figures.idle_lines(idle, 60, most=2)
    assert " ".join(row.plain for row in rows) == sentence
    assert cockpit_figures.idle_lines(overview(), 60, most=2) == []


def test_what_cannot_be_read_comes_before_why_nothing_runs() -> None:
    broken = overview(problem="The ledger cannot be read.", why_idle="No run is live.")
    assert [row.plain for row in cockpit_figures.idle_lines(broken, 80, most=2)] == [
        "! The ledger cannot be read."
    ]


def passes() -> PassReport:
    ended = PassLine(
        number=1, state="ended", started=START, ended=NOW, seconds=4690.0, jobs=82, success=41,
        infrastructure=33, account=5, content=1, unknown=2, rate=50.0,
    )  # fmt: skip
    running = replace(
        ended, number=2, state="running", jobs=35, success=10, result="running, 17 to go"
    )
    planned = PassLine(
        number=3, state="planned", started=NOW.replace(minute=23), ended=NOW.replace(minute=38),
        seconds=None, jobs=15,
    )  # fmt: skip
    return PassReport(passes=(ended, running, planned))


def test_the_passes_read_as_in_the_design() -> None:
    head, first, second, third, blank, tail = cockpit_figures.pass_lines(passes(), 51, 6, NOW)
    assert str(head) == "PASS  JOBS  OK  INFRA  ACCT CONT UNKN  RATE    TOOK"
    assert str(first) == "   1    82  41     33     5    1    2   50% 1:18:10"
    assert str(second).startswith("  >2    35  10")
    assert str(third).split() == ["3", "~15", "-", "-", "-", "-", "-", "-", "~12:23"]
    assert blank == ""
    assert tail == "17 to go in pass 2; pass 3 ~15 jobs; then done"


def test_few_rows_show_the_newest_passes_and_few_columns_one_figure_of_failures() -> None:
    lines = cockpit_figures.pass_lines(passes(), 36, 4, NOW)
    assert str(lines[0]) == "PASS  JOBS  OK  FAIL  RATE    TOOK"
    assert [str(line)[:4].strip() for line in lines[1:3]] == [">2", "3"]
    assert "41" in str(cockpit_figures.pass_lines(passes(), 36, 6, NOW)[1])


# -- workers --------------------------------------------------------------------------------------


def cells(line: WorkerLine, *columns: str, held: bool = False) -> list[str]:
    return [words(cockpit_workers.cell(line, column, CLOCK, held=held)) for column in columns]


def test_a_worker_says_what_it_does_and_for_how_long() -> None:
    assert cells(worker(), "w", "state", "account", "phase", "for", "beat", "cpu", "mem") == [
        "0", "job", "acct_017", "posting", "2:41", "1s", "12%", "181M",
    ]  # fmt: skip


def test_twice_the_usual_time_and_an_old_beat_are_marked_with_a_sign() -> None:
    late = worker(slow=True, beat=NOW - timedelta(seconds=10))
    assert cells(late, "for", "beat") == ["!2:41", "!10s"]
    assert cells(worker(beat=NOW - timedelta(seconds=9)), "beat") == ["9s"]


def test_a_worker_in_back_off_counts_down() -> None:
    down = worker(
        3, state="backoff", job_id="", key="", phase="", phase_since=None, beat=None,
        cpu_percent=None, memory_mb=None, restart_at=NOW + timedelta(seconds=24),
    )  # fmt: skip
    assert cells(down, "state", "account", "phase", "for", "beat", "cpu", "mem") == [
        "backoff", "-", "retry in 0:24", "-", "-", "-", "-",
    ]  # fmt: skip


def test_readiness_is_told_in_words_that_fit_and_holding_beside_the_state() -> None:
    assert cells(worker(state="adb pending"), "state") == ["adb wait"]
    assert cells(worker(), "state", held=True) == ["job held"]
    assert cells(worker(state="held"), "state", held=True) == ["held"]


def test_workers_are_put_in_the_order_of_a_column() -> None:
    crew = [worker(0, failed=2), worker(1, failed=9), worker(2, failed=5)]

    def slots(column: str, *, reverse: bool = False) -> list[int]:
        found = cockpit_workers.ordered(crew, column, NOW, reverse=reverse)
        return [line.slot for line in found]

    assert slots("w") == [0, 1, 2]
    assert slots("fail", reverse=True) == [1, 2, 0]


def test_the_notes_show_exits_and_phases_beside_the_usual() -> None:
    usual = UsualTimes(median={"boot": 40.0, "adb": 18.0}, total_median=292.0)
    last = PhaseTimes(
        job_id="DM6m1Econ4x", attempt=1, claimed_at=START, outcome="adb_timeout",
        phases={"boot": 44.0, "adb": 90.0},
    )  # fmt: skip
    flapping = worker(restarts=3, note="exited 11:58, 12:01: appium_crash")
    exits, phases = cockpit_workers.notes(flapping, Times("DM6m1Econ4x", (last,), usual), 100)
    assert exits.startswith("W0  exited 11:58, 12:01: appium_crash on port 4723")
    assert phases == "W0  attempt 1: boot 0:44 (0:40)  adb 1:30 (0:18)   usual total 4:52"
    assert cockpit_workers.notes(worker(), Times("", (), usual), 100)[1].startswith("W0  usual:")
    assert "not known" in cockpit_workers.notes(worker(), Times(), 100)[1]


# -- failures -------------------------------------------------------------------------------------


def test_failures_are_told_in_two_lines() -> None:
    assert cockpit_failures.retry_line(overview()).plain == (
        "TO RETRY 8   adb_timeout 4   appium_crash 2"
    )
    assert cockpit_failures.final_line(overview()).plain == (
        "FINAL 6      logged_out 3 + verification 2 -> a person   corrupted_video 1"
    )


def test_the_summary_says_who_acts_on_failures_in_as_many_words_as_fit() -> None:
    found = [cluster("adb_timeout", 8, "yes"), cluster("logged_out", 5, "person")]
    assert cockpit_failures.summary(found, 60) == "8 will be retried, 5 need a person"
    assert cockpit_failures.summary(found, 24) == "8 retried, 5 person"


def test_failures_are_found_in_the_ledger_by_type_or_else_by_their_jobs() -> None:
    plain = [cluster("adb_timeout", 2, "yes", "a", "b"), cluster("phone_error", 1, "yes", "c")]
    assert cockpit_failures.expression(plain) == (
        "status:failed,retrying why:=adb_timeout,=phone_error"
    )
    odd = [cluster('a "quoted" name', 2, "yes", "a", "b")]
    assert cockpit_failures.expression(odd) == "job:=a,=b"


# -- attention ------------------------------------------------------------------------------------


ORPHAN = Attention(
    id="orphan:P033", level=Level.ALARM, since=NOW - timedelta(minutes=19, seconds=40),
    text="phone acct_033 is on with no job and no worker",
    keys=(("S", "stop"), ("enter", "show")), resource="P033",
)  # fmt: skip


def drawn(lines: Sequence[Pick]) -> list[str]:
    return [f"{words(line.text)}|{line.keys}" for line in lines]


def test_a_line_of_attention_has_its_age_and_the_keys_that_help() -> None:
    assert drawn(cockpit_attention.picks([ORPHAN], CLOCK, wide=False)) == [
        "! phone acct_033 is on with no job and no worker (19m)|S stop  enter show"
    ]
    assert drawn(cockpit_attention.picks([ORPHAN], CLOCK, wide=True))[0].startswith("! 11:44:51  ")


def test_keys_that_act_are_not_named_to_who_only_observes() -> None:
    shown = cockpit_attention.picks([ORPHAN], CLOCK, wide=False, observe=True)
    assert shown[0].keys == "enter show"


def test_what_was_dismissed_is_not_waiting() -> None:
    there = overview(attention=(ORPHAN,))
    assert cockpit_attention.waiting(there, {"orphan:P033"}) == []
    assert cockpit_attention.waiting(there, set()) == [ORPHAN]


def later(**other: Any) -> Overview:
    by = {"success": 54, "claimed": 4, "pending": 9, "failed": 14, "skipped": 0}
    return overview(by_status=by, to_retry=11, **other)


def test_an_absence_is_told_after_two_minutes_and_stays_when_somebody_returns() -> None:
    absence = Absence()
    before = overview(workers=(worker(2), worker(3)))
    after = later(workers=(worker(2, restarts=1), worker(3, restarts=2)))
    absence.key(NOW, before)
    assert absence.line(NOW + timedelta(seconds=60), after) == ""
    back = NOW + timedelta(minutes=14)
    told = "since you left at 12:04:  +3 ok  +3 to retry  worker 2 restarted once, worker 3 twice"
    assert absence.line(back, after) == told
    absence.key(back, after)
    assert absence.line(back + timedelta(seconds=30), after) == told


def test_an_absence_without_news_says_so() -> None:
    absence = Absence()
    absence.key(NOW, overview())
    line = absence.line(NOW + timedelta(minutes=5), overview())
    assert line == "since you left at 12:04:  nothing"


def test_another_pass_and_another_state_are_news() -> None:
    changed = happened(overview(), overview(stage=3, word="WAITING"))
    assert changed == ["pass 3 began", "RUNNING became WAITING"]
    assert happened(overview(), overview(run_id="s")) == ["another run began"]
    none = overview(run_id="", live=False, word="NO RUN", by_status={"success": 40})
    assert happened(none, overview(workers=[worker(restarts=2)])) == ["a run began", "+11 ok"]


# -- the plan -------------------------------------------------------------------------------------


def run_plan(**other: Any) -> RunPlan:
    values: dict[str, Any] = {
        "ledger": Path("progress.csv"), "seeds": False, "key_label": "account",
        "resource_label": "phone", "workers": 5, "passes": 3, "cost_ceiling": 12.3,
        "jobs": (PlannedJob(job_id="a", key="x"), PlannedJob(job_id="b", key="y", again=True)),
        "expected_seconds": 3094.0, "cost_estimate": 1.47,
    }  # fmt: skip
    return RunPlan(**(values | other))


def plan_text(plan: RunPlan | str | None, *, observe: bool = False) -> str:
    return "\n".join(drawn(cockpit_plan.picks(plan, 80, observe=observe)))


def test_the_plan_names_jobs_accounts_time_and_the_ceiling_of_the_cost() -> None:
    text = plan_text(run_plan())
    assert "2 jobs, 1 of them again, 2 accounts, 5 workers, up to 3 passes" in text
    assert "about 51:34, est. $1.47; at most est. $12.30" in text
    assert "s or enter starts it" in text
    assert "starts it" not in plan_text(run_plan(), observe=True)


def test_the_plan_says_what_is_in_the_way_in_whole_sentences() -> None:
    problem = "There is no token for the cloud API: put GEELARK_API_TOKEN=... into .env, please."
    text = plan_text(run_plan(problems=(problem,), expected_seconds=None, longest_seconds=7265.0))
    assert "done in 2:01:05 at the latest; at most" in text
    assert "! There is no token" in text
    assert "please." in text


def test_without_a_plan_there_is_a_reason() -> None:
    assert "is being worked out" in plan_text(None)
    assert "no job waits" in plan_text(run_plan(jobs=()))
    assert "! There is no campaign x." in plan_text("There is no campaign x.")


def test_text_of_an_overview_is_never_markup() -> None:
    hostile = overview(retry_why=(("[red]x[/]\x1b[31m", 1),), to_retry=1)
    assert isinstance(cockpit_failures.retry_line(hostile), Text)
    assert r"[red]x[/]\x1b[31m 1" in cockpit_failures.retry_line(hostile).plain
