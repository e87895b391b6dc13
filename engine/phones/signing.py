"""The provider's two ways of signing a request; secrets leave this module only as headers."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from engine.config import Secrets, Settings
from engine.errors import SettingsError


def new_trace_id() -> str:
    """A fresh version 4 UUID; hashed exactly as sent."""
    return str(uuid.uuid4())


class Signer(Protocol):
    """Makes the headers that prove who we are."""

    def headers(self, trace_id: str) -> dict[str, str]: ...


class TokenSigner:
    """Bearer token of the provider's client."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def headers(self, trace_id: str) -> dict[str, str]:
        return {
            "traceId": trace_id,
            "Authorization": f"Bearer {self._token.get_secret_value()}",
        }


class KeySigner:
    """Application id and key: upper-case SHA-256 over id, trace, time, nonce and key."""

    def __init__(
        self,
        app_id: SecretStr,
        api_key: SecretStr,
        *,
        milliseconds: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._app_id = app_id
        self._api_key = api_key
        self._milliseconds = milliseconds

    def headers(self, trace_id: str) -> dict[str, str]:
        app_id = self._app_id.get_secret_value()
        stamp = str(self._milliseconds())
        nonce = trace_id[:6]
        text = app_id + trace_id + stamp + nonce + self._api_key.get_secret_value()
        return {
            "appId": app_id,
            "traceId": trace_id,
            "ts": stamp,
            "nonce": nonce,
            "sign": hashlib.sha256(text.encode()).hexdigest().upper(),
        }


def signer_from(secrets: Secrets) -> Signer | None:
    """The signer that the secrets allow, the token first; None when they allow none.

    The two ways are never mixed in one request: the provider refuses that.
    """
    if secrets.api_token is not None:
        return TokenSigner(secrets.api_token)
    if secrets.app_id is not None and secrets.api_key is not None:
        return KeySigner(secrets.app_id, secrets.api_key)
    return None


def refuse_without_token(settings: Settings, work_dir: Path) -> None:
    """Raises SettingsError where the provider's phones are wanted and nothing can sign a call."""
    if settings.phones.device == "geelark" and signer_from(settings.secrets) is None:
        raise SettingsError(
            "There is no token for the cloud API: put GEELARK_API_TOKEN=... into "
            f"{work_dir / '.env'} or the environment."
        )
