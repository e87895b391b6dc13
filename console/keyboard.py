"""Bytes from the keyboard that are no text end the input of Textual 8.2.8, and with it the app.

A meta key of an eight-bit terminal, a paste in another encoding or noise on a line sends such
bytes; they become a sign that no key is bound to.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable
from functools import partial


def forgive_wrong_bytes() -> None:
    """Let Textual's reader decode what cannot be decoded; Windows hands it characters already."""
    if sys.platform != "win32":
        from textual.drivers import linux_driver

        vars(linux_driver)["getincrementaldecoder"] = _forgiving


def _forgiving(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")
