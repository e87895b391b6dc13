"""What the farm says when it cannot go on, and how it refuses a caller."""

from __future__ import annotations


class FarmError(Exception):
    """The farm's operator did something that cannot work; one sentence with the remedy."""


class Refused(Exception):
    """The provider's answer to a call that it does not carry out: its code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
