"""The folders of orders: one state each, one writer, one rename as the commit point (C6.8)."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from engine.downloads.attachment_list import Listed, Size
from engine.downloads.attachments import Arrival, Present, compare
from engine.downloads.folders import (
    RESULT_FILE,
    STATE_OF,
    FolderState,
    OrderFolders,
    OrderResult,
)
from engine.downloads.page_errors import FolderError
from engine.errors import InputError

ENDS = [state for state in FolderState if state is not FolderState.WORK]


def ended(state: FolderState, po_number: str = "PO-1") -> OrderResult:
    return OrderResult(po_number=po_number, state=state, reason="as the test says")


def everything(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def names(root: Path) -> list[str]:
    return [name for name in everything(root) if not name.startswith(".")]


@pytest.fixture
def folders(tmp_path: Path) -> OrderFolders:
    made = OrderFolders(tmp_path / "out")
    made.prepare()
    return made


def test_the_states_have_the_names_that_are_relied_on() -> None:
    assert [state.value for state in FolderState] == [
        *("__WORK", "_COMPLETED", "_FAILED", "_PARTIAL", "_NO_ATTACHMENTS", "_PO_NOT_FOUND")
    ]
    assert set(STATE_OF.values()) == set(ENDS) - {FolderState.PO_NOT_FOUND}


@pytest.mark.parametrize("state", ENDS)
def test_an_order_is_worked_on_and_ends_in_exactly_one_folder(
    folders: OrderFolders, state: FolderState
) -> None:
    with folders.working("PO-1") as work:
        assert names(folders.root) == ["PO-1__WORK"]
        (work.path / "offer.pdf").write_bytes(b"offer")
        final = work.end(ended(state))
    assert names(folders.root) == [f"PO-1{state.value}"]
    assert (final / "offer.pdf").read_bytes() == b"offer"
    assert folders.result("PO-1") == ended(state)


def test_a_repeat_goes_on_in_the_folder_of_the_first_time(folders: OrderFolders) -> None:
    for state in (FolderState.PARTIAL, FolderState.COMPLETED):
        with folders.working("PO-1") as work:
            (work.path / f"{state.name}.pdf").write_bytes(b"x")
            work.end(ended(state))
    assert names(folders.root) == ["PO-1_COMPLETED"]
    assert {"PARTIAL.pdf", "COMPLETED.pdf"} <= set(everything(folders.root / "PO-1_COMPLETED"))


def test_what_a_crash_left_is_taken_up_without_unfinished_files(folders: OrderFolders) -> None:
    with folders.working("PO-1") as work:
        assert not work.taken_up
        for name in ("whole.pdf", "half.pdf.crdownload", "half.zip.part", "x.tmp"):
            (work.path / name).write_bytes(b"x")
    assert folders.unfinished() == [folders.root / "PO-1__WORK"]
    assert folders.result("PO-1") is None
    with folders.working("PO-1") as again:
        assert again.taken_up
        assert everything(again.path) == ["whole.pdf"]


def test_an_ended_folder_holds_no_unfinished_file_but_one_that_is_listed_so(
    folders: OrderFolders,
) -> None:
    arrival = compare([Listed(name="data.tmp", size=Size(1, 1))], [Present("data.tmp", 1)])
    with folders.working("PO-1") as work:
        for name in ("data.tmp", "other.tmp"):
            (work.path / name).write_bytes(b"x")
        final = work.end(OrderResult.of("PO-1", arrival))
    assert everything(final) == sorted([RESULT_FILE, "data.tmp"])


def test_a_second_writer_is_refused_until_the_first_has_left(folders: OrderFolders) -> None:
    with folders.working("PO-1"):
        with (
            pytest.raises(FolderError, match="another process"),
            OrderFolders(folders.root).working("PO-1"),
        ):
            raise AssertionError("two writers in one folder")
        with folders.working("PO-2"):
            assert names(folders.root) == ["PO-1__WORK", "PO-2__WORK"]
    with folders.working("PO-1") as work:
        work.end(ended(FolderState.COMPLETED))
    assert everything(folders.root / ".locks") == []


def test_a_sweep_removes_what_the_dead_left_and_leaves_the_living_alone(
    folders: OrderFolders,
) -> None:
    with folders.working("PO-1") as dead:
        (dead.path / "offer.pdf").write_bytes(b"offer")
        (dead.path / "terms.pdf.crdownload").write_bytes(b"half")
    lock = folders.root / ".locks" / "PO-1.lock"
    lock.touch()  # whoever is killed removes none
    with folders.working("PO-2") as living:
        (living.path / "offer.pdf.crdownload").write_bytes(b"half")
        folders.sweep()
        assert everything(living.path) == ["offer.pdf.crdownload"]
        assert everything(lock.parent) == ["PO-2.lock"]
    assert everything(dead.path) == ["offer.pdf"]


def test_several_folders_of_one_order_are_left_to_a_person(folders: OrderFolders) -> None:
    for state in (FolderState.PARTIAL, FolderState.FAILED):
        (folders.root / f"PO-1{state.value}").mkdir()
    with pytest.raises(FolderError, match="several folders"), folders.working("PO-1"):
        raise AssertionError("one of two was chosen")
    assert names(folders.root) == ["PO-1_FAILED", "PO-1_PARTIAL"]


@pytest.mark.parametrize("state", FolderState)
def test_nothing_is_written_through_a_link(
    folders: OrderFolders, tmp_path: Path, state: FolderState
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folders.root / f"PO-1{state.value}").symlink_to(outside, target_is_directory=True)
    with pytest.raises(FolderError, match="is a link"), folders.working("PO-1"):
        raise AssertionError("a link was followed")
    assert everything(outside) == []


@pytest.mark.parametrize("number", ["../../up", "/etc/cron.d/x", "..", "a\\..\\b", "C:\\x"])
def test_no_number_leads_out_of_the_root(folders: OrderFolders, number: str) -> None:
    with folders.working(number) as work:
        final = work.end(ended(FolderState.FAILED, number))
    assert final.parent == folders.root


def test_folders_and_results_are_private(folders: OrderFolders) -> None:
    with folders.working("PO-1") as work:
        final = work.end(ended(FolderState.COMPLETED))
    for path in (folders.root, final, final / RESULT_FILE):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_what_stands_in_the_way_of_the_end_keeps_the_work(folders: OrderFolders) -> None:
    with folders.working("PO-1") as work:
        (folders.root / "PO-1_COMPLETED").mkdir()
        with pytest.raises(FolderError, match="in the way"):
            work.end(ended(FolderState.COMPLETED))
    assert "PO-1__WORK" in names(folders.root)


def test_a_result_of_another_order_or_a_broken_one_is_none(folders: OrderFolders) -> None:
    with folders.working("PO-1") as work:
        final = work.end(ended(FolderState.COMPLETED))
    (final / RESULT_FILE).write_text("{")
    assert folders.result("PO-1") is None
    (final / RESULT_FILE).write_text(ended(FolderState.COMPLETED, "PO-2").model_dump_json())
    assert folders.result("PO-1") is None
    assert folders.result("PO-3") is None


def test_an_order_does_not_end_as_being_worked_on_or_as_another(folders: OrderFolders) -> None:
    with folders.working("PO-1") as work:
        with pytest.raises(ValueError, match="cannot end so"):
            work.end(ended(FolderState.WORK))
        with pytest.raises(ValueError, match="cannot end so"):
            work.end(ended(FolderState.FAILED, "PO-2"))


def test_a_root_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path) -> None:
    root = tmp_path / "out"
    root.write_text("")
    with (
        pytest.raises(FolderError, match="move away") as refusal,
        OrderFolders(root).working("PO-1"),
    ):
        raise AssertionError("there is no folder to work in")
    assert "\n" not in str(refusal.value)


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError):
        OrderFolders(tmp_path / "out").prepare()


def test_a_result_tells_files_sizes_and_what_is_lacking() -> None:
    arrival = Arrival(
        complete=((Listed(name="a.pdf"), Present("a (1).pdf", 7)),), missing=(Listed(name="b.pdf"),)
    )
    result = OrderResult.of("PO-1", arrival)
    assert result.state is FolderState.PARTIAL
    assert [(file.name, file.listed_as, file.size) for file in result.files] == [
        ("a (1).pdf", "a.pdf", 7)
    ]
    assert (result.listed, result.reason) == (2, "1 of 2 attachments: b.pdf did not arrive.")
