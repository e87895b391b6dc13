"""What the posting flow may do on a phone; it knows no driver and no wire."""

from __future__ import annotations

from typing import Protocol


class Device(Protocol):
    """One open session on one phone.

    Every method is bounded in time and raises a typed JobError: AppiumError (server or driver),
    ConnectionDroppedError (phone or session gone: open a new session), AdbError, GloginError (the
    login to the phone lapsed: connect again). A tap or a key raises TouchUnknownError where nobody
    can tell whether it arrived and the next call may be made at once.
    """

    def source(self) -> str:
        """The UiAutomator2 page source as XML."""
        ...

    def tap(self, x: int, y: int) -> None:
        """Tap once at a point of the screen, in pixels."""
        ...

    def set_text(self, resource_id: str, text: str) -> None:
        """Replace the text of the field with this full resource-id, verbatim (emoji, newlines).

        Raises NavigationError when the screen has no such field.
        """
        ...

    def press_back(self) -> None: ...

    def open_app(self, package: str) -> None:
        """Start the app or bring it to the front."""
        ...

    def close_app(self, package: str) -> None:
        """End the app, whatever it shows."""
        ...

    def screenshot(self) -> bytes:
        """The screen as PNG."""
        ...

    def close(self) -> None:
        """End the session; never raises, safe to repeat."""
        ...
