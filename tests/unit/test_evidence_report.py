"""``evidence JOB``: one screen for a person, one object for a program, one sentence where not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console import command_line
from engine.config import Settings
from engine.evidence import EvidenceBundle, safe_name
from tests.ledger_days import job, seeded

JOB = "v0.mp4_camp"
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOSTILE = "\x1b[2Jcleared\r\nOutcome: success \u202eesrever"


class Desk:
    """A work directory with a ledger of two jobs, and what is printed about them."""

    def __init__(self, work_dir: Path, printed: pytest.CaptureFixture[str]) -> None:
        self.work_dir = work_dir
        self.root = work_dir / Settings().paths.evidence
        self._printed = printed
        self._moment = START
        seeded(work_dir / Settings().paths.ledger, [job(0), job(1)])

    def _now(self) -> datetime:
        self._moment += timedelta(seconds=1.5)
        return self._moment

    def attempt(self, number: int, *, text: str = "The app asks for a login.") -> EvidenceBundle:
        """A failed attempt as a worker leaves it."""
        bundle = EvidenceBundle(self.root, JOB, number, now=self._now)
        bundle.step({"step": "phase", "phase": "navigate"})
        bundle.step({"step": f"tap {text}", "screen": "login", "over": "home_feed", "rule": "form"})
        bundle.step({"step": "read again", "error": text, "confidence": 0.9})
        bundle.add("page.xml", "<hierarchy/>")
        bundle.finish(
            {
                "account": "acct000",
                "worker": "3",
                "phase": "navigate",
                "submitted": False,
                "phases": {"boot": 12.5, "navigate": 3.0},
                "outcome": "failure",
                "error": text,
                "category": "account",
                "type": "logged_out",
                "exceptions": [f"AccountError: {text}", "OSError: line cut"],
            }
        )
        return bundle

    def show(self, *words: str, status: int = 0) -> str:
        assert command_line.main(["evidence", *words]) == status
        said = self._printed.readouterr()
        return said.err if status else said.out

    def of_job(self, *words: str, status: int = 0) -> str:
        return self.show(JOB, str(self.work_dir), *words, status=status)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_it_tells_error_remedy_steps_times_and_files(desk: Desk) -> None:
    bundle = desk.attempt(1)
    said = desk.of_job()
    assert str(bundle.folder) in said
    assert "Outcome: failure (account acct000, worker 3, in phase navigate)" in said
    assert "Error: The app asks for a login. (account/logged_out)" in said
    assert "Remedy: " in said
    assert "Raised: AccountError\nRaised: OSError: line cut" in said
    assert "Phases: boot 12.5 s, navigate 3.0 s" in said
    (row,) = [line for line in said.splitlines() if "login over home_feed" in line]
    assert row.split()[:3] == ["1.5", "s", "navigate"]
    assert "form" in row
    assert "page.xml" in said


def test_the_newest_attempt_is_shown_and_another_when_it_is_named(desk: Desk) -> None:
    desk.attempt(1, text="the first")
    desk.attempt(2, text="the second")
    desk.attempt(2, text="the second once more")
    assert "Error: the second once more" in desk.of_job()
    assert "Error: the first" in desk.of_job("--attempt", "1")
    assert "Error: the second once more" in desk.of_job("--attempt", "2")
    assert "1 (failure), 2 (failure), 2-2 (failure)" in desk.of_job()


def test_an_attempt_under_way_has_no_end_yet(desk: Desk) -> None:
    EvidenceBundle(desk.root, JOB, 1).step({"step": "phase", "phase": "boot"})
    assert "Outcome: not ended" in desk.of_job()


def test_programs_get_everything_as_one_object(desk: Desk) -> None:
    desk.attempt(1)
    told = json.loads(desk.of_job("--json"))
    assert (told["event"], told["job"], told["attempt"]) == ("evidence", JOB, "1")
    assert told["end"]["phases"] == {"boot": 12.5, "navigate": 3.0}
    assert told["steps"][0]["step"] == "phase"
    assert {"name": "page.xml", "bytes": 12} in told["files"]


def test_hostile_text_makes_no_line_of_its_own_and_steers_no_terminal(desk: Desk) -> None:
    desk.attempt(1, text=HOSTILE)
    said = desk.of_job()
    assert not set("\x1b\r\u202e") & set(said)
    assert [line for line in said.splitlines() if line.startswith("Outcome:")] == [
        "Outcome: failure (account acct000, worker 3, in phase navigate)"
    ]
    assert json.loads(desk.of_job("--json"))["end"]["error"] == HOSTILE


@pytest.mark.parametrize(
    "record",
    [
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"step": {"deep": [1, {"a": null}]}, "time": 7, "screen": ["x"]}',
        b'{"event": "end", "phases": "none", "exceptions": {"a": 1}, "error": 5, "type": []}',
        b'{"event": "step"}\n[1]\nnull\n"x"\n' * 10,
    ],
    ids=range(5),
)
def test_a_record_that_nobody_of_ours_wrote_is_shown_as_far_as_it_goes(
    desk: Desk, record: bytes
) -> None:
    folder = desk.root / safe_name(JOB) / "1"
    folder.mkdir(parents=True)
    (folder / "steps.jsonl").write_bytes(record)
    assert "steps.jsonl" in desk.of_job()
    assert json.loads(desk.of_job("--json"))["job"] == JOB


def test_a_job_that_nobody_knows_is_one_sentence(desk: Desk) -> None:
    said = desk.show("no\x1b[2Jsuch", str(desk.work_dir), status=1)
    assert said.count("\n") == 1
    assert "There is no job no\\x1b[2Jsuch in the ledger" in said


def test_a_job_that_was_not_tried_says_so(desk: Desk) -> None:
    assert "was not tried yet" in desk.of_job(status=1)


def test_an_attempt_that_left_nothing_is_named_with_those_that_did(desk: Desk) -> None:
    desk.attempt(1)
    said = desk.of_job("--attempt", "7", status=1)
    assert said == f"There is no evidence of attempt 7 at {JOB}; attempts that left some: 1.\n"


def test_a_directory_without_a_ledger_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(["evidence", "j", str(tmp_path)]) == 1
    assert "no job j in any ledger here" in capsys.readouterr().err
    assert command_line.main(["evidence", "j", str(tmp_path / "nowhere")]) == 1
    assert "does not exist" in capsys.readouterr().err
