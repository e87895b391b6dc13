"""The simulated model service in a thread of the test, asked through the real SDK."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from engine.config import Secrets, Settings
from engine.model.desk import ModelDesk
from simulator.model_replies import Scripted
from simulator.model_service import ModelService

KEY = "sk-ant-test-0123456789"


class ModelServer:
    """A running service; what it is told and asked is seen from the test's own thread."""

    def __init__(self, service: ModelService, url: str) -> None:
        self.service = service
        self.url = url

    def say(self, *answers: Scripted) -> None:
        """Forget all before; the next calls are answered so, later ones by the policy."""
        self.service.calls.clear()
        self.service.script.clear()
        self.service.script.extend(answers)

    @property
    def asked(self) -> list[str]:
        """What each call said, oldest first."""
        return [call.text for call in self.service.calls]

    def settings(self, *, ai: str = "fallback", key: str = KEY, **model: Any) -> Settings:
        """Settings of a host that asks this service and waits for nothing."""
        quick = {"base_url": self.url, "backoff_seconds": 0, "timeout_seconds": 20}
        secrets = Secrets(anthropic_api_key=SecretStr(key) if key else None)
        return Settings.model_validate(
            {"posting": {"ai": ai}, "model": {**quick, **model}, "secrets": secrets}
        )

    def desk(self, tmp_path: Path, **options: Any) -> ModelDesk:
        (tmp_path / "run").mkdir(parents=True, exist_ok=True)
        return ModelDesk(self.settings(**options), tmp_path)


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """A service on a free port, ended with the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> tuple[web.AppRunner, ModelService, str]:
        service, app = ModelService(key=KEY), web.Application(client_max_size=1 << 24)
        service.add_routes(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner, service, "http://{}:{}".format(*runner.addresses[0][:2])

    runner, service, url = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        yield ModelServer(service, url)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
