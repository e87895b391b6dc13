"""Rows, sentences and figures of the Phones screen, from values alone (console-features 6.9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.screens import phones_details, phones_fleet, phones_list
from console.screens.phones_columns import Look, at_work, cell, changing, columns
from console.screens.phones_details import Subject
from console.screens.phones_facts import READINGS, PhoneFacts, Readings
from console.screens.phones_fleet import Guards
from console.screens.phones_list import PRESET, Figures
from console.screens.phones_order import Order
from console.times import TimeStyle, whole_span
from engine.config import Settings
from engine.filters import FilterError
from engine.insight.values import Attempt, EvidenceFile, ResourceLine, ResourceReport
from engine.jobs import ErrorCategory, JobStatus

NOW = datetime(2025, 12, 26, 12, 4, 31, tzinfo=UTC)
LOOK = Look(now=NOW, price=0.007, asked_at=NOW)


def phone(label: str = "acct_017", **changes: Any) -> ResourceLine:
    """One that W0 has for a job since 3:22."""
    line = ResourceLine(
        id=f"id-{label}",
        label=label,
        state="started",
        ours=True,
        in_campaign=True,
        orphan=False,
        since=NOW - timedelta(minutes=3, seconds=22),
        job_id="DM6m1Econ4x",
        slot=0,
        phase="post",
        minutes=3.4,
        cost=0.02,
        posts_today=0,
        cap=1,
        last_result="ok 11:48",
        rate_30_days=96.0,
        note="",
        code="0",
    )
    return replace(line, **changes)


def stranger(label: str = "other", **changes: Any) -> ResourceLine:
    """One that a person started."""
    return phone(
        label, ours=False, in_campaign=False, since=None, job_id="", slot=None, phase="", **changes
    )


def shown(line: ResourceLine, look: Look = LOOK) -> dict[str, str]:
    return {column.key: cell(line, column.key, look)[0] for column in columns("all", [line], "x")}


# -- cells -----------------------------------------------------------------------------------------


def test_a_working_phone_shows_its_job_its_time_and_its_estimate() -> None:
    row = shown(phone())
    assert row["on"] == "0:03:22"
    assert row["since"] == "12:01:09"
    assert (row["job"], row["worker"], row["phase"]) == ("DM6m1Econ4x", "W0", "post")
    assert (row["billed"], row["est"], row["today"]) == ("minute", "$0.02", "0/1")
    assert (row["last"], row["rate"], row["code"]) == ("ok 11:48", "96%", "0")


@pytest.mark.parametrize(
    "changes",
    [
        {"orphan": True},
        {"state": "stopping", "phase": ""},
        {"state": "off"},
        {"job_id": ""},
    ],
)
def test_a_phone_that_no_job_needs_shows_none(changes: dict[str, Any]) -> None:
    line = phone(**changes)
    assert not at_work(line)
    assert shown(line)["job"] == "-"
    assert shown(line)["worker"] == "-"


def test_a_phone_that_its_own_worker_stops_still_has_its_job() -> None:
    assert shown(phone(state="stopping", phase="stop"))["job"] == "DM6m1Econ4x"


def test_what_is_not_known_is_a_dash_not_a_guess() -> None:
    row = shown(stranger(rate_30_days=None, last_result=""))
    for column in ("since", "on", "billed", "est", "today", "last", "rate"):
        assert row[column] == "-"
    assert row["note"] == "not started by us"
    free = shown(phone(), replace(LOOK, price=0.0))
    assert (free["billed"], free["est"]) == ("-", "-")


def test_an_off_phone_costs_nothing_and_has_no_age() -> None:
    row = shown(phone(state="off"))
    assert (row["since"], row["on"], row["est"]) == ("-", "-", "-")


def test_the_failure_of_the_last_job_is_marked() -> None:
    assert shown(phone(last_result="adb_timeout"))["last"] == "x adb_timeout"


def test_old_answers_are_grey_but_an_alarm_stays_one() -> None:
    old = replace(LOOK, asked_at=NOW - timedelta(seconds=61))
    assert cell(phone(), "state", LOOK) == ("started", "good")
    assert cell(phone(), "state", old) == ("started", "dim")
    assert cell(phone(orphan=True), "phone", old) == ("acct_017", "bad")


def test_only_unknown_states_are_asked_for_before_the_first_answer() -> None:
    asking = Look(now=NOW)
    assert cell(phone(state="unknown"), "state", asking)[0] == "asking..."
    assert cell(phone(state="stopping"), "state", asking)[0] == "stopping"
    assert cell(phone(state="unknown"), "state", replace(asking, problem="no"))[0] == "unknown"


def test_times_follow_the_operators_style_and_ages_change_by_themselves() -> None:
    aged = replace(LOOK, style=TimeStyle.AGE)
    assert shown(phone(), aged)["since"] == "3:22"
    assert "since" in changing(aged)
    assert "since" not in changing(LOOK)
    yesterday = phone(since=NOW - timedelta(days=1))
    assert shown(yesterday)["since"] == "25 12:04"
    assert shown(phone(since=NOW - timedelta(days=5)), aged)["since"] == "5d00h"


def test_durations_fit_their_column() -> None:
    assert whole_span(202) == "0:03:22"
    assert whole_span(35_999) == "9:59:59"
    assert whole_span(359_999) == "99h59m"
    assert whole_span(4 * 86_400 + 7 * 3600 + 5 * 3600) == "4d12h"
    assert whole_span(None) == "-"


def test_columns_have_the_name_that_the_trade_gives_its_resource() -> None:
    assert columns("narrow", [phone()], "lamp")[0].title == "LAMP"
    keys = [column.key for column in columns("narrow", [phone()], "phone")]
    assert keys == ["phone", "state", "on", "job", "worker", "billed", "est", "today"]


# -- choosing and order ----------------------------------------------------------------------------


def chosen(lines: list[ResourceLine], expression: str, *, attached: bool = False) -> list[str]:
    found = phones_list.chosen(lines, expression, now=NOW, marked=(), attached=attached)
    return [line.label for line in found]


def test_the_filter_at_first_shows_ours_that_are_on_or_may_be() -> None:
    lines = [
        phone("on"),
        phone("off", state="off"),
        phone("may be", state="unknown"),
        phone("by hand", ours=False),
        stranger(),
        stranger("unknown", state="unknown"),
    ]
    assert chosen(lines, PRESET) == ["on", "may be", "by hand"]
    assert chosen(lines, "") == [line.label for line in lines]
    assert chosen(lines, "phone:other") == ["other"]
    assert chosen(lines, "state:started") == ["on", "by hand", "other"]


def test_an_attached_device_is_shown_whoever_has_it() -> None:
    assert chosen([stranger("R58")], PRESET, attached=True) == ["R58"]


def test_a_wrong_filter_is_refused_with_its_place() -> None:
    with pytest.raises(FilterError) as caught:
        chosen([phone()], "state:started colour:blue")
    assert caught.value.position >= len("state:started ")


def test_a_saved_filter_of_jobs_gives_way_to_one_of_phones() -> None:
    filters = {"f2": "", "f3": "status:failed", "f4": "is:person", "f5": "on>10m"}
    found = {key: phones_list.saved_filter(key, filters, now=NOW) for key in filters}
    assert found == {"f2": "", "f3": PRESET, "f4": "is:orphan", "f5": "on>10m"}


def test_alarms_come_first_and_the_longest_on_after_a_key() -> None:
    early = NOW - timedelta(hours=1)
    lines = [phone("b"), stranger("a"), phone("c", orphan=True), phone("d", since=early)]
    assert [line.label for line in Order().sort(lines)] == ["c", "b", "d", "a"]
    longest = Order("on", largest_first=True)
    assert [line.label for line in longest.sort(lines)] == ["d", "b", "c", "a"]
    assert [line.label for line in longest.turned.sort(lines)][-1] == "a"


def test_sorting_goes_round_the_columns_on_screen() -> None:
    order, seen = Order(), []
    for _ in range(4):
        order = order.following(["phone", "on", "billed"])
        seen.append(order.text)
    assert seen == ["phone ^", "on v", "alarm ^", "phone ^"]


# -- sentences -------------------------------------------------------------------------------------


def report(*lines: ResourceLine, **changes: Any) -> ResourceReport:
    counts = {"started": len(lines), "off": 76}
    whole = ResourceReport(lines=lines, counts=counts, asked_at=NOW)
    return replace(whole, **changes)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(3, "read 3s ago"), (60, "read 1:00 ago"), (72, "last answer 1:12 ago")],
)
def test_the_age_of_an_answer_is_told(seconds: int, said: str) -> None:
    assert phones_list.freshness(replace(LOOK, asked_at=NOW - timedelta(seconds=seconds))) == said


def test_the_filters_row_says_how_many_how_old_and_what_is_wrong() -> None:
    figures = Figures(
        shown=6, total=82, marked=2, hidden=1, orphans=1, order="on v", columns="wide"
    )
    assert phones_list.status_parts(figures, LOOK, wide=False) == [
        "6 of 82",
        "2 marked (1 not shown)",
        "read 0s ago",
        "! 1 without a job",
        "sort: on v",
    ]


def test_what_is_not_in_the_table_is_counted() -> None:
    lines = [phone("a"), phone("b", state="off"), stranger()]
    text, bad = phones_list.rest(report(*lines), lines[:1], LOOK)
    assert text == (
        "(1 more: esc clears the filter   1 of others: esc lists it too   76 off: only counted)"
    )
    assert not bad
    assert phones_list.rest(report(counts={}), [], LOOK) == ("", False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"asked_at": None, "counts": {}}, "asking the provider which are on"),
        ({"asked_at": None, "problem": "no"}, "Nobody knows which phones are on"),
        ({"counts": {}}, "The provider lists no phone."),
        ({}, "No phone of ours is on: nothing costs."),
        ({"others_on": 2}, "No phone of ours is on: nothing costs; 2 of others are on."),
    ],
)
def test_an_empty_table_says_why(changes: dict[str, Any], said: str) -> None:
    found = phones_list.emptiness(report(**changes), PRESET, "phone", attached=False)
    assert said in found


def test_a_filter_that_matches_nothing_says_how_to_clear_it() -> None:
    found = phones_list.emptiness(report(phone()), "is:orphan", "phone", attached=False)
    assert found == "No phone matches this filter: esc clears it."


# -- details ---------------------------------------------------------------------------------------


def subject(line: ResourceLine, **changes: Any) -> Subject:
    whole = Subject(
        line=line, facts=PhoneFacts(id=line.id), readings=(), live=True, energy_saving=True
    )
    return replace(whole, **changes)


@pytest.mark.parametrize(
    ("line", "live", "said"),
    [
        (phone(), True, "W0 stops it when the job ends, and sees it off."),
        (phone(kept=True), True, "W0 keeps it over all its jobs, and sees it off when it ends."),
        (phone(orphan=True), True, "stopped when the run ends; S stops it at once."),
        (phone(orphan=True), False, "stopped when a run starts; S stops it at once."),
        (stranger(), True, "not ours: it is stopped only if you choose it for S, or ALL"),
        (phone(state="off"), True, "costs nothing"),
        (
            phone(state="stopping", phase="", stopping_since=NOW),
            True,
            "asked, not verified. S asks again and waits until it is read back as off.",
        ),
        (
            phone(state="unknown", job_id=""),
            True,
            "may be on and cost. S asks for its stop and waits until it is read back as off.",
        ),
    ],
)
def test_the_last_line_says_who_brings_it_off(line: ResourceLine, live: bool, said: str) -> None:
    assert said in phones_details.verdict(subject(line, live=live), LOOK)
    assert phones_details.narrow(subject(line, live=live), LOOK)[2].endswith(said)


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (LOOK, "stop asked 12:03:31, still code 0 when read at 12:04:31"),
        (replace(LOOK, asked_at=NOW - timedelta(hours=1)), "stop asked 12:03:31, not read since"),
        (
            replace(LOOK, problem="silence"),
            "stop asked 12:03:31, not verified: the provider has not answered since",
        ),
    ],
)
def test_a_stop_is_never_called_verified_before_it_was_read_back(look: Look, said: str) -> None:
    line = phone(state="stopping", stopping_since=NOW - timedelta(minutes=1))
    assert phones_details.stop_asked(line, look) == said
    assert phones_details.narrow(subject(line), look)[1] == f" {said}"


def test_the_wide_details_have_tries_evidence_readings_and_the_note() -> None:
    line = phone(note="its \x1b[31mfile\nis odd", last_result="")
    attempts = [
        Attempt(
            job_id="j",
            key="acct_017",
            worker="0",
            run_id="r",
            pass_number=1,
            number=1,
            claimed_at=NOW - timedelta(minutes=9),
            ended_at=NOW - timedelta(minutes=minutes),
            status=status,
            category=category,
            error_type=why,
        )
        for minutes, status, category, why in (
            (4, JobStatus.SUCCESS, None, ""),
            (6, JobStatus.FAILED, ErrorCategory.INFRASTRUCTURE, "adb_timeout"),
        )
    ]
    path = Path("evidence") / "DB5" / "1" / "screen.png"
    facts = PhoneFacts(
        id=line.id,
        attempts=attempts,
        evidence=EvidenceFile(path=path, attempt="1", name="screen.png", size=1),
    )
    said = [(NOW - timedelta(seconds=15), "1"), (NOW, "0")]
    lines = phones_details.wide(subject(line, facts=facts, readings=said), LOOK)
    assert "read back 12:04:16 1, 12:04:31 0" in lines
    assert "last tries     ok 12:00, x adb_timeout 11:58" in lines
    assert "last evidence  evidence/DB5/1/screen.png" in lines
    assert "energy saving asked for: the provider stops it after 30 min idle" in lines
    assert lines[-1] == "note           its \\x1b[31mfile\\nis odd"


def test_readings_keep_the_last_answers_and_forget_what_went_off() -> None:
    readings, line = Readings(), phone()
    for second in range(READINGS + 2):
        when = NOW + timedelta(seconds=second)
        readings.take(report(line, asked_at=when))
        readings.take(report(line, asked_at=when))
    readings.take(report(line, asked_at=NOW, problem="silence"))
    assert [when.second for when, _ in readings.of(line.id)] == [33, 34, 35, 36, 37]
    readings.take(report(asked_at=NOW + timedelta(minutes=1)))
    assert readings.of(line.id) == ()


# -- fleet -----------------------------------------------------------------------------------------


def test_only_guards_that_the_engine_has_are_named() -> None:
    guards = Guards.of(Settings.model_validate({"phones": {"boot_timeout_seconds": 90}}))
    lines = phones_fleet.guard_lines(guards, "phone")
    assert [line.split("  ")[0] for line in lines] == ["on", "on", "on", "on", "on", "-"]
    assert "starting > 1:30" in lines[3]
    assert not [line for line in lines if "silent" in line or "spend" in line]
    attached = Settings.model_validate({"phones": {"device": "grapheneos"}})
    kept = phones_fleet.guard_lines(Guards.of(attached), "phone")
    assert not [line for line in kept if "idle" in line or "starting" in line]


def test_a_limit_of_the_days_money_is_a_guard_where_there_is_one() -> None:
    limited = Settings.model_validate({"run": {"usd_per_day": 12.5}})
    lines = phones_fleet.guard_lines(Guards.of(limited), "phone")
    assert "on  day costs $12.50     claims pause" in lines


def test_energy_saving_is_shown_as_the_settings_have_it() -> None:
    saving = Settings.model_validate({"phones": {"energy_saving": False}})
    lines = phones_fleet.guard_lines(Guards.of(saving), "phone")
    assert "off idle for 30 min      the provider stops it" in lines


def test_the_reason_takes_the_place_of_figures_that_nobody_knows() -> None:
    guards = Guards.of(Settings())
    why = "The provider's limit is used up until noon; it is not called before, whatever you do."
    lines = phones_fleet.narrow(report(problem=why), None, guards, width=60, label="phone")
    assert lines[0] == " off 76   started 0   starting 0   stopping 0   expired 0   unknown 0"
    assert " ".join(text[0].strip() for text in lines[1:] if isinstance(text, tuple)) == why
