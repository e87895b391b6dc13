"""Named loggers that load structlog with the first line that is logged, not with the module.

structlog brings rich and asyncio along, half of what ``--help`` would take to start, and a command
that only reads sends its lines nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from engine.lean_import import as_if_absent

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_BINDING = frozenset({"bind", "new", "unbind", "try_unbind"})
"""Methods of a logger that answer with a logger."""


def get_logger(name: str) -> FilteringBoundLogger:
    """What ``structlog.get_logger(name)`` returns, without loading structlog yet."""
    return cast("FilteringBoundLogger", _Logger(name))


def load_without_rich() -> None:
    """Load structlog without rich, which it would draw tracebacks on a terminal with: our logs are
    files. For the beginning of a process, while no other thread imports rich."""
    with as_if_absent("rich"):
        import structlog  # noqa: F401 - loaded here for all who import it later


def drop_lines(*, drop: bool) -> None:
    """Whether lines of these loggers end here, without structlog; ``engine.logs`` decides it."""
    _Logger.dropping = drop


class _Logger:
    """Stands for a logger of structlog and has whatever that has."""

    dropping: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):  # asked by copying and the like, which must not load anything
            raise AttributeError(method)
        if self.dropping:
            return self._bind_nothing if method in _BINDING else _say_nothing
        import structlog  # the reason for this module

        return getattr(structlog.get_logger(self._name), method)

    def _bind_nothing(self, *_names: object, **_values: object) -> _Logger:
        return self


def _say_nothing(*_words: object, **_values: object) -> None:
    return None
