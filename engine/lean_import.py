"""Import a library without what it takes along where it can be had, and we have no use for.

structlog draws tracebacks with rich; the HTTP library waits as trio and anyio do. Both do without:
each process of a run is then smaller and starts sooner, several hundred times on a large day.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def as_if_absent(*packages: str) -> Iterator[None]:
    """Within, these packages count as not installed, unless they are loaded already.

    For imports on which no other thread's import of the same packages depends at this moment.
    """
    hidden = [name for name in packages if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # documented: its import fails
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
