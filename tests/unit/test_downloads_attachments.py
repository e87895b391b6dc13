"""What is listed against what has arrived: complete before counted, partial its own figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.downloads.attachment_list import Listed, Size, read_size, tidy_name
from engine.downloads.attachments import (
    Arrival,
    Present,
    Verdict,
    await_whole,
    compare,
    files_in,
    remove_wrong,
)


def listed(name: str, size: int | None = None) -> Listed:
    return Listed(name=name, size=None if size is None else Size(size, size))


def pairs(arrival: Arrival) -> list[tuple[str, str]]:
    return [(one.name, file.name) for one, file in arrival.complete]


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("1234", [1234], [1233, 1235]),
        ("1,234 bytes", [1234], [1, 1235]),
        ("1.234.567 B", [1_234_567], [1_234_566]),
        ("Size: 12.3 KB", [12_300, 12_595, 12_340], [12_000, 13_000]),
        ("1,2 MB", [1_200_000, 1_258_291], [900_000, 1_500_000]),
        ("2 GB", [2_000_000_000, 2_147_483_648], [500_000_000]),
        ("0 bytes", [0], [1]),
    ],
)
def test_sizes_are_read_as_sites_write_them(
    text: str, inside: list[int], outside: list[int]
) -> None:
    size = read_size(text)
    assert size is not None
    assert all(size.fits(number) for number in inside)
    assert not any(size.fits(number) for number in outside)


@pytest.mark.parametrize(
    "text", ["", "unknown", "KB", "-", "9" * 30, "1.2.3.4.5 KB" * 20, "²", "3 files"]
)
def test_what_is_no_size_is_none(text: str) -> None:
    assert read_size(text) is None


def test_names_are_shown_without_what_a_terminal_obeys() -> None:
    assert tidy_name("  offer\n 1\x1b[31m.pdf ") == "offer 1\\x1b[31m.pdf"
    assert len(tidy_name("x" * 10_000)) == 500


def test_all_files_of_the_listed_sizes_are_complete() -> None:
    arrival = compare(
        [listed("a.pdf", 1), listed("b.pdf", 2)], [Present("a.pdf", 1), Present("b.pdf", 2)]
    )
    assert (arrival.verdict, arrival.reason()) == (Verdict.COMPLETED, "")
    assert arrival.whole


@pytest.mark.parametrize(
    ("wanted", "files", "verdict"),
    [
        ([], [], Verdict.NO_ATTACHMENTS),
        ([], [Present("old.pdf", 1)], Verdict.NO_ATTACHMENTS),
        ([listed("a.pdf", 1)], [], Verdict.FAILED),
        ([listed("a.pdf", 2)], [Present("a.pdf", 1)], Verdict.FAILED),
        ([listed("a.pdf")], [Present("a.pdf", 0)], Verdict.FAILED),
        ([listed("a.pdf", 0)], [Present("a.pdf", 0)], Verdict.COMPLETED),
        ([listed("a.pdf", 1), listed("b.pdf", 1)], [Present("a.pdf", 1)], Verdict.PARTIAL),
        ([listed("a.pdf", 1), listed("a.pdf", 1)], [Present("a.pdf", 1)], Verdict.PARTIAL),
        ([listed("a.pdf", 1), listed("", 5)], [Present("a.pdf", 1)], Verdict.PARTIAL),
    ],
)
def test_some_is_partial_none_is_failed_and_nothing_listed_is_neither(
    wanted: list[Listed], files: list[Present], verdict: Verdict
) -> None:
    arrival = compare(wanted, files)
    assert arrival.verdict is verdict
    assert bool(arrival.reason()) is (verdict in (Verdict.PARTIAL, Verdict.FAILED))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("offer: 1/2?.pdf", "offer_ 1_2_.pdf"),
        ("Offer.PDF", "offer.pdf"),
        ("u\u0308bersicht.pdf", "\u00fcbersicht.pdf"),
        (" .hidden.txt", "hidden.txt"),
        ("offer.pdf", "offer (1).pdf"),
        ("offer (2024).pdf", "offer (2024) (1).pdf"),
        ("x" * 250 + ".pdf", "x" * 200 + ".pdf"),
        ("x" * 250 + ".pdf", "x" * 200 + " (2).pdf"),
    ],
)
def test_names_as_browsers_change_them_are_known_again(name: str, written: str) -> None:
    assert pairs(compare([listed(name)], [Present(written, 5)])) == [(name, written)]


@pytest.mark.parametrize(
    ("name", "other"),
    [("offer.pdf", "offer.txt"), ("offer.pdf", "offer2.pdf"), ("offer 1.pdf", "offer.pdf")],
)
def test_another_name_without_a_size_is_another_file(name: str, other: str) -> None:
    arrival = compare([listed(name)], [Present(other, 5)])
    assert arrival.missing == (listed(name),)
    assert arrival.foreign == (Present(other, 5),)


def test_each_file_counts_once_and_equal_names_are_told_apart_by_size() -> None:
    arrival = compare(
        [listed("a.pdf", 1), listed("a.pdf", 2), listed("a.pdf")],
        [Present("a (1).pdf", 1), Present("a (2).pdf", 9), Present("a.pdf", 2)],
    )
    assert {(one.size, file.name) for one, file in arrival.complete} == {
        (Size(1, 1), "a (1).pdf"),
        (Size(2, 2), "a.pdf"),
        (None, "a (2).pdf"),
    }


def test_a_file_that_the_server_named_otherwise_is_known_by_its_exact_size_alone() -> None:
    assert pairs(compare([listed("Offer", 77)], [Present("f81.pdf", 77)])) == [("Offer", "f81.pdf")]
    twins = compare([listed("Offer", 77), listed("Bill", 77)], [Present("f81.pdf", 77)])
    assert twins.verdict is Verdict.FAILED
    vague = compare([Listed(name="Offer", size=Size(70, 80))], [Present("f81.pdf", 77)])
    assert vague.verdict is Verdict.FAILED


@pytest.mark.parametrize(
    "name", ["a.pdf.crdownload", "a.pdf.part", "a.tmp", ".com.google.Chrome.x1", "A.CRDOWNLOAD"]
)
def test_what_a_browser_has_not_finished_is_no_file(name: str) -> None:
    arrival = compare([listed("a.pdf", 5)], [Present(name, 5)])
    assert not arrival.complete
    assert arrival.under_way == (Present(name, 5),)
    assert not arrival.whole


def test_an_empty_file_beside_its_unfinished_one_is_a_place_held() -> None:
    arrival = compare([listed("a.pdf", 0)], [Present("a.pdf", 0), Present("a.pdf.part", 3)])
    assert not arrival.complete


def test_an_attachment_that_is_called_like_an_unfinished_file_counts() -> None:
    assert compare([listed("data.tmp", 3)], [Present("data.tmp", 3)]).whole


def test_links_folders_and_our_own_files_are_no_attachments(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"12")
    (tmp_path / "b.pdf").symlink_to(tmp_path / "a.pdf")
    (tmp_path / "c.pdf").mkdir()
    (tmp_path / ".order.result.json").write_text("{}")
    assert files_in(tmp_path) == (Present("a.pdf", 2),)


def test_what_is_fetched_again_finds_its_name_free(tmp_path: Path) -> None:
    for name in ("cut.pdf", "whole.pdf", "note.txt"):
        (tmp_path / name).write_bytes(b"12")
    wanted = [listed("cut.pdf", 5), listed("whole.pdf", 2)]
    arrival = compare(wanted, files_in(tmp_path))
    assert arrival.lacking == (wanted[0],)
    remove_wrong(tmp_path, arrival)
    assert [file.name for file in files_in(tmp_path)] == ["note.txt", "whole.pdf"]


class Clock:
    """Time that passes only where somebody waits; ``then`` happens at a moment."""

    def __init__(self) -> None:
        self.now = 0.0
        self.looks = 0
        self.then: list[tuple[float, Callable[[], object]]] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        self.looks += 1
        for moment, act in [due for due in self.then if due[0] <= self.now]:
            self.then.remove((moment, act))
            act()


def awaited(folder: Path, wanted: list[Listed], clock: Clock, seconds: float = 10) -> Arrival:
    return await_whole(
        folder, wanted, seconds=seconds, settle_seconds=0.5, pause=clock.pause, clock=clock
    )


def test_a_download_counts_once_it_is_renamed_and_settled(tmp_path: Path) -> None:
    clock, part = Clock(), tmp_path / "a.pdf.crdownload"
    part.write_bytes(b"1")
    clock.then = [
        (2.0, lambda: part.write_bytes(b"12")),
        (3.0, lambda: part.rename(tmp_path / "a.pdf")),
    ]
    arrival = awaited(tmp_path, [listed("a.pdf")], clock)
    assert pairs(arrival) == [("a.pdf", "a.pdf")]
    assert 3.5 <= clock.now < 6
    assert clock.looks < 20


@pytest.mark.parametrize(("size", "settled"), [(2, 3.0), (0, 3.5)])
def test_files_of_just_the_listed_size_are_not_watched_unless_they_are_empty(
    tmp_path: Path, size: int, settled: float
) -> None:
    clock, part = Clock(), tmp_path / "a.pdf.crdownload"
    part.write_bytes(b"12"[:size])
    clock.then = [(3.0, lambda: part.rename(tmp_path / "a.pdf"))]
    arrival = awaited(tmp_path, [listed("a.pdf", size)], clock)
    assert arrival.verdict is Verdict.COMPLETED
    assert settled <= clock.now < settled + 0.5


def test_the_wait_ends_in_time_with_what_is_there(tmp_path: Path) -> None:
    clock = Clock()
    (tmp_path / "a.pdf").write_bytes(b"1")
    arrival = awaited(tmp_path, [listed("a.pdf", 1), listed("b.pdf", 1)], clock, seconds=4)
    assert arrival.verdict is Verdict.PARTIAL
    assert clock.now == pytest.approx(4)


def test_a_wrong_size_that_stays_is_not_waited_for_to_the_end(tmp_path: Path) -> None:
    clock = Clock()
    (tmp_path / "a.pdf").write_bytes(b"1")
    arrival = awaited(tmp_path, [listed("a.pdf", 2)], clock, seconds=100)
    assert arrival.verdict is Verdict.FAILED
    assert 3 <= clock.now < 5


def test_a_download_that_stalls_is_given_up(tmp_path: Path) -> None:
    clock, part = Clock(), tmp_path / "a.pdf.crdownload"
    part.write_bytes(b"1")
    clock.then = [(6.0, lambda: part.write_bytes(b"12"))]
    arrival = await_whole(
        *(tmp_path, [listed("a.pdf")]),
        seconds=100,
        settle_seconds=0.5,
        stall_seconds=8,
        pause=clock.pause,
        clock=clock,
    )
    assert arrival.under_way == (Present("a.pdf.crdownload", 2),)
    assert arrival.verdict is Verdict.FAILED
    assert 14 <= clock.now < 16


def test_a_file_that_grows_until_the_end_is_not_complete(tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "a.pdf"
    file.write_bytes(b"1")

    def grow() -> None:
        file.write_bytes(file.read_bytes() + b"1")
        clock.then.append((clock.now + 0.01, grow))

    clock.then.append((0.0, grow))
    arrival = awaited(tmp_path, [listed("a.pdf")], clock, seconds=4)
    assert arrival.verdict is Verdict.FAILED
    assert "a.pdf has" in arrival.reason()


def test_a_stop_ends_the_wait(tmp_path: Path) -> None:
    def stop(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await_whole(tmp_path, [listed("a")], seconds=9, settle_seconds=0.5, pause=stop)
