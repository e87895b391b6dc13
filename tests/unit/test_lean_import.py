"""What counts as absent for one import is there for everybody else, and afterwards."""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path

import pytest

from engine.lean_import import as_if_absent


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "taken_along.py").write_text("ANSWER = 42\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "taken_along", raising=False)
    return "taken_along"


def test_a_package_is_absent_within_and_there_afterwards(package: str) -> None:
    with as_if_absent(package), pytest.raises(ModuleNotFoundError, match=package):
        importlib.import_module(package)
    assert importlib.import_module(package).ANSWER == 42


def test_another_thread_imports_it_meanwhile(package: str) -> None:
    found: list[int] = []
    with as_if_absent(package):
        other = threading.Thread(
            target=lambda: found.append(importlib.import_module(package).ANSWER)
        )
        other.start()
        other.join()
    assert found == [42]


def test_a_package_that_is_loaded_stays(package: str) -> None:
    importlib.import_module(package)
    with as_if_absent(package):
        assert importlib.import_module(package).ANSWER == 42
