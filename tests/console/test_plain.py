"""Outside text: shown, not obeyed, and exactly as wide as its column."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.plain import fit, plain

UNSAFE = [
    *map(chr, range(0x20)),
    "\x7f",
    *map(chr, range(0x80, 0xA0)),
    *"\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    "\ud800",
    "\udcff",
]
anything = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from([*UNSAFE, *"\u200d\ufe0f\u200b\u0301界한👩🏽❤#1🇩🇪شב"]),
    )
)


@pytest.mark.parametrize("character", UNSAFE, ids=lambda character: f"U+{ord(character):04X}")
def test_unsafe_character_becomes_a_visible_sign(character: str) -> None:
    shown = plain(f"a{character}b")
    assert shown.isascii()
    assert shown.isprintable()
    assert shown.startswith("a\\")
    assert shown.endswith("b")


def test_escape_codes_read_as_on_the_command_line() -> None:
    assert plain("\x1b]52;c;ZXZpbA==\x07") == r"\x1b]52;c;ZXZpbA==\x07"


def test_line_breaks_and_tabs_have_their_usual_signs() -> None:
    assert plain("a\r\nb\tc") == r"a\r\nb\tc"


def test_emoji_and_other_scripts_stay_as_they_are() -> None:
    text = "👩\u200d🚀 שלום 界 [b]é[/b]"
    assert plain(text) == text


@given(anything)
def test_shown_text_can_always_be_sent_and_is_one_line(text: str) -> None:
    shown = plain(text)
    assert not any(character in shown for character in UNSAFE)
    assert len(shown.splitlines()) <= 1
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert plain(shown) == shown


@given(anything, st.integers(0, 40), st.sampled_from(["left", "right"]))
def test_fitted_text_is_exactly_as_wide_as_asked(text: str, width: int, align: str) -> None:
    fitted = fit(text, width, "right" if align == "right" else "left")
    assert cell_len(fitted) == width
    assert not any(character in fitted for character in UNSAFE)


@given(st.lists(anything, max_size=4), st.integers(1, 12))
def test_cells_side_by_side_keep_their_places(texts: list[str], width: int) -> None:
    row = " ".join(fit(text, width) for text in texts)
    assert cell_len(row) == max(0, len(texts) * (width + 1) - 1)


def test_short_text_is_padded_at_the_other_side() -> None:
    assert fit("ab", 4) == "ab  "
    assert fit("ab", 4, "right") == "  ab"


def test_long_text_is_cut_with_a_mark() -> None:
    assert fit("post returned false", 12) == "post retur.."
    assert fit("abc", 2) == ".."
    assert fit("abc", 1) == "."


def test_text_that_just_fits_is_not_cut() -> None:
    assert fit("abc", 3) == "abc"
    assert fit("界界", 4) == "界界"


def test_a_wide_character_is_never_half_shown() -> None:
    assert fit("界界界", 5) == "界 .."
    assert fit("界", 1) == "."


def test_a_megabyte_is_cut_without_being_read_to_its_end() -> None:
    megabyte = "\x1b界" * 500_000
    began = time.perf_counter()
    for _ in range(50):
        assert fit(megabyte, 20).endswith("..")
    assert time.perf_counter() - began < 0.5  # 50 whole readings take several seconds


def test_a_flood_of_characters_without_width_ends() -> None:
    assert len(fit("a" + "\u0301" * 1_000_000, 10)) < 200
