from __future__ import annotations

import queue
from pathlib import Path

import pytest

from engine.config import Settings
from engine.control import StandingOrders
from engine.errors import InputError
from engine.processes import ProcessRegistry
from engine.progress import ProgressTracker
from engine.reversible import Reversible
from engine.run_state import Command, RunDirectory
from engine.supervision import Workers
from engine.workloads.base import WorldContext
from tests.toy_workload import ToyWorkload

SETTINGS = Settings()


def place(tmp_path: Path) -> tuple[Reversible, StandingOrders]:
    run_dir = RunDirectory(tmp_path / "run")
    run_dir.create()
    workers = Workers(
        0,
        run=SETTINGS.run,
        command=lambda _slot: (),
        registry=ProcessRegistry(run_dir.processes_path),
        logs=tmp_path,
        inbox=queue.Queue(),
    )
    orders = StandingOrders(run_dir, workers)
    reversible = Reversible(
        run_dir=run_dir,
        ledger=ProgressTracker(tmp_path / "l.csv", settings=SETTINGS),
        workload=ToyWorkload(WorldContext(settings=SETTINGS, work_dir=tmp_path)),
        control=lambda: orders,
        slots=lambda: range(3),
    )
    return reversible, orders


def test_a_pause_that_is_taken_back_lets_claims_go_on(tmp_path: Path) -> None:
    reversible, orders = place(tmp_path)
    pause = Command(name="pause")
    assert reversible.claims(pause)["undoable"] == 1
    assert reversible.undo(Command(name="undo", undo_of=pause.id))["ok"]
    assert not orders.paused


def test_an_old_undo_does_not_lift_a_pause_that_came_after_it(tmp_path: Path) -> None:
    reversible, orders = place(tmp_path)
    pause = Command(name="pause")
    reversible.claims(pause)
    reversible.claims(Command(name="resume"))
    orders.pause(paused=True, by="ana")  # as a stop of phones does
    with pytest.raises(InputError, match=r"paused again since by ana: .* resume"):
        reversible.undo(Command(name="undo", undo_of=pause.id))
    assert orders.paused


def test_the_pause_after_this_pass_outlives_the_supervisor_until_it_is_replaced(
    tmp_path: Path,
) -> None:
    _, orders = place(tmp_path)
    orders.want_pause_after_stage()
    _, again = place(tmp_path)
    assert (again.pause_after_stage, again.paused) == (True, False)
    again.pause(paused=True)
    _, later = place(tmp_path)
    assert (later.pause_after_stage, later.paused) == (False, True)
    later.want_pause_after_stage()
    later.pause(paused=True)
    assert not later.pause_after_stage
    later.want_pause_after_stage()
    later.pause(paused=False)
    assert not place(tmp_path)[1].pause_after_stage
