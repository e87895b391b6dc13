"""The way to a driver: on this host, past any proxy, each answer bounded, nothing tried twice."""

from __future__ import annotations

from typing import Any, Final

from selenium.webdriver.chromium.remote_connection import ChromiumRemoteConnection
from selenium.webdriver.common.proxy import Proxy
from selenium.webdriver.remote.client_config import ClientConfig

_VENDORS: Final = {"chromium": "goog", "edge": "ms"}
BROWSER_NAMES: Final = {"chromium": "chrome", "edge": "MicrosoftEdge"}
"""By which the drivers know their browsers."""


def connection_to(url: str, name: str, seconds: float) -> ChromiumRemoteConnection:
    """A connection to the driver at ``url`` for a browser of this name.

    ``seconds``: of one answer, until ``client_config.timeout`` is set to others. A command that was
    not answered may have been obeyed, so none is sent again.
    """
    settings: Any = ClientConfig(
        remote_server_addr=url,
        keep_alive=True,
        proxy=Proxy(raw={"proxyType": "DIRECT"}),
        init_args_for_pool_manager={"init_args_for_pool_manager": {"retries": False}},
    )
    settings.timeout = seconds
    return ChromiumRemoteConnection(
        remote_server_addr=url,
        vendor_prefix=_VENDORS[name],
        browser_name=BROWSER_NAMES[name],
        client_config=settings,
    )
