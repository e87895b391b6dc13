"""What goes into a clone and what never does, and a base that is not to be copied (C6.2, C6.4)."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.downloads.browser_lock import browser_in
from engine.downloads.profile_content import LOCK_LINKS, OWN_FILES, belongs
from engine.downloads.profiles import ProfileManager
from engine.parallel.errors import (
    ProfileCorruptedError,
    ProfileCreationError,
    ProfileLockedError,
    ProfileMissingError,
    ProfilePermissionError,
)
from tests.base_profile import KEPT, LEFT_OUT, make_base, make_database, names_in

posix_only = pytest.mark.skipif(os.name == "nt", reason="links to nothing need rights on Windows")

_KILLED_IN_ITS_WORK = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("pragma journal_mode=wal")
database.execute("insert into cookies values ('late', 'kept')")
database.commit()
os._exit(0)
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return make_base(tmp_path / "base")


@pytest.fixture
def manager(base: Path, tmp_path: Path) -> ProfileManager:
    return ProfileManager(base, root=tmp_path / "root", cleanup_at_exit=False)


def refused(manager: ProfileManager, kind: type[ProfileCreationError]) -> str:
    """What is said, and that nothing is left of the try."""
    with pytest.raises(kind) as caught:
        manager.create_profile("w1")
    assert manager.list_profiles() == []
    return str(caught.value)


def test_logins_settings_and_extensions_are_cloned_and_nothing_else(
    manager: ProfileManager, base: Path
) -> None:
    clone = manager.create_profile("w1")
    assert names_in(clone) - OWN_FILES == KEPT
    for name in KEPT:
        assert (clone / name).read_bytes() == (base / name).read_bytes()
    with closing(sqlite3.connect(clone / "Default/Network/Cookies")) as cookies:
        assert cookies.execute("select value from cookies").fetchall() == [("secret",)]


def test_what_a_browser_left_half_done_is_put_right_in_the_clone_and_not_in_the_base(
    manager: ProfileManager, base: Path
) -> None:
    database = base / "Default/Network/Cookies"
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_IN_ITS_WORK, str(database)], check=False, timeout=30
    )
    assert killed.returncode == 0
    assert database.with_name("Cookies-wal").stat().st_size > 0
    before = names_in(base)
    clone = manager.create_profile("w1")
    with closing(sqlite3.connect(clone / "Default/Network/Cookies")) as cookies:
        assert ("late",) in cookies.execute("select name from cookies").fetchall()
    assert names_in(base) == before


@given(st.lists(st.sampled_from(["Default", "Profile 1", "Storage", "x"]), max_size=3))
def test_locks_and_caches_stay_out_at_any_depth_and_in_any_case(above: list[str]) -> None:
    for name in (*LOCK_LINKS, "lockfile", "LOCK", "Cache", "GPUCache", "Crashpad", "History"):
        assert not belongs([*above, name])
        assert not belongs([*above, name.upper()])
    assert not belongs([*above, "History-journal"])
    assert belongs([*above, "Cookies-journal"])
    assert belongs(["Default", "Extensions", "id", *above, "Cache"])


def test_all_names_of_the_made_up_base_are_told_apart() -> None:
    def goes_in(name: str) -> bool:
        parts = name.split("/")
        return all(belongs(parts[: end + 1]) for end in range(len(parts)))

    assert all(goes_in(name) for name in KEPT)
    assert not any(goes_in(name) for name in LEFT_OUT)


@posix_only
def test_a_base_that_a_living_browser_has_open_is_refused(
    manager: ProfileManager, base: Path
) -> None:
    (base / "SingletonLock").symlink_to(f"{socket.gethostname()}-{os.getpid()}")
    assert f"process {os.getpid()}" in refused(manager, ProfileLockedError)


@posix_only
@pytest.mark.parametrize("target", ["another-host-42", "nonsense", "-", "host-9999999999999"])
def test_a_lock_of_which_nobody_can_tell_who_holds_it_counts_as_held(
    manager: ProfileManager, base: Path, target: str
) -> None:
    (base / "SingletonLock").symlink_to(target)
    assert "close that browser" in refused(manager, ProfileLockedError)


@posix_only
def test_a_lock_whose_browser_is_gone_is_no_lock_and_is_not_cloned(
    manager: ProfileManager, base: Path
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(30)
    for name in LOCK_LINKS:
        (base / name).symlink_to(f"{socket.gethostname()}-{ended.pid}")
    assert browser_in(base) == ""
    assert names_in(manager.create_profile("w1")).isdisjoint(LOCK_LINKS)


@posix_only
def test_a_browser_that_was_killed_and_not_buried_has_nothing_open(base: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)  # ended, and still in the table
    (base / "SingletonLock").symlink_to(f"{socket.gethostname()}-{killed.pid}")
    assert browser_in(base) == ""
    killed.wait(30)


def test_a_plain_file_with_the_name_of_the_lock_is_no_lock(
    manager: ProfileManager, base: Path
) -> None:
    (base / "SingletonLock").write_text("another-host-42")
    assert not (manager.create_profile("w1") / "SingletonLock").exists()


@posix_only
def test_a_link_in_the_base_is_refused_and_what_it_names_is_not_copied(
    manager: ProfileManager, base: Path, tmp_path: Path
) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key").write_text("secret")
    (base / "Default" / "Extensions" / "linked").symlink_to(tmp_path / "private")
    assert "Default/Extensions/linked" in refused(manager, ProfileCreationError)
    assert not list((tmp_path / "root").rglob("key"))


@posix_only
def test_a_pipe_in_the_base_is_left_out_and_nobody_waits_for_it(
    manager: ProfileManager, base: Path
) -> None:
    os.mkfifo(base / "Default" / "pipe")
    assert not (manager.create_profile("w1") / "Default" / "pipe").exists()


def test_a_base_that_is_gone_is_named(manager: ProfileManager, base: Path, tmp_path: Path) -> None:
    base.rename(tmp_path / "elsewhere")
    assert str(base) in refused(manager, ProfileMissingError)


def test_a_profile_inside_a_user_data_folder_is_told_from_the_folder(
    manager: ProfileManager, base: Path
) -> None:
    with pytest.raises(ProfileMissingError, match="folder above it"):
        manager.set_base_profile(base / "Default")


@pytest.mark.parametrize("name", ["Local State", "Default/Preferences"])
@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"\xff\xfe", b"[" * 5000],
    ids=["cut", "a list", "no text", "too deep"],
)
def test_a_base_whose_settings_cannot_be_read_is_refused_as_damaged(
    manager: ProfileManager, base: Path, name: str, content: bytes
) -> None:
    (base / name).write_bytes(content)
    assert "damaged" in refused(manager, ProfileCorruptedError)


def _with_a_spoilt_page() -> bytes:
    with TemporaryDirectory() as folder:
        database = Path(folder) / "one"
        make_database(database)
        content = database.read_bytes()
    return content[:4096] + b"\x7f" * (len(content) - 4096)


@pytest.mark.parametrize(
    "content",
    [b"no database" * 99, b"SQLite format 3\0" + b"\0" * 4000, _with_a_spoilt_page()],
    ids=["text", "only a header", "a spoilt page"],
)
def test_a_base_whose_logins_are_no_whole_database_is_refused_as_damaged_at_once(
    manager: ProfileManager, base: Path, content: bytes
) -> None:
    (base / "Default" / "Login Data").write_bytes(content)
    assert "Login Data" in refused(manager, ProfileCorruptedError)


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="only a user whom modes bind can be refused"
)
def test_a_base_that_may_not_be_read_is_refused(manager: ProfileManager, base: Path) -> None:
    (base / "Default" / "Login Data").chmod(0)
    assert "Login Data" in refused(manager, ProfilePermissionError)


def test_a_base_and_a_root_inside_one_another_are_refused(base: Path, tmp_path: Path) -> None:
    for root in (base, base / "root", tmp_path):
        with pytest.raises(ProfileCreationError, match="apart"):
            ProfileManager(base, root=root, cleanup_at_exit=False)
