"""The Appium client as we use it: bounded, without silent repeats, without typed text in logs."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import urllib3
from appium.options.common import AppiumOptions
from appium.webdriver.appium_connection import AppiumConnection
from appium.webdriver.client_config import AppiumClientConfig
from appium.webdriver.webdriver import WebDriver

if TYPE_CHECKING:
    from urllib.parse import ParseResult

SENSITIVE_HEADER: Final = "X-Appium-Is-Sensitive"
"""Appium masks the values of a request that carries it; else typed text is logged in clear."""


class PhoneConnection(AppiumConnection):
    """The client's connection to one server, for one session.

    The client would repeat a read that timed out three times, running it on the phone each time:
    repeats are off, and each answer is waited for once.
    """

    def __init__(self, server_url: str, *, timeout: float) -> None:
        config = AppiumClientConfig(
            remote_server_addr=server_url,
            timeout=_whole_seconds(timeout),
            # The client looks for this very name inside of the argument of this name.
            init_args_for_pool_manager={
                "init_args_for_pool_manager": {"retries": urllib3.Retry(0, redirect=False)}
            },
        )
        super().__init__(client_config=config, ignore_proxy=True)
        self._config = config
        self._typing = False

    def wait_at_most(self, seconds: float) -> None:
        """Longest wait for one answer from now on."""
        self._config.timeout = _whole_seconds(seconds)

    def end(self) -> None:
        """Give back the connections to the server."""
        self.close()  # type: ignore[no-untyped-call]  # their method has no annotations

    @contextlib.contextmanager
    def typing_text(self) -> Iterator[None]:
        """Mark the requests inside as sensitive."""
        self._typing = True
        try:
            yield
        finally:
            self._typing = False

    def get_remote_connection_headers(  # type: ignore[override]  # theirs is a class method; the mark belongs to one connection
        self, parsed_url: ParseResult, keep_alive: bool = True
    ) -> dict[str, Any]:
        headers = super().get_remote_connection_headers(parsed_url, keep_alive)
        return {**headers, SENSITIVE_HEADER: "true"} if self._typing else headers


def open_driver(connection: PhoneConnection, capabilities: Mapping[str, Any]) -> WebDriver:
    """A session on this connection. Raises what ``appium_faults.DRIVER_ERRORS`` names.

    ``capabilities`` name platform and driver themselves: none of the client's hundred modules of
    options is needed.
    """
    options = AppiumOptions().load_capabilities(dict(capabilities))
    return WebDriver(command_executor=connection, options=options)


def _whole_seconds(seconds: float) -> int:
    """The client's configuration wants whole seconds; never less than one."""
    return max(1, math.ceil(seconds))
