"""What is printed for programs: whatever stands in it, it is read back as it was meant."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.output import one_line, plain, say_json

HOSTILE = "\x1b]52;c;eA==\x07 \x80\x9b\x7f \ud800 é 🎬 \u2028 \u202e \u2066"


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


def test_what_is_printed_for_people_holds_nothing_that_a_terminal_obeys() -> None:
    shown = plain(HOSTILE + "a\nb\tc")
    assert shown.splitlines()[1] == "b\tc"
    assert not set(shown) & set("\x1b\x07\x80\x9b\x7f\u2028\u202e\u2066")
    assert "é 🎬" in shown
    assert one_line("a\nb\tc\r\u2029d") == "a\\nb\\tc\\x0d\\u2029d"
