"""What became of a command, in one line. Values in, words out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.progress import MARKED_POSTED, REQUEUED, SKIPPED, UNSKIPPED
from engine.remote import Answer
from engine.workloads.labels import Labels

_DONE: Final[Mapping[str, tuple[str, str, str]]] = {
    "requeue": (REQUEUED, "Requeued", "u takes it back until a worker claims one."),
    "skip": (SKIPPED, "Skipped", "u takes it back."),
    "unskip": (UNSKIPPED, "Took back in", "u skips again."),
    "mark_posted": (MARKED_POSTED, "Marked as {done}", "It counts against the cap."),
}
"""Command: the answer for a job that it changed, the word for it, and what to know then."""


@dataclass(frozen=True, slots=True)
class Told:
    """One line for the operator."""

    text: str
    bad: bool = False


def of_jobs(name: str, answer: Answer, labels: Labels) -> Told:
    """Answer to requeue, skip, unskip or mark posted: how many, and why not the others."""
    done, word, after = _DONE[name]
    refused = {job: what for job, what in answer.results.items() if what != done}
    changed = len(answer.results) - len(refused)
    if not answer.results:
        return Told(answer.detail, bad=not answer.ok)
    left = ""
    if refused:
        job, what = next(iter(refused.items()))
        more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
        left = f" Not {job}{more}: {what}."
    if not changed:
        return Told(f"Nothing was changed.{left}", bad=True)
    of = f" of {len(answer.results)}" if refused else ""
    jobs = f"job{'' if changed == 1 and not refused else 's'}"
    what = f"{word.format(done=labels.done)} {changed}{of} {jobs}"
    return Told(f"{what}; {after}{left}" if after[0].islower() else f"{what}. {after}{left}")


def of_answer(answer: Answer) -> Told:
    """Any other answer: the engine's own sentence."""
    return Told(answer.detail, bad=not answer.ok)
