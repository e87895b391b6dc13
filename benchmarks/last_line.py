"""The last line of a benchmark, which is for programs: ``name=number`` words and nothing else."""

from __future__ import annotations

from collections.abc import Mapping


def figures_in(printed: str) -> Mapping[str, str]:
    """The figures as they were printed, by name; none where the last line holds anything else.

    A benchmark that failed ends with words, not with figures.
    """
    lines = [line for line in printed.splitlines() if line.strip()]
    figures: dict[str, str] = {}
    for word in lines[-1].split() if lines else []:
        name, _, number = word.partition("=")
        if not name.isidentifier() or not _is_number(number):
            return {}
        figures[name] = number
    return figures


def before_last_line(printed: str) -> str:
    """All that was printed for people."""
    lines = printed.rstrip().splitlines()
    return "\n".join(lines[:-1] if figures_in(printed) else lines).strip("\n")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
