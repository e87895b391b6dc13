from __future__ import annotations

import pytest

from docs.tables import DOCUMENTS, HERE


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_generated_document_is_current(name: str) -> None:
    assert (HERE / name).read_text(encoding="utf-8") == DOCUMENTS[name](), "run `make docs`"
