"""From a page to a screen: the first rule of the table that holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.posting.marks import look
from engine.posting.page import INSTAGRAM, Node, Page
from engine.posting.rule import Rule
from engine.posting.rules import RULES
from engine.posting.screen import ACCOUNT_VERDICTS, Kind, Screen
from engine.posting.uploads import uploads


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """How one rule fared on one page."""

    rule: Rule
    found: Sequence[tuple[str, Node]]
    """(mark, node) of every condition met."""
    missing: Sequence[str]
    """Marks that must be there and are not."""
    forbidden: Sequence[tuple[str, Node]]
    """Marks that must not be there and are."""

    @property
    def holds(self) -> bool:
        return not self.missing and not self.forbidden


class Recogniser:
    """Tells screens apart by a table of rules."""

    def __init__(self, rules: Sequence[Rule] = RULES, *, app: str = INSTAGRAM) -> None:
        self.rules = rules
        self.app = app

    def recognise(self, source: str) -> Screen:
        """Raises PageUnreadableError."""
        return self.judge(Page.parse(source, self.app))

    def judge(self, page: Page) -> Screen:
        """The screen of a parsed page; ``unknown`` where no rule holds."""
        below = self._below(page)
        notice = below if below is not None and below.rule.kind in ACCOUNT_VERDICTS else None
        # A menu over a notice about the account changes nothing.
        trial = notice or self._decide(page)
        reports = uploads(page)
        if trial is None:
            return Screen(page=page, kind=Kind.UNKNOWN, rule="", confidence=0.0, uploads=reports)
        return Screen(
            page=page,
            kind=trial.rule.kind,
            rule=trial.rule.name,
            confidence=trial.rule.confidence,
            over=below.rule.kind if below is not None and notice is None else None,
            evidence=tuple(f"{mark}: {node}" for mark, node in trial.found),
            answer=trial.rule.answer,
            uploads=reports,
        )

    def trials(self, page: Page) -> Iterator[Trial]:
        """Every rule's trial in table order, for explaining a verdict."""
        return (try_rule(rule, page) for rule in self.rules)

    def _decide(self, page: Page) -> Trial | None:
        rule = next((rule for rule in self.rules if applies(rule, page)), None)
        return try_rule(rule, page) if rule is not None else None

    def _below(self, page: Page) -> Trial | None:
        """What decides on the covered part, where something of it can be seen."""
        if page.below is None:
            return None
        return self._decide(Page(page.below.nodes, page.app, layered=False))


def applies(rule: Rule, page: Page) -> bool:
    """Whether a rule holds; stops at the first condition that is not met."""
    return (
        all(look(mark, page) is not None for mark in rule.must)
        and (not rule.either or any(look(mark, page) is not None for mark in rule.either))
        and all(look(mark, page) is None for mark in rule.never)
    )


def try_rule(rule: Rule, page: Page) -> Trial:
    """Check every condition, so that the trial can be explained."""
    found: list[tuple[str, Node]] = []
    missing: list[str] = []
    for mark in rule.must:
        node = look(mark, page)
        if node is None:
            missing.append(str(mark))
        else:
            found.append((str(mark), node))
    hits = [(str(mark), node) for mark in rule.either if (node := look(mark, page))]
    if rule.either and not hits:
        missing.append(" or ".join(map(str, rule.either)))
    forbidden = [(str(mark), node) for mark in rule.never if (node := look(mark, page))]
    return Trial(rule=rule, found=[*found, *hits], missing=missing, forbidden=forbidden)
