"""Commands by name, from the action table."""

from __future__ import annotations

from textual.command import Hits, Provider


class ConsoleCommands(Provider):
    """Under construction."""

    async def search(self, query: str) -> Hits:
        for hit in ():
            yield hit
