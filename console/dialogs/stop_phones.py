"""Stop phones, before: the scope, exact targets, what is interrupted and what is not touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text

from console.amounts import counted
from console.dialogs.base import Control, Dialog, heading, row
from console.dialogs.controls import Choice, TypedWord
from console.dialogs.stop_targets import OFF, Scope, StopScopes, Target, scopes
from console.feed import Need
from console.plain import fit
from console.times import age
from engine.workloads.labels import plural

if TYPE_CHECKING:
    from console.selection import Selection
    from engine.insight.values import Overview, ResourceLine, ResourceReport

STOP_ALL_WORD = "stop all"


@dataclass(frozen=True, slots=True)
class StopWish:
    """What is to be stopped."""

    scope: Scope
    targets: Sequence[Target]


class StopPhones(Dialog[StopWish]):
    """Hands back the scope and the targets; nothing was asked of the provider yet."""

    NEEDS: ClassVar[frozenset[Need]] = frozenset({Need.RESOURCES})
    NO = "Keep running"
    KEYS = "y / n    tab scope    up/down list    esc = n"

    def __init__(
        self, selection: Selection, report: ResourceReport | None, overview: Overview | None
    ) -> None:
        """``report`` is the latest one; None: the provider was not asked yet."""
        self._label = overview.resource_label if overview is not None else "phone"
        super().__init__(f"Stop {plural(self._label)}")
        self._selection = selection
        self._report = report
        self._overview = overview
        self._scopes: StopScopes | None = None
        self._typed = TypedWord(STOP_ALL_WORD)
        self._choice = Choice(
            "Scope", [(scope.value, scope.value) for scope in Scope], Scope.CAMPAIGN.value
        )
        if report is not None:
            self._fix(report)

    def _fix(self, report: ResourceReport) -> None:
        """The targets are those of this report, whatever comes on later."""
        self._report = report
        selection = self._selection
        self._scopes = scopes(report, self._overview, selection.resources, marked=selection.marked)
        found = self._scopes
        here = "at the cursor" if found.cursor else "marked"
        options = [
            (Scope.CAMPAIGN.value, f"this campaign {len(found.campaign)}"),
            (Scope.ALL.value, f"ALL {len(found.all)}"),
        ]
        if found.marked:
            options.insert(0, (Scope.MARKED.value, f"{here} {len(found.marked)}"))
        self._choice.offer(options, found.preset.value)

    @property
    def _scope(self) -> Scope:
        return Scope(self._choice.value)

    @property
    def _targets(self) -> Sequence[Target]:
        return () if self._scopes is None else self._scopes.of(self._scope)

    # -- drawing ---------------------------------------------------------------------------------

    def top(self) -> Sequence[Control]:
        return (self._choice,)

    def bottom(self) -> Sequence[Control]:
        return (self._typed,)

    def redraw(self) -> None:
        if self.is_mounted:
            self._typed.display = self._scope is Scope.ALL
        super().redraw()

    def facts(self, width: int) -> Iterable[Text | str]:
        if self._scopes is None:
            yield ""
            yield f"Asking which {plural(self._label)} are on ..."
            return
        targets = self._targets
        yield ""
        yield heading(f"  {'Will be stopped':<18} {'on for':>8}  {'now':<9} interrupts")
        for target in targets:
            yield self._target_row(target, width)
        if not targets:
            yield row(f"no {self._label}: nothing of this scope is on")
        yield ""
        yield from self._asked()
        yield f"Not touched   {self._scopes.untouched(self._scope, self._label)}"
        yield from self._interrupted(targets)
        yield ""
        yield (
            f"The next dialog stays until each {self._label} was seen off; then it says which was "
            "not."
        )

    def _target_row(self, target: Target, width: int) -> Text:
        line = self._present().get(target.id)
        state = line.state if line is not None else "off"
        work = f"{target.job_id} {target.phase}".strip() or "-"
        text = (
            f"{fit(target.label, 18)} {age(target.since, self.now):>8}  {fit(state, 9)} "
            f"{fit(work, max(10, width - 42))}"
        )
        return row(text, changed=state != target.was)

    def _present(self) -> dict[str, ResourceLine]:
        return {line.id: line for line in (self._report.lines if self._report else ())}

    def _asked(self) -> Iterable[str]:
        """How old all this is, and what came on since."""
        report = self._report
        if report is not None and report.problem:
            yield f"Could not be asked just now: {report.problem}"
        known = {target.id for target in self._scopes.all} if self._scopes is not None else set()
        late = [
            line.label
            for line in self._present().values()
            if line.state not in OFF and line.state != "unknown" and line.id not in known
        ]
        if late:
            yield f"! came on since, not in the list: {', '.join(late)}"

    def _interrupted(self, targets: Sequence[Target]) -> Iterable[str]:
        working = {target.job_id: target for target in targets if target.job_id}
        if self._overview is None or not self._overview.live:
            yield "Workers       no run is live, so none is at work"
            return
        if not working:
            yield "Workers       keep running, no job is interrupted"
            return
        slots = sorted({target.slot for target in working.values() if target.slot is not None})
        named = ", ".join(f"W{slot}" for slot in slots)
        leave = "leaves" if len(slots) == 1 else "leave"
        yield f"Workers       {named} {leave} first; claims are paused until s"
        past = sum(target.submitted for target in working.values())
        jobs, step = counted(len(working), "claimed job"), self.labels.no_return
        if not step:
            yield f"Interrupts {jobs}: they go back to pending, not counted."
            return
        yield (
            f"Interrupts {jobs}: before {step} they go back to "
            f"pending, not counted; after {step} the worker gets its time to see the outcome, else "
            f"they are in doubt. {past} of them {'is' if past == 1 else 'are'} past {step}."
        )

    # -- the answer ------------------------------------------------------------------------------

    def yes_words(self) -> str:
        return f"Stop {counted(len(self._targets), self._label)}"

    def why_not(self) -> str:
        if self._scopes is None:
            return f"Which {plural(self._label)} are on is not known yet."
        if not self._targets:
            return "Nothing of this scope is on."
        if self._scope is Scope.ALL and not self._typed.right:
            return f"Type  {STOP_ALL_WORD}  first: it stops other people's, too."
        return ""

    def result(self) -> StopWish:
        return StopWish(self._scope, self._targets)

    def show_resources(self, report: ResourceReport) -> None:
        if self._scopes is None:
            self._fix(report)
        self._report = report
        self.redraw()
