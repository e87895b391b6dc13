"""The contract of the profile manager, statement by statement (behaviour C3, C6.2-C6.4)."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from engine.downloads.profiles import ProfileManager
from engine.parallel.errors import (
    ParallelProcessingError,
    ProfileCreationError,
    ProfileError,
    TaskQueueError,
    UnknownProfileError,
    WorkerError,
)
from tests.base_profile import make_base, names_in


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return make_base(tmp_path / "base")


@pytest.fixture
def manager(base: Path, tmp_path: Path) -> ProfileManager:
    return ProfileManager(base, root=tmp_path / "root", cleanup_at_exit=False)


def test_the_errors_stand_below_one_another_as_the_contract_says() -> None:
    assert issubclass(ProfileCreationError, ProfileError)
    for kind in (ProfileError, WorkerError, TaskQueueError):
        assert issubclass(kind, ParallelProcessingError)


def test_a_profile_is_made_found_validated_and_cleaned_up(manager: ProfileManager) -> None:
    path = manager.create_profile("w1")
    assert path.is_dir()
    assert manager.get_profile_path("w1") == path
    assert manager.validate_profile("w1")
    assert manager.validate_profile(path)
    assert manager.cleanup_profile("w1")
    assert not path.exists()
    assert not manager.validate_profile(path)
    assert manager.list_profiles() == []


def test_without_a_base_a_profile_is_empty_and_valid(tmp_path: Path) -> None:
    manager = ProfileManager(root=tmp_path / "root", cleanup_at_exit=False)
    path = manager.create_profile("w1")
    assert {name for name in names_in(path) if not name.startswith(".")} == set()
    assert manager.validate_profile("w1")
    with pytest.raises(ProfileCreationError, match="base profile"):
        manager.copy_base_profile("w2")


def test_the_base_can_be_set_later_and_is_copied(base: Path, tmp_path: Path) -> None:
    manager = ProfileManager(root=tmp_path / "root", cleanup_at_exit=False)
    manager.set_base_profile(base)
    assert (manager.copy_base_profile("w1") / "Default/Login Data").is_file()


@pytest.mark.parametrize("number", [0, 17, -1])
def test_a_number_of_profiles_outside_1_to_16_is_a_value_error(tmp_path: Path, number: int) -> None:
    with pytest.raises(ValueError, match="1 to 16"):
        ProfileManager(root=tmp_path / "root", max_profiles=number)


@pytest.mark.parametrize("number", [0, -5, float("nan"), float("inf")])
def test_a_size_limit_that_is_none_is_a_value_error(tmp_path: Path, number: float) -> None:
    with pytest.raises(ValueError, match="max_megabytes"):
        ProfileManager(root=tmp_path / "root", max_megabytes=number)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_profiles": "8"},
        {"max_profiles": True},
        {"max_profiles": 8.0},
        {"max_megabytes": "500"},
        {"base_profile": 5},
        {"root": None},
    ],
)
def test_a_wrong_type_is_a_type_error(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(wrong))):
        ProfileManager(**{"root": tmp_path / "root", **wrong})


def test_a_second_profile_for_the_same_worker_is_an_error(manager: ProfileManager) -> None:
    path = manager.create_profile("w1")
    with pytest.raises(ProfileCreationError, match="w1"):
        manager.create_profile("w1")
    assert manager.validate_profile(path)


def test_a_profile_over_the_number_is_an_error_and_one_cleaned_up_makes_room(
    base: Path, tmp_path: Path
) -> None:
    manager = ProfileManager(base, root=tmp_path / "root", max_profiles=1, cleanup_at_exit=False)
    manager.create_profile("w1")
    with pytest.raises(ProfileCreationError, match="at most 1"):
        manager.create_profile("w2")
    manager.cleanup_profile("w1")
    assert manager.create_profile("w2").is_dir()


def test_a_base_over_the_size_limit_is_refused_before_anything_is_copied(
    base: Path, tmp_path: Path
) -> None:
    (base / "Default/Extensions/big").write_bytes(b"x" * 1_100_000)
    manager = ProfileManager(base, root=tmp_path / "root", max_megabytes=1, cleanup_at_exit=False)
    with pytest.raises(ProfileCreationError, match=r"1 MB.*max_megabytes"):
        manager.create_profile("w1")
    assert manager.list_profiles() == []
    assert [path for path in (tmp_path / "root").iterdir() if path.is_dir()] == []


def test_cleaning_up_twice_is_no_error_and_takes_ids_and_paths(manager: ProfileManager) -> None:
    first, second = manager.create_profile("w1"), manager.create_profile("w2")
    assert manager.cleanup_profile(first)
    assert not manager.cleanup_profile(first)
    assert not manager.cleanup_profile("w1")
    assert manager.cleanup_profile("w2")
    assert not second.exists()


def test_cleaning_up_what_the_manager_did_not_make_touches_nothing(
    manager: ProfileManager, base: Path, tmp_path: Path
) -> None:
    manager.create_profile("w1")
    before = names_in(tmp_path)
    for foreign in (base, str(base), tmp_path, tmp_path / "root", "w9", "..", "/", ""):
        with pytest.raises(UnknownProfileError):
            manager.cleanup_profile(foreign)
    assert names_in(tmp_path) == before


def test_cleaning_up_all_counts_them_and_leaves_the_base(
    manager: ProfileManager, base: Path
) -> None:
    before = names_in(base)
    for number in range(3):
        manager.create_profile(f"w{number}")
    assert manager.cleanup_all_profiles() == 3
    assert manager.cleanup_all_profiles() == 0
    assert names_in(base) == before


def test_the_list_names_path_size_times_and_validity(manager: ProfileManager) -> None:
    path = manager.create_profile("w1")
    begin = monotonic()
    (entry,) = manager.list_profiles()
    assert monotonic() - begin < 0.1
    assert (entry.worker_id, entry.path, entry.valid) == ("w1", path, True)
    assert entry.size_mb == pytest.approx(manager.get_profile_size("w1"), rel=0.5)
    assert entry.created <= entry.last_used


def test_the_size_grows_with_what_the_browser_writes(manager: ProfileManager) -> None:
    path = manager.create_profile("w1")
    before = manager.get_profile_size("w1")
    (path / "Default/Cache").mkdir()
    (path / "Default/Cache/data_0").write_bytes(b"x" * 2_000_000)
    assert manager.get_profile_size(path) == pytest.approx(before + 2, abs=0.01)


def test_four_profiles_made_at_once_are_all_different_and_none_is_the_base(
    manager: ProfileManager, base: Path
) -> None:
    earlier = [manager.create_profile(f"a{number}") for number in range(3)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(manager.create_profile, ["b1", "b2", "b3", "b4"]))
    assert len({*earlier, *made, base}) == 8
    assert manager.cleanup_all_profiles() == 7
    assert not any(path.exists() for path in (*earlier, *made))


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps access in lists, not in modes")
def test_a_profile_is_private_whatever_the_umask_and_the_modes_of_the_base(
    base: Path, tmp_path: Path
) -> None:
    for path in (base, *base.rglob("*")):
        path.chmod(0o777)
    previous = os.umask(0)
    try:
        manager = ProfileManager(base, root=tmp_path / "root", cleanup_at_exit=False)
        made = manager.create_profile("w1")
    finally:
        os.umask(previous)
    modes = {
        stat.S_IMODE(path.stat().st_mode) for path in (made, *made.rglob("*")) if path.is_dir()
    }
    assert modes == {0o700}
    assert {stat.S_IMODE(p.stat().st_mode) for p in made.rglob("*") if p.is_file()} == {0o600}
    assert stat.S_IMODE((tmp_path / "root").stat().st_mode) == 0o700
