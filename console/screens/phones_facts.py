"""What the details of a phone need beside its row, asked on the feed's thread; and what was read.

``ResourceLine`` knows the job that the registry names; what became of it, and of the account's last
jobs, the ledger knows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from engine.filters.rows import changed_at
from engine.insight.values import Attempt, EvidenceFile, JobLine, ResourceLine, ResourceReport

if TYPE_CHECKING:
    from engine.insight.watch import Watch

READINGS: Final = 5
"""So many answers about a phone are remembered."""
_ATTEMPTS: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneFacts:
    """Everything about the phone at the cursor that its row does not say."""

    id: str = ""
    job: JobLine | None = None
    """The job for which it was started."""
    last: JobLine | None = None
    """The account's job that changed last."""
    attempts: Sequence[Attempt] = ()
    """The account's last attempts in this ledger, newest first."""
    evidence: EvidenceFile | None = None
    """The newest file that an attempt left for it."""


def look(watch: Watch, line: ResourceLine) -> PhoneFacts:
    """Put together what the watch knows; on its own thread. Raises EngineError."""
    job = watch.line(line.job_id) if line.job_id else None
    jobs = [one for one in watch.job_lines() if one.job.account == line.label]
    last = max((one for one in jobs if changed_at(one.job)), key=_changed, default=None)
    attempts = [attempt for one in jobs for attempt in watch.attempts(one.job.job_id)]
    attempts.sort(key=lambda attempt: attempt.claimed_at, reverse=True)
    files: Sequence[EvidenceFile] = ()
    subject = job or last
    if subject is not None:
        files = watch.evidence(subject.job.job_id)
    return PhoneFacts(
        id=line.id,
        job=job,
        last=last,
        attempts=attempts[:_ATTEMPTS],
        evidence=files[-1] if files else None,
    )


def _changed(line: JobLine) -> float:
    when = changed_at(line.job)
    return 0.0 if when is None else when.timestamp()


class Readings:
    """What the provider said of each phone, as far as this cockpit has heard it."""

    def __init__(self) -> None:
        self._said: dict[str, deque[tuple[datetime, str]]] = {}
        self._last: datetime | None = None

    def take(self, report: ResourceReport) -> None:
        """Keep an answer; a report without a new one adds nothing."""
        if report.problem or report.asked_at is None or report.asked_at == self._last:
            return
        self._last = report.asked_at
        for line in report.lines:
            said = self._said.setdefault(line.id, deque(maxlen=READINGS))
            said.append((report.asked_at, line.code or line.state))
        for gone in self._said.keys() - {line.id for line in report.lines}:
            del self._said[gone]

    def of(self, phone_id: str) -> Sequence[tuple[datetime, str]]:
        """(when, the provider's code), oldest first."""
        return tuple(self._said.get(phone_id, ()))
