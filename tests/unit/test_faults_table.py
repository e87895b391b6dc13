"""The page of faults says of every fault of the campaign what tests it, and each test is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([\w -]+?) \| (.+?) \| `(tests/\S+\.py)::(\w+)` \|$", PAGE, re.MULTILINE)


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_fault_of_the_campaign_stands_in_the_table_once() -> None:
    pytest.importorskip("resource", reason="the campaign runs on POSIX only")
    from benchmarks.chaos.faults import FAULTS

    assert sorted(row[0] for row in ROWS) == sorted(fault.name for fault in FAULTS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_the_test_of_a_fault_is_there(row: tuple[str, str, str, str]) -> None:
    _, _, path, name = row
    assert name in names_in(path)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[\w/.]+)`", PAGE))))
def test_a_file_that_the_page_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()
