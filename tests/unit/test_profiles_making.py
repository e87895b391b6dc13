"""A clone is handed out complete and verified, or not at all (C3.5-C3.7, C-D11)."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.downloads.profile_making import ProfileLimits, ProfileMaking
from engine.downloads.profile_root import ProfileRoot
from engine.downloads.profile_states import ProfileState, VerificationKind, VerificationResult
from engine.downloads.profiles import ProfileManager
from engine.errors import StopRequested
from engine.parallel.errors import (
    ProfileCleanupError,
    ProfileCreationError,
    ProfileLockedError,
    ProfileSpaceError,
    ProfileTimeoutError,
    ProfileVerificationError,
)
from tests.base_profile import make_base, names_in


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return make_base(tmp_path / "base")


class Making:
    """Makes clones while something is done between the steps of the copying."""

    def __init__(self, folder: Path, limits: ProfileLimits | None = None) -> None:
        self.root = folder / "root"
        self.pauses: list[float] = []
        self.between: Callable[[], object] = bool
        self.free = 10**12
        self.stopped = False
        self.maker = ProfileMaking(
            ProfileRoot(self.root),
            limits or ProfileLimits(create_seconds=60),
            stop=self._stop,
            free_bytes=lambda _path: self.free,
            pause=self.pauses.append,
        )

    def _stop(self) -> bool:
        self.between()
        return self.stopped

    def copied(self, name: str) -> Path | None:
        """A file in a half-made clone, when it is there."""
        return next(self.root.glob(f".half-*/{name}"), None)

    def folders(self) -> list[str]:
        return [path.name for path in self.root.iterdir() if path.is_dir()]


@pytest.fixture
def making(tmp_path: Path) -> Making:
    return Making(tmp_path)


def test_a_whole_clone_has_passed_all_three_kinds_and_is_the_only_folder(
    making: Making, base: Path
) -> None:
    made = making.maker.make("w1", base)
    assert dict(made.verification.results) == dict.fromkeys(
        VerificationKind, VerificationResult.SUCCESS
    )
    assert making.folders() == [made.path.name]
    assert making.pauses == []


def test_half_of_a_clone_has_a_hidden_name(making: Making, base: Path) -> None:
    seen: set[str] = set()
    making.between = lambda: seen.update(making.folders())
    made = making.maker.make("w1", base)
    assert {name[:6] for name in seen} == {".half-"}
    assert made.path.name not in seen


def test_a_copy_that_was_cut_short_once_is_thrown_away_and_made_again(
    making: Making, base: Path
) -> None:
    cut: list[Path] = []

    def cut_once() -> None:
        copied = making.copied("Local State")
        if copied is not None and not cut and copied.stat().st_size:
            copied.write_bytes(b"")
            cut.append(copied)

    making.between = cut_once
    made = making.maker.make("w1", base)
    assert (made.path / "Local State").read_bytes() == (base / "Local State").read_bytes()
    assert len(making.pauses) == 1
    assert making.folders() == [made.path.name]


def test_a_copy_that_is_never_complete_is_tried_three_times_and_never_handed_out(
    making: Making, base: Path
) -> None:
    def lose() -> None:
        copied = making.copied("Default/Login Data")
        if copied is not None:
            copied.unlink()

    making.between = lose
    with pytest.raises(ProfileVerificationError, match="Login Data"):
        making.maker.make("w1", base)
    first, second = making.pauses
    assert 1 <= first <= 2
    assert 2 <= second <= 10
    assert making.folders() == []


def test_a_file_that_does_not_belong_there_is_found(making: Making, base: Path) -> None:
    def add() -> None:
        copied = making.copied("Default")
        if copied is not None:
            (copied / "foreign").write_bytes(b"x")

    making.between = add
    with pytest.raises(ProfileVerificationError, match="foreign"):
        making.maker.make("w1", base)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps access in lists, not in modes")
def test_a_file_that_others_may_read_is_found(making: Making, base: Path) -> None:
    def open_up() -> None:
        copied = making.copied("Default/Network/Cookies")
        if copied is not None:
            copied.chmod(0o644)

    making.between = open_up
    with pytest.raises(ProfileVerificationError, match="Cookies"):
        making.maker.make("w1", base)


def test_a_base_that_changes_while_it_is_copied_is_copied_again(making: Making, base: Path) -> None:
    changed: list[bool] = []

    def change() -> None:
        if making.copied("Local State") is not None and not changed:
            (base / "Local State").write_text('{"newer": true}')
            changed.append(True)

    making.between = change
    made = making.maker.make("w1", base)
    assert (made.path / "Local State").read_text() == '{"newer": true}'
    assert len(making.pauses) == 1


@pytest.mark.skipif(os.name == "nt", reason="links to nothing need rights on Windows")
def test_a_browser_that_opens_the_base_meanwhile_spoils_the_copy(
    making: Making, base: Path
) -> None:
    def open_browser() -> None:
        lock = base / "SingletonLock"
        if making.copied("Local State") is not None and not os.path.lexists(lock):
            lock.symlink_to("another-host-1")

    making.between = open_browser
    with pytest.raises(ProfileLockedError):
        making.maker.make("w1", base)
    assert making.folders() == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_file_swapped_for_a_link_while_it_is_copied_is_not_followed(
    making: Making, base: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")

    def swap() -> None:
        target = base / "Default/Login Data"
        if making.copied("Local State") is not None and not target.is_symlink():
            target.unlink()
            target.symlink_to(secret)

    making.between = swap
    with pytest.raises(ProfileCreationError, match="link"):
        making.maker.make("w1", base)
    assert making.folders() == []


def test_a_stop_ends_the_copying_and_leaves_nothing(making: Making, base: Path) -> None:
    def stop() -> None:
        making.stopped = making.copied("Local State") is not None

    making.between = stop
    with pytest.raises(StopRequested):
        making.maker.make("w1", base)
    assert making.folders() == []
    assert making.pauses == []


def test_a_clone_that_takes_too_long_is_not_handed_out(tmp_path: Path, base: Path) -> None:
    making = Making(tmp_path, ProfileLimits(create_seconds=0.0))
    with pytest.raises(ProfileTimeoutError, match="0 s"):
        making.maker.make("w1", base)
    assert making.folders() == []


def test_a_disk_without_room_is_said_before_anything_is_copied(making: Making, base: Path) -> None:
    making.free = 50_000_000
    with pytest.raises(ProfileSpaceError, match=r"50 MB free.*make room"):
        making.maker.make("w1", base)
    assert making.folders() == []
    assert making.pauses == []


def test_the_base_itself_is_never_changed(making: Making, base: Path) -> None:
    def state() -> dict[str, tuple[int, int, int]]:
        found = {name: (base / name).stat() for name in names_in(base)}
        return {n: (i.st_size, i.st_mtime_ns, i.st_mode) for n, i in found.items()}

    before = state()
    making.maker.make("w1", base)
    assert state() == before


@pytest.mark.parametrize("lost", ["Default/Login Data", "Local State", ".manifest.json"])
def test_a_profile_that_lost_what_logins_hang_on_is_no_longer_valid(
    base: Path, tmp_path: Path, lost: str
) -> None:
    manager = ProfileManager(base, root=tmp_path / "root", cleanup_at_exit=False)
    (manager.create_profile("w1") / lost).unlink()
    assert not manager.validate_profile("w1")
    assert manager.profile_state("w1") is ProfileState.CORRUPTED
    assert [entry.valid for entry in manager.list_profiles()] == [False]


def test_a_profile_that_a_browser_wrote_in_is_still_valid(base: Path, tmp_path: Path) -> None:
    manager = ProfileManager(base, root=tmp_path / "root", cleanup_at_exit=False)
    path = manager.create_profile("w1")
    (path / "Default/Preferences").write_text('{"more": "than before"}')
    (path / "Default/History").write_text("new")
    assert manager.validate_profile("w1")


@pytest.mark.skipif(os.name == "nt", reason="links to nothing need rights on Windows")
def test_a_profile_that_its_browser_has_open_is_locked_and_valid(
    base: Path, tmp_path: Path
) -> None:
    manager = ProfileManager(base, root=tmp_path / "root", cleanup_at_exit=False)
    (manager.create_profile("w1") / "SingletonLock").symlink_to("another-host-1")
    assert manager.profile_state("w1") is ProfileState.LOCKED
    assert manager.validate_profile("w1")


def test_a_closed_manager_has_removed_all_and_makes_no_more(base: Path, tmp_path: Path) -> None:
    manager = ProfileManager(base, root=tmp_path / "root")
    path = manager.create_profile("w1")
    manager.close()
    manager.close()
    assert not path.exists()
    with pytest.raises(ProfileCreationError, match="closed"):
        manager.create_profile("w2")


def test_a_manager_closed_while_it_copies_hands_out_nothing(base: Path, tmp_path: Path) -> None:
    made: list[ProfileManager] = []

    def close() -> bool:
        if made and any(tmp_path.glob("root/.half-*/Local State")):
            made[0].close()
        return False

    manager = ProfileManager(base, root=tmp_path / "root", stop=close)
    made.append(manager)
    with pytest.raises(ProfileCreationError, match="closed"):
        manager.create_profile("w1")
    assert [path.name for path in (tmp_path / "root").iterdir()] == [".lock"]


def test_profiles_in_the_making_count_to_the_number_of_profiles(base: Path, tmp_path: Path) -> None:
    manager = ProfileManager(base, root=tmp_path / "root", max_profiles=2, cleanup_at_exit=False)

    def make(worker_id: str) -> bool:
        try:
            manager.create_profile(worker_id)
        except ProfileCreationError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(make, ["a", "b", "c", "d"])) == 2
    assert len(manager.list_profiles()) == 2


def test_a_profile_that_cannot_be_removed_in_time_is_said_hidden_and_still_counted(
    base: Path, tmp_path: Path
) -> None:
    limits = ProfileLimits(cleanup_seconds=0.0)
    manager = ProfileManager(base, root=tmp_path / "root", limits=limits, cleanup_at_exit=False)
    path = manager.create_profile("w1")
    for _again in range(2):
        with pytest.raises(ProfileCleanupError, match="try again"):
            manager.cleanup_profile("w1")
    assert not path.exists()
    assert not manager.validate_profile("w1")
    assert [entry.valid for entry in manager.list_profiles()] == [False]
    assert list(tmp_path.glob("root/.gone-w1-*/Local State"))
