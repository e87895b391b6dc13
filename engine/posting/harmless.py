"""The guard over touches that no rule named: what may never be tapped, whoever advises it.

A touch goes to a point, so the guard looks at everything under that point and inside the element,
not only at the element that was named. Refusing a harmless touch costs one step Back; allowing a
harmful one may publish, delete or confess. So in doubt it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.posting.navigator import FEED_TAB, PROFILE_TAB, THUMBNAIL
from engine.posting.page import Bounds, Node
from engine.posting.screen import ACCOUNT_VERDICTS, DIMMER, Screen
from engine.posting.state import FlowState

_TROUBLE: Final = re.compile(
    r"(?<!\w)(?:suspend(?:ed)?|disabled|deactivated|terminated|banned|appeal|compromised|captcha"
    r"|recaptcha|robot|human|verify|verification|identity|selfie|your id|confirm (?:that )?(?:it's"
    r"|you're|you|your)|(?:security|confirmation|login|backup|the) code|password|logged out"
    r"|log (?:back )?in|session (?:has )?expired|try again later|(?:is|are|was|been|you're)"
    r" (?:temporarily )?(?:blocked|locked|restricted)|unusual|suspicious|we (?:limit|restrict))"
    r"(?!\w)"
)
"""Words of the app's own that make a page one about the account: nothing is tapped there (A9.13).

Wider than what the rules believe, since here an error only costs a touch.
"""

_HARMFUL: Final = re.compile(
    r"(?<!\w)(?:(?:re)?(?:shar(?:e|ed|ing)|post(?:s|ed|ing)?)|publish(?:ed|ing)?|send|upload(?:ing)?"
    r"|log|logout|login|sign|switch|add|deactivate|delete|discard|remove|erase|clear|reset|restart"
    r"|block|restrict|report|appeal|unfollow|follow|like|comment|reply|message|call|invite"
    r"|buy|pay|purchase|order|subscribe|boost|promote|donate"
    r"|install|uninstall|update|upgrade|download"
    r"|get (?:the )?app|rate|tag|always|your story|close friends|(?:go )?live|retry|try again"
    r"|allow|agree|accept|confirm|verify|prove|submit|request|yes|enable|turn on)(?!\w)"
)
"""Words of buttons that publish, destroy, spend, tell others, or agree in the owner's name."""

_REFUSING: Final = re.compile(r"(?:don't|do not) \w+(?: \w+)?")
"""Labels that say no to what their verb names: "don't allow", "do not share now"."""

_HARMFUL_ID: Final = re.compile(
    r"(?:^|_)(?:share|publish|post|send|upload|delete|discard|remove|log_?out|login|block|report"
    r"|unfollow|follow|like|comment|buy|boost|confirm|submit|allow|retry|add_to_story)(?:_|$)"
)
_CLOSING_ID: Final = re.compile(
    r"(?:^|_)(?:close|dismiss|cancel|back|skip|not_now|negative|later|decline)(?:_|$)"
)
_CLOSING: Final = re.compile(
    r"(?:not|no|maybe|later|skip|cancel|dismiss|close|back|keep|stay|remind me|ok|okay|got it"
    r"|i understand)(?!\w)"
)


def objection(node: Node, screen: Screen, state: FlowState) -> str:
    """Why this element must not be tapped on this screen; empty where nothing speaks against it.

    ``screen`` is what stands there now, and the element one of its top layer.
    """
    against = _against_screen(screen)
    if against or node == screen.find(DIMMER):
        return against
    against = _against_element(node) or _against_touch(node, screen)
    if not against and state.video_chosen and not _leads_away(node, screen):
        return "our draft is open, and this is no word that closes"
    return against


def _against_screen(screen: Screen) -> str:
    if screen.kind in ACCOUNT_VERDICTS:
        return f"nothing is tapped on a page of the kind {screen.kind}"
    spoken = screen.page.top.spoken
    if any(_TROUBLE.search(words) for node in spoken for words in node.words):
        return "the page speaks of the account"
    return ""


def _against_element(node: Node) -> str:
    if node.bounds.empty:
        return "it has no place on the screen"
    if node.authored:
        return "its words were written by people"
    if not node.words and not _CLOSING_ID.search(node.id):
        return "it says nothing of itself"
    return ""


def _against_touch(node: Node, screen: Screen) -> str:
    for other in (node, *_touched(node, screen)):
        if other.id == THUMBNAIL:
            return "which video is chosen is not to be advised"
        if _harmful(other, named=other is node):
            # Without its words: they are the page's, and this sentence goes back to the adviser.
            return "the touch would publish, destroy, spend, tell others or agree to something"
    return ""


def _touched(node: Node, screen: Screen) -> Iterator[Node]:
    """What is drawn over the point of the touch, what the button holds, and what holds the label.

    Later nodes are drawn over earlier ones; a label without a touch of its own hands it to the
    nearest button around it.
    """
    around: Node | None = None
    x, y = node.bounds.center
    for other in screen.page.top.nodes:
        box = other.bounds
        if other is node or box.empty:
            continue
        if other.index > node.index:
            at_point = box.left <= x <= box.right and box.top <= y <= box.bottom
            if at_point or (node.clickable and node.bounds.holds(box)):
                yield other
        elif not node.clickable and other.clickable and _encloses(box, node.bounds):
            around = other
    if around is not None:
        yield around


def _encloses(outer: Bounds, inner: Bounds) -> bool:
    return (
        outer.left <= inner.left
        and outer.top <= inner.top
        and outer.right >= inner.right
        and outer.bottom >= inner.bottom
    )


def _harmful(node: Node, *, named: bool) -> bool:
    """By its id where it is a button, by its words where they are a label and not people's.

    A caption under the point is no button; a long text is not one either, except where it was
    itself named as what to tap.
    """
    if (named or node.clickable) and _HARMFUL_ID.search(node.id):
        return True
    if node.authored:
        return False
    return any(_harmful_words(words) for words in node.words if named or _is_label(words))


def _is_label(words: str) -> bool:
    return len(words.split()) <= 6


def _harmful_words(words: str) -> bool:
    return _HARMFUL.search(words) is not None and _REFUSING.fullmatch(words) is None


def _leads_away(node: Node, screen: Screen) -> bool:
    """With a draft of ours open a button may publish under any name: only words that close."""
    if node in (screen.find(*PROFILE_TAB), screen.find(*FEED_TAB)) or _CLOSING_ID.search(node.id):
        return True
    return any(_CLOSING.match(words) for words in node.words)
