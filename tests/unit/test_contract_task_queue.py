"""The contract of ``TaskQueue`` (behaviour C4, C2.6, and C-D2, C-D3, C-D4, C-D6, C-D7, C-D14)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.parallel.errors import ParallelProcessingError, TaskQueueError
from engine.parallel.task_events import TaskEvent
from engine.parallel.task_queue import TaskQueue
from engine.parallel.tasks import ProcessingTask, TaskState
from tests.ledger_days import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> Iterator[TaskQueue]:
    made = TaskQueue(tmp_path / "tasks.csv", now=clock)
    yield made
    made.close()


def po(number: str, **more: object) -> dict[str, object]:
    return {"po_number": number, **more}


def handed(queue: TaskQueue, worker: str = "w1") -> ProcessingTask:
    """The next task, where there must be one."""
    task = queue.get_next_task(worker)
    assert task is not None
    return task


def counts(queue: TaskQueue) -> tuple[int, int, int, int]:
    found = queue.get_status()
    return found.pending, found.active, found.completed, found.failed


# -- hand-out --------------------------------------------------------------------------------------


def test_tasks_are_handed_out_by_priority_and_then_by_arrival(queue: TaskQueue) -> None:
    queue.add_task(po("PO1"))
    queue.add_task(po("PO2"), priority=1)
    queue.add_task(po("PO3"))
    queue.add_task(po("PO4"), priority=10)
    queue.add_task(po("PO5"), priority=1)

    order = [handed(queue, f"w{n}").po_number for n in range(5)]

    assert order == ["PO2", "PO5", "PO1", "PO3", "PO4"]


def test_a_task_knows_its_order_its_priority_and_its_worker(queue: TaskQueue) -> None:
    task_id = queue.add_task(po("PO1", supplier="ACME", amount="12.50", url="http://x/1", extra=7))

    task = handed(queue)

    assert task.task_id == task_id == "PO1"
    assert task.po_data["supplier"] == "ACME"
    assert task.po_data["extra"] == 7
    assert (task.priority, task.status, task.assigned_worker) == (5, TaskState.ASSIGNED, "w1")
    assert task.retry_count == 0


def test_none_means_that_no_task_may_be_had(queue: TaskQueue, clock: Clock) -> None:
    assert queue.get_next_task("w1") is None
    queue.add_tasks([po("PO1"), po("PO2"), po("PO3")], priority=1)
    first = handed(queue)
    queue.retry_task(first.task_id, {"error": "slow"})

    # the first in line waits for its time, the second is in work: the third is free (C-D4)
    assert [handed(queue, "w2").po_number, handed(queue, "w3").po_number] == ["PO2", "PO3"]
    assert queue.get_next_task("w4") is None


def test_a_queue_that_is_paused_hands_out_nothing(queue: TaskQueue) -> None:
    queue.add_task(po("PO1"))
    queue.pause()
    assert queue.get_next_task("w1") is None
    assert queue.get_status().paused
    queue.resume()
    assert handed(queue).po_number == "PO1"


# -- outcomes --------------------------------------------------------------------------------------


def test_a_task_goes_through_its_states(queue: TaskQueue) -> None:
    task_id = queue.add_task(po("PO1"))
    seen = [_state(queue, task_id)]
    handed(queue)
    seen.append(_state(queue, task_id))
    queue.start_task(task_id, "w1")
    seen.append(_state(queue, task_id))
    queue.retry_task(task_id, {"error": "slow"})
    seen.append(_state(queue, task_id))

    assert seen == ["pending", "assigned", "processing", "retry_pending"]


def test_a_task_has_one_outcome(queue: TaskQueue) -> None:
    task_id = queue.add_task(po("PO1"))
    handed(queue)
    queue.complete_task(task_id, "w1", {"files": 3})

    with pytest.raises(TaskQueueError, match="PO1 is completed"):
        queue.complete_task(task_id, "w1", {"success": False})
    with pytest.raises(TaskQueueError, match="PO1 is completed"):
        queue.retry_task(task_id, {"error": "late"})
    task = queue.get_task(task_id)
    assert task is not None
    assert task.result == {"files": 3}
    assert counts(queue) == (0, 0, 1, 0)


def test_a_failure_is_an_outcome_too(queue: TaskQueue) -> None:
    task_id = queue.add_task(po("PO1"))
    handed(queue)
    queue.complete_task(task_id, "w1", {"success": False, "error": "no such order"})

    with pytest.raises(TaskQueueError, match="PO1 is failed"):
        queue.complete_task(task_id, "w1", {})
    task = queue.get_task(task_id)
    assert task is not None
    assert task.last_error == "no such order"
    assert counts(queue) == (0, 0, 0, 1)


def test_unknown_tasks_and_foreign_workers_are_refused(queue: TaskQueue) -> None:
    task_id = queue.add_task(po("PO1"))

    with pytest.raises(TaskQueueError, match="no task PO9"):
        queue.complete_task("PO9", "w1", {})
    with pytest.raises(TaskQueueError, match="is pending"):
        queue.complete_task(task_id, "w1", {})
    handed(queue)
    with pytest.raises(TaskQueueError, match="in the work of w1"):
        queue.complete_task(task_id, "w2", {})
    assert issubclass(TaskQueueError, ParallelProcessingError)
    assert counts(queue) == (0, 1, 0, 0)


# -- retries ---------------------------------------------------------------------------------------


def test_three_retries_are_four_attempts_each_after_a_longer_pause(
    queue: TaskQueue, clock: Clock
) -> None:
    task_id = queue.add_task(po("PO1"))
    pauses = []
    for _ in range(3):
        handed(queue)
        assert queue.retry_task(task_id, {"error": "slow"})
        task = queue.get_task(task_id)
        assert task is not None
        assert task.next_retry_at is not None
        pause = (task.next_retry_at - clock.time).total_seconds()
        pauses.append(pause)
        clock.forward(seconds=pause - 0.001)
        assert queue.get_next_task("w1") is None, "never before its time (C-D2)"
        clock.forward(seconds=0.001)
    handed(queue)

    assert not queue.retry_task(task_id, {"error": "slow", "error_type": "page_timeout"})
    assert pauses == [5.0, 10.0, 20.0]
    task = queue.get_task(task_id)
    assert task is not None
    assert (task.status, task.retry_count) == (TaskState.FAILED, 3)
    assert queue.get_error_summary().by_type == {"page_timeout": 1}


def test_a_task_is_pending_while_its_retry_is_due(queue: TaskQueue, clock: Clock) -> None:
    task_id = queue.add_task(po("PO1"))
    handed(queue)
    queue.retry_task(task_id, None)

    assert counts(queue) == (1, 0, 0, 0)
    assert queue.get_status().retry_pending == 1
    clock.forward(seconds=5)
    assert _state(queue, task_id) == "pending"


def test_a_worker_that_is_gone_gives_its_task_back_unlocked(queue: TaskQueue) -> None:
    queue.add_tasks([po("PO1"), po("PO2")])
    handed(queue, "w1")
    handed(queue, "w2")

    assert queue.worker_gone("w1") == ["PO1"]

    with pytest.raises(TaskQueueError):
        queue.complete_task("PO1", "w1", {})
    again = handed(queue, "w3")
    assert (again.po_number, again.retry_count) == ("PO1", 0)
    queue.complete_task("PO2", "w2", {})


def test_a_task_that_loses_worker_after_worker_fails_at_last(queue: TaskQueue) -> None:
    task_id = queue.add_task(po("PO1"))
    for number in range(4):
        handed(queue, f"w{number}")
        queue.worker_gone(f"w{number}")

    assert _state(queue, task_id) == "failed"
    assert queue.get_next_task("w9") is None


# -- the whole queue -------------------------------------------------------------------------------


def test_clear_keeps_what_is_in_work(queue: TaskQueue) -> None:
    queue.add_tasks([po("PO1"), po("PO2"), po("PO3")])
    handed(queue)

    assert queue.clear() == 2
    assert counts(queue) == (0, 1, 0, 0)
    assert queue.get_status().cleared == 2
    queue.add_task(po("PO3"))
    assert [task.task_id for task in queue.tasks()] == ["PO1", "PO3"]


def test_tasks_are_found_by_status_by_worker_and_by_what_they_are(queue: TaskQueue) -> None:
    queue.add_tasks([po("PO1", supplier="A"), po("PO2", supplier="B")])
    handed(queue, "w7")

    assert [task.task_id for task in queue.get_tasks_by_status("pending")] == ["PO2"]
    assert [task.task_id for task in queue.get_tasks_by_worker("w7")] == ["PO1"]
    assert [task.task_id for task in queue.find_tasks(_of("B"))] == ["PO2"]
    with pytest.raises(ValueError, match="lost"):
        queue.get_tasks_by_status("lost")


def test_performance_is_counted_from_the_tasks(queue: TaskQueue, clock: Clock) -> None:
    queue.add_tasks([po("PO1"), po("PO2")])
    assert queue.get_performance().attempts == 0
    handed(queue)
    queue.retry_task("PO1", None)
    assert queue.get_performance().retry_rate == 0, "it is due, not made"
    clock.forward(seconds=5)
    handed(queue)
    clock.forward(seconds=30)
    queue.complete_task("PO1", "w1", {})

    found = queue.get_performance()

    assert (found.ended, found.attempts, found.retries) == (1, 2, 1)
    assert (found.success_rate, found.retry_rate) == (1.0, 0.5)
    assert (found.average_seconds, found.tasks_per_minute) == (30.0, 2.0)


def test_a_queue_is_exported_as_json_csv_and_yaml(queue: TaskQueue, tmp_path: Path) -> None:
    queue.add_task(po("=PO1", supplier='=cmd()\u2028 "x": y\n- z'), priority=2)

    by_json = json.loads(queue.export("json", tmp_path / "tasks.json"))
    by_csv = list(csv.DictReader(io.StringIO(queue.export("csv"))))
    by_yaml = queue.export("yaml")

    assert (tmp_path / "tasks.json").read_text(encoding="utf-8") == queue.export()
    assert (by_json[0]["task_id"], by_json[0]["priority"]) == ("=PO1", 2)
    assert by_csv[0]["task_id"] == "'=PO1", "no formula for a spreadsheet"
    lines = by_yaml.splitlines()
    assert lines[0] == '- task_id: "=PO1"'
    assert lines[1] == "  priority: 2"
    assert all(json.loads(line[2:].partition(": ")[2]) is not None for line in lines)
    with pytest.raises(ValueError, match="xml"):
        queue.export("xml")


def test_whoever_listens_hears_what_happens(queue: TaskQueue) -> None:
    heard: list[TaskEvent] = []

    def fails(_event: TaskEvent) -> None:
        raise RuntimeError("a listener's own trouble")

    queue.subscribe(fails)
    leave = queue.subscribe(heard.append)
    queue.add_task(po("PO1"))
    handed(queue)
    queue.retry_task("PO1", {"error": "slow"})
    leave()
    queue.clear()

    names = [event.name for event in heard]
    assert names == ["task_added", "task_assigned", "task_retry_scheduled"]
    assert (heard[2].task_id, heard[2].worker, heard[2].text) == ("PO1", "w1", "slow")


def test_a_queue_is_there_after_its_process_has_gone(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "tasks.csv"
    first = TaskQueue(path, now=clock)
    first.add_task(po("PO1", url="http://site/1"), priority=3)
    first.close()

    second = TaskQueue(path, now=clock)

    task = handed(second)
    assert (task.priority, task.po_data["url"]) == (3, "http://site/1")
    second.close()


def test_a_queue_without_a_place_leaves_nothing_behind() -> None:
    queue = TaskQueue()
    queue.add_task(po("PO1"))
    folder = queue.path.parent
    assert folder.exists()
    queue.close()
    assert not folder.exists()


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize("priority", [0, 11, -1])
def test_a_priority_outside_1_to_10_is_refused(queue: TaskQueue, priority: int) -> None:
    with pytest.raises(ValueError, match="1 to 10"):
        queue.add_task(po("PO1"), priority=priority)
    assert queue.get_status().total == 0


@pytest.mark.parametrize(
    "task",
    [{}, {"po_number": ""}, {"po_number": "x" * 300}, {"po_number": "P\x00"}, {"url": "http://x"}],
)
def test_an_order_that_cannot_be_worked_on_is_refused(
    queue: TaskQueue, task: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match="po_number"):
        queue.add_task(task)
    with pytest.raises(ValueError, match="po_number"):
        queue.add_tasks([po("good"), task])
    assert queue.get_status().total == 0, "all or none"


@pytest.mark.parametrize("task", [None, "PO1", ["PO1"], {"po_number": object()}])
def test_what_is_no_order_at_all_is_refused(queue: TaskQueue, task: object) -> None:
    with pytest.raises(TypeError):
        queue.add_task(task)  # type: ignore[arg-type]  # as a program without types may call it


def test_an_order_is_one_task(queue: TaskQueue) -> None:
    queue.add_task(po("PO1"))
    with pytest.raises(TaskQueueError, match="PO1 is in the queue already"):
        queue.add_task(po("PO1"), priority=1)
    with pytest.raises(TaskQueueError, match="given twice"):
        queue.add_tasks([po("PO2"), po("PO2")])
    assert queue.get_status().total == 1


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["add", "get", "done", "fail", "retry", "gone", "wait"]),
            st.integers(0, 4),
        ),
        max_size=25,
    )
)
def test_the_figures_add_up_at_any_time(steps: list[tuple[str, int]]) -> None:
    clock = Clock()
    queue = TaskQueue(now=clock)
    added = 0
    held: dict[str, str] = {}
    for what, number in steps:
        worker = f"w{number % 2}"
        task_id = next((one for one, who in held.items() if who == worker), "")
        if what == "add":
            queue.add_task(po(f"PO{added}"), priority=number + 1)
            added += 1
        elif what == "get":
            task = queue.get_next_task(worker)
            held |= {task.task_id: worker} if task else {}
        elif what == "wait":
            clock.forward(seconds=5)
        elif what == "gone":
            queue.worker_gone(worker)
            held = {one: who for one, who in held.items() if who != worker}
        elif task_id:
            del held[task_id]
            if what == "retry":
                queue.retry_task(task_id, {"error": "slow"})
            else:
                queue.complete_task(task_id, worker, {"success": what == "done"})
        assert sum(counts(queue)) == added == len(queue.tasks())
        assert min(counts(queue)) >= 0
        assert counts(queue)[1] == len(held)
        found = queue.get_performance()
        assert 0 <= found.retry_rate <= 1
        assert 0 <= found.success_rate <= 1
    queue.close()


def _state(queue: TaskQueue, task_id: str) -> str:
    task = queue.get_task(task_id)
    assert task is not None
    return task.status.value


def _of(supplier: str) -> Callable[[ProcessingTask], bool]:
    return lambda task: task.po_data.get("supplier") == supplier
