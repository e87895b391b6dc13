"""What a viewer gets of a work directory over time: the same objects while nothing changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.evidence import EvidenceBundle
from engine.insight.values import JobLine
from engine.insight.watch import Watch
from engine.jobs import ErrorCategory, Failure, JobStatus
from tests.scripted_provider import Provider, Reply, listing, phone_row, serving, settings_for
from tests.watched_place import Place

INFRA = ErrorCategory.INFRASTRUCTURE


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def lines(place: Place) -> dict[str, JobLine]:
    place.watch().refresh()
    return {line.job.job_id: line for line in place.watch().job_lines()}


# -- looking again ---------------------------------------------------------------------------------


def test_nothing_new_is_the_very_same_object(place: Place) -> None:
    place.seed("a", "b")
    with place.live(workers=[place.worker(state="JOB_RUNNING", job="j-a")]):
        watch = place.watch()
        seen, shown, report = watch.refresh(), watch.job_lines(), watch.pass_report()
        place.forward(seconds=1)
        assert watch.refresh() is seen
        assert watch.job_lines() is shown
        assert watch.pass_report() is report
        place.status(state="waiting")
        later = watch.refresh()
        assert later.overview.word == "WAITING"
        assert later.status_revision != seen.status_revision


def test_only_the_job_that_changed_gets_a_new_line(place: Place) -> None:
    place.seed("a", "b", "c")
    before = lines(place)
    revision = place.watch().refresh().revision
    place.post()
    after = lines(place)
    assert place.watch().refresh().revision != revision
    assert {name for name in after if after[name] is not before[name]} == {"j-a"}
    assert list(after) == ["j-a", "j-b", "j-c"]
    assert after["j-a"].job.status is JobStatus.SUCCESS


def test_new_jobs_are_appended_in_the_order_of_the_file(place: Place) -> None:
    place.seed("b")
    before = lines(place)
    place.seed("a", "b")
    after = lines(place)
    assert list(after) == ["j-b", "j-a"]
    assert after["j-b"] is before["j-b"]


def test_a_hold_changes_the_jobs_of_its_key_only(place: Place) -> None:
    place.seed("a", "b")
    before = lines(place)
    place.run_dir.control_path.write_text('{"held_keys": ["a"]}', encoding="utf-8")
    after = lines(place)
    assert (after["j-a"].held, after["j-b"] is before["j-b"]) == (True, True)
    place.run_dir.control_path.unlink()
    assert lines(place)["j-a"] == before["j-a"]


def test_a_later_pass_changes_what_follows(place: Place) -> None:
    place.seed("a", "b")
    place.post()
    place.fail(INFRA, "adb_timeout")
    with place.live(state="running"):
        before = lines(place)
        place.status(stage={"number": 2, "label": "pass 2/3"})
        after = lines(place)
    assert (before["j-b"].next, after["j-b"].next) == ("pass 2", "pass 3")
    assert after["j-a"] is before["j-a"]


def test_a_pass_that_the_operator_added_counts(place: Place) -> None:
    place.seed("a")
    place.fail(INFRA, "adb_timeout")
    third = {"number": 3, "label": "pass 3/3"}
    with place.live(stage=third, stages_allowed=4):
        assert lines(place)["j-a"].next == "pass 4"
        assert place.watch().refresh().overview.stages == 4


def test_a_job_that_waits_for_a_moment_is_due_when_it_has_come(tmp_path: Path) -> None:
    place = Place(tmp_path, {"retry": {"attempts_per_pass": 2, "in_pass_delay_minutes": 5}})
    place.seed("a")
    claim = place.claim()
    place.ledger.fail(claim, Failure(error="x", category=INFRA, error_type="adb_timeout"))
    with place.live(state="running"):
        before = lines(place)["j-a"]
        assert before.next == "12:05"
        place.forward(minutes=6)
        place.status(state="running")
        assert lines(place)["j-a"].next == "now"


def test_a_new_day_gives_every_account_its_cap_back(place: Place) -> None:
    place.seed("a")
    place.post()
    assert place.watch().refresh().overview.keys_capped == 1
    place.forward(days=1)
    assert place.watch().refresh().overview.keys_capped == 0


def test_a_ledger_that_was_replaced_is_read_anew(place: Place) -> None:
    place.seed("a", "b")
    place.post()
    assert len(lines(place)) == 2
    place.ledger.reset_day()
    assert lines(place) == {}
    assert place.watch().attempts("j-a") == []
    place.seed("c")
    assert list(lines(place)) == ["j-c"]
    place.ledger.path.unlink()
    assert lines(place) == {}


def test_an_unreadable_ledger_is_a_sentence_and_the_rest_is_still_told(place: Place) -> None:
    place.seed("a")
    text = place.ledger.path.read_bytes()
    with place.live(workers=[place.worker()]):
        watch = place.watch()
        watch.refresh()
        place.ledger.path.write_bytes("job_id".encode("utf-16"))
        seen = watch.refresh().overview
        assert "save it again as CSV in UTF-8" in seen.problem
        assert (seen.word, len(seen.workers)) == ("RUNNING", 1)
        place.ledger.path.write_bytes(text)
        assert watch.refresh().overview.problem == ""
        assert list(lines(place)) == ["j-a"]


def test_holds_that_cannot_be_read_are_a_sentence(place: Place) -> None:
    place.run_dir.control_path.write_text("{torn", encoding="utf-8")
    assert "remove it, then pause and hold again" in place.overview().problem


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_run_directory_that_cannot_be_looked_into_is_a_sentence(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.run_dir.path.joinpath("commands").rmdir()
    place.run_dir.path.rmdir()
    place.run_dir.path.symlink_to(place.run_dir.path)
    seen = place.overview()
    assert "look as the user whose run it is" in seen.problem
    assert seen.word == "NO RUN"


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="nothing is forbidden to this user"
)
def test_the_run_directory_of_another_user_is_a_sentence(place: Place) -> None:
    place.run_dir.path.chmod(0)
    try:
        assert "look as the user whose run it is" in place.overview().problem
    finally:
        place.run_dir.path.chmod(0o700)


def test_a_campaign_that_is_not_there_is_refused_at_once(place: Place) -> None:
    settings = place.settings.model_copy(update={"campaign": "nowhere"})
    with pytest.raises(InputError, match="nowhere"):
        Watch(place.work_dir, settings)


# -- one job ---------------------------------------------------------------------------------------


def test_a_jobs_attempts_times_and_files_are_told(place: Place) -> None:
    place.seed("a")
    place.fail(INFRA, "adb_timeout")
    bundle = EvidenceBundle(place.work_dir / "evidence", "j-a", 1, now=place.now)
    bundle.add("screen.png", b"png")
    place.event("outcome", job="j-a", status="failed", attempt=1, phases={"boot": 4.0})
    watch = place.watch()
    watch.refresh()
    (attempt,) = watch.attempts("j-a")
    (times,) = watch.times("j-a")
    (file,) = watch.evidence("j-a")
    assert (attempt.error_type, attempt.seconds) == ("adb_timeout", 60.0)
    assert times.phases == {"boot": 4.0}
    assert (file.name, file.attempt, file.size) == ("screen.png", "1", 3)
    assert watch.evidence("j-nobody") == ()
    assert watch.line("j-a") is watch.job_lines()[0]


# -- what is on -----------------------------------------------------------------------------------


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving() as server:
        yield server


def asked(tmp_path: Path, provider: Provider) -> Place:
    """A place whose provider can be asked."""
    place = Place(tmp_path)
    scripted = settings_for(provider.url, http_retries=0)
    place.settings = place.settings.model_copy(
        update={"phones": scripted.phones, "secrets": scripted.secrets}
    )
    return place


def test_the_provider_tells_what_is_on_with_its_own_code(
    tmp_path: Path, provider: Provider
) -> None:
    place = asked(tmp_path, provider)
    place.seed("acc1", "acc2")
    place.post()
    place.phone("acc1", job="j-acc1")
    place.forward(minutes=2)
    provider.rule(
        "phone/list",
        listing(
            phone_row("P-acc1", "acc1", 0),
            phone_row("2", "acc2", 1),
            phone_row("3", "a person's", 0),
            phone_row("4", "off", 2),
        ),
    )
    report = place.watch().ask_resources()
    by_label = {line.label: line for line in report.lines}
    ours = by_label["acc1"]
    assert list(by_label) == ["acc1", "a person's", "acc2"], "what needs a person comes first"
    assert (ours.state, ours.code, ours.orphan, ours.ours) == ("started", "0", True, True)
    assert (ours.minutes, ours.posts_today, ours.cap) == (2.0, 1, 1)
    assert (ours.cost, ours.last_result) == (0.014, "ok 12:01")
    assert (by_label["acc2"].in_campaign, by_label["acc2"].code) == (True, "1")
    assert (report.others_on, report.counts["off"], report.asked_at) == (1, 1, place.time)
    assert report.problem == ""


def test_a_phone_that_boots_for_a_workers_next_job_is_listed_as_that(
    tmp_path: Path, provider: Provider
) -> None:
    place = asked(tmp_path, provider)
    place.seed("acc1", "acc2")
    place.phone("acc1", job="j-acc1", slot=0)
    place.phone("acc2", job="j-acc2", slot=0)
    place.forward(minutes=1)
    provider.rule(
        "phone/list", listing(phone_row("P-acc1", "acc1", 0), phone_row("P-acc2", "acc2", 1))
    )
    worker = place.worker(0, job="j-acc1", phase="confirm", next_job="j-acc2")
    with place.live(workers=[worker]):
        lines = place.watch().ask_resources().lines
    found = [(line.label, line.slot, line.job_id, line.phase, line.orphan) for line in lines]
    assert found == [
        ("acc1", 0, "j-acc1", "confirm", False),
        ("acc2", 0, "j-acc2", "ahead", False),
    ]


def test_a_phone_that_boots_for_too_long_needs_a_look(tmp_path: Path, provider: Provider) -> None:
    place = asked(tmp_path, provider)
    place.phone("acc1", alive=True)
    place.forward(minutes=3)
    provider.rule("phone/list", listing(phone_row("P-acc1", "acc1", 1)))
    watch = place.watch()
    watch.ask_resources()
    assert "starting:P-acc1" not in {line.id for line in watch.refresh().overview.attention}
    place.forward(minutes=2)
    watch.ask_resources()
    assert "starting:P-acc1" in {line.id for line in watch.refresh().overview.attention}


@pytest.mark.parametrize("reply", [Reply(code=40003), Reply(status=503), Reply(code=40007)])
def test_a_provider_that_does_not_answer_leaves_our_own_records(
    tmp_path: Path, provider: Provider, reply: Reply
) -> None:
    place = asked(tmp_path, provider)
    place.phone("acc1")
    provider.rule("phone/list", listing(phone_row("P-acc1", "acc1", 0)))
    first = place.watch().ask_resources().asked_at
    provider.answer("phone/list", reply)
    place.forward(minutes=1)
    report = place.watch().ask_resources()
    (line,) = report.lines
    assert (line.label, line.state, line.ours) == ("acc1", "unknown", True)
    assert report.problem
    assert report.asked_at == first, "when it last answered"
    assert place.watch().refresh().overview.money.on_now == 1


def test_a_phone_whose_stop_is_not_verified_says_since_when(
    tmp_path: Path, provider: Provider
) -> None:
    place = asked(tmp_path, provider)
    place.phone("acc1")
    (entry,) = place.registry().entries()
    place.forward(minutes=1)
    place.registry().adopt(entry, stopping=True)  # type: ignore[arg-type]  # it is readable
    provider.rule("phone/list", listing(phone_row("P-acc1", "acc1", 0)))
    (line,) = place.watch().ask_resources().lines
    assert (line.state, line.code) == ("stopping", "0")
    assert line.note == "stop asked 12:01:00, not verified"
    assert place.time - timedelta(minutes=1) == line.since
