"""Import a library without what it takes along where it can be had, and we have no use for.

structlog draws tracebacks with rich; the HTTP library waits as trio and anyio do. Both do without:
each process of a run is then smaller and starts sooner, several hundred times on a large day.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Absent(MetaPathFinder):
    """Finds nothing, and answers so for these packages: only the thread that asked for it."""

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = packages
        self._thread = threading.get_ident()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in self._packages and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{fullname} is not wanted here", name=fullname)
        return None


@contextmanager
def as_if_absent(*packages: str) -> Iterator[None]:
    """Within, these packages count as not installed for this thread, unless they are loaded."""
    finder = _Absent(packages)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
