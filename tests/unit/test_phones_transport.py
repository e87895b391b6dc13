"""One call on the wire: signed, bounded, repeated only where safe, and never logged whole."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from engine.config import Secrets, Settings
from engine.errors import NetworkError, StopRequested
from engine.phones.answers import Envelope
from engine.phones.budget import CallBudget
from engine.phones.codes import AccessRefusedError, ApiError, RateLimitedError
from engine.phones.transport import CloudTransport, LostAnswerError, NotSentError
from tests.scripted_provider import TOKEN, LogBook, Provider, Reply, serving, settings_for


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving() as running:
        yield running


class Wire:
    """A transport with its log, a budget whose clock only waiting moves, and a pause."""

    def __init__(self, settings: Settings, run_dir: Path) -> None:
        self.book = LogBook()
        self.now = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
        self.waited: list[float] = []
        budget = CallBudget(run_dir, per_minute=100, per_hour=1000, now=lambda: self.now)
        self.transport = CloudTransport(settings, budget, self.book.log)

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)

    def call(self, path: str = "phone/list", *, safe: bool = True, **body: Any) -> Envelope:
        return self.transport.call(path, body, doing="list the phones", safe=safe, pause=self.pause)


def wire(provider: Provider, tmp_path: Path, **phones: Any) -> Wire:
    return Wire(settings_for(provider.url, **phones), tmp_path)


def test_call_is_a_signed_json_post_and_gives_the_data(provider: Provider, tmp_path: Path) -> None:
    provider.answer("phone/list", Reply({"total": 0}))
    envelope = wire(provider, tmp_path).call(page=1)
    assert envelope.data == {"total": 0}
    (asked,) = provider.asked
    assert asked.body == {"page": 1}
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["traceId"] == envelope.trace_id
    assert "sign" not in asked.headers


def test_key_signature_on_the_wire_is_the_hash_of_what_was_sent(
    provider: Provider, tmp_path: Path
) -> None:
    provider.answer("phone/list", Reply())
    secrets = Secrets(app_id=SecretStr("exampleAppId"), api_key=SecretStr("exampleApiKey"))
    settings = settings_for(provider.url).model_copy(update={"secrets": secrets})
    Wire(settings, tmp_path).call()
    sent = provider.asked[0].headers
    text = sent["appId"] + sent["traceId"] + sent["ts"] + sent["nonce"] + "exampleApiKey"
    assert sent["sign"] == hashlib.sha256(text.encode()).hexdigest().upper()
    assert sent["nonce"] == sent["traceId"][:6]
    assert "Authorization" not in sent


def test_every_call_has_a_trace_of_its_own(provider: Provider, tmp_path: Path) -> None:
    provider.answer("phone/list", Reply(status=503), Reply())
    wire(provider, tmp_path).call()
    first, second = (asked.headers["traceId"] for asked in provider.asked)
    assert first != second


@pytest.mark.parametrize(
    "bad",
    [
        Reply(status=500),
        Reply(status=502, raw=b"<html>bad gateway</html>"),
        Reply(status=503),
        Reply(status=504),
        Reply(drop=True),
        Reply(raw=b"<html>maintenance</html>"),
        Reply(raw=b""),
        Reply(code=40000),
        Reply(code=50000),
    ],
    ids=["500", "502", "503", "504", "dropped", "html", "empty", "40000", "50000"],
)
def test_lost_answer_is_repeated_for_a_safe_call_and_never_for_another(
    provider: Provider, tmp_path: Path, bad: Reply
) -> None:
    provider.answer("phone/list", bad, bad, Reply({"total": 1}))
    provider.answer("phone/start", bad, Reply())
    line = wire(provider, tmp_path)
    assert line.call().data == {"total": 1}
    assert len(provider.calls("phone/list")) == 3
    with pytest.raises(NetworkError):
        line.call("phone/start", safe=False)
    assert len(provider.calls("phone/start")) == 1


def test_retries_end_and_pause_longer_each_time(provider: Provider, tmp_path: Path) -> None:
    provider.answer("phone/list", Reply(status=503))
    line = wire(provider, tmp_path, http_retries=3, http_backoff_seconds=1)
    with pytest.raises(LostAnswerError, match="HTTP 503 when asked to list the phones"):
        line.call()
    assert len(provider.asked) == 4
    assert 1 <= line.waited[0] <= 2 <= line.waited[1] <= 3
    assert 4 <= line.waited[2] <= 5


@pytest.mark.parametrize("status", [301, 400, 403, 404, 418])
def test_http_refusal_is_a_network_error_that_is_not_repeated(
    provider: Provider, tmp_path: Path, status: int
) -> None:
    provider.answer("phone/list", Reply(status=status, raw=b"no"))
    with pytest.raises(NetworkError, match=f"HTTP {status}.*phones.api_url"):
        wire(provider, tmp_path).call()
    assert len(provider.asked) == 1


def test_slow_answer_ends_at_the_timeout(provider: Provider, tmp_path: Path) -> None:
    provider.answer("phone/start", Reply(delay=3))
    line = wire(provider, tmp_path, http_timeout_seconds=0.3)
    began = time.monotonic()
    with pytest.raises(LostAnswerError, match="gave no answer when asked to list the phones"):
        line.call("phone/start", safe=False)
    assert time.monotonic() - began < 2


def test_answer_that_drips_without_end_is_cut_at_the_timeout(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        line = Wire(settings_for(url, http_timeout_seconds=0.5, http_retries=0), tmp_path)
        drip = Dripping(listener)
        began = time.monotonic()
        with drip, pytest.raises(LostAnswerError, match="did not end in time"):
            line.call()
        assert time.monotonic() - began < 3


def test_unreachable_provider_is_tried_again_even_for_an_unsafe_call(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    line = Wire(settings_for(f"http://127.0.0.1:{port}", http_retries=2), tmp_path)
    with pytest.raises(NotSentError, match=f"127.0.0.1:{port} could not be reached to list"):
        line.call(safe=False)
    assert len(line.waited) == 2


@pytest.mark.parametrize("code", [40007, 40017])
def test_refusal_for_the_rate_pauses_and_sends_again_even_an_unsafe_call(
    provider: Provider, tmp_path: Path, code: int
) -> None:
    provider.answer("phone/start", Reply(code=code), Reply())
    line = wire(provider, tmp_path)
    line.call("phone/start", safe=False)
    assert len(provider.asked) == 2
    assert sum(line.waited) >= 5


def test_http_429_counts_as_too_many_calls(provider: Provider, tmp_path: Path) -> None:
    provider.answer("phone/list", Reply(status=429, raw=b"slow down"), Reply())
    line = wire(provider, tmp_path)
    line.call()
    assert line.waited == [pytest.approx(5, abs=0.5)]


def test_rate_limit_that_does_not_end_is_given_up_soon(provider: Provider, tmp_path: Path) -> None:
    provider.answer("phone/list", Reply(code=40007))
    with pytest.raises(RateLimitedError) as raised:
        wire(provider, tmp_path).call()
    assert raised.value.retry_soon
    assert len(provider.asked) == 3


def test_wrong_token_is_refused_once_and_names_the_remedy(
    provider: Provider, tmp_path: Path
) -> None:
    provider.answer("phone/list", Reply(code=40003))
    with pytest.raises(AccessRefusedError, match="GEELARK_API_TOKEN"):
        wire(provider, tmp_path).call()
    assert len(provider.asked) == 1


def test_missing_token_asks_nobody(provider: Provider, tmp_path: Path) -> None:
    settings = settings_for(provider.url).model_copy(update={"secrets": Secrets()})
    with pytest.raises(AccessRefusedError, match="GEELARK_API_TOKEN"):
        Wire(settings, tmp_path).call()
    assert provider.asked == []


def test_wrong_request_is_not_repeated(provider: Provider, tmp_path: Path) -> None:
    provider.answer("phone/list", Reply(code=40004))
    with pytest.raises(ApiError) as raised:
        wire(provider, tmp_path).call()
    assert raised.value.code == 40004
    assert len(provider.asked) == 1


def test_stop_ends_the_pause_between_two_tries(provider: Provider, tmp_path: Path) -> None:
    provider.answer("phone/list", Reply(status=503))
    line = wire(provider, tmp_path)

    def stop(_seconds: float) -> None:
        raise StopRequested("stop")

    with pytest.raises(StopRequested):
        line.transport.call("phone/list", {}, doing="list", safe=True, pause=stop)
    assert len(provider.asked) == 1


def test_log_tells_path_code_time_and_trace_and_nothing_of_the_bodies(
    provider: Provider, tmp_path: Path
) -> None:
    provider.answer("adb/getData", Reply({"pwd": "marked-answer"}), Reply(code=42001))
    line = wire(provider, tmp_path)
    line.call("adb/getData", ids=["marked-question"])
    with pytest.raises(ApiError) as raised:
        line.call("adb/getData")
    text = line.book.text
    assert "path=adb/getData code=0 ms=" in text
    assert "path=adb/getData code=42001" in text
    assert f"trace={provider.asked[0].headers['traceId']}" in text
    assert "marked" not in text + str(raised.value)


# -- files ---------------------------------------------------------------------------------------


def a_file(tmp_path: Path, size: int = 700_000) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(index % 251 for index in range(size)))
    return path


def test_file_is_put_with_its_length_and_no_other_header(
    provider: Provider, tmp_path: Path
) -> None:
    path = a_file(tmp_path)
    provider.answer("/upload?signed=marked", Reply(raw=b""))
    line = wire(provider, tmp_path)
    line.transport.put_file(
        f"{provider.url}/upload?signed=marked", path, timeout=10, pause=line.pause
    )
    (asked,) = provider.asked
    assert asked.raw == path.read_bytes()
    assert set(asked.headers) == {"Host", "Content-Length"}
    assert "marked" not in line.book.text


@pytest.mark.parametrize("reply", [Reply(status=403, raw=b"marked"), Reply(drop=True)])
def test_failed_upload_tells_the_file_and_never_the_address(
    provider: Provider, tmp_path: Path, reply: Reply
) -> None:
    provider.answer("/upload?signed=marked", reply)
    line = wire(provider, tmp_path)
    with pytest.raises(NetworkError, match=r"clip\.mp4") as raised:
        line.transport.put_file(
            f"{provider.url}/upload?signed=marked", a_file(tmp_path), timeout=10, pause=line.pause
        )
    assert "marked" not in str(raised.value) + line.book.text


def test_stop_ends_an_upload_in_the_middle(provider: Provider, tmp_path: Path) -> None:
    provider.answer("/upload", Reply())
    line = wire(provider, tmp_path)
    chunks = 0

    def stop_after_two(_seconds: float) -> None:
        nonlocal chunks
        chunks += 1
        if chunks > 2:
            raise StopRequested("stop")

    with pytest.raises(StopRequested):
        line.transport.put_file(
            f"{provider.url}/upload", a_file(tmp_path, 2_000_000), timeout=10, pause=stop_after_two
        )


class Dripping:
    """Answers one request with a header and then a byte at a time, until closed."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drip)

    def __enter__(self) -> Dripping:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _drip(self) -> None:
        connection, _address = self._listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            try:
                while not self._stop.wait(0.05):
                    connection.sendall(b" ")
            except OSError:
                return
