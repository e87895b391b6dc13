"""The doctor's findings on one screen."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Final

from engine.doctor.finding import Finding, Level
from engine.output import say

_WIDTH: Final = 80
_SIGNS: Final = {Level.OK: "ok", Level.INFO: "-", Level.WARN: "warn", Level.FAIL: "FAIL"}
_QUIET: Final = (Level.OK, Level.INFO)
_INDENT: Final = " " * 19
"""Below the second column's text."""


def show(findings: Sequence[Finding], verdict: str) -> None:
    """Print them; where all do not fit on the terminal, what is well shares a line."""
    size = shutil.get_terminal_size((_WIDTH, 24))
    width = max(40, size.columns) if sys.stdout.isatty() else 10_000
    lines = [line for finding in findings for line in _lines(finding, width)]
    # The line of the verdict and that of the next prompt need room too.
    if sys.stdout.isatty() and len(lines) + 2 > size.lines:
        lines = _shorter(findings, width)
    for line in lines:
        say(line)
    say(verdict)


def _lines(finding: Finding, width: int) -> list[str]:
    """What was found, on one line if all is well, and the remedy below it."""
    head = f"{_SIGNS[finding.level]:<5} {finding.name:<12} "
    found = " ".join(finding.found.split())
    if finding.level in _QUIET:
        return [_cut(head + found, width)]
    lines = textwrap.wrap(head + found, width - 1, subsequent_indent=_INDENT)
    if finding.remedy:
        lines += textwrap.wrap(
            f"-> {finding.remedy}", width - 1,
            initial_indent=_INDENT, subsequent_indent=_INDENT + "   ",
        )  # fmt: skip
    return lines


def _shorter(findings: Sequence[Finding], width: int) -> list[str]:
    well = ", ".join(finding.name for finding in findings if finding.level in _QUIET)
    lines = [
        line
        for finding in findings
        if finding.level not in _QUIET
        for line in _lines(finding, width)
    ]
    return ([_cut(f"{_SIGNS[Level.OK]:<5} {well}", width)] if well else []) + lines


def _cut(text: str, width: int) -> str:
    return text if len(text) < width else text[: width - 4] + "..."
