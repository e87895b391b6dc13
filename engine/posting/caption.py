"""What a caption must be, checked before any phone is started."""

from __future__ import annotations

import re
from typing import Final

from engine.errors import ContentError

_UNTYPABLE: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What a page source cannot hold, so that it could not be read back either."""


def check_caption(caption: str, limit: int) -> None:
    """Refuse a caption that is empty, too long (in characters), or cannot be read back.

    Raises ContentError of type ``bad_caption``.
    """
    flaw = ""
    strange = _UNTYPABLE.search(caption)
    if not caption.strip():
        flaw = "it is empty"
    elif len(caption) > limit:
        flaw = f"it has {len(caption)} characters, allowed are {limit}"
    elif strange is not None:
        flaw = f"it holds the control character U+{ord(strange.group()):04X}"
    if flaw:
        raise ContentError(
            f"The caption cannot be posted: {flaw}; correct it and seed the job anew.",
            error_type="bad_caption",
        )
