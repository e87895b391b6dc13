"""All sessions of one light Appium server: opened, found, ended."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from simulator.appium_session import Session, WebDriverError, server_side
from simulator.farm_link import FarmLink

Json = Any
_GONE: Final = "A session is either terminated or not started"


class Server:
    """Sessions by id; the idle ones are ended after their ``newCommandTimeout``."""

    def __init__(self, link: FarmLink, insecure: str, log: Callable[[str], None]) -> None:
        self._link = link
        self._insecure = insecure
        self.log = log
        self._sessions: dict[str, Session] = {}
        self._ended = threading.Event()
        threading.Thread(target=self._end_idle, daemon=True).start()

    # -- sessions --------------------------------------------------------------------------------

    def create(self, body: Mapping[str, Json]) -> Json:
        """``POST /session``. Raises WebDriverError."""
        asked = body.get("capabilities") or {}
        wanted = {**(asked.get("firstMatch") or [{}])[0], **(asked.get("alwaysMatch") or {})}
        automation = str(wanted.get("appium:automationName", ""))
        if automation.lower() != "uiautomator2":
            raise WebDriverError(
                "session not created",
                f"Could not find a driver for automationName '{automation}' and platformName"
                f" '{wanted.get('platformName', '')}'. Have you installed a driver that supports"
                " those capabilities? Run 'appium driver list --installed' to see.",
            )
        udid = wanted.get("appium:udid")
        for other in list(self._sessions.values()):
            if other.capabilities.get("appium:udid") == udid:
                self._end(other)
        port = wanted.get("appium:adbPort") or os.environ.get("ANDROID_ADB_SERVER_PORT") or 5037
        session = Session(self._link, wanted, int(port))
        self._sessions[session.id] = session
        self.log(f"[AndroidUiautomator2Driver] Session created with session id: {session.id}")
        return {"sessionId": session.id, "capabilities": session.described()}

    def session(self, session_id: str) -> Session:
        """A living session. Raises WebDriverError."""
        session = self._sessions.get(session_id)
        if session is None:
            raise WebDriverError("invalid session id", _GONE)
        return session

    def delete(self, session_id: str) -> None:
        """``DELETE /session/:id``; the session is gone even when the phone does not answer."""
        session = self.session(session_id)
        del self._sessions[session_id]
        session.close()

    def discover(self) -> Json:
        """``GET /appium/sessions``, only with the insecure feature. Raises WebDriverError."""
        if "session_discovery" not in self._insecure:
            raise server_side(
                "Potentially insecure feature 'session_discovery' has not been enabled. If you want"
                " to enable this feature and accept the security ramifications, please do so"
            )
        return [{"id": one.id, "capabilities": one.described()} for one in self._sessions.values()]

    def close(self) -> None:
        """End every session."""
        self._ended.set()
        for session in list(self._sessions.values()):
            self._end(session)

    def _end(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        with contextlib.suppress(WebDriverError):
            session.close()

    def _end_idle(self) -> None:
        while not self._ended.wait(0.5):
            for session in [one for one in self._sessions.values() if one.idle_too_long]:
                self.log(f"[AppiumDriver] Shutting down because we waited {session.limit} seconds")
                self._end(session)
