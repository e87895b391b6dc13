"""Labelled screens, judged: what the recogniser said, what the navigator would touch, how fast."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Final

from engine.posting import wording
from engine.posting.confirmation import Confirmation
from engine.posting.navigator import next_step
from engine.posting.page import Node, Page
from engine.posting.recogniser import Recogniser
from engine.posting.screen import ACCOUNT_VERDICTS, Kind, Screen
from engine.posting.state import FlowState, Tally
from engine.posting.steps import EnterCaption, Share, Step, Tap

DANGEROUS: Final = frozenset(str(kind) for kind in ACCOUNT_VERDICTS)
"""login, both challenges, suspended, disabled, action_blocked."""
_AFTER_SHARE: Final = frozenset({Kind.SHARING_PROGRESS, Kind.POST_SUCCESS})
_OURS: Final = frozenset({Kind.VIDEO_EDITOR, Kind.SHARE_FORM, Kind.DIALOG_CONTENT_WARNING})
_LAST_NOTICES: Final = frozenset({"original_audio_notice", "limited_reach"})
_ABOUT_A_DRAFT: Final = ("leave_draft", "discard_upload")
"""Questions that may stand alone, without the editor below them."""
_FIELD: Final = "caption_input_text_view"
_RUNS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One line of ``labels.jsonl``."""

    file: str
    label: str
    also: frozenset[str]
    account: str
    account_state: str
    target: str | None
    """``id=…``, ``desc=…``, ``text=…``; None = nothing is touched, empty = not known."""
    source: str

    @property
    def dangerous(self) -> bool:
        return self.label in DANGEROUS


@dataclass(frozen=True, kw_only=True)
class Case:
    """A labelled screen and what was made of it."""

    labelled: Labelled
    screen: Screen
    milliseconds: float
    """Parsing and judging; the best of a few runs, since the rest is other programs' time."""

    @property
    def kind_right(self) -> bool:
        return self.screen.kind == self.labelled.label or self.screen.kind in self.labelled.also

    @property
    def missed(self) -> bool:
        """Dangerous, and not taken for what it is; a label's ``also`` counts."""
        return self.labelled.dangerous and not self.kind_right

    @property
    def false_alarm(self) -> bool:
        harmless = not self.labelled.dangerous and not self.labelled.also & DANGEROUS
        return harmless and self.screen.kind in DANGEROUS

    @property
    def step_right(self) -> bool:
        """The navigator touches the labelled target, or rightly touches nothing."""
        touched = touch(step_on(self.screen))
        if self.labelled.target is None:
            return touched is None
        wanted = first_match(self.screen.page, self.labelled.target)
        return touched is not None and wanted is not None and _same(wanted, touched)


def read(folder: Path) -> list[Labelled]:
    """The labels of a folder. Raises OSError or ValueError where they cannot be read."""
    lines = (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        Labelled(
            file=entry["file"],
            label=entry["label"],
            also=frozenset(entry.get("also") or ()),
            account=entry.get("account") or "",
            account_state=entry.get("account_state") or "",
            target=entry.get("target"),
            source=entry.get("source") or "",
        )
        for entry in map(json.loads, filter(str.strip, lines))
    ]


def judge(folder: Path, labels: Sequence[Labelled], recogniser: Recogniser) -> list[Case]:
    """Every screen, judged and timed one by one."""
    return [
        case(labelled, (folder / labelled.file).read_text(encoding="utf-8"), recogniser)
        for labelled in labels
    ]


def case(labelled: Labelled, source: str, recogniser: Recogniser, runs: int = _RUNS) -> Case:
    """One screen; judged ``runs`` times for its time."""
    times = []
    for _ in range(max(1, runs)):
        begun = perf_counter()
        screen = recogniser.recognise(source)
        times.append((perf_counter() - begun) * 1000)
    return Case(labelled=labelled, screen=screen, milliseconds=min(times))


def step_on(screen: Screen) -> Step | None:
    """What the navigator does, in the state in which a job of ours meets such a screen.

    The state follows from what was recognised, never from the label: an editor, a share form, what
    covers them, and a question about a draft are about ours, with the caption as it stands there;
    a report of an upload comes after Share; everything else comes before a video is chosen, with
    the feed seen.
    """
    if screen.kind in _AFTER_SHARE:
        return Confirmation(Tally(), "caption_form").uncovering(screen)
    field = next(iter(screen.page.by_id.get(_FIELD, ())), None)
    shown = field.text if field is not None else ""
    prompt = field is not None and (field.hint or wording.opens("caption_prompt", shown.casefold()))
    typed = bool(shown) and not prompt
    asked = screen.rule.startswith(_ABOUT_A_DRAFT) and screen.over is None
    ours = screen.kind in _OURS or screen.over in _OURS or asked
    state = FlowState(
        caption=shown if typed else "a caption",
        video_chosen=ours,
        began=ours,
        caption_tries=1 if typed else 0,
        notice_expected=screen.rule in _LAST_NOTICES,
        before=Tally.of(screen.uploads),
    )
    return next_step(screen, state)


def touch(step: Step | None) -> Node | None:
    """The element that a step touches; None for Back, waiting, opening the app and ending."""
    match step:
        case Tap(node=node) | Share(node=node) | EnterCaption(field=node):
            return node
        case _:
            return None


def first_match(page: Page, target: str) -> Node | None:
    """The element that a label's ``id=``, ``desc=`` or ``text=`` means: the first that fits."""
    name, _, value = target.partition("=")
    for node in page.nodes:
        if {"id": node.id, "desc": node.desc, "text": node.text}.get(name) == value:
            return node
    return None


def told_by_words(labelled: Labelled, full: str, poor: Page) -> Labelled:
    """The label for a poorer copy: its target by words where its id is lost.

    A target without words is lost with its id: an empty target, which is not rated.
    """
    if labelled.target is None or first_match(poor, labelled.target) is not None:
        return labelled
    wanted = first_match(Page.parse(full), labelled.target)
    target = ""
    if wanted is not None and wanted.words:
        target = f"desc={wanted.desc}" if wanted.desc else f"text={wanted.text}"
    return replace(labelled, target=target)


def _same(wanted: Node, touched: Node) -> bool:
    """The same element, or the word drawn on the wanted button."""
    if wanted.index == touched.index:
        return True
    return wanted.bounds.holds(touched.bounds) and bool(set(wanted.words) & set(touched.words))
