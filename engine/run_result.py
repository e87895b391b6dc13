"""How a run ended, for the command line and its exit status (behaviour A1.12, A8.16)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.errors import ExitCode
from engine.retry import STOPPED, PassResult
from engine.workloads.base import Receipt


@dataclass(kw_only=True, slots=True)
class RunResult:
    """Result, figures, and what could not be released."""

    result: str
    summary: dict[str, Any]
    totals: dict[str, Any]
    not_released: list[Receipt] = field(default_factory=list)
    """What may still be held at the end, and why."""
    forced: bool = False
    """The operator asked twice: workers may have been killed."""

    @property
    def why(self) -> str:
        """One sentence on the result, where the trade gave one."""
        return str(self.summary.get("why") or "")

    @property
    def exit_code(self) -> ExitCode:
        """Every word of a trade's own for its result is a failure."""
        if self.forced or self.not_released:
            return ExitCode.FAILED
        if self.result == STOPPED:
            return ExitCode.INTERRUPTED
        return ExitCode.DONE if self.result == PassResult.ALL_COMPLETE else ExitCode.FAILED
