"""What a trade calls the things that every trade has; screens, dialogs and sentences say these."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """Words of one trade, each in the singular and without capitals."""

    key: str = "key"
    """The exclusive key of a job: ``account``."""
    resource: str = "resource"
    """What costs while it is held: ``phone``."""
    stage: str = "pass"
    """A stage of a run: ``pass``, ``group``."""
    content: str = "content"
    """What a job is about: ``video``."""
    text: str = "text"
    """What goes with it: ``caption``."""
    act: str = "do"
    """What is done with it: ``post``."""
    acting: str = "doing"
    """While that is done: ``posting``."""
    done: str = "done"
    """What a job is afterwards: ``posted``."""
    doubtful: str = "done"
    """What a job in doubt may be already: ``published``."""
    provider: str = ""
    """Who has the resources and is asked which are on: ``provider``; empty: they are processes of
    this host, and our own records say all."""
    no_return: str = ""
    """The step after which an attempt cannot just be made again: ``Share``; empty: none is."""

    def to_dict(self) -> dict[str, str]:
        """JSON-ready."""
        return asdict(self)


GENERIC: Final = Labels()
"""Where nobody says which trade it is."""


def plural(noun: str, number: int = 2) -> str:
    """The noun for so many: ``1 pass``, ``2 passes``, ``3 keys``, ``4 entries``."""
    if number == 1 or not noun:
        return noun
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"
