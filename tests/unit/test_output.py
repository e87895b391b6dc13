"""What is printed for programs: whatever stands in it, it is read back as it was meant."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.output import say_json

HOSTILE = "\x1b]52;c;eA==\x07 \x80\x9b\x7f \ud800 é 🎬 \u2028"


@given(some.sampled_from(["utf-8", "ascii", "cp1252"]), some.text())
def test_json_is_one_line_that_reads_back_on_any_stream(encoding: str, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        patch.setattr(sys, "stdout", stream)
        assert say_json({"text": text + HOSTILE})
        stream.flush()
        said = stream.buffer.getvalue().decode(encoding)
    assert json.loads(said) == {"text": text + HOSTILE}
    assert said.count("\n") == 1
    assert not set(said) & {chr(code) for code in (*range(10), *range(11, 32), *range(127, 160))}
