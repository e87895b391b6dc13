"""The filter grammar that every list and every ``--where`` understands (console-features 6.4).

``grammar`` knows words and no rows, ``amounts`` and ``patterns`` what stands behind a field,
``rows`` what jobs and resources are called. docs/filters.md is the page for operators.
"""

from __future__ import annotations

from engine.filters.fields import Fields, Filter, everything
from engine.filters.grammar import parse
from engine.filters.lexer import FilterError
from engine.filters.rows import JOB_WORDS, RESOURCE_WORDS, WHERE_WORDS, job_fields, resource_fields

__all__ = [
    "JOB_WORDS",
    "RESOURCE_WORDS",
    "WHERE_WORDS",
    "Fields",
    "Filter",
    "FilterError",
    "everything",
    "job_fields",
    "parse",
    "resource_fields",
]
