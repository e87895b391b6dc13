"""`python -m benchmarks`: small benchmarks run for real, and what the document says of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.__main__ import DOCUMENT, main
from benchmarks.catalogue import Benchmark, Figure
from benchmarks.declared import BENCHMARKS
from benchmarks.last_line import figures_in
from benchmarks.report import begin_marker, check_places, end_marker
from tests.fake_benchmarks import Maker, benchmark_maker

GOOD = """
print("part      share")
print("all        0.95")
print("ratio=0.95 speed_s=2.50")
"""
BROKEN = """
print("half of a table")
raise SystemExit("The farm did not start: limit=3")
"""
BEFORE = "# Speed\n\nWritten by hand.\n\n"
AFTER = "\nMore by hand; the end.\n"


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    return benchmark_maker(tmp_path, monkeypatch)


def document(folder: Path, *benchmarks: Benchmark) -> Path:
    """Places for these benchmarks between words that a person wrote."""
    places = [f"{begin_marker(one.name)}\n{end_marker(one.name)}\n" for one in benchmarks]
    path = folder / "performance.md"
    path.write_text(BEFORE + "\nBetween.\n".join(places) + AFTER, encoding="utf-8")
    return path


def rows(text: str) -> Sequence[Sequence[str]]:
    """The cells of the document's tables, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_figures_are_written_between_the_markers_and_ratios_come_first(
    tmp_path: Path, make: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    speed_first = (Figure("speed_s", "how long", most=2, absolute=True), Figure("ratio", "what"))
    one = make("good", GOOD, figures=speed_first, arguments=("--size", "3"))
    path = document(tmp_path, one)
    assert main([], benchmarks=[one], document=path) == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith(BEFORE)
    assert text.endswith(AFTER)
    assert "`python -m fake_good --size 3`" in text
    assert rows(text) == [
        ["`ratio`", "what", "0.95", "", ""],
        ["`speed_s`", "how long", "2.50", "≤ 2", "no"],
    ]
    assert text.index("`ratio`") < text.index("they are noise") < text.index("`speed_s`")
    assert "part      share" not in text
    last = figures_in(capsys.readouterr().out)
    assert (last["benchmarks"], last["failed"], last["missed"]) == ("1", "0", "1")


def test_measuring_again_replaces_the_figures_and_nothing_else(tmp_path: Path, make: Maker) -> None:
    first, second = make("first", GOOD), make("second", GOOD, tables=True)
    path = document(tmp_path, first, second)
    main([], benchmarks=[first, second], document=path)
    once = path.read_text(encoding="utf-8")
    assert once.count("all        0.95") == 1
    make("second", "print('ratio=0.5 speed_s=1')")
    assert main(["--only", "second"], benchmarks=[first, second], document=path) == 0
    again = path.read_text(encoding="utf-8")
    place = again.index("\nBetween.\n")
    assert again[:place] == once[:place]
    assert [row[2] for row in rows(again)] == ["0.95", "2.50", "0.5", "1"]
    assert again.count(begin_marker("second")) == 1
    assert again.endswith(AFTER)


def test_a_benchmark_that_fails_is_said_to_have_failed_and_the_others_go_on(
    tmp_path: Path, make: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, good = make("broken", BROKEN), make("good", GOOD)
    path = document(tmp_path, broken, good)
    assert main([], benchmarks=[broken, good], document=path) == 1
    text = path.read_text(encoding="utf-8")
    assert "**Failed.** It ended with exit status 1." in text
    assert "The farm did not start" not in text
    assert len(rows(text)) == 2
    said = capsys.readouterr().out
    assert "The farm did not start" in said
    assert figures_in(said)["failed"] == "1"


def test_figures_of_one_that_fails_are_kept_with_the_word_that_it_failed(
    tmp_path: Path, make: Maker
) -> None:
    above = make("above", GOOD + "raise SystemExit(1)")
    path = document(tmp_path, above)
    assert main([], benchmarks=[above], document=path) == 1
    text = path.read_text(encoding="utf-8")
    assert "**Failed.** Its exit status is 1: a figure is beyond a limit of its own." in text
    assert [row[2] for row in rows(text)] == ["0.95", "2.50"]


def test_a_figure_that_is_no_longer_told_is_a_failure_and_an_unknown_one_is_shown(
    tmp_path: Path, make: Maker
) -> None:
    one = make("renamed", "print('quota=0.95 speed_s=1')")
    path = document(tmp_path, one)
    assert main([], benchmarks=[one], document=path) == 1
    text = path.read_text(encoding="utf-8")
    assert "It did not tell ratio." in text
    assert ["`ratio`", "what is left over what was there", "not told", "≥ 0.9", ""] in rows(text)
    assert ["`quota`", "", "0.95", "", ""] in rows(text)


def test_one_that_takes_too_long_is_ended_and_said_so(tmp_path: Path, make: Maker) -> None:
    endless = make("endless", "import time\ntime.sleep(600)", longest=0.3)
    path = document(tmp_path, endless)
    assert main([], benchmarks=[endless], document=path) == 1
    assert "**Failed.** It was ended after 0.3 s." in path.read_text(encoding="utf-8")


def test_what_cannot_be_measured_here_is_a_sentence_and_no_failure(
    tmp_path: Path, make: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = make("lacking", GOOD, needs="../nowhere/labels.jsonl")
    unbuilt = Benchmark(name="unbuilt", module="benchmarks.no_such_thing", about="nothing yet")
    path = document(tmp_path, lacking, unbuilt)
    assert main([], benchmarks=[lacking, unbuilt], document=path) == 0
    text = path.read_text(encoding="utf-8")
    assert "Not measured: ../nowhere/labels.jsonl is not beside this checkout." in text
    assert "Not measured: benchmarks.no_such_thing is not part of this checkout." in text
    assert figures_in(capsys.readouterr().out)["skipped"] == "2"


def test_a_document_without_a_place_is_told_before_anything_runs(
    tmp_path: Path, make: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make("good", f"open({str(tmp_path / 'ran')!r}, 'w')")
    path = document(tmp_path)
    assert main([], benchmarks=[one], document=path) == 2
    assert "no place for the benchmark good" in capsys.readouterr().err
    assert not (tmp_path / "ran").exists()


def test_a_name_that_there_is_not_is_a_sentence_with_those_there_are(
    tmp_path: Path, make: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    one = make("good", GOOD)
    assert main(["--only", "bad"], benchmarks=[one], document=tmp_path / "none.md") == 2
    assert "'bad': good." in capsys.readouterr().err
    assert main(["--list"], benchmarks=[one], document=tmp_path / "none.md") == 0
    assert "fake_good" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("printed", "figures"),
    [
        ("words\na=1 b_2=0.50 c=1e-3\n\n", {"a": "1", "b_2": "0.50", "c": "1e-3"}),
        ("a=inf b=nan", {"a": "inf", "b": "nan"}),
        ("a=1\nError: b=2", {}),
        ("a=1 b=1_000", {}),
        ("a=1 b=", {}),
        ("a=1 b=two", {}),
        ("", {}),
    ],
)
def test_only_a_last_line_of_nothing_but_figures_counts(
    printed: str, figures: dict[str, str]
) -> None:
    assert figures_in(printed) == figures


def test_no_number_misses_every_target() -> None:
    assert not Figure("a", "", least=0).met(float("nan"))
    assert not Figure("a", "", most=0).met(float("nan"))
    assert Figure("a", "").met(float("nan"))


# -- the benchmarks that there are -----------------------------------------------------------------


def test_the_document_has_a_place_for_each_benchmark() -> None:
    check_places(DOCUMENT.read_text(encoding="utf-8"), BENCHMARKS, DOCUMENT)
    assert len({one.name for one in BENCHMARKS}) == len(BENCHMARKS)


def test_no_figure_is_declared_twice() -> None:
    for one in BENCHMARKS:
        names = [figure.name for figure in one.figures]
        assert sorted(set(names)) == sorted(names), one.name


def test_all_benchmarks_together_take_under_a_quarter_of_an_hour() -> None:
    assert sum(one.seconds for one in BENCHMARKS) < 15 * 60
