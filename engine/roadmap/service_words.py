"""What an agent's program says when its service, not its work, is the trouble.

Only whole lines in the program's own format count, and only among its very last ones: the rest of
the output is a model's prose, which may well speak of rate limits and is never judged
(architecture 4). The formats are those of Claude Code's list of errors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

_LAST: Final = 3
"""Lines that are looked at: the program ends with its complaint."""
_LONGEST: Final = 300
"""Characters of such a line; prose is longer."""


class Trouble(Enum):
    """Whose trouble it is."""

    SERVICE = "service"
    """It passes: down, overloaded, too many calls, no network."""
    PERSON = "person"
    """A person must log in, pay, or wait for a plan's next window."""


_BEGIN: Final = r"^(?:error:\s*)?(?:api error[\s:(]*)?"
_TABLE: Final = (
    (
        Trouble.PERSON,
        re.compile(
            _BEGIN + r"(?:"
            r"not logged in\b"
            r"|please run /login\b"
            r"|invalid api key\b"
            r"|authentication_error\b"
            r"|oauth token (?:revoked|has expired)"
            r"|(?:your )?credit balance is too low"
            r"|you've hit your .{0,30}limit"
            r"|(?:claude (?:ai )?)?usage limit reached"
            r"|(?:this|your) organization has (?:been )?disabled"
            r"|(?:400|401|402|403)\b.*(?:authentication_error|permission_error|billing_error"
            r"|credit balance is too low|/login|oauth token)"
            r")",
            re.IGNORECASE,
        ),
    ),
    (
        Trouble.SERVICE,
        re.compile(
            _BEGIN + r"(?:"
            r"(?:408|429|5\d\d)\b(?=[\s{:.]).*"
            r"|repeated 529 overloaded"
            r"|overloaded(?:_error)?\W*$"
            r"|server is temporarily limiting requests"
            r"|request rejected \(429\)"
            r"|request timed out"
            r"|unable to connect to api"
            r"|connection error\.?$"
            r"|internal server error\b"
            r")",
            re.IGNORECASE,
        ),
    ),
)
_STATUS_LINE: Final = re.compile(r"^(?:error:|api error\b)", re.IGNORECASE)
_BARE_STATUS: Final = re.compile(r"^\d")


def trouble_in(lines: Sequence[str]) -> Trouble | None:
    """Whose trouble the last lines of an agent's output tell of; None where it is the work's."""
    for line in reversed(lines[-_LAST:]):
        text = line.strip().replace("\u2019", "'")
        if len(text) > _LONGEST and _STATUS_LINE.match(text) is None:
            continue
        if _BARE_STATUS.match(text):
            continue  # a number alone may be anything: it counts only behind the program's word
        for trouble, pattern in _TABLE:
            if pattern.match(text):
                return trouble
    return None
