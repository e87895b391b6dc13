from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.run_state import RunDirectory
from engine.stop_receipt import KEPT, StopRecord
from engine.workloads.base import ResourceState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)


def state(name: str, *, ours: bool = True) -> ResourceState:
    return ResourceState(
        kind="phone", id=name, label=f"acct_{name}", state="started", ours=ours, minutes=2.5
    )


def record(*targets: ResourceState) -> StopRecord:
    return StopRecord(id="1", by="ana", asked_at=NOW, targets=targets)


def test_only_what_was_seen_off_has_a_moment_at_which_it_was_seen(tmp_path: Path) -> None:
    stop = record(state("1"), state("2"), state("3", ours=False))
    stop.note_gone([state("2")], "seen off at the end of the run", LATER)
    stop.not_seen("The run ended before", LATER)
    answer = stop.answer(RunDirectory(tmp_path), LATER)
    assert not answer["ok"]
    assert answer["detail"] == "1 of 3 seen off; NOT OFF: acct_2, acct_3."
    written = json.loads(Path(answer["receipt"]).read_text(encoding="utf-8"))
    seen = {one["id"]: (one["off"], one["seen_at"]) for one in written["resources"]}
    at = LATER.isoformat()
    assert seen == {"1": (True, at), "2": (False, None), "3": (False, None)}
    assert [one["given_up_at"] for one in written["resources"]] == [None, at, at]
    assert written["resources"][0]["minutes"] == 2.5


def test_what_was_answered_for_is_not_answered_for_again(tmp_path: Path) -> None:
    stop = record(state("1"))
    assert len(stop.note_gone([], "gone", NOW)) == 1
    assert stop.note_gone([], "gone again", LATER) == []
    stop.not_seen("ended", LATER)
    assert stop.ok
    assert stop.answer(RunDirectory(tmp_path), LATER)["results"] == {"1": "gone"}


def test_the_latest_receipts_are_kept(tmp_path: Path) -> None:
    paths = []
    for number in range(KEPT + 2):
        stop = StopRecord(id="1", by="ana", asked_at=NOW + timedelta(seconds=number // 3))
        paths.append(Path(stop.answer(RunDirectory(tmp_path), NOW)["receipt"]))
    assert [path.exists() for path in paths] == [False] * 2 + [True] * KEPT
