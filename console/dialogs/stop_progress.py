"""Stop phones, while it verifies: each phone with what was asked, answered, and seen now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from console.dialogs.base import Dialog, heading, row
from console.dialogs.controls import KeyButton
from console.dialogs.stop_state import PhoneStop, StopState
from console.plain import fit
from console.times import age, clock

AGAIN = "again"
CLOSED = "closed"
WIDE = 84


class StopProgress(Dialog[str]):
    """Hands back ``again``, or ``closed``: the checking goes on in the background."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "again", show=False),
        Binding("n,escape", "no", show=False),
    ]
    YES_KEY = "r"
    KEYS = "up/down list    esc keeps checking in the background"

    def __init__(self, state: Callable[[], StopState], label: str, title: str) -> None:
        """``state`` is looked at anew whenever something changed."""
        super().__init__(title)
        self._state = state
        self._label = label

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(1.0, self.redraw)

    # -- drawing ---------------------------------------------------------------------------------

    def facts(self, width: int) -> Iterable[Text | str]:
        state = self._state()
        wide = width >= WIDE
        if wide:
            yield heading(
                f"  {'NAME':<12} {'WAS':<9} {'ON FOR':>8}  {'INTERRUPTS':<22} {'ASKED':<8}  "
                f"{'NOW':<9} VERIFIED"
            )
        else:
            yield heading(f"  {'NAME':<18} {'ASKED':<8}  {'NOW':<10} VERIFIED")
        for phone in state.phones.values():
            yield self._row(phone, wide=wide)
        if not state.phones:
            yield row(f"no {self._label} of ours was on")
        yield ""
        yield self._summary(state)
        for sentence in state.sentences(self._label):
            yield f"! {sentence}"
        yield from self._jobs(state)
        if state.ended:
            yield ""
            yield f"receipt: {state.receipt}" if state.receipt else "No receipt was written."

    def _row(self, phone: PhoneStop, *, wide: bool) -> Text:
        target = phone.target
        asked = clock(phone.asked_at, self.now, seconds=True) if phone.asked_at else "-"
        if phone.verified_at is not None:
            verified = clock(phone.verified_at, self.now, seconds=True)
        else:
            verified = "NOT OFF" if phone.failed else "waiting"
        end = f"{fit(phone.now, 9)} {verified:<8} {phone.sign}"
        if wide:
            work = f"{target.job_id} {target.phase}".strip() or "-"
            return row(
                f"{fit(target.label, 12)} {fit(target.was, 9)} {age(target.since, self.now):>8}  "
                f"{fit(work, 22)} {asked:<8}  {end}"
            )
        return row(f"{fit(target.label, 18)} {asked:<8}  {end}")

    def _summary(self, state: StopState) -> str:
        count = len(state.phones)
        text = f"{state.verified} of {count} seen off and verified"
        if not state.ended:
            return f"{text}; asked {age(state.asked_at, self.now)} ago, checked every few seconds."
        return f"{text}. {state.detail}".strip()

    def _jobs(self, state: StopState) -> Iterable[Text | str]:
        jobs = state.jobs or {job: f"{worker} leaves" for job, worker in state.drained.items()}
        if not jobs:
            return
        yield ""
        yield heading("INTERRUPTED JOBS")
        for job, what in jobs.items():
            yield f"  {job}: {what}"
        if any("doubt" in what for what in jobs.values()):
            done = self.labels.done
            yield f"In doubt: P marks it {done}, r requeues it; until then it counts as {done}."
        if state.paused or state.drained:
            yield "Claims are paused until s."

    # -- buttons ---------------------------------------------------------------------------------

    def buttons(self) -> Iterable[KeyButton]:
        yield KeyButton("r", "Ask again", id="yes")
        yield KeyButton("esc", "Background", id="no")

    def redraw(self) -> None:
        super().redraw()
        if self.is_mounted:
            going_on = "Background" if self.narrow else "Keep checking in the background"
            words = "Close" if self._state().ended else going_on
            self.query_one("#no", KeyButton).say(words)

    def yes_words(self) -> str:
        left = len(self._state().left)
        if not left:
            return "Ask again"
        return f"Ask {left} again" if self.narrow else f"Ask again for the {left} left"

    def why_not(self) -> str:
        state = self._state()
        if not state.ended:
            return "The last asking is still under way."
        return "" if state.left else f"No {self._label} is left."

    def result(self) -> str:
        return AGAIN

    def action_again(self) -> None:
        super().action_yes()

    def action_yes(self) -> None:
        """``y`` means nothing here; the button still does."""

    def run_button(self, name: str) -> None:
        self.action_again() if name == "yes" else self.action_no()

    def action_no(self) -> None:
        self.dismiss(CLOSED)
