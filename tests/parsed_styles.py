"""Textual's style sheets, parsed once a process and not by every cockpit anew.

What a source is parsed to depends on nothing but the source, the variables of the theme and the
place among the others; Textual itself keeps it for as long as one style sheet lives.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


@contextmanager
def parsed_once() -> Iterator[None]:
    """Until the end, nothing is parsed twice."""
    known: dict[tuple[Any, ...], list[RuleSet]] = {}
    parse = Stylesheet._parse_rules

    def look_up(sheet: Stylesheet, css: str, *place: Any, **named: Any) -> list[RuleSet]:
        variables = tuple(sheet._variables.items())
        key = (css, place, tuple(sorted(named.items())), variables)
        if key not in known:
            known[key] = parse(sheet, css, *place, **named)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", look_up)
        # The same by identity, without a call of Python for each rule and each widget.
        patch.setattr(RuleSet, "__hash__", object.__hash__)
        yield
