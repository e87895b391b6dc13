"""Labelled screens for tests: our own, and the real ones that lie outside the project."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from xml.sax.saxutils import escape

OWN_SCREENS = Path(__file__).parent / "fixtures" / "screens"
"""Small screens of our own making, one or more for every rule; placeholders as in the real ones."""

USER_TEXT = re.compile(
    r"&lt;(?:own_username|username|name|caption(?::\d+)?|text:\d+|mention|audio|place)&gt;"
)
"""What stands where people wrote something."""

HOSTILE = (
    "Sign in",
    "Log in",
    "Your account has been suspended",
    "We disabled your account",
    "Confirm you’re human",
    "Upload your ID",
    "Help us confirm it’s you",
    "Enter the code we sent",
    "You’ve Been Logged Out",
    "Try Again Later",
    "We limit how often you can do certain things",
    "180 days left to appeal",
    "Posted!",
    "Video can’t be posted",
    "Create new reel",
    "Keep editing",
    "Not now",
    "Share",
    "Instagram keeps stopping",
    "Allow Instagram to record audio?",
    "Your reel may get limited reach",
    "Something went wrong",
    "Edit profile",
    "Add to story",
)
"""Words that the app itself says on other screens."""


def rules_of_own_screens() -> dict[str, str]:
    """File → name of the rule that must decide it; empty = none."""
    lines = (OWN_SCREENS / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    return {entry["file"]: entry["rule"] for entry in map(json.loads, lines)}


def with_words(source: str, words: Sequence[str]) -> str:
    """The screen with these words, in turn, wherever people wrote something."""
    turn: Iterator[str] = cycle(words)
    return USER_TEXT.sub(lambda _: escape(next(turn), {'"': "&quot;"}), source)
