"""The table of screens: in order, the first rule whose conditions hold decides.

Order is part of the meaning: what can lie in front of the app, then account notices, then overlays,
then the screens of the app from the most particular to the most general. Ids decide before wording;
wording is only ever matched in the app's own words, at word borders. A rule's ``proof`` names real
screens on which it was seen to hold; one without it rests on knowledge of the app alone.
"""

from __future__ import annotations

from typing import Final

from engine.posting.rules_account import ACCOUNT
from engine.posting.rules_app import BROWSING, WAITING
from engine.posting.rules_front import IN_FRONT
from engine.posting.rules_making import MAKING, UPLOADS
from engine.posting.rules_overlays import OVERLAYS
from engine.posting.rules_words import WORDS

RULES: Final = (
    *IN_FRONT,
    *ACCOUNT,
    *OVERLAYS,
    *MAKING,
    *UPLOADS,
    *BROWSING,
    *WORDS,
    *WAITING,
)
"""The whole table, in the order in which it is tried."""
