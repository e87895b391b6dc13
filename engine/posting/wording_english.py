"""The English words, by meaning; see ``wording`` for how they are matched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.posting.wording_account import ACCOUNT
from engine.posting.wording_app import APP
from engine.posting.wording_challenge import CHALLENGE
from engine.posting.wording_front import IN_THE_WAY

ENGLISH: Final[Mapping[str, tuple[str, ...]]] = {**ACCOUNT, **CHALLENGE, **APP, **IN_THE_WAY}
