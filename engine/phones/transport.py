"""One HTTP call to the provider: signed, budgeted, bounded, checked, retried only where safe.

Neither bodies nor headers are ever logged: they hold adb passwords, proxy credentials and signed
links (behaviour A-D32).

The HTTP library is loaded with the first call: a viewer makes none, and it costs 0.1 s and 12 MB.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tenacity

from engine.errors import NetworkError
from engine.lean_import import as_if_absent
from engine.logs import redact, silence
from engine.phones.answers import Envelope, read_envelope
from engine.phones.budget import CallBudget
from engine.phones.codes import (
    RATE_UNNAMED,
    ProviderFaultError,
    RateLimitedError,
    api_error,
    no_credentials,
)
from engine.phones.phone import Pause
from engine.phones.signing import Signer, new_trace_id, signer_from

if TYPE_CHECKING:
    import httpx2
    from structlog.typing import FilteringBoundLogger

    from engine.config import Settings

_TRANSIENT_STATUS: Final = frozenset({500, 502, 503, 504})
_TOO_MANY: Final = 429
_LARGEST_ANSWER: Final = 32 * 1024 * 1024
_CHUNK: Final = 256 * 1024
_LONGEST_BACKOFF: Final = 10.0
_RATE_TRIES: Final = 3
"""How often a call that was refused for its rate is sent again after its pause."""


class LostAnswerError(NetworkError):
    """Sent, or possibly sent, and no usable answer: the call may have taken effect."""


class NotSentError(NetworkError):
    """The provider could not be reached; the call certainly took no effect."""


class CloudTransport:
    """Sends calls to the provider for one process."""

    def __init__(self, settings: Settings, budget: CallBudget, log: FilteringBoundLogger) -> None:
        silence(("httpx2", "httpcore2"))
        phones = settings.phones
        self._base = phones.api_url.rstrip("/")
        self._timeout = phones.http_timeout_seconds
        self._retries = phones.http_retries
        self._backoff = phones.http_backoff_seconds
        self._signer: Signer | None = signer_from(settings.secrets)
        self._budget = budget
        self._log = log

    @cached_property
    def _client(self) -> httpx2.Client:
        with as_if_absent("trio", "anyio"):  # for asynchronous clients, of which we have none
            import httpcore2  # noqa: F401 - what httpx2 loads with its first client
        import httpx2

        return httpx2.Client(timeout=httpx2.Timeout(self._timeout), follow_redirects=False)

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    def call(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        doing: str,
        safe: bool,
        pause: Pause,
        retries: int | None = None,
    ) -> Envelope:
        """Make a call and return its envelope with code 0.

        ``path`` without version (``phone/start``); ``doing`` names call and phone for messages;
        ``safe`` calls are repeated after a lost answer, others only when they were never sent or
        were refused for their rate. Raises ApiError, LostAnswerError, NotSentError, PhoneError
        (the budget) and what ``pause`` raises.
        """
        again = (LostAnswerError, NotSentError, ProviderFaultError) if safe else (NotSentError,)
        tries = (self._retries if retries is None else retries) + 1
        attempts = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(tries),
            wait=tenacity.wait_exponential_jitter(
                multiplier=self._backoff, max=_LONGEST_BACKOFF, jitter=self._backoff
            ),
            retry=tenacity.retry_if_exception_type(again),
            sleep=pause,
            reraise=True,
        )
        return attempts(self._call_within_rate, path, body, doing, pause)

    def _call_within_rate(
        self, path: str, body: Mapping[str, Any], doing: str, pause: Pause
    ) -> Envelope:
        """One call, sent again after the pause when the provider refused it for its rate."""
        if self._signer is None:
            raise no_credentials()
        for attempt in range(1, _RATE_TRIES + 1):
            self._budget.wait(path, pause)
            try:
                return self._call_once(path, body, doing)
            except RateLimitedError as exc:
                self._budget.complain(path, exc.code)
                self._log.warning("provider limit", path=path, code=exc.code)
                if attempt == _RATE_TRIES:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _call_once(self, path: str, body: Mapping[str, Any], doing: str) -> Envelope:
        trace_id = new_trace_id()
        began = time.monotonic()
        outcome: object = "no answer"
        try:
            envelope = read_envelope(self._exchange(path, body, doing, trace_id), path)
            outcome = envelope.code
            if envelope.code != 0:
                raise api_error(envelope.code, doing, trace_id=trace_id)
            return envelope
        except NetworkError as exc:
            if outcome == "no answer":
                outcome = type(exc).__name__
            raise
        finally:
            milliseconds = round((time.monotonic() - began) * 1000)
            self._log.debug("cloud call", path=path, code=outcome, ms=milliseconds, trace=trace_id)

    def _exchange(self, path: str, body: Mapping[str, Any], doing: str, trace_id: str) -> object:
        """Send and read one JSON answer within the timeout, however slowly it drips."""
        import httpx2

        assert self._signer is not None
        deadline = time.monotonic() + self._timeout
        try:
            with self._client.stream(
                "POST",
                f"{self._base}/open/v1/{path}",
                json=dict(body),
                headers=self._signer.headers(trace_id),
            ) as response:
                self._check_status(response.status_code, doing)
                return json.loads(_read_bounded(response, deadline, doing))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as exc:
            raise NotSentError(
                f"The cloud provider at {self._base} could not be reached to {doing} "
                f"({_said(exc)}): check the network and phones.api_url."
            ) from exc
        except httpx2.HTTPError as exc:
            raise LostAnswerError(
                f"The cloud provider gave no answer when asked to {doing}: {_said(exc)}."
            ) from exc
        except ValueError as exc:
            raise LostAnswerError(
                f"The cloud provider's answer, when asked to {doing}, is not JSON."
            ) from exc

    def _check_status(self, status: int, doing: str) -> None:
        if status == HTTPStatus.OK:
            return
        if status == _TOO_MANY:
            raise RateLimitedError(
                RATE_UNNAMED,
                f"The provider answered HTTP 429 when asked to {doing}: too many calls.",
                retry_soon=True,
            )
        said = f"The cloud provider answered HTTP {status} when asked to {doing}"
        if status in _TRANSIENT_STATUS:
            raise LostAnswerError(f"{said}.")
        raise NetworkError(f"{said}; look at phones.api_url ({self._base}) and its proxies.")

    def put_file(self, url: str, path: Path, *, timeout: float, pause: Pause) -> None:
        """Send a file's bytes to a pre-signed address; streamed, at most ``timeout`` seconds.

        No header but the length goes along: others break the address's signature. Raises
        NetworkError (which never names the address), OSError when the file cannot be read, and
        what ``pause`` raises.
        """
        import httpx2

        size = path.stat().st_size
        deadline = time.monotonic() + timeout
        request = httpx2.Request(
            "PUT",
            url,
            headers={"Content-Length": str(size)},
            content=_chunks(path, deadline, pause),
            extensions={"timeout": httpx2.Timeout(min(self._timeout, timeout)).as_dict()},
        )
        began = time.monotonic()
        status: object = "no answer"
        try:
            # The body of the answer tells nothing: it is not waited for.
            response = self._client.send(request, stream=True)
            status = response.status_code
            response.close()
        except httpx2.HTTPError as exc:
            raise NetworkError(f"Sending {path.name} to the cloud broke: {_said(exc)}.") from None
        finally:
            milliseconds = round((time.monotonic() - began) * 1000)
            self._log.debug("cloud upload", bytes=size, code=status, ms=milliseconds)
        if status != HTTPStatus.OK:
            raise NetworkError(f"The cloud's storage answered HTTP {status} to {path.name}.")


def _read_bounded(response: httpx2.Response, deadline: float, doing: str) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if time.monotonic() > deadline:
            raise LostAnswerError(
                f"The cloud provider's answer did not end in time when asked to {doing}."
            )
        if len(content) > _LARGEST_ANSWER:
            raise NetworkError(f"The cloud provider's answer to {doing} is without end.")
    return bytes(content)


def _chunks(path: Path, deadline: float, pause: Pause) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            pause(0)
            if time.monotonic() > deadline:
                raise NetworkError(f"Sending {path.name} to the cloud took too long.")
            yield chunk


def _said(exc: Exception) -> str:
    """A foreign error's text as part of a sentence, without secrets."""
    text = " ".join(redact(str(exc)).split()) or type(exc).__name__
    return text[:200].rstrip(".")


def is_lost(exc: Exception) -> bool:
    """Whether a call that raised this may nevertheless have taken effect: no clear no was heard."""
    return isinstance(exc, NetworkError) and not isinstance(exc, NotSentError | RateLimitedError)
