"""Why a page is what it is: the rule that decided, those that came near, and what would be done.

For the operator who adds a screen to the table: everything is told by the names in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final

from engine.posting.confirmation import Confirmation
from engine.posting.marks import Among, Few
from engine.posting.navigator import CAPTION, next_step
from engine.posting.page import Node, Page
from engine.posting.recogniser import Recogniser, Trial
from engine.posting.screen import Screen
from engine.posting.state import FlowState, Tally
from engine.posting.steps import Share, Step, Tap

NEAR: Final = 5
"""Rules told that came near."""
_CAPTION: Final = "a caption"
_COUNTS: Final = (str(Among(0)).partition("0")[0], str(Few(0)).partition("0")[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """A rule that did not decide, and why."""

    rule: str
    kind: str
    lacks: Sequence[str]
    """Marks that are not there; empty where the rule holds too, but stands further down."""
    against: Sequence[str]
    """Marks that are there and must not be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """All that can be said about one page."""

    kind: str
    account_state: str
    confidence: float
    rule: str
    """Empty: no rule holds."""
    layer: str
    """What was judged: the whole page, or what lies on top of it."""
    below: str
    """Kind of what is covered; empty where nothing is, or nothing is known of it."""
    evidence: Sequence[str]
    """What the deciding rule found, one line a mark."""
    near: Sequence[Near]
    uploads: Sequence[str]
    steps: Mapping[str, str]
    """Job state → what would be done next."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def explain(source: str, recogniser: Recogniser) -> Explanation:
    """Raises PageUnreadableError."""
    page = Page.parse(source, recogniser.app)
    screen = recogniser.judge(page)
    trials = list(recogniser.trials(page))
    deciding = next((trial for trial in trials if trial.rule.name == screen.rule), None)
    return Explanation(
        kind=str(screen.kind),
        account_state=str(screen.account_state),
        confidence=screen.confidence,
        rule=screen.rule,
        layer=_layer(page),
        below=str(screen.over or ""),
        evidence=_evidence(screen, deciding),
        near=list(_near(trials, screen.rule))[:NEAR],
        uploads=[f"{item.state} ({item.place}): {item.text or '-'}" for item in screen.uploads],
        steps={name: step(screen) for name, step in STATES.items()},
    )


def _layer(page: Page) -> str:
    if not page.covered:
        return "the whole page"
    return f"{len(page.top.nodes)} of {len(page.nodes)} elements, which lie on top"


def _evidence(screen: Screen, trial: Trial | None) -> Sequence[str]:
    if trial is None or not trial.holds:
        return screen.evidence
    return [f"{mark}: {_told(node)}" for mark, node in trial.found]


def _told(node: Node) -> str:
    box = node.bounds
    words = f" “{_line(node.label)}”" if node.label else ""
    name = f"id {node.id}" if node.id else "no id"
    return f"{name}{words} at [{box.left},{box.top}][{box.right},{box.bottom}]"


def _line(text: str, limit: int = 80) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def _near(trials: Sequence[Trial], decided: str) -> Iterator[Near]:
    """Rules with something found, those that lack least first, then in table order."""
    hits = [trial for trial in trials if _telling(trial) and trial.rule.name != decided]
    hits.sort(key=lambda trial: (len(trial.missing) + len(trial.forbidden), -len(trial.found)))
    for trial in hits:
        yield Near(
            rule=trial.rule.name,
            kind=str(trial.rule.kind),
            lacks=trial.missing,
            against=[f"{mark}: {_told(node)}" for mark, node in trial.forbidden],
        )


def _telling(trial: Trial) -> bool:
    """Something was found that says more than how full the page is."""
    return any(not mark.startswith(_COUNTS) for mark, _ in trial.found)


# -- what would be done ---------------------------------------------------------------------------


def _fresh(screen: Screen) -> str:
    return _named(next_step(screen, FlowState(caption=_CAPTION)))


def _feed_seen(screen: Screen) -> str:
    return _named(next_step(screen, FlowState(caption=_CAPTION, before=Tally())))


def _chosen(screen: Screen) -> str:
    return _named(next_step(screen, _ours(screen, _CAPTION)))


def _captioned(screen: Screen) -> str:
    field = screen.find(*CAPTION)
    state = _ours(screen, field.text if field is not None else _CAPTION)
    state.caption_tries = 1
    return _named(next_step(screen, state))


def _notice(screen: Screen) -> str:
    state = _ours(screen, _CAPTION)
    state.caption_tries, state.notice_expected = 1, True
    return _named(next_step(screen, state))


def _shared(screen: Screen) -> str:
    """After Share with the feed seen empty before; nothing that publishes is ever touched."""
    confirmation = Confirmation(Tally(), "")
    proof = confirmation.proof(screen)
    if proof:
        return f"published. {proof}"
    refusal = confirmation.refusal(screen)
    if refusal:
        return f"end in doubt: {refusal}"
    step = confirmation.uncovering(screen)
    return _named(step) if step is not None else "wait: no word of this upload"


def _named(step: Step) -> str:
    """The step; with the words on what is touched, where only an id names it."""
    match step:
        case Tap(node=node) | Share(node=node) if node.id and node.label:
            return f"{step} (“{_line(node.label)}”)"
        case _:
            return str(step)


def _ours(screen: Screen, caption: str) -> FlowState:
    return FlowState(
        caption=caption,
        video_chosen=True,
        began=True,
        before=Tally.of(screen.uploads),
    )


STATES: Final[Mapping[str, Callable[[Screen], str]]] = MappingProxyType(
    {
        "fresh": _fresh,
        "feed-seen": _feed_seen,
        "chosen": _chosen,
        "captioned": _captioned,
        "notice": _notice,
        "shared": _shared,
    }
)
"""Job states: just begun; the feed was seen; video chosen; the caption stands; Next was tapped on
the share form, so a notice follows; Share was tapped."""
