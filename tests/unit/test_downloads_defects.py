"""docs/downloads.md names a test for each defect of the project before this one, and it exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (?P<defect>C-D\d+) \|.*\|(?P<tests>[^|]*)\|$", re.MULTILINE)
NAMED = re.compile(r"`(?P<file>tests/[a-z0-9_/]+\.py)::(?P<test>test_\w+)`")


def _rows() -> dict[str, list[tuple[str, str]]]:
    text = (ROOT / "docs" / "downloads.md").read_text(encoding="utf-8")
    return {row["defect"]: NAMED.findall(row["tests"]) for row in ROW.finditer(text)}


@pytest.mark.parametrize("defect", [f"C-D{number}" for number in range(1, 16)])
def test_each_defect_has_a_test_that_exists(defect: str) -> None:
    named = _rows()[defect]
    assert named
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")
