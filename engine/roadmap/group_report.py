"""The page on one group, ``PHASE1-GROUP-A-STATUS.md``: only what was observed (B4.2, B-D2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from engine.output import one_line, plain
from engine.roadmap.document import Document, Group, Task
from engine.roadmap.facts import Facts, TaskFact, TaskState
from engine.roadmap.record import GateResult, Record

_SUMMARY_LINES: Final = 20
_SUMMARY_WIDTH: Final = 500
_SIGNS: Final = {
    TaskState.PENDING: "⬜",
    TaskState.RUNNING: "🔄",
    TaskState.SUCCEEDED: "✅",
    TaskState.FAILED: "❌",
    TaskState.SKIPPED: "⏭",
}


def report_name(group: Group) -> str:
    """The name of its file in the work directory."""
    return f"PHASE{group.phase}-GROUP-{group.id}-STATUS.md"


def begun(group: Group, record: Record, facts: Facts) -> bool:
    """Whether there is anything to report of a group."""
    return (
        group.name in record.complete
        or group.name in facts.gates
        or record.taken_back(group.name) is not None
        or any(facts.of(group, task).state is not TaskState.PENDING for task in group.tasks)
    )


def report(document: Document, group: Group, record: Record, facts: Facts) -> str:
    """The text of its file."""
    lines = [
        f"# Phase {group.phase} Group {group.id} - Implementation Status",
        "",
        *_status(group, record, facts),
        "",
        "## Tasks",
        "",
        *(line for task in group.tasks for line in _task(group, task, record, facts)),
        "",
        "## Testing",
        "",
        *_testing(group, record, facts),
        "",
        "## Next steps",
        "",
        *_next(document, group, record, facts),
    ]
    return "\n".join(lines) + "\n"


def _status(group: Group, record: Record, facts: Facts) -> Iterator[str]:
    if group.title:
        yield f"- Group: {_inert(group.title)}"
    done = record.group(group.name)
    states = {facts.of(group, task).state for task in group.tasks}
    if done is not None and done.by_hand:
        yield "- Status: ☑ complete by hand (an operator's word; nothing was checked for it)"
        yield f"- Marked: {_time(done.at)}"
    elif done is not None:
        yield "- Status: ✅ COMPLETE"
        yield f"- Completed: {_time(done.at)}"
        if done.commit:
            yield f"- Commit: {done.commit}"
    elif TaskState.RUNNING in states:
        yield "- Status: 🔄 IN PROGRESS"
    elif TaskState.FAILED in states or any(not g.passed for g in facts.gates.get(group.name, ())):
        yield "- Status: ❌ FAILED"
    elif states <= {TaskState.PENDING}:
        yield "- Status: ⬜ NOT STARTED"
    else:
        yield "- Status: 🔄 IN PROGRESS"
    back = record.taken_back(group.name)
    if back is not None and done is None:
        yield f"- Taken back: by hand, {_time(back.at)}"


def _task(group: Group, task: Task, record: Record, facts: Facts) -> Iterator[str]:
    fact = facts.of(group, task)
    seen = group.job_id(task) in facts.tasks
    by_hand = group.name in record.by_hand
    if fact.state is TaskState.PENDING and task.done:
        yield f"- ☑ **{task.id}**: {_inert(task.title)} (done before, by the roadmap's word)"
        return
    if not seen and by_hand:
        yield f"- ☑ **{task.id}**: {_inert(task.title)} (by hand, with its group)"
        return
    yield f"- {_SIGNS[fact.state]} **{task.id}**: {_inert(task.title)}{_outcome(fact)}"
    if fact.branch:
        yield f"  - branch: {one_line(fact.branch)}"
    if fact.log:
        yield f"  - log: {one_line(fact.log)}"
    if fact.summary.strip():
        yield "  - its agent said:"
        yield ""
        yield from _quoted(fact.summary)
        yield ""


def _outcome(fact: TaskFact) -> str:
    parts = [fact.state.value]
    if fact.result:
        parts.append(_inert(fact.result))
    if fact.seconds is not None:
        parts.append(f"{fact.seconds:.1f} s")
    return f" ({', '.join(parts)})"


def _quoted(text: str) -> Iterator[str]:
    """Outside text as a block of code: nothing in it can pass for a line of ours."""
    lines = [line.rstrip() for line in plain(text.strip()).split("\n")]
    for line in lines[:_SUMMARY_LINES]:
        yield f"        {line[:_SUMMARY_WIDTH]}".rstrip()
    if len(lines) > _SUMMARY_LINES:
        yield f"        ({len(lines) - _SUMMARY_LINES} more lines in the log)"


def _testing(group: Group, record: Record, facts: Facts) -> Iterator[str]:
    done = record.group(group.name)
    gates: Sequence[GateResult] = facts.gates.get(group.name, ())
    commit = facts.commits.get(group.name, "")
    if done is not None:
        gates, commit = done.gates, done.commit
    if not gates:
        yield "- No gate was run."
    for gate in gates:
        sign, verdict = ("✅", "passed") if gate.passed else ("❌", "failed")
        status = "it did not end" if gate.exit_status is None else f"exit {gate.exit_status}"
        on = f", on commit {one_line(commit)}" if commit else ""
        yield (
            f"- {sign} {_inert(gate.name)}: {verdict} ({status}, {gate.seconds:.1f} s, "
            f"{_time(gate.at)}{on})"
        )
        yield f"  - log: {one_line(str(gate.log))}"


def _next(document: Document, group: Group, record: Record, facts: Facts) -> Iterator[str]:
    if group.name in record.complete:
        later = [
            other
            for other in document.groups()
            if other.ordinal > group.ordinal and other.name not in record.complete
        ]
        if later:
            title = f": {_inert(later[0].title)}" if later[0].title else ""
            yield f"- Phase {later[0].phase} group {later[0].id}{title}"
        else:
            yield "- No later group is left."
        return
    failed = [task for task in group.tasks if facts.of(group, task).state is TaskState.FAILED]
    for task in failed:
        yield f"- Task {task.id} failed: read its log, then start the run again."
    for gate in facts.gates.get(group.name, ()):
        if not gate.passed:
            yield f"- {_inert(gate.name)} failed: read its log, mend it, then start the run again."
    if not failed and group.name not in facts.gates:
        yield "- Its tasks that are left, then its gates."


def _inert(text: str) -> str:
    """Outside text on one line of Markdown: it cannot begin markup of its own."""
    return "".join(f"\\{c}" if c in "\\`*_<[&" else c for c in one_line(text))


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
