"""Text from outside that a spreadsheet or a terminal would obey is inert wherever it is written."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.exports import Exported
from engine.spreadsheet import as_meant, inert
from tests.ledger_days import V0, claimed, failed_once, failure, job, read_rows, seeded, tracker

SIGNS = ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
FORMULAS = [f"{sign}cmd|' /C calc'!A0" for sign in SIGNS]
HARMLESS = ["", "-", "+3", "-1.5", "12:30", "-5%", "a=b", "caption", "'quoted' words", "it's"]
CODES = "\x1b]52;c;ZXZpbA==\x07\x9b31m[/b]"
texts = some.one_of(some.text(), some.text(alphabet="'=+-@\t\r1a", max_size=8))


@pytest.mark.parametrize("text", [*FORMULAS, "'=x", "--x", "+1+cmd|x", "=1"])
def test_what_a_spreadsheet_would_carry_out_begins_with_an_apostrophe(text: str) -> None:
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


@given(texts)
def test_what_was_made_inert_comes_back_as_it_was(text: str) -> None:
    assert as_meant(inert(text)) == text


@pytest.mark.parametrize("text", [*FORMULAS, "'=x", "plain"])
def test_an_error_is_inert_in_the_ledger_and_its_export_and_reads_as_it_was(
    tmp_path: Path, text: str
) -> None:
    ledger = seeded(tmp_path / "day.csv", 1)
    failed_once(ledger, failure(error=text))
    ledger.export(tmp_path / "export.csv")
    shown = text.replace("\r", "\\x0d")
    for file in ("day.csv", "export.csv"):
        cell = read_rows(tmp_path / file)[-1]["error"]
        assert cell == inert(shown)
        assert tracker(tmp_path / file).jobs()[V0].error == shown


def test_an_error_of_the_longest_kind_stays_within_its_limit(tmp_path: Path) -> None:
    ledger = seeded(tmp_path / "day.csv", 1)
    failed_once(ledger, failure(error="=" * 900))
    assert len(read_rows(tmp_path / "day.csv")[-1]["error"]) == 500


def test_an_error_that_an_older_system_wrote_is_read_as_it_stands(tmp_path: Path) -> None:
    ledger = seeded(tmp_path / "day.csv", 1)
    failed_once(ledger, failure(error="x"))
    rows = read_rows(tmp_path / "day.csv")[-1:]
    rows[0] |= {"error": "'-p' is no option", "updated_at": ""}
    with (tmp_path / "old.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert tracker(tmp_path / "old.csv").jobs()[V0].error == "'-p' is no option"


def test_a_caption_is_kept_to_the_letter_since_other_tools_publish_it(tmp_path: Path) -> None:
    ledger = seeded(tmp_path / "day.csv", [job(0, caption="=HYPERLINK(1)")])
    ledger.succeed(claimed(ledger))
    ledger.export(tmp_path / "export.csv")
    assert {row["caption"] for row in read_rows(tmp_path / "export.csv")} == {"=HYPERLINK(1)"}


@given(some.lists(texts, min_size=2, max_size=3))
def test_a_table_of_the_cockpit_is_exported_without_formulas_and_codes(cells: list[str]) -> None:
    row = [*cells, f"=1;{CODES}"]
    shown = Exported(name="x", headers=[str(n) for n in range(len(row))], rows=[row])
    written = shown.written("csv")
    _, found = csv.reader(io.StringIO(written))
    assert len(found) == len(row)
    for cell in found:
        assert inert(as_meant(cell)) == cell
    for form in ("csv", "json", "md"):
        assert not set(shown.written(form)) & set("\x1b\x07\x9b\x7f")
    assert list(json.loads(shown.written("json"))[0].values()) == row


def test_a_semicolon_begins_no_cell_where_it_parts_them() -> None:
    written = Exported(name="x", headers=["a"], rows=[["harmless;=cmd|x"]]).written("csv")
    assert written.splitlines()[1] == '"harmless;=cmd|x"'
