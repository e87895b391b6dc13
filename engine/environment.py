"""What programs that we start for a person get to know of our environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from engine.config import Secrets


def all_but_secrets(environment: Mapping[str, str] = os.environ, **extra: str) -> dict[str, str]:
    """All but our own secrets, and ``extra``: for a program that is set up by the environment in
    ways that nobody can list (npm, a pager)."""
    hidden = set(Secrets.ENV.values())
    kept = {name: value for name, value in environment.items() if name.upper() not in hidden}
    return kept | extra
