"""Jobs in dialogs: one row each, and what a person should know before trying them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from console.amounts import counted
from console.dialogs.base import row
from console.plain import fit
from engine.insight.values import JobLine
from engine.jobs import ErrorCategory, Job, JobStatus
from engine.workloads.labels import Labels

NUMBER_THAT_ASKS: Final = 20
"""More jobs than this at once want a question (console-features 6.11)."""
WIDE: Final = 84
RETRYABLE: Final = frozenset({ErrorCategory.INFRASTRUCTURE, ErrorCategory.UNKNOWN})
"""Classes that *requeue all* takes; the same as the engine's own (behaviour A3.8)."""

_FIRST: Final[Mapping[ErrorCategory, str]] = {
    ErrorCategory.ACCOUNT: "! a person first",
    ErrorCategory.CONTENT: "! a new file first",
    ErrorCategory.IN_DOUBT: "! maybe {doubtful}",
}
_ADVICE: Final[Mapping[ErrorCategory, tuple[str, str]]] = {
    ErrorCategory.ACCOUNT: (
        "{key} problem",
        "Requeue only if somebody has signed in by hand; otherwise it will fail the same way.",
    ),
    ErrorCategory.CONTENT: (
        "file problem",
        "Requeue only if the file was replaced; otherwise it will fail the same way.",
    ),
    ErrorCategory.IN_DOUBT: (
        "doubtful job",
        "It may be {doubtful} already: look at the {key} first. Requeued, it is {done} again.",
    ),
}


def category_of(job: Job) -> ErrorCategory:
    """Class of its last failure; a failure without one is unknown."""
    if job.in_doubt:
        return ErrorCategory.IN_DOUBT
    return job.error_category or ErrorCategory.UNKNOWN


def failed(lines: Sequence[JobLine]) -> list[JobLine]:
    """Those that can be requeued."""
    return [line for line in lines if line.job.status is JobStatus.FAILED]


def needs_person(line: JobLine) -> bool:
    """Trying it again changes nothing unless somebody did something before."""
    return category_of(line.job) in _FIRST


@dataclass(frozen=True, slots=True)
class RequeueChoice:
    """Failed jobs that the operator wants to be tried again."""

    lines: Sequence[JobLine]

    @property
    def ready(self) -> list[str]:
        """Those that need nobody."""
        return [line.job.job_id for line in self.lines if not needs_person(line)]

    @property
    def all(self) -> list[str]:
        return [line.job.job_id for line in self.lines]

    @property
    def people(self) -> int:
        """How many wait for a person."""
        return len(self.lines) - len(self.ready)

    @property
    def asks(self) -> bool:
        """Somebody must look first, or it is a great many."""
        return self.people > 0 or len(self.lines) > NUMBER_THAT_ASKS

    def advice(self, labels: Labels) -> Iterator[str]:
        """A sentence for each class that needs a person."""
        words = labels.to_dict()
        counts = Counter(category_of(line.job) for line in self.lines)
        for category, (what, sentence) in _ADVICE.items():
            count = counts[category]
            if count:
                yield f"{counted(count, what.format(**words))}. {sentence.format(**words)}"


def by_class(lines: Sequence[JobLine]) -> str:
    """``infrastructure 7, unknown 1``, most first."""
    counts = Counter(category_of(line.job) for line in lines)
    return ", ".join(f"{category} {count}" for category, count in counts.most_common())


def job_row(line: JobLine, now: JobLine | None, width: int, labels: Labels) -> Text:
    """One target; where it changed since, its present state with ``!`` in front."""
    job = line.job
    changed = now is None or now.job.status is not job.status
    if changed:
        last = "gone from the ledger" if now is None else f"now {now.job.status}"
    else:
        last = _FIRST.get(category_of(job), "").format(**labels.to_dict())
    why = job.error_type or ("unclassified" if job.status is JobStatus.FAILED else job.status)
    category = f"{category_of(job)}" if job.status is JobStatus.FAILED else ""
    columns = (14, 14, 20) if width >= WIDE else (12, 9, 13)
    cells = zip((job.job_id, job.account, why), columns, strict=True)
    text = f"{' '.join(fit(value, room) for value, room in cells)} {category}  {last}"
    return row(text.rstrip(), changed=changed)
