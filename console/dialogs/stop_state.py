"""A stop under way: what was asked, answered and seen of each phone, and of each interrupted job.

Folded from the engine's own progress events, the provider's latest list, and the command's answer;
nothing here claims more than one of them said (console-features 6.1: claims are verified).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from console.dialogs.stop_targets import OFF, Target
from engine.insight.values import ResourceReport

VERIFIED: Final = "+"
WAITING: Final = "."
NOT_OFF: Final = "!"


@dataclass(kw_only=True, slots=True)
class PhoneStop:
    """One phone on its way."""

    target: Target
    asked_at: datetime | None = None
    answer: str = ""
    """What became of the asking, in the engine's words."""
    now: str = ""
    """State when it was last read."""
    verified_at: datetime | None = None
    failed: bool = False
    """The engine gave it up: it may still be on."""

    @property
    def sign(self) -> str:
        if self.verified_at is not None:
            return VERIFIED
        return NOT_OFF if self.failed or self.now == "unknown" else WAITING


@dataclass(kw_only=True, slots=True)
class StopState:
    """All phones of one stop."""

    phones: dict[str, PhoneStop]
    asked_at: datetime
    drained: dict[str, str] = field(default_factory=dict)
    """Interrupted job to the worker that leaves."""
    jobs: Mapping[str, str] = field(default_factory=dict)
    """Interrupted job to what became of it; known at the end."""
    ended: bool = False
    ok: bool = False
    detail: str = ""
    receipt: str = ""
    paused: bool = False

    @classmethod
    def begin(cls, targets: Sequence[Target], now: datetime) -> StopState:
        """Nothing was asked yet."""
        phones = {t.id: PhoneStop(target=t, now=t.was) for t in targets}
        return cls(phones=phones, asked_at=now)

    @property
    def verified(self) -> int:
        return sum(phone.verified_at is not None for phone in self.phones.values())

    @property
    def left(self) -> list[Target]:
        """Not seen off yet, or given up."""
        return [p.target for p in self.phones.values() if p.verified_at is None]

    @property
    def line(self) -> str:
        """For row 1: ``stopping 3 of 6``."""
        return f"stopping {self.verified} of {len(self.phones)}"

    def hear(self, events: Sequence[Mapping[str, Any]], command_id: str, now: datetime) -> None:
        """Progress of this command; other events are passed over."""
        for event in events:
            if event.get("event") == "command_progress" and event.get("id") == command_id:
                self._hear(event, _moment(event.get("ts"), now))

    def _hear(self, event: Mapping[str, Any], at: datetime) -> None:
        state = event.get("state")
        if state == "draining":
            self.drained[str(event.get("job", ""))] = f"W{event.get('worker', '?')}"
            return
        phone = self.phones.get(str(event.get("resource_id", "")))
        if phone is None:
            return
        if state == "stopping":
            phone.asked_at, phone.failed = at, False
        elif state == "off":
            self._off(phone, str(event.get("text", "")), at)
        elif state == "not off":
            phone.failed, phone.answer = True, str(event.get("text", ""))

    def look(self, report: ResourceReport) -> None:
        """What the provider says now. It alone verifies nothing: a start may not show yet."""
        if report.problem:
            return
        lines = {line.id: line for line in report.lines}
        for name, phone in self.phones.items():
            line = lines.get(name)
            phone.now = line.state if line is not None else "off"
            if phone.verified_at is not None and phone.now not in OFF | {"unknown"}:
                # It came on again: what was true is true no more.
                phone.verified_at = None

    def end(self, answer: Mapping[str, Any], results: Mapping[str, str], now: datetime) -> None:
        """The command was answered: ``answer`` is the whole of it, as the event or the command
        line's last object has it."""
        self.ended = True
        self.ok = bool(answer.get("ok"))
        self.detail = str(answer.get("detail", ""))
        self.receipt = str(answer.get("receipt") or "")
        self.paused = bool(answer.get("paused"))
        self.jobs = {str(job): str(what) for job, what in (answer.get("jobs") or {}).items()}
        for entry in answer.get("resources") or ():
            phone = self.phones.get(str(entry.get("id", "")))
            if phone is None:
                continue
            text, at = str(entry.get("answer", "")), _moment(entry.get("seen_at"), now)
            if entry.get("asked_at"):
                phone.asked_at = _moment(entry["asked_at"], now)
            if entry.get("off"):
                self._off(phone, text, at)
            else:
                phone.failed, phone.answer = True, text
        for name, phone in self.phones.items():
            if phone.verified_at is None:
                phone.failed = True
                phone.answer = phone.answer or results.get(name) or self.detail

    @staticmethod
    def _off(phone: PhoneStop, text: str, at: datetime) -> None:
        phone.answer, phone.failed, phone.now, phone.verified_at = text, False, "off", at

    def again(self, now: datetime) -> StopState:
        """A new asking for those that are left."""
        state = StopState.begin(self.left, now)
        for name, phone in state.phones.items():
            phone.now = self.phones[name].now
        return state

    def sentences(self, label: str) -> Iterator[str]:
        """Each phone that was not seen off, by name, with the reason."""
        for phone in self.phones.values():
            if phone.failed and phone.verified_at is None:
                yield f"{phone.target.label}: {phone.answer or f'the {label} may still be on'}"


def _moment(text: object, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return otherwise
