"""The Ledger's pure parts: columns, order, what moved, sentences of the panes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.screens import ledger_details, ledger_marks
from console.screens.ledger_attempts import attempt_lines
from console.screens.ledger_columns import Extent, Look, Order, cell, columns, status, took
from console.screens.ledger_facts import Detail, LastAct, Marked, posts_today
from console.screens.ledger_order import Question, arrange, moved
from console.screens.ledger_rows import JobRows, copied, exported
from console.screens.ledger_words import Figures, filter_name, no_jobs, status_parts, where_unread
from console.times import TimeStyle
from console.widgets.columns import arrange as fitted
from engine.filters import FilterError
from engine.insight.outlook import Policy, outlook
from engine.insight.values import Attempt, EvidenceFile, JobLine, PhaseTimes
from engine.jobs import ErrorCategory, Job, JobStatus
from engine.retry import RetryConfig
from engine.undo import Undoable
from engine.workloads.post_reel import PostReel

NOW = datetime(2025, 12, 26, 12, 4, 31, tzinfo=UTC)
START = NOW - timedelta(hours=2)
LOOK = Look(TimeStyle.CLOCK, NOW, START, labels=PostReel.labels)
POLICY = Policy(RetryConfig(), 2, live=True, held_keys=frozenset(), zone=UTC)
INFRA, ACCOUNT, DOUBT = (
    ErrorCategory.INFRASTRUCTURE,
    ErrorCategory.ACCOUNT,
    ErrorCategory.IN_DOUBT,
)


def a_job(job_id: str = "DK9", state: JobStatus = JobStatus.PENDING, **more: object) -> Job:
    values: dict[str, object] = {
        "account": "acct_025",
        "video_path": "videos\\DK9.mp4",
        "caption": "Morning light",
    }
    return Job(job_id=job_id, status=state, **(values | more))  # type: ignore[arg-type]


def a_line(job_id: str = "DK9", state: JobStatus = JobStatus.PENDING, **more: object) -> JobLine:
    return outlook(a_job(job_id, state, **more), POLICY, now=NOW)


def failed(job_id: str = "DK9", category: ErrorCategory = INFRA, **more: object) -> JobLine:
    values: dict[str, object] = {
        "error": "session not created",
        "error_type": "appium_crash",
        "error_category": category,
        "attempts": 1,
        "claimed_at": NOW - timedelta(minutes=10),
        "completed_at": NOW - timedelta(minutes=5),
    }
    return a_line(job_id, JobStatus.FAILED, **(values | more))


def asked(
    lines: Sequence[JobLine], expression: str = "", order: Order | None = None
) -> Sequence[str]:
    return arrange(
        Question(lines=lines, expression=expression, order=order or Order(), now=NOW)
    ).keys


# -- columns ------------------------------------------------------------------------------------


def test_narrow_columns_fit_eighty_cells_with_every_word_of_the_table() -> None:
    shown = fitted(columns("narrow", labels=PostReel.labels), 77, 2)
    assert [place.column.title for place in shown] == [
        "JOB", "ACCOUNT", "STATUS", "TRY", "NEXT", "WHEN", "WHY",
    ]  # fmt: skip
    assert shown[-1].width >= len("corrupted_video")


def test_wide_columns_fit_a_hundred_and_sixty_cells() -> None:
    titles = [
        place.column.title for place in fitted(columns("wide", labels=PostReel.labels), 157, 2)
    ]
    assert titles == [
        "JOB", "ACCOUNT", "STATUS", "TRY", "NEXT TRY", "PASS", "W", "CLAIMED", "TOOK", "CLASS",
        "WHY", "ERROR",
    ]  # fmt: skip


def test_long_ids_get_more_room_but_not_at_the_cost_of_why() -> None:
    shown = fitted(columns("narrow", Extent(26, 30)), 77, 2)
    assert [place.width for place in shown[:2]] == [15, 10]
    assert shown[-1].column.key == "why"
    assert columns("wide", Extent(26, 8))[0].width == 26


@pytest.mark.parametrize("which", ["narrow", "wide", "all"])
def test_every_column_of_a_set_has_a_cell_and_an_order(which: str) -> None:
    lines = [failed("a"), a_line("b"), a_line("c", JobStatus.SUCCESS)]
    for column in columns(which):
        for line in lines:
            assert isinstance(cell(line, column.key, LOOK), str | tuple)
        for largest_first in (False, True):
            assert len(Order(column.key, largest_first).sort(lines)) == 3


def test_a_status_has_its_glyph_in_front_in_ascii_or_as_the_font_has_it() -> None:
    assert status(failed(), LOOK) == "~ failed"
    assert cell(failed(), "status", LOOK) == ("~ failed", "warn")
    assert status(failed(), replace(LOOK, unicode=True)) == "↻ failed"
    assert status(failed(category=DOUBT), replace(LOOK, unicode=True)) == "? failed"


@pytest.mark.parametrize(
    ("style", "moment", "text"),
    [
        (TimeStyle.CLOCK, NOW - timedelta(minutes=6), "11:58:31"),
        (TimeStyle.CLOCK, NOW - timedelta(days=1), "25 12:04"),
        (TimeStyle.AGE, NOW - timedelta(minutes=6), "6:00"),
        (TimeStyle.AGE, NOW - timedelta(days=5, hours=4), "5d04h"),
        (TimeStyle.RUN, NOW, "+2:00:00"),
        (TimeStyle.CLOCK, None, "-"),
    ],
)
def test_every_style_of_a_time_fits_its_column(
    style: TimeStyle, moment: datetime | None, text: str
) -> None:
    shown = replace(LOOK, style=style).moment(moment, seconds=True)
    assert shown == text
    assert len(shown) <= 8


def test_took_stays_in_five_cells() -> None:
    assert took(replace(failed(), took=280.0)) == "4:40"
    assert took(replace(failed(), took=3880.0)) == "1h04m"


# -- order and filter ---------------------------------------------------------------------------


def test_the_latest_change_comes_first_and_what_never_changed_last() -> None:
    old = failed("old", completed_at=NOW - timedelta(hours=1))
    assert asked([a_line("never"), old, failed("new")]) == ["new", "old", "never"]


def test_equal_rows_stay_as_they_stand_in_the_file() -> None:
    lines = [failed(name) for name in "cab"]
    assert asked(lines) == ["c", "a", "b"]
    assert asked(lines, order=Order("why", largest_first=False)) == ["c", "a", "b"]


def test_rows_with_nothing_in_the_column_come_last_in_both_directions() -> None:
    lines = [a_line("none"), failed("one")]
    for largest_first in (True, False):
        assert asked(lines, order=Order("why", largest_first)) == ["one", "none"]


def test_status_puts_what_needs_somebody_first() -> None:
    lines = [a_line("done", JobStatus.SUCCESS), a_line("open"), failed("person", ACCOUNT)]
    lines.append(failed("doubt", DOUBT))
    order = Order("status", largest_first=False)
    assert asked(lines, order=order) == ["doubt", "person", "open", "done"]


def test_the_next_sort_column_is_the_next_on_screen_and_goes_round() -> None:
    order, seen = Order(), []
    for _ in range(4):
        order = order.following(["job", "try", "when"])
        seen.append(order.text)
    assert seen == ["job ^", "try v", "when v", "job ^"]
    assert Order("why").following(["job", "try"]).column == "job"
    assert Order("try").following(["job", "try"]).text == "when v"


def test_a_filter_chooses_and_a_wrong_one_says_where() -> None:
    lines = [failed("one"), a_line("two")]
    assert asked(lines, "status:failed") == ["one"]
    with pytest.raises(FilterError) as caught:
        asked(lines, "status:failed nonsense:x")
    assert caught.value.position == 14


def test_marks_and_states_of_phones_can_be_filtered() -> None:
    question = Question(
        lines=[failed("one"), a_line("two", account="acct_2")],
        expression="is:marked",
        order=Order(),
        now=NOW,
        marked={"two"},
        states={"acct_2": "started"},
    )
    assert arrange(question).keys == ["two"]
    assert arrange(replace(question, expression="state:started")).keys == ["two"]


def test_moved_counts_the_fewest_rows() -> None:
    assert moved("abcd", "abcd") == 0
    assert moved("abcd", "dabc") == 1
    assert moved("abcd", "abc") == 1
    assert moved("abcd", "abcde") == 1
    assert moved("abcd", "badc") == 2


@given(st.lists(st.integers(0, 30), unique=True), st.lists(st.integers(0, 30), unique=True))
def test_moved_is_nothing_only_for_the_same_list(one: list[int], other: list[int]) -> None:
    before, after = [str(number) for number in one], [str(number) for number in other]
    assert (moved(before, after) == 0) == (before == after)
    assert moved(before, after) == moved(after, before)


# -- rows ---------------------------------------------------------------------------------------


def test_only_what_changed_is_told_and_another_file_is_noticed() -> None:
    rows = JobRows()
    one, two = a_line("one"), a_line("two")
    assert rows.take([one, two]) == {"one", "two"}
    changed = failed("two")
    assert rows.take([one, changed, a_line("three")]) == {"two", "three"}
    assert rows.get("two") is changed
    assert (len(rows), rows.replaced) == (3, False)
    rows.take([a_line("three")])
    assert ("one" in rows, rows.replaced) == (False, True)


def test_copies_are_a_line_each_or_json() -> None:
    text = copied([failed("one"), a_line("two")], "text", LOOK)
    assert text.splitlines()[0].split("\t")[:3] == ["one", "acct_025", "~ failed"]
    assert len(text.splitlines()) == 2
    found = json.loads(copied([failed("one")], "json", LOOK))
    assert (found[0]["job"], found[0]["status"], found[0]["why"]) == (
        "one",
        "failed",
        "appium_crash",
    )
    assert copied([], "text", LOOK) == ""


@pytest.mark.parametrize("form", ["csv", "json", "md"])
def test_exports_hold_every_row_in_every_format(form: str) -> None:
    lines = [failed("one", error='said "no",\nthen | died'), a_line("two")]
    shown = exported(lines, ["job", "error"], LOOK)
    written = shown.written(form)
    assert len(shown.rows) == 2
    assert "one" in written
    assert "two" in written


# -- details ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (failed(attempts=2), "~ failed, 2 of 3 tries used, again in pass 3 (~12:23)"),
        (failed(category=ACCOUNT), "x failed, 1 of 1 tries used, waits for a person"),
        (failed(attempts=3), "x failed, 3 of 3 tries used, its tries are used up"),
        (failed(category=DOUBT), "? failed, in doubt: it may be posted; waits for you"),
        (a_line(), ". pending, may be claimed now"),
        (a_line(account=""), ". pending, has no account"),
        (
            a_line(state=JobStatus.CLAIMED, worker_id="1", claimed_at=NOW),
            "> claimed by worker 1 at 12:04:31",
        ),
        (
            a_line(
                state=JobStatus.SUCCESS,
                claimed_at=NOW - timedelta(seconds=292),
                completed_at=NOW,
            ),
            "+ success at 12:04 after 4:52",
        ),
        (a_line(state=JobStatus.SKIPPED), "- skipped: left out until it is taken back in"),
        (
            a_line(state=JobStatus.RETRYING, retry_at=NOW + timedelta(minutes=30), attempts=1),
            "~ retrying, 1 of 3 tries used, again at 12:34",
        ),
    ],
)
def test_the_headline_says_what_is_and_what_comes(line: JobLine, text: str) -> None:
    starts = NOW.replace(hour=12, minute=23)
    assert ledger_details.headline(line, LOOK, starts) == text


def a_detail(line: JobLine, **more: object) -> Detail:
    claimed = line.job.claimed_at or NOW
    attempt = Attempt(
        job_id=line.job.job_id, key="acct_025", worker="1", run_id="r", pass_number=2, number=2,
        claimed_at=claimed, ended_at=NOW, status=JobStatus.FAILED, category=INFRA,
        error_type="appium_crash",
    )  # fmt: skip
    times = PhaseTimes(
        job_id=line.job.job_id, attempt=2, claimed_at=claimed, outcome="appium_crash",
        phases={"boot": 41.0, "adb": 19.0, "appium": 92.0}, failed_in="appium",
    )  # fmt: skip
    values: dict[str, object] = {
        "attempts": [attempt], "times": [times], "cap": 1, "log": ("worker_1.log", 20418),
    }  # fmt: skip
    return Detail(line=line, **(values | more))  # type: ignore[arg-type]


def test_three_lines_tell_of_the_row_at_the_cursor() -> None:
    lines = ledger_details.narrow(a_detail(failed(attempts=2)), LOOK, None)
    assert lines == [
        "DK9  acct_025  ~ failed, 2 of 3 tries used, again in pass 3",
        "session not created",
        "claimed 11:54:31  boot 0:41  adb 0:19  appium 1:32 x   log worker_1:20418",
    ]


def test_an_attempt_under_way_does_not_borrow_the_times_of_the_last_one() -> None:
    line = a_line(
        state=JobStatus.CLAIMED, claimed_at=NOW, worker_id="0", error="offline", attempts=1
    )
    old = a_detail(failed()).times
    lines = ledger_details.narrow(a_detail(line, times=old, log=None), LOOK, None)
    assert lines[1:] == ["last failure: offline", "claimed 12:04:31"]


def test_a_job_that_nobody_claimed_shows_its_caption_cap_and_video() -> None:
    lines = ledger_details.narrow(Detail(line=a_line(), cap=1), LOOK, None)
    assert lines[1:] == ["Morning light", "cap 0 of 1 today   video DK9.mp4"]


def test_attempts_are_a_table_with_the_cross_in_the_phase_that_failed() -> None:
    detail = a_detail(failed(attempts=2))
    head, first, planned = attempt_lines(detail, LOOK, NOW, 102)
    assert head.split() == ["TRY", "PASS", "W", "CLAIMED", "BOOT", "ADB", "APPIUM", "RESULT"]
    assert first.split()[:7] == ["2", "2", "1", "11:54:31", "0:41", "0:19", "1:32x"]
    assert first.endswith("x infrastructure/appium_crash")
    assert planned.split()[:4] == ["3", "3", "-", "~12:04"]
    assert planned.endswith(". planned, when pass 3 starts")


def test_where_room_is_short_the_quickest_phases_are_left_out() -> None:
    head, *_ = attempt_lines(a_detail(failed()), LOOK, None, 66)
    assert "APPIUM" in head
    assert "ADB" not in head


def test_a_wide_panel_has_the_evidence_the_remedy_and_the_history() -> None:
    file = EvidenceFile(
        path=Path("evidence/DK9/2/screen.png"), attempt="2", name="screen.png", size=9
    )
    lines = ledger_details.wide(
        a_detail(failed(attempts=2), evidence=[file]), LOOK, None, width=102, campaign="podcast"
    )
    text = "\n".join(lines)
    assert "campaign podcast" in text
    assert "evidence/DK9/2/   screen.png" in text
    assert "at appium, after 2:32   worker 1   log worker_1:20418" in text
    assert lines[-1] == "11:54 claimed W1 | 12:04 failed, pass 3"


HOSTILE = "\x1b]52;c;ZXZpbA==\x07[/b] [@click=app.quit]x[/]\nnext\u202e"


def test_no_line_of_the_panes_sends_what_a_ledger_says_to_the_terminal() -> None:
    line = failed(HOSTILE, account=HOSTILE, error=HOSTILE, caption=HOSTILE, error_type=HOSTILE)
    detail = a_detail(line)
    marked = Marked(lines=[line], accounts=1)
    lines = [
        *ledger_details.narrow(detail, LOOK, None),
        *ledger_details.wide(detail, LOOK, None, width=102, campaign=HOSTILE),
        *ledger_marks.narrow(marked, None, LOOK),
        *ledger_marks.wide(marked, None, LOOK, None, 14),
    ]
    for text in lines:
        assert not any(ord(letter) < 32 or letter == "\u202e" for letter in text), text
    assert any("[/b] [@click=app.quit]x[/]" in text for text in lines)


# -- marks and undo -----------------------------------------------------------------------------


def test_the_marked_line_says_what_would_become_of_them() -> None:
    lines = [failed("a"), failed("b", ACCOUNT), failed("c", ACCOUNT)]
    marked = Marked(lines=lines, accounts=3, under_cap=2)
    assert ledger_marks.narrow(marked, None, LOOK)[0] == (
        "3 marked: 2 need a person, 1 would run in pass 3; 2 accounts under today's cap"
    )


def test_a_single_person_is_needed_in_the_singular() -> None:
    marked = Marked(lines=[failed("b", ACCOUNT)], accounts=1, under_cap=1)
    assert ledger_marks.summary(marked, LOOK.labels) == [
        "1 needs a person",
        "1 account under today's cap",
    ]


def test_many_marked_jobs_leave_room_for_the_rest_of_the_panel() -> None:
    marked = Marked(lines=[failed(str(number)) for number in range(90)], accounts=1)
    lines = ledger_marks.wide(marked, None, LOOK, None, 14)
    assert len(lines) == 14
    assert "and 83 more: / is:marked" in lines


@pytest.mark.parametrize(
    ("left", "claimed", "end"),
    [
        (4, 0, "(u takes it back)"),
        (1, 3, "(u, 1 left: 3 are claimed)"),
        (3, 1, "(u, 3 left: 1 is claimed)"),
        (0, 4, "(too late to take back)"),
    ],
)
def test_undo_says_who_did_what_and_how_much_is_left(left: int, claimed: int, end: str) -> None:
    entry = Undoable(
        id="x", name="requeue", by="ana", at=NOW.replace(hour=11, minute=31), jobs=tuple("abcd")
    )
    last = LastAct(entry=entry, left=left, claimed=claimed)
    assert ledger_marks.undo(last, LOOK) == f"ana requeued 4 jobs at 11:31 {end}"


def test_posts_of_today_are_successes_and_doubts_since_midnight() -> None:
    lines = [
        a_line("a", JobStatus.SUCCESS, completed_at=NOW),
        a_line("b", JobStatus.SUCCESS, completed_at=NOW - timedelta(days=1)),
        failed("c", DOUBT),
        failed("d"),
        a_line("e", JobStatus.SUCCESS, completed_at=NOW, account="other"),
    ]
    assert posts_today(lines, {"acct_025"}, NOW) == {"acct_025": 2}


# -- words --------------------------------------------------------------------------------------


def test_the_figures_say_how_much_is_shown_marked_and_out_of_place() -> None:
    figures = Figures(
        shown=14, total=82, marked=3, hidden=1, moved=0, order="when v", columns="narrow"
    )
    filters = {"f2": "", "f3": "status:failed", "f4": "is:person", "f5": "status:claimed"}
    assert status_parts(figures, filters, wide=False) == [
        "14 of 82", "3 marked (1 not shown)", "sort: when v",
    ]  # fmt: skip
    out_of_place = replace(figures, moved=3)
    assert "3 moved, o to sort" in status_parts(out_of_place, filters, wide=False)
    assert status_parts(figures, filters, wide=True)[-1] == (
        "saved: F2 all  F3 failed  F4 person  F5 running"
    )


def test_a_saved_filter_is_called_by_its_value_or_by_itself() -> None:
    assert filter_name("why:adb_timeout") == "adb_timeout"
    assert filter_name("try>1") == "try>1"
    assert len(filter_name("x" * 99)) == 16


def test_no_jobs_says_what_to_do() -> None:
    assert no_jobs(None, 3) == "No job matches this filter: esc clears it."
    assert no_jobs(None, 0) == "Reading the ledger."


def test_unread_rows_are_where_the_ledger_keeps_them(tmp_path: Path) -> None:
    ledger = tmp_path / "progress.csv"
    assert "still stand in" in where_unread(ledger)
    (tmp_path / "progress.quarantine.csv").touch()
    assert where_unread(ledger).endswith("progress.quarantine.csv")
