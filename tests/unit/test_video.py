from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from engine.errors import ContentError
from engine.sources.video import check_video, file_name, find_video, is_video, video_id
from tests.media import box, make_video, mp4


def test_identity_is_the_content_whatever_the_name(tmp_path: Path) -> None:
    first = make_video(tmp_path / "1.mp4", "a")
    renamed = make_video(tmp_path / "x" / "other.MP4", "a")
    different = make_video(tmp_path / "y" / "1.mp4", "b")
    assert video_id(first) == video_id(renamed) != video_id(different)
    assert video_id(first).startswith("sha256:")
    assert len(video_id(first)) == len("sha256:") + 32


def test_identity_follows_a_changed_file(tmp_path: Path) -> None:
    path = make_video(tmp_path / "1.mp4", "before")
    before = video_id(path)
    make_video(path, "after!")
    os.utime(path, ns=(1, 1))
    assert video_id(path) != before


@pytest.mark.parametrize(
    ("recorded", "name"),
    [
        ("C:\\Users\\op\\clips\\a b.mp4", "a b.mp4"),
        ("clips\\a.mp4", "a.mp4"),
        ("/srv/clips/a.mp4", "a.mp4"),
        ("a.mp4", "a.mp4"),
        ("", ""),
    ],
)
def test_file_name_understands_both_systems(recorded: str, name: str) -> None:
    assert file_name(recorded) == name


def test_videos_are_mp4_in_any_case_but_no_companion_files() -> None:
    assert is_video(Path("a.MP4"))
    assert not is_video(Path("._a.mp4"))
    assert not is_video(Path("a.mov"))


# -- finding ---------------------------------------------------------------------------------------


def test_a_relative_path_with_backslashes_is_found_below_the_work_directory(tmp_path: Path) -> None:
    video = make_video(tmp_path / "chunk_01" / "show" / "a.mp4")
    assert find_video("chunk_01\\show\\a.mp4", tmp_path, None) == video
    assert find_video("chunk_01/show/a.mp4", tmp_path, None) == video
    assert find_video(str(video), tmp_path / "elsewhere", None) == video


def test_the_longest_tail_below_the_video_root_wins(tmp_path: Path) -> None:
    root = tmp_path / "root"
    near = make_video(root / "podcast" / "videos" / "a.mp4")
    make_video(root / "a.mp4")
    recorded = "C:\\Users\\op\\campaigns\\podcast\\videos\\a.mp4"
    assert find_video(recorded, tmp_path, root) == near
    assert find_video("D:\\other\\a.mp4", tmp_path, root) == root / "a.mp4"
    assert find_video(recorded, tmp_path, None) is None


def test_a_unique_name_below_the_video_root_is_found_and_a_doubled_one_is_not(
    tmp_path: Path,
) -> None:
    root = tmp_path / "root"
    only = make_video(root / "deep" / "down" / "only.mp4")
    make_video(root / "a" / "twice.mp4")
    make_video(root / "b" / "twice.mp4")
    assert find_video("C:\\x\\only.mp4", tmp_path, root) == only
    assert find_video("C:\\x\\twice.mp4", tmp_path, root) is None
    assert find_video("C:\\x\\absent.mp4", tmp_path, root) is None


@pytest.mark.parametrize("recorded", ["", "  ", "C:\\..\\out.mp4", "C:", "\\", "\\\\host\\a"])
def test_odd_paths_find_nothing(recorded: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    make_video(tmp_path / "out.mp4")
    assert find_video(recorded, root, root) is None


def test_the_video_root_may_be_relative_to_the_work_directory(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clips" / "a.mp4")
    assert find_video("E:\\clips\\a.mp4", tmp_path, Path("clips")) == video


# -- checking --------------------------------------------------------------------------------------


def test_a_whole_video_passes(tmp_path: Path) -> None:
    check_video(make_video(tmp_path / "a.mp4"))
    large = tmp_path / "large.mp4"
    large.write_bytes(
        box(b"ftyp", b"isom")
        + struct.pack(">I4sQ", 1, b"mdat", 16 + 5)
        + b"12345"
        + box(b"moov", b"\0" * 9)
        + struct.pack(">I4s", 0, b"free")
        + b"to the end"
    )
    check_video(large)


def test_a_missing_video_is_told_as_missing(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="put it back") as caught:
        check_video(tmp_path / "a.mp4")
    assert caught.value.error_type == "missing_video"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"hello, this is no video at all", "no MP4"),
        (b"tiny", "no MP4"),
        (box(b"ftyp", b"isom") + box(b"mdat", b"x" * 50), "no index"),
        (mp4("x" * 500)[:-4], "4 bytes are missing"),
        (mp4("x" * 500)[:100], "cut off"),
        (box(b"ftyp", b"isom") + struct.pack(">I4s", 1, b"mdat"), "cut off"),
        (box(b"ftyp", b"isom") + struct.pack(">I4s", 3, b"mdat") + b"x" * 20, "cut off"),
        (box(b"moov", b"isom"), "no MP4"),
    ],
)
def test_a_broken_video_is_told_as_corrupted(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(ContentError, match=word) as caught:
        check_video(path)
    assert caught.value.error_type == "corrupted_video"
