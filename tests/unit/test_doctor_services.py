"""The doctor's questions to services: the phones' provider, its clock, the model's service."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.config import Settings
from engine.doctor import model, provider
from engine.doctor.examination import examine
from engine.doctor.finding import Check, Place
from engine.private_files import make_private_dir
from tests.scripted_provider import TOKEN, Provider, Reply, serving, settings_for


def place(work_dir: Path, settings: Settings | None = None, **tables: Any) -> Place:
    return Place(work_dir=work_dir, settings=settings or Settings.model_validate(tables))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- provider and clock ----------------------------------------------------------------------------


@pytest.fixture
def cloud() -> Iterator[Provider]:
    with serving() as running:
        yield running


def test_an_accepted_token_costs_one_call_that_only_reads(cloud: Provider, tmp_path: Path) -> None:
    cloud.answer("auth/status", Reply({}))
    found = provider.access(place(tmp_path, settings_for(cloud.url)))
    assert found.level == "ok"
    assert [asked.path for asked in cloud.asked] == ["auth/status"]
    assert TOKEN not in found.found


def test_a_provider_that_is_silent_or_limits_us_is_not_waited_for(
    cloud: Provider, tmp_path: Path
) -> None:
    hasty = place(tmp_path, settings_for(cloud.url, http_timeout_seconds=0.2))
    cloud.answer("auth/status", Reply(delay=2))
    silent = provider.access(hasty)
    assert (silent.level, len(cloud.asked)) == ("fail", 1)
    assert "check the network" in silent.remedy
    here = place(tmp_path, settings_for(cloud.url))
    cloud.answer("auth/status", Reply(code=40007))
    limited = provider.access(here)
    assert (limited.level, limited.remedy) == ("warn", "ask again later")
    assert "too many calls" in limited.found
    # Where workers share a budget, its pause holds for the doctor too.
    make_private_dir(tmp_path / "books")
    asked = len(cloud.asked)
    assert "limited for" in provider.access(here).found
    assert "limited for" in provider.access(here).found
    assert len(cloud.asked) == asked + 1


def test_a_refused_token_and_a_provider_that_is_not_there_have_their_remedies(
    cloud: Provider, tmp_path: Path
) -> None:
    cloud.answer("auth/status", Reply(code=40003))
    refused = provider.access(place(tmp_path, settings_for(cloud.url)))
    assert refused.level == "fail"
    assert refused.found == "refused: it does not take the token or signature (code 40003)"
    assert "set a valid GEELARK_API_TOKEN" in refused.remedy
    assert TOKEN not in refused.found + refused.remedy
    (tmp_path / ".env").write_text(f"GEELARK_API_TOKEN={TOKEN}\n")
    (tmp_path / "geelark.toml").write_text(
        f'[phones]\napi_url = "http://127.0.0.1:{free_port()}"\n'
    )
    gone = examine(tmp_path, checks=[Check(name="phones", ask=provider.access)])[-1]
    assert (gone.level, gone.remedy) == ("fail", "check the network and phones.api_url")


@contextmanager
def answering(status: int, body: bytes = b"{}", headers: Mapping[str, str] = {}) -> Iterator[str]:
    """A service that answers everything the same; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_arguments: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("date", "level"),
    [("Mon, 02 Jan 2006 15:04:05 GMT", "fail"), ("no date", "warn"), ("", "warn")],
)
def test_a_clock_that_is_far_off_or_cannot_be_compared_says_so(
    tmp_path: Path, date: str, level: str
) -> None:
    with answering(404, headers={"Date": date} if date else {}) as url:
        found = provider.clock(place(tmp_path, phones={"api_url": url}))
    assert found.level == level
    if level == "fail":
        assert "ahead of the provider's" in found.found
        assert "NTP" in found.remedy


def test_a_clock_that_agrees_with_the_providers_is_well(cloud: Provider, tmp_path: Path) -> None:
    assert provider.clock(place(tmp_path, settings_for(cloud.url))).level == "ok"


# -- model -----------------------------------------------------------------------------------------

KEY = "model-key-0815"


def model_place(work_dir: Path, url: str = "http://127.0.0.1:9", *, key: str = KEY,
                ai: str = "fallback") -> Place:  # fmt: skip
    secrets = {"anthropic_api_key": key} if key else {}
    tables = {"posting": {"ai": ai}, "model": {"base_url": url}, "secrets": secrets}
    return place(work_dir, Settings.model_validate(tables))


def test_a_missing_key_is_only_told_unless_the_model_is_always_asked(tmp_path: Path) -> None:
    assert model.access(model_place(tmp_path, key="")).level == "info"
    assert model.access(model_place(tmp_path, ai="never")).level == "info"
    found = model.access(model_place(tmp_path, key="", ai="only"))
    assert found.level == "fail"
    assert "ANTHROPIC_API_KEY" in found.remedy


def models(*names: str) -> bytes:
    """The service's list of models."""
    data = [
        {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
        for name in names
    ]
    return json.dumps({"data": data, "has_more": False}).encode()


NAME = Settings().model.name


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, models("other", NAME), f"key accepted, {NAME} is there"),
        (200, models(f"{NAME}-20260101"), f"key accepted, {NAME} is there"),
        (200, models("other", f"{NAME}x"), "is not in its list of models"),
        (401, b"{}", "refused (HTTP 401)"),
        (404, b"{}", "HTTP 404"),
        (200, b"<html>", "no list of models"),
        (200, b"[7]", "no list of models"),
        (529, b"{}", "HTTP 529"),
    ],
)
def test_the_models_service_is_asked_once_and_its_answer_told(
    tmp_path: Path, status: int, body: bytes, words: str
) -> None:
    with answering(status, body) as url:
        found = model.access(model_place(tmp_path, url))
        always = model.access(model_place(tmp_path, url, ai="only"))
    assert words in found.found
    well = "is there" in words
    assert (found.level, always.level) == (("ok", "ok") if well else ("warn", "fail"))
    assert KEY not in found.found + found.remedy


def test_a_service_that_is_not_reached_is_told(tmp_path: Path) -> None:
    found = model.access(model_place(tmp_path, f"http://127.0.0.1:{free_port()}"))
    assert (found.level, "is not reached" in found.found) == ("warn", True)
